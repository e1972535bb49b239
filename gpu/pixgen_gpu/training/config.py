"""What one training takes and gives."""

from dataclasses import dataclass

import torch
from PIL import Image

from pixgen_gpu.lora import LoraState


@dataclass(frozen=True)
class TrainConfig:
    """Settings of one LoRA. The LoRA's alpha always equals its rank."""

    trigger_word: str
    class_word: str
    steps: int
    rank: int
    learning_rate: float
    resolution: int
    """Side of the square whose area the training sizes have, in pixels."""
    batch_size: int
    seed: int
    min_snr_gamma: float = 5.0

    @property
    def caption(self) -> str:
        """The text that every photo is paired with (DreamBooth, Ruiz et al. 2022)."""
        return f"a photo of {self.trigger_word} {self.class_word}"


@dataclass(frozen=True)
class TrainingImage:
    """One photo: upright, RGB, whole, of any size."""

    photo_id: str
    image: Image.Image


@dataclass(frozen=True)
class TrainedLora:
    """The result: `state` in diffusers layout, fp32 on the CPU; `losses` (steps,) with the loss of every step."""

    state: LoraState
    losses: torch.Tensor
    config: TrainConfig
