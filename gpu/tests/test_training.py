"""What training guarantees, on the nano profile."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pixgen_gpu.buckets import Bucket, fit_to_bucket
from pixgen_gpu.errors import GpuFailure, StopWork
from pixgen_gpu.events import StopSignal
from pixgen_gpu.lora import lora_to_bytes
from pixgen_gpu.models import BaseModel, load_base_model
from pixgen_gpu.training import train_lora as train_lora_module
from pixgen_gpu.training.checkpoint import Checkpoint, checkpoint_from_bytes
from pixgen_gpu.training.config import SampleImage, TrainConfig, TrainedLora, TrainingImage
from pixgen_gpu.training.latents import encode_training_set
from pixgen_gpu.training.metadata import lora_metadata
from pixgen_gpu.training.schedule import BatchSchedule, learning_rate_at
from pixgen_gpu.training.train_lora import Hooks, train_lora
from tests.conftest import drawn_photo, small_config


def test_loss_falls_on_a_fixed_set(base: BaseModel, photos: list[TrainingImage]) -> None:
    # Both see the same photos, noise and times; only one of them moves.
    learning, still = (
        train_lora(small_config(steps=30, batch_size=4, learning_rate=rate), photos, base).losses
        for rate in (2e-3, 1e-12)
    )
    assert learning[-10:].mean() < 0.8 * still[-10:].mean()
    assert torch.equal(learning[:1], still[:1])


def test_the_same_seed_trains_the_same_file_and_another_seed_does_not(
    base: BaseModel, photos: list[TrainingImage], trained: TrainedLora
) -> None:
    torch.manual_seed(99)  # what the process drew before must not matter
    hooks = Hooks(checkpoint_due=lambda step: step % 5 == 0)
    again = train_lora(small_config(sample_prompts=("sks_abc234 dog",)), photos, base, hooks)
    other = train_lora(small_config(seed=8), photos, base)
    first, second, third = (lora_to_bytes(one.state, lora_metadata(one, base)) for one in (trained, again, other))
    assert hashlib.sha256(first).digest() == hashlib.sha256(second).digest(), "sample images must not change it either"
    assert first != third


@pytest.fixture(scope="module")
def person() -> TrainConfig:
    """Two buckets, batches of two with a rest of one, prior preservation, an epoch that does not divide the steps."""
    return small_config(class_word="woman", steps=12, prior_weight=0.7, prior_images=3)


@pytest.fixture(scope="module")
def person_trained(base: BaseModel, photos: list[TrainingImage], person: TrainConfig) -> TrainedLora:
    return train_lora(person, photos, base)


@pytest.mark.parametrize("killed_after", [1, 4, 6, 11])
def test_a_training_killed_at_any_step_resumes_to_the_same_bits(
    base: BaseModel,
    photos: list[TrainingImage],
    person: TrainConfig,
    person_trained: TrainedLora,
    killed_after: int,
) -> None:
    saved: list[bytes] = []
    stop = StopSignal()

    def keep(checkpoint: Checkpoint) -> None:
        saved.append(checkpoint.to_bytes(person, base.model_hash))
        stop.set(StopWork("cancelled"))

    hooks = Hooks(check_stop=stop.check, checkpoint_due=lambda step: step == killed_after, on_checkpoint=keep)
    with pytest.raises(StopWork):
        train_lora(person, photos, base, hooks)
    resume = checkpoint_from_bytes(saved[0], person, base.model_hash)
    assert resume.step == killed_after
    resumed = train_lora(person, photos, base, resume=resume)
    assert_same(resumed, person_trained)


def test_a_host_that_must_go_leaves_a_checkpoint_of_its_last_step(
    base: BaseModel, photos: list[TrainingImage], person: TrainConfig, person_trained: TrainedLora
) -> None:
    saved: list[Checkpoint] = []
    stop = StopSignal()

    def leave_at_the_fifth(_phase: str, step: int, _total: int, _loss: float | None) -> None:
        if (_phase, step) == ("training", 5):
            stop.set(StopWork("preempted"))

    hooks = Hooks(on_progress=leave_at_the_fifth, check_stop=stop.check, on_checkpoint=saved.append)
    with monkeypatched_progress(0), pytest.raises(StopWork) as stopped:
        train_lora(person, photos, base, hooks)
    assert stopped.value.reason == "preempted"
    assert [checkpoint.step for checkpoint in saved] == [5]
    assert_same(train_lora(person, photos, base, resume=saved[0]), person_trained)


def test_a_host_that_must_go_while_samples_are_drawn_leaves_a_checkpoint_too(
    base: BaseModel, photos: list[TrainingImage], trained: TrainedLora
) -> None:
    saved: list[Checkpoint] = []
    stop = StopSignal()
    config = small_config(sample_prompts=("a dog", "sks_abc234 dog"))
    leave = Hooks(
        check_stop=stop.check, on_checkpoint=saved.append, on_sample=lambda _sample: stop.set(StopWork("preempted"))
    )
    with pytest.raises(StopWork):
        train_lora(config, photos, base, leave)
    assert [checkpoint.step for checkpoint in saved] == [config.steps]
    assert_same(train_lora(config, photos, base, resume=saved[0]), trained)


@contextmanager
def monkeypatched_progress(every_s: float) -> Iterator[None]:
    """Progress after every step, so that a test can act at one of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train_lora_module, "PROGRESS_EVERY_S", every_s)
        yield


