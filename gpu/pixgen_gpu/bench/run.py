"""One run: ceilings, then for inference and training the baseline, then ours, and how it all stands to the goals.

The parts go in order of worth, and one that the time left cannot hold is left out and named, so that a run of ten
minutes always ends with a table. A part that fails is named with its error, the others go on, and the exit status is 1.
"""

import json
import platform
import time
import traceback
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from pixgen_gpu.bench.goals import rows, table
from pixgen_gpu.bench.inference import Inference
from pixgen_gpu.bench.measure import measure_ceilings
from pixgen_gpu.bench.subject import SMALL, WHOLE, Sizes, make_base
from pixgen_gpu.bench.training import Training
from pixgen_gpu.models import default_device


def run_bench(
    *, small: bool | None = None, budget_s: float = 540, say: Callable[[str], None] = print
) -> dict[str, Any]:
    """Measure and return everything. `small` defaults to what the machine can hold: nano on a CPU, SDXL on CUDA."""
    device = default_device()
    sizes: Sizes = SMALL if (device.type != "cuda" if small is None else small) else WHOLE
    started = time.monotonic()
    values: dict[str, float] = {}
    left_out: list[str] = []
    errors: dict[str, str] = {}

    def part(name: str, needs_s: float, work: Callable[[], dict[str, float]]) -> None:
        elapsed = time.monotonic() - started
        if elapsed + (needs_s if sizes is WHOLE else 0) > budget_s:
            left_out.append(name)
            return say(f"{elapsed:5.0f} s  {name}: left out, not enough time")
        try:
            facts = work()
        except Exception as error:  # noqa: BLE001 - named in the result and in the exit status; the table goes on
            errors[name] = f"{type(error).__name__}: {error}"[:300]
            say(traceback.format_exc())
            return None
        finally:
            if device.type == "cuda":
                torch.cuda.empty_cache()
        values.update(facts)
        shown = ", ".join(f"{key} {value:.4g}" for key, value in facts.items())
        return say(f"{time.monotonic() - started:5.0f} s  {name}: {shown}")

    base = make_base(sizes.profile, device)
    ceilings = measure_ceilings(device, base.dtype, sizes.repeats)
    say(f"{time.monotonic() - started:5.0f} s  ceilings: {', '.join(f'{k} {v:.4g}' for k, v in ceilings.items())}")
    drawing = Inference(base, sizes, ceilings["matmul_tflops"])
    training = Training(base, sizes, ceilings["matmul_tflops"])
    # Plain diffusers goes first: ours lays the weights out anew and compiles the blocks.
    part("numerics", 15, drawing.numerics)
    part("plain diffusers, inference", 45, drawing.baseline)
    part("plain diffusers, training", 20, training.baseline)
    part("latency", 90, drawing.latency)
    part("LoRA", 20, drawing.lora)
    part("throughput", 110, drawing.throughput)
    base.release_drawing()
    part("training steps", 70, training.steps)
    part("memory of training", 15, training.memory)
    part("whole training, small", 50, lambda: training.whole(large=False))
    part("whole training, large", 100, lambda: training.whole(large=True))
    return {
        "machine": _machine(device),
        "profile": sizes.profile,
        "seconds": round(time.monotonic() - started, 1),
        "ceilings": ceilings,
        "values": values,
        "goals": rows(
            values, drawing.times | training.times, true_size=sizes.profile == "sdxl" and device.type == "cuda"
        ),
        "leftOut": left_out,
        "errors": errors,
    }


def _machine(device: torch.device) -> dict[str, str]:
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor() or platform.machine()
    return {
        "device": name,
        "threads": str(torch.get_num_threads()),
        "python": platform.python_version(),
        **{package: version(package) for package in ("torch", "diffusers", "transformers", "peft")},
    }


def main(*, small: bool | None, budget_s: float, json_file: Path | None) -> int:
    """Print a table, and as the last line everything as JSON. Exit status 1 when a part failed."""
    result = run_bench(small=small, budget_s=budget_s)
    print(table(result["goals"]))
    text = json.dumps(result)
    if json_file:
        json_file.write_text(text + "\n")
    print(text)
    return 1 if result["errors"] else 0
