"""Base model profiles: what each can draw and where its weights come from. No torch here, so hosts start fast."""

from dataclasses import dataclass
from typing import Literal

ProfileName = Literal["nano", "tiny", "sdxl"]


@dataclass(frozen=True)
class PinnedRepository:
    """A model repository at one immutable commit."""

    repo_id: str
    revision: str


@dataclass(frozen=True)
class Profile:
    """One base model. Sizes are pixels per side and multiples of `step_px`."""

    name: ProfileName
    native_px: int
    min_px: int
    max_px: int
    step_px: int
    """Generation accepts sizes in this step (the VAE's factor)."""
    bucket_step_px: int
    """Training photos are resized to sides in this step."""
    cpu_threads: int | None = None
    """Threads for one operation on a CPU; None leaves torch's choice. Fixed for nano: its operations are too small to
    share (waiting for each other made a busy machine five times slower), and results do not depend on core counts.
    Tiny is fixed for the same reasons."""
    base: PinnedRepository | None = None
    """None: nothing to download (nano is made from a seed, tiny's weights lie beside the code)."""
    vae: PinnedRepository | None = None


PROFILES: dict[ProfileName, Profile] = {
    "nano": Profile(name="nano", native_px=128, min_px=64, max_px=1024, step_px=8, bucket_step_px=8, cpu_threads=1),
    "tiny": Profile(name="tiny", native_px=128, min_px=64, max_px=256, step_px=32, bucket_step_px=32, cpu_threads=1),
    "sdxl": Profile(
        name="sdxl",
        native_px=1024,
        min_px=512,
        max_px=2048,
        step_px=8,
        bucket_step_px=32,
        # Revisions read from several public projects that pin the same commits. The VAE is the one that does not
        # overflow in half precision; the licence of the base is CreativeML Open RAIL++-M, of the VAE MIT.
        base=PinnedRepository("stabilityai/stable-diffusion-xl-base-1.0", "462165984030d82259a11f4367a4eed129e94a7b"),
        vae=PinnedRepository("madebyollin/sdxl-vae-fp16-fix", "207b116dae70ace3637169f1ddd2434b91b3a8cd"),
    ),
}
