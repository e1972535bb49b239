"""The local GPU host: runs tickets on this machine's CPU or GPU, one at a time.

    POST /submit              a ticket -> 202 { callId }; 429 when the queue or the GPU's memory is full
    GET  /calls/{id}          the call's status
    POST /calls/{id}/cancel   stop it, queued or running -> its status
    GET  /healthz             alive, with profile, device and its free memory (never asks for the secret)

With GPU_SERVER_SECRET set, all but /healthz need `Authorization: Bearer <secret>`. The work runs in a thread, so these
answer while it goes on; torch is imported by the first job, not at the start.
"""

import asyncio
import hmac
import json
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response

from pixgen_gpu.calls import CallQueue, QueueFullError
from pixgen_gpu.card import Card, read_card, too_full, too_small
from pixgen_gpu.errors import GpuFailure
from pixgen_gpu.events import StopSignal
from pixgen_gpu.logs import configure_logging, log
from pixgen_gpu.profiles import ProfileName
from pixgen_gpu.protocol import CallLost, Ticket
from pixgen_gpu.run_ticket import BaseModelCache, Host, Outcome, failure_of, run_ticket
from pixgen_gpu.settings import Settings, load_settings

MAX_BODY_BYTES = 16 * 1024
STOP_WITHIN_S = 25
MEMORY_RETRY_S = 30
CARD_SEEN_S = 5

ReadCard = Callable[[], Card | None]


class MemoryGuard:
    """Says whether a job fits on the GPU. Once this server's model is loaded, its memory is its own."""

    def __init__(self, profile: ProfileName, card: ReadCard = read_card) -> None:
        self._profile: ProfileName = profile
        self._read = card
        self._seen: tuple[float, Card | None] | None = None
        self.loaded = False
        self._loading = False

    def card(self) -> Card | None:
        """The card as it was within the last seconds: health checks are frequent, asking the driver is not free."""
        now = time.monotonic()
        if self._seen is None or now - self._seen[0] > CARD_SEEN_S:
            self._seen = (now, self._read())
        return self._seen[1]

    def problem(self) -> str | None:
        """Why the model cannot be loaded now, and what to do; None when it can, is loaded or being loaded, or needs no
        GPU."""
        card = None if self.loaded or self._loading else self._read()
        return card and (too_small(card, self._profile) or too_full(card, self._profile))

    def load(self, load: Callable[[], Any]) -> Any:
        """Load the base model, unless it does not fit. Raises GpuFailure GPU_OUT_OF_MEMORY."""
        if problem := self.problem():
            log("gpu_memory_full", problem=problem)
            raise GpuFailure("GPU_OUT_OF_MEMORY", problem)
        self._loading = True
        try:
            base = load()
            self.loaded = True
            return base
        finally:
            self._loading = False


def local_host(settings: Settings, memory: MemoryGuard) -> Host:
    """This machine as a host for tickets."""

    def load() -> Any:
        from pixgen_gpu.models import load_base_model

        return load_base_model(settings.gpu_profile, settings.pixgen_gpu_data_dir)

    return Host(
        settings.pixgen_api_base,
        settings.gpu_profile,
        BaseModelCache(lambda: memory.load(load)),
        output=settings.output,
        data_dir=settings.pixgen_gpu_data_dir,
        captioner_dir=settings.gpu_captioner_dir or None,
    )


def run_here(ticket: Ticket, call_id: str, stop: StopSignal, host: Host, leave: Callable[[], None]) -> Outcome:
    """Run a ticket. When it lost the GPU, every later one would: then this process has to `leave`."""
    outcome = run_ticket(ticket, call_id, host, stop)
    if failure_of(outcome) == "GPU_LOST":
        leave()
    return outcome


