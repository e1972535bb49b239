"""diffusers' schedulers behind one small surface that never makes the host wait for the device.

The schedulers keep their sigmas on the CPU, and arithmetic of a device tensor with a CPU scalar needs no transfer back.
Two things would: looking up the index of a timestep that lies on the device, and indexing a CPU table with it. So they
get their timesteps from a CPU copy, and the U-Net gets them from one tensor on the device.

Methods: Euler (Karras et al. 2022), DPM-Solver++ 2M (Lu et al. 2022) over Karras's sigmas, DDIM (Song et al. 2021).
"""

from typing import Any

import torch
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler, EulerDiscreteScheduler

from pixgen_gpu.generation.config import SchedulerName


def _make(name: SchedulerName, base: EulerDiscreteScheduler) -> Any:
    """A fresh scheduler over the base model's own noise schedule."""
    match name:
        case "euler":
            return EulerDiscreteScheduler.from_config(base.config)
        case "dpmpp-2m-karras":
            options: dict[str, Any] = {"algorithm_type": "dpmsolver++", "solver_order": 2, "use_karras_sigmas": True}
            return DPMSolverMultistepScheduler.from_config(base.config, **options)
        case "ddim":
            return DDIMScheduler.from_config(base.config, clip_sample=False, set_alpha_to_one=False)


class Sampler:
    """One denoising schedule, used once from step 0 to its last."""

    def __init__(self, name: SchedulerName, base: EulerDiscreteScheduler, steps: int, device: torch.device) -> None:
        self._scheduler = _make(name, base)
        self._scheduler.set_timesteps(steps)
        self._host: list[torch.Tensor] = list(
            self._scheduler.timesteps.float() if name == "euler" else self._scheduler.timesteps
        )
        if name != "ddim":
            self._scheduler.set_begin_index(0)
        self.timesteps = self._scheduler.timesteps.to(device)
        """(steps,) on the device, for the U-Net."""
        self._is_scaled = name == "euler"
        self._sigmas = self._noise_levels(name)

    def __len__(self) -> int:
        return len(self._host)

    @property
    def init_noise_sigma(self) -> float:
        """The standard deviation that the first latents must have."""
        return float(self._scheduler.init_noise_sigma)

    def model_input(self, latents: torch.Tensor, step: int) -> torch.Tensor:
        """Latents as the U-Net expects them at a step."""
        return self._scheduler.scale_model_input(latents, self._host[step])

    def advance(self, prediction: torch.Tensor, latents: torch.Tensor, step: int) -> torch.Tensor:
        """The latents after a step, from what the U-Net predicted. Both fp32 on the device."""
        return self._scheduler.step(prediction, self._host[step], latents, return_dict=False)[0]

    def denoised(self, prediction: torch.Tensor, latents: torch.Tensor, step: int) -> torch.Tensor:
        """The picture that the U-Net sees behind the noise at a step: what a preview shows."""
        sigma = self._sigmas[step]
        signal = (1 + sigma * sigma) ** -0.5
        preserved = latents * signal if self._is_scaled else latents
        if self._scheduler.config.prediction_type == "v_prediction":
            return signal * preserved - sigma * signal * prediction
        return preserved / signal - sigma * prediction

    def _noise_levels(self, name: SchedulerName) -> list[float]:
        """Standard deviation of noise relative to signal, for each step."""
        if name == "ddim":
            kept = self._scheduler.alphas_cumprod[self._scheduler.timesteps]
            return ((1 - kept) / kept).sqrt().tolist()
        return self._scheduler.sigmas[: len(self._host)].tolist()
