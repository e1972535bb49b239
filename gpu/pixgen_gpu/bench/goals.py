"""The goals, and how a measurement stands to them."""

from dataclasses import dataclass
from typing import Any, Literal

Verdict = Literal["stretch", "pass", "miss", "not judged", "not measured"]


@dataclass(frozen=True)
class Goal:
    """One number to reach. `at_least`: larger is better."""

    key: str
    what: str
    unit: str
    passed: float
    stretch: float
    at_least: bool = False
    anywhere: bool = False
    """Judged on every machine; the others only where their model has its true size."""

    def verdict(self, value: float | None, *, true_size: bool) -> Verdict:
        """How a value stands."""
        if value is None:
            return "not measured"
        if not (true_size or self.anywhere):
            return "not judged"
        verdicts: tuple[tuple[float, Verdict], ...] = ((self.stretch, "stretch"), (self.passed, "pass"))
        for bound, name in verdicts:
            if (value >= bound) if self.at_least else (value <= bound):
                return name
        return "miss"


GOALS = (
    Goal("G1", "latency, 1 image with guidance and LoRA", "× floor", 2.8, 2.0),
    Goal("G2", "throughput in batches, share of floor", "", 0.50, 0.72, at_least=True),
    Goal("G3", "speed against plain diffusers", "×", 1.5, 2.2, at_least=True),
    Goal("G4", "LoRA swap from bytes, median", "ms", 60, 10),
    Goal("G4r", "recompilations after a swap", "", 0, 0),
    Goal("G5", "step with LoRA / without", "×", 1.03, 1.00),
    Goal("G6", "U-Net's share of a pack's wall time", "", 0.88, 0.95, at_least=True),
    Goal("G7a", "training step, large, batch 1", "× floor", 3.3, 2.2),
    Goal("G7b", "training step, small, batch 4", "× floor", 3.3, 2.2),
    Goal("G8", "training step against diffusers' loop", "×", 2.0, 3.5, at_least=True),
    Goal("G9a", "10 photos to saved LoRA, large", "s", 90, 55),
    Goal("G9b", "10 photos to saved LoRA, small", "s", 45, 20),
    Goal("G12a", "peak memory, 1 large image", "GB", 14, 9),
    Goal("G12b", "peak memory, small training", "GB", 14, 8),
    Goal("G13", "fused bf16 against fp32, relative error", "", 2e-2, 5e-3, anywhere=True),
)


def rows(values: dict[str, float], times: dict[str, int], *, true_size: bool) -> list[dict[str, Any]]:
    """One row per goal. `times`: of how many measurements a value is the median; one where it is not said."""
    return [
        {
            "goal": goal.key,
            "metric": goal.what,
            "unit": goal.unit,
            "measured": values.get(goal.key),
            "times": times.get(goal.key, 1) if goal.key in values else 0,
            "pass": goal.passed,
            "stretch": goal.stretch,
            "verdict": goal.verdict(values.get(goal.key), true_size=true_size),
        }
        for goal in GOALS
    ]


def table(goal_rows: list[dict[str, Any]]) -> str:
    """The rows as a Markdown table."""
    lines = ["| # | metric | measured | median of | pass | stretch | |", "| --- | --- | --- | --- | --- | --- | --- |"]
    for row in goal_rows:
        measured = "–" if row["measured"] is None else f"{row['measured']:.4g} {row['unit']}".strip()
        bounds = f"{row['pass']:g} | {row['stretch']:g}"
        lines.append(
            f"| {row['goal']} | {row['metric']} | {measured} | {row['times'] or '–'} | {bounds} | {row['verdict']} |"
        )
    return "\n".join(lines)
