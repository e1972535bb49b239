"""`torch.compile` of a U-Net's repeated blocks, on CUDA.

Compiling block by block takes a fraction of the time of compiling the whole network and keeps nearly all of the gain,
because equal blocks share their code. Weights are inputs of that code: a LoRA fused in place changes none of it.
"""

from collections.abc import Callable
from typing import Any

import torch
from diffusers.models.attention import BasicTransformerBlock
from diffusers.models.resnet import ResnetBlock2D
from torch import nn

# Code is made per shape: SDXL has about 14 kinds of block, times the sizes and batch sizes that a host draws.
_MAX_VARIANTS = 512


def compile_blocks(unet: nn.Module, backend: str | Callable[..., Any] = "inductor") -> int:
    """Compile every transformer and residual block for the exact shapes it meets. Returns how many there are.

    Exact shapes, because blocks of one class differ in width: code for "any width" would be slower for all of them.
    Compilation happens at the first call with a shape; `TORCHINDUCTOR_CACHE_DIR` keeps it across processes.
    """
    torch._dynamo.config.recompile_limit = _MAX_VARIANTS
    torch._dynamo.config.accumulated_recompile_limit = 8 * _MAX_VARIANTS
    blocks = _blocks(unet)
    for block in blocks:
        block.compile(backend=backend, dynamic=False, fullgraph=True)
    return len(blocks)


def uncompile_blocks(unet: nn.Module) -> None:
    """Run the blocks as plain modules again: training puts layers into them and keeps gradients."""
    for block in _blocks(unet):
        block._compiled_call_impl = None


def _blocks(unet: nn.Module) -> list[nn.Module]:
    return [module for module in unet.modules() if isinstance(module, BasicTransformerBlock | ResnetBlock2D)]