def assert_same(one: TrainedLora, other: TrainedLora) -> None:
    assert all(torch.equal(one.state[name], other.state[name]) for name in other.state)
    assert torch.equal(one.losses, other.losses)


def test_a_checkpoint_of_another_training_or_a_damaged_one_is_refused(
    base: BaseModel, photos: list[TrainingImage]
) -> None:
    saved: list[bytes] = []
    config = small_config(steps=3)
    hooks = Hooks(
        checkpoint_due=lambda step: step == 2,
        on_checkpoint=lambda checkpoint: saved.append(checkpoint.to_bytes(config, base.model_hash)),
    )
    train_lora(config, photos, base, hooks)
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
        if (_phase, step) == ("training", 3):
            stop.set(StopWork("cancelled"))

    with monkeypatched_progress(0), pytest.raises(StopWork):
        train_lora(small_config(), photos, base, Hooks(on_progress=stop_at_the_third, check_stop=stop.check))
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
    train_lora(small_config(steps=2), photos, base, Hooks(on_progress=lambda *values: seen.append(values)))
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


def test_a_step_that_does_not_fit_is_done_again_with_less_memory_and_the_result_is_the_same(
    base: BaseModel, photos: list[TrainingImage], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = small_config(steps=4)
    roomy = train_lora(small_config(steps=4, gradient_checkpointing="never"), photos, base)
    unet: Any = base.unet
    forward, failures = unet.forward, []

    def tight(*args: Any, **kwargs: Any) -> Any:
        if not unet.down_blocks[0].gradient_checkpointing and len(failures) < 9:
            failures.append(1)
            raise torch.cuda.OutOfMemoryError
        return forward(*args, **kwargs)

    monkeypatch.setattr(unet, "forward", tight)
    with pytest.raises(torch.cuda.OutOfMemoryError):
        train_lora(small_config(steps=4, gradient_checkpointing="never"), photos, base)
    assert len(failures) == 1
    assert_same(train_lora(config, photos, base), roomy)
    assert len(failures) == 2, "once it is on it stays on"
    assert_same(train_lora(small_config(steps=4, gradient_checkpointing="always"), photos, base), roomy)
    assert len(failures) == 2
    assert not unet.down_blocks[0].gradient_checkpointing, "the base is left as it was"


def test_sample_images_are_drawn_at_checkpoints_and_at_the_end_with_the_lora_of_that_step(
    base: BaseModel, photos: list[TrainingImage]
) -> None:
    samples: list[SampleImage] = []
    hooks = Hooks(checkpoint_due=lambda _step: True, on_sample=samples.append)
    config = small_config(steps=8, learning_rate=2e-2, sample_prompts=("sks_abc234 dog", "a dog"))
    train_lora(config, photos, base, hooks)
    assert [(one.step, one.index) for one in samples] == [(n, i) for n in range(1, 9) for i in (0, 1)]
    assert all(one.image.size == (64, 64) for one in samples)
    assert samples[0].prompt == "sks_abc234 dog"
    assert len({one.image.tobytes() for one in samples if one.index == 0}) == 8, "each shows another state"


def test_photos_are_never_mirrored_or_cropped_and_keep_their_proportions(base: BaseModel) -> None:
    photo = TrainingImage("one", drawn_photo(1, 200, 260))
    cached = encode_training_set(base, small_config(), [photo], lambda _count: None).photos[0]
    assert cached.bucket.width < cached.bucket.height
    upright = base.encode_pixels(fit_to_bucket(photo.image, cached.bucket).unsqueeze(0))[0][0]
    assert torch.equal(cached.mean, upright)
    assert cached.time_ids.tolist() == [260, 200, 0, 0, cached.bucket.height, cached.bucket.width]


def test_encoders_are_off_the_device_while_the_unet_trains(
    base: BaseModel, photos: list[TrainingImage], monkeypatch: pytest.MonkeyPatch
) -> None:
    moves: list[bool] = []
    monkeypatch.setattr(type(base), "place_encoders", lambda _self, *, on_device: moves.append(on_device))
    seen: list[list[bool]] = []
    train_lora(
        small_config(steps=2),
        photos,
        base,
        Hooks(on_progress=lambda phase, *_: seen.append([*moves]) if phase == "training" else None),
    )
    # Progress is told a few times, how often depends on the machine.
    assert seen
    assert all(moved == [True, False] for moved in seen)


def test_a_base_in_half_precision_trains_an_fp32_lora_that_goes_the_same_way(
    base: BaseModel, photos: list[TrainingImage]
) -> None:
    """As on a GPU: bf16 base, bf16 working copy of the LoRA, fp32 master."""
    half = load_base_model("nano", Path("unused"), torch.device("cpu"))
    half.dtype = torch.bfloat16
    for part in (half.unet, half.vae, half.text_encoder, half.text_encoder_2):
        torch.nn.Module.to(part, torch.bfloat16)
    config = small_config(steps=6)
    exact, rounded = train_lora(config, photos, base), train_lora(config, photos, half)
    assert all(tensor.dtype == torch.float32 for tensor in rounded.state.values())
    ours, theirs = (
        torch.cat([tensor.flatten() for name, tensor in one.state.items() if "lora_B" in name])
        for one in (exact, rounded)
    )
    assert torch.nn.functional.cosine_similarity(ours, theirs, dim=0) > 0.8
    assert torch.allclose(exact.losses, rounded.losses, rtol=0.1)