def create_app(settings: Settings, calls: CallQueue, memory: MemoryGuard) -> FastAPI:
    """The HTTP surface over a call queue."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await asyncio.to_thread(calls.close, STOP_WITHIN_S)

    app = FastAPI(title="PixGen GPU server", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)

    @app.middleware("http")
    async def guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        if request.url.path != "/healthz" and not _authorised(request, settings.gpu_server_secret):
            return _error(401, "UNAUTHORIZED")
        length = request.headers.get("content-length", "0")
        if "transfer-encoding" in request.headers or not length.isdecimal() or int(length) > MAX_BODY_BYTES:
            return _error(413, "BODY_TOO_LARGE")
        return await call_next(request)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        fields = [".".join(str(part) for part in problem["loc"][1:]) for problem in error.errors()]
        return JSONResponse({"code": "INVALID_TICKET", "fields": fields}, status_code=400)

    @app.get("/healthz")
    async def healthz() -> dict[str, Any]:
        card = await asyncio.to_thread(memory.card)
        device = {"kind": "cpu"} if card is None else {"kind": "cuda", **asdict(card)}
        return {"status": "ok", "profile": settings.gpu_profile, **calls.load(), "device": device}

    @app.post("/submit", status_code=202)
    async def submit(ticket: Ticket) -> Any:
        if problem := await asyncio.to_thread(memory.problem):
            # The worker brings the ticket again later: it costs the job no attempt.
            log("submit_put_off", problem=problem)
            return _error(429, "GPU_OUT_OF_MEMORY", {"retry-after": str(MEMORY_RETRY_S)})
        try:
            return {"callId": calls.submit(ticket)}
        except QueueFullError:
            return _error(429, "QUEUE_FULL")

    @app.get("/calls/{call_id}")
    async def status(call_id: str) -> Any:
        return _status(calls, call_id)

    @app.post("/calls/{call_id}/cancel")
    async def cancel(call_id: str) -> Any:
        calls.cancel(call_id)
        return _status(calls, call_id)

    return app


def _status(calls: CallQueue, call_id: str) -> dict[str, Any]:
    status = calls.status(call_id) or CallLost(state="lost", reason="unknown call")
    return status.model_dump(by_alias=True)


def _authorised(request: Request, secret: str) -> bool:
    if not secret:
        return True
    given = request.headers.get("authorization", "")
    return hmac.compare_digest(given.encode(), f"Bearer {secret}".encode())


def _error(status: int, code: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"code": code}, status_code=status, headers=headers)


def main() -> None:
    """Parse the environment, listen, and on SIGTERM or SIGINT stop the running job and leave."""
    settings = load_settings()
    configure_logging()
    memory = MemoryGuard(settings.gpu_profile)
    card = memory.card()
    if card and (problem := too_small(card, settings.gpu_profile)):
        sys.exit(f"GPU_OUT_OF_MEMORY: {problem}")
    host = local_host(settings, memory)
    lost = threading.Event()

    def leave() -> None:
        lost.set()
        calls.refuse()
        server.should_exit = True

    calls = CallQueue(lambda ticket, call_id, stop: run_here(ticket, call_id, stop, host, leave))
    config = uvicorn.Config(
        create_app(settings, calls, memory),
        host=settings.gpu_server_host,
        port=settings.gpu_server_port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    server = uvicorn.Server(config)
    address = {"host": settings.gpu_server_host, "port": settings.gpu_server_port}
    log("gpu_server_starting", profile=settings.gpu_profile, device=card.name if card else "cpu", **address)
    # uvicorn stops gracefully and then raises the signal again; as KeyboardInterrupt it ends in status 0.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        server.run()
    except KeyboardInterrupt:
        pass
    except SystemExit:
        # uvicorn's way to say that it could not bind
        sys.exit(f"GPU_SERVER_PORT: cannot listen on {json.dumps(address)}; is the port taken?")
    log("gpu_server_stopped")
    if lost.is_set():
        sys.exit("GPU_LOST: the GPU cannot be used by this process any more; whoever started it must start it again")


if __name__ == "__main__":
    main()
