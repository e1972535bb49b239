"""Prior preservation and its cache."""

import os
from pathlib import Path
from typing import Any

import pytest
import torch

from pixgen_gpu.errors import StopWork
from pixgen_gpu.generation.fused import fused_lora
from pixgen_gpu.models import BaseModel
from pixgen_gpu.training import prior
from pixgen_gpu.training.captions import class_captions
from pixgen_gpu.training.config import TrainConfig, TrainingImage
from pixgen_gpu.training.train_lora import Hooks, train_lora
from tests.conftest import small_config


@pytest.fixture
def person() -> TrainConfig:
    return small_config(class_word="woman", steps=3, prior_weight=1.0, prior_images=5)


def draw(base: BaseModel, config: TrainConfig, folder: Path | None) -> tuple[torch.Tensor, int]:
    """The class latents, and how many batches had to be drawn for them."""
    texts = [base.encode_text(caption) for caption in class_captions(config.class_word)]
    drawn: list[int] = []
    latents = prior.class_latents(
        base, config, texts, base.encode_text(""), folder, on_progress=lambda done, _total: drawn.append(done)
    )
    return latents, len(drawn)


def test_class_images_are_drawn_once_per_class_base_count_and_size(
    base: BaseModel, person: TrainConfig, tmp_path: Path
) -> None:
    first, batches = draw(base, person, tmp_path)
    assert (tuple(first.shape), batches) == ((5, 4, 8, 8), 2)
    again, batches = draw(base, person, tmp_path)
    assert (torch.equal(first, again), batches) == (True, 0)
    assert len({latents.sum().item() for latents in first}) == 5, "every one is another picture"
    for change in ({"class_word": "man"}, {"prior_images": 4}, {"resolution": 72}):
        assert draw(base, small_config(**(vars(person) | change)), tmp_path)[1] > 0, change
    assert draw(base, small_config(**(vars(person) | {"trigger_word": "sks_zzzzzz", "seed": 9})), tmp_path)[1] == 0


def test_another_base_model_draws_its_own(base: BaseModel, person: TrainConfig, tmp_path: Path) -> None:
    draw(base, person, tmp_path)
    known = base.model_hash
    try:
        base.__dict__["model_hash"] = "0" * 64
        assert draw(base, person, tmp_path)[1] > 0
    finally:
        base.__dict__["model_hash"] = known


@pytest.mark.parametrize("content", [b"", b"not a file", b"\x00" * 100])
def test_a_damaged_file_is_drawn_again(base: BaseModel, person: TrainConfig, tmp_path: Path, content: bytes) -> None:
    first, _ = draw(base, person, tmp_path)
    (path,) = tmp_path.iterdir()
    path.write_bytes(content)
    again, batches = draw(base, person, tmp_path)
    assert batches > 0
    assert torch.equal(first, again)
    assert draw(base, person, tmp_path)[1] == 0


