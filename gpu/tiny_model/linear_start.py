"""A good start for a VAE: weights that already average to 1/8 size and upscale smoothly.

From random weights, thousands of steps pass before absolute colours survive the group normalisations. Here the first
six channels carry the three colours and their negatives, the next two carry opposite constants that keep every norm's
divisor nearly fixed, and residual branches start silent. Training then only adds the detail that the linear path loses.
The constants are large, so a small change of what reads or writes them would drown everything: they are held.
"""

from collections.abc import Callable
from typing import Any

import torch
from diffusers import AutoencoderKL
from diffusers.models.resnet import ResnetBlock2D
from torch import nn

COLOURS = slice(0, 6)
CONSTANTS = slice(6, 8)
CONSTANT = 20.0
START_LOG_VARIANCE = -5.0
# Four latents from three colours: columns are orthonormal, so decoding starts as the transpose.
_FRAME = torch.tensor([[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / 2


@torch.no_grad()
def start_linear(model: AutoencoderKL) -> None:
    """Set the weights described above; all others keep their random start. Needs `norm_num_groups=1`."""
    vae: Any = model
    for module in vae.modules():
        if isinstance(module, ResnetBlock2D):
            _start_norm(module.norm1)
            branch: Any = module.conv2
            branch.weight.zero_()
            branch.bias.zero_()
            shortcut: Any = module.conv_shortcut
            if shortcut is not None:
                shortcut.weight[:8] = 0
                shortcut.bias[:8] = 0
                shortcut.weight[:8, :8, 0, 0] = torch.eye(8)
    for block in vae.encoder.down_blocks[:-1]:
        _resample(block.downsamplers[0].conv, torch.tensor([[0.25, 0.25, 0], [0.25, 0.25, 0], [0, 0, 0]]))
    line = torch.tensor([1.0, 2.0, 1.0]) / 4
    for block in vae.decoder.up_blocks[:-1]:
        _resample(block.upsamplers[0].conv, torch.outer(line, line))
    _carry_in(vae.encoder.conv_in, torch.eye(3))
    _carry_out(vae.encoder.conv_norm_out, vae.encoder.conv_out, _FRAME)
    vae.encoder.conv_out.bias[4:] = START_LOG_VARIANCE
    _carry_in(vae.decoder.conv_in, _FRAME.T)
    _carry_out(vae.decoder.conv_norm_out, vae.decoder.conv_out, torch.eye(3))
    for conv in (vae.quant_conv, vae.post_quant_conv):
        conv.weight.copy_(torch.eye(conv.out_channels)[:, :, None, None])
        conv.bias.zero_()
    constant_holder(model)()


def constant_holder(model: AutoencoderKL) -> Callable[[], None]:
    """A function that puts back, after an optimiser step, everything that reads or writes the constants."""
    vae: Any = model
    silent: list[torch.Tensor] = []
    fixed: list[tuple[torch.Tensor, torch.Tensor]] = []
    stream = [block.downsamplers[0].conv for block in vae.encoder.down_blocks[:-1]]
    stream += [block.upsamplers[0].conv for block in vae.decoder.up_blocks[:-1]]
    signs = torch.tensor([CONSTANT, -CONSTANT])
    for conv in [*stream, vae.encoder.conv_in, vae.decoder.conv_in]:
        silent.append(conv.weight[CONSTANTS])
        fixed.append((conv.bias[CONSTANTS], signs))
    silent += [conv.weight[:, CONSTANTS] for conv in stream]
    norms = [vae.encoder.conv_norm_out, vae.decoder.conv_norm_out]
    for module in vae.modules():
        if isinstance(module, ResnetBlock2D):
            norms.append(module.norm1)
            branch: Any = module.conv2
            silent += [branch.weight[CONSTANTS], branch.bias[CONSTANTS]]
            shortcut: Any = module.conv_shortcut
            if shortcut is not None:
                silent += [shortcut.weight[CONSTANTS], shortcut.bias[CONSTANTS], shortcut.weight[:, CONSTANTS]]
                fixed.append((shortcut.weight[CONSTANTS, CONSTANTS, 0, 0], torch.eye(2)))
    for norm in norms:
        silent += [norm.weight[CONSTANTS], norm.bias[CONSTANTS]]
    silent = [entries.detach() for entries in silent]  # views: writing to them writes to the weights
    fixed = [(entries.detach(), values) for entries, values in fixed]

    def hold() -> None:
        for entries in silent:
            entries.zero_()
        for entries, values in fixed:
            entries.copy_(values)

    return hold


def _start_norm(norm: nn.GroupNorm) -> None:
    """Undo what the constants do to a norm: otherwise all else is so small that silu is a straight line."""
    norm.weight.fill_(CONSTANT * (2 / norm.num_channels) ** 0.5)


def _resample(conv: nn.Conv2d, kernel: torch.Tensor) -> None:
    assert conv.bias is not None
    conv.weight[COLOURS] = 0
    conv.bias[COLOURS] = 0
    for channel in range(6):
        conv.weight[channel, channel] = kernel


def _carry_in(conv: nn.Conv2d, mix: torch.Tensor) -> None:
    assert conv.bias is not None
    conv.weight[COLOURS] = 0
    conv.bias[COLOURS] = 0
    conv.weight[:3, :, 1, 1] = mix
    conv.weight[3:6, :, 1, 1] = -mix


def _carry_out(norm: nn.GroupNorm, conv: nn.Conv2d, mix: torch.Tensor) -> None:
    """silu(z) - silu(-z) = z gives the colours back, mixed."""
    assert conv.bias is not None
    _start_norm(norm)
    conv.weight.zero_()
    conv.bias.zero_()
    conv.weight[: len(mix), :3, 1, 1] = mix
    conv.weight[: len(mix), 3:6, 1, 1] = -mix
