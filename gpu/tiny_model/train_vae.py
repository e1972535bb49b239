"""Pretraining the VAE on 64 px crops of drawn pictures; it is convolutional, so crops teach it whole pictures.

    python -m tiny_model.train_vae --data DIR --steps 2400 --workers 2

Loss: absolute error of pixels and of their differences (edges), and a little Kullback-Leibler divergence. At the end
each latent channel is scaled to mean 0 and variance 1 inside the two 1x1 convolutions, so the scaling factor is 1.
"""

import argparse
import time
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
from torch.nn.functional import avg_pool2d, l1_loss

from pixgen_gpu.tiny.architecture import build_vae
from tiny_model.checkpoints import load_state, save_state
from tiny_model.concepts import PRETRAINING_CONCEPTS
from tiny_model.icons import load_icons
from tiny_model.linear_start import constant_holder, start_linear
from tiny_model.pictures import describe, draw
from tiny_model.workers import average_gradients, learning_rate_share, run_workers

CROP_PX = 64
KL_WEIGHT = 1e-3


def crops(icons: np.ndarray, seed: int, first: int, count: int) -> torch.Tensor:
    """(count, 3, CROP_PX, CROP_PX) in [-1, 1]."""
    batch: list[np.ndarray] = []
    for index in range(first, first + count):
        picture = draw(icons, describe(PRETRAINING_CONCEPTS, seed, index, 0.2))
        random = Random(f"crop {seed} {index}")
        x, y = (random.randrange(12, picture.shape[0] - CROP_PX - 11) for _ in range(2))
        batch.append(picture[y : y + CROP_PX, x : x + CROP_PX])
    return torch.from_numpy(np.stack(batch)).permute(0, 3, 1, 2).float() / 127.5 - 1


def reconstruction_loss(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Absolute error of pixels, of horizontal and vertical differences, and of the picture at half size."""
    difference = output - target
    edges = difference.diff(dim=-1).abs().mean() + difference.diff(dim=-2).abs().mean()
    return l1_loss(output, target) + 0.5 * edges + 0.5 * avg_pool2d(difference, 2).abs().mean()


def train(rank: int, workers: int, data_dir: Path, steps: int, batch: int, peak: float, seed: int) -> None:
    """Train or go on with a training; ends with `vae.safetensors` in `data_dir`."""
    icons = load_icons(data_dir, PRETRAINING_CONCEPTS)
    torch.manual_seed(seed)
    vae: Any = build_vae().to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    start_linear(vae)
    hold_constants = constant_holder(vae)
    parameters = list(vae.parameters())
    optimizer = torch.optim.AdamW(parameters, lr=peak, betas=(0.9, 0.98), weight_decay=1e-4, fused=True)
    checkpoint = data_dir / "vae-checkpoint.pt"
    step = load_state(checkpoint, optimizer, vae=vae)
    started, shown = time.monotonic(), step
    while step < steps:
        for group in optimizer.param_groups:
            group["lr"] = peak * learning_rate_share(step, steps, warmup=50)
        pixels = crops(icons, seed, (step * workers + rank) * batch, batch).to(memory_format=torch.channels_last)
        torch.manual_seed(seed + 7919 * (step * workers + rank))
        with torch.autocast("cpu", torch.bfloat16):
            posterior = vae.encode(pixels).latent_dist
            output = vae.decode(posterior.sample()).sample
        reconstruction = reconstruction_loss(output.float(), pixels)
        divergence = 0.5 * (posterior.mean.float().pow(2) + posterior.var.float() - 1 - posterior.logvar.float()).mean()
        (reconstruction + KL_WEIGHT * divergence).backward()
        average_gradients(parameters)
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        hold_constants()
        optimizer.zero_grad(set_to_none=True)
        step += 1
        if rank == 0 and (step % 20 == 0 or step == steps):
            speed = (time.monotonic() - started) / (step - shown)
            error = (output.float() - pixels).abs().mean().item()
            print(
                f"vae {step}/{steps} loss {reconstruction.item():.4f} abs {error:.4f} kl {divergence.item():.2f} "
                f"{speed:.2f} s/step",
                flush=True,
            )
        if rank == 0 and (step % 200 == 0 or step == steps):
            save_state(checkpoint, step, optimizer, vae=vae)
    if rank == 0:
        normalise_latents(vae, icons, seed)
        vae.to(memory_format=torch.contiguous_format).save_pretrained(data_dir / "vae")


@torch.no_grad()
def normalise_latents(vae: Any, icons: np.ndarray, seed: int, count: int = 96) -> None:
    """Give every latent channel mean 0 and variance 1 over whole pictures; decoding stays the same."""
    pictures = [draw(icons, describe(PRETRAINING_CONCEPTS, seed + 1, index, 0.2)) for index in range(count)]
    pixels = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1
    means = torch.cat([vae.encode(part).latent_dist.mean for part in pixels.split(16)])
    mean, std = means.mean(dim=(0, 2, 3)), means.std(dim=(0, 2, 3))
    inward, outward = vae.quant_conv, vae.post_quant_conv
    size = len(mean)
    outward.bias += outward.weight[:, :, 0, 0] @ mean
    outward.weight *= std.view(1, -1, 1, 1)
    inward.weight[:size] /= std.view(-1, 1, 1, 1)
    inward.bias[:size] = (inward.bias[:size] - mean) / std
    inward.bias[size:] -= 2 * std.log()  # log variances shrink with the square of the scale


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=2400)
    parser.add_argument("--batch", type=int, default=8, help="pictures per process")
    parser.add_argument("--learning-rate", type=float, default=6e-4)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    load_icons(options.data, PRETRAINING_CONCEPTS)
    run_workers(options.workers, train, options.data, options.steps, options.batch, options.learning_rate, options.seed)


if __name__ == "__main__":
    main()
