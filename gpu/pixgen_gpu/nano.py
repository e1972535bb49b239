"""The nano base model: SDXL's architecture in miniature, random but seeded, built in-process in about a second.

It exists so that every line of training and generation runs in tests and demos without downloads. Its pictures are
abstract clouds of colour that depend on seed, prompt and LoRA; it knows nothing of the world.

Random weights alone would make it useless: a random VAE shows grey mush and a random U-Net never removes the noise.
So some weights are set by hand. The VAE is exactly "average to 1/8 size" and "upscale smoothly"; the U-Net's outermost
skip carries the latents straight to its output, so its noise estimate starts as "the fine structure of the input" and
the random, prompt- and LoRA-dependent part is added to that.
"""

from typing import Any

import torch
from diffusers import AutoencoderKL, EulerDiscreteScheduler, UNet2DConditionModel
from diffusers.models.resnet import ResnetBlock2D
from torch import nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from pixgen_gpu.nano_tokenizer import nano_tokenizer

SEED = 20_261_122
TEXT_WIDTH = 32
LATENT_SCALE = 2.0
"""Brings the latents of photos to about unit variance, as SDXL's 0.13025 does for its VAE."""
_DC = 100.0
"""Constant carried beside the colours so that group normalisation divides by (almost) the same number everywhere."""
# Four latents from three colours: a tight frame, so decoding is the transpose (columns are orthonormal).
_FRAME = torch.tensor([[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / 2


def build_nano() -> tuple[
    UNet2DConditionModel,
    AutoencoderKL,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    EulerDiscreteScheduler,
]:
    """All parts of the nano pipeline, fp32 on the CPU. The caller's random state is left as it was."""
    tokenizer = nano_tokenizer()
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(SEED)
        unet, vae = _unet(), _vae()
        text_encoder = CLIPTextModel(_text_config(tokenizer))
        text_encoder_2 = CLIPTextModelWithProjection(_text_config(tokenizer))
    scheduler = EulerDiscreteScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1, timestep_spacing="leading"
    )
    return unet, vae, text_encoder, text_encoder_2, tokenizer, scheduler


def _text_config(tokenizer: Any) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=TEXT_WIDTH,
        intermediate_size=2 * TEXT_WIDTH,
        projection_dim=TEXT_WIDTH,
        num_hidden_layers=2,
        num_attention_heads=4,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


def _unet() -> UNet2DConditionModel:
    """SDXL's block layout at 1/5 to 1/20 of its width, with the noise shortcut described above."""
    # Annotations of diffusers' constructors are narrower than what they take, hence the dictionaries.
    shape: dict[str, Any] = dict(
        sample_size=16,
        block_out_channels=(32, 64, 64),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        transformer_layers_per_block=(1, 1, 2),
        attention_head_dim=(2, 4, 4),  # SDXL's own naming slip: heads per block, not their width
        cross_attention_dim=2 * TEXT_WIDTH,
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=TEXT_WIDTH + 6 * 8,
        norm_num_groups=4,
    )
    unet: Any = UNet2DConditionModel(**shape)
    for name, module in unet.named_modules():
        if name.endswith("to_out.0"):
            module.weight.mul_(6)  # random projections average out: without this neither prompt nor LoRA shows

    # Channels 0–7 of the first and last layer carry ±latents; nothing else may write there.
    signs = torch.cat([torch.eye(4), -torch.eye(4)])
    unet.conv_in.weight[:8] = 0
    unet.conv_in.bias[:8] = 0
    unet.conv_in.weight[:8, :, 1, 1] = signs
    last = unet.up_blocks[-1].resnets[-1]
    skip = last.conv_shortcut
    hidden = skip.in_channels - unet.conv_in.out_channels
    skip.weight[:8] = 0
    skip.bias[:8] = 0
    skip.weight[:8, hidden : hidden + 8, 0, 0] = torch.eye(8)
    last.conv2.weight[:8] = 0
    last.conv2.bias[:8] = 0

    # Group 0 of the output norm is exactly those 8 channels, so they arrive with unit variance; silu(z) - silu(-z) = z.
    detail = torch.zeros(3, 3)
    detail[1, 1] = 1.0
    detail -= 0.5 * _blur()  # leaving out part of the coarse structure keeps clouds of colour in the picture
    unet.conv_out.weight[:, 8:] *= 1.5
    unet.conv_out.weight[:, :8] = 0
    for channel in range(4):
        unet.conv_out.weight[channel, channel] = detail
        unet.conv_out.weight[channel, channel + 4] = -detail
    unet.conv_out.bias.zero_()
    return unet.eval().requires_grad_(False)


def _vae() -> AutoencoderKL:
    """SDXL's VAE layout (factor 8, 4 latents) whose weights make it a linear, lossless-at-1/8 resampler."""
    shape: dict[str, Any] = dict(
        block_out_channels=(16, 16, 16, 16),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=1,
        sample_size=128,
        scaling_factor=LATENT_SCALE,
        mid_block_add_attention=False,
    )
    vae: Any = AutoencoderKL(**shape)
    for module in vae.modules():
        if isinstance(module, ResnetBlock2D):  # identity: only the residual path remains
            _silence(module.conv2)
    for block in vae.encoder.down_blocks[:-1]:
        _resample(block.downsamplers[0].conv, torch.tensor([[0.25, 0.25, 0], [0.25, 0.25, 0], [0, 0, 0]]))
    for block in vae.decoder.up_blocks[:-1]:
        _resample(block.upsamplers[0].conv, _blur())

    colours = torch.eye(3)
    _carry_in(vae.encoder.conv_in, colours)
    _carry_out(vae.encoder.conv_norm_out, vae.encoder.conv_out, _FRAME)
    vae.encoder.conv_out.bias[4:] = -12.0  # log variance: encoding is practically deterministic
    _carry_in(vae.decoder.conv_in, _FRAME.T)
    _carry_out(vae.decoder.conv_norm_out, vae.decoder.conv_out, colours)
    for conv in (vae.quant_conv, vae.post_quant_conv):
        conv.weight.copy_(torch.eye(conv.out_channels)[:, :, None, None])
        conv.bias.zero_()
    return vae.eval().requires_grad_(False)


def _silence(layer: Any) -> None:
    layer.weight.zero_()
    layer.bias.zero_()


def _blur() -> torch.Tensor:
    line = torch.tensor([1.0, 2.0, 1.0]) / 4
    return torch.outer(line, line)


def _resample(conv: nn.Conv2d, kernel: torch.Tensor) -> None:
    """Make `conv` apply one 3x3 `kernel` to every channel on its own; the constants pass unfiltered."""
    assert conv.bias is not None
    conv.weight.zero_()
    conv.bias.zero_()
    for channel in range(6):
        conv.weight[channel, channel] = kernel
    conv.bias[6], conv.bias[7] = _DC, -_DC


def _carry_in(conv: nn.Conv2d, mix: torch.Tensor) -> None:
    """Channels 0–2 = mix @ input, 3–5 their negatives, 6–7 the constants. `mix`: (3, inputs)."""
    assert conv.bias is not None
    conv.weight.zero_()
    conv.bias.zero_()
    conv.weight[:3, :, 1, 1] = mix
    conv.weight[3:6, :, 1, 1] = -mix
    conv.bias[6], conv.bias[7] = _DC, -_DC


def _carry_out(norm: nn.GroupNorm, conv: nn.Conv2d, mix: torch.Tensor) -> None:
    """Undo the norm and put mix @ colours on the first outputs. `mix`: (outputs, 3)."""
    assert conv.bias is not None
    norm.weight.fill_(_DC * (2 / norm.num_channels) ** 0.5)  # std of 2 constants among num_channels values
    norm.bias.zero_()
    conv.weight.zero_()
    conv.bias.zero_()
    conv.weight[: len(mix), :3, 1, 1] = mix
    conv.weight[: len(mix), 3:6, 1, 1] = -mix
