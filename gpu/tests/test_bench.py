"""The benchmark measures what it says, and runs whole at small size on a CPU."""

import json
import re
import time
from collections.abc import Iterable
from importlib.metadata import packages_distributions, requires
from pathlib import Path
from subprocess import run
from sys import executable

import pytest
import torch
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pixgen_gpu.bench.goals import GOALS, Goal
from pixgen_gpu.bench.measure import times_s, training_flops, unet_flops
from pixgen_gpu.bench.subject import SMALL, WHOLE, make_base, make_lora
from pixgen_gpu.bench.training import Training
from pixgen_gpu.cli import main
from pixgen_gpu.training.config import TrainConfig
from tests.conftest import small_config
from tests.test_lora import unet_output


@pytest.mark.parametrize(("px", "tflop"), [(512, 1.589), (1024, 6.761)])
def test_the_flop_count_of_the_true_size_network_is_the_known_one(px: int, tflop: float) -> None:
    assert unet_flops("sdxl", px) / 1e12 == pytest.approx(tflop, rel=0.01)


def test_flops_grow_with_the_batch_and_a_training_step_adds_a_backward_pass_without_weight_gradients() -> None:
    forward = unet_flops("nano", 64)
    assert unet_flops("nano", 64, batch=3) == pytest.approx(3 * forward, rel=0.01)
    # Frozen weights get no gradient, and what lies before the first attention gets none at all.
    assert 1.5 < training_flops("nano", 64, 1, small_config()) / forward < 2.2


def test_the_small_run_measures_every_goal_a_cpu_has_and_ends_with_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "bench.json"
    assert main(["bench", "--small", "--json", str(target)]) == 0
    last = capsys.readouterr().out.strip().splitlines()[-1]
    result = json.loads(last)
    assert result == json.loads(target.read_text())
    assert (result["errors"], result["leftOut"]) == ({}, [])
    measured = {row["goal"]: row for row in result["goals"] if row["measured"] is not None}
    assert measured.keys() == {goal.key for goal in GOALS} - {"G4r", "G12a", "G12b"}
    assert measured["G13"]["verdict"] in ("pass", "stretch")
    assert measured["G1"]["verdict"] == "not judged", "a small model says nothing about the goals of the large one"
    assert all(value > 0 for value in result["ceilings"].values())
    # Of how many measurements each value is the median: the swap always of five, whole trainings of one.
    times = {goal: row["times"] for goal, row in measured.items()}
    assert times["G4"] == 5
    assert {times[goal] for goal in ("G1", "G2", "G3", "G5", "G6", "G7a", "G7b", "G8")} == {SMALL.repeats}
    assert times["G9a"] == times["G9b"] == 1


def test_the_goals_of_the_whole_run_are_medians_of_five_or_of_what_fits() -> None:
    assert WHOLE.repeats >= 5
    device = torch.device("cpu")
    assert len(times_s(lambda: None, device, 5)) == 5
    assert len(times_s(lambda: time.sleep(0.01), device, 5, within_s=0)) == 1


def test_the_memory_of_training_is_measured_with_gradient_checkpointing(monkeypatch: pytest.MonkeyPatch) -> None:
    base = make_base("nano", torch.device("cpu"))
    base.device = torch.device("cuda")
    seen: list[TrainConfig] = []
    monkeypatch.setattr("pixgen_gpu.bench.training.train_lora", lambda config, *_: seen.append(config))
    for name in ("empty_cache", "reset_peak_memory_stats"):
        monkeypatch.setattr(torch.cuda, name, lambda: None)
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda: 5 * 10**9)
    assert Training(base, SMALL, 1.0).memory() == {"G12b": 5.0}
    assert [config.gradient_checkpointing for config in seen] == ["always"]


def test_a_budget_leaves_parts_out_and_names_them(capsys: pytest.CaptureFixture[str]) -> None:
    main(["bench", "--small", "--budget-s", "0"])
    result = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert "latency" in result["leftOut"]
    assert {row["verdict"] for row in result["goals"]} == {"not measured"}


@pytest.mark.parametrize(
    ("value", "verdict"), [(1.9, "stretch"), (2.0, "stretch"), (2.5, "pass"), (2.8, "pass"), (2.9, "miss")]
)
def test_a_value_is_judged_by_both_bounds(value: float, verdict: str) -> None:
    assert Goal("G1", "", "", 2.8, 2.0).verdict(value, true_size=True) == verdict
    assert Goal("G1", "", "", -2.8, -2.0, at_least=True).verdict(-value, true_size=True) == verdict


def test_the_benchmarks_lora_is_one_that_shows() -> None:
    base = make_base("nano", torch.device("cpu"))
    plain = unet_output(base.unet)
    base.drawing.fused.apply(make_lora(base.unet, 4, 1), 1.0)
    assert not torch.allclose(unet_output(base.unet), plain, atol=1e-3)


GPU = Path(__file__).parents[1]


def with_all_they_ask_for(names: Iterable[str]) -> set[str]:
    """Packages and what they require, step by step, by importlib.metadata."""
    found: set[tuple[str, frozenset[str]]] = set()
    waiting = [(canonicalize_name(name), frozenset[str]()) for name in names]
    while waiting:
        name, extras = one = waiting.pop()
        if one in found:
            continue
        found.add(one)
        for line in requires(name) or []:
            wanted = Requirement(line)
            if wanted.marker is None or any(wanted.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
                waiting.append((canonicalize_name(wanted.name), frozenset(wanted.extras)))
    return {name for name, _ in found}


def test_the_wheels_for_a_machine_without_network_hold_all_that_the_benchmark_imports() -> None:
    script = (GPU / "runs" / "collect_bench_wheels.sh").read_text()
    names = re.search(r"^names='([^']+)'", script, re.MULTILINE)
    assert names
    collected = {canonicalize_name(name) for name in names[1].split()}
    torchs_own = with_all_they_ask_for(["torch"])
    assert with_all_they_ask_for(collected) - torchs_own <= collected
    # What the run itself loads, in a process that has loaded nothing else.
    listed = run(
        [executable, "-c", "import sys, pixgen_gpu.cli, pixgen_gpu.bench.run; print(*sys.modules)"],
        cwd=GPU,
        capture_output=True,
        text=True,
        check=True,
    )
    owners = packages_distributions()
    loaded = {
        canonicalize_name(owner)
        for module in listed.stdout.split()
        if "." not in module
        for owner in owners.get(module, [])
    }
    # Optional to others: here because they are installed.
    optional = {"h2", "hpack", "hyperframe", "protobuf"}
    assert loaded - torchs_own - optional <= collected
