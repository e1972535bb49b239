"""Everything that training reads from photos and text, computed once."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch

from pixgen_gpu.buckets import Bucket, choose_bucket, fit_to_bucket
from pixgen_gpu.models import BaseModel, TextEmbedding
from pixgen_gpu.training.captions import class_captions, subject_captions
from pixgen_gpu.training.config import TrainConfig, TrainingImage


@dataclass(frozen=True)
class CachedPhoto:
    """One photo as its VAE posterior, the sizes that SDXL is told, and its captions."""

    bucket: Bucket
    mean: torch.Tensor
    """(4, h, w) scaled latents, fp32 on the training device."""
    std: torch.Tensor
    time_ids: torch.Tensor
    """(6,): original height and width, crop top and left (always 0: nothing is cropped), target height and width."""
    texts: list[TextEmbedding]


@dataclass(frozen=True)
class TrainingSet:
    """What the training loop sees; the VAE and the text encoders are not needed any more."""

    photos: list[CachedPhoto]
    class_texts: list[TextEmbedding]
    """Captions of class images; empty without prior preservation."""
    sample_texts: list[TextEmbedding]
    without: TextEmbedding
    """The empty text."""


def encode_training_set(
    base: BaseModel, config: TrainConfig, images: list[TrainingImage], on_photo: Callable[[int], None]
) -> TrainingSet:
    """Encode every text once and every photo, then move VAE and text encoders off the device.

    `on_photo(n)` is called after the n-th photo and may raise to stop.
    """
    known: dict[str, TextEmbedding] = {}

    def encode(prompts: Iterable[str]) -> list[TextEmbedding]:
        return [known.get(prompt) or known.setdefault(prompt, base.encode_text(prompt)) for prompt in prompts]

    base.place_encoders(on_device=True)
    try:
        photos: list[CachedPhoto] = []
        for image in images:
            width, height = image.image.size
            bucket = choose_bucket(width, height, config.resolution, base.profile.bucket_step_px)
            mean, std = base.encode_pixels(fit_to_bucket(image.image, bucket).unsqueeze(0))
            time_ids = torch.tensor([height, width, 0, 0, bucket.height, bucket.width], dtype=torch.float32)
            texts = encode(subject_captions(config.subject, image.description))
            photos.append(CachedPhoto(bucket, mean[0], std[0], time_ids.to(base.device), texts))
            on_photo(len(photos))
        return TrainingSet(
            photos,
            encode(class_captions(config.class_word)) if config.with_prior else [],
            encode(config.sample_prompts),
            *encode([""]),
        )
    finally:
        base.place_encoders(on_device=False)
