"""Rough pictures of what is being drawn: latents to colours by one small matrix, without the VAE's decoder.

The matrix is fitted once per base model by least squares: soft fields of colour go through the VAE's encoder, and the
colours are regressed on the latents they became. That needs no published factors and works for any VAE.
"""

import time
from collections.abc import Callable

import numpy as np
import torch
from torch.nn.functional import avg_pool2d, interpolate

from pixgen_gpu.generation.config import ImagePlan
from pixgen_gpu.models import BaseModel

EVERY_S = 1.0
MAX_SIDE_PX = 128

OnPreview = Callable[[list[ImagePlan], np.ndarray], None]
"""(plans of the batch, pixels (N, h, w, 3) as uint8, longer side at most MAX_SIDE_PX)."""


@torch.no_grad()
def fit_projection(base: BaseModel) -> torch.Tensor:
    """(5, 3): rows of the four latent channels and of a constant, columns red, green, blue in [0, 1]; fp32 on the
    base model's device. The VAE must be there."""
    generator = torch.Generator().manual_seed(0)
    fields = [
        interpolate(torch.rand(2, 3, side, side, generator=generator), 128, mode="bicubic", align_corners=False)
        for side in (1, 2, 4, 8)
    ]
    colours = torch.cat(fields).clamp(0, 1)
    latents, _ = base.encode_pixels(colours * 2 - 1)
    factor = colours.shape[-1] // latents.shape[-1]
    wanted = _rows(avg_pool2d(colours, factor)).double()
    given = _with_constant(_rows(latents.float().cpu())).double()
    # A little ridge, because colours need not fill all four dimensions of the latents (nano's fill three).
    ridge = 1e-6 * len(given) * torch.eye(given.shape[1], dtype=torch.double)
    return torch.linalg.solve(given.T @ given + ridge, given.T @ wanted).float().to(base.device)


def project(latents: torch.Tensor, projection: torch.Tensor) -> torch.Tensor:
    """Latents (N, 4, h, w) -> pixels (N, h', w', 3), uint8 on the same device, never longer than MAX_SIDE_PX."""
    longest = max(latents.shape[-2:])
    if longest > MAX_SIDE_PX:
        latents = interpolate(latents, scale_factor=MAX_SIDE_PX / longest, mode="area")
    n, _, height, width = latents.shape
    colours = _with_constant(_rows(latents.float())) @ projection
    return (colours.clamp(0, 1) * 255).round().to(torch.uint8).view(n, height, width, 3)


def _rows(channels_first: torch.Tensor) -> torch.Tensor:
    return channels_first.permute(0, 2, 3, 1).reshape(-1, channels_first.shape[1])


def _with_constant(rows: torch.Tensor) -> torch.Tensor:
    return torch.cat([rows, rows.new_ones(len(rows), 1)], dim=1)


class Previewer:
    """Offers a batch's previews at most once per EVERY_S. On CUDA their copy to the host is looked at one step later,
    when it has long been finished, so that no step waits for it."""

    def __init__(self, projection: torch.Tensor, on_preview: OnPreview) -> None:
        self._projection, self._on_preview = projection, on_preview
        self._due = time.monotonic() + EVERY_S
        self._on_its_way: tuple[list[ImagePlan], torch.Tensor, torch.cuda.Event] | None = None

    @property
    def is_due(self) -> bool:
        """Whether the next picture may be shown."""
        return self._on_its_way is None and time.monotonic() >= self._due

    def show(self, plans: list[ImagePlan], denoised: torch.Tensor) -> None:
        """Show (N, 4, h, w) latents, now or as soon as they have arrived."""
        self._due = time.monotonic() + EVERY_S
        pixels = project(denoised, self._projection)
        if pixels.device.type != "cuda":
            self._on_preview(plans, pixels.numpy())
            return
        there = torch.empty(pixels.shape, dtype=torch.uint8, pin_memory=True).copy_(pixels, non_blocking=True)
        arrived = torch.cuda.Event()
        arrived.record()
        self._on_its_way = (plans, there, arrived)

    def poll(self) -> None:
        """Hand over a copy that has arrived; never waits."""
        if self._on_its_way is None or not self._on_its_way[2].query():
            return
        plans, pixels, _ = self._on_its_way
        self._on_its_way = None
        self._on_preview(plans, pixels.numpy())
