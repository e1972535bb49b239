"""`pixgen-gpu`: training and generation from the command line, without any server.

python -m pixgen_gpu.cli train PHOTO... --out lora.safetensors [--steps 40] [--class-word dog]
python -m pixgen_gpu.cli generate --lora lora.safetensors --prompt "…" --out folder [-n 4]
python -m pixgen_gpu.cli evaluate [--quick]
python -m pixgen_gpu.cli bench [--small] [--json result.json]
python -m pixgen_gpu.cli doctor [--json]
"""

import argparse
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

from pixgen_gpu.errors import GpuFailure
from pixgen_gpu.profiles import PROFILES, ProfileName

QUICK_SUBJECT = "mushroom"
"""One that a person recognises at a glance in what its LoRA draws."""


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
    commands = parser.add_subparsers(required=True, metavar="train | generate | evaluate | bench | doctor")

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
    train.add_argument("--prior-weight", type=float, default=0.0, help="1.0 keeps what the base knows of people")
    train.add_argument("--gradient-checkpointing", choices=("auto", "always", "never"), default="auto")

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

    evaluate = commands.add_parser(
        "evaluate", help="train on held-out subjects with profile tiny and score the pictures"
    )
    evaluate.set_defaults(run=_evaluate)
    evaluate.add_argument("--quick", action="store_true", help="one subject, one seed")
    evaluate.add_argument("--subjects", nargs="+", help="nouns; default: every held-out subject")
    evaluate.add_argument("--seeds", type=int, default=3)
    evaluate.add_argument("--steps", type=int, default=200)
    evaluate.add_argument(
        "--sheets",
        type=Path,
        help="write contact sheets into this folder: per subject, of the base model, and of compositions",
    )

    bench = commands.add_parser("bench", help="measure this machine, plain diffusers and ours in one run; no network")
    bench.set_defaults(run=_bench)
    bench.add_argument("--small", action="store_true", default=None, help="nano size; the default without CUDA")
    bench.add_argument("--budget-s", type=float, default=540, help="leave out what does not fit into this time")
    bench.add_argument("--json", type=Path, help="also write the last line to this file")

    doctor = commands.add_parser("doctor", help="look at everything a GPU host needs; exit status 1 when some fails")
    doctor.set_defaults(run=_doctor)
    doctor.add_argument("--profile", choices=get_args(ProfileName), help="default: GPU_PROFILE")
    doctor.add_argument("--data-dir", type=Path, help="cache of base weights; default: PIXGEN_GPU_DATA_DIR")
    doctor.add_argument("--api", help="the API as this machine reaches it; default: PIXGEN_API_BASE")
    doctor.add_argument("--storage", help="the object store as this machine reaches it; default: S3_PUBLIC_ENDPOINT")
    doctor.add_argument("--json", action="store_true", help="for programs")

    for command in (train, generate):
        command.add_argument("--profile", choices=get_args(ProfileName), default="nano")
        command.add_argument("--data-dir", type=Path, default=Path("data"), help="cache of base weights")
        command.add_argument("--seed", type=int, default=0)
    return parser


def _train(options: Any) -> int:
    from pixgen_gpu.lora import lora_to_bytes, to_kohya
    from pixgen_gpu.models import load_base_model
    from pixgen_gpu.photos import decode_photo
    from pixgen_gpu.training.config import TrainConfig, TrainingImage
    from pixgen_gpu.training.metadata import lora_metadata
    from pixgen_gpu.training.prior import class_image_count
    from pixgen_gpu.training.train_lora import Hooks, train_lora

    config = TrainConfig(
        trigger_word=options.trigger_word,
        class_word=options.class_word,
        steps=options.steps,
        rank=options.rank,
        learning_rate=options.learning_rate,
        resolution=options.resolution or PROFILES[options.profile].native_px,
        batch_size=options.batch_size,
        seed=options.seed,
        prior_weight=options.prior_weight,
        prior_images=class_image_count(options.profile),
        gradient_checkpointing=options.gradient_checkpointing,
    )
    images = [TrainingImage(path.name, decode_photo(path.read_bytes())) for path in options.photos]
    base = load_base_model(options.profile, options.data_dir)
    started = time.monotonic()

    def show(phase: str, step: int, total: int, loss: float | None) -> None:
        print(f"\r{phase} {step}/{total}" + (f" loss {loss:.4f}" if loss is not None else ""), end="", flush=True)

    folder = options.data_dir / "class-images"
    trained = train_lora(config, images, base, Hooks(on_progress=show), prior_folder=folder)
    metadata = lora_metadata(trained, base)
    options.out.write_bytes(lora_to_bytes(trained.state, metadata))
    if options.kohya_out:
        options.kohya_out.write_bytes(lora_to_bytes(to_kohya(trained.state, base.unet), metadata))
    print(f"\n{options.out}: {trained.steps} steps in {time.monotonic() - started:.1f} s")
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


