"""Base models: loading a profile's parts once and encoding text and pictures with them."""

import hashlib
import time
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from diffusers import AutoencoderKL, EulerDiscreteScheduler, UNet2DConditionModel
from diffusers.utils import logging as diffusers_logging
from torch import nn
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer
from transformers.utils import logging as transformers_logging

from pixgen_gpu.errors import GpuFailure
from pixgen_gpu.logs import log, log_failure
from pixgen_gpu.nano import SEED, build_nano
from pixgen_gpu.profiles import PROFILES, Profile, ProfileName
from pixgen_gpu.tiny.weights import load_tiny

if TYPE_CHECKING:
    from pixgen_gpu.generation.drawing import Drawing


@dataclass(frozen=True)
class TextEmbedding:
    """What SDXL's U-Net sees of one prompt.

    `tokens` (1, tokens, C) goes to cross-attention, `pooled` (1, P) into the time embedding.
    """

    tokens: torch.Tensor
    pooled: torch.Tensor


@dataclass
class BaseModel:
    """The parts of one SDXL-architecture model on one device, frozen. One job uses it at a time."""

    profile: Profile
    unet: UNet2DConditionModel
    vae: AutoencoderKL
    text_encoder: CLIPTextModel
    text_encoder_2: CLIPTextModelWithProjection
    tokenizer: CLIPTokenizer
    tokenizer_2: CLIPTokenizer
    scheduler: EulerDiscreteScheduler
    device: torch.device
    dtype: torch.dtype

    @property
    def model_id(self) -> str:
        """Names the base in files made from it: repository and commit, nano and its seed, or tiny."""
        base = self.profile.base
        if base:
            return f"{base.repo_id}@{base.revision}"
        return "pixgen/tiny" if self.profile.name == "tiny" else f"pixgen/nano@seed-{SEED}"

    @cached_property
    def model_hash(self) -> str:
        """Hex SHA-256 that tells two bases apart: of the pinned id, or of the U-Net's weights."""
        digest = hashlib.sha256(self.model_id.encode())
        if self.profile.base is None:
            for name, tensor in sorted(self.unet.state_dict().items()):
                digest.update(name.encode())
                digest.update(tensor.float().cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()

    @property
    def model_hash_of(self) -> str:
        """What `model_hash` was taken of. Hashing SDXL's 5 GB would take longer than loading them, and its repository
        and commit pin the files already."""
        return "repository and commit" if self.profile.base else "weights"

    @property
    def latent_factor(self) -> int:
        """Pixels per latent along one side: the VAE halves after every block but the last."""
        return 2 ** (len(self.vae.config["block_out_channels"]) - 1)

    @cached_property
    def drawing(self) -> "Drawing":
        """What this model keeps between generations."""
        from pixgen_gpu.generation.drawing import Drawing

        return Drawing(self)

    def release_drawing(self) -> None:
        """Take out of the U-Net what generations put there: before a training, and before its weights are read."""
        if "drawing" in self.__dict__:
            self.drawing.release()

    def place_encoders(self, *, on_device: bool) -> None:
        """Move VAE and text encoders to the device, or off it to leave its memory to the U-Net."""
        target = self.device if on_device else torch.device("cpu")
        for part in (self.vae, self.text_encoder, self.text_encoder_2):
            nn.Module.to(part, target)

    @torch.no_grad()
    def encode_text(self, prompt: str) -> TextEmbedding:
        """Embed one prompt as SDXL does: penultimate layers of both encoders side by side, pooled text of the second.

        Prompts are cut at the tokenizer's limit: 77 tokens, 40 for tiny.
        """
        hidden: list[torch.Tensor] = []
        pooled: torch.Tensor | None = None
        for tokenizer, encoder in ((self.tokenizer, self.text_encoder), (self.tokenizer_2, self.text_encoder_2)):
            limit = tokenizer.model_max_length
            ids = tokenizer(
                prompt, padding="max_length", max_length=limit, truncation=True, return_tensors="pt"
            ).input_ids
            output = encoder(ids.to(self.device), output_hidden_states=True)
            hidden.append(output.hidden_states[-2])
            pooled = getattr(output, "text_embeds", None)
        assert pooled is not None
        return TextEmbedding(torch.cat(hidden, dim=-1), pooled)

    @torch.no_grad()
    def decode_latents(self, latents: torch.Tensor) -> torch.Tensor:
        """Latents (N, 4, h, w), scaled -> pixels (N, 3, H, W) in [0, 1], fp32 on the CPU."""
        vae: Any = self.vae
        pixels = vae.decode(latents.to(vae.dtype) / vae.config.scaling_factor).sample
        return (pixels.float() / 2 + 0.5).clamp(0, 1).cpu()

    @torch.no_grad()
    def encode_pixels(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Pixels (N, 3, H, W) in [-1, 1] -> mean and std of the scaled latents, each (N, 4, h, w), fp32."""
        vae: Any = self.vae
        posterior = vae.encode(pixels.to(self.device, vae.dtype)).latent_dist
        scale = vae.config.scaling_factor
        return posterior.mean.float() * scale, posterior.std.float() * scale


def default_device() -> torch.device:
    """The first CUDA device, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def preload_base_model(profile_name: ProfileName, cache_dir: Path) -> BaseModel:
    """Load a profile into CPU memory in the type that a GPU wants, without looking for one.

    For hosts whose memory is stored before there is a GPU; `on_default_device` makes it ready for work.
    """
    dtype = torch.bfloat16 if PROFILES[profile_name].base else torch.float32
    return load_base_model(profile_name, cache_dir, torch.device("cpu"), dtype)


def on_default_device(base: BaseModel) -> BaseModel:
    """Bring a preloaded model to the first CUDA device, else leave it on the CPU, in the type for work there."""
    device = default_device()
    dtype = _working_dtype(device)
    for part in (base.unet, base.vae, base.text_encoder, base.text_encoder_2):
        nn.Module.to(part, device=device, dtype=dtype)
    return replace(base, device=device, dtype=dtype)


def _working_dtype(device: torch.device) -> torch.dtype:
    return torch.bfloat16 if device.type == "cuda" else torch.float32


def load_base_model(
    profile_name: ProfileName,
    cache_dir: Path,
    device: torch.device | None = None,
    dtype: torch.dtype | None = None,
) -> BaseModel:
    """Load a profile, bf16 on a GPU and fp32 on the CPU.

    Raises GpuFailure BASE_MODEL_UNAVAILABLE when its files are neither cached nor downloadable.
    """
    started = time.monotonic()
    profile = PROFILES[profile_name]
    device = device or default_device()
    dtype = dtype or _working_dtype(device)
    if device.type == "cpu" and profile.cpu_threads:
        torch.set_num_threads(profile.cpu_threads)
    if profile.name == "tiny":
        try:
            unet, vae, text_encoder, text_encoder_2, tokenizer, scheduler = load_tiny()
        except OSError as error:
            log_failure("base_model_unavailable", profile=profile_name)
            raise GpuFailure("BASE_MODEL_UNAVAILABLE", "the weights of profile tiny are not installed") from error
        tokenizer_2 = tokenizer
    elif profile.base is None:
        unet, vae, text_encoder, text_encoder_2, tokenizer, scheduler = build_nano()
        tokenizer_2 = tokenizer
    else:
        try:
            unet, vae, text_encoder, text_encoder_2, tokenizer, tokenizer_2, scheduler = _load_sdxl(
                profile, cache_dir, dtype
            )
        except OSError as error:
            log_failure("base_model_unavailable", profile=profile_name)
            raise GpuFailure("BASE_MODEL_UNAVAILABLE", f"cannot load {profile.base.repo_id}") from error
    for part in (unet, vae, text_encoder, text_encoder_2):
        # diffusers' own `to` warns about a list of layers that is empty here
        nn.Module.to(part, device=device, dtype=dtype).eval().requires_grad_(False)
    log("base_model_loaded", profile=profile_name, device=device.type, ms=round((time.monotonic() - started) * 1000))
    return BaseModel(profile, unet, vae, text_encoder, text_encoder_2, tokenizer, tokenizer_2, scheduler, device, dtype)


def _load_sdxl(profile: Profile, cache_dir: Path, dtype: torch.dtype) -> Any:
    """Read the pinned SDXL parts; only files that are needed, only safetensors."""
    assert profile.base is not None
    assert profile.vae is not None
    base, revision = profile.base.repo_id, profile.base.revision
    cache = str(cache_dir / "base-weights")
    diffusers_logging.disable_progress_bar()
    transformers_logging.disable_progress_bar()
    # Half-precision files are half the download; widening them to fp32 on a CPU loses nothing that training needs.
    weights = {
        "revision": revision,
        "cache_dir": cache,
        "torch_dtype": dtype,
        "variant": "fp16",
        "use_safetensors": True,
    }
    return (
        UNet2DConditionModel.from_pretrained(base, subfolder="unet", **weights),
        AutoencoderKL.from_pretrained(
            profile.vae.repo_id,
            revision=profile.vae.revision,
            cache_dir=cache,
            torch_dtype=dtype,
            use_safetensors=True,
        ),
        CLIPTextModel.from_pretrained(base, subfolder="text_encoder", **weights),
        CLIPTextModelWithProjection.from_pretrained(base, subfolder="text_encoder_2", **weights),
        CLIPTokenizer.from_pretrained(base, subfolder="tokenizer", revision=revision, cache_dir=cache),
        CLIPTokenizer.from_pretrained(base, subfolder="tokenizer_2", revision=revision, cache_dir=cache),
        EulerDiscreteScheduler.from_pretrained(base, subfolder="scheduler", revision=revision, cache_dir=cache),
    )
