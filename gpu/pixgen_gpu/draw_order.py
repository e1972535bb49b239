"""A claimed generation: from its work order to stored, checked and reported images."""

import base64
import io
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from pixgen_gpu.errors import FailureCode, GpuFailure
from pixgen_gpu.files import MAX_WEIGHTS_BYTES, download
from pixgen_gpu.generation.config import FailedImage, GenerateConfig, ImagePlan, RenderedImage
from pixgen_gpu.generation.generate import generate
from pixgen_gpu.logs import log
from pixgen_gpu.lora import LoraState, lora_from_bytes
from pixgen_gpu.models import BaseModel
from pixgen_gpu.protocol import (
    GenerateOrder,
    ImageEvent,
    ImageFailed,
    ImageOutcome,
    ImageStored,
    PreviewImage,
    SafetyVerdict,
    SucceededEvent,
)
from pixgen_gpu.provenance import CONTENT_TYPES, Recipe, Signer, image_file
from pixgen_gpu.run_ticket import Claim
from pixgen_gpu.safety.classifier import OutputGuard

DELIVERY_THREADS = 4
"""Checking, encoding and storing a 1024 px image take about a second of one core."""
MAX_PREVIEW_BYTES = 6_000


def run_generation(claim: Claim, order: GenerateOrder) -> SucceededEvent:
    """Draw what is ordered. Raises GpuFailure when no image came out, and StopWork."""
    claim.events.phase("loading")
    base: BaseModel = claim.host.load_base()
    with base.drawing.at_work():
        return _draw(claim, order, base)


def _draw(claim: Claim, order: GenerateOrder, base: BaseModel) -> SucceededEvent:
    events, stop = claim.events, claim.stop
    policy = claim.host.output
    guard = OutputGuard(policy)
    delivery = _Delivery(claim, order, base, guard, Signer.read(policy.c2pa_certificates, policy.c2pa_key))
    lora = base.drawing.lora(order.weights.sha256, lambda: _fetch_lora(claim, order, base))
    config = GenerateConfig(
        width=order.width,
        height=order.height,
        steps=order.steps,
        guidance=order.guidance,
        lora_weight=order.weights.weight,
        scheduler=order.scheduler,
    )
    plans = [ImagePlan(p.image_id, p.prompt, p.negative_prompt, p.seed) for p in order.images]
    outcomes: dict[str, Future[ImageOutcome]] = {}
    with _threads(DELIVERY_THREADS, "delivery") as threads, _threads(1, "previews") as previews:
        latest: list[Future[None]] = []

        def on_image(result: RenderedImage | FailedImage) -> None:
            # Checking, encoding and uploading images happen while the next ones are drawn.
            outcomes[result.plan.image_id] = threads.submit(delivery.deliver, result)

        def on_preview(batch: list[ImagePlan], pixels: np.ndarray) -> None:
            if not latest or latest[-1].done():
                latest[:] = [previews.submit(delivery.preview, batch, pixels)]

        generate(
            config,
            plans,
            base,
            lora,
            on_image,
            on_step=lambda batch, step, total: events.progress(
                "sampling", step, total, image_ids=[plan.image_id for plan in batch]
            ),
            on_preview=on_preview,
            check_stop=stop.check,
        )
        events.phase("saving")
        images = [outcomes[plan.image_id].result() for plan in plans]
    failures: list[FailureCode] = [i.result.code for i in images if isinstance(i.result, ImageFailed)]
    if len(failures) == len(images):
        raise GpuFailure(failures[0], "every image failed")
    return SucceededEvent(type="succeeded", **events.head, gpu_ms=claim.gpu_ms, training=None, images=images)


def _fetch_lora(claim: Claim, order: GenerateOrder, base: BaseModel) -> LoraState:
    claim.events.phase("downloading")
    data = download(claim.client, order.weights, MAX_WEIGHTS_BYTES, claim.host.retry, claim.stop)
    claim.events.phase("loading")
    return lora_from_bytes(data, base.unet)


