"""Training a personal LoRA on the U-Net's attention layers.

Methods: LoRA (Hu et al. 2021), DreamBooth with prior preservation (Ruiz et al. 2022), min-SNR loss weighting (Hang et
al. 2023, "Efficient Diffusion Training via Min-SNR Weighting Strategy"), AdamW (Loshchilov and Hutter 2019), SDXL's
size conditioning (Podell et al. 2023).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from pixgen_gpu.errors import StopWork
from pixgen_gpu.logs import log
from pixgen_gpu.models import BaseModel
from pixgen_gpu.training.checkpoint import Checkpoint
from pixgen_gpu.training.config import SampleImage, TrainConfig, TrainedLora, TrainingImage
from pixgen_gpu.training.latents import TrainingSet, encode_training_set
from pixgen_gpu.training.layers import lora_layers
from pixgen_gpu.training.loop import TrainingLoop
from pixgen_gpu.training.prior import class_latents
from pixgen_gpu.training.sampling import Picture, decode, draw_latents

PROGRESS_EVERY_S = 0.25
"""Reading the loss waits for the GPU, so it is not done every step."""
SAMPLE_ROUNDS = 8
"""At most so many rounds of sample images before the last, however often checkpoints are made."""
MAX_SAMPLE_PX = 768

OnProgress = Callable[[str, int, int, float | None], None]
"""(phase, step, total steps, loss): phase `encoding` counts photos, `sampling` class images, `training` steps."""


@dataclass(frozen=True)
class Hooks:
    """What a training tells and asks while it runs; each has a default that does nothing."""

    on_progress: OnProgress = lambda _phase, _step, _total, _loss: None
    check_stop: Callable[[], None] = lambda: None
    """Called before every step; stops the training by raising."""
    checkpoint_due: Callable[[int], bool] = lambda _step: False
    """Asked after every step but the last."""
    on_checkpoint: Callable[[Checkpoint], None] = lambda _checkpoint: None
    """Also called when `check_stop` raised StopWork "preempted", before that goes on."""
    on_sample: Callable[[SampleImage], None] = lambda _sample: None


def train_lora(
    config: TrainConfig,
    images: list[TrainingImage],
    base: BaseModel,
    hooks: Hooks | None = None,
    *,
    resume: Checkpoint | None = None,
    prior_folder: Path | None = None,
) -> TrainedLora:
    """Train a LoRA and return it; `base` is left exactly as it was.

    On the CPU the result depends only on settings, photos, base and seed: resuming from any checkpoint gives the same
    bits as training without a break, and sample images change nothing. Class images are kept in `prior_folder`.

    Raises GpuFailure GPU_INTERNAL when the loss is no longer finite.
    """
    hooks = hooks or Hooks()
    base.release_drawing()
    data = _encode(config, images, base, hooks)
    prior = None
    if config.with_prior:
        prior = class_latents(
            base,
            config,
            data.class_texts,
            data.without,
            prior_folder,
            on_progress=lambda done, total: hooks.on_progress("sampling", done, total, None),
            check_stop=hooks.check_stop,
        )
    with lora_layers(base.unet, config.rank, config.seed) as layers:
        loop = TrainingLoop(config, base, data, layers, prior)
        if resume:
            loop.restore(resume)
        _run(config, base, data, loop, hooks)
        return TrainedLora(layers.state(), loop.losses(), config, len(images))


def _encode(config: TrainConfig, images: list[TrainingImage], base: BaseModel, hooks: Hooks) -> TrainingSet:
    def photo_done(count: int) -> None:
        hooks.check_stop()
        hooks.on_progress("encoding", count, len(images), None)

    hooks.check_stop()
    hooks.on_progress("encoding", 0, len(images), None)
    return encode_training_set(base, config, images, photo_done)


def _run(config: TrainConfig, base: BaseModel, data: TrainingSet, loop: TrainingLoop, hooks: Hooks) -> None:
    """Step until the end; a host that must go gets a checkpoint of the last step, wherever it is stopped."""
    began = loop.step
    try:
        _steps(config, base, data, loop, hooks)
    except StopWork as stop:
        if stop.reason == "preempted" and loop.step > began:
            hooks.on_checkpoint(loop.checkpoint())
        raise


def _steps(config: TrainConfig, base: BaseModel, data: TrainingSet, loop: TrainingLoop, hooks: Hooks) -> None:
    """The steps, with progress, checkpoints and sample images on the way."""
    sampled = loop.step
    reported = time.monotonic()
    while loop.step < config.steps:
        hooks.check_stop()
        loop.run_step()
        last = loop.step == config.steps
        if last or time.monotonic() - reported >= PROGRESS_EVERY_S:
            reported = time.monotonic()
            hooks.on_progress("training", loop.step, config.steps, loop.latest_loss())
        if not last and hooks.checkpoint_due(loop.step):
            hooks.on_checkpoint(loop.checkpoint())
            if loop.step - sampled >= config.steps / SAMPLE_ROUNDS:
                sampled = loop.step
                draw_samples(config, base, data, loop.step, hooks)
    draw_samples(config, base, data, config.steps, hooks)


def draw_samples(config: TrainConfig, base: BaseModel, data: TrainingSet, step: int, hooks: Hooks) -> None:
    """One picture per sample prompt, always from the same seed, with the LoRA as it is. Too little memory for them is
    no reason to end a training."""
    edge_px = min(config.resolution, MAX_SAMPLE_PX)
    for index, (prompt, text) in enumerate(zip(config.sample_prompts, data.sample_texts, strict=True)):
        try:
            picture = Picture(text, config.seed)
            latents = draw_latents(base, [picture], data.without, edge_px, hooks.check_stop)
            (image,) = decode(base, latents)
        except torch.cuda.OutOfMemoryError:
            log("samples_skipped", step=step)
            torch.cuda.empty_cache()
            return
        hooks.on_sample(SampleImage(step, index, prompt, image))
