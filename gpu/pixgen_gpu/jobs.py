"""The two kinds of claimed work, between the protocol's messages and the plain functions that do it."""

import time
import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch

from pixgen_gpu.draw_order import run_generation
from pixgen_gpu.errors import GpuFailure, StopWork
from pixgen_gpu.files import MAX_PHOTO_BYTES, MAX_WEIGHTS_BYTES, download
from pixgen_gpu.logs import log, log_failure
from pixgen_gpu.lora import lora_to_bytes, to_kohya
from pixgen_gpu.models import BaseModel
from pixgen_gpu.photos import decode_photo
from pixgen_gpu.protocol import (
    CheckpointEvent,
    LossHistoryItem,
    SampleEvent,
    SucceededEvent,
    TrainingResult,
    TrainOrder,
    WeightsEvent,
)
from pixgen_gpu.provenance import Recipe, Signer, image_file
from pixgen_gpu.run_ticket import Claim, Host
from pixgen_gpu.safety.classifier import OutputGuard
from pixgen_gpu.training.checkpoint import Checkpoint, checkpoint_from_bytes
from pixgen_gpu.training.config import SampleImage, TrainConfig, TrainedLora, TrainingImage
from pixgen_gpu.training.likeness import LikenessMeter, scorer_for
from pixgen_gpu.training.metadata import lora_metadata
from pixgen_gpu.training.prior import class_image_count
from pixgen_gpu.training.train_lora import Hooks, train_lora

LOSS_POINTS = 500


def run_order(claim: Claim) -> SucceededEvent:
    """Do the work of a claimed order. Raises GpuFailure or StopWork."""
    claim.stop.check()
    if isinstance(claim.order, TrainOrder):
        return _run_training(claim, claim.order)
    return run_generation(claim, claim.order)


def _run_training(claim: Claim, order: TrainOrder) -> SucceededEvent:
    config = _train_config(order)
    events, stop, host = claim.events, claim.stop, claim.host
    images = _download_photos(claim, order)
    events.phase("loading")
    base: BaseModel = host.load_base()
    images = _captioned(host, order, base, images)
    resume = _fetch_checkpoint(claim, order, config, base)

    with _delivery() as delivery:
        last: list[Future[None]] = []

        def on_checkpoint(checkpoint: Checkpoint) -> None:
            if stop.reason == "preempted":
                # Nothing runs beside it any more, and this one must not be dropped.
                for future in last:
                    future.result()
                _deliver_checkpoint(claim, config, base.model_hash, checkpoint)
                events.drain()
            # Uploading happens beside training; a checkpoint that comes while one is on its way is skipped.
            elif not last or last[-1].done():
                last.append(delivery.submit(_deliver_checkpoint, claim, config, base.model_hash, checkpoint))

        meter = LikenessMeter(scorer_for(base.profile.name), [image.image for image in images])
        hooks = Hooks(
            on_progress=events.progress,
            check_stop=stop.check,
            checkpoint_due=_EveryMs(order.settings.checkpoint_every_ms),
            on_checkpoint=on_checkpoint,
            on_sample=lambda sample: last.append(delivery.submit(_deliver_sample, claim, base, config, sample)),
            measure=meter.measure,
            on_weights=lambda kept: last.append(delivery.submit(_deliver_weights, claim, base, kept)),
        )
        trained = train_lora(config, images, base, hooks, resume=resume, prior_folder=_prior_folder(host))
        events.phase("saving")
        for future in last:
            future.result()
    log("likeness", jobId=order.job_id, value=trained.likeness, spentMs=round(meter.spent_s * 1000), gpuMs=claim.gpu_ms)
    metadata = lora_metadata(trained, base)
    store = partial(claim.uploader.upload, content_type="application/octet-stream", step=trained.steps)
    result = TrainingResult(
        weights=store(lora_to_bytes(trained.state, metadata), "weights"),
        kohya_weights=store(lora_to_bytes(to_kohya(trained.state, base.unet), metadata), "kohya-weights"),
        steps=trained.steps,
        likeness=trained.likeness,
        loss_history=_loss_history(trained.losses),
    )
    return SucceededEvent(type="succeeded", **events.head, gpu_ms=claim.gpu_ms, training=result, images=[])


