"""What generation guarantees, on the nano profile."""

import time
from typing import Any

import numpy as np
import pytest
import torch

from pixgen_gpu.errors import GpuFailure, StopWork
from pixgen_gpu.events import StopSignal
from pixgen_gpu.generation.config import FailedImage, GenerateConfig, ImagePlan, RenderedImage
from pixgen_gpu.generation.generate import generate
from pixgen_gpu.models import BaseModel
from pixgen_gpu.training.config import TrainedLora

PROMPT = "a photo of sks_abc234 dog"


def plan(seed: int, prompt: str = PROMPT, negative: str = "") -> ImagePlan:
    return ImagePlan(f"image-{seed}", prompt, negative, seed)


def draw(
    base: BaseModel,
    plans: list[ImagePlan],
    lora: TrainedLora | None = None,
    weight: float = 1.0,
    batch: int = 1,
    **changes: Any,
) -> list[bytes]:
    """Pixels of each planned image, 64 px and 4 steps unless said otherwise."""
    settings: dict[str, Any] = {"width": 64, "height": 64, "steps": 4, "guidance": 5.0} | changes
    results: list[RenderedImage | FailedImage] = []
    config = GenerateConfig(**settings, lora_weight=weight)
    generate(config, plans, base, lora.state if lora else None, results.append, max_batch=batch)
    assert all(isinstance(result, RenderedImage) for result in results)
    return [result.image.tobytes() for result in results if isinstance(result, RenderedImage)]


def difference(one: bytes, other: bytes) -> float:
    """Mean absolute difference of two pictures, in grey levels of 255."""
    a, b = (np.frombuffer(pixels, np.uint8).astype(np.float32) for pixels in (one, other))
    return float(np.abs(a - b).mean())


def test_the_same_seed_gives_the_same_pixels_and_another_seed_does_not(base: BaseModel) -> None:
    torch.manual_seed(5)  # what the process drew before must not matter
    first, second = draw(base, [plan(1)]), draw(base, [plan(1)])
    assert first == second
    assert difference(first[0], draw(base, [plan(2)])[0]) > 10


def test_an_image_does_not_depend_on_its_place_among_the_others(base: BaseModel, trained: TrainedLora) -> None:
    together = draw(base, [plan(1), plan(2, "neon city"), plan(3)], trained)
    assert draw(base, [plan(3)], trained) == together[2:]
    assert draw(base, [plan(3), plan(1)], trained) == [together[2], together[0]]


def test_a_lora_changes_the_picture_and_weight_zero_does_not(base: BaseModel, trained: TrainedLora) -> None:
    (plain,) = draw(base, [plan(1)])
    assert draw(base, [plan(1)], trained, weight=0.0) == [plain]
    (half,) = draw(base, [plan(1)], trained, weight=0.5)
    (full,) = draw(base, [plan(1)], trained, weight=1.0)
    assert difference(plain, full) > 3
    assert 0 < difference(plain, half) < difference(plain, full)
    assert draw(base, [plan(1)]) == [plain], "the LoRA stayed in the base model"


@pytest.mark.parametrize(
    "change",
    [
        {"steps": 6},
        {"guidance": 9.0},
        {"guidance": 1.0},
        {"width": 96},
        {"height": 96},
        {"scheduler": "dpmpp-2m-karras"},
        {"scheduler": "ddim"},
    ],
)
def test_every_setting_reaches_the_picture(base: BaseModel, change: dict[str, Any]) -> None:
    assert draw(base, [plan(1)]) != draw(base, [plan(1)], **change)


def test_prompt_and_negative_prompt_reach_the_picture(base: BaseModel) -> None:
    (plain,) = draw(base, [plan(1)])
    assert difference(plain, draw(base, [plan(1, "neon city at night, snow")])[0]) > 1
    assert difference(plain, draw(base, [plan(1, negative="blurry, low quality")])[0]) > 1


def test_each_image_is_delivered_before_the_next_is_drawn(base: BaseModel) -> None:
    log: list[str] = []
    generate(
        GenerateConfig(64, 64, 2, 5.0, 1.0),
        [plan(1), plan(2)],
        base,
        None,
        lambda result: log.append(f"done {result.plan.seed}"),
        on_step=lambda batch, step, total: log.append(f"{batch[0].seed}: {step}/{total}"),
    )
    assert log == ["1: 1/2", "1: 2/2", "done 1", "2: 1/2", "2: 2/2", "done 2"]


def test_one_failing_image_does_not_lose_the_others(base: BaseModel, monkeypatch: pytest.MonkeyPatch) -> None:
    encode = base.encode_text

    def broken(prompt: str):
        if prompt == "broken":
            raise RuntimeError("no kernel for this")
        return encode(prompt)

    monkeypatch.setattr(base, "encode_text", broken)
    results: list[RenderedImage | FailedImage] = []
    generate(GenerateConfig(64, 64, 2, 5.0, 1.0), [plan(1), plan(2, "broken"), plan(3)], base, None, results.append)
    assert [type(result) for result in results] == [RenderedImage, FailedImage, RenderedImage]
    assert isinstance(results[1], FailedImage)
    assert results[1].code == "GPU_INTERNAL"


def test_stopping_between_steps_leaves_the_base_model_untouched(base: BaseModel, trained: TrainedLora) -> None:
    base.release_drawing()
    before = {name: tensor.clone() for name, tensor in base.unet.state_dict().items()}
    stop = StopSignal()
    with pytest.raises(StopWork):
        generate(
            GenerateConfig(64, 64, 50, 5.0, 1.0),
            [plan(1)],
            base,
            trained.state,
            lambda _: None,
            on_step=lambda *_: stop.set(StopWork("cancelled")),
            check_stop=stop.check,
        )
    base.release_drawing()
    assert all(torch.equal(before[name], tensor) for name, tensor in base.unet.state_dict().items())


@pytest.mark.parametrize(("width", "height"), [(56, 64), (64, 1032), (68, 64)])
def test_sizes_the_profile_cannot_draw_are_refused(base: BaseModel, width: int, height: int) -> None:
    with pytest.raises(GpuFailure) as failure:
        generate(GenerateConfig(width, height, 1, 5.0, 1.0), [plan(1)], base, None, lambda _: None)
    assert failure.value.code == "INVALID_WORK_ORDER"


def test_a_nano_image_is_quick(base: BaseModel) -> None:
    """128 px, 6 steps: 0.25 s alone on 2 cores; the bound leaves room for a busy machine."""
    started = time.monotonic()
    draw(base, [plan(1)], width=128, height=128, steps=6)
    assert time.monotonic() - started < 3
