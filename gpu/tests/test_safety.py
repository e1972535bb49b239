"""The check at the way out: what it blocks never leaves, what it says is reported, and breaking it opens no way."""

import io

import pytest
from PIL import Image

from pixgen_gpu import draw_order
from pixgen_gpu.errors import GpuFailure
from pixgen_gpu.generation import previews
from pixgen_gpu.jobs import lora_metadata
from pixgen_gpu.lora import lora_to_bytes
from pixgen_gpu.models import BaseModel
from pixgen_gpu.output_policy import OutputPolicy
from pixgen_gpu.safety.classifier import OpenNsfw, OutputGuard, load_classifier
from pixgen_gpu.training.config import TrainedLora
from tests.conftest import drawn_photo, encoded
from tests.fake_api import FakeApi
from tests.orders import IMAGE_IDS, generate_order
from tests.test_generation import draw, plan
from tests.test_run_ticket import finished, run


class Fixed:
    """A classifier that gives the same score to everything, or breaks."""

    name = "fixed@1"

    def __init__(self, score: float | None) -> None:
        self._score = score

    def score(self, image: Image.Image) -> float:
        assert image.mode == "RGB"
        if self._score is None:
            raise OSError("broken")
        return self._score


@pytest.fixture
def lora_file(trained: TrainedLora, base: BaseModel) -> bytes:
    return lora_to_bytes(trained.state, lora_metadata(trained, base))


@pytest.fixture
def classifier(monkeypatch: pytest.MonkeyPatch) -> type[Fixed]:
    """Put a classifier in every guard: `classifier(0.9)`."""

    class Placed(Fixed):
        def __init__(self, score: float | None) -> None:
            super().__init__(score)
            monkeypatch.setattr(draw_order, "OutputGuard", lambda policy: OutputGuard(policy, self))

    return Placed


def test_the_packaged_classifier_lets_drawn_and_random_pictures_pass(base: BaseModel) -> None:
    guard = OutputGuard(OutputPolicy())
    pictures = [Image.frombytes("RGB", (64, 64), draw(base, [plan(seed)])[0]) for seed in range(4)]
    for picture in [*pictures, drawn_photo(0), drawn_photo(1), Image.new("RGB", (1024, 512), "white")]:
        verdict = guard.judge(picture)
        assert verdict is not None
        assert verdict.classifier.startswith("open-nsfw@")
        assert (verdict.verdict, verdict.score < 0.8) == ("passed", True)


def test_the_packaged_classifier_is_the_published_one_and_tells_pictures_apart() -> None:
    scores = {OpenNsfw().score(picture) for picture in (drawn_photo(0), drawn_photo(4), Image.new("RGB", (300, 300)))}
    assert len(scores) == 3
    assert all(0 < score < 1 for score in scores)


@pytest.mark.parametrize(
    ("score", "verdict"),
    [(0.0, "passed"), (0.7999, "passed"), (0.8, "blocked"), (1.0, "blocked"), (float("nan"), "blocked")],
)
def test_scores_from_the_threshold_on_are_blocked(score: float, verdict: str) -> None:
    judged = OutputGuard(OutputPolicy(block_at=0.8), Fixed(score)).judge(drawn_photo(0))
    assert judged is not None
    assert judged.verdict == verdict


def test_a_broken_classifier_lets_nothing_pass() -> None:
    with pytest.raises(GpuFailure):
        OutputGuard(OutputPolicy(), Fixed(None)).judge(drawn_photo(0))


def test_a_host_may_have_no_classifier() -> None:
    assert load_classifier("off") is None
    assert OutputGuard(OutputPolicy(classifier="off")).judge(drawn_photo(0)) is None


def test_a_passed_image_is_stored_with_its_verdict(
    api: FakeApi, base: BaseModel, lora_file: bytes, classifier: type[Fixed]
) -> None:
    classifier(0.123456)
    api.order = generate_order(api, lora_file, images=1)
    (image,) = finished(run(api, base))["images"]
    assert image["result"]["safety"] == {"classifier": "fixed@1", "score": 0.1235, "verdict": "passed"}
    assert api.of_type("succeeded")[0]["images"] == [image]


def test_a_blocked_image_never_leaves_only_its_verdict_does(
    api: FakeApi, base: BaseModel, lora_file: bytes, classifier: type[Fixed], monkeypatch: pytest.MonkeyPatch
) -> None:
    classifier(0.97)
    monkeypatch.setattr(previews, "EVERY_S", 0.0)
    api.order = generate_order(api, lora_file, images=2)
    result = finished(run(api, base))
    assert (result["type"], result["code"], result["retryable"]) == ("failed", "SAFETY_BLOCKED", False)
    verdict = {"classifier": "fixed@1", "score": 0.97, "verdict": "blocked"}
    blocked = {"status": "failed", "code": "SAFETY_BLOCKED", "safety": verdict}
    assert sorted(event["imageId"] for event in api.of_type("image")) == IMAGE_IDS[:2]
    assert [event["result"] for event in api.of_type("image")] == [blocked, blocked]
    assert (api.uploads, api.of_type("preview")) == ([], [])
    assert set(api.objects) == {"lora.safetensors"}


def test_an_image_that_could_not_be_judged_is_not_stored(
    api: FakeApi, base: BaseModel, lora_file: bytes, classifier: type[Fixed]
) -> None:
    classifier(None)
    api.order = generate_order(api, lora_file, images=1)
    assert finished(run(api, base))["code"] == "GPU_INTERNAL"
    assert api.uploads == []


def test_previews_that_pass_are_shown_and_stored_nowhere(
    api: FakeApi, base: BaseModel, lora_file: bytes, classifier: type[Fixed], monkeypatch: pytest.MonkeyPatch
) -> None:
    classifier(0.1)
    monkeypatch.setattr(previews, "EVERY_S", 0.0)
    api.order = generate_order(api, lora_file, images=1, steps=8)
    finished(run(api, base))
    (first, *_) = api.of_type("preview")
    assert [image["imageId"] for image in first["images"]] == IMAGE_IDS[:1]
    assert [upload["purpose"] for upload in api.uploads] == ["image"]


def test_a_second_job_with_the_same_lora_does_not_fetch_it_again(
    api: FakeApi, base: BaseModel, lora_file: bytes
) -> None:
    api.order = generate_order(api, lora_file, images=1)
    first = finished(run(api, base))
    del api.objects["lora.safetensors"]
    second = finished(run(api, base))
    assert second["images"][0]["result"]["sha256"] == first["images"][0]["result"]["sha256"]


def test_webp_is_stored_as_webp(api: FakeApi, base: BaseModel, lora_file: bytes) -> None:
    api.order = generate_order(api, lora_file, images=1, format="webp", draft=True, scheduler="dpmpp-2m-karras")
    (image,) = finished(run(api, base))["images"]
    assert api.uploads[0]["contentType"] == "image/webp"
    data = api.objects[image["result"]["key"]]
    assert data[8:12] == b"WEBP"
    assert b'"draft": true' in data
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.size == (64, 64)
    assert len(data) < len(encoded(picture, "PNG"))
