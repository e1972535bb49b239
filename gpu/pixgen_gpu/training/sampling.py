"""Drawing while the U-Net belongs to a training: class images before it, sample images during it.

Methods: classifier-free guidance (Ho and Salimans 2022), Euler's method on the probability-flow ODE (Karras et al.
2022).
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn

from pixgen_gpu.models import BaseModel, TextEmbedding

GUIDANCE = 5.0
STEPS = {"nano": 6}
DEFAULT_STEPS = 20


@dataclass(frozen=True)
class Picture:
    """One picture to draw: what it shows and its seed."""

    text: TextEmbedding
    seed: int


def latent_edge(base: BaseModel, pixels: int) -> int:
    """Side in latents of a side in pixels."""
    vae: Any = base.vae
    return pixels // 2 ** (len(vae.config.block_out_channels) - 1)


@torch.no_grad()
def draw_latents(
    base: BaseModel,
    pictures: list[Picture],
    without: TextEmbedding,
    edge_px: int,
    check_stop: Callable[[], None],
) -> torch.Tensor:
    """Square pictures as scaled latents (N, 4, h, w), fp32 on the device, drawn as one batch with the U-Net as it is.

    `without` is the empty text that guidance leads away from.
    """
    count, edge = len(pictures), latent_edge(base, edge_px)
    texts = [without] * count + [picture.text for picture in pictures]
    tokens = torch.cat([text.tokens for text in texts])
    size = torch.tensor([edge_px, edge_px, 0, 0, edge_px, edge_px], dtype=torch.float32, device=base.device)
    conditions = {"text_embeds": torch.cat([text.pooled for text in texts]), "time_ids": size.expand(2 * count, -1)}
    scheduler: Any = copy.deepcopy(base.scheduler)
    scheduler.set_timesteps(STEPS.get(base.profile.name, DEFAULT_STEPS), device=base.device)
    noise = [torch.randn(4, edge, edge, generator=torch.Generator().manual_seed(one.seed)) for one in pictures]
    latents = torch.stack(noise).to(base.device) * scheduler.init_noise_sigma
    for timestep in scheduler.timesteps:
        check_stop()
        scaled = scheduler.scale_model_input(latents, timestep).to(base.dtype)
        both = base.unet(
            torch.cat([scaled, scaled]), timestep, tokens, added_cond_kwargs=conditions, return_dict=False
        )[0]
        empty, asked = both.float().chunk(2)
        latents = scheduler.step(empty + GUIDANCE * (asked - empty), timestep, latents, return_dict=False)[0]
    return latents


def decode(base: BaseModel, latents: torch.Tensor) -> list[Image.Image]:
    """Pictures of latents; the VAE comes to the device for it and leaves again."""
    nn.Module.to(base.vae, base.device)
    try:
        pixels = base.decode_latents(latents).permute(0, 2, 3, 1).numpy()
    finally:
        nn.Module.to(base.vae, torch.device("cpu"))
    return [Image.fromarray(np.rint(one * 255).astype(np.uint8)) for one in pixels]