def _evaluate(options: Any) -> int:
    import json

    from pixgen_gpu.evaluation import Evaluated, EvaluationSettings, evaluate_subject, summary
    from pixgen_gpu.models import load_base_model
    from pixgen_gpu.tiny.contact_sheet import (
        COMPOSED_SUBJECTS,
        save_base_sheet,
        save_composition_sheet,
        save_subject_sheet,
    )
    from pixgen_gpu.tiny.scorer import load_scorer
    from pixgen_gpu.tiny.subjects import load_subjects

    everything = load_subjects()
    nouns = [subject.noun for subject in everything]
    asked = options.subjects or ([QUICK_SUBJECT] if options.quick else nouns)
    if unknown := sorted(set(asked) - set(nouns)):
        print(f"no such subject: {', '.join(unknown)}; there are {', '.join(nouns)}", file=sys.stderr)
        return 1
    chosen = [subject for subject in everything if subject.noun in asked]
    base, scorer = load_base_model("tiny", Path()), load_scorer()
    settings = EvaluationSettings(train_steps=options.steps)
    if options.sheets:
        save_base_sheet(base, options.sheets)
    results: list[Evaluated] = []
    print(f"{'subject':<22}{'seed':>5}{'base':>8}{'LoRA':>8}{'gain':>8}{'adherence loss':>16}{'leakage':>9}")
    for subject in chosen:
        others = [other for other in everything if other is not subject]
        own: list[Evaluated] = []
        for seed in range(1 if options.quick else options.seeds):
            result = evaluate_subject(base, scorer, subject, others, seed, settings)
            own.append(result)
            print(
                f"{result.noun:<22}{seed:>5}{result.likeness_base:>8.3f}{result.likeness_lora:>8.3f}"
                f"{result.likeness_lora - result.likeness_base:>8.3f}"
                f"{result.adherence_base - result.adherence_lora:>16.3f}{result.leakage:>9.3f}",
                flush=True,
            )
        results += own
        if options.sheets:
            save_subject_sheet(subject, own[0], options.sheets)
    first = {result.noun: result for result in reversed(results)}
    if options.sheets and first.keys() >= set(COMPOSED_SUBJECTS):
        kinds = {subject.noun: subject.kind for subject in chosen}
        composed = [first[noun] for noun in COMPOSED_SUBJECTS]
        save_composition_sheet(base, composed, kinds, settings, options.sheets)
    print(json.dumps(summary(results)))
    return 0


def _bench(options: Any) -> int:
    from pixgen_gpu.bench.run import main as run

    return run(small=options.small, budget_s=options.budget_s, json_file=options.json)


def _doctor(options: Any) -> int:
    from pixgen_gpu.doctor import Machine, examine, report
    from pixgen_gpu.settings import load_settings

    env = load_settings()
    machine = Machine(
        profile=options.profile or env.gpu_profile,
        data_dir=options.data_dir or env.pixgen_gpu_data_dir,
        api_base=options.api or env.pixgen_api_base,
        storage_url=options.storage or os.environ.get("S3_PUBLIC_ENDPOINT") or os.environ.get("S3_ENDPOINT", ""),
        output=env.output,
        captioner_dir=env.gpu_captioner_dir or None,
        uses_modal=os.environ.get("GPU_BACKEND") == "modal",
    )
    return report(examine(machine), as_json=options.json)


if __name__ == "__main__":
    sys.exit(main())
