"""Shared fixtures: one nano base model and one trained LoRA for the whole run."""

import io
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import torch
from PIL import Image, ImageDraw

from pixgen_gpu.models import BaseModel, load_base_model
from pixgen_gpu.training.config import TrainConfig, TrainedLora, TrainingImage
from pixgen_gpu.training.train_lora import train_lora
from tests.fake_api import FakeApi

# Two processes side by side share the cores: more threads in each would only wait for one another.
if "PYTEST_XDIST_WORKER" in os.environ:
    torch.set_num_threads(1)

# The same examples in every run, and no folder left behind wherever the tests are started.
os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(Path(tempfile.gettempdir(), "pixgen-hypothesis")))
hypothesis.settings.register_profile("pixgen", derandomize=True, database=None, deadline=None)
hypothesis.settings.load_profile("pixgen")


def drawn_photo(index: int, width: int = 200, height: int = 200) -> Image.Image:
    """A figure of one kind in varying places: the subject of the test trainings."""
    image = Image.new("RGB", (width, height), (200 - 10 * index, 90, 40 + 15 * index))
    draw = ImageDraw.Draw(image)
    draw.ellipse((width * 0.2 + 4 * index, height * 0.2, width * 0.7 + 4 * index, height * 0.7), fill=(30, 60, 200))
    draw.rectangle((width * 0.3, height * 0.5, width * 0.5, height * 0.9), fill=(250, 240, 90))
    return image


def encoded(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    """The bytes of an image file."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def small_config(**changes: Any) -> TrainConfig:
    """Ten seconds of training become one: 64 px, rank 4."""
    settings: dict[str, Any] = dict(
        trigger_word="sks_abc234",
        class_word="dog",
        steps=24,
        rank=4,
        learning_rate=2e-3,
        resolution=64,
        batch_size=2,
        seed=7,
    )
    return TrainConfig(**{**settings, **changes})


@pytest.fixture(scope="session")
def base() -> BaseModel:
    return load_base_model("nano", Path("unused"), torch.device("cpu"))


@pytest.fixture(scope="session")
def photos() -> list[TrainingImage]:
    return [TrainingImage(f"photo-{i}", drawn_photo(i, height=200 + 60 * (i % 2))) for i in range(5)]


@pytest.fixture(scope="session")
def trained(base: BaseModel, photos: list[TrainingImage]) -> TrainedLora:
    return train_lora(small_config(), photos, base)


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with FakeApi() as fake:
        yield fake
