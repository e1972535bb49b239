"""The LoRA inside a U-Net's own weights: swapped in place, taken out bit for bit.

Fusing costs nothing per step, unlike adapters. Because a weight keeps its storage, compiled code goes on without a
recompilation, and because every swap starts from a pristine copy, no rounding of an earlier LoRA is left behind.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from pixgen_gpu.lora import DOWN, PREFIX, UP, LoraState

_ALIGN = 64
"""Elements between the starts of two factors in one buffer: products of unaligned matrices are slower."""


class FusedLora:
    """Which LoRA a U-Net carries. One swap reads the pristine copy and writes W + weight * B @ A in a single product.

    The pristine copy is made once, of the layers that a LoRA has touched so far, on the U-Net's own device (1.9 GB in
    bf16 for SDXL's 560 layers).
    """

    def __init__(self, unet: nn.Module) -> None:
        self._unet = unet
        self._pristine: dict[str, torch.Tensor] = {}
        self._state: LoraState | None = None
        self._weight = 0.0
        self._staging: torch.Tensor | None = None
        self._staged: torch.cuda.Event | None = None

    @property
    def state(self) -> LoraState | None:
        """What the U-Net carries."""
        return self._state

    @torch.no_grad()
    def apply(self, state: LoraState | None, weight: float) -> bool:
        """Make the U-Net carry `state` at `weight`; None or 0 takes out what it carries.

        Returns False, having done nothing, when it carries just that. `state` must not be changed afterwards.
        """
        if not weight:
            state = None
        if state is self._state and (state is None or weight == self._weight):
            return False
        if state is None:
            self._restore(self._touched())
        else:
            modules = [name.removesuffix(DOWN) for name in state if name.endswith(DOWN)]
            self._restore(self._touched() - set(modules))
            # Should the product fail half-way, the next swap must start from the copy and not from what was left.
            self._state, self._weight = state, float("nan")
            factors = self._on_device([state[name] for m in modules for name in (m + UP, m + DOWN)])
            for module, up, down in zip(modules, factors[::2], factors[1::2], strict=True):
                target = self._target(module)
                pristine = self._pristine.get(module)
                if pristine is None:
                    pristine = self._pristine[module] = target.detach().clone()
                torch.addmm(pristine, up, down, alpha=weight, out=target)
        self._state, self._weight = state, weight
        return True

    def take_out(self) -> None:
        """Leave nothing of the LoRA in the U-Net or on the way to it; the pristine copy stays for the next one."""
        self.apply(None, 0)
        if self._staging is not None:
            if self._staged is not None:
                self._staged.synchronize()
            self._staging.zero_()

    def release(self) -> None:
        """Take the LoRA out and give the memory of the pristine copy back."""
        self.take_out()
        self._pristine.clear()
        self._staging = self._staged = None

    def _touched(self) -> set[str]:
        return set() if self._state is None else {n.removesuffix(DOWN) for n in self._state if n.endswith(DOWN)}

    def _restore(self, modules: set[str]) -> None:
        for module in modules & self._pristine.keys():
            self._target(module).copy_(self._pristine[module])

    def _target(self, module: str) -> torch.Tensor:
        weight = self._unet.get_submodule(module.removeprefix(PREFIX)).weight
        assert isinstance(weight, torch.Tensor)
        return weight.detach()

    def _on_device(self, tensors: list[torch.Tensor]) -> list[torch.Tensor]:
        """The tensors in the U-Net's dtype on its device; to a GPU in one copy from one pinned buffer."""
        like = next(self._unet.parameters())
        if like.device.type != "cuda":
            return [tensor.to(like.device, like.dtype) for tensor in tensors]
        sizes = [-(-tensor.numel() // _ALIGN) * _ALIGN for tensor in tensors]
        if self._staged is not None:
            self._staged.synchronize()  # the copy of the last swap may still read the buffer
        if self._staging is None or self._staging.numel() < sum(sizes):
            self._staging = torch.empty(sum(sizes), dtype=like.dtype, pin_memory=True)
        staging = self._staging[: sum(sizes)]
        for part, tensor in zip(staging.split(sizes), tensors, strict=True):
            part[: tensor.numel()].copy_(tensor.reshape(-1))
        there = staging.to(like.device, non_blocking=True)
        self._staged = torch.cuda.Event()
        self._staged.record()
        return [
            part[: tensor.numel()].view(tensor.shape) for part, tensor in zip(there.split(sizes), tensors, strict=True)
        ]


@contextmanager
def fused_lora(unet: nn.Module, state: LoraState | None, weight: float) -> Iterator[None]:
    """Within the block the U-Net carries the LoRA; afterwards its weights are bit for bit what they were."""
    fused = FusedLora(unet)
    try:
        fused.apply(state, weight)
        yield
    finally:
        fused.release()
