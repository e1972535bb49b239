"""LoRA files: diffusers and Kohya layouts.

Method: Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models" (2021). In memory alpha always equals the rank,
so the effective weight is W + weight * B @ A; a file with another alpha is scaled when it is read.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_safetensors
from safetensors.torch import save as save_safetensors
from torch import nn

from pixgen_gpu.errors import GpuFailure
from pixgen_gpu.logs import log
from pixgen_gpu.lora_keys import TEXT_ENCODER_PREFIXES, kohya_name, module_names

LoraState = dict[str, torch.Tensor]
"""`unet.<module>.lora_A.weight` (rank, in) and `unet.<module>.lora_B.weight` (out, rank): diffusers' layout."""

PREFIX, DOWN, UP = "unet.", ".lora_A.weight", ".lora_B.weight"
ATTENTION_LINEARS = ("to_q", "to_k", "to_v", "to_out.0")
"""The Linear layers a LoRA touches: every attention projection of the U-Net (560 in SDXL)."""
# Spellings of the three parts of a layer, by what writes them: PEFT, older diffusers, Kohya.
_DOWNS = (DOWN, ".lora.down.weight", ".lora_down.weight")
_UPS = (UP, ".lora.up.weight", ".lora_up.weight")
_ALPHA = ".alpha"


def lora_to_bytes(state: LoraState, metadata: dict[str, str]) -> bytes:
    """A safetensors file, fp32. `sshs_model_hash` is added: the SHA-256 of all behind the header, by which A1111 knows
    a file whatever its metadata. The same tensors and metadata give the same bytes."""
    plain = save_safetensors({name: tensor.detach().float().cpu().contiguous() for name, tensor in state.items()})
    start = 8 + int.from_bytes(plain[:8], "little")
    layout, body = json.loads(plain[8:start]), plain[start:]
    # The library writes metadata in an order that changes from call to call, so the header is put together here.
    facts = {"format": "pt", **metadata, "sshs_model_hash": hashlib.sha256(body).hexdigest()}
    header = json.dumps({"__metadata__": facts, **layout}, sort_keys=True, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + body


@dataclass(frozen=True)
class LoraFile:
    """A LoRA read from a file. `ignored` are keys of text encoders, which PixGen does not use."""

    state: LoraState
    ignored: list[str]


def lora_from_bytes(data: bytes, unet: nn.Module) -> LoraState:
    """`read_lora`'s state; what was ignored is logged."""
    file = read_lora(data, unet)
    if file.ignored:
        log("lora_keys_ignored", count=len(file.ignored), first=file.ignored[0])
    return file.state


def read_lora(data: bytes, unet: nn.Module) -> LoraFile:
    """Read a LoRA file in diffusers' or Kohya's layout and check every tensor against `unet`.

    An alpha other than the rank goes into the weights. Keys of text encoders are ignored and named. Raises GpuFailure
    WEIGHTS_UNREADABLE when it is no safetensors file, was not made for this base model, or is of a kind that is not
    supported (DoRA, LoHa, LoKr, convolutions).
    """
    try:
        # Cloned because the file's own memory is not aligned, and products of unaligned matrices round differently.
        tensors = {name: tensor.float().clone() for name, tensor in load_safetensors(data).items()}
    except (SafetensorError, ValueError, KeyError) as error:
        raise GpuFailure("WEIGHTS_UNREADABLE", "not a safetensors file") from error
    ignored = sorted(name for name in tensors if name.startswith(TEXT_ENCODER_PREFIXES))
    for name in ignored:
        del tensors[name]
    modules = module_names(unet)
    state: LoraState = {}
    for name in [name for name in tensors if name.endswith(_DOWNS)]:
        down = tensors.pop(name)
        layer = next(name.removesuffix(ending) for ending in _DOWNS if name.endswith(ending))
        up = next((tensors.pop(layer + ending) for ending in _UPS if layer + ending in tensors), None)
        module = modules.get(layer)
        if up is None:
            raise GpuFailure("WEIGHTS_UNREADABLE", f"incomplete: {layer[:80]}")
        if module is None:
            raise GpuFailure("WEIGHTS_UNREADABLE", f"made for another base model: {layer[:80]}")
        down, up = _as_matrix(down), _as_matrix(up)
        _check_shapes(unet.get_submodule(module), down, up, layer)
        alpha = tensors.pop(layer + _ALPHA, None)
        scale = 1.0 if alpha is None else float(alpha) / down.shape[0]
        if f"{PREFIX}{module}{DOWN}" in state:
            raise GpuFailure("WEIGHTS_UNREADABLE", f"two LoRAs for one layer: {layer[:80]}")
        state[f"{PREFIX}{module}{DOWN}"] = down
        state[f"{PREFIX}{module}{UP}"] = up if scale == 1 else up * scale
    if tensors:
        raise GpuFailure("WEIGHTS_UNREADABLE", f"not a plain LoRA of this kind: {min(tensors)[:80]}")
    if not state:
        raise GpuFailure("WEIGHTS_UNREADABLE", "empty")
    return LoraFile(state, ignored)


def _as_matrix(tensor: torch.Tensor) -> torch.Tensor:
    """Some tools store a Linear as a 1x1 convolution."""
    return tensor.flatten(1) if tensor.ndim == 4 and tensor.shape[2:] == (1, 1) else tensor


def _check_shapes(layer: Any, down: torch.Tensor, up: torch.Tensor, name: str) -> None:
    fits = (
        down.ndim == up.ndim == 2
        and down.shape[1] == layer.in_features
        and up.shape[0] == layer.out_features
        and down.shape[0] == up.shape[1] > 0
    )
    if not fits or not (torch.isfinite(down).all() and torch.isfinite(up).all()):
        raise GpuFailure("WEIGHTS_UNREADABLE", f"shapes of another base model, or not finite: {name[:80]}")


def to_kohya(state: LoraState, unet: Any) -> LoraState:
    """The same LoRA in the layout that Kohya's trainer writes for SDXL, which ComfyUI and A1111 read.

    Alpha is stored per module and equals the rank.
    """
    result: LoraState = {}
    for name, tensor in state.items():
        if not name.endswith(DOWN):
            continue
        module = name.removesuffix(DOWN)
        kohya = kohya_name(module.removeprefix(PREFIX), unet.config.layers_per_block)
        result[f"{kohya}.lora_down.weight"] = tensor
        result[f"{kohya}.lora_up.weight"] = state[module + UP]
        result[f"{kohya}.alpha"] = torch.tensor(float(tensor.shape[0]))
    return result
