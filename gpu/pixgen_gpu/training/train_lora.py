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
from PIL import Image

from pixgen_gpu.errors import StopWork
from pixgen_gpu.logs import log
from pixgen_gpu.models import BaseModel
from pixgen_gpu.training.checkpoint import Checkpoint
from pixgen_gpu.training.config import SampleImage, TrainConfig, TrainedLora, TrainingImage
from pixgen_gpu.training.latents import TrainingSet, encode_training_set
from pixgen_gpu.training.layers import LoraLayers, lora_layers
from pixgen_gpu.training.loop import TrainingLoop
from pixgen_gpu.training.plateau import ROUNDS, has_plateaued, is_measured_step
from pixgen_gpu.training.prior import class_latents
from pixgen_gpu.training.sampling import Picture, decode, draw_latents

PROGRESS_EVERY_S = 0.25
"""Reading the loss waits for the GPU, so it is not done every step."""
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
    measure: Callable[[list[Image.Image]], float | None] = lambda _samples: None
    """Likeness of a round of samples, 0 to 1; None when it cannot be said."""
    on_weights: Callable[[TrainedLora], None] = lambda _kept: None
    """The LoRA after each round of samples but the last."""


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
    bits as training without a break, and sample images change nothing. Where it may stop early, when it does depends
    on `hooks.measure` too. Class images are kept in `prior_folder`.

    Raises GpuFailure GPU_INTERNAL when the loss is no longer finite.
    """
    hooks = hooks or Hooks()
    base.release_drawing()
    # The hash is of the weights as they were made; what is asked for it below must find it known.
    _ = base.model_hash
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
        return _Training(config, base, data, layers, loop, hooks).run()


def _encode(config: TrainConfig, images: list[TrainingImage], base: BaseModel, hooks: Hooks) -> TrainingSet:
    def photo_done(count: int) -> None:
        hooks.check_stop()
        hooks.on_progress("encoding", count, len(images), None)

    hooks.check_stop()
    hooks.on_progress("encoding", 0, len(images), None)
    return encode_training_set(base, config, images, photo_done)


@dataclass(frozen=True)
class _Training:
    """One call of `train_lora`, with the LoRA in place."""

    config: TrainConfig
    base: BaseModel
    data: TrainingSet
    layers: LoraLayers
    loop: TrainingLoop
    hooks: Hooks

    def run(self) -> TrainedLora:
        """Step until the end; a host that must go gets a checkpoint of the last step, wherever it is stopped."""
        began = self.loop.step
        try:
            return self._trained(self._steps())
        except StopWork as stop:
            if stop.reason == "preempted" and self.loop.step > began:
                self.hooks.on_checkpoint(self.loop.checkpoint())
            raise

    def _steps(self) -> float | None:
        """The steps, with progress, checkpoints and rounds of samples on the way. Returns the last round's likeness."""
        config, loop, hooks = self.config, self.loop, self.hooks
        sampled = loop.step
        reported = time.monotonic()
        while loop.step < config.steps:
            # At fixed steps, and before the step after: a training that resumes here decides as it would have.
            if config.stop_early and is_measured_step(loop.step, config.steps) and not self._has_scored(loop.step):
                likeness = self._round()
                if has_plateaued(loop.scored, config.steps):
                    log("stopped_early", step=loop.step, steps=config.steps)
                    return likeness
                hooks.on_weights(self._trained(likeness))
            hooks.check_stop()
            loop.run_step()
            last = loop.step == config.steps
            if last or time.monotonic() - reported >= PROGRESS_EVERY_S:
                reported = time.monotonic()
                hooks.on_progress("training", loop.step, config.steps, loop.latest_loss())
            if not last and hooks.checkpoint_due(loop.step):
                hooks.on_checkpoint(loop.checkpoint())
                # So few rounds, however often checkpoints are made.
                if not config.stop_early and loop.step - sampled >= config.steps / ROUNDS:
                    sampled = loop.step
                    hooks.on_weights(self._trained(self._round()))
        return self._round()

    def _has_scored(self, step: int) -> bool:
        return any(scored == step for scored, _ in self.loop.scored)

    def _trained(self, likeness: float | None) -> TrainedLora:
        """The LoRA as it is now."""
        loop, photos = self.loop, self.data.photos
        return TrainedLora(self.layers.state(), loop.losses(), self.config, len(photos), loop.step, likeness)

    def _round(self) -> float | None:
        """Draw the samples with the LoRA as it is, measure them and remember the likeness."""
        likeness = self.hooks.measure(self._draw_samples())
        self.loop.scored.append((self.loop.step, likeness))
        return likeness

    def _draw_samples(self) -> list[Image.Image]:
        """One picture per sample prompt, always from the same seed. Too little memory for them is no reason to end a
        training: then there are none."""
        config, base, data, hooks = self.config, self.base, self.data, self.hooks
        edge_px = min(config.resolution, MAX_SAMPLE_PX)
        images: list[Image.Image] = []
        for index, (prompt, text) in enumerate(zip(config.sample_prompts, data.sample_texts, strict=True)):
            try:
                picture = Picture(text, config.seed)
                latents = draw_latents(base, [picture], data.without, edge_px, hooks.check_stop)
                images += decode(base, latents)
            except torch.cuda.OutOfMemoryError:
                log("samples_skipped", step=self.loop.step)
                torch.cuda.empty_cache()
                return []
            hooks.on_sample(SampleImage(self.loop.step, index, prompt, images[-1]))
        return images
