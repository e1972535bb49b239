"""Rough pictures of what is being drawn: the right colours, small, and seldom."""

import base64
import io
import itertools

import numpy as np
import pytest
import torch
from PIL import Image

from pixgen_gpu.draw_order import MAX_PREVIEW_BYTES, preview_webp
from pixgen_gpu.generation import previews
from pixgen_gpu.generation.config import GenerateConfig, ImagePlan
from pixgen_gpu.generation.generate import generate
from pixgen_gpu.generation.previews import MAX_SIDE_PX, fit_projection, project
from pixgen_gpu.models import BaseModel
from tests.conftest import drawn_photo
from tests.test_generation import draw, plan


def test_the_fitted_projection_shows_the_colours_of_the_picture(base: BaseModel) -> None:
    photo = np.asarray(drawn_photo(1, 128, 128), dtype=np.float32)
    pixels = torch.from_numpy(photo).permute(2, 0, 1)[None] / 127.5 - 1
    latents, _ = base.encode_pixels(pixels)
    rough = project(latents, fit_projection(base))[0].numpy().astype(float)
    small = np.asarray(Image.fromarray(photo.astype(np.uint8)).resize((16, 16), Image.Resampling.BOX), dtype=float)
    assert rough.shape == (16, 16, 3)
    assert np.abs(rough - small).mean() < 4


@pytest.mark.parametrize(("height", "width"), [(256, 256), (100, 192), (16, 16)])
def test_previews_are_never_longer_than_the_bound(base: BaseModel, height: int, width: int) -> None:
    shown = project(torch.randn(2, 4, height, width), fit_projection(base))
    assert shown.dtype == torch.uint8
    assert max(shown.shape[1:3]) <= MAX_SIDE_PX
    assert shown.shape[1] / shown.shape[2] == pytest.approx(height / width, rel=0.02)


def test_even_noise_fits_into_a_preview() -> None:
    noise = Image.effect_noise((MAX_SIDE_PX, MAX_SIDE_PX), 200).convert("RGB")
    data = base64.b64decode(preview_webp(noise))
    assert len(data) <= MAX_PREVIEW_BYTES
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "WEBP"


def test_a_preview_looks_like_the_finished_picture_and_costs_it_nothing(
    base: BaseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previews, "EVERY_S", 0.0)
    seen: list[tuple[list[int], np.ndarray]] = []

    def keep(plans: list[ImagePlan], pixels: np.ndarray) -> None:
        seen.append(([one.seed for one in plans], pixels))

    finished: list = []
    config = GenerateConfig(64, 64, 6, 5.0, 1.0)
    generate(config, [plan(1), plan(2)], base, None, finished.append, on_preview=keep, max_batch=2)
    assert [seeds for seeds, _ in seen] == [[1, 2]] * 5, "one per step but the last"
    small = [np.asarray(result.image.resize((8, 8), Image.Resampling.BOX), dtype=float) for result in finished]

    def distance(shown: np.ndarray, picture: int) -> float:
        return float(np.abs(shown - small[picture]).mean())

    first, last = seen[0][1], seen[-1][1]
    for index in (0, 1):
        assert distance(last[index], index) < distance(first[index], index), "it does not become the picture"
        assert distance(last[index], index) < distance(last[index], 1 - index) / 1.5, "it is not its own picture"
    assert [result.image.tobytes() for result in finished] == draw(base, [plan(1), plan(2)], batch=2, steps=6)


def test_previews_come_at_most_once_per_interval(base: BaseModel, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(previews.time, "monotonic", lambda: now[0])
    shown: list[float] = []

    def step(*_: object) -> None:
        now[0] += 0.3

    generate(
        GenerateConfig(64, 64, 14, 5.0, 1.0),
        [plan(1)],
        base,
        None,
        lambda _: None,
        on_step=step,
        on_preview=lambda *_: shown.append(now[0]),
    )
    assert len(shown) == 3
    assert all(later - earlier >= previews.EVERY_S for earlier, later in itertools.pairwise(shown))
