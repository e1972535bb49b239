"""Everything that training reads from photos and text, computed once."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from pixgen_gpu.buckets import Bucket, choose_bucket, fit_to_bucket
from pixgen_gpu.models import BaseModel, TextEmbedding
from pixgen_gpu.training.config import TrainConfig, TrainingImage


@dataclass(frozen=True)
class CachedPhoto:
    """One photo as its VAE posterior and the sizes that SDXL is told."""

    bucket: Bucket
    mean: torch.Tensor
    """(4, h, w) scaled latents, fp32 on the training device."""
    std: torch.Tensor
    time_ids: torch.Tensor
    """(6,): original height and width, crop top and left (always 0: nothing is cropped), target height and width."""


@dataclass(frozen=True)
class TrainingSet:
    """What the training loop sees; the VAE and the text encoders are not needed any more."""

    photos: list[CachedPhoto]
    caption: TextEmbedding


def encode_training_set(
    base: BaseModel, config: TrainConfig, images: list[TrainingImage], on_photo: Callable[[int], None]
) -> TrainingSet:
    """Encode the caption and every photo, then move VAE and text encoders off the device.

    `on_photo(n)` is called after the n-th photo and may raise to stop.
    """
    base.place_encoders(on_device=True)
    try:
        caption = base.encode_text(config.caption)
        photos: list[CachedPhoto] = []
        for image in images:
            width, height = image.image.size
            bucket = choose_bucket(width, height, config.resolution, base.profile.bucket_step_px)
            mean, std = base.encode_pixels(fit_to_bucket(image.image, bucket).unsqueeze(0))
            time_ids = torch.tensor([height, width, 0, 0, bucket.height, bucket.width], dtype=torch.float32)
            photos.append(CachedPhoto(bucket, mean[0], std[0], time_ids.to(base.device)))
            on_photo(len(photos))
        return TrainingSet(photos, caption)
    finally:
        base.place_encoders(on_device=False)
