"""Checkpoints: everything needed to go on with a training as if it had never stopped, as one safetensors file.

The file holds the LoRA and AdamW's two moments in fp32 and the losses so far. Randomness and learning rate are
functions of (seed, step), so the step number stands for the state of every generator. No pickle: the file comes back
from storage and must not be able to run code.
"""

import hashlib
from dataclasses import dataclass

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_safetensors
from safetensors.torch import save as save_safetensors

from pixgen_gpu.errors import GpuFailure
from pixgen_gpu.training.config import TrainConfig

_PARTS = ("lora", "exp_avg", "exp_avg_sq")


@dataclass(frozen=True)
class Checkpoint:
    """State after `step` finished steps. The three dictionaries share their keys, the U-Net's parameter names."""

    step: int
    lora: dict[str, torch.Tensor]
    exp_avg: dict[str, torch.Tensor]
    exp_avg_sq: dict[str, torch.Tensor]
    losses: torch.Tensor

    def to_bytes(self, config: TrainConfig, base_hash: str) -> bytes:
        """Serialise; `base_hash` and the settings are stored so that a foreign checkpoint is refused."""
        tensors = {
            "losses": self.losses.contiguous(),
            "step": torch.tensor(self.step),
            "belongs_to": _identity(config, base_hash),
        }
        for part in _PARTS:
            tensors |= {f"{part}/{name}": tensor.contiguous() for name, tensor in getattr(self, part).items()}
        return save_safetensors(tensors)


def checkpoint_from_bytes(data: bytes, config: TrainConfig, base_hash: str) -> Checkpoint:
    """Read a checkpoint of exactly this training. Raises GpuFailure WEIGHTS_UNREADABLE for anything else."""
    try:
        tensors = load_safetensors(data)
        belongs = torch.equal(tensors["belongs_to"], _identity(config, base_hash))
        parts = {
            part: {n.removeprefix(f"{part}/"): t for n, t in tensors.items() if n.startswith(f"{part}/")}
            for part in _PARTS
        }
        checkpoint = Checkpoint(step=int(tensors["step"]), losses=tensors["losses"], **parts)
    except (SafetensorError, ValueError, KeyError) as error:
        raise GpuFailure("WEIGHTS_UNREADABLE", "damaged checkpoint") from error
    if not belongs or not 0 < checkpoint.step <= config.steps or len(checkpoint.losses) != checkpoint.step:
        raise GpuFailure("WEIGHTS_UNREADABLE", "checkpoint of another training")
    return checkpoint


def _identity(config: TrainConfig, base_hash: str) -> torch.Tensor:
    """SHA-256 of settings and base model, as 32 bytes."""
    digest = hashlib.sha256(f"{base_hash} {config!r}".encode()).digest()
    return torch.tensor(list(digest), dtype=torch.uint8)
