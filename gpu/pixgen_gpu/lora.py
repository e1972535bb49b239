"""LoRA files: diffusers and Kohya layouts.

Method: Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models" (2021). Everywhere here alpha equals the rank,
so the effective weight is W + weight * B @ A.
"""

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_safetensors
from safetensors.torch import save as save_safetensors
from torch import nn

from pixgen_gpu.errors import GpuFailure

LoraState = dict[str, torch.Tensor]
"""`unet.<module>.lora_A.weight` (rank, in) and `unet.<module>.lora_B.weight` (out, rank): diffusers' layout."""

PREFIX, DOWN, UP = "unet.", ".lora_A.weight", ".lora_B.weight"
ATTENTION_LINEARS = ("to_q", "to_k", "to_v", "to_out.0")
"""The Linear layers a LoRA touches: every attention projection of the U-Net (560 in SDXL)."""


def lora_to_bytes(state: LoraState, metadata: dict[str, str]) -> bytes:
    """A safetensors file in diffusers' layout, fp32."""
    tensors = {name: tensor.detach().float().cpu().contiguous() for name, tensor in state.items()}
    return save_safetensors(tensors, {"format": "pt", **metadata})


def lora_from_bytes(data: bytes, unet: nn.Module) -> LoraState:
    """Read a LoRA file and check every tensor against `unet`.

    Raises GpuFailure WEIGHTS_UNREADABLE when it is no safetensors file, or was not made for this base model.
    """
    try:
        # Cloned because the file's own memory is not aligned, and products of unaligned matrices round differently.
        state = {name: tensor.clone() for name, tensor in load_safetensors(data).items()}
    except (SafetensorError, ValueError, KeyError) as error:
        raise GpuFailure("WEIGHTS_UNREADABLE", "not a safetensors file") from error
    layers = {name: module for name, module in unet.named_modules() if isinstance(module, nn.Linear)}
    modules = {name.removesuffix(DOWN).removesuffix(UP) for name in state}
    if not state or len(state) != 2 * len(modules):
        raise GpuFailure("WEIGHTS_UNREADABLE", "empty or incomplete")
    for module in modules:
        layer = layers.get(module.removeprefix(PREFIX))
        down, up = state.get(module + DOWN), state.get(module + UP)
        if layer is None or down is None or up is None or down.ndim != 2 or up.ndim != 2:
            raise GpuFailure("WEIGHTS_UNREADABLE", "made for another base model")
        fits = down.shape[1] == layer.in_features and up.shape[0] == layer.out_features and down.shape[0] == up.shape[1]
        if not fits or not (torch.isfinite(down).all() and torch.isfinite(up).all()):
            raise GpuFailure("WEIGHTS_UNREADABLE", "shapes of another base model, or values that are not finite")
    return state


def to_kohya(state: LoraState) -> LoraState:
    """The same LoRA in the layout that Kohya's trainer writes, which ComfyUI and A1111 read.

    Module names use diffusers' block names with underscores; alpha is stored per module and equals the rank.
    """
    result: LoraState = {}
    for name, tensor in state.items():
        if not name.endswith(DOWN):
            continue
        module = name.removesuffix(DOWN)
        kohya = f"lora_unet_{module.removeprefix(PREFIX).replace('.', '_')}"
        result[f"{kohya}.lora_down.weight"] = tensor
        result[f"{kohya}.lora_up.weight"] = state[module + UP]
        result[f"{kohya}.alpha"] = torch.tensor(float(tensor.shape[0]))
    return result
