"""What one generation takes and gives."""

from dataclasses import dataclass
from typing import Literal

from PIL import Image

from pixgen_gpu.errors import FailureCode

SchedulerName = Literal["euler", "dpmpp-2m-karras", "ddim"]
"""Samplers that draw no noise of their own, so a seed alone fixes the picture."""


@dataclass(frozen=True)
class GenerateConfig:
    """Settings shared by all images of a generation; sizes in pixels, `lora_weight` 0 turns the LoRA off."""

    width: int
    height: int
    steps: int
    guidance: float
    lora_weight: float
    scheduler: SchedulerName = "euler"


@dataclass(frozen=True)
class ImagePlan:
    """One image to draw."""

    image_id: str
    prompt: str
    negative_prompt: str
    seed: int


@dataclass(frozen=True)
class RenderedImage:
    """One finished image, its share of the milliseconds its batch took, and the size of that batch.

    The batch size belongs to the recipe: the same seed gives the same pixels in a batch of the same size.
    """

    plan: ImagePlan
    image: Image.Image
    gpu_ms: int
    batch_size: int


@dataclass(frozen=True)
class FailedImage:
    """One image that could not be drawn; the others are not affected."""

    plan: ImagePlan
    code: FailureCode
