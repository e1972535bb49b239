"""Telling the API what happens: signed events, heartbeats, and the rule for trying again.

Events follow Standard Webhooks: the raw body is signed with the claim's own secret, and every retry of an event carries
the same webhook id, so the receiver applies it once, and a timestamp of its own, so it is never too old.
"""

import json
import random
import re
import threading
import time
import uuid
from collections.abc import Callable, Container, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from standardwebhooks import Webhook

from pixgen_gpu.errors import StopReason, StopWork
from pixgen_gpu.logs import log, log_failure
from pixgen_gpu.protocol import (
    CheckpointEvent,
    FailedEvent,
    GenerateOrder,
    HeartbeatEvent,
    ImageEvent,
    PreviewEvent,
    PreviewImage,
    ProgressEvent,
    SampleEvent,
    SucceededEvent,
    TrainOrder,
    WeightsEvent,
)

# A client error that the same request gets again: anything but a time-out, "too early" and "too many".
PERMANENT = frozenset(range(400, 500)) - {408, 425, 429}
# Of events only these are permanent: the API says "stop" (410), or the bytes themselves are refused (400, 413). A 401
# may come from a clock that is being set or a key that is being replaced, a 404 from an API that is being deployed.
PERMANENT_FOR_EVENTS = frozenset({400, 410, 413})

DurableEvent = ImageEvent | CheckpointEvent | WeightsEvent | SampleEvent | SucceededEvent | FailedEvent
LossyEvent = HeartbeatEvent | ProgressEvent | PreviewEvent
Event = DurableEvent | LossyEvent


@dataclass(frozen=True)
class Retry:
    """Exponential backoff with full jitter: about a minute and a half over ten tries by default."""

    tries: int = 10
    base_s: float = 0.5
    cap_s: float = 30.0

    def delays_s(self) -> Iterator[float]:
        """The waits between tries: one fewer than `tries`."""
        for attempt in range(self.tries - 1):
            # Never under half of the full delay: a string of lucky draws must not use up all tries at once.
            yield min(self.cap_s, self.base_s * 2**attempt) * random.uniform(0.5, 1)

    def asked_s(self, response: httpx.Response) -> float:
        """The wait that a `Retry-After` header asks for, 0 without one; at most `cap_s`, for a GPU is waiting."""
        value = response.headers.get("retry-after", "").strip()
        if re.fullmatch(r"[0-9]{1,9}", value):
            return min(self.cap_s, float(value))
        try:
            until = parsedate_to_datetime(value)
        except ValueError:
            return 0.0
        if until.tzinfo is None:  # "-0000" means UTC of an unknown place
            until = until.replace(tzinfo=UTC)
        return min(self.cap_s, max(0.0, (until - datetime.now(UTC)).total_seconds()))


@dataclass(frozen=True)
class Rhythm:
    """How often the sender speaks, in seconds."""

    heartbeat_s: float = 5.0
    progress_s: float = 1.0
    preview_s: float = 1.0


