"""Drawing images in batches, each handed over as soon as it is decoded."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import torch
from PIL import Image

from pixgen_gpu.errors import FailureCode, GpuFailure, StopWork, is_device_lost
from pixgen_gpu.generation.config import FailedImage, GenerateConfig, ImagePlan, RenderedImage
from pixgen_gpu.generation.decoding import Pixels, give_back_memory
from pixgen_gpu.generation.drawing import Drawing
from pixgen_gpu.generation.previews import OnPreview, Previewer
from pixgen_gpu.generation.sampling import sample_latents
from pixgen_gpu.generation.schedulers import Sampler
from pixgen_gpu.logs import log, log_failure
from pixgen_gpu.lora import LoraState
from pixgen_gpu.models import BaseModel

MAX_BATCH = 8

OnStep = Callable[[list[ImagePlan], int, int], None]
"""(plans of the batch being drawn, finished steps, total steps)."""
OnImage = Callable[[RenderedImage | FailedImage], None]


def generate(
    config: GenerateConfig,
    plans: list[ImagePlan],
    base: BaseModel,
    lora: LoraState | None,
    on_image: OnImage,
    *,
    on_step: OnStep = lambda _plans, _step, _total: None,
    on_preview: OnPreview | None = None,
    check_stop: Callable[[], None] = lambda: None,
    max_batch: int | None = None,
    compiled: bool = True,
) -> None:
    """Draw the planned images in batches and hand each to `on_image` as soon as its batch is decoded.

    An image depends only on its own plan, the settings, the LoRA and, in the last digits, on the size of its batch:
    bit for bit the same in a batch of the same size on the same device, and within 2 of 255 levels per channel in any
    other (fp32; see `docs/performance.md` for bf16). One that fails is handed over as FailedImage and the rest goes on;
    a batch that does not fit into memory is halved. `check_stop` stops by raising, between steps.

    On CUDA `on_image` is called from another thread, one image at a time; `max_batch` defaults to MAX_BATCH there and
    to 1 on a CPU, where a batch gains nothing and its first image would only come later.

    The LoRA stays in the U-Net for the next generation; `base.release_drawing()` takes it out.

    Raises GpuFailure INVALID_WORK_ORDER for a size that the base model cannot draw.
    """
    _check_size(config, base)
    drawing = base.drawing
    drawing.prepare(compiled=compiled)
    drawing.fused.apply(lora, config.lora_weight)
    limit = max_batch or (MAX_BATCH if base.device.type == "cuda" else 1)
    with torch.inference_mode(), _Finishing(base.device.type == "cuda", on_image) as finishing:
        work = _Work(config, base, drawing, finishing, on_step, check_stop, limit)
        if on_preview is not None:
            work.previewer = Previewer(drawing.projection, on_preview)
        work.draw(plans)


def _check_size(config: GenerateConfig, base: BaseModel) -> None:
    profile = base.profile
    for side in (config.width, config.height):
        if not profile.min_px <= side <= profile.max_px or side % profile.step_px:
            raise GpuFailure("INVALID_WORK_ORDER", f"side of {side} px with profile {profile.name}")


def batch_sizes(count: int, limit: int) -> Iterator[int]:
    """Sizes that add up to `count`: powers of two up to `limit`, so that few shapes have to be compiled."""
    while count:
        size = 1 << (min(count, limit).bit_length() - 1)
        yield size
        count -= size


class _Finishing:
    """Turns decoded batches into images: at once on a CPU, beside the next batch on CUDA."""

    def __init__(self, beside: bool, on_image: OnImage) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="decoded") if beside else None
        self._on_image = on_image
        self._finished_at = time.monotonic()
        self._waiting: list[Future[None]] = []

    def __enter__(self) -> "_Finishing":
        return self

    def __exit__(self, failure: object, *_: object) -> None:
        if self._executor:
            self._executor.shutdown(wait=True, cancel_futures=failure is not None)
            if failure is None:
                for future in self._waiting:
                    future.result()

    def take(self, plans: list[ImagePlan], pixels: Pixels) -> None:
        """Hand a batch over."""
        if self._executor is None:
            self._finish(plans, pixels)
        else:
            self._waiting.append(self._executor.submit(self._finish, plans, pixels))

    def fail(self, plans: list[ImagePlan], code: FailureCode) -> None:
        """Hand over images that could not be drawn, in their turn."""
        for plan in plans:
            failed = FailedImage(plan, code)
            if self._executor is None:
                self._on_image(failed)
            else:
                self._waiting.append(self._executor.submit(self._on_image, failed))

    def _finish(self, plans: list[ImagePlan], pixels: Pixels) -> None:
        pictures, finite = pixels.wait()
        now = time.monotonic()
        share_ms = round((now - self._finished_at) * 1000 / len(plans))
        self._finished_at = now
        for plan, picture, sound in zip(plans, pictures, finite, strict=True):
            if sound:
                self._on_image(RenderedImage(plan, Image.fromarray(picture), share_ms, len(plans)))
            else:
                log("latents_not_finite", imageId=plan.image_id)
                self._on_image(FailedImage(plan, "GPU_INTERNAL"))


class _Work:
    """One call of `generate`."""

    previewer: Previewer | None = None

    def __init__(
        self,
        config: GenerateConfig,
        base: BaseModel,
        drawing: Drawing,
        finishing: _Finishing,
        on_step: OnStep,
        check_stop: Callable[[], None],
        limit: int,
    ) -> None:
        self._config, self._base, self._drawing, self._finishing = config, base, drawing, finishing
        self._on_step, self._check_stop, self._limit = on_step, check_stop, limit

    def draw(self, plans: list[ImagePlan]) -> None:
        """All images, in batches of at most the limit, which shrinks when memory runs out."""
        done = 0
        while done < len(plans):
            size = next(batch_sizes(len(plans) - done, self._limit))
            self._check_stop()
            self._draw_or_halve(plans[done : done + size])
            done += size

    def _draw_or_halve(self, plans: list[ImagePlan]) -> None:
        """Draw one batch. One that fails is drawn in halves, so that only what fails alone is lost."""
        code: FailureCode
        try:
            self._finishing.take(plans, self._drawing.decoder.decode(self._sample(plans)))
            return
        except StopWork:
            raise
        except GpuFailure as failure:
            code = failure.code
        except torch.OutOfMemoryError:
            code = "GPU_OUT_OF_MEMORY"
        except RuntimeError as error:
            if is_device_lost(error):
                raise
            code = "GPU_INTERNAL"
            log_failure("batch_failed", size=len(plans))
        if code == "GPU_OUT_OF_MEMORY":
            # Only here, behind the block: the exception holds the frames, and they hold the tensors.
            give_back_memory()
            self._limit = max(1, len(plans) // 2)
            log("out_of_memory", batch=len(plans))
        if len(plans) == 1:
            self._finishing.fail(plans, code)
            return
        for half in (plans[: len(plans) // 2], plans[len(plans) // 2 :]):
            self._check_stop()
            self._draw_or_halve(half)

    def _sample(self, plans: list[ImagePlan]) -> torch.Tensor:
        """`_latents`, eagerly where compiled blocks do not work: without a C compiler, with a cache folder from which
        nothing may be run. Then all that comes later is drawn eagerly as well."""
        drawing = self._drawing
        try:
            return self._latents(plans)
        except (StopWork, GpuFailure, torch.OutOfMemoryError):
            raise
        except Exception as error:
            # Of a compiler, a linker, a driver: what can fail here has many types.
            if not drawing.is_compiled or is_device_lost(error):
                raise
            log_failure("compile_failed_drawing_eagerly", hint="pixgen-gpu doctor")
        drawing.stop_compiling()
        return self._latents(plans)

    def _latents(self, plans: list[ImagePlan]) -> torch.Tensor:
        """Latents of one batch, (N, 4, h, w) fp32 on the device."""
        text = self._drawing.text

        def after_step(sampler: Sampler, step: int, predicted: torch.Tensor, latents: torch.Tensor) -> None:
            if self.previewer is not None:
                self.previewer.poll()
                if self.previewer.is_due and step + 1 < len(sampler):
                    self.previewer.show(plans, sampler.denoised(predicted, latents, step))
            self._on_step(plans, step + 1, len(sampler))

        return sample_latents(
            self._base,
            self._config,
            [plan.seed for plan in plans],
            [text(plan.prompt) for plan in plans],
            [text(plan.negative_prompt) for plan in plans] if self._config.guidance > 1 else [],
            check_stop=self._check_stop,
            after_step=after_step,
        )
