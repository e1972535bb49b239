"""Shapes of the tiny model's parts: SDXL's architecture in miniature."""

from typing import Any

from diffusers import AutoencoderKL, EulerDiscreteScheduler, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

TEXT_WIDTH = 96
MAX_TOKENS = 40
LATENT_CHANNELS = 4
TIME_ID_WIDTH = 16


def build_vae(channels: tuple[int, ...] = (16, 32, 64, 64)) -> AutoencoderKL:
    """SDXL's VAE layout: four blocks, so factor 8, and four latents."""
    shape: dict[str, Any] = dict(
        block_out_channels=channels,
        down_block_types=("DownEncoderBlock2D",) * len(channels),
        up_block_types=("UpDecoderBlock2D",) * len(channels),
        layers_per_block=1,
        latent_channels=LATENT_CHANNELS,
        norm_num_groups=1,
        sample_size=128,
        scaling_factor=1.0,
        mid_block_add_attention=False,
    )
    return AutoencoderKL(**shape)


def build_unet(channels: tuple[int, int, int] = (64, 128, 160), groups: int = 16) -> UNet2DConditionModel:
    """SDXL's block layout at about 1/5 to 1/8 of its width: no attention at full size, transformers at 1/2 and 1/4."""
    shape: dict[str, Any] = dict(
        sample_size=16,
        in_channels=LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        block_out_channels=channels,
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        transformer_layers_per_block=1,
        attention_head_dim=(2, 4, 5),  # SDXL's own naming slip: heads per block, not their width
        cross_attention_dim=2 * TEXT_WIDTH,
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=TIME_ID_WIDTH,
        projection_class_embeddings_input_dim=TEXT_WIDTH + 6 * TIME_ID_WIDTH,
        norm_num_groups=groups,
    )
    return UNet2DConditionModel(**shape)


def build_text_encoders(tokenizer: Any) -> tuple[CLIPTextModel, CLIPTextModelWithProjection]:
    """Two small encoders; as in SDXL the U-Net sees the layer before the last of both, and the second's pooled text."""
    shape: dict[str, Any] = dict(
        vocab_size=len(tokenizer),
        hidden_size=TEXT_WIDTH,
        intermediate_size=3 * TEXT_WIDTH,
        projection_dim=TEXT_WIDTH,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=MAX_TOKENS,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return CLIPTextModel(CLIPTextConfig(**shape)), CLIPTextModelWithProjection(CLIPTextConfig(**shape))


def build_scheduler() -> EulerDiscreteScheduler:
    """SDXL's noise schedule."""
    return EulerDiscreteScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1, timestep_spacing="leading"
    )
