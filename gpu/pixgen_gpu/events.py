"""Telling the API what happens: signed events, heartbeats, and the rule for trying again.

Events follow Standard Webhooks: the raw body is signed with the claim's own secret, and every retry of an event carries
the same webhook id, so the receiver applies it once.
"""

import json
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from standardwebhooks import Webhook

from pixgen_gpu.errors import StopWork
from pixgen_gpu.logs import log, log_failure
from pixgen_gpu.protocol import (
    CheckpointEvent,
    FailedEvent,
    GenerateOrder,
    HeartbeatEvent,
    ImageEvent,
    ProgressEvent,
    SucceededEvent,
    TrainOrder,
)

DurableEvent = ImageEvent | CheckpointEvent | SucceededEvent | FailedEvent
Event = DurableEvent | HeartbeatEvent | ProgressEvent


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


@dataclass(frozen=True)
class Rhythm:
    """How often the sender speaks, in seconds."""

    heartbeat_s: float = 5.0
    progress_s: float = 1.0


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

    `progress` never blocks: the latest values are sent by the heartbeat thread, the ones between are dropped.
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
        self._webhook = Webhook(order.signing_secret)
        self._client, self._stop = client, stop
        self._retry, self._rhythm = retry or Retry(), rhythm or Rhythm()
        self._phase: Any = "loading"
        self._progress: ProgressEvent | None = None
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
        self, phase: str, step: int, total_steps: int, loss: float | None = None, image_id: str | None = None
    ) -> None:
        """Offer the latest progress; at most one event per second leaves."""
        self._phase = phase
        fields: dict[str, Any] = {
            "phase": phase,
            "step": step,
            "total_steps": total_steps,
            "loss": loss,
            "image_id": image_id,
        }
        with self._wake:
            self._progress = ProgressEvent(type="progress", **self.head, **fields)
            self._wake.notify_all()

    def durable(self, event: DurableEvent) -> None:
        """Queue an event that must arrive."""
        self._pending.append(self._outbox.submit(self._send_durable, event))

    def flush(self) -> None:
        """Wait until every durable event was delivered or given up. Raises StopWork when the API says 410."""
        for future in self._pending:
            future.result()
        self._pending.clear()
        self._stop.check()

    def _run_pulse(self) -> None:
        """Heartbeat at once and then regularly; progress as it comes, throttled."""
        next_heartbeat, next_progress = time.monotonic(), time.monotonic()
        while True:
            with self._wake:
                if self._closed:
                    return
                due = next_heartbeat if self._progress is None else min(next_heartbeat, next_progress)
                if due > time.monotonic():
                    self._wake.wait(due - time.monotonic())
                    continue
                progress = None
                if self._progress is not None and next_progress <= time.monotonic():
                    progress, self._progress = self._progress, None
            if progress is not None:
                next_progress = time.monotonic() + self._rhythm.progress_s
                self._send_once(progress)
            if next_heartbeat <= time.monotonic():
                next_heartbeat = time.monotonic() + self._rhythm.heartbeat_s
                self._send_once(HeartbeatEvent(type="heartbeat", **self.head, phase=self._phase))

    def _send_once(self, event: HeartbeatEvent | ProgressEvent) -> None:
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
                lambda: self._post(event, webhook_id, timeout_s=15), self._retry, self._stop, what=event.type
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
        now = datetime.now(UTC)
        headers = {
            "content-type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._webhook.sign(webhook_id, now, body.decode()),
        }
        return self._client.post(self._url, content=body, headers=headers, timeout=timeout_s)

    def _ids(self) -> dict[str, Any]:
        return {"jobId": self.head["job_id"], "attempt": self.head["attempt"], "claimEpoch": self.head["claim_epoch"]}


def send_with_retry(send: Callable[[], httpx.Response], retry: Retry, stop: StopSignal, *, what: str) -> httpx.Response:
    """Call `send` until it answers something final: success, or a client error other than 408, 425 and 429.

    Returns the last response, whatever it was. Raises httpx.HTTPError when the last try did not reach the server, and
    StopWork when the signal is set while waiting.
    """
    delays = retry.delays_s()
    while True:
        outcome: httpx.Response | httpx.TransportError
        try:
            outcome = send()
            if outcome.is_success or (400 <= outcome.status_code < 500 and outcome.status_code not in (408, 425, 429)):
                return outcome
        except httpx.TransportError as error:
            outcome = error
        delay = next(delays, None)
        if delay is None:
            if isinstance(outcome, httpx.TransportError):
                raise outcome
            return outcome
        reason = outcome.status_code if isinstance(outcome, httpx.Response) else type(outcome).__name__
        log("retrying", what=what, reason=reason, delayMs=round(delay * 1000))
        stop.wait(delay)
