"""Aspect buckets: photos of any shape become batches of equal shape without cutting anything off.

Each photo is resized whole to the bucket whose proportions are nearest; the remaining stretch is a few per cent.
Cropping to a square, the usual way, cuts heads off upright portraits.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image, ImageOps

MAX_ASPECT = 2.5
"""Longer photos are padded to this ratio: beyond it the short side would hold too few latents."""


@dataclass(frozen=True, order=True)
class Bucket:
    """A training size in pixels."""

    width: int
    height: int


def choose_bucket(width: int, height: int, resolution: int, step: int) -> Bucket:
    """The bucket for a photo of width x height.

    Sides are multiples of `step` and the area stays within 10 % above resolution². Among those, proportions decide,
    then the larger area.
    """
    wanted = math.log(max(1 / MAX_ASPECT, min(MAX_ASPECT, width / height)))
    limit = resolution * resolution * 1.1
    longest = int(resolution * math.sqrt(MAX_ASPECT)) + step
    best: tuple[float, int] | None = None
    chosen = Bucket(max(step, resolution // step * step), max(step, resolution // step * step))
    for bucket_width in range(step, longest + 1, step):
        ideal = resolution * resolution / bucket_width
        for bucket_height in {int(ideal // step) * step, (int(ideal // step) + 1) * step}:
            area = bucket_width * bucket_height
            if bucket_height < step or area > limit or area < 0.6 * resolution * resolution:
                continue
            stretch = abs(math.log(bucket_width / bucket_height) - wanted)
            candidate = (round(stretch, 4), -area)
            if best is None or candidate < best:
                best, chosen = candidate, Bucket(bucket_width, bucket_height)
    return chosen


def fit_to_bucket(photo: Image.Image, bucket: Bucket) -> torch.Tensor:
    """The whole photo at the bucket's size: (3, height, width), fp32 in [-1, 1]."""
    aspect = photo.width / photo.height
    if not 1 / MAX_ASPECT <= aspect <= MAX_ASPECT:
        mean = tuple(int(value) for value in np.asarray(photo.resize((1, 1), Image.Resampling.BOX)).reshape(-1))
        size = (
            (photo.width, math.ceil(photo.width / MAX_ASPECT))
            if aspect > 1
            else (math.ceil(photo.height / MAX_ASPECT), photo.height)
        )
        photo = ImageOps.pad(photo, size, color=mean)
    resized = photo.resize((bucket.width, bucket.height), Image.Resampling.LANCZOS)
    pixels = torch.from_numpy(np.asarray(resized, dtype=np.float32).copy())
    return pixels.permute(2, 0, 1) / 127.5 - 1
