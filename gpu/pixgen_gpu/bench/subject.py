"""What is measured: a model of true size with random weights, at sizes that fit the machine. Nothing is downloaded."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, EulerDiscreteScheduler, UNet2DConditionModel
from PIL import Image
from torch import nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from pixgen_gpu.lora import ATTENTION_LINEARS, DOWN, PREFIX, UP, LoraState
from pixgen_gpu.models import BaseModel, load_base_model
from pixgen_gpu.nano_tokenizer import nano_tokenizer
from pixgen_gpu.profiles import PROFILES, ProfileName
from pixgen_gpu.training.config import TrainingImage

# The published configuration of stable-diffusion-xl-base-1.0 (diffusers' annotations are narrower than what they take).
SDXL_UNET: dict[str, Any] = dict(
    sample_size=128,
    block_out_channels=(320, 640, 1280),
    down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    layers_per_block=2,
    transformer_layers_per_block=(1, 2, 10),
    attention_head_dim=(5, 10, 20),
    cross_attention_dim=2048,
    use_linear_projection=True,
    addition_embed_type="text_time",
    addition_time_embed_dim=256,
    projection_class_embeddings_input_dim=2816,
)
SDXL_VAE: dict[str, Any] = dict(
    sample_size=1024,
    block_out_channels=(128, 256, 512, 512),
    down_block_types=("DownEncoderBlock2D",) * 4,
    up_block_types=("UpDecoderBlock2D",) * 4,
    layers_per_block=2,
    latent_channels=4,
    scaling_factor=0.13025,
)
SDXL_TEXT: dict[str, Any] = dict(
    hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12, projection_dim=768
)
SDXL_TEXT_2: dict[str, Any] = dict(
    hidden_size=1280,
    intermediate_size=5120,
    num_hidden_layers=32,
    num_attention_heads=20,
    projection_dim=1280,
    hidden_act="gelu",
)


@dataclass(frozen=True)
class Sizes:
    """How much of everything one run does. Pixels are sides of squares."""

    profile: ProfileName
    px: int
    small_px: int
    steps: int
    batch_steps: int
    batch: int
    packs: int
    train_steps: int
    """The longer of two trainings whose difference is a step's time; the shorter is half of it."""
    whole_steps: int
    repeats: int
    rank: int = 16


WHOLE = Sizes("sdxl", 1024, 512, 30, 20, 8, 4, 40, 1000, 5)
"""Fills the table of goals; about nine minutes on an H100."""
SMALL = Sizes("nano", 64, 64, 3, 2, 2, 2, 4, 6, 2, rank=4)
"""Shows on a CPU in seconds that every line of it runs."""


def unet_on_meta(profile: ProfileName) -> UNet2DConditionModel:
    """The profile's U-Net without memory: shapes only."""
    config = SDXL_UNET if profile == "sdxl" else _nano().unet.config
    with torch.device("meta"):
        return UNet2DConditionModel.from_config(config)  # pyright: ignore[reportReturnType]


def vae_on_meta(profile: ProfileName) -> AutoencoderKL:
    """The profile's VAE without memory."""
    config = SDXL_VAE if profile == "sdxl" else _nano().vae.config
    with torch.device("meta"):
        return AutoencoderKL.from_config(config)  # pyright: ignore[reportReturnType]


def _nano() -> BaseModel:
    return load_base_model("nano", Path("unused"), torch.device("cpu"))


def make_base(profile: ProfileName, device: torch.device) -> BaseModel:
    """A base model to measure: nano as it is, SDXL at its true size with seeded random weights."""
    if profile == "nano":
        return load_base_model("nano", Path("unused"), device)
    dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
    tokenizer: Any = nano_tokenizer()
    ids = {
        "vocab_size": 49408,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    torch.manual_seed(20_261_123)
    with torch.device("meta"):
        parts: list[nn.Module] = [
            UNet2DConditionModel(**SDXL_UNET),
            AutoencoderKL(**SDXL_VAE),
            CLIPTextModel(CLIPTextConfig(**SDXL_TEXT, **ids)),
            CLIPTextModelWithProjection(CLIPTextConfig(**SDXL_TEXT_2, **ids)),
        ]
    made = [_fill(part, device, dtype) for part in parts]
    scheduler = EulerDiscreteScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1, timestep_spacing="leading"
    )
    unet, vae, text_encoder, text_encoder_2 = made
    # The pinned base stays named: nothing that is made here is ever written to a file.
    return BaseModel(
        PROFILES["sdxl"], unet, vae, text_encoder, text_encoder_2, tokenizer, tokenizer, scheduler, device, dtype
    )


@torch.no_grad()
def _fill(module: nn.Module, device: torch.device, dtype: torch.dtype) -> Any:
    """Give a module of shapes real memory: scaled Gaussian weights that keep activations near unit size."""
    module = nn.Module.to_empty(module, device=device).to(dtype)
    for name, parameter in module.named_parameters():
        if parameter.ndim >= 2:
            parameter.normal_(std=parameter[0].numel() ** -0.5)
        else:
            parameter.fill_(1.0 if name.endswith("weight") else 0.0)
    for name, buffer in module.named_buffers():
        if name.endswith("position_ids"):
            buffer.copy_(torch.arange(buffer.shape[-1], device=device).expand(buffer.shape))
    return module.eval().requires_grad_(False)


def make_lora(unet: nn.Module, rank: int, seed: int) -> LoraState:
    """A LoRA on every attention projection, as large beside its weights as trained ones are; fp32 on the CPU."""
    generator = torch.Generator().manual_seed(seed)
    state: LoraState = {}
    for name, module in unet.named_modules():
        if isinstance(module, nn.Linear) and name.endswith(ATTENTION_LINEARS):
            down, up = (rank, module.in_features), (module.out_features, rank)
            state[f"{PREFIX}{name}{DOWN}"] = torch.randn(down, generator=generator) * module.in_features**-0.5
            state[f"{PREFIX}{name}{UP}"] = torch.randn(up, generator=generator) * 0.1 * rank**-0.5
    return state


def make_photos(count: int, px: int) -> list[TrainingImage]:
    """Square pictures of noise."""
    return [TrainingImage(f"photo-{n}", Image.effect_noise((px, px), 60 + n).convert("RGB")) for n in range(count)]
