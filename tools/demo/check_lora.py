"""Shows that a LoRA file is a plain one: the loader of diffusers opens it, and pixels change when it is off.

    gpu/.venv/bin/python tools/demo/check_lora.py [demo-output/lora.safetensors]

Draws one picture with a stock StableDiffusionXLPipeline over the base model that the file names (`pixgen.base_model`),
with the LoRA and without. Exit status 0 when the file loads, touches every layer it names, and makes a difference.
`gpu/tests/test_shipped_model.py` runs it.
"""

import os
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "gpu"))

import torch  # noqa: E402
from diffusers import StableDiffusionXLPipeline  # noqa: E402
from safetensors import safe_open  # noqa: E402

from pixgen_gpu.models import load_base_model  # noqa: E402
from pixgen_gpu.profiles import PROFILES, ProfileName  # noqa: E402


def profile_of(base_model: str) -> ProfileName:
    """The profile whose base model a file says that it was made for. Raises SystemExit when there is none."""
    for name, profile in PROFILES.items():
        wanted = f"{profile.base.repo_id}@{profile.base.revision}" if profile.base else f"pixgen/{name}"
        if base_model.partition("@")[0] == wanted or base_model == wanted:
            return name
    sys.exit(f"made for a base model that is not here: {base_model or 'the file names none'}")


def draw(pipe: Any, prompt: str, size: int) -> torch.Tensor:
    """One picture as (H, W, 3) in [0, 1]; the same seed each time."""
    image = pipe(
        prompt,
        num_inference_steps=4,
        guidance_scale=5.0,
        width=size,
        height=size,
        generator=torch.Generator().manual_seed(7),
        output_type="pt",
    ).images[0]
    return image.permute(1, 2, 0)


def check(file: Path) -> int:
    """Print what was found; 0 when all is well."""
    with safe_open(file, framework="pt") as lora:
        metadata = lora.metadata() or {}
        layers = {name.rsplit(".lora_", 1)[0] for name in lora.keys()}  # noqa: SIM118 - not a dict
    data_dir = Path(os.environ.get("PIXGEN_GPU_DATA_DIR", ROOT / "gpu" / "data"))
    base = load_base_model(profile_of(metadata.get("pixgen.base_model", "")), data_dir, torch.device("cpu"))
    pipe: Any = StableDiffusionXLPipeline(
        vae=base.vae,
        text_encoder=base.text_encoder,
        text_encoder_2=base.text_encoder_2,
        tokenizer=base.tokenizer,
        tokenizer_2=base.tokenizer_2,
        unet=base.unet,
        scheduler=base.scheduler,
    )
    pipe.set_progress_bar_config(disable=True)
    prompt = f"{metadata.get('pixgen.trigger_word', 'sks_')} {metadata.get('pixgen.class_word', 'toy')} on a beach"
    size = base.profile.native_px
    without = draw(pipe, prompt, size)
    pipe.load_lora_weights(str(file))
    loaded = {name for name, module in pipe.unet.named_modules() if hasattr(module, "lora_A")}
    with_lora = draw(pipe, prompt, size)
    pipe.disable_lora()
    off = draw(pipe, prompt, size)
    difference = (with_lora - without).abs().mean().item()
    print(f"{file}: {len(layers)} layers in the file, {len(loaded)} loaded by diffusers")
    print(
        f"mean pixel difference with the LoRA on: {difference:.5f}; off again: {(off - without).abs().max().item():.5f}"
    )
    problems = [
        "diffusers loaded fewer layers than the file has" if len(loaded) != len(layers) else "",
        "the LoRA changes nothing" if difference == 0 else "",
        "switching it off does not restore the picture" if not torch.equal(off, without) else "",
    ]
    for problem in filter(None, problems):
        print(f"FAILED: {problem}")
    return 1 if any(problems) else 0


if __name__ == "__main__":
    sys.exit(check(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "demo-output" / "lora.safetensors"))
