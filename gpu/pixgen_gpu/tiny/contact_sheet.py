"""Sheets of small pictures, to look at."""

from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap

from PIL import Image, ImageDraw

from pixgen_gpu.evaluation import TRIGGER_WORD, Drawn, Evaluated, EvaluationSettings, draw
from pixgen_gpu.models import BaseModel
from pixgen_gpu.tiny.subjects import Subject

CELL_PX = 128
COMPOSED_SUBJECTS = ("robot", "teddy bear", "penguin")
"""Those that the demo's sample photos show."""
COMPOSED_PROMPTS = (
    "a photo of {} with a dog, white background",
    "a photo of {} on a car, blue background",
    "a photo of {} under a house, green background",
    "a photo of {} with an apple, yellow background",
    "a photo of {} under a tree, white background",
    "a photo of {} with a cat, green background",
    "a photo of {} with a fish, blue background",
    "a photo of {} on a house, pink background",
)
COMPOSED_WEIGHT = 0.7
"""With its whole weight a LoRA that knows nothing but its subject gives the other thing its colours too."""
LINE_PX = 12
LINE_LETTERS = 26
LINES = 2
BASE_PROMPTS = (
    "a photo of a dog on a white background",
    "a photo of a house on a green background",
    "a photo of a car on a red background",
    "a photo of an apple on a yellow background",
    "a photo of a cat on a blue background",
    "a photo of a clown face on a pink background",
    "a photo of a tree on a blue background",
    "a photo of a fish on a white background",
    "a shiny picture of a rabbit on a purple background",
    "a flat picture of a bus on a yellow background",
    "a cartoon of a pig on a green background",
    "a drawing of a ship on a blue background",
    "a photo of a dog on a car, white background",
    "a photo of a cat with an apple, green background",
    "a photo of a dog under a house, blue background",
    "a photo of a beach",
)
"""Things that the base model was pretrained on, two together, and a place, which it was not."""


def contact_sheet(rows: list[list[tuple[Image.Image, str]]]) -> Image.Image:
    """Rows of pictures, each with up to two lines of text below it; rows may have different lengths."""
    cell_height = CELL_PX + LINES * LINE_PX + 4
    sheet = Image.new("RGB", (max(len(row) for row in rows) * (CELL_PX + 4), len(rows) * cell_height), "white")
    pen = ImageDraw.Draw(sheet)
    for r, row in enumerate(rows):
        for c, (image, caption) in enumerate(row):
            left, top = c * (CELL_PX + 4), r * cell_height
            sheet.paste(image.resize((CELL_PX, CELL_PX)), (left, top))
            for line, text in enumerate(wrap(caption, LINE_LETTERS)[:LINES]):
                pen.text((left + 2, top + CELL_PX + 1 + line * LINE_PX), text, fill="black", font_size=9)
    return sheet


def save_base_sheet(base: BaseModel, folder: Path) -> Path:
    """What the base model draws without a LoRA."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn: list[Drawn] = draw(base, None, list(BASE_PROMPTS), 0, EvaluationSettings())
    cells = [(one.image, one.prompt) for one in drawn]
    target = folder / "base-model.webp"
    contact_sheet([cells[at : at + 8] for at in range(0, len(cells), 8)]).save(target, quality=80, method=6)
    return target


def save_subject_sheet(subject: Subject, result: Evaluated, folder: Path) -> Path:
    """Photos of the subject, what the base model and the LoRA draw for the same prompts and seeds, and compositions."""
    folder.mkdir(parents=True, exist_ok=True)

    def caption(who: str, prompt: str) -> str:
        return f"{who}: {prompt}".replace("a photo of ", "").replace(f"{TRIGGER_WORD} {subject.kind}", "subject")

    rows = [
        [(photo, "photo") for photo in subject.photos],
        [(drawn.image, caption("base", drawn.prompt)) for drawn in result.base],
        [(drawn.image, caption("LoRA", drawn.prompt)) for drawn in result.lora],
        [(drawn.image, caption("LoRA", drawn.prompt)) for drawn in result.composed],
    ]
    target = folder / f"{subject.noun.replace(' ', '-')}.webp"
    contact_sheet(rows).save(target, quality=80, method=6)
    return target


def save_composition_sheet(
    base: BaseModel, results: Sequence[Evaluated], kinds: dict[str, str], settings: EvaluationSettings, folder: Path
) -> Path:
    """One row per subject: what its LoRA draws with, on and under other things, each on the background asked for."""
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[list[tuple[Image.Image, str]]] = []
    for one in results:
        name = f"{TRIGGER_WORD} {kinds[one.noun]}"
        prompts = [prompt.format(name) for prompt in COMPOSED_PROMPTS]
        drawn = draw(base, one.state, prompts, one.seed, settings, COMPOSED_WEIGHT)
        rows.append([(each.image, each.prompt.replace("a photo of ", "").replace(name, one.noun)) for each in drawn])
    target = folder / "compositions.webp"
    contact_sheet(rows).save(target, quality=80, method=6)
    return target
