"""Drawn pictures as VAE latents, computed once and kept in shards on disk.

    python -m tiny_model.latents --data DIR --scenes 6000 --workers 2

A shard of a finished VAE never changes, so a longer cache is a longer list of shards.
"""

import argparse
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL

from tiny_model.concepts import PRETRAINING_CONCEPTS
from tiny_model.icons import load_icons
from tiny_model.pictures import describe, draw
from tiny_model.workers import run_workers

SHARD = 1000
COMPOSED_SHARE = 0.2
STYLE_WEIGHTS = (5, 3, 1, 1)
"""Mostly the two styles that share their shapes: what little computing time there is draws one thing well."""


def write_shards(rank: int, workers: int, data_dir: Path, scenes: int, seed: int) -> None:
    """Encode the shards that are missing; every `workers`-th one is this process's."""
    icons = load_icons(data_dir, PRETRAINING_CONCEPTS)
    vae: Any = AutoencoderKL.from_pretrained(data_dir / "vae")
    vae.eval().to(memory_format=torch.channels_last)
    folder = data_dir / "latents"
    folder.mkdir(exist_ok=True)
    for shard in range(rank, -(-scenes // SHARD), workers):
        target = folder / f"{shard:04d}.npy"
        if target.exists():
            continue
        parts: list[torch.Tensor] = []
        captions: list[str] = []
        for first in range(shard * SHARD, (shard + 1) * SHARD, 20):
            described = [
                describe(PRETRAINING_CONCEPTS, seed, index, COMPOSED_SHARE, STYLE_WEIGHTS)
                for index in range(first, first + 20)
            ]
            captions += [scene.caption for scene in described]
            pixels = torch.from_numpy(np.stack([draw(icons, scene) for scene in described])).permute(0, 3, 1, 2)
            with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
                posterior = vae.encode((pixels.float() / 127.5 - 1).to(memory_format=torch.channels_last)).latent_dist
            parts.append(torch.cat([posterior.mean, posterior.std], dim=1).half())
        target.with_suffix(".json").write_text(json.dumps(captions))
        unfinished = target.with_suffix(".part")
        with unfinished.open("wb") as file:
            np.save(file, torch.cat(parts).contiguous().numpy())
        os.replace(unfinished, target)
        print(f"shard {shard} done", flush=True)


def read_latents(data_dir: Path, scenes: int) -> tuple[torch.Tensor, torch.Tensor, list[str]]:
    """Means and standard deviations, each (scenes, 4, 16, 16) fp16, and the captions, from whole shards."""
    shards = sorted((data_dir / "latents").glob("*.npy"))[: scenes // SHARD]
    if len(shards) * SHARD < scenes:
        raise ValueError(f"only {len(shards) * SHARD} scenes are cached: run tiny_model.latents")
    both = torch.from_numpy(np.concatenate([np.load(shard) for shard in shards]))
    captions = [caption for shard in shards for caption in json.loads(shard.with_suffix(".json").read_text())]
    mean, std = both.chunk(2, dim=1)
    return mean, std, captions


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--scenes", type=int, default=6000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=3)
    options = parser.parse_args()
    run_workers(options.workers, write_shards, options.data, options.scenes, options.seed)


if __name__ == "__main__":
    main()
