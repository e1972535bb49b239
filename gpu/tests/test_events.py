"""Sending events: what is tried again, how often, how long after, and what every try carries."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest
from standardwebhooks import Webhook

from pixgen_gpu import events
from pixgen_gpu.errors import StopWork
from pixgen_gpu.events import (
    PERMANENT_FOR_EVENTS,
    EventSender,
    Retry,
    Rhythm,
    StopSignal,
    send_with_retry,
    signed_headers,
)
from pixgen_gpu.protocol import FailedEvent, TrainOrder
from tests.fake_api import SECRET, FakeApi
from tests.orders import train_order

VECTORS = Path(__file__).resolve().parents[2] / "packages" / "core" / "src" / "jobs" / "webhook-vectors.json"
QUICK = Retry(tries=8, base_s=0.001, cap_s=0.002)


class PatientSignal(StopSignal):
    """Notes the waits instead of waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)


class Receiver:
    """Answers with the given statuses in turn and keeps every request."""

    def __init__(self, *statuses: int, headers: dict[str, str] | None = None) -> None:
        self._statuses: Iterator[int] = iter(statuses)
        self._headers = headers or {}
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(next(self._statuses, 202), headers=self._headers)


@pytest.fixture
def order(api: FakeApi) -> TrainOrder:
    return TrainOrder.model_validate(train_order(api))


def deliver(order: TrainOrder, receiver: Receiver, stop: StopSignal) -> None:
    """Send one terminal event to the receiver."""
    with httpx.Client(transport=httpx.MockTransport(receiver)) as client:
        sender = EventSender(order, client, stop, QUICK, Rhythm())
        sender._send_durable(FailedEvent(type="failed", **sender.head, gpu_ms=1, code="GPU_INTERNAL", retryable=True))


@pytest.mark.parametrize("status", [301, 401, 403, 404, 408, 409, 425, 429, 500, 502, 503])
def test_every_other_answer_than_success_is_tried_again_at_least_eight_times(order: TrainOrder, status: int) -> None:
    receiver = Receiver(*[status] * 100)
    deliver(order, receiver, StopSignal())
    assert len(receiver.requests) == QUICK.tries
    assert Retry().tries >= 8


@pytest.mark.parametrize("status", sorted(PERMANENT_FOR_EVENTS))
def test_a_refusal_of_the_bytes_and_the_word_stop_are_not_tried_again(order: TrainOrder, status: int) -> None:
    receiver, stop = Receiver(*[status] * 100), StopSignal()
    deliver(order, receiver, stop)
    assert len(receiver.requests) == 1
    if status == 410:
        with pytest.raises(StopWork):
            stop.check()
    else:
        stop.check()


def test_all_tries_have_one_id_and_each_has_a_timestamp_of_its_own(
    order: TrainOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_now = datetime.now(UTC)

    class Clock(datetime):
        minutes = 0

        @classmethod
        def now(cls, _tz: object = None) -> datetime:  # type: ignore[override]
            cls.minutes += 1
            return real_now + timedelta(minutes=cls.minutes - 2)

    monkeypatch.setattr(events, "datetime", Clock)
    receiver = Receiver(500, 500)
    deliver(order, receiver, StopSignal())
    headers = [request.headers for request in receiver.requests]
    assert len({one["webhook-id"] for one in headers}) == 1
    stamps = [int(one["webhook-timestamp"]) for one in headers]
    assert stamps == [stamps[0], stamps[0] + 60, stamps[0] + 120]
    for request in receiver.requests:
        Webhook(SECRET).verify(request.content, dict(request.headers))


def test_the_wait_grows_with_jitter_up_to_its_cap() -> None:
    retry = Retry(tries=12, base_s=0.5, cap_s=30)
    full = [min(30, 0.5 * 2**n) for n in range(11)]
    for _ in range(50):
        waits = list(retry.delays_s())
        assert len(waits) == 11
        assert all(whole / 2 <= wait <= whole for wait, whole in zip(waits, full, strict=True))
    assert list(retry.delays_s()) != list(retry.delays_s())


@pytest.mark.parametrize(
    ("header", "wait_s"),
    [("7", 7), ("3600", 30), ("0", 0), ("-5", 0), ("soon", 0), ("", 0), ("1e9", 0)],
)
def test_the_answer_may_ask_for_a_longer_wait_within_the_cap(header: str, wait_s: float) -> None:
    stop = PatientSignal()
    answers = iter([httpx.Response(503, headers={"retry-after": header}), httpx.Response(202)])
    assert send_with_retry(lambda: next(answers), Retry(base_s=0.001), stop, what="test").status_code == 202
    (waited,) = stop.waits
    assert waited == pytest.approx(wait_s, abs=0.01)


def test_the_answer_may_name_a_time_to_come_back() -> None:
    when = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
    assert Retry().asked_s(httpx.Response(503, headers={"retry-after": when})) == pytest.approx(20, abs=2)
    past = format_datetime(datetime.now(UTC) - timedelta(days=1), usegmt=True)
    assert Retry().asked_s(httpx.Response(503, headers={"retry-after": past})) == 0


@pytest.mark.parametrize("vector", json.loads(VECTORS.read_text()), ids=lambda vector: vector["id"])
def test_signatures_are_those_of_typescript_and_openssl(vector: dict) -> None:
    at = datetime.fromtimestamp(vector["timestamp"], UTC)
    headers = signed_headers(vector["secret"], vector["id"], at, base64.b64decode(vector["body"]))
    assert set(vector["signatures"].values()) == {headers["webhook-signature"]}
    assert headers["webhook-timestamp"] == str(vector["timestamp"])
