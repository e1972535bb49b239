"""How alike the samples of a training are to its photos."""

import time
from functools import lru_cache

import torch
from PIL import Image

from pixgen_gpu.logs import log, log_failure
from pixgen_gpu.profiles import ProfileName
from pixgen_gpu.tiny.scorer import Scorer, load_scorer

MIN_OWN_LIKENESS = 0.05
"""Photos that a scorer finds less alike than this are of no one thing to it."""


@lru_cache(maxsize=1)
def scorer_for(profile: ProfileName) -> Scorer | None:
    """The scorer for what a profile draws; None where there is none: the shipped one knows drawn things only.

    To plug in another one (DINO, CLIP, ArcFace), return something in the shape of `Scorer` here.
    """
    if profile == "sdxl":
        return None
    try:
        return load_scorer()
    except OSError:
        log_failure("scorer_missing", profile=profile)
        return None


class LikenessMeter:
    """Measures samples against the photos of one training. Nothing that goes wrong here ends a training."""

    def __init__(self, scorer: Scorer | None, photos: list[Image.Image]) -> None:
        self._scorer, self._photos = scorer, photos
        self._references: torch.Tensor | None = None
        self.spent_s = 0.0
        """Wall time of all measurements so far."""

    def measure(self, samples: list[Image.Image]) -> float | None:
        """0 where other things lie, 1 where the photos lie among themselves; None when it cannot be said.

        Mean similarity of samples and photos, in units of the photos' mean similarity to each other, to four decimals.
        """
        if self._scorer is None or not samples or len(self._photos) < 2:
            return None
        began = time.monotonic()
        try:
            return self._measure(self._scorer, samples)
        except Exception:  # noqa: BLE001 - a scorer is somebody's choice; a training does not depend on it
            log_failure("likeness_not_measured")
            return None
        finally:
            self.spent_s += time.monotonic() - began

    def _measure(self, scorer: Scorer, samples: list[Image.Image]) -> float | None:
        if self._references is None:
            self._references = scorer.embed_images(self._photos)
        photos = self._references
        count = len(photos)
        among = photos @ photos.T
        own = ((among.sum() - among.trace()) / (count * (count - 1))).item()
        found = (scorer.embed_images(samples) @ photos.T).mean().item()
        # Written so that what is no number is refused too.
        if not own >= MIN_OWN_LIKENESS or found != found:
            log("likeness_has_no_scale", own=own)
            return None
        return round(min(1.0, max(0.0, found / own)), 4)
