"""From latents to pixels. On CUDA this happens on a stream of its own, beside the sampling of the next batch."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from pixgen_gpu.models import BaseModel

_TILE_PX = 512


@dataclass(frozen=True)
class Pixels:
    """Pictures that are being decoded, or are there already."""

    _tensor: torch.Tensor
    _finite: torch.Tensor
    _ready: torch.cuda.Event | None = None

    def wait(self) -> tuple[np.ndarray, list[bool]]:
        """(N, height, width, 3) uint8, and for each picture whether its latents were numbers. Blocks until decoded."""
        if self._ready is not None:
            self._ready.synchronize()
        return self._tensor.numpy(), self._finite.tolist()


class Decoder:
    """Decodes batches of one base model."""

    def __init__(self, base: BaseModel) -> None:
        self._base = base
        self._stream = torch.cuda.Stream(base.device) if base.device.type == "cuda" else None

    def decode(self, latents: torch.Tensor) -> Pixels:
        """Start decoding (N, 4, h, w) scaled latents. Raises torch.OutOfMemoryError when even tiles do not fit."""
        if self._stream is None:
            return Pixels(self._to_pixels(latents), _are_finite(latents))
        self._stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self._stream):
            latents.record_stream(self._stream)
            pixels, finite = self._to_pixels(latents), _are_finite(latents)
            # Pinned, so that the copies do not make the host wait.
            there = torch.empty(pixels.shape, dtype=torch.uint8, pin_memory=True).copy_(pixels, non_blocking=True)
            flags = torch.empty(finite.shape, dtype=torch.bool, pin_memory=True).copy_(finite, non_blocking=True)
            ready = torch.cuda.Event()
            ready.record()
        return Pixels(there, flags, ready)

    def _to_pixels(self, latents: torch.Tensor) -> torch.Tensor:
        """The batch at once; where memory does not suffice one by one, and then in tiles."""
        vae: Any = self._base.vae
        latents = latents.to(vae.dtype) / vae.config.scaling_factor
        for parts in ((latents,), latents.split(1)):
            try:
                return torch.cat([_to_bytes(vae.decode(part).sample) for part in parts])
            except torch.OutOfMemoryError:
                pass
            # Behind the block: the exception holds the frames, and they hold the tensors.
            give_back_memory()
        with _tiled(vae):
            return torch.cat([_to_bytes(vae.decode(part).sample) for part in latents.split(1)])


@contextmanager
def _tiled(vae: Any) -> Iterator[None]:
    """Within the block the VAE decodes overlapping tiles, whose seams it blends."""
    before = vae.tile_sample_min_size, vae.tile_latent_min_size
    factor = before[0] // before[1]
    vae.tile_sample_min_size = min(_TILE_PX, before[0])
    vae.tile_latent_min_size = vae.tile_sample_min_size // factor
    vae.enable_tiling()
    try:
        yield
    finally:
        vae.disable_tiling()
        vae.tile_sample_min_size, vae.tile_latent_min_size = before


def _to_bytes(sample: torch.Tensor) -> torch.Tensor:
    """(N, 3, H, W) in [-1, 1] -> (N, H, W, 3) uint8."""
    return (sample.float() / 2 + 0.5).clamp(0, 1).mul(255).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous()


def _are_finite(latents: torch.Tensor) -> torch.Tensor:
    return torch.isfinite(latents).flatten(1).all(dim=1)


def give_back_memory() -> None:
    """Return what the allocator keeps for later to the device, so that larger pieces fit."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
