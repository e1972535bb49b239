"""The optimisation of one LoRA, step by step."""

from typing import Any

import torch
from torch.nn.functional import mse_loss

from pixgen_gpu.buckets import Bucket
from pixgen_gpu.errors import GpuFailure
from pixgen_gpu.logs import log
from pixgen_gpu.models import BaseModel, TextEmbedding
from pixgen_gpu.training.checkpoint import Checkpoint
from pixgen_gpu.training.config import TrainConfig
from pixgen_gpu.training.latents import TrainingSet
from pixgen_gpu.training.layers import LoraLayers
from pixgen_gpu.training.plateau import Scored
from pixgen_gpu.training.schedule import BatchSchedule, learning_rate_at, step_generator

GRADIENT_CLIP = 1.0
WEIGHT_DECAY = 1e-2
# Streams of random numbers; 1 is the order of the photos.
NOISE, PRIOR_ORDER, PRIOR_NOISE = 0, 2, 3


class TrainingLoop:
    """State of a training: the LoRA, the optimiser's moments, the losses, what was `scored` and the finished `step`s.

    A step is a function of this state and (seed, step) alone, and waits for the GPU nowhere.
    """

    def __init__(
        self,
        config: TrainConfig,
        base: BaseModel,
        data: TrainingSet,
        layers: LoraLayers,
        class_latents: torch.Tensor | None = None,
    ) -> None:
        self.step = 0
        self.scored: list[Scored] = []
        self._config, self._base, self._data, self._layers = config, base, data, layers
        self._schedule = BatchSchedule([photo.bucket for photo in data.photos], config.batch_size, config.seed)
        self._prior = class_latents
        if class_latents is not None:
            same = [Bucket(config.resolution, config.resolution)] * len(class_latents)
            self._prior_schedule = BatchSchedule(same, config.batch_size, config.seed, PRIOR_ORDER)
        self._optimizer = torch.optim.AdamW(
            [layers.master], lr=config.learning_rate, weight_decay=WEIGHT_DECAY, fused=True
        )
        self._losses: list[torch.Tensor] = []
        self._unet: Any = base.unet
        self._recomputes = False
        if config.gradient_checkpointing == "always":
            self._recompute_activations()
        alphas = base.scheduler.alphas_cumprod.to(base.device, torch.float32)
        self._signal, self._noise = alphas.sqrt(), (1 - alphas).sqrt()
        snr = alphas / (1 - alphas)
        # For a network that predicts the noise: min(snr, gamma) / snr.
        self._loss_weight = snr.clamp(max=config.min_snr_gamma) / snr

    def run_step(self) -> None:
        """One optimiser step on one batch of photos and, with prior preservation, as many class images.

        Raises torch.cuda.OutOfMemoryError when it does not fit even with activations computed twice.
        """
        loss = self._gradient_or_none()
        if loss is None:
            self._recompute_activations()
            torch.cuda.empty_cache()
            loss = self._gradient()
        self._layers.gather_gradient()
        torch.nn.utils.clip_grad_norm_([self._layers.master], GRADIENT_CLIP)
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate_at(self.step, self._config.steps, self._config.learning_rate)
        self._optimizer.step()
        self._layers.publish()
        self._losses.append(loss)
        self.step += 1

    def _gradient_or_none(self) -> torch.Tensor | None:
        """The step's gradient and loss; None when it did not fit into memory and there is a way to need less."""
        try:
            return self._gradient()
        except torch.cuda.OutOfMemoryError:
            if self._recomputes or self._config.gradient_checkpointing == "never":
                raise
        return None

    def _recompute_activations(self) -> None:
        """Gradient checkpointing: keeps block inputs only and computes the rest again, for about a third more time.

        The rule is a measurement, not an estimate: it is on as soon as one step without it did not fit.
        """
        self._unet.enable_gradient_checkpointing()
        self._recomputes = True
        log("gradient_checkpointing_on", step=self.step)

    def _gradient(self) -> torch.Tensor:
        """Leave the gradient of this step in the layers and return the loss on the photos."""
        self._layers.clear_gradient()
        config = self._config
        photos = [self._data.photos[index] for index in self._schedule.batch_at(self.step)]
        generator = step_generator(config.seed, self.step, NOISE)
        mean, std = torch.stack([photo.mean for photo in photos]), torch.stack([photo.std for photo in photos])
        posterior_noise = self._random(mean.shape, generator)
        texts = [photo.texts[_pick(len(photo.texts), generator)] for photo in photos]
        time_ids = torch.stack([photo.time_ids for photo in photos])
        loss = self._loss(mean + std * posterior_noise, texts, time_ids, generator)
        loss.backward()
        if self._prior is not None:
            (self._prior_loss(self._prior) * config.prior_weight).backward()
        return loss.detach()

    def _prior_loss(self, latents: torch.Tensor) -> torch.Tensor:
        """The loss on class images; a pass of its own, because their shape is not the photos'."""
        config, class_texts = self._config, self._data.class_texts
        numbers = self._prior_schedule.batch_at(self.step)
        generator = step_generator(config.seed, self.step, PRIOR_NOISE)
        texts = [class_texts[_pick(len(class_texts), generator)] for _ in numbers]
        side = config.resolution
        size = torch.tensor([side, side, 0, 0, side, side], dtype=torch.float32, device=self._base.device)
        batch = torch.stack([latents[number] for number in numbers])
        return self._loss(batch, texts, size.expand(len(numbers), -1), generator)

    def _loss(
        self, latents: torch.Tensor, texts: list[TextEmbedding], time_ids: torch.Tensor, generator: torch.Generator
    ) -> torch.Tensor:
        """Weighted squared error of the predicted noise, averaged over the batch."""
        timesteps = torch.randint(0, len(self._signal), (len(latents),), generator=generator)
        timesteps = self._to_device(timesteps)
        noise = self._random(latents.shape, generator)
        signal, amount = self._signal[timesteps].view(-1, 1, 1, 1), self._noise[timesteps].view(-1, 1, 1, 1)
        predicted = self._unet(
            (signal * latents + amount * noise).to(self._base.dtype),
            timesteps,
            torch.cat([text.tokens for text in texts]),
            added_cond_kwargs={"text_embeds": torch.cat([text.pooled for text in texts]), "time_ids": time_ids},
            return_dict=False,
        )[0]
        per_image = mse_loss(predicted.float(), noise, reduction="none").mean(dim=(1, 2, 3))
        return (per_image * self._loss_weight[timesteps]).mean()

    def _random(self, shape: torch.Size, generator: torch.Generator) -> torch.Tensor:
        return self._to_device(torch.randn(shape, generator=generator))

    def _to_device(self, tensor: torch.Tensor) -> torch.Tensor:
        """A copy that the CPU does not wait for: from ordinary memory it would wait for all work before it."""
        if self._base.device.type != "cuda":
            return tensor
        return tensor.pin_memory().to(self._base.device, non_blocking=True)

    def latest_loss(self) -> float:
        """The loss of the last step; waits for the device. Raises GpuFailure when it is not a number."""
        loss = float(self._losses[-1])
        if not torch.isfinite(torch.tensor(loss)):
            raise GpuFailure("GPU_INTERNAL", "the loss is not finite: the training diverged", retryable=False)
        return loss

    def losses(self) -> torch.Tensor:
        """(steps,) fp32 on the CPU."""
        return torch.stack(self._losses).float().cpu()

    def checkpoint(self) -> Checkpoint:
        """A copy of the state after the steps done so far. Raises GpuFailure when the loss is not a number."""
        self.latest_loss()
        moments = self._optimizer.state[self._layers.master]
        vectors = {
            "lora": self._layers.master.detach(),
            "exp_avg": moments["exp_avg"],
            "exp_avg_sq": moments["exp_avg_sq"],
        }
        copies = {name: vector.to("cpu", copy=True) for name, vector in vectors.items()}
        scored = [(step, float("nan") if likeness is None else likeness) for step, likeness in self.scored]
        table = torch.tensor(scored, dtype=torch.float64).view(-1, 2)
        return Checkpoint(step=self.step, losses=self.losses(), scored=table, **copies)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Continue after `checkpoint`. Raises GpuFailure WEIGHTS_UNREADABLE when it is of another network."""
        device, master = self._base.device, self._layers.master
        if {checkpoint.lora.shape, checkpoint.exp_avg.shape, checkpoint.exp_avg_sq.shape} != {master.shape}:
            raise GpuFailure("WEIGHTS_UNREADABLE", "checkpoint of another network")
        with torch.no_grad():
            master.copy_(checkpoint.lora)
        self._layers.publish()
        self._optimizer.state[master] = {
            "step": torch.tensor(float(checkpoint.step), device=device),
            "exp_avg": checkpoint.exp_avg.to(device, copy=True),
            "exp_avg_sq": checkpoint.exp_avg_sq.to(device, copy=True),
        }
        self._losses = list(checkpoint.losses.to(device))
        self.scored = [
            (int(step), None if likeness != likeness else likeness) for step, likeness in checkpoint.scored.tolist()
        ]
        self.step = checkpoint.step


def _pick(count: int, generator: torch.Generator) -> int:
    return int(torch.randint(0, count, (), generator=generator))