@dataclass(frozen=True)
class _Delivery:
    """Everything between a drawn image and its event."""

    claim: Claim
    order: GenerateOrder
    base: BaseModel
    guard: OutputGuard
    signer: Signer | None
    delivered: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def deliver(self, result: RenderedImage | FailedImage) -> ImageOutcome:
        """Check, store and report one image; one that is blocked or cannot be stored is reported as failed.

        The end follows the last image at once and tells of every image: when the last one is stored, and so the job
        has succeeded, it needs no event of its own.
        """
        image_id = result.plan.image_id
        outcome = self._failed(result.code) if isinstance(result, FailedImage) else self._store(result)
        with self.lock:
            self.delivered.append(image_id)
            is_last = len(self.delivered) == len(self.order.images)
        if not (is_last and isinstance(outcome, ImageStored)):
            self.claim.events.durable(
                ImageEvent(type="image", **self.claim.events.head, image_id=image_id, result=outcome)
            )
        return ImageOutcome(image_id=image_id, result=outcome)

    def preview(self, plans: list[ImagePlan], pixels: np.ndarray) -> None:
        """Offer rough pictures of a batch. One that the classifier would block is not shown either."""
        images: list[PreviewImage] = []
        for plan, picture in zip(plans, pixels, strict=True):
            image = Image.fromarray(picture)
            if self.guard.passes(image):
                images.append(PreviewImage(image_id=plan.image_id, webp=preview_webp(image)))
        if images:
            self.claim.events.preview(images)

    def _store(self, result: RenderedImage) -> ImageStored | ImageFailed:
        order, image = self.order, result.image
        verdict: SafetyVerdict | None = None
        try:
            verdict = self.guard.judge(image)
            if verdict is not None and verdict.verdict == "blocked":
                log("image_blocked", jobId=order.job_id, imageId=result.plan.image_id, classifier=verdict.classifier)
                return self._failed("SAFETY_BLOCKED", verdict)
            data = image_file(image, self._recipe(result), order.format, self.signer)
            stored = self.claim.uploader.upload(
                data, "image", CONTENT_TYPES[order.format], image_id=result.plan.image_id
            )
        except GpuFailure as failure:
            log("image_not_delivered", jobId=order.job_id, code=failure.code, detail=failure.detail)
            return self._failed(failure.code, verdict)
        return ImageStored(
            status="succeeded",
            **stored.model_dump(),
            width=image.width,
            height=image.height,
            gpu_ms=result.gpu_ms,
            safety=verdict,
        )

    def _recipe(self, result: RenderedImage) -> Recipe:
        """All that it takes to draw the image again, to the pixel on the same kind of device."""
        order, plan = self.order, result.plan
        return {
            "prompt": plan.prompt,
            "negativePrompt": plan.negative_prompt,
            "seed": plan.seed,
            "steps": order.steps,
            "guidance": order.guidance,
            "scheduler": order.scheduler,
            "draft": order.draft,
            "width": order.width,
            "height": order.height,
            "loraWeight": order.weights.weight,
            "loraSha256": order.weights.sha256 or "",
            "baseModel": self.base.model_id,
            "batchSize": result.batch_size,
            "device": self.base.device.type,
        }

    def _failed(self, code: FailureCode, verdict: SafetyVerdict | None = None) -> ImageFailed:
        return ImageFailed(status="failed", code=code, safety=verdict)


def preview_webp(image: Image.Image) -> str:
    """base64 of a small WebP, never above MAX_PREVIEW_BYTES: quality gives way first, then size."""
    while True:
        for quality in (70, 40, 15):
            buffer = io.BytesIO()
            image.save(buffer, "WEBP", quality=quality)
            if buffer.tell() <= MAX_PREVIEW_BYTES:
                return base64.b64encode(buffer.getvalue()).decode()
        image = image.reduce(2)


@contextmanager
def _threads(count: int, name: str) -> Iterator[ThreadPoolExecutor]:
    """Threads for the length of the block; when it is left by an error, what has not begun is dropped."""
    executor = ThreadPoolExecutor(max_workers=count, thread_name_prefix=name)
    try:
        yield executor
        executor.shutdown(wait=True)
    except BaseException:
        executor.shutdown(wait=True, cancel_futures=True)
        raise
