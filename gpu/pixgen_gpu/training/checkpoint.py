"""Checkpoints: everything needed to go on with a training as if it had never stopped, as one safetensors file.

The file holds the LoRA and AdamW's two moments in fp32, the losses so far and what was scored. Randomness, learning
rate and order of the photos are functions of (seed, step), so the step number stands for all of them. No pickle: the
file comes back from storage and must not be able to run code.
"""

from dataclasses import dataclass

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_safetensors
from safetensors.torch import save as save_safetensors

from pixgen_gpu.errors import GpuFailure
from pixgen_gpu.training.config import TrainConfig


@dataclass(frozen=True)
class Checkpoint:
    """State after `step` finished steps, on the CPU. LoRA and both moments are vectors as `LoraLayers` lays them."""

    step: int
    lora: torch.Tensor
    exp_avg: torch.Tensor
    exp_avg_sq: torch.Tensor
    losses: torch.Tensor
    scored: torch.Tensor
    """(measurements, 2) fp64: step and likeness of the samples, which is NaN where it could not be measured."""

    def to_bytes(self, config: TrainConfig, base_hash: str) -> bytes:
        """Serialise; `base_hash` and the settings are stored so that a foreign checkpoint is refused."""
        return save_safetensors(
            {
                "lora": self.lora,
                "exp_avg": self.exp_avg,
                "exp_avg_sq": self.exp_avg_sq,
                "losses": self.losses.contiguous(),
                "scored": self.scored.contiguous(),
                "step": torch.tensor(self.step),
                "belongs_to": _identity(config, base_hash),
            }
        )


def checkpoint_from_bytes(data: bytes, config: TrainConfig, base_hash: str) -> Checkpoint:
    """Read a checkpoint of exactly this training. Raises GpuFailure WEIGHTS_UNREADABLE for anything else."""
    try:
        tensors = load_safetensors(data)
        belongs = torch.equal(tensors["belongs_to"], _identity(config, base_hash))
        vectors = {name: tensors[name] for name in ("lora", "exp_avg", "exp_avg_sq")}
        checkpoint = Checkpoint(
            step=int(tensors["step"]), losses=tensors["losses"], scored=tensors["scored"], **vectors
        )
    except (SafetensorError, ValueError, KeyError) as error:
        raise GpuFailure("WEIGHTS_UNREADABLE", "damaged checkpoint") from error
    if not belongs or not 0 < checkpoint.step <= config.steps or len(checkpoint.losses) != checkpoint.step:
        raise GpuFailure("WEIGHTS_UNREADABLE", "checkpoint of another training")
    return checkpoint


def _identity(config: TrainConfig, base_hash: str) -> torch.Tensor:
    """Settings and base model as 32 bytes."""
    return torch.tensor(list(config.identity(base_hash)), dtype=torch.uint8)
