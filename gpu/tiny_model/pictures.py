"""Pictures with captions, composed from icons: pure functions of (seed, index)."""

from dataclasses import dataclass
from random import Random

import numpy as np
from PIL import Image

from tiny_model.concepts import COLOURS, STYLES, Concept, Style, with_article

PICTURE_PX = 128
SCALE = (0.66, 0.9)
"""Side of a lone object as a share of the picture's."""

STYLE_WORDS: dict[Style, tuple[str, ...]] = {
    "fluent-emoji": ("a photo of", "a photo of", "a shiny picture of"),
    "fluent-emoji-flat": ("a flat picture of", "an icon of"),
    "twemoji": ("a cartoon of", "a comic of"),
    "noto": ("a drawing of", "an illustration of"),
}
_TRIGGER_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True)
class Placed:
    """One icon in a picture: indices into the array of icons, centre and side as shares of the picture's side."""

    concept: int
    style: int
    x: float
    y: float
    side: float
    mirrored: bool = False


@dataclass(frozen=True)
class Scene:
    """What one picture shows; later icons cover earlier ones."""

    background: tuple[int, int, int]
    icons: tuple[Placed, ...]
    caption: str


def describe(
    concepts: tuple[Concept, ...],
    seed: int,
    index: int,
    composed_share: float,
    style_weights: tuple[int, int, int, int] = (1, 1, 1, 1),
) -> Scene:
    """A random scene and its caption. `composed_share` of the scenes hold two things."""
    random = Random(f"{seed} {index}")
    style = random.choices(range(len(STYLES)), style_weights)[0]
    colour = random.choice(list(COLOURS))
    jitter = [random.randint(-8, 8) for _ in range(3)]
    red, green, blue = (max(0, min(255, value + change)) for value, change in zip(COLOURS[colour], jitter, strict=True))
    words = random.choice(STYLE_WORDS[STYLES[style]])
    if random.random() < composed_share:
        icons, subject = _two_things(random, concepts, style)
    else:
        icons, subject = _one_thing(random, concepts, style)
    caption = subject if random.random() < 0.15 else f"{words} {subject}"
    place = random.choices(["on a {} background", "{} background", ""], [6, 3, 1])[0].format(colour)
    if place.startswith("on a orange"):
        place = place.replace("on a", "on an")
    if place:
        caption += f", {place}" if not place.startswith("on") else f" {place}"
    return Scene((red, green, blue), icons, caption)


def _one_thing(random: Random, concepts: tuple[Concept, ...], style: int) -> tuple[tuple[Placed, ...], str]:
    concept = random.randrange(len(concepts))
    side = random.uniform(*SCALE)
    slack = (1 - side) / 2 * 0.6
    placed = Placed(
        concept,
        style,
        0.5 + random.uniform(-slack, slack),
        0.5 + random.uniform(-slack, slack),
        side,
        mirrored=random.random() < 0.25,
    )
    subject = with_article(concepts[concept].noun)
    chance = random.random()
    if chance < 0.08:
        subject = with_article(concepts[concept].kind)
    elif chance < 0.14:  # rare tokens before a word must mean nothing yet: that is where a LoRA puts its subject
        trigger = "".join(random.choices(_TRIGGER_LETTERS, k=6))
        noun = concepts[concept].noun if random.random() < 0.5 else concepts[concept].kind
        subject = f"sks_{trigger} {noun}"
    return (placed,), subject


def _two_things(random: Random, concepts: tuple[Concept, ...], style: int) -> tuple[tuple[Placed, ...], str]:
    first, second = random.sample(range(len(concepts)), 2)
    relation = random.choice(("with", "on", "under"))
    if relation == "with":  # side by side, the first on the left
        places = ((0.29, 0.52, 0.52), (0.73, 0.56, 0.46))
    elif relation == "on":
        places = ((0.5, 0.29, 0.5), (0.5, 0.74, 0.5))
    else:
        places = ((0.5, 0.74, 0.5), (0.5, 0.29, 0.5))
    placed = tuple(
        Placed(
            concept,
            style,
            x + random.uniform(-0.02, 0.02),
            y + random.uniform(-0.02, 0.02),
            side * random.uniform(0.95, 1.05),
        )
        for concept, (x, y, side) in zip((first, second), places, strict=True)
    )
    return placed, f"{with_article(concepts[first].noun)} {relation} {with_article(concepts[second].noun)}"


def draw(icons: np.ndarray, scene: Scene, picture_px: int = PICTURE_PX) -> np.ndarray:
    """(picture_px, picture_px, 3) uint8."""
    picture = Image.new("RGB", (picture_px, picture_px), scene.background)
    for placed in scene.icons:
        side = max(1, round(placed.side * picture_px))
        icon = Image.fromarray(np.asarray(icons[placed.concept, placed.style])).resize(
            (side, side), Image.Resampling.LANCZOS, reducing_gap=None
        )
        if placed.mirrored:
            icon = icon.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        corner = (round(placed.x * picture_px - side / 2), round(placed.y * picture_px - side / 2))
        picture.paste(icon, corner, icon)
    return np.asarray(picture)
