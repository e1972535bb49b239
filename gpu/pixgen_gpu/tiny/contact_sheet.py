"""Sheets of small pictures, to look at."""

from pathlib import Path

from PIL import Image, ImageDraw

from pixgen_gpu.evaluation import Evaluated
from pixgen_gpu.tiny.subjects import Subject

CELL_PX = 128
CAPTION_PX = 14


def contact_sheet(rows: list[list[tuple[Image.Image, str]]]) -> Image.Image:
    """Rows of pictures with a line of text below each; rows may have different lengths."""
    width = max(len(row) for row in rows) * (CELL_PX + 4)
    sheet = Image.new("RGB", (width, len(rows) * (CELL_PX + CAPTION_PX + 4)), "white")
    pen = ImageDraw.Draw(sheet)
    for r, row in enumerate(rows):
        for c, (image, caption) in enumerate(row):
            left, top = c * (CELL_PX + 4), r * (CELL_PX + CAPTION_PX + 4)
            sheet.paste(image.resize((CELL_PX, CELL_PX)), (left, top))
            pen.text((left + 2, top + CELL_PX + 1), caption[:26], fill="black", font_size=9)
    return sheet


def save_subject_sheet(subject: Subject, result: Evaluated, folder: Path) -> Path:
    """Photos of the subject, then what the base model and the LoRA draw for the same prompts and seeds."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        [(photo, "photo") for photo in subject.photos],
        [(drawn.image, f"base: {drawn.prompt}".replace("a photo of ", "")) for drawn in result.base],
        [(drawn.image, f"LoRA: {drawn.prompt}".replace("a photo of ", "")) for drawn in result.lora],
    ]
    target = folder / f"{subject.noun.replace(' ', '-')}.webp"
    contact_sheet(rows).save(target, quality=80, method=6)
    return target
