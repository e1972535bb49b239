"""When a training that may stop early has learned what it will: a pure rule over the likeness of its samples.

The same rule as `packages/domain/src/plateau.ts`; both are held to `packages/domain/vectors/plateau.json`.
"""

from collections.abc import Sequence

ROUNDS = 8
"""Measurements per training, spread evenly over its steps."""
PATIENCE = 2
"""So many measurements in a row must gain less than MIN_GAIN together."""
MIN_GAIN = 0.02
"""What counts as a gain over the best before. The samples of one prompt and seed vary by about as much."""
EARLIEST = 0.5
"""Share of the steps before which nothing is called a plateau: at the beginning likeness is flat too."""

Scored = tuple[int, float | None]
"""A step and the likeness of its samples; None: not scored."""


def is_measured_step(step: int, total_steps: int) -> bool:
    """Whether a training that may stop early measures after this step; the last step is left out."""
    return 0 < step < total_steps and step % max(1, -(-total_steps // ROUNDS)) == 0


def has_plateaued(scored: Sequence[Scored], total_steps: int) -> bool:
    """Whether a training may end at the last of these steps, which are in order."""
    if not scored or scored[-1][0] < total_steps * EARLIEST:
        return False
    known = [likeness for _, likeness in scored if likeness is not None]
    if len(known) <= PATIENCE:
        return False
    return max(known[-PATIENCE:]) < max(known[:-PATIENCE]) + MIN_GAIN
