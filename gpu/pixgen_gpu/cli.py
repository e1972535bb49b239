"""`pixgen-gpu`: training and generation from the command line, without any server.

python -m pixgen_gpu.cli train PHOTO... --out lora.safetensors [--steps 40] [--class-word dog]
python -m pixgen_gpu.cli generate --lora lora.safetensors --prompt "…" --out folder [-n 4]
python -m pixgen_gpu.cli bench [--small] [--json result.json]
python -m pixgen_gpu.cli doctor
"""

import argparse
import importlib.metadata
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

from pixgen_gpu.errors import GpuFailure
from pixgen_gpu.profiles import PROFILES, ProfileName


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except GpuFailure as failure:
        print(f"{failure.code}: {failure.detail}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pixgen-gpu", description="Train a LoRA or draw images on this machine.")
    commands = parser.add_subparsers(required=True, metavar="train | generate | bench | doctor")

    train = commands.add_parser("train", help="photos -> LoRA file")
    train.set_defaults(run=_train)
    train.add_argument("photos", nargs="+", type=Path, help="JPEG, PNG or WebP files of one subject")
    train.add_argument("--out", type=Path, default=Path("lora.safetensors"))
    train.add_argument("--kohya-out", type=Path, help="also write the file for ComfyUI and A1111")
    train.add_argument("--trigger-word", default="sks_abc234")
    train.add_argument("--class-word", default="subject")
    train.add_argument("--steps", type=int, default=40)
    train.add_argument("--rank", type=int, default=16)
    train.add_argument("--learning-rate", type=float, default=1e-4)
    train.add_argument("--resolution", type=int, help="default: the profile's own size")
    train.add_argument("--batch-size", type=int, default=1)

    generate = commands.add_parser("generate", help="prompt -> image files")
    generate.set_defaults(run=_generate)
    generate.add_argument("--prompt", required=True)
    generate.add_argument("--negative-prompt", default="")
    generate.add_argument("--lora", type=Path)
    generate.add_argument("--lora-weight", type=float, default=1.0)
    generate.add_argument("-n", "--count", type=int, default=1)
    generate.add_argument("--size", type=int, help="pixels per side; default: the profile's own size")
    generate.add_argument("--steps", type=int, default=20)
    generate.add_argument("--guidance", type=float, default=5.0)
    generate.add_argument("--scheduler", choices=("euler", "dpmpp-2m-karras", "ddim"), default="euler")
    generate.add_argument("--format", choices=("png", "webp"), default="png")
    generate.add_argument("--out", type=Path, default=Path("out"))

    bench = commands.add_parser("bench", help="measure this machine, plain diffusers and ours in one run; no network")
    bench.set_defaults(run=_bench)
    bench.add_argument("--small", action="store_true", default=None, help="nano size; the default without CUDA")
    bench.add_argument("--budget-s", type=float, default=540, help="leave out what does not fit into this time")
    bench.add_argument("--json", type=Path, help="also write the last line to this file")

    doctor = commands.add_parser("doctor", help="what this machine has")
    doctor.set_defaults(run=_doctor)

    for command in (train, generate):
        command.add_argument("--profile", choices=get_args(ProfileName), default="nano")
        command.add_argument("--data-dir", type=Path, default=Path("data"), help="cache of base weights")
        command.add_argument("--seed", type=int, default=0)
    return parser


def _train(options: Any) -> int:
    from pixgen_gpu.jobs import lora_metadata
    from pixgen_gpu.lora import lora_to_bytes, to_kohya
    from pixgen_gpu.models import load_base_model
    from pixgen_gpu.photos import decode_photo
    from pixgen_gpu.training.config import TrainConfig, TrainingImage
    from pixgen_gpu.training.train_lora import train_lora

    config = TrainConfig(
        trigger_word=options.trigger_word,
        class_word=options.class_word,
        steps=options.steps,
        rank=options.rank,
        learning_rate=options.learning_rate,
        resolution=options.resolution or PROFILES[options.profile].native_px,
        batch_size=options.batch_size,
        seed=options.seed,
    )
    images = [TrainingImage(path.name, decode_photo(path.read_bytes())) for path in options.photos]
    base = load_base_model(options.profile, options.data_dir)
    started = time.monotonic()

    def show(phase: str, step: int, total: int, loss: float | None) -> None:
        print(f"\r{phase} {step}/{total}" + (f" loss {loss:.4f}" if loss is not None else ""), end="", flush=True)

    trained = train_lora(config, images, base, show)
    metadata = lora_metadata(trained, base)
    options.out.write_bytes(lora_to_bytes(trained.state, metadata))
    if options.kohya_out:
        options.kohya_out.write_bytes(lora_to_bytes(to_kohya(trained.state), metadata))
    print(f"\n{options.out}: {config.steps} steps in {time.monotonic() - started:.1f} s")
    return 0


def _generate(options: Any) -> int:
    from pixgen_gpu.generation.config import FailedImage, GenerateConfig, ImagePlan, RenderedImage
    from pixgen_gpu.generation.generate import generate
    from pixgen_gpu.lora import lora_from_bytes
    from pixgen_gpu.models import load_base_model
    from pixgen_gpu.provenance import image_file

    base = load_base_model(options.profile, options.data_dir)
    lora = lora_from_bytes(options.lora.read_bytes(), base.unet) if options.lora else None
    side = options.size or base.profile.native_px
    config = GenerateConfig(side, side, options.steps, options.guidance, options.lora_weight, options.scheduler)
    settings = {**asdict(config), "baseModel": base.model_id}
    plans = [
        ImagePlan(f"image-{seed}", options.prompt, options.negative_prompt, seed)
        for seed in range(options.seed, options.seed + options.count)
    ]
    options.out.mkdir(parents=True, exist_ok=True)
    failed: list[str] = []

    def save(result: RenderedImage | FailedImage) -> None:
        if isinstance(result, FailedImage):
            failed.append(result.plan.image_id)
            print(f"{result.plan.image_id}: {result.code}", file=sys.stderr)
            return
        target = options.out / f"{result.plan.image_id}.{options.format}"
        recipe = {"prompt": options.prompt, "negativePrompt": options.negative_prompt, "seed": result.plan.seed}
        target.write_bytes(image_file(result.image, recipe | settings, options.format))
        print(f"{target} ({result.gpu_ms} ms)")

    generate(config, plans, base, lora, save)
    return 1 if failed else 0


def _bench(options: Any) -> int:
    from pixgen_gpu.bench.run import main as run

    return run(small=options.small, budget_s=options.budget_s, json_file=options.json)


def _doctor(_: Any) -> int:
    print(f"python {sys.version.split()[0]}")
    for package in ("torch", "diffusers", "peft", "transformers", "safetensors", "modal"):
        print(f"{package} {importlib.metadata.version(package)}")
    import torch

    if not torch.cuda.is_available():
        print("no CUDA device: profile nano runs here, profile sdxl is far too slow")
        return 0
    for index in range(torch.cuda.device_count()):
        device = torch.cuda.get_device_properties(index)
        print(f"cuda:{index} {device.name}, {device.total_memory / 2**30:.0f} GiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
