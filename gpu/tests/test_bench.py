"""The benchmark measures what it says, and runs whole at small size on a CPU."""

import json
from pathlib import Path

import pytest
import torch

from pixgen_gpu.bench.goals import GOALS, Goal
from pixgen_gpu.bench.measure import training_flops, unet_flops
from pixgen_gpu.bench.subject import make_base, make_lora
from pixgen_gpu.cli import main
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
