"""What one training takes and gives."""

import hashlib
from dataclasses import dataclass
from typing import Literal

import torch
from PIL import Image

from pixgen_gpu.lora import LoraState

GradientCheckpointing = Literal["auto", "always", "never"]
"""`auto` turns it on in the middle of a training, for good, when a step does not fit into the GPU's memory."""


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
    prior_weight: float = 0.0
    """Weight of the loss on class images; 0 trains without any."""
    prior_images: int = 0
    """How many class images there are; counts only with a prior weight."""
    sample_prompts: tuple[str, ...] = ()
    stop_early: bool = False
    """End at a plateau of the samples' likeness (`plateau.py`), which is then measured at fixed steps."""
    min_snr_gamma: float = 5.0
    gradient_checkpointing: GradientCheckpointing = "auto"

    @property
    def subject(self) -> str:
        """What stands for the subject in every caption: the trigger word and what it is."""
        return f"{self.trigger_word} {self.class_word}"

    @property
    def with_prior(self) -> bool:
        return self.prior_weight > 0 and self.prior_images > 0

    def identity(self, base_hash: str) -> bytes:
        """SHA-256 of everything that decides what the LoRA becomes, photos and captions aside."""
        parts = (
            base_hash,
            self.subject,
            self.steps,
            self.rank,
            self.learning_rate,
            self.resolution,
            self.batch_size,
            self.seed,
            self.prior_weight,
            self.prior_images,
            self.min_snr_gamma,
            self.stop_early,
        )
        return hashlib.sha256(repr(parts).encode()).digest()


@dataclass(frozen=True)
class TrainingImage:
    """One photo: upright, RGB, whole, of any size. `description` is what a captioner saw in it, empty without one."""

    photo_id: str
    image: Image.Image
    description: str = ""


@dataclass(frozen=True)
class SampleImage:
    """A picture drawn during the training: after `step` steps, for sample prompt number `index`."""

    step: int
    index: int
    prompt: str
    image: Image.Image


@dataclass(frozen=True)
class TrainedLora:
    """A LoRA after `steps` steps: `state` in diffusers layout, fp32 on the CPU; `losses` (steps,), the loss of each."""

    state: LoraState
    losses: torch.Tensor
    config: TrainConfig
    photo_count: int
    steps: int
    likeness: float | None = None
    """Of the samples of the last step, 0 to 1; None: not measured."""
