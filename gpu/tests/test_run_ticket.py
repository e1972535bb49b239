"""One ticket against a real little HTTP server: claim, work, uploads, events, and what happens when they fail."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from annotated_types import Le
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pydantic import BaseModel as PydanticModel
from safetensors.torch import load as load_safetensors

from pixgen_gpu.bench.subject import unet_on_meta
from pixgen_gpu.draw_order import DELIVERY_THREADS
from pixgen_gpu.errors import StopWork
from pixgen_gpu.events import Retry, Rhythm, StopSignal
from pixgen_gpu.files import MAX_WEIGHTS_BYTES, Uploader
from pixgen_gpu.logs import configure_logging
from pixgen_gpu.lora import ATTENTION_LINEARS, lora_from_bytes, lora_to_bytes
from pixgen_gpu.models import BaseModel
from pixgen_gpu.protocol import Ticket, TrainSettings, UploadRequest
from pixgen_gpu.run_ticket import Host, Outcome, run_ticket
from pixgen_gpu.safety.classifier import OutputGuard
from pixgen_gpu.training import blip_captioner
from pixgen_gpu.training.config import TrainedLora
from pixgen_gpu.training.metadata import lora_metadata
from pixgen_gpu.urls import is_inside
from tests.fake_api import TOKEN, FakeApi
from tests.orders import IMAGE_IDS, generate_order, train_order

QUICK = Retry(tries=10, base_s=0.01, cap_s=0.02)


@pytest.fixture
def lora_file(trained: TrainedLora, base: BaseModel) -> bytes:
    return lora_to_bytes(trained.state, lora_metadata(trained, base))


def run(api: FakeApi, base: BaseModel, *, stop: StopSignal | None = None, **host: Any) -> Outcome:
    settings: dict[str, Any] = dict(
        api_base=api.base,
        profile="nano",
        load_base=lambda: base,
        claim_retry=Retry(tries=3, base_s=0.01),
        retry=QUICK,
        rhythm=Rhythm(heartbeat_s=0.05, progress_s=0.02),
    )
    return run_ticket(Ticket(**api.ticket()), "call-1", Host(**(settings | host)), stop)


def finished(outcome: Outcome) -> dict:
    assert outcome.state == "finished", outcome
    return outcome.result.model_dump(by_alias=True)


def test_a_training_stores_weights_and_its_return_value_is_the_terminal_event(api: FakeApi, base: BaseModel) -> None:
    api.order = train_order(api)
    result = finished(run(api, base))
    assert result["type"] == "succeeded"
    assert api.claims == [{"jobId": result["jobId"], "attempt": 1, "token": TOKEN, "callId": "call-1"}]
    assert [(u["purpose"], u["step"]) for u in api.uploads] == [("weights", 8), ("kohya-weights", 8)]
    stored = api.objects[result["training"]["weights"]["key"]]
    assert len(stored) == result["training"]["weights"]["sizeBytes"]
    assert all(name.startswith("unet.") for name in load_safetensors(stored))
    assert [step for step, _ in result["training"]["lossHistory"]] == list(range(1, 9))
    assert api.of_type("succeeded") == [json.loads(json.dumps(result))]
    assert api.bad_signatures == 0


def test_a_generation_reports_each_image_but_the_last_on_its_own_and_all_of_them_at_the_end(
    api: FakeApi, base: BaseModel, lora_file: bytes
) -> None:
    api.order = generate_order(api, lora_file, images=3)
    result = finished(run(api, base))
    events = api.of_type("image")
    assert [image["imageId"] for image in result["images"]] == IMAGE_IDS[:3]
    assert len(events) == 2
    assert all({"imageId": e["imageId"], "result": e["result"]} in result["images"] for e in events)
    with Image.open(io.BytesIO(api.objects[result["images"][1]["result"]["key"]])) as image:
        assert image.size == (64, 64)
        recipe = json.loads(image.text["pixgen"])  # type: ignore[attr-defined]
        assert (recipe["prompt"], recipe["seed"]) == ("sks_abc234 dog in the rain", 1)
        assert "digitalsourcetype/trainedAlgorithmicMedia" in image.text["XML:com.adobe.xmp"]  # type: ignore[attr-defined]


def test_one_image_that_cannot_be_stored_does_not_lose_the_others(
    api: FakeApi, base: BaseModel, lora_file: bytes
) -> None:
    api.order = generate_order(api, lora_file, images=3)
    api.broken_images = {IMAGE_IDS[0]}
    result = finished(run(api, base))
    assert result["type"] == "succeeded"
    assert [image["result"]["status"] for image in result["images"]] == ["failed", "succeeded", "succeeded"]
    assert result["images"][0]["result"]["code"] == "UPLOAD_FAILED"


@pytest.mark.parametrize("status", [409, 410])
def test_a_refused_claim_ends_without_any_work(api: FakeApi, base: BaseModel, status: int) -> None:
    api.claim_status = status
    loaded: list[int] = []
    outcome = run(api, base, load_base=lambda: loaded.append(1))
    assert outcome.state == "superseded"
    assert (loaded, api.events, api.uploads, len(api.claims)) == ([], [], [], 1)


def test_an_unreachable_api_costs_bounded_tries_and_no_work(api: FakeApi, base: BaseModel) -> None:
    api.claim_status = 503
    outcome = run(api, base)
    assert outcome.state == "lost"
    assert len(api.claims) == 3


def test_a_claim_url_outside_the_configured_base_is_refused_before_any_request(api: FakeApi, base: BaseModel) -> None:
    outcome = run(api, base, api_base="http://127.0.0.1:1/")
    assert outcome.state == "lost"
    assert api.claims == []


def test_events_and_uploads_outside_the_configured_base_are_refused(api: FakeApi, base: BaseModel) -> None:
    api.order = train_order(api) | {"eventsUrl": "http://169.254.169.254/latest"}
    assert run(api, base).state == "lost"


@pytest.mark.parametrize(
    "url",
    [
        "http://api.test.evil.example/gpu/claim",
        "http://api.test@evil.example/gpu/claim",
        "http://user:pw@api.test/gpu/claim",
        "http://api.test:81/gpu/claim",
        "https://api.test/gpu/claim",
        "http://api.test/gpux/claim",
        "http://api.test/gpu/../admin",
        "http://api.test/gpu/%2e%2E/admin",
        "http://api.test/gpu/..%2fadmin",
        "http://api.test\\@evil.example/gpu/claim",
        "http://api.test/gpu/claim?to=http://evil.example",
        "file:///gpu/claim",
        "//api.test/gpu/claim",
        " http://api.test/gpu/claim",
        "http://api.test:99999/gpu/claim",
    ],
)
def test_urls_that_only_look_like_the_api_are_outside(url: str) -> None:
    assert not is_inside(url, "http://api.test/gpu")


@given(st.text(max_size=60))
def test_no_text_makes_the_url_check_raise(text: str) -> None:
    is_inside(text, "http://api.test/gpu")
    is_inside(f"http://api.test/{text}", "http://api.test/gpu")


def test_urls_at_and_below_the_base_are_inside() -> None:
    assert is_inside("http://API.test:80/gpu/claim", "http://api.test/gpu/")
    assert is_inside("http://api.test/gpu", "http://api.test/gpu")


def test_a_durable_event_is_retried_with_one_id_until_it_is_accepted(api: FakeApi, base: BaseModel) -> None:
    api.order = train_order(api)
    api.event_faults["succeeded"] = [500, 503, 429, 500, 502, 500, 500]
    finished(run(api, base))
    tries = [(webhook_id, status) for kind, webhook_id, status in api.deliveries if kind == "succeeded"]
    assert [status for _, status in tries] == [500, 503, 429, 500, 502, 500, 500, 202]
    assert len({webhook_id for webhook_id, _ in tries}) == 1


def test_a_permanent_refusal_of_the_terminal_event_is_not_retried_and_the_result_stands(
    api: FakeApi, base: BaseModel
) -> None:
    api.order = train_order(api)
    api.event_faults["succeeded"] = [400] * 5
    assert finished(run(api, base))["type"] == "succeeded"
    assert [status for kind, _, status in api.deliveries if kind == "succeeded"] == [400]


def test_every_webhook_lost_still_returns_the_result(api: FakeApi, base: BaseModel) -> None:
    api.order = train_order(api)
    for kind in ("heartbeat", "progress", "succeeded"):
        api.event_faults[kind] = [500] * 10_000
    assert finished(run(api, base))["training"]["steps"] == 8


def test_410_to_a_heartbeat_stops_the_work(api: FakeApi, base: BaseModel) -> None:
    order = train_order(api)
    api.order = order | {"settings": order["settings"] | {"steps": 5000}}
    api.event_faults["heartbeat"] = [202, 202, 410]
    assert run(api, base).state == "superseded"
    assert api.of_type("succeeded") == []
    assert api.uploads == []


def test_410_to_an_upload_request_stops_the_work(api: FakeApi, base: BaseModel, lora_file: bytes) -> None:
    api.order = generate_order(api, lora_file, images=8)
    api.upload_faults = [410]
    assert run(api, base).state == "superseded"
    assert api.of_type("succeeded") == []
    assert len(api.uploads) < DELIVERY_THREADS, "more than what was under way already"


def test_410_to_an_image_event_keeps_the_terminal_event_back(api: FakeApi, base: BaseModel, lora_file: bytes) -> None:
    api.order = generate_order(api, lora_file, images=2)
    api.event_faults["image"] = [410]
    assert run(api, base).state == "superseded"
    assert [kind for kind, _, _ in api.deliveries if kind in ("image", "succeeded")] == ["image"]


def test_cancel_from_the_host_stops_the_work(api: FakeApi, base: BaseModel) -> None:
    order = train_order(api)
    api.order = order | {"settings": order["settings"] | {"steps": 5000}}
    stop = StopSignal()
    api.on_event = lambda event: stop.set(StopWork("cancelled")) if event.get("phase") == "training" else None
    assert run(api, base, stop=stop).state == "cancelled"


def test_heartbeats_go_out_during_a_phase_that_reports_nothing(api: FakeApi, base: BaseModel) -> None:
    api.order = train_order(api)

    def slow_load() -> BaseModel:
        api.wait_for("heartbeat", len(api.of_type("heartbeat")) + 3)
        return base

    finished(run(api, base, load_base=slow_load))
    assert sum(event["phase"] == "loading" for event in api.of_type("heartbeat")) >= 3


def test_a_damaged_photo_fails_the_training_with_its_code(api: FakeApi, base: BaseModel) -> None:
    api.order = train_order(api)
    whole = api.objects["photo-3.JPG"]
    api.order["photos"][3] |= api.source("photo-3.JPG", whole[: len(whole) // 2])
    result = finished(run(api, base))
    assert (result["type"], result["code"], result["retryable"]) == ("failed", "PHOTO_UNREADABLE", False)
    assert api.of_type("failed") == [result]


def test_a_download_that_is_not_what_was_promised_fails_as_retryable(api: FakeApi, base: BaseModel) -> None:
    api.order = train_order(api)
    api.objects["photo-2.JPG"] = api.objects["photo-1.JPG"]
    result = finished(run(api, base))
    assert (result["code"], result["retryable"]) == ("DOWNLOAD_FAILED", True)


def test_weights_of_another_base_model_are_refused_with_a_code(api: FakeApi, base: BaseModel) -> None:
    api.order = generate_order(api, b"not a safetensors file")
    assert finished(run(api, base))["code"] == "WEIGHTS_UNREADABLE"


def test_an_unexpected_error_is_reported_without_its_text(api: FakeApi, base: BaseModel) -> None:
    api.order = train_order(api)

    def broken() -> BaseModel:
        raise KeyError("/secret/path")

    result = finished(run(api, base, load_base=broken))
    assert (result["code"], result["retryable"]) == ("GPU_INTERNAL", True)
    assert "secret" not in json.dumps(result)


def test_a_resumed_training_continues_from_its_checkpoint(api: FakeApi, base: BaseModel) -> None:
    order = train_order(api)
    order["settings"] |= {"steps": 150, "checkpointEveryMs": 1000}
    api.order = order
    stop = StopSignal()
    api.on_event = lambda event: stop.set(StopWork("cancelled")) if event["type"] == "checkpoint" else None
    assert run(api, base, stop=stop).state == "cancelled"
    (checkpoint,) = api.of_type("checkpoint")
    stored = api.objects[checkpoint["object"]["key"]]

    api.on_event = lambda _event: None
    api.order = api.order | {"resume": {**api.source("resume", stored), "step": checkpoint["step"]}}
    api.events.clear()
    result = finished(run(api, base))
    assert result["type"] == "succeeded"
    steps = [event["step"] for event in api.of_type("progress") if event["phase"] == "training"]
    assert min(steps) > checkpoint["step"]
    assert [step for step, _ in result["training"]["lossHistory"]] == list(range(1, 151))


@pytest.mark.parametrize("fault", [MemoryError(), ValueError("size_bytes: too large")], ids=["memory", "validation"])
def test_a_training_survives_whatever_goes_wrong_with_what_it_delivers_on_its_way(
    api: FakeApi, base: BaseModel, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    order = train_order(api)
    order["settings"] |= {"steps": 60, "checkpointEveryMs": 1000, "samplePrompts": ["{subject} in the rain"]}
    api.order = order
    tried: set[str] = set()
    upload = Uploader.upload

    def faulty(self: Uploader, data: bytes, purpose: Any, *others: Any, **named: Any) -> Any:
        if (purpose == "weights" and named["step"] < 60) or purpose in ("checkpoint", "sample"):
            tried.add(purpose)
            raise fault
        return upload(self, data, purpose, *others, **named)

    monkeypatch.setattr(Uploader, "upload", faulty)
    monkeypatch.setattr("pixgen_gpu.jobs._EveryMs", lambda _ms: lambda step: step % 20 == 0)
    assert finished(run(api, base))["type"] == "succeeded"
    assert tried == {"checkpoint", "weights", "sample"}
    assert api.of_type("checkpoint") == api.of_type("weights") == api.of_type("sample") == []


def test_the_largest_checkpoint_that_may_be_ordered_fits_into_one_upload_and_can_be_read_again() -> None:
    def most(model: type[PydanticModel], field: str) -> int:
        return next(rule.le for rule in model.model_fields[field].metadata if isinstance(rule, Le))  # pyright: ignore[reportReturnType]

    largest_upload = most(UploadRequest, "size_bytes")
    linears = [
        layer
        for name, layer in unet_on_meta("sdxl").named_modules()
        if isinstance(layer, torch.nn.Linear) and name.endswith(ATTENTION_LINEARS)
    ]
    numbers = most(TrainSettings, "rank") * sum(layer.in_features + layer.out_features for layer in linears)
    # The LoRA and two moments in fp32, the losses, and a header.
    checkpoint_bytes = 3 * 4 * numbers + 4 * most(TrainSettings, "steps") + 100_000
    assert 2 * 2**30 < checkpoint_bytes < largest_upload <= MAX_WEIGHTS_BYTES


@pytest.mark.parametrize("gone", [True, False])
def test_a_lost_or_damaged_checkpoint_costs_time_and_not_the_training(
    api: FakeApi, base: BaseModel, gone: bool
) -> None:
    api.order = train_order(api)
    api.order["resume"] = {**api.source("resume", b"damaged"), "step": 4}
    if gone:
        del api.objects["resume"]
    assert len(finished(run(api, base))["training"]["lossHistory"]) == 8


def test_logs_hold_no_token_url_or_prompt(
    api: FakeApi, base: BaseModel, lora_file: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    configure_logging()
    api.order = generate_order(api, lora_file)
    api.event_faults["image"] = [500, 500]
    api.put_faults = [500]
    finished(run(api, base))
    log = capfd.readouterr().err
    assert "call_ended" in log
    assert "retrying" in log
    for canary in (TOKEN, "canary", "whsec_", "in the rain", api.base):
        assert canary not in log


def test_sample_images_are_stored_marked_and_reported_before_the_end(api: FakeApi, base: BaseModel) -> None:
    api.order = train_order(api)
    api.order["settings"] |= {"samplePrompts": ["photo of sks_abc234 dog", "a dog"]}
    finished(run(api, base))
    events = api.of_type("sample")
    assert [(event["step"], event["index"]) for event in events] == [(8, 0), (8, 1)]
    assert [event["type"] for event in api.events if event["type"] in ("sample", "succeeded")][-1] == "succeeded"
    with Image.open(io.BytesIO(api.objects[events[0]["object"]["key"]])) as image:
        assert image.size == (events[0]["width"], events[0]["height"]) == (64, 64)
        assert json.loads(image.text["pixgen"])["prompt"] == "photo of sks_abc234 dog"  # type: ignore[attr-defined]
        assert "digitalsourcetype/trainedAlgorithmicMedia" in image.text["XML:com.adobe.xmp"]  # type: ignore[attr-defined]


def test_samples_that_cannot_be_stored_do_not_harm_the_training(api: FakeApi, base: BaseModel) -> None:
    api.order = train_order(api)
    api.order["settings"] |= {"samplePrompts": ["photo of sks_abc234 dog"]}
    api.put_faults = [403, 403]
    assert finished(run(api, base))["type"] == "succeeded"
    assert api.of_type("sample") == []


def test_both_layouts_hold_the_same_lora_and_say_so(api: FakeApi, base: BaseModel) -> None:
    api.order = train_order(api)
    training = finished(run(api, base))["training"]
    files = [api.objects[training[layout]["key"]] for layout in ("weights", "kohyaWeights")]
    diffusers, kohya = (lora_from_bytes(data, base.unet) for data in files)
    assert all(torch.equal(diffusers[name], kohya[name]) for name in diffusers)
    assert all(name.startswith("lora_unet_") for name in load_safetensors(files[1]))


def test_a_host_that_is_stopped_stores_a_checkpoint_and_the_next_claim_ends_at_the_same_bits(
    api: FakeApi, base: BaseModel, tmp_path: Path
) -> None:
    api.order = train_order(api)
    api.order["classWord"] = "woman"
    api.order["settings"] |= {"steps": 30, "batchSize": 2, "priorWeight": 0.5}
    whole = finished(run(api, base, data_dir=tmp_path))["training"]["weights"]["sha256"]
    assert len(list((tmp_path / "class-images").iterdir())) == 1

    stop = StopSignal()
    api.events.clear()
    api.on_event = lambda event: stop.set(StopWork("preempted")) if event.get("phase") == "training" else None
    outcome = run(api, base, stop=stop, data_dir=tmp_path)
    assert (outcome.state, api.of_type("succeeded"), api.of_type("failed")) == ("lost", [], [])
    (checkpoint,) = api.of_type("checkpoint")
    assert 0 < checkpoint["step"] < 30

    api.on_event = lambda _event: None
    stored = api.objects[checkpoint["object"]["key"]]
    api.order |= {"claimEpoch": 2, "resume": {**api.source("resume", stored), "step": checkpoint["step"]}}
    assert finished(run(api, base, data_dir=tmp_path))["training"]["weights"]["sha256"] == whole


def test_a_captioner_is_used_where_there_is_one_and_the_order_wants_it(
    api: FakeApi, base: BaseModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    described: list[str] = []
    monkeypatch.setattr(
        blip_captioner, "load_blip_captioner", lambda _folder, _device: lambda _image: described.append("x") or "a sofa"
    )
    api.order = train_order(api)
    digests = [finished(run(api, base, captioner_dir=tmp_path))["training"]["weights"]["sha256"]]
    assert len(described) == 5
    api.order["settings"] |= {"captions": "template"}
    digests.append(finished(run(api, base, captioner_dir=tmp_path))["training"]["weights"]["sha256"])
    api.order["settings"] |= {"captions": "auto"}
    digests.append(finished(run(api, base))["training"]["weights"]["sha256"])
    assert len(described) == 5
    assert digests[0] != digests[1] == digests[2]


def test_a_sample_that_the_classifier_blocks_never_leaves_the_host(
    api: FakeApi, base: BaseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OutputGuard, "passes", lambda _guard, _image: False)
    api.order = train_order(api)
    api.order["settings"] |= {"samplePrompts": ["photo of sks_abc234 dog"]}
    assert finished(run(api, base))["type"] == "succeeded"
    assert [upload["purpose"] for upload in api.uploads] == ["weights", "kohya-weights"]
    assert api.of_type("sample") == []
