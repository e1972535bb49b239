"""One ticket from claim to terminal event: the same code on every host.

    claim (before any work) -> work order -> download -> train or generate, reporting all the way -> terminal event

The outcome is also the return value, so that a provider's call result completes the job when every webhook was lost.
It always returns normally: a crash would make a provider start the same ticket again.
"""

import gc
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from pydantic import ValidationError

from pixgen_gpu.errors import FailureCode, GpuFailure, StopReason, StopWork, is_device_lost, is_out_of_memory
from pixgen_gpu.events import EventSender, Retry, Rhythm, StopSignal, send_with_retry
from pixgen_gpu.files import Uploader
from pixgen_gpu.logs import log, log_failure
from pixgen_gpu.output_policy import OutputPolicy
from pixgen_gpu.profiles import ProfileName
from pixgen_gpu.protocol import (
    CallCancelled,
    CallFinished,
    CallLost,
    CallSuperseded,
    ClaimRequest,
    FailedEvent,
    GenerateOrder,
    SucceededEvent,
    Ticket,
    TrainOrder,
    WorkOrder,
)
from pixgen_gpu.urls import is_inside

Outcome = CallFinished | CallSuperseded | CallCancelled | CallLost
Order = TrainOrder | GenerateOrder


@dataclass(frozen=True)
class Host:
    """What differs between hosts. `load_base` returns the profile's base model, cached by the host if it likes.

    Class images are kept in `data_dir`; without one, each training draws its own. `captioner_dir` holds a BLIP model.
    """

    api_base: str
    profile: ProfileName
    load_base: Callable[[], Any]
    output: OutputPolicy = field(default_factory=OutputPolicy)
    data_dir: Path | None = None
    captioner_dir: Path | None = None
    claim_retry: Retry = field(default_factory=lambda: Retry(tries=6, cap_s=8))
    retry: Retry = field(default_factory=Retry)
    rhythm: Rhythm = field(default_factory=Rhythm)


@dataclass(frozen=True)
class Claim:
    """A claimed job at work: what the two kinds of work share."""

    order: Order
    host: Host
    client: httpx.Client
    events: EventSender
    uploader: Uploader
    stop: StopSignal
    started: float

    @property
    def gpu_ms(self) -> int:
        """Milliseconds since the claim: the time this job held the GPU."""
        return round((time.monotonic() - self.started) * 1000)


def run_ticket(ticket: Ticket, call_id: str, host: Host, stop: StopSignal | None = None) -> Outcome:
    """Run one ticket to its end. `stop` lets the host cancel from another thread."""
    stop = stop or StopSignal()
    with _at_work.including(stop):
        outcome = _run_ticket(ticket, call_id, host, stop)
    if failure_of(outcome) == "GPU_OUT_OF_MEMORY":
        _give_back_memory()
    return outcome


def run_input(ticket: dict[str, Any], call_id: str | None, host: Host | None) -> tuple[dict[str, Any], bool]:
    """`run_ticket` for a provider that calls on the main thread with plain JSON-like values and wants such back. Also
    says whether the GPU is lost to this process. Raises KeyboardInterrupt after SIGINT, and nothing else."""
    outcome: Outcome
    stop = StopSignal()
    if host is None or call_id is None:
        outcome = CallLost(state="lost", reason="the app's settings are wrong: its log says which")
    else:
        try:
            with stopped_by_interrupt(stop):
                outcome = run_ticket(Ticket.model_validate(ticket), call_id, host, stop)
        except ValidationError:
            outcome = CallLost(state="lost", reason="the ticket was not understood")
    answer = outcome.result if isinstance(outcome, CallFinished) else outcome
    return answer.model_dump(mode="json", by_alias=True), failure_of(outcome) == "GPU_LOST"


def failure_of(outcome: Outcome) -> FailureCode | None:
    """The code with which a ticket failed. After GPU_LOST the process is of no more use: its host must let it end."""
    result = outcome.result if isinstance(outcome, CallFinished) else None
    return result.code if isinstance(result, FailedEvent) else None


def _give_back_memory() -> None:
    """Give back what the allocator keeps: the next ticket will want it, in other pieces."""
    if torch := sys.modules.get("torch"):
        gc.collect()
        torch.cuda.empty_cache()


