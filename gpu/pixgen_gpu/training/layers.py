"""LoRA layers in a U-Net for the length of a training, all in one piece of memory.

Method: Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models" (2021), with alpha = rank.

SDXL has 560 of these layers with 1,120 small matrices. Kept apart, each costs its own kernels for every cast, clip and
optimiser update; as slices of one vector they cost one. The optimiser works on the vector in fp32; the layers compute
in the U-Net's own type on a copy, or on the very same memory where that type is fp32 too.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.nn.functional import linear

from pixgen_gpu.lora import ATTENTION_LINEARS, DOWN, PREFIX, UP, LoraState


class LoraLinear(nn.Module):
    """A frozen Linear plus up @ down: (…, in) -> (…, out)."""

    def __init__(self, base: nn.Linear, down: nn.Parameter, up: nn.Parameter) -> None:
        super().__init__()
        self.base, self.down, self.up = base, down, up

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.base(x) + linear(linear(x, self.down), self.up)


class LoraLayers:
    """The trained vector and its slices. `master` (n,) fp32 is what the optimiser updates."""

    def __init__(self, linears: dict[str, nn.Linear], rank: int, seed: int) -> None:
        first = next(iter(linears.values())).weight
        self._shapes = {
            name: ((rank, layer.in_features), (layer.out_features, rank)) for name, layer in linears.items()
        }
        size = sum(rank * (down[1] + up[0]) for down, up in self._shapes.values())
        self.master = nn.Parameter(torch.zeros(size, device=first.device))
        self.master.grad = torch.zeros_like(self.master)
        is_same = first.dtype == torch.float32
        self._working = self.master.detach() if is_same else torch.zeros_like(self.master, dtype=first.dtype)
        self._gradient = self.master.grad if is_same else torch.zeros_like(self._working)
        self._initialise(rank, seed)
        self.publish()

    def _initialise(self, rank: int, seed: int) -> None:
        """down ~ N(0, 1/rank²), up = 0: untrained, it changes nothing. Drawn on the CPU: alike on every device."""
        generator = torch.Generator().manual_seed(seed)
        for slices in self._slices(self.master.detach()).values():
            slices[0].copy_(torch.randn(slices[0].shape, generator=generator) / rank)

    def _slices(self, vector: torch.Tensor) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
        """Views of every layer's (down, up) in `vector`."""
        views: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}
        at = 0
        for name, (down, up) in self._shapes.items():
            middle = at + down[0] * down[1]
            end = middle + up[0] * up[1]
            views[name] = (vector[at:middle].view(down), vector[middle:end].view(up))
            at = end
        return views

    def parameters(self) -> dict[str, tuple[nn.Parameter, nn.Parameter]]:
        """Every layer's (down, up) in the U-Net's type; their gradients gather in one vector."""
        gradients = self._slices(self._gradient)
        made: dict[str, tuple[nn.Parameter, nn.Parameter]] = {}
        for name, views in self._slices(self._working).items():
            down, up = (nn.Parameter(view) for view in views)
            down.grad, up.grad = gradients[name]
            made[name] = (down, up)
        return made

    def clear_gradient(self) -> None:
        self._gradient.zero_()

    def gather_gradient(self) -> None:
        """Put the layers' gradient where the optimiser looks for it, in fp32."""
        if self.master.grad is not self._gradient:
            assert self.master.grad is not None
            self.master.grad.copy_(self._gradient)

    def publish(self) -> None:
        """Let the layers compute with what `master` holds now."""
        if self._working.dtype != torch.float32:
            self._working.copy_(self.master.detach())

    def state(self) -> LoraState:
        """A copy in diffusers' layout, fp32 on the CPU."""
        state: LoraState = {}
        for name, (down, up) in self._slices(self.master.detach()).items():
            state[f"{PREFIX}{name}{DOWN}"] = down.to("cpu", copy=True)
            state[f"{PREFIX}{name}{UP}"] = up.to("cpu", copy=True)
        return state


@contextmanager
def lora_layers(unet: Any, rank: int, seed: int) -> Iterator[LoraLayers]:
    """Fresh LoRA layers on every attention projection of `unet` within the block; afterwards it is what it was."""
    linears = {
        name: module
        for name, module in unet.named_modules()
        if isinstance(module, nn.Linear) and name.endswith(ATTENTION_LINEARS)
    }
    layers = LoraLayers(linears, rank, seed)
    try:
        for name, (down, up) in layers.parameters().items():
            _put(unet, name, LoraLinear(linears[name], down, up))
        yield layers
    finally:
        for name, original in linears.items():
            _put(unet, name, original)
        unet.disable_gradient_checkpointing()


def _put(unet: nn.Module, name: str, module: nn.Module) -> None:
    parent, _, child = name.rpartition(".")
    setattr(unet.get_submodule(parent), child, module)
