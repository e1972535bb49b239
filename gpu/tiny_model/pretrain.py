"""The whole pretraining: VAE, cached latents, text encoders and U-Net, scorer, and the files that ship.

    python -m tiny_model.pretrain --data DIR

`DIR` needs the npm packages that `tiny_model.icons` names. Every part keeps checkpoints in it, so the command can be
stopped and started again at any time; what is finished is not done twice. The numbers of pictures and steps default to
those of the shipped weights, about four hours on two quiet CPU cores; `--scenes 6000 --steps 5000` takes two, and draws
less well. `--device cuda --batch 256` lets text encoders and U-Net learn on a card; nothing else needs one.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from tiny_model.icons import check_packages

SHIPPED_SCENES, SHIPPED_STEPS = 24_000, 12_000


def main(arguments: list[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--scenes", type=int, default=SHIPPED_SCENES, help="pictures to learn from")
    parser.add_argument("--steps", type=int, default=SHIPPED_STEPS, help="steps of text encoders and U-Net")
    parser.add_argument("--batch", type=int, help="pictures of a step of text encoders and U-Net, per process")
    parser.add_argument("--device", default="cpu", help="where text encoders and U-Net learn: cpu or cuda")
    options = parser.parse_args(arguments)
    data, scenes = options.data, f"--scenes={options.scenes}"
    check_packages(data)
    if not (data / "vae" / "config.json").exists():
        _run("train_vae", data)
    _run("latents", data, scenes)
    unet = [scenes, f"--steps={options.steps}", f"--device={options.device}"]
    if options.batch:
        unet.append(f"--batch={options.batch}")
    if options.device != "cpu":
        unet.append("--workers=1")
    _run("train_unet", data, *unet)
    _run("train_scorer", data)
    _run("export", data)


def _run(part: str, data: Path, *options: str) -> None:
    subprocess.run([sys.executable, "-m", f"tiny_model.{part}", "--data", str(data), *options], check=True)


if __name__ == "__main__":
    main()
