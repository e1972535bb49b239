"""From checkpoints to the shipped files.

python -m tiny_model.export --data DIR [--out pixgen_gpu/tiny/weights]
"""

import argparse
import shutil
from pathlib import Path

import torch
from diffusers import AutoencoderKL

from pixgen_gpu.tiny.tokenizer import read_tokenizer
from pixgen_gpu.tiny.weights import FOLDER, save_tiny
from tiny_model.train_unet import Denoiser


def export(data_dir: Path, out: Path) -> int:
    """Write the averaged weights of the latest checkpoint; returns its step."""
    tokenizer = read_tokenizer(data_dir / "tokenizer.json")
    model = Denoiser(tokenizer)
    state = torch.load(data_dir / "unet-checkpoint.pt", weights_only=True)
    model.load_state_dict(state["modules"]["average"])
    parts = {
        "unet": model.unet,
        "vae": AutoencoderKL.from_pretrained(data_dir / "vae"),
        "text_encoder": model.text_encoder,
        "text_encoder_2": model.text_encoder_2,
    }
    save_tiny(out, parts, tokenizer, {"pixgen.steps": str(state["step"])})
    if (data_dir / "scorer.safetensors").exists():
        shutil.copyfile(data_dir / "scorer.safetensors", out / "scorer.safetensors")
    return state["step"]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=FOLDER)
    options = parser.parse_args()
    step = export(options.data, options.out)
    size = sum(file.stat().st_size for file in options.out.iterdir())
    print(f"step {step}: {size / 2**20:.1f} MiB in {options.out}")


if __name__ == "__main__":
    main()
