"""The one denoising loop: pictures, class images and samples of a training are all drawn by it.

Methods: latent diffusion with SDXL conditioning (Podell et al. 2023), classifier-free guidance (Ho and Salimans 2022).
"""

from collections.abc import Callable

import torch

from pixgen_gpu.generation.config import GenerateConfig
from pixgen_gpu.generation.schedulers import Sampler
from pixgen_gpu.models import BaseModel, TextEmbedding

LATENT_CHANNELS = 4

AfterStep = Callable[[Sampler, int, torch.Tensor, torch.Tensor], None]
"""(sampler, step from 0, what the U-Net predicted, the latents that it saw)."""


@torch.no_grad()
def sample_latents(
    base: BaseModel,
    config: GenerateConfig,
    seeds: list[int],
    texts: list[TextEmbedding],
    without: list[TextEmbedding],
    *,
    check_stop: Callable[[], None] = lambda: None,
    after_step: AfterStep = lambda _sampler, _step, _predicted, _latents: None,
) -> torch.Tensor:
    """One batch as scaled latents (N, 4, h, w), fp32 on the device, with the U-Net as it is.

    Guidance leads from the texts `without` to `texts`; at a guidance of 1 or less it is off and `without` unused.
    `check_stop` stops by raising, between steps. Nothing here reads a tensor back.
    """
    guided = config.guidance > 1
    both = [*without, *texts] if guided else texts
    tokens = torch.cat([text.tokens for text in both])
    conditions = _conditions(both, config, base)
    sampler = Sampler(config.scheduler, base.scheduler, config.steps, base.device)
    latents = _noise(seeds, config, base.latent_factor).to(base.device) * sampler.init_noise_sigma
    for step in range(len(sampler)):
        check_stop()
        scaled = sampler.model_input(latents, step).to(base.dtype)
        if guided:
            scaled = torch.cat([scaled, scaled])
        if base.device.type == "cuda":
            scaled = scaled.contiguous(memory_format=torch.channels_last)
        predicted = base.unet(scaled, sampler.timesteps[step], tokens, added_cond_kwargs=conditions, return_dict=False)[
            0
        ].float()
        if guided:
            away, towards = predicted.chunk(2)
            predicted = away + config.guidance * (towards - away)
        seen, latents = latents, sampler.advance(predicted, latents, step)
        after_step(sampler, step, predicted, seen)
    return latents


def _noise(seeds: list[int], config: GenerateConfig, factor: int) -> torch.Tensor:
    """Each picture's own noise, drawn on the CPU so that the same seed means the same picture on every device."""
    shape = (LATENT_CHANNELS, config.height // factor, config.width // factor)
    return torch.stack([torch.randn(shape, generator=torch.Generator().manual_seed(seed)) for seed in seeds])


def _conditions(texts: list[TextEmbedding], config: GenerateConfig, base: BaseModel) -> dict[str, torch.Tensor]:
    """SDXL's added conditions: pooled text, and time ids that say "full size, not cropped"."""
    size = [float(config.height), float(config.width)]
    time_ids = torch.tensor([*size, 0.0, 0.0, *size], device=base.device).expand(len(texts), -1)
    return {"text_embeds": torch.cat([text.pooled for text in texts]), "time_ids": time_ids}