def request_stop(within_s: float = 25) -> None:
    """The machine is about to go away: stop every running ticket at its next step, and wait for them to end.

    For a host's exit hook (Modal gives it 30 s before it kills the container). Safe from any thread, and when nothing
    runs. Nothing is reported: the provider starts the same call again elsewhere, and it claims again.
    """
    _at_work.stop_all(within_s)


@contextmanager
def stopped_by_interrupt(stop: StopSignal) -> Iterator[None]:
    """Within the block SIGINT asks the work to stop as pre-empted, which leaves a checkpoint behind; a second one ends
    it at once. Raises KeyboardInterrupt at the end of the block after the first.

    For a host that runs tickets on the main thread and says by SIGINT that the machine goes away (Modal).
    """
    interrupted = False

    def on_interrupt(number: int, frame: Any) -> None:
        nonlocal interrupted
        if interrupted:
            signal.default_int_handler(number, frame)
        interrupted = True
        # A thread of its own: this handler runs in the middle of whatever held the locks that are wanted here.
        threading.Thread(target=lambda: stop.set(StopWork("preempted")), daemon=True).start()

    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if interrupted:
        raise KeyboardInterrupt


def try_within(what: str, act: Callable[[], object], within_s: float) -> None:
    """Do what may fail or hang and is not worth a host's life: its failure is logged, and it is waited for no longer
    than `within_s`."""

    def attempt() -> None:
        try:
            act()
        except Exception:  # noqa: BLE001 - see above
            log_failure("host_step_failed", what=what)

    thread = threading.Thread(target=attempt, name=what, daemon=True)
    thread.start()
    thread.join(within_s)
    if thread.is_alive():
        log("host_step_slow", what=what, withinMs=round(within_s * 1000))


class _AtWork:
    """The stop signals of the tickets that this process works on."""

    def __init__(self) -> None:
        self._signals: list[StopSignal] = []
        self._changed = threading.Condition()

    @contextmanager
    def including(self, stop: StopSignal) -> Iterator[None]:
        with self._changed:
            self._signals.append(stop)
        try:
            yield
        finally:
            with self._changed:
                self._signals.remove(stop)
                self._changed.notify_all()

    def stop_all(self, within_s: float) -> None:
        with self._changed:
            for signal in self._signals:
                signal.set(StopWork("preempted"))
            self._changed.wait_for(lambda: not self._signals, within_s)


_at_work = _AtWork()


def _run_ticket(ticket: Ticket, call_id: str, host: Host, stop: StopSignal) -> Outcome:
    fields = {"jobId": ticket.job_id, "attempt": ticket.attempt, "callId": call_id}
    # Redirects are never followed: they would carry the token to a place nobody checked.
    with httpx.Client(follow_redirects=False, trust_env=False, timeout=15) as client:
        try:
            order = _claim(ticket, call_id, host, client, stop)
            if not isinstance(order, TrainOrder | GenerateOrder):
                log("claim_ended", outcome=order.state, **fields)
                return order
            log("claimed", kind=order.kind, claimEpoch=order.claim_epoch, **fields)
            outcome = _work(ticket, order, host, client, stop)
            log("call_ended", outcome=outcome.result.type, gpuMs=outcome.result.gpu_ms, **fields)
            return outcome
        except StopWork as reason:
            log("call_ended", outcome=reason.reason, **fields)
            return _stopped(reason.reason)
        except Exception:  # noqa: BLE001 - the last line of defence: see the module's first paragraph
            log_failure("call_crashed", **fields)
            return CallLost(state="lost", reason="internal error")


def _stopped(reason: StopReason) -> Outcome:
    match reason:
        case "cancelled":
            return CallCancelled(state="cancelled")
        case "superseded":
            return CallSuperseded(state="superseded")
        case "preempted":
            # The next attempt, or the provider's own restart of this call, goes on from the checkpoint.
            return CallLost(state="lost", reason="the host was stopped")


