"""The GPU of this machine as its driver sees it, asked without torch, so that hosts start fast."""

import os
import subprocess
from dataclasses import dataclass

from pixgen_gpu.profiles import ProfileName

GIB = 2**30
# Free memory that a profile wants before its model is loaded: the most that training or drawing at its native size
# is meant to take. The small profiles are small change.
NEEDED_BYTES: dict[ProfileName, int] = {"sdxl": 14 * GIB}
NEEDED_BY_SMALL_BYTES = GIB // 2
ANSWER_WITHIN_S = 10


@dataclass(frozen=True)
class Card:
    """One NVIDIA GPU and its memory at one moment."""

    name: str
    driver: str
    total_bytes: int
    free_bytes: int


def read_card() -> Card | None:
    """The GPU that torch calls `cuda:0`; None when there is none, or its driver does not answer."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None and not visible.strip():
        return None
    which = ["-i", visible.split(",")[0].strip()] if visible else []
    fields = "--query-gpu=name,driver_version,memory.total,memory.free"
    try:
        asked = subprocess.run(
            ["nvidia-smi", *which, fields, "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            timeout=ANSWER_WITHIN_S,
            check=True,
        )
        name, driver, total, free = (field.strip() for field in asked.stdout.splitlines()[0].split(","))
        return Card(name, driver, int(total) * 2**20, int(free) * 2**20)
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None


def too_small(card: Card, profile: ProfileName) -> str | None:
    """Why a profile can never run on a card, and what to do; None when it can."""
    needed = NEEDED_BYTES.get(profile, NEEDED_BY_SMALL_BYTES)
    if card.total_bytes >= needed:
        return None
    return (
        f"GPU_PROFILE={profile} wants {gib(needed)} of GPU memory; {card.name} has {gib(card.total_bytes)}. "
        "Use a larger GPU, or Modal."
    )


def too_full(card: Card, profile: ProfileName) -> str | None:
    """Why a profile cannot be loaded on a card now, and what to do; None when it can."""
    needed = NEEDED_BYTES.get(profile, NEEDED_BY_SMALL_BYTES)
    if card.free_bytes >= needed:
        return None
    return (
        f"GPU_PROFILE={profile} wants {gib(needed)} of GPU memory; {gib(card.free_bytes)} of {gib(card.total_bytes)} "
        f"on {card.name} are free. End the other programs that use it (nvidia-smi lists them)."
    )


def gib(size_bytes: int) -> str:
    """A size for people."""
    return f"{size_bytes / GIB:.1f} GiB"
