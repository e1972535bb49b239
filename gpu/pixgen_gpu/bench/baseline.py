"""What people would use instead: diffusers' own pipeline, and the loop of its SDXL LoRA training script.

Written after the published behaviour of diffusers 0.42 (`StableDiffusionXLPipeline` in bf16, eager; the example script
`train_text_to_image_lora_sdxl`): the VAE and both text encoders run in every step, the VAE in fp32, AdamW is not fused,
the loss is read every step, and attention and convolutions run as they come.
"""

import copy
from typing import Any

import numpy as np
import torch
from diffusers import DDPMScheduler, StableDiffusionXLPipeline
from peft import LoraConfig
from torch.nn.functional import mse_loss

from pixgen_gpu.lora import ATTENTION_LINEARS
from pixgen_gpu.models import BaseModel
from pixgen_gpu.training.config import TrainConfig, TrainingImage


def pipeline_of(base: BaseModel) -> Any:
    """diffusers' pipeline over the same weights."""
    scheduler: Any = copy.deepcopy(base.scheduler)
    pipeline: Any = StableDiffusionXLPipeline(
        vae=base.vae,
        text_encoder=base.text_encoder,
        text_encoder_2=base.text_encoder_2,
        tokenizer=base.tokenizer,
        tokenizer_2=base.tokenizer_2,
        unet=base.unet,
        scheduler=scheduler,
        add_watermarker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


class BaselineTraining:
    """The script's loop. Use as a context manager: afterwards the base model is as it was."""

    def __init__(self, base: BaseModel, config: TrainConfig, images: list[TrainingImage]) -> None:
        self._base, self._config, self._images = base, config, images
        self._scheduler: Any = DDPMScheduler.from_config(base.scheduler.config)
        self._turn = 0

    def __enter__(self) -> "BaselineTraining":
        unet: Any = self._base.unet
        unet.add_adapter(
            LoraConfig(
                r=self._config.rank,
                lora_alpha=self._config.rank,
                init_lora_weights="gaussian",
                target_modules=list(ATTENTION_LINEARS),
            )
        )
        unet.train()
        self._parameters = [p for p in unet.parameters() if p.requires_grad]
        for parameter in self._parameters:
            parameter.data = parameter.data.float()
        self._optimizer = torch.optim.AdamW(self._parameters, lr=self._config.learning_rate)
        self._lr = torch.optim.lr_scheduler.LambdaLR(self._optimizer, lambda _: 1.0)
        torch.nn.Module.to(self._base.vae, torch.float32)
        return self

    def __exit__(self, *_: object) -> None:
        unet: Any = self._base.unet
        unet.eval()
        unet.unload_lora()
        unet.requires_grad_(False)
        torch.nn.Module.to(self._base.vae, self._base.dtype)

    def step(self) -> float:
        """One step on one batch; returns its loss, as the script does for its progress bar."""
        base, config = self._base, self._config
        device, dtype = base.device, base.dtype
        picked = [self._images[(self._turn + n) % len(self._images)] for n in range(config.batch_size)]
        self._turn += config.batch_size
        size = (config.resolution, config.resolution)
        pixels = torch.stack(
            [torch.from_numpy(np.asarray(one.image.resize(size), dtype=np.float32) / 127.5 - 1) for one in picked]
        ).permute(0, 3, 1, 2)
        vae: Any = base.vae
        with torch.no_grad():
            latents = vae.encode(pixels.to(device)).latent_dist.sample() * vae.config.scaling_factor
        caption = f"a photo of {config.trigger_word} {config.class_word}"
        texts = [base.encode_text(caption) for _ in picked]
        noise = torch.randn_like(latents)
        timesteps = torch.randint(0, 1000, (len(picked),), device=device).long()
        noisy = self._scheduler.add_noise(latents, noise, timesteps)
        sizes = torch.tensor([[*size, 0, 0, *size]] * len(picked), device=device, dtype=dtype)
        with torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
            predicted = base.unet(
                noisy.to(dtype),
                timesteps,
                torch.cat([text.tokens for text in texts]),
                added_cond_kwargs={"text_embeds": torch.cat([text.pooled for text in texts]), "time_ids": sizes},
                return_dict=False,
            )[0]
        loss = mse_loss(predicted.float(), noise.float())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._parameters, 1.0)
        self._optimizer.step()
        self._lr.step()
        self._optimizer.zero_grad()
        return loss.item()
