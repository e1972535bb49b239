"""Training a personal LoRA on the U-Net's attention layers.

Methods: LoRA (Hu et al. 2021), DreamBooth's rare-token caption (Ruiz et al. 2022), min-SNR loss weighting (Hang et al.
2023, "Efficient Diffusion Training via Min-SNR Weighting Strategy"), AdamW (Loshchilov and Hutter 2019), SDXL's size
conditioning (Podell et al. 2023).
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from diffusers import UNet2DConditionModel
from peft import LoraConfig, get_peft_model_state_dict
from torch.nn.functional import mse_loss

from pixgen_gpu.errors import GpuFailure
from pixgen_gpu.lora import ATTENTION_LINEARS, PREFIX, LoraState
from pixgen_gpu.models import BaseModel
from pixgen_gpu.training.checkpoint import Checkpoint
from pixgen_gpu.training.config import TrainConfig, TrainedLora, TrainingImage
from pixgen_gpu.training.latents import TrainingSet, encode_training_set
from pixgen_gpu.training.schedule import BatchSchedule, learning_rate_at, step_generator

GRADIENT_CLIP = 1.0
PROGRESS_EVERY_S = 0.25
"""Reading the loss waits for the GPU, so it is not done every step."""

OnProgress = Callable[[str, int, int, float | None], None]
"""(phase, step, total steps, loss): phase `encoding` counts photos, `training` counts finished steps."""


def train_lora(
    config: TrainConfig,
    images: list[TrainingImage],
    base: BaseModel,
    on_progress: OnProgress,
    *,
    check_stop: Callable[[], None] = lambda: None,
    checkpoint_due: Callable[[int], bool] = lambda _step: False,
    on_checkpoint: Callable[[Checkpoint], None] = lambda _checkpoint: None,
    resume: Checkpoint | None = None,
) -> TrainedLora:
    """Train a LoRA and return it; `base` is left exactly as it was.

    On the CPU the result depends only on the arguments: resuming from any checkpoint gives the same bits as training
    without a break. `check_stop` is called before every step and stops the training by raising. `checkpoint_due(step)`
    is asked after every step but the last.

    Raises GpuFailure GPU_INTERNAL when the loss is no longer finite.
    """
    check_stop()
    base.release_drawing()
    on_progress("encoding", 0, len(images), None)

    def photo_done(count: int) -> None:
        check_stop()
        on_progress("encoding", count, len(images), None)

    data = encode_training_set(base, config, images, photo_done)
    with _lora_layers(base.unet, config) as parameters:
        loop = _Loop(config, base, data, parameters)
        if resume:
            loop.restore(resume)
        reported = time.monotonic()
        while loop.step < config.steps:
            check_stop()
            loop.run_step()
            last = loop.step == config.steps
            if last or time.monotonic() - reported >= PROGRESS_EVERY_S:
                reported = time.monotonic()
                on_progress("training", loop.step, config.steps, loop.latest_loss())
            if not last and checkpoint_due(loop.step):
                on_checkpoint(loop.checkpoint())
        return TrainedLora(_diffusers_state(base.unet), loop.losses(), config)


@contextmanager
def _lora_layers(unet: UNet2DConditionModel, config: TrainConfig) -> Iterator[dict[str, torch.nn.Parameter]]:
    """Put fresh fp32 LoRA layers into the U-Net for the length of the block; yields them by name, in a fixed order."""
    settings = LoraConfig(
        r=config.rank, lora_alpha=config.rank, target_modules=list(ATTENTION_LINEARS), init_lora_weights="gaussian"
    )
    with torch.random.fork_rng():
        torch.manual_seed(config.seed)
        unet.add_adapter(settings)
    try:
        parameters = {name: parameter for name, parameter in unet.named_parameters() if parameter.requires_grad}
        for parameter in parameters.values():
            parameter.data = parameter.data.float()
        unet.train()
        yield parameters
    finally:
        unet.eval()
        unet.unload_lora()
        unet.requires_grad_(False)


class _Loop:
    """The optimisation of one LoRA: parameters, optimiser state and the count of finished steps."""

    def __init__(
        self, config: TrainConfig, base: BaseModel, data: TrainingSet, parameters: dict[str, torch.nn.Parameter]
    ) -> None:
        self.step = 0
        self._config, self._base, self._data, self._parameters = config, base, data, parameters
        self._schedule = BatchSchedule([photo.bucket for photo in data.photos], config.batch_size, config.seed)
        self._optimizer = torch.optim.AdamW(parameters.values(), lr=config.learning_rate, weight_decay=1e-2, fused=True)
        self._losses: list[torch.Tensor] = []
        alphas = base.scheduler.alphas_cumprod.to(base.device, torch.float32)
        self._signal, self._noise = alphas.sqrt(), (1 - alphas).sqrt()
        snr = alphas / (1 - alphas)
        # For a network that predicts the noise: min(snr, gamma) / snr.
        self._loss_weight = snr.clamp(max=config.min_snr_gamma) / snr

    def run_step(self) -> None:
        """One optimiser step on one batch."""
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate_at(self.step, self._config.steps, self._config.learning_rate)
        loss = self._batch_loss()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._parameters.values(), GRADIENT_CLIP)
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        self._losses.append(loss.detach())
        self.step += 1

    def _batch_loss(self) -> torch.Tensor:
        """Weighted squared error of the predicted noise, averaged over the batch."""
        device = self._base.device
        photos = [self._data.photos[index] for index in self._schedule.batch_at(self.step)]
        shape = (len(photos), *photos[0].mean.shape)
        generator = step_generator(self._config.seed, self.step)
        timesteps = torch.randint(0, len(self._signal), (len(photos),), generator=generator).to(device)
        posterior_noise = torch.randn(shape, generator=generator).to(device)
        noise = torch.randn(shape, generator=generator).to(device)

        mean, std = torch.stack([photo.mean for photo in photos]), torch.stack([photo.std for photo in photos])
        latents = mean + std * posterior_noise
        signal, amount = self._signal[timesteps].view(-1, 1, 1, 1), self._noise[timesteps].view(-1, 1, 1, 1)
        noisy = signal * latents + amount * noise
        caption = self._data.caption
        dtype = self._base.dtype
        with torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
            predicted = self._base.unet(
                noisy.to(dtype),
                timesteps,
                caption.tokens.expand(len(photos), -1, -1),
                added_cond_kwargs={
                    "text_embeds": caption.pooled.expand(len(photos), -1),
                    "time_ids": torch.stack([photo.time_ids for photo in photos]),
                },
            ).sample
        per_photo = mse_loss(predicted.float(), noise, reduction="none").mean(dim=(1, 2, 3))
        return (per_photo * self._loss_weight[timesteps]).mean()

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

        def copies(values: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
            return {name: tensor.detach().to("cpu", copy=True) for name, tensor in values.items()}

        moments = {name: self._optimizer.state[parameter] for name, parameter in self._parameters.items()}
        return Checkpoint(
            step=self.step,
            lora=copies(dict(self._parameters)),
            exp_avg=copies({name: state["exp_avg"] for name, state in moments.items()}),
            exp_avg_sq=copies({name: state["exp_avg_sq"] for name, state in moments.items()}),
            losses=self.losses(),
        )

    def restore(self, checkpoint: Checkpoint) -> None:
        """Continue after `checkpoint`. Raises GpuFailure WEIGHTS_UNREADABLE when it lacks a parameter."""
        device = self._base.device
        if not self._parameters.keys() == checkpoint.lora.keys() == checkpoint.exp_avg.keys():
            raise GpuFailure("WEIGHTS_UNREADABLE", "checkpoint of another network")
        with torch.no_grad():
            for name, parameter in self._parameters.items():
                parameter.copy_(checkpoint.lora[name])
                self._optimizer.state[parameter] = {
                    "step": torch.tensor(float(checkpoint.step), device=device),
                    "exp_avg": checkpoint.exp_avg[name].to(device, copy=True),
                    "exp_avg_sq": checkpoint.exp_avg_sq[name].to(device, copy=True),
                }
        self._losses = list(checkpoint.losses.to(device))
        self.step = checkpoint.step


def _diffusers_state(unet: UNet2DConditionModel) -> LoraState:
    """The trained layers in the layout that diffusers' own loader reads."""
    return {
        f"{PREFIX}{name}": tensor.detach().float().to("cpu", copy=True)
        for name, tensor in get_peft_model_state_dict(unet).items()
    }