def test_the_cache_is_bounded_and_the_longest_unused_goes_first(
    base: BaseModel, person: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prior, "MAX_FILES", 2)
    words = ["woman", "man", "person"]
    configs = [small_config(**(vars(person) | {"class_word": word, "prior_images": 1})) for word in words]
    for age, config in enumerate(configs[:2]):
        draw(base, config, tmp_path)
        (newest,) = [path for path in tmp_path.iterdir() if path.stat().st_mtime > 1_000_000]
        os.utime(newest, (age, age))
    draw(base, configs[0], tmp_path)  # used again, so the second is now the oldest
    draw(base, configs[2], tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
    assert [draw(base, config, tmp_path)[1] for config in (configs[0], configs[2])] == [0, 0]


def test_a_folder_that_cannot_be_written_costs_time_and_not_the_training(
    base: BaseModel, person: TrainConfig, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert torch.equal(draw(base, person, tmp_path / "file" / "below")[0], draw(base, person, None)[0])


def test_kept_and_fresh_class_images_train_the_same_lora(
    base: BaseModel, photos: list[TrainingImage], person: TrainConfig, tmp_path: Path
) -> None:
    fresh, kept = (train_lora(person, photos, base, prior_folder=tmp_path).state for _ in range(2))
    assert all(torch.equal(fresh[name], kept[name]) for name in fresh)


def test_the_weight_decides_how_much_the_class_images_count(
    base: BaseModel, photos: list[TrainingImage], person: TrainConfig
) -> None:
    def state(**changes: Any) -> dict[str, torch.Tensor]:
        return train_lora(small_config(**(vars(person) | changes)), photos, base).state

    weighted, light, off, none = (
        state(),
        state(prior_weight=0.1),
        state(prior_weight=0.0),
        state(prior_weight=0.0, prior_images=0),
    )
    name = next(iter(weighted))
    assert not torch.equal(weighted[name], light[name])
    assert not torch.equal(light[name], off[name])
    assert all(torch.equal(off[one], none[one]) for one in off), "without a weight no class image is drawn or used"


def test_with_prior_preservation_the_lora_still_knows_the_class(base: BaseModel, photos: list[TrainingImage]) -> None:
    """The purpose of it all: trained with class images, it predicts them better than trained on photos alone."""
    texts = [base.encode_text(caption) for caption in class_captions("woman")]
    config = small_config(class_word="woman", steps=20, learning_rate=5e-3, prior_images=4, prior_weight=2.0)
    without = small_config(**(vars(config) | {"prior_weight": 0.0}))
    latents = prior.class_latents(base, config, texts, base.encode_text(""), None)
    with_prior, alone = (
        class_error(base, train_lora(one, photos, base).state, texts[0], latents) for one in (config, without)
    )
    assert with_prior < 0.97 * alone


def class_error(base: BaseModel, state: dict[str, torch.Tensor], text: Any, latents: torch.Tensor) -> float:
    """Mean squared error of the noise predicted on class latents, over several times and fixed noise."""
    generator = torch.Generator().manual_seed(1)
    alphas = base.scheduler.alphas_cumprod
    total = 0.0
    with fused_lora(base.unet, state, 1.0), torch.inference_mode():
        for time in (100, 400, 700, 900):
            noise = torch.randn(latents.shape, generator=generator)
            noisy = alphas[time].sqrt() * latents + (1 - alphas[time]).sqrt() * noise
            conditions = {
                "text_embeds": text.pooled.expand(len(latents), -1),
                "time_ids": torch.tensor([[64.0, 64, 0, 0, 64, 64]]).expand(len(latents), -1),
            }
            answer = base.unet(noisy, time, text.tokens.expand(len(latents), -1, -1), added_cond_kwargs=conditions)
            total += float((answer.sample - noise).square().mean())
    return total


def test_drawing_class_images_can_be_stopped(
    base: BaseModel, photos: list[TrainingImage], person: TrainConfig, tmp_path: Path
) -> None:
    def stop_there(phase: str, *_: Any) -> None:
        if phase == "sampling":
            raise StopWork("cancelled")

    with pytest.raises(StopWork):
        train_lora(person, photos, base, Hooks(on_progress=stop_there), prior_folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_class_images_that_do_not_fit_together_are_drawn_one_by_one(
    base: BaseModel, person: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    together, _ = draw(base, person, None)
    sizes: list[int] = []
    draw_latents = prior.draw_latents

    def limited(base: BaseModel, pictures: list[Any], *others: Any) -> torch.Tensor:
        sizes.append(len(pictures))
        if len(pictures) > 1:
            raise torch.OutOfMemoryError
        return draw_latents(base, pictures, *others)

    monkeypatch.setattr(prior, "draw_latents", limited)
    alone, _ = draw(base, person, None)
    assert sizes == [4, 1, 1, 1, 1, 1]
    assert torch.allclose(together, alone, atol=1e-3)
