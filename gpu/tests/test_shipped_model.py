"""What the shipped weights of the tiny model are held to (G14, G15), on one subject that they have never seen."""

import runpy
import time
from pathlib import Path
from typing import Any

import pytest

from pixgen_gpu.cli import QUICK_SUBJECT
from pixgen_gpu.evaluation import EvaluationSettings, draw, evaluate_subject
from pixgen_gpu.lora import lora_to_bytes
from pixgen_gpu.models import BaseModel, load_base_model
from pixgen_gpu.tiny.scorer import load_scorer
from pixgen_gpu.tiny.subjects import load_subjects
from pixgen_gpu.training.config import TrainingImage
from pixgen_gpu.training.metadata import lora_metadata
from pixgen_gpu.training.train_lora import train_lora
from tests.conftest import small_config

IMAGE_CPU_S = 6
TRAINING_CPU_S = 180


@pytest.fixture(scope="module")
def tiny() -> BaseModel:
    return load_base_model("tiny", Path())


def test_an_image_takes_no_more_of_a_processor_than_it_may(tiny: BaseModel) -> None:
    draw(tiny, None, ["a photo of a dog"], 0, EvaluationSettings())
    # Of this process, so that what else the machine does takes nothing away.
    started = time.process_time()
    draw(tiny, None, ["a photo of a dog on a white background"], 0, EvaluationSettings(draw_steps=20))
    assert time.process_time() - started <= IMAGE_CPU_S


def test_a_lora_of_200_steps_comes_close_to_its_subject_does_what_the_prompt_says_and_takes_no_longer_than_it_may(
    tiny: BaseModel,
) -> None:
    subjects = load_subjects()
    subject = next(one for one in subjects if one.noun == QUICK_SUBJECT)
    others = [other for other in subjects if other is not subject]
    scorer = load_scorer()
    spent: dict[str, float] = {}

    def note(what: str) -> None:
        spent[what.rpartition(" ")[2]] = time.process_time()

    result = evaluate_subject(tiny, scorer, subject, others, 0, EvaluationSettings(train_steps=200), note)
    assert result.likeness_lora - result.likeness_base >= 0.35
    # What G14 asks of the mean. One subject's four pictures scatter by more than the 0.05 down to its stretch goal.
    assert result.adherence_base - result.adherence_lora <= 0.08
    assert spent["drawing"] - spent["training"] <= TRAINING_CPU_S


CHECK_LORA = Path(__file__).parents[2] / "tools" / "demo" / "check_lora.py"


def test_a_lora_of_the_tiny_model_is_opened_by_diffusers_own_loader_and_changes_pixels_only_while_it_is_on(
    tiny: BaseModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check: Any = runpy.run_path(str(CHECK_LORA))["check"]
    images = [TrainingImage(f"photo-{n}", photo) for n, photo in enumerate(load_subjects()[0].photos)]
    config = small_config(steps=3, rank=4, resolution=tiny.profile.native_px)
    trained = train_lora(config, images, tiny)
    file = tmp_path / "lora.safetensors"
    file.write_bytes(lora_to_bytes(trained.state, lora_metadata(trained, tiny)))
    assert check(file) == 0
    said = capsys.readouterr().out
    assert f"{len(trained.state) // 2} layers in the file, {len(trained.state) // 2} loaded by diffusers" in said
    assert said.strip().endswith("off again: 0.00000")

    nothing = {name: tensor * 0 if ".lora_B." in name else tensor for name, tensor in trained.state.items()}
    file.write_bytes(lora_to_bytes(nothing, lora_metadata(trained, tiny)))
    assert check(file) == 1
    assert "FAILED: the LoRA changes nothing" in capsys.readouterr().out
    file.write_bytes(lora_to_bytes(trained.state, {"pixgen.base_model": "someone/else@1"}))
    with pytest.raises(SystemExit, match="someone/else"):
        check(file)
