"""Class images for prior preservation, drawn by the base model itself and kept for the next training.

Method: DreamBooth's prior preservation (Ruiz et al. 2022). The images are kept as latents: they are drawn as latents
and trained on as latents, so no picture of them is ever made.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_safetensors
from safetensors.torch import save as save_safetensors

from pixgen_gpu.generation.decoding import give_back_memory
from pixgen_gpu.logs import log
from pixgen_gpu.models import BaseModel, TextEmbedding
from pixgen_gpu.training.config import TrainConfig
from pixgen_gpu.training.sampling import GUIDANCE, Picture, draw_latents

MAX_FILES = 64
"""About 12 MB each for SDXL at 1024 px; the longest unused goes first."""
BATCH = 4
FIRST_SEED = 1_000


def class_image_count(profile: str) -> int:
    """Enough that no class image comes back often, few enough to be drawn in a minute or two."""
    return {"nano": 4, "tiny": 8}.get(profile, 48)


def class_latents(
    base: BaseModel,
    config: TrainConfig,
    texts: list[TextEmbedding],
    without: TextEmbedding,
    folder: Path | None,
    *,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
    check_stop: Callable[[], None] = lambda: None,
) -> torch.Tensor:
    """Latents (config.prior_images, 4, h, w) of square class images, fp32 on the device; from `folder` where they are.

    `texts` are the class's captions, taken in turn. Without a folder nothing is kept.
    """
    edge = config.resolution // base.latent_factor
    shape = (config.prior_images, 4, edge, edge)
    path = folder and folder / f"{_key(base, config)}.safetensors"
    kept = _read(path, shape) if path else None
    if kept is not None:
        return kept.to(base.device)
    parts: list[torch.Tensor] = []
    for first in range(0, config.prior_images, BATCH):
        on_progress(first, config.prior_images)
        numbers = range(first, min(first + BATCH, config.prior_images))
        pictures = [Picture(texts[number % len(texts)], FIRST_SEED + number) for number in numbers]
        parts += _drawn(pictures, lambda some: draw_latents(base, some, without, config.resolution, check_stop))
    latents = torch.cat(parts)
    if path:
        _write(path, latents)
    return latents


def _drawn(pictures: list[Picture], draw: Callable[[list[Picture]], torch.Tensor]) -> list[torch.Tensor]:
    """A batch at once, or one by one where memory does not suffice. Raises torch.OutOfMemoryError when not even one
    fits."""
    try:
        return [draw(pictures)]
    except torch.OutOfMemoryError:
        if len(pictures) == 1:
            raise
    # Behind the block: the exception holds the frames, and they hold the tensors.
    log("class_images_one_by_one", batch=len(pictures))
    give_back_memory()
    return [draw([picture]) for picture in pictures]


def _key(base: BaseModel, config: TrainConfig) -> str:
    how = (config.prior_images, config.resolution, BATCH, GUIDANCE, str(base.dtype))
    return hashlib.sha256(repr((base.model_hash, config.class_word, how)).encode()).hexdigest()


def _read(path: Path, shape: tuple[int, ...]) -> torch.Tensor | None:
    """What was kept; None when there is nothing, or nothing that fits."""
    try:
        latents = load_safetensors(path.read_bytes())["latents"]
        os.utime(path)
    except FileNotFoundError:
        return None
    except (OSError, SafetensorError, KeyError, ValueError):
        log("prior_cache_unreadable", file=path.name)
        return None
    return latents.clone() if latents.shape == shape and latents.isfinite().all() else None


def _write(path: Path, latents: torch.Tensor) -> None:
    """Keep latents whole or not at all. A training goes on when they cannot be kept."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
            file.write(save_safetensors({"latents": latents.cpu().contiguous()}))
        os.replace(file.name, path)
        kept = sorted(path.parent.glob("*.safetensors"), key=lambda one: one.stat().st_mtime, reverse=True)
        for old in kept[MAX_FILES:]:
            old.unlink(missing_ok=True)
    except OSError as error:
        log("prior_not_kept", error=type(error).__name__)
