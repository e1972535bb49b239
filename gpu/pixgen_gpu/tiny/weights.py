"""Reading and writing the shipped weights: one safetensors file in half precision, and the tokenizer beside it."""

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from pixgen_gpu.tiny.architecture import build_scheduler, build_text_encoders, build_unet, build_vae
from pixgen_gpu.tiny.tokenizer import read_tokenizer, save_tokenizer

FOLDER = Path(__file__).parent / "weights"
PARTS = ("unet", "vae", "text_encoder", "text_encoder_2")


def load_tiny(folder: Path = FOLDER) -> tuple[Any, Any, Any, Any, Any, Any]:
    """U-Net, VAE, both text encoders, tokenizer and scheduler, fp32 on the CPU.

    Raises OSError when the files are missing, ValueError when they do not fit together.
    """
    tokenizer = read_tokenizer(folder / "tokenizer.json")
    with torch.random.fork_rng(devices=[]):
        modules = dict(zip(PARTS, (build_unet(), build_vae(), *build_text_encoders(tokenizer)), strict=True))
    tensors = load_file(folder / "base.safetensors")
    for part, module in modules.items():
        state = {
            name.removeprefix(f"{part}."): tensor.float()
            for name, tensor in tensors.items()
            if name.startswith(f"{part}.")
        }
        try:
            nn.Module.load_state_dict(module, state)
        except RuntimeError as error:
            raise ValueError(f"{folder / 'base.safetensors'} does not hold the {part} of this architecture") from error
        module.eval().requires_grad_(False)
    return *modules.values(), tokenizer, build_scheduler()  # pyright: ignore[reportReturnType]


def save_tiny(folder: Path, modules: dict[str, nn.Module], tokenizer: Any, metadata: dict[str, str]) -> None:
    """Write the parts named in PARTS in fp16."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {
        f"{part}.{name}": tensor.detach().half().contiguous()
        for part in PARTS
        for name, tensor in modules[part].state_dict().items()
    }
    save_file(tensors, folder / "base.safetensors", {"format": "pt", **metadata})
    save_tokenizer(tokenizer, folder / "tokenizer.json")
