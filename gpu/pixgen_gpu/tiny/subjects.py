"""Drawn photos of the concepts that the tiny model never saw in its pretraining."""

from dataclasses import dataclass
from pathlib import Path

from PIL import Image

FOLDER = Path(__file__).parent / "subjects"
PHOTO_PX = 160
PHOTOS = 8
UNSEEN = 4


@dataclass(frozen=True)
class Subject:
    """One held-out concept: its word, the word for its kind, photos to train on, and photos kept aside."""

    noun: str
    kind: str
    photos: list[Image.Image]
    unseen: list[Image.Image]


def load_subjects(folder: Path = FOLDER) -> list[Subject]:
    """All held-out subjects, by name. Raises OSError when there are none."""
    files = sorted(folder.glob("*.webp"))
    if not files:
        raise FileNotFoundError(f"no subjects in {folder}")
    subjects: list[Subject] = []
    for file in files:
        noun, kind = file.stem.split(".")
        with Image.open(file) as strip:
            tiles = [
                strip.convert("RGB").crop((left, 0, left + PHOTO_PX, PHOTO_PX))
                for left in range(0, strip.width, PHOTO_PX)
            ]
        subjects.append(Subject(noun.replace("_", " "), kind, tiles[:PHOTOS], tiles[PHOTOS:]))
    return subjects
