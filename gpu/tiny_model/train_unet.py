"""Pretraining text encoders and U-Net together on cached latents.

    python -m tiny_model.train_unet --data DIR --scenes 6000 --steps 5000 --workers 2
    python -m tiny_model.train_unet --data DIR --scenes 96000 --steps 20000 --batch 256 --device cuda

Methods: latent diffusion with SDXL's conditioning (Podell et al. 2023), min-SNR weighting with gamma 5 (Hang et al.
2023), classifier-free guidance by dropping captions (Ho and Salimans 2022), an exponential moving average of weights.
Every step is a function of (seed, step, process), so a training that was stopped goes on with the same numbers.
"""

import argparse
import copy
import time
from contextlib import nullcontext
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from pixgen_gpu.tiny.architecture import MAX_TOKENS, build_scheduler, build_text_encoders, build_unet
from pixgen_gpu.tiny.tokenizer import read_tokenizer, save_tokenizer
from tiny_model.checkpoints import load_state, save_state
from tiny_model.latents import read_latents
from tiny_model.tokenizer import learn_tokenizer
from tiny_model.workers import average_gradients, learning_rate_share, run_workers

DROPPED_CAPTIONS = 0.1
GAMMA = 5.0
EMBEDDING_START = 25.0


class Denoiser(nn.Module):
    """Text encoders and U-Net as one module: noisy latents and token ids in, noise out."""

    def __init__(self, tokenizer: Any) -> None:
        super().__init__()
        self.text_encoder, self.text_encoder_2 = build_text_encoders(tokenizer)
        self.unet = build_unet()
        # Words start far apart: at the usual 0.02 the cross-attention would hardly see them for hundreds of steps.
        with torch.no_grad():
            encoders: list[Any] = [self.text_encoder, self.text_encoder_2]
            for encoder in encoders:
                encoder.get_input_embeddings().weight.mul_(EMBEDDING_START)

    def forward(
        self, noisy: torch.Tensor, timesteps: torch.Tensor, ids: torch.Tensor, time_ids: torch.Tensor
    ) -> torch.Tensor:
        """As `BaseModel.encode_text` and SDXL's pipeline do it."""
        first = self.text_encoder(ids, output_hidden_states=True)
        second: Any = self.text_encoder_2(ids, output_hidden_states=True)
        tokens = torch.cat([first.hidden_states[-2], second.hidden_states[-2]], dim=-1)
        conditions = {"text_embeds": second.text_embeds, "time_ids": time_ids}
        return self.unet(noisy, timesteps, tokens, added_cond_kwargs=conditions, return_dict=False)[0]


def ema_decay(step: int) -> float:
    """Short memory at first, about the last 500 steps later."""
    return min(0.998, (1 + step) / (10 + step))


def sizes(generator: torch.Generator, count: int) -> torch.Tensor:
    """(count, 6) time ids; half of the pictures claim another original size, so that photos of any size are usual."""
    original = torch.randint(96, 1537, (count, 1), generator=generator).float()
    original = torch.where(torch.rand(count, 1, generator=generator) < 0.5, original, torch.tensor(128.0))
    return torch.cat([original, original, torch.zeros(count, 2), torch.full((count, 2), 128.0)], dim=1)


@dataclass(frozen=True)
class UnetSettings:
    """One pretraining. Learning rate and numbers of every step follow from these and the step alone."""

    scenes: int = 6000
    steps: int = 5000
    batch: int = 24
    """Pictures per process."""
    learning_rate: float = 1e-3
    seed: int = 5
    until: int | None = None
    """Stop after this many steps of `steps`; a later call goes on."""
    device: str = "cpu"
    """`cuda` for a card, with one process. What is drawn in a step is the same; its sums round otherwise."""


def train(rank: int, _workers: int, data_dir: Path, settings: UnetSettings) -> None:
    """Train, or go on with a training; the state is in `unet-checkpoint.pt` of `data_dir`."""
    scenes, steps, batch, seed = settings.scenes, settings.steps, settings.batch, settings.seed
    device = torch.device(settings.device)
    tokenizer = read_tokenizer(data_dir / "tokenizer.json")
    means, stds, captions = read_latents(data_dir, scenes)
    means, stds = means.to(device), stds.to(device)
    ids = torch.tensor(
        tokenizer([*captions, ""], padding="max_length", max_length=MAX_TOKENS, truncation=True).input_ids
    ).to(device)
    torch.manual_seed(seed)
    model = Denoiser(tokenizer).to(device).to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    average = copy.deepcopy(model).requires_grad_(False)
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(parameters, betas=(0.9, 0.98), weight_decay=1e-2, fused=True)
    checkpoint = data_dir / "unet-checkpoint.pt"
    step = load_state(checkpoint, optimizer, model=model, average=average)
    alphas = build_scheduler().alphas_cumprod.float().to(device)
    weights = (alphas / (1 - alphas)).clamp(max=GAMMA) * (1 - alphas) / alphas
    started, first = time.monotonic(), step
    running = torch.zeros((), device=device)
    # On CPU the fused attention's backward pass takes three times as long as the plain one at these sizes.
    attention = (lambda: sdpa_kernel(SDPBackend.MATH)) if device.type == "cpu" else nullcontext

    while step < min(steps, settings.until or steps):
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * learning_rate_share(step, steps)
        generator = torch.Generator().manual_seed((seed * 1_000_003 + step) * 64 + rank)
        chosen = torch.randint(0, scenes, (batch,), generator=generator).to(device)
        timesteps = torch.randint(0, len(alphas), (batch,), generator=generator).to(device)
        latents = means[chosen].float()
        latents = latents + stds[chosen].float() * torch.randn(latents.shape, generator=generator).to(device)
        noise = torch.randn(latents.shape, generator=generator).to(device)
        signal = alphas[timesteps].view(-1, 1, 1, 1)
        noisy = signal.sqrt() * latents + (1 - signal).sqrt() * noise
        dropped = (torch.rand(batch, generator=generator) < DROPPED_CAPTIONS).to(device)
        text = ids[torch.where(dropped, len(captions), chosen)]
        time_ids = sizes(generator, batch).to(device)
        with attention(), torch.autocast(device.type, torch.bfloat16):
            predicted = model(noisy.to(memory_format=torch.channels_last), timesteps, text, time_ids)
        per_picture = (predicted.float() - noise).pow(2).mean(dim=(1, 2, 3))
        loss = (per_picture * weights[timesteps]).mean()
        loss.backward()
        average_gradients(parameters)
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        step += 1
        running = loss.detach() if step == first + 1 else running.lerp(loss.detach(), 0.02)
        if rank == 0:
            with torch.no_grad():
                decay = ema_decay(step)
                for slow, fast in zip(average.parameters(), model.parameters(), strict=True):
                    slow.lerp_(fast, 1 - decay)
            if step % 20 == 0:
                speed = (time.monotonic() - started) / (step - first)
                print(f"unet {step}/{steps} loss {running.item():.4f} {speed:.2f} s/step", flush=True)
            if step % 100 == 0 or step == steps:
                save_state(checkpoint, step, optimizer, model=model, average=average)
    if rank == 0:
        save_state(checkpoint, step, optimizer, model=model, average=average)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=2)
    for field in fields(UnetSettings):
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=type(field.default or 0), default=field.default)
    options = parser.parse_args()
    if not (options.data / "tokenizer.json").exists():
        save_tokenizer(learn_tokenizer(options.data), options.data / "tokenizer.json")
    settings = UnetSettings(**{field.name: getattr(options, field.name) for field in fields(UnetSettings)})
    run_workers(options.workers, train, options.data, settings)


if __name__ == "__main__":
    main()