def _train_config(order: TrainOrder) -> TrainConfig:
    settings = order.settings
    return TrainConfig(
        trigger_word=order.trigger_word,
        class_word=order.class_word,
        steps=settings.steps,
        rank=settings.rank,
        learning_rate=settings.learning_rate,
        resolution=settings.resolution,
        batch_size=settings.batch_size,
        seed=settings.seed,
        prior_weight=settings.prior_weight,
        prior_images=class_image_count(order.profile),
        sample_prompts=tuple(settings.sample_prompts),
        stop_early=settings.stop_early,
    )


def _prior_folder(host: Host) -> Path | None:
    return host.data_dir and host.data_dir / "class-images"


def _captioned(host: Host, order: TrainOrder, base: BaseModel, images: list[TrainingImage]) -> list[TrainingImage]:
    """The photos with what the host's captioner sees in them, where it has one and the order wants it."""
    if order.settings.captions == "template" or host.captioner_dir is None:
        return images
    from pixgen_gpu.training.blip_captioner import load_blip_captioner

    describe = load_blip_captioner(host.captioner_dir, base.device)
    return [replace(image, description=describe(image.image)) for image in images]


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


@contextmanager
def _dispensable(claim: Claim, what: str, step: int) -> Iterator[None]:
    """A training goes on without what cannot be delivered on its way, whatever the reason; the log has it."""
    try:
        yield
    except StopWork:
        raise
    except Exception:  # noqa: BLE001 - hours of training must not end for want of a checkpoint or a sample
        log_failure(f"{what}_not_stored", jobId=claim.order.job_id, step=step)


def _deliver_checkpoint(claim: Claim, config: TrainConfig, base_hash: str, checkpoint: Checkpoint) -> None:
    """Store a checkpoint and report it."""
    with _dispensable(claim, "checkpoint", checkpoint.step):
        data = checkpoint.to_bytes(config, base_hash)
        stored = claim.uploader.upload(data, "checkpoint", "application/octet-stream", step=checkpoint.step)
        loss = float(checkpoint.losses[-1])
        claim.events.durable(
            CheckpointEvent(type="checkpoint", **claim.events.head, step=checkpoint.step, object=stored, loss=loss)
        )


def _deliver_weights(claim: Claim, base: BaseModel, kept: TrainedLora) -> None:
    """Store the LoRA of a step on the way and report it."""
    with _dispensable(claim, "weights", kept.steps):
        data = lora_to_bytes(kept.state, lora_metadata(kept, base))
        stored = claim.uploader.upload(data, "weights", "application/octet-stream", step=kept.steps)
        claim.events.durable(
            WeightsEvent(type="weights", **claim.events.head, step=kept.steps, object=stored, likeness=kept.likeness)
        )


def _deliver_sample(claim: Claim, base: BaseModel, config: TrainConfig, sample: SampleImage) -> None:
    """Check, store and report a sample image, unless it is blocked."""
    policy = claim.host.output
    recipe: Recipe = {
        "prompt": sample.prompt,
        "seed": config.seed,
        "width": sample.image.width,
        "height": sample.image.height,
        "trainingStep": sample.step,
        "baseModel": base.model_id,
    }
    with _dispensable(claim, "sample", sample.step):
        if not OutputGuard(policy).passes(sample.image):
            log("sample_blocked", jobId=claim.order.job_id, step=sample.step)
            return
        png = image_file(sample.image, recipe, signer=Signer.read(policy.c2pa_certificates, policy.c2pa_key))
        stored = claim.uploader.upload(png, "sample", "image/png", image_id=str(uuid.uuid4()), step=sample.step)
        claim.events.durable(
            SampleEvent(
                type="sample",
                **claim.events.head,
                step=sample.step,
                index=sample.index,
                object=stored,
                width=sample.image.width,
                height=sample.image.height,
            )
        )


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
