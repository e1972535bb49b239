"""Drawing the photos of held-out subjects: for the evaluation, and large ones for people to upload.

python -m tiny_model.subjects evaluation --data DIR [--out pixgen_gpu/tiny/subjects]
python -m tiny_model.subjects samples --data DIR --out DIR
"""

import argparse
import io
from pathlib import Path
from random import Random

from PIL import Image

from pixgen_gpu.tiny.subjects import FOLDER, PHOTO_PX, PHOTOS, UNSEEN
from tiny_model.concepts import HELD_OUT_CONCEPTS, Concept
from tiny_model.icons import render_icon
from tiny_model.photos import CALM_PLACES, draw_photo

SAMPLE_SUBJECTS = ("robot", "teddy-bear", "penguin")
SAMPLE_PX = 768
STYLE = "fluent-emoji"


def photos_of(data_dir: Path, concept: Concept, count: int, side_px: int) -> list[Image.Image]:
    """The first `count` photos of a subject: always the same ones."""
    icon = render_icon(data_dir, STYLE, concept.icon, side_px)
    return [draw_photo(icon, Random(f"subject {concept.icon} {i}"), side_px, CALM_PLACES) for i in range(count)]


def write_evaluation(data_dir: Path, out: Path) -> None:
    """One strip per held-out concept: photos to train on, then photos that no training sees."""
    out.mkdir(parents=True, exist_ok=True)
    for concept in HELD_OUT_CONCEPTS:
        strip = Image.new("RGB", (PHOTO_PX * (PHOTOS + UNSEEN), PHOTO_PX))
        for index, photo in enumerate(photos_of(data_dir, concept, PHOTOS + UNSEEN, PHOTO_PX)):
            strip.paste(photo, (index * PHOTO_PX, 0))
        name = f"{concept.noun.replace(' ', '_')}.{concept.kind}.webp"
        strip.save(out / name, quality=82, method=6)


def write_samples(data_dir: Path, out: Path) -> None:
    """Eight good photos of each sample subject, and bad ones that a check of photos has to flag."""
    for icon in SAMPLE_SUBJECTS:
        concept = next(concept for concept in HELD_OUT_CONCEPTS if concept.icon == icon)
        folder = out / icon
        folder.mkdir(parents=True, exist_ok=True)
        photos = photos_of(data_dir, concept, PHOTOS, SAMPLE_PX)
        for number, photo in enumerate(photos, start=1):
            photo.save(folder / f"{number}.jpg", quality=80, optimize=True)
    write_bad_samples((out / SAMPLE_SUBJECTS[0] / "1.jpg").read_bytes(), out / "bad")


def write_bad_samples(good: bytes, out: Path) -> None:
    """Files that are no usable photos, each named for its fault."""
    out.mkdir(exist_ok=True)
    with Image.open(io.BytesIO(good)) as photo:
        photo.resize((48, 48)).save(out / "too-small.jpg", quality=82)
        photo.resize((128, 128)).save(out / "png-named-jpg.jpg", "PNG")
    (out / "cut-off.jpg").write_bytes(good[: len(good) // 2])
    (out / "not-a-photo.jpg").write_text("These are words, not a photo.\n")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("evaluation", "samples"))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=FOLDER)
    options = parser.parse_args()
    (write_evaluation if options.what == "evaluation" else write_samples)(options.data, options.out)


if __name__ == "__main__":
    main()
