"""Calls of the local host: a bounded queue, one running at a time, results kept for a day."""

import threading
import time
import uuid
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from pixgen_gpu.errors import StopWork
from pixgen_gpu.events import StopSignal
from pixgen_gpu.logs import log_failure
from pixgen_gpu.protocol import CallCancelled, CallLost, CallPending, Ticket
from pixgen_gpu.run_ticket import Outcome

MAX_WAITING = 100
MAX_FINISHED = 2_000
KEEP_FINISHED_S = 24 * 3600

Run = Callable[[Ticket, str, StopSignal], Outcome]


class QueueFullError(Exception):
    """No room for another ticket; the worker tries again later."""


@dataclass
class _Call:
    ticket: Ticket
    stop: StopSignal = field(default_factory=StopSignal)
    outcome: Outcome | None = None
    ended_at: float = 0.0


class CallQueue:
    """Accepts tickets at any time and runs them in order on one thread. Everything here is quick and thread-safe."""

    def __init__(self, run: Run, max_waiting: int = MAX_WAITING) -> None:
        self._run, self._max_waiting = run, max_waiting
        self._calls: OrderedDict[str, _Call] = OrderedDict()
        self._waiting: deque[str] = deque()
        self._running: str | None = None
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run_calls, name="calls", daemon=True)
        self._thread.start()

    def submit(self, ticket: Ticket) -> str:
        """Queue a ticket and return its new call id. Raises QueueFullError."""
        with self._changed:
            if self._closed or len(self._waiting) >= self._max_waiting:
                raise QueueFullError
            self._forget_old()
            call_id = f"local-{uuid.uuid4().hex}"
            self._calls[call_id] = _Call(ticket)
            self._waiting.append(call_id)
            self._changed.notify_all()
            return call_id

    def status(self, call_id: str) -> CallPending | Outcome | None:
        """The call's status; None when it is not known (never was, too old, or from before a restart)."""
        with self._changed:
            call = self._calls.get(call_id)
            return None if call is None else call.outcome or CallPending(state="pending")

    def cancel(self, call_id: str) -> None:
        """End a waiting call at once and ask a running one to stop; unknown and ended calls are left alone."""
        with self._changed:
            call = self._calls.get(call_id)
            if call is None or call.outcome is not None:
                return
            call.stop.set(StopWork("cancelled"))
            if call_id in self._waiting:
                self._waiting.remove(call_id)
                self._end(call_id, CallCancelled(state="cancelled"))

    def wait(self, call_id: str, timeout_s: float) -> Outcome | None:
        """Block until the call has ended; None when it has not within `timeout_s`."""
        with self._changed:
            self._changed.wait_for(lambda: self._calls[call_id].outcome is not None, timeout_s)
            return self._calls[call_id].outcome

    def load(self) -> dict[str, int]:
        """How much is running and waiting."""
        with self._changed:
            return {"running": int(self._running is not None), "waiting": len(self._waiting)}

    def refuse(self) -> None:
        """Take no more calls, and end what waits."""
        with self._changed:
            self._closed = True
            for call_id in list(self._waiting):
                self._end(call_id, CallLost(state="lost", reason="the host was stopped"))
            self._waiting.clear()
            self._changed.notify_all()

    def close(self, timeout_s: float) -> None:
        """End what waits, let the running call save what it can, and wait for it."""
        self.refuse()
        with self._changed:
            if self._running:
                self._calls[self._running].stop.set(StopWork("preempted"))
        self._thread.join(timeout_s)

    def _run_calls(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if not self._waiting:
                    return
                call_id = self._waiting.popleft()
                self._running = call_id
                call = self._calls[call_id]
            outcome: Outcome
            try:
                outcome = self._run(call.ticket, call_id, call.stop)
            except Exception:  # noqa: BLE001 - one call must not end the thread that runs all of them
                log_failure("call_crashed", callId=call_id)
                outcome = CallLost(state="lost", reason="internal error")
            with self._changed:
                self._running = None
                self._end(call_id, outcome)

    def _end(self, call_id: str, outcome: Outcome) -> None:
        call = self._calls[call_id]
        call.outcome, call.ended_at = outcome, time.monotonic()
        self._changed.notify_all()

    def _forget_old(self) -> None:
        """Drop results older than a day, and the oldest ones beyond the cap."""
        ended = [(call_id, call) for call_id, call in self._calls.items() if call.outcome is not None]
        oldest_kept = time.monotonic() - KEEP_FINISHED_S
        surplus = max(0, len(ended) - MAX_FINISHED)
        for index, (call_id, call) in enumerate(ended):
            if index < surplus or call.ended_at < oldest_kept:
                del self._calls[call_id]
