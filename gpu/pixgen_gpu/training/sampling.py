"""Drawing while the U-Net belongs to a training: class images before it, sample images during it."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from PIL import Image
from torch import nn

from pixgen_gpu.generation.config import GenerateConfig
from pixgen_gpu.generation.decoding import Decoder
from pixgen_gpu.generation.sampling import sample_latents
from pixgen_gpu.models import BaseModel, TextEmbedding

GUIDANCE = 5.0
STEPS = {"nano": 6}
DEFAULT_STEPS = 20


@dataclass(frozen=True)
class Picture:
    """One picture to draw: what it shows and its seed."""

    text: TextEmbedding
    seed: int


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
    config = GenerateConfig(edge_px, edge_px, STEPS.get(base.profile.name, DEFAULT_STEPS), GUIDANCE, 1.0)
    return sample_latents(
        base,
        config,
        [picture.seed for picture in pictures],
        [picture.text for picture in pictures],
        [without] * len(pictures),
        check_stop=check_stop,
    )


@torch.no_grad()
def decode(base: BaseModel, latents: torch.Tensor) -> list[Image.Image]:
    """Pictures of latents; the VAE comes to the device for it and leaves again."""
    nn.Module.to(base.vae, base.device)
    try:
        pixels, _ = Decoder(base).decode(latents).wait()
    finally:
        nn.Module.to(base.vae, torch.device("cpu"))
    return [Image.fromarray(one) for one in pixels]
