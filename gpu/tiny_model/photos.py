"""Drawn "photos" of one thing as a person would take them: varied place, size, turn and light."""

import math
from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

_PLACES = ("gradient", "horizon", "blobs", "plain", "stripes", "tiles")
CALM_PLACES = _PLACES[:4]


def draw_photo(icon: Image.Image, random: Random, side_px: int, places: tuple[str, ...] = _PLACES) -> Image.Image:
    """A square RGB photo of `icon` (RGBA)."""
    photo = _place(random, side_px, places)
    side = round(side_px * random.uniform(0.5, 0.86))
    turned = icon.resize((side, side), Image.Resampling.LANCZOS).rotate(
        random.gauss(0, 9), Image.Resampling.BICUBIC, expand=True
    )
    slack = max(0.0, (side_px - side) / 2) * 0.75
    left = round((side_px - turned.width) / 2 + random.uniform(-slack, slack))
    top = round((side_px - turned.height) / 2 + random.uniform(-slack, slack))
    _cast_shadow(photo, turned, left, top, random)
    photo.paste(turned, (left, top), turned)
    return _light(photo, random)


def _colour(random: Random) -> np.ndarray:
    """A colour of moderate saturation, as (3,) fp32."""
    hue, saturation, value = random.random(), random.uniform(0.08, 0.65), random.uniform(0.25, 0.97)
    angles = (hue * 6 + np.array([5.0, 3.0, 1.0])) % 6
    return 255 * value * (1 - saturation * np.clip(np.minimum(angles, 4 - angles), 0, 1)).astype(np.float32)


def _place(random: Random, side_px: int, places: tuple[str, ...]) -> Image.Image:
    kind = random.choice(places)
    first, second = _colour(random), _colour(random)
    line = np.linspace(0, 1, side_px, dtype=np.float32)
    x, y = np.meshgrid(line, line)
    if kind == "gradient":
        angle = random.uniform(0, 2 * math.pi)
        mix = np.clip((x - 0.5) * math.cos(angle) + (y - 0.5) * math.sin(angle) + 0.5, 0, 1)
    elif kind == "horizon":
        mix = (y > random.uniform(0.45, 0.75)).astype(np.float32) * 0.85 + y * 0.15
    elif kind == "stripes":
        mix = (np.sin((x * random.uniform(-1, 1) + y) * random.uniform(20, 60)) > 0).astype(np.float32) * 0.35
    elif kind == "tiles":
        count = random.randint(3, 8)
        mix = ((np.floor(x * count) + np.floor(y * count)) % 2).astype(np.float32) * 0.4
    else:
        mix = np.full_like(x, 0.1 if kind == "plain" else 0.0)
    pixels = first + mix[..., None] * (second - first)
    image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    if kind == "blobs":
        pen = ImageDraw.Draw(image)
        for _ in range(random.randint(4, 9)):
            radius = side_px * random.uniform(0.06, 0.25)
            centre = (random.uniform(0, side_px), random.uniform(0, side_px))
            fill = tuple(int(value) for value in _colour(random) * 0.5 + first * 0.5)
            pen.ellipse(
                (centre[0] - radius, centre[1] - radius, centre[0] + radius, centre[1] + radius),
                fill=(fill[0], fill[1], fill[2]),
            )
    blur = side_px * random.choice((0.0, 0.004, 0.02))
    return image.filter(ImageFilter.GaussianBlur(blur)) if blur else image


def _cast_shadow(photo: Image.Image, icon: Image.Image, left: int, top: int, random: Random) -> None:
    strength = random.uniform(0, 0.45)
    alpha = icon.getchannel("A").point([round(value * strength) for value in range(256)])
    blurred = Image.new("L", photo.size, 0)
    distance = photo.width * random.uniform(0.01, 0.05)
    blurred.paste(alpha, (round(left + distance * random.uniform(-1, 1)), round(top + distance)))
    photo.paste((0, 0, 0), (0, 0), blurred.filter(ImageFilter.GaussianBlur(photo.width * 0.02)))


def _light(photo: Image.Image, random: Random) -> Image.Image:
    """Brightness, a warm or cold tint, a bright corner, and a little noise."""
    pixels = np.asarray(photo, dtype=np.float32)
    warmth = random.uniform(-0.08, 0.08)
    gains = random.uniform(0.78, 1.12) * np.array([1 + warmth, 1.0, 1 - warmth], np.float32)
    line = np.linspace(-1, 1, photo.width, dtype=np.float32)
    x, y = np.meshgrid(line, line)
    lamp = 1 + random.uniform(0, 0.16) * (x * random.choice((-1, 1)) - y) / 2
    noise = np.random.default_rng(random.getrandbits(32)).normal(0, random.uniform(0, 1.5), pixels.shape)
    lit = pixels * gains * lamp[..., None] + noise
    return Image.fromarray(np.clip(lit, 0, 255).astype(np.uint8))
