"""The two kinds of claimed work, between the protocol's messages and the plain functions that do it."""

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import torch

from pixgen_gpu.draw_order import run_generation
from pixgen_gpu.errors import GpuFailure
from pixgen_gpu.files import MAX_PHOTO_BYTES, MAX_WEIGHTS_BYTES, download
from pixgen_gpu.logs import log_failure
from pixgen_gpu.lora import lora_to_bytes
from pixgen_gpu.models import BaseModel
from pixgen_gpu.photos import decode_photo
from pixgen_gpu.protocol import (
    CheckpointEvent,
    LossHistoryItem,
    SucceededEvent,
    TrainingResult,
    TrainOrder,
)
from pixgen_gpu.run_ticket import Claim
from pixgen_gpu.training.checkpoint import Checkpoint, checkpoint_from_bytes
from pixgen_gpu.training.config import TrainConfig, TrainedLora, TrainingImage
from pixgen_gpu.training.train_lora import train_lora

LOSS_POINTS = 500


def run_order(claim: Claim) -> SucceededEvent:
    """Do the work of a claimed order. Raises GpuFailure or StopWork."""
    claim.stop.check()
    if isinstance(claim.order, TrainOrder):
        return _run_training(claim, claim.order)
    return run_generation(claim, claim.order)


def _run_training(claim: Claim, order: TrainOrder) -> SucceededEvent:
    settings = order.settings
    config = TrainConfig(
        trigger_word=order.trigger_word,
        class_word=order.class_word,
        steps=settings.steps,
        rank=settings.rank,
        learning_rate=settings.learning_rate,
        resolution=settings.resolution,
        batch_size=settings.batch_size,
        seed=settings.seed,
    )
    events, stop = claim.events, claim.stop
    images = _download_photos(claim, order)
    events.phase("loading")
    base: BaseModel = claim.host.load_base()
    resume = _fetch_checkpoint(claim, order, config, base)

    with _delivery() as delivery:
        due = _EveryMs(order.checkpoint_every_ms)
        last: list[Future[None]] = []

        def on_checkpoint(checkpoint: Checkpoint) -> None:
            # Uploading happens beside training; a checkpoint that comes while one is on its way is skipped.
            if not last or last[-1].done():
                last.append(delivery.submit(_deliver_checkpoint, claim, config, base.model_hash, checkpoint))

        trained = train_lora(
            config,
            images,
            base,
            events.progress,
            check_stop=stop.check,
            checkpoint_due=due,
            on_checkpoint=on_checkpoint,
            resume=resume,
        )
        events.phase("saving")
        for future in last:
            future.result()
    data = lora_to_bytes(trained.state, lora_metadata(trained, base))
    weights = claim.uploader.upload(data, "weights", "application/octet-stream", step=config.steps)
    result = TrainingResult(
        weights=weights, kohya_weights=None, steps=config.steps, loss_history=_loss_history(trained.losses)
    )
    return SucceededEvent(type="succeeded", **events.head, gpu_ms=claim.gpu_ms, training=result, images=[])


def _download_photos(claim: Claim, order: TrainOrder) -> list[TrainingImage]:
    images: list[TrainingImage] = []
    for photo in order.photos:
        claim.events.progress("downloading", len(images), len(order.photos))
        claim.stop.check()
        data = download(claim.client, photo, MAX_PHOTO_BYTES, claim.host.retry, claim.stop)
        images.append(TrainingImage(photo.photo_id, decode_photo(data)))
    return images


def _fetch_checkpoint(claim: Claim, order: TrainOrder, config: TrainConfig, base: BaseModel) -> Checkpoint | None:
    """The checkpoint to go on from. One that cannot be had or read costs time, not the training: it starts afresh."""
    if order.resume is None:
        return None
    try:
        data = download(claim.client, order.resume, MAX_WEIGHTS_BYTES, claim.host.retry, claim.stop)
        return checkpoint_from_bytes(data, config, base.model_hash)
    except GpuFailure as failure:
        log_failure("checkpoint_ignored", jobId=order.job_id, code=failure.code, detail=failure.detail)
        return None


def _deliver_checkpoint(claim: Claim, config: TrainConfig, base_hash: str, checkpoint: Checkpoint) -> None:
    """Store a checkpoint and report it. A training goes on without one that could not be stored."""
    data = checkpoint.to_bytes(config, base_hash)
    try:
        stored = claim.uploader.upload(data, "checkpoint", "application/octet-stream", step=checkpoint.step)
    except GpuFailure:
        log_failure("checkpoint_not_stored", jobId=claim.order.job_id, step=checkpoint.step)
        return
    loss = float(checkpoint.losses[-1])
    claim.events.durable(
        CheckpointEvent(type="checkpoint", **claim.events.head, step=checkpoint.step, object=stored, loss=loss)
    )


def lora_metadata(trained: TrainedLora, base: BaseModel) -> dict[str, str]:
    """What a LoRA file says about itself. No user, file or photo is named."""
    config = trained.config
    return {
        "pixgen.version": "1",
        "pixgen.trigger_word": config.trigger_word,
        "pixgen.class_word": config.class_word,
        "pixgen.base_model": base.model_id,
        "pixgen.base_hash": base.model_hash,
        "pixgen.rank": str(config.rank),
        "pixgen.alpha": str(config.rank),
        "pixgen.steps": str(config.steps),
        "pixgen.learning_rate": str(config.learning_rate),
        "pixgen.resolution": str(config.resolution),
        "pixgen.batch_size": str(config.batch_size),
        "pixgen.seed": str(config.seed),
        "pixgen.min_snr_gamma": str(config.min_snr_gamma),
        # Shown by the tools that people open LoRA files with.
        "modelspec.sai_model_spec": "1.0.0",
        "modelspec.architecture": "stable-diffusion-xl-v1-base/lora",
        "modelspec.title": config.trigger_word,
        "modelspec.trigger_phrase": f"{config.trigger_word} {config.class_word}",
    }


def _loss_history(losses: torch.Tensor) -> list[LossHistoryItem]:
    """[step, loss] with at most LOSS_POINTS points: means over equal stretches, placed at each stretch's last step."""
    stretches = torch.tensor_split(losses, min(LOSS_POINTS, len(losses)))
    points: list[LossHistoryItem] = []
    done = 0
    for stretch in stretches:
        done += len(stretch)
        points.append(LossHistoryItem(root=(done, round(float(stretch.mean()), 6))))
    return points


class _EveryMs:
    """True once per interval, measured from its making."""

    def __init__(self, interval_ms: int) -> None:
        self._interval_s = interval_ms / 1000
        self._due = time.monotonic() + self._interval_s

    def __call__(self, _step: int) -> bool:
        if time.monotonic() < self._due:
            return False
        self._due = time.monotonic() + self._interval_s
        return True


@contextmanager
def _delivery() -> Iterator[ThreadPoolExecutor]:
    """One thread that encodes and uploads in order; when the work stops, what has not begun is dropped."""
    executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="delivery")
    try:
        yield executor
        executor.shutdown(wait=True)
    except BaseException:
        executor.shutdown(wait=True, cancel_futures=True)
        raise
