"""What training guarantees, on the nano profile."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pixgen_gpu.buckets import Bucket
from pixgen_gpu.errors import GpuFailure, StopWork
from pixgen_gpu.events import StopSignal
from pixgen_gpu.models import BaseModel
from pixgen_gpu.training.checkpoint import Checkpoint, checkpoint_from_bytes
from pixgen_gpu.training.config import TrainedLora, TrainingImage
from pixgen_gpu.training.schedule import BatchSchedule, learning_rate_at
from pixgen_gpu.training.train_lora import train_lora
from tests.conftest import small_config


def test_loss_falls_on_a_fixed_set(base: BaseModel, photos: list[TrainingImage]) -> None:
    losses = train_lora(small_config(steps=60, batch_size=4), photos, base, lambda *_: None).losses
    assert losses[-20:].mean() < 0.8 * losses[:20].mean()


def test_the_same_seed_trains_the_same_bits_and_another_seed_does_not(
    base: BaseModel, photos: list[TrainingImage], trained: TrainedLora
) -> None:
    torch.manual_seed(99)  # what the process drew before must not matter
    again = train_lora(small_config(), photos, base, lambda *_: None)
    assert again.state.keys() == trained.state.keys()
    assert all(torch.equal(again.state[name], trained.state[name]) for name in again.state)
    other = train_lora(small_config(seed=8), photos, base, lambda *_: None)
    assert any(not torch.equal(other.state[name], trained.state[name]) for name in other.state)


@pytest.mark.parametrize("stop_after", [1, 13, 23])
def test_resuming_from_a_checkpoint_is_bit_exact(
    base: BaseModel, photos: list[TrainingImage], trained: TrainedLora, stop_after: int
) -> None:
    saved: list[bytes] = []
    config, stop = small_config(), StopSignal()

    def keep(checkpoint: Checkpoint) -> None:
        saved.append(checkpoint.to_bytes(config, base.model_hash))
        stop.set(StopWork("cancelled"))

    with pytest.raises(StopWork):
        train_lora(
            config,
            photos,
            base,
            lambda *_: None,
            check_stop=stop.check,
            checkpoint_due=lambda step: step == stop_after,
            on_checkpoint=keep,
        )
    resume = checkpoint_from_bytes(saved[0], config, base.model_hash)
    assert resume.step == stop_after
    resumed = train_lora(config, photos, base, lambda *_: None, resume=resume)
    assert all(torch.equal(resumed.state[name], trained.state[name]) for name in trained.state)
    assert torch.equal(resumed.losses, trained.losses)


def test_a_checkpoint_of_another_training_or_a_damaged_one_is_refused(
    base: BaseModel, photos: list[TrainingImage]
) -> None:
    saved: list[bytes] = []
    config = small_config(steps=3)
    train_lora(
        config,
        photos,
        base,
        lambda *_: None,
        checkpoint_due=lambda step: step == 2,
        on_checkpoint=lambda checkpoint: saved.append(checkpoint.to_bytes(config, base.model_hash)),
    )
    for data, asked in ((saved[0], small_config(steps=4)), (saved[0][:-9], config), (b"", config)):
        with pytest.raises(GpuFailure) as failure:
            checkpoint_from_bytes(data, asked, base.model_hash)
        assert failure.value.code == "WEIGHTS_UNREADABLE"


def test_training_leaves_the_base_model_untouched_even_when_stopped(
    base: BaseModel, photos: list[TrainingImage]
) -> None:
    before = {name: tensor.clone() for name, tensor in base.unet.state_dict().items()}
    stop = StopSignal()

    def stop_at_the_third(_phase: str, step: int, _total: int, _loss: float | None) -> None:
        if step == 3:
            stop.set(StopWork("cancelled"))

    with pytest.raises(StopWork):
        train_lora(small_config(), photos, base, stop_at_the_third, check_stop=stop.check)
    after = base.unet.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert not any(parameter.requires_grad for parameter in base.unet.parameters())


def test_every_attention_layer_and_nothing_else_is_trained(base: BaseModel, trained: TrainedLora) -> None:
    attention = {
        name
        for name, module in base.unet.named_modules()
        if isinstance(module, torch.nn.Linear) and name.split(".")[-1] in {"to_q", "to_k", "to_v"}
    } | {name for name, _ in base.unet.named_modules() if name.endswith("to_out.0")}
    assert {name.split(".lora_")[0] for name in trained.state} == {f"unet.{name}" for name in attention}
    assert all(tensor.dtype == torch.float32 for tensor in trained.state.values())


def test_progress_ends_at_the_last_step_with_a_loss(base: BaseModel, photos: list[TrainingImage]) -> None:
    seen: list[tuple[str, int, int, float | None]] = []
    train_lora(small_config(steps=2), photos, base, lambda *values: seen.append(values))
    assert seen[0] == ("encoding", 0, 5, None)
    assert seen[-1][:3] == ("training", 2, 2)
    assert seen[-1][3] is not None


@given(
    st.lists(st.sampled_from([Bucket(64, 64), Bucket(48, 80), Bucket(80, 48)]), min_size=1, max_size=20),
    st.integers(1, 8),
    st.integers(0, 2**32 - 1),
)
def test_every_epoch_shows_every_photo_once_in_batches_of_one_shape(
    buckets: list[Bucket], batch_size: int, seed: int
) -> None:
    schedule = BatchSchedule(buckets, batch_size, seed)
    for epoch in range(2):
        steps = range(epoch * schedule.batches_per_epoch, (epoch + 1) * schedule.batches_per_epoch)
        batches = [schedule.batch_at(step) for step in steps]
        assert sorted(index for batch in batches for index in batch) == list(range(len(buckets)))
        assert all(len({buckets[index] for index in batch}) == 1 and len(batch) <= batch_size for batch in batches)


def test_learning_rate_warms_up_and_falls_to_zero_along_a_cosine() -> None:
    rates = [learning_rate_at(step, 100, 1.0) for step in range(100)]
    assert rates[0] == pytest.approx(0.2)
    assert max(rates) == 1.0
    assert rates[5:] == sorted(rates[5:], reverse=True)
    assert rates[-1] < 0.001