def _claim(ticket: Ticket, call_id: str, host: Host, client: httpx.Client, stop: StopSignal) -> Order | Outcome:
    """Claim before burn: without a 200 nothing is loaded, downloaded or computed."""
    if not is_inside(ticket.claim_url, host.api_base):
        return CallLost(state="lost", reason="the claim URL is outside the configured API")
    request = ClaimRequest(job_id=ticket.job_id, attempt=ticket.attempt, token=ticket.token, call_id=call_id)
    body = request.model_dump(by_alias=True)
    stop.check()
    try:
        response = send_with_retry(
            lambda: client.post(ticket.claim_url, json=body), host.claim_retry, stop, what="claim"
        )
    except httpx.HTTPError:
        return CallLost(state="lost", reason="the API could not be reached to claim the job")
    if response.status_code in (409, 410):
        return CallSuperseded(state="superseded")
    if not response.is_success:
        return CallLost(state="lost", reason=f"the claim was answered with status {response.status_code}")
    try:
        order = WorkOrder.model_validate_json(response.content).root
    except ValidationError as error:
        where = {".".join(str(part) for part in problem["loc"]) for problem in error.errors(include_input=False)}
        log("work_order_invalid", jobId=ticket.job_id, fields=sorted(where)[:10])
        return CallLost(state="lost", reason="the work order was not understood")
    inside = is_inside(order.events_url, host.api_base) and is_inside(order.uploads_url, host.api_base)
    if not inside or (order.job_id, order.attempt) != (ticket.job_id, ticket.attempt):
        return CallLost(state="lost", reason="the work order does not belong to the ticket")
    return order


def _work(ticket: Ticket, order: Order, host: Host, client: httpx.Client, stop: StopSignal) -> CallFinished:
    """Do the claimed work and deliver its terminal event. Raises StopWork when it is no longer wanted."""
    started = time.monotonic()
    with EventSender(order, client, stop, host.retry, host.rhythm) as events:
        uploader = Uploader(client, ticket, order, host.retry, stop)
        claim = Claim(order, host, client, events, uploader, stop, started)
        result = _succeed_or_fail(claim)
        events.flush()  # a 410 to an earlier event means that nobody wants the terminal one
        events.durable(result)
        try:
            events.flush()
        except StopWork:
            # The work is complete: its return value stands even when the API does not want to hear of it again.
            log("terminal_event_refused", jobId=order.job_id)
        return CallFinished(state="finished", result=result)


def _succeed_or_fail(claim: Claim) -> SucceededEvent | FailedEvent:
    try:
        if claim.order.profile != claim.host.profile:
            raise GpuFailure("BASE_MODEL_UNAVAILABLE", "this host serves another profile", retryable=False)
        # Importing torch takes seconds: only now that there is work, and with heartbeats running.
        from pixgen_gpu.jobs import run_order

        return run_order(claim)
    except StopWork:
        raise
    except GpuFailure as failure:
        log_failure("work_failed", jobId=claim.order.job_id, code=failure.code, detail=failure.detail)
        return _failed(claim, failure)
    except Exception as error:  # noqa: BLE001 - reported to the API and returned, see run_ticket
        log_failure("work_failed", jobId=claim.order.job_id)
        if is_out_of_memory(error):
            return _failed(claim, GpuFailure("GPU_OUT_OF_MEMORY"))
        return _failed(claim, GpuFailure("GPU_LOST" if is_device_lost(error) else "GPU_INTERNAL"))


def _failed(claim: Claim, failure: GpuFailure) -> FailedEvent:
    return FailedEvent(
        type="failed", **claim.events.head, gpu_ms=claim.gpu_ms, code=failure.code, retryable=failure.retryable
    )


class BaseModelCache:
    """Loads a host's base model at the first job and keeps it; safe to call from several threads."""

    def __init__(self, load: Callable[[], Any]) -> None:
        self._load, self._lock = load, threading.Lock()
        self._base: Any = None

    def __call__(self) -> Any:
        with self._lock:
            if self._base is None:
                self._base = self._load()
            return self._base

    def try_now(self) -> None:
        """Load ahead of the first job. What fails here is tried again by a job, which can report it."""
        try:
            self()
        except Exception:  # noqa: BLE001 - a host that cannot start would be started again without end
            log_failure("base_model_not_preloaded")
