"""The whole pretraining: VAE, cached latents, text encoders and U-Net, scorer, and the files that ship.

    python -m tiny_model.pretrain --data DIR

`DIR` needs the npm packages that `tiny_model.icons` names. Every part keeps checkpoints in it, so the command can be
stopped and started again at any time; what is finished is not done twice. About two hours on two quiet CPU cores.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from tiny_model.icons import check_packages


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    data = parser.parse_args().data
    check_packages(data)
    if not (data / "vae" / "config.json").exists():
        _run("train_vae", data)
    _run("latents", data)
    _run("train_unet", data)
    _run("train_scorer", data)
    _run("export", data)


def _run(part: str, data: Path) -> None:
    subprocess.run([sys.executable, "-m", f"tiny_model.{part}", "--data", str(data)], check=True)


if __name__ == "__main__":
    main()
