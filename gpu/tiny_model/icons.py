"""Reading the emoji packages and rendering their SVGs, once, into one array."""

import io
import json
from pathlib import Path

import numpy as np
from PIL import Image

from tiny_model.concepts import HELD_OUT_CONCEPTS, PRETRAINING_CONCEPTS, STYLES, Concept, Style

ICON_PX = 160
"""Side of the cached renders: above anything that a 128 px picture needs."""
PACKAGES = {
    "@iconify-json/fluent-emoji": "1.2.7",
    "@iconify-json/fluent-emoji-flat": "1.2.6",
    "@iconify-json/twemoji": "1.2.5",
    "@iconify-json/noto": "1.2.9",
    "emojibase-data": "17.0.0",
}
"""npm packages and the exact versions that the shipped weights were made from."""


def check_packages(data_dir: Path) -> None:
    """Raises ValueError when a package is missing or of another version."""
    for name, version in PACKAGES.items():
        manifest = data_dir / "node_modules" / name / "package.json"
        if not manifest.exists() or json.loads(manifest.read_text())["version"] != version:
            wanted = " ".join(f"{package}@{pin}" for package, pin in PACKAGES.items())
            raise ValueError(f"{name}@{version} is not installed: run `npm install {wanted}` in {data_dir}")


def render_icon(data_dir: Path, style: Style, icon: str, side_px: int) -> Image.Image:
    """One icon, centred on a transparent square, RGBA."""
    return _render(_read_icons(data_dir, style), icon, side_px)


def load_icons(data_dir: Path, concepts: tuple[Concept, ...]) -> np.ndarray:
    """Renders of `concepts` in all styles: (concepts, styles, ICON_PX, ICON_PX, 4) uint8, not premultiplied.

    The first call renders every concept and keeps the result in `data_dir`.
    """
    everything = PRETRAINING_CONCEPTS + HELD_OUT_CONCEPTS
    cache = data_dir / "icons.npy"
    names = data_dir / "icons.json"
    wanted = json.dumps([PACKAGES, ICON_PX, STYLES, [concept.icon for concept in everything]])
    if not cache.exists() or not names.exists() or names.read_text() != wanted:
        check_packages(data_dir)
        rendered = np.zeros((len(everything), len(STYLES), ICON_PX, ICON_PX, 4), np.uint8)
        for s, style in enumerate(STYLES):
            icons = _read_icons(data_dir, style)
            for c, concept in enumerate(everything):
                rendered[c, s] = np.asarray(_render(icons, concept.icon, ICON_PX))
        np.save(cache, rendered)
        names.write_text(wanted)
    places = {concept.icon: place for place, concept in enumerate(everything)}
    return np.load(cache, mmap_mode="r")[[places[concept.icon] for concept in concepts]]


def _read_icons(data_dir: Path, style: Style) -> dict:
    return json.loads((data_dir / "node_modules" / "@iconify-json" / style / "icons.json").read_text())


def _render(icons: dict, icon: str, side_px: int) -> Image.Image:
    import resvg_py  # pyright: ignore[reportMissingImports]  # of requirements-pretraining.txt: only for making data

    if icon not in icons["icons"]:
        icon = icons["aliases"][icon]["parent"]
    entry = icons["icons"][icon]
    width = entry.get("width", icons.get("width", 16))
    height = entry.get("height", icons.get("height", 16))
    left, top = entry.get("left", 0), entry.get("top", 0)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="{left} {top} {width} {height}" width="{side_px}" height="{side_px}">{entry["body"]}</svg>'
    )
    png = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=side_px, height=side_px, skip_system_fonts=True))
    image = Image.open(io.BytesIO(png)).convert("RGBA")
    return image if image.size == (side_px, side_px) else image.resize((side_px, side_px))
