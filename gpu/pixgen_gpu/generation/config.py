"""What one generation takes and gives."""

from dataclasses import dataclass

from PIL import Image

from pixgen_gpu.errors import FailureCode


@dataclass(frozen=True)
class GenerateConfig:
    """Settings shared by all images of a generation; sizes in pixels, `lora_weight` 0 turns the LoRA off."""

    width: int
    height: int
    steps: int
    guidance: float
    lora_weight: float


@dataclass(frozen=True)
class ImagePlan:
    """One image to draw."""

    image_id: str
    prompt: str
    negative_prompt: str
    seed: int


@dataclass(frozen=True)
class RenderedImage:
    """One finished image and the milliseconds it took."""

    plan: ImagePlan
    image: Image.Image
    gpu_ms: int


@dataclass(frozen=True)
class FailedImage:
    """One image that could not be drawn; the others are not affected."""

    plan: ImagePlan
    code: FailureCode