class StopSignal:
    """Set once, with a reason, from any thread; the work looks at it between steps."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._reason: StopWork | None = None
        self._lock = threading.Lock()

    def set(self, stop: StopWork) -> None:
        """Ask the work to stop; the first reason wins."""
        with self._lock:
            self._reason = self._reason or stop
            self._event.set()

    @property
    def reason(self) -> StopReason | None:
        """Why the work must stop; None while it may go on."""
        return self._reason and self._reason.reason

    def check(self) -> None:
        """Raise the StopWork that was set, if any."""
        if self._reason:
            raise StopWork(self._reason.reason)

    def wait(self, seconds: float) -> None:
        """Sleep, but not past the signal; raises StopWork when it is set."""
        self._event.wait(seconds)
        self.check()


class EventSender:
    """Sends one claim's events. Use as a context manager: inside it, heartbeats go out whatever the work does.

    `progress` and `preview` never block: the heartbeat thread sends the latest of each, those between are dropped.
    `durable` events go out in order from a thread of their own, so that a slow API does not hold up the work;
    `flush` waits for them.
    """

    def __init__(
        self,
        order: TrainOrder | GenerateOrder,
        client: httpx.Client,
        stop: StopSignal,
        retry: Retry | None = None,
        rhythm: Rhythm | None = None,
    ) -> None:
        self.head: dict[str, Any] = {
            "job_id": order.job_id,
            "attempt": order.attempt,
            "claim_epoch": order.claim_epoch,
        }
        self._url = order.events_url
        self._secret = order.signing_secret
        self._client, self._stop = client, stop
        self._retry, self._rhythm = retry or Retry(), rhythm or Rhythm()
        self._phase: Any = "loading"
        self._progress: ProgressEvent | None = None
        self._preview: PreviewEvent | None = None
        self._wake = threading.Condition()
        self._closed = False
        self._pulse = threading.Thread(target=self._run_pulse, name="heartbeat", daemon=True)
        self._outbox = ThreadPoolExecutor(max_workers=1, thread_name_prefix="events")
        self._pending: list[Future[None]] = []

    def __enter__(self) -> "EventSender":
        self._pulse.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._wake:
            self._closed = True
            self._wake.notify_all()
        self._pulse.join()
        self._outbox.shutdown(wait=True, cancel_futures=True)

    def phase(self, name: str) -> None:
        """What heartbeats say the work is doing from now on."""
        self._phase = name

    def progress(
        self, phase: str, step: int, total_steps: int, loss: float | None = None, image_ids: Sequence[str] = ()
    ) -> None:
        """Offer the latest progress; at most one event per second leaves."""
        self._phase = phase
        fields: dict[str, Any] = {
            "phase": phase,
            "step": step,
            "total_steps": total_steps,
            "loss": loss,
            "image_ids": list(image_ids),
        }
        with self._wake:
            self._progress = ProgressEvent(type="progress", **self.head, **fields)
            self._wake.notify_all()

    def preview(self, images: list[PreviewImage]) -> None:
        """Offer rough pictures of what is being drawn; at most one event per second leaves."""
        with self._wake:
            self._preview = PreviewEvent(type="preview", **self.head, images=images)
            self._wake.notify_all()

    def durable(self, event: DurableEvent) -> None:
        """Queue an event that must arrive."""
        self._pending.append(self._outbox.submit(self._send_durable, event))

    def flush(self) -> None:
        """Wait until every durable event was delivered or given up. Raises StopWork when the API says 410."""
        self.drain()
        self._stop.check()

    def drain(self) -> None:
        """Wait until every durable event was delivered or given up, also when the work was stopped."""
        for future in self._pending:
            future.result()
        self._pending.clear()

    def _run_pulse(self) -> None:
        """Heartbeat at once and then regularly; progress and previews as they come, throttled."""
        next_heartbeat = next_progress = next_preview = time.monotonic()
        while True:
            with self._wake:
                if self._closed:
                    return
                due = next_heartbeat
                if self._progress is not None:
                    due = min(due, next_progress)
                if self._preview is not None:
                    due = min(due, next_preview)
                if due > time.monotonic():
                    self._wake.wait(due - time.monotonic())
                    continue
                progress = preview = None
                if self._progress is not None and next_progress <= time.monotonic():
                    progress, self._progress = self._progress, None
                if self._preview is not None and next_preview <= time.monotonic():
                    preview, self._preview = self._preview, None
            if progress is not None:
                next_progress = time.monotonic() + self._rhythm.progress_s
                self._send_once(progress)
            if preview is not None:
                next_preview = time.monotonic() + self._rhythm.preview_s
                self._send_once(preview)
            if next_heartbeat <= time.monotonic():
                next_heartbeat = time.monotonic() + self._rhythm.heartbeat_s
                self._send_once(HeartbeatEvent(type="heartbeat", **self.head, phase=self._phase))

    def _send_once(self, event: LossyEvent) -> None:
        """One try; these events may be lost."""
        try:
            status = self._post(event, f"msg_{uuid.uuid4().hex}", timeout_s=self._rhythm.heartbeat_s).status_code
        except httpx.HTTPError as error:
            log("event_not_delivered", type=event.type, error=type(error).__name__, **self._ids())
            return
        if status == 410:
            self._stop.set(StopWork("superseded"))
        elif not 200 <= status < 300:
            log("event_not_delivered", type=event.type, status=status, **self._ids())

    def _send_durable(self, event: DurableEvent) -> None:
        """Deliver with retries under one webhook id. Gives up, with a log line, after the last try or on a refusal
        that no retry can change: the terminal event is also the call's return value, so nothing is lost for good."""
        webhook_id = f"msg_{uuid.uuid4().hex}"
        try:
            response = send_with_retry(
                lambda: self._post(event, webhook_id, timeout_s=15),
                self._retry,
                self._stop,
                what=event.type,
                permanent=PERMANENT_FOR_EVENTS,
            )
        except httpx.HTTPError:
            log_failure("event_given_up", type=event.type, **self._ids())
            return
        except StopWork:
            return  # nobody wants the event any more; `flush` raises it for the work
        if response.status_code == 410:
            self._stop.set(StopWork("superseded"))
        elif not response.is_success:
            log("event_given_up", type=event.type, status=response.status_code, **self._ids())

    def _post(self, event: Event, webhook_id: str, timeout_s: float) -> httpx.Response:
        body = json.dumps(event.model_dump(by_alias=True), ensure_ascii=False, allow_nan=False).encode()
        headers = signed_headers(self._secret, webhook_id, datetime.now(UTC), body)
        return self._client.post(self._url, content=body, headers=headers, timeout=timeout_s)

    def _ids(self) -> dict[str, Any]:
        return {"jobId": self.head["job_id"], "attempt": self.head["attempt"], "claimEpoch": self.head["claim_epoch"]}


def signed_headers(secret: str, webhook_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers of Standard Webhooks for a JSON body that is sent now. `secret` is `whsec_` + base64."""
    return {
        "content-type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(webhook_id, at, body.decode()),
    }


def send_with_retry(
    send: Callable[[], httpx.Response],
    retry: Retry,
    stop: StopSignal,
    *,
    what: str,
    permanent: Container[int] = PERMANENT,
) -> httpx.Response:
    """Call `send` until it answers something final: success, or a status that no repetition changes.

    Waits as long as the backoff says, or as long as the answer asks in `Retry-After` where that is longer. Returns the
    last response, whatever it was. Raises httpx.HTTPError when the last try did not reach the server, and StopWork when
    the signal is set while waiting.
    """
    delays = retry.delays_s()
    while True:
        outcome: httpx.Response | httpx.TransportError
        try:
            outcome = send()
            if outcome.is_success or outcome.status_code in permanent:
                return outcome
        except httpx.TransportError as error:
            outcome = error
        delay = next(delays, None)
        if delay is None:
            if isinstance(outcome, httpx.TransportError):
                raise outcome
            return outcome
        if isinstance(outcome, httpx.Response):
            delay = max(delay, retry.asked_s(outcome))
        reason = outcome.status_code if isinstance(outcome, httpx.Response) else type(outcome).__name__
        log("retrying", what=what, reason=reason, delayMs=round(delay * 1000))
        stop.wait(delay)
