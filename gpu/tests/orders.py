"""Work orders as the API would send them, for the nano profile."""

from typing import Any

from tests.conftest import drawn_photo, encoded
from tests.fake_api import FakeApi

IMAGE_IDS = [f"019aaaaa-0000-7000-8000-{n:012d}" for n in range(100, 110)]


def train_order(api: FakeApi, **changes: Any) -> dict[str, Any]:
    """Five drawn photos, eight steps at 64 px."""
    settings = {
        "steps": 8,
        "rank": 4,
        "learningRate": 1e-3,
        "resolution": 64,
        "batchSize": 1,
        "priorWeight": 0,
        "captions": "auto",
        "checkpointEveryMs": 600_000,
        "samplePrompts": [],
        "stopEarly": False,
        "seed": 3,
    }
    photos = [
        {"photoId": f"019aaaaa-0000-7000-8000-{n:012d}", **api.source(f"photo-{n}.JPG", encoded(drawn_photo(n)))}
        for n in range(5)
    ]
    return {
        **api.head("train"),
        "triggerWord": "sks_abc234",
        "classWord": "dog",
        "settings": settings,
        "photos": photos,
        "resume": None,
    } | changes


def generate_order(api: FakeApi, lora: bytes, images: int = 2, **changes: Any) -> dict[str, Any]:
    """A few steps at 64 px."""
    plans = [
        {"imageId": IMAGE_IDS[n], "prompt": "sks_abc234 dog in the rain", "negativePrompt": "", "seed": n}
        for n in range(images)
    ]
    return {
        **api.head("generate"),
        "weights": {**api.source("lora.safetensors", lora), "weight": 1.0},
        "width": 64,
        "height": 64,
        "steps": 2,
        "guidance": 5.0,
        "scheduler": "euler",
        "draft": False,
        "format": "png",
        "images": plans,
    } | changes
