"""The local GPU host: runs tickets on this machine's CPU or GPU, one at a time.

    POST /submit              a ticket -> 202 { callId }; 429 when the queue is full
    GET  /calls/{id}          the call's status
    POST /calls/{id}/cancel   stop it, queued or running -> its status
    GET  /healthz             alive (never asks for the secret)

With GPU_SERVER_SECRET set, all but /healthz need `Authorization: Bearer <secret>`. The work runs in a thread, so these
answer while it goes on; torch is imported by the first job, not at the start.
"""

import asyncio
import hmac
import json
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response

from pixgen_gpu.calls import CallQueue, QueueFullError
from pixgen_gpu.logs import configure_logging, log
from pixgen_gpu.protocol import CallLost, Ticket
from pixgen_gpu.run_ticket import BaseModelCache, Host, run_ticket
from pixgen_gpu.settings import Settings, load_settings

MAX_BODY_BYTES = 16 * 1024
STOP_WITHIN_S = 25


def local_host(settings: Settings) -> Host:
    """This machine as a host for tickets."""

    def load() -> Any:
        from pixgen_gpu.models import load_base_model

        return load_base_model(settings.gpu_profile, settings.pixgen_gpu_data_dir)

    return Host(settings.pixgen_api_base, settings.gpu_profile, BaseModelCache(load), settings.output)


def create_app(settings: Settings, calls: CallQueue) -> FastAPI:
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
        return {"status": "ok", "profile": settings.gpu_profile, **calls.load()}

    @app.post("/submit", status_code=202)
    async def submit(ticket: Ticket) -> Any:
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


def _error(status: int, code: str) -> JSONResponse:
    return JSONResponse({"code": code}, status_code=status)


def main() -> None:
    """Parse the environment, listen, and on SIGTERM or SIGINT stop the running job and leave."""
    settings = load_settings()
    configure_logging()
    host = local_host(settings)
    calls = CallQueue(lambda ticket, call_id, stop: run_ticket(ticket, call_id, host, stop))
    config = uvicorn.Config(
        create_app(settings, calls),
        host=settings.gpu_server_host,
        port=settings.gpu_server_port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    server = uvicorn.Server(config)
    address = {"host": settings.gpu_server_host, "port": settings.gpu_server_port}
    log("gpu_server_starting", profile=settings.gpu_profile, **address)
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


if __name__ == "__main__":
    main()
