"""What measuring likeness and stopping early guarantee."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image

from pixgen_gpu.errors import StopWork
from pixgen_gpu.events import StopSignal
from pixgen_gpu.lora import lora_from_bytes
from pixgen_gpu.models import BaseModel, load_base_model
from pixgen_gpu.tiny.scorer import load_scorer
from pixgen_gpu.tiny.subjects import load_subjects
from pixgen_gpu.training.checkpoint import Checkpoint, checkpoint_from_bytes
from pixgen_gpu.training.config import SampleImage, TrainedLora, TrainingImage
from pixgen_gpu.training.likeness import LikenessMeter, scorer_for
from pixgen_gpu.training.plateau import has_plateaued, is_measured_step
from pixgen_gpu.training.train_lora import Hooks, train_lora
from tests.conftest import small_config
from tests.fake_api import FakeApi
from tests.orders import train_order
from tests.test_run_ticket import finished, run

VECTORS = Path(__file__).resolve().parents[2] / "packages" / "domain" / "vectors" / "plateau.json"
PLATEAU = (0.5, 0.8, 0.805, 0.81)
"""Of an eighth, two, three, four eighths of the steps: at the fourth the rule ends it."""


@pytest.mark.parametrize("case", json.loads(VECTORS.read_text()), ids=lambda case: case["name"])
def test_the_rule_is_the_same_as_in_the_web(case: dict[str, list[tuple[int, float | None]]]) -> None:
    assert has_plateaued(case["scored"], case["totalSteps"]) == case["stops"]  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("total", [1, 2, 7, 8, 9, 203, 5000])
def test_at_most_eight_measurements_and_none_of_the_last_step(total: int) -> None:
    measured = [step for step in range(total + 1) if is_measured_step(step, total)]
    assert len(measured) <= 8
    assert all(0 < step < total for step in measured)


def test_likeness_is_near_1_for_unseen_photos_of_the_subject_and_near_0_for_other_things() -> None:
    subjects = load_subjects()[:6]
    scorer = load_scorer()
    for number, subject in enumerate(subjects):
        meter = LikenessMeter(scorer, subject.photos)
        own = meter.measure(subject.unseen)
        others = [meter.measure(other.unseen) for index, other in enumerate(subjects) if index != number]
        assert own is not None
        assert own > 0.8
        assert all(other is not None and 0 <= other < own - 0.2 for other in others)


class Broken:
    text_scale = 1.0

    def __init__(self, rows: torch.Tensor | Exception) -> None:
        self._rows = rows

    def embed_images(self, images: list[Image.Image]) -> torch.Tensor:
        if isinstance(self._rows, Exception):
            raise self._rows
        return self._rows.expand(len(images), -1)

    def embed_texts(self, texts: list[str]) -> torch.Tensor:
        raise NotImplementedError


@pytest.mark.parametrize(
    "rows",
    [RuntimeError("no kernel"), MemoryError(), torch.full((1, 2), float("nan")), torch.zeros(1, 2)],
    ids=["raises", "runs out of memory", "answers what is no number", "finds nothing alike"],
)
def test_a_scorer_that_fails_says_nothing_and_ends_nothing(rows: torch.Tensor | Exception) -> None:
    images = [Image.new("RGB", (8, 8))] * 3
    assert LikenessMeter(Broken(rows), images).measure(images) is None


def test_there_is_no_likeness_without_scorer_samples_or_photos() -> None:
    image = Image.new("RGB", (8, 8))
    assert scorer_for("sdxl") is None, "the shipped scorer knows nothing of photographs"
    assert LikenessMeter(None, [image] * 3).measure([image]) is None
    assert LikenessMeter(scorer_for("nano"), [image] * 3).measure([]) is None
    assert LikenessMeter(scorer_for("nano"), [image]).measure([image]) is None


class Run:
    """A training whose likeness is given, with all that it tells."""

    def __init__(self, likeness: tuple[float | None, ...] = (), stop_after_samples: int = 0) -> None:
        self.checkpoints: list[Checkpoint] = []
        self.kept: list[TrainedLora] = []
        self.sampled: list[int] = []
        self._left, self._stop, self._stop_after = list(likeness), StopSignal(), stop_after_samples
        self.hooks = Hooks(
            check_stop=self._stop.check,
            on_checkpoint=self.checkpoints.append,
            on_sample=self._on_sample,
            measure=lambda _samples: self._left.pop(0) if self._left else 0.99,
            on_weights=self.kept.append,
        )

    def _on_sample(self, sample: SampleImage) -> None:
        self.sampled.append(sample.step)
        if len(self.sampled) == self._stop_after:
            self._stop.set(StopWork("preempted"))


STOPPABLE = small_config(steps=16, batch_size=1, stop_early=True, sample_prompts=("sks_abc234 dog",))


def test_a_training_on_its_plateau_ends_there_and_says_so_and_without_the_wish_it_goes_on(
    base: BaseModel, photos: list[TrainingImage]
) -> None:
    run = Run(PLATEAU)
    trained = train_lora(STOPPABLE, photos, base, run.hooks)
    assert (trained.steps, len(trained.losses), trained.likeness) == (8, 8, 0.81)
    assert run.sampled == [2, 4, 6, 8]
    assert [(one.steps, one.likeness) for one in run.kept] == [(2, 0.5), (4, 0.8), (6, 0.805)]
    config = small_config(steps=16, batch_size=1, sample_prompts=("sks_abc234 dog",))
    whole = Run((0.5,))
    assert train_lora(config, photos, base, whole.hooks).steps == 16
    assert whole.sampled == [16]
    assert not whole.kept, "the last LoRA is the result"


@pytest.mark.parametrize(("killed_at_sample", "measured"), [(3, 1), (4, 2)], ids=["in a round", "behind a round"])
def test_a_training_killed_while_it_measures_resumes_to_the_same_early_stop(
    base: BaseModel, photos: list[TrainingImage], killed_at_sample: int, measured: int
) -> None:
    config = replace(STOPPABLE, sample_prompts=("sks_abc234 dog", "a dog"))
    whole = train_lora(config, photos, base, Run(PLATEAU).hooks)
    broken = Run(PLATEAU, stop_after_samples=killed_at_sample)
    with pytest.raises(StopWork):
        train_lora(config, photos, base, broken.hooks)
    (saved,) = broken.checkpoints
    resume = checkpoint_from_bytes(saved.to_bytes(config, base.model_hash), config, base.model_hash)
    assert (resume.step, len(resume.scored)) == (4, measured)
    resumed = train_lora(config, photos, base, Run(PLATEAU[measured:]).hooks, resume=resume)
    assert (resumed.steps, resumed.likeness) == (whole.steps, whole.likeness)
    assert all(torch.equal(resumed.state[name], whole.state[name]) for name in whole.state)


def test_checkpoints_of_a_ticket_are_stored_with_their_likeness_and_the_result_says_where_it_ended(
    api: FakeApi, base: BaseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = list(PLATEAU)
    monkeypatch.setattr(LikenessMeter, "measure", lambda _meter, _samples: left.pop(0))
    api.order = train_order(api)
    api.order["settings"] |= {"stopEarly": True, "samplePrompts": ["photo of sks_abc234 dog"]}
    training = finished(run(api, base))["training"]
    assert (training["steps"], training["likeness"]) == (4, 0.81)
    kept = api.of_type("weights")
    assert [(event["step"], event["likeness"]) for event in kept] == [(1, 0.5), (2, 0.8), (3, 0.805)]
    file = api.objects[kept[0]["object"]["key"]]
    header = json.loads(file[8 : 8 + int.from_bytes(file[:8], "little")])
    assert header["__metadata__"]["pixgen.steps"] == "1"
    assert lora_from_bytes(file, base.unet)


def test_a_checkpoint_names_the_base_as_it_was_made_when_nobody_had_asked_before(photos: list[TrainingImage]) -> None:
    fresh, untouched = (load_base_model("nano", Path("unused"), torch.device("cpu")) for _ in range(2))
    hashes: list[str] = []
    hooks = Hooks(checkpoint_due=lambda _step: True, on_checkpoint=lambda _: hashes.append(fresh.model_hash))
    train_lora(small_config(steps=2, batch_size=1), photos, fresh, hooks)
    assert hashes == [untouched.model_hash]
