"""Drawing images with our own sampling loop.

Methods: latent diffusion with SDXL conditioning (Podell et al. 2023), classifier-free guidance (Ho and Salimans 2022),
Euler's method on the probability-flow ODE (Karras et al. 2022).
"""

import copy
import time
from collections.abc import Callable

import numpy as np
import torch
from PIL import Image

from pixgen_gpu.errors import GpuFailure, StopWork
from pixgen_gpu.generation.config import FailedImage, GenerateConfig, ImagePlan, RenderedImage
from pixgen_gpu.logs import log_failure
from pixgen_gpu.lora import LoraState, fused_lora
from pixgen_gpu.models import BaseModel, TextEmbedding

LATENT_CHANNELS = 4

OnStep = Callable[[ImagePlan, int, int], None]
"""(plan, finished steps, total steps) of the image being drawn."""


def generate(
    config: GenerateConfig,
    plans: list[ImagePlan],
    base: BaseModel,
    lora: LoraState | None,
    on_image: Callable[[RenderedImage | FailedImage], None],
    *,
    on_step: OnStep = lambda _plan, _step, _total: None,
    check_stop: Callable[[], None] = lambda: None,
) -> None:
    """Draw the planned images one after the other and hand each to `on_image` as soon as it is finished.

    An image depends only on its own plan, the settings and the LoRA, never on its neighbours or its place among them.
    One that fails is handed over as FailedImage and the rest goes on. `check_stop` stops by raising, between steps.

    Raises GpuFailure INVALID_WORK_ORDER for a size that the base model cannot draw.
    """
    _check_size(config, base)
    base.place_encoders(on_device=True)
    with fused_lora(base.unet, lora, config.lora_weight), torch.inference_mode():
        for plan in plans:
            check_stop()
            on_image(_draw_or_fail(config, plan, base, on_step, check_stop))


def _check_size(config: GenerateConfig, base: BaseModel) -> None:
    profile = base.profile
    for side in (config.width, config.height):
        if not profile.min_px <= side <= profile.max_px or side % profile.step_px:
            raise GpuFailure("INVALID_WORK_ORDER", f"side of {side} px with profile {profile.name}")


def _draw_or_fail(
    config: GenerateConfig, plan: ImagePlan, base: BaseModel, on_step: OnStep, check_stop: Callable[[], None]
) -> RenderedImage | FailedImage:
    started = time.monotonic()
    try:
        image = _draw(config, plan, base, on_step, check_stop)
        return RenderedImage(plan, image, round((time.monotonic() - started) * 1000))
    except StopWork:
        raise
    except GpuFailure as failure:
        return FailedImage(plan, failure.code)
    except torch.cuda.OutOfMemoryError:
        torch.cuda.empty_cache()
        log_failure("image_failed", imageId=plan.image_id)
        return FailedImage(plan, "GPU_OUT_OF_MEMORY")
    except RuntimeError:
        log_failure("image_failed", imageId=plan.image_id)
        return FailedImage(plan, "GPU_INTERNAL")


def _draw(
    config: GenerateConfig, plan: ImagePlan, base: BaseModel, on_step: OnStep, check_stop: Callable[[], None]
) -> Image.Image:
    guided = config.guidance > 1
    texts = [base.encode_text(plan.prompt)]
    if guided:
        texts.insert(0, base.encode_text(plan.negative_prompt))
    tokens = torch.cat([text.tokens for text in texts])
    conditions = _conditions(texts, config, base)

    scheduler = copy.deepcopy(base.scheduler)
    scheduler.set_timesteps(config.steps, device=base.device)
    # Noise comes from the CPU so that the same seed means the same picture on every device.
    generator = torch.Generator().manual_seed(plan.seed)
    factor = base.latent_factor
    shape = (1, LATENT_CHANNELS, config.height // factor, config.width // factor)
    latents = torch.randn(shape, generator=generator).to(base.device) * scheduler.init_noise_sigma
    for index, timestep in enumerate(scheduler.timesteps):
        check_stop()
        scaled = scheduler.scale_model_input(latents, timestep).to(base.dtype)
        noise = base.unet(
            scaled.expand(len(texts), -1, -1, -1), timestep, tokens, added_cond_kwargs=conditions, return_dict=False
        )[0].float()
        if guided:
            without, with_prompt = noise.chunk(2)
            noise = without + config.guidance * (with_prompt - without)
        latents = scheduler.step(noise, timestep, latents, return_dict=False)[0]
        on_step(plan, index + 1, config.steps)
    if not torch.isfinite(latents).all():
        raise GpuFailure("GPU_INTERNAL", "latents are not finite")
    pixels = base.decode_latents(latents)[0].permute(1, 2, 0).numpy()
    return Image.fromarray(np.rint(pixels * 255).astype(np.uint8))


def _conditions(texts: list[TextEmbedding], config: GenerateConfig, base: BaseModel) -> dict[str, torch.Tensor]:
    """SDXL's added conditions: pooled text, and time ids that say "full size, not cropped"."""
    size = [float(config.height), float(config.width)]
    time_ids = torch.tensor([*size, 0.0, 0.0, *size], device=base.device).expand(len(texts), -1)
    return {"text_embeds": torch.cat([text.pooled for text in texts]), "time_ids": time_ids}
