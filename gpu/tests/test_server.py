"""The local host over real HTTP: one job at a time, status, cancel, the shared secret, and how it starts."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from pixgen_gpu.calls import CallQueue
from pixgen_gpu.card import GIB, Card
from pixgen_gpu.errors import GpuFailure, StopWork
from pixgen_gpu.events import StopSignal
from pixgen_gpu.profiles import ProfileName
from pixgen_gpu.protocol import CallCancelled, CallFinished, FailedEvent, Ticket
from pixgen_gpu.run_ticket import Outcome
from pixgen_gpu.settings import EXAMPLE_SECRET, Settings
from server import MemoryGuard, create_app, local_host
from tests.fake_api import JOB_ID, TOKEN, FakeApi
from tests.orders import train_order
from tests.test_doctor import put_nvidia_smi

GPU = Path(__file__).resolve().parents[1]
TICKET = {"jobId": JOB_ID, "attempt": 1, "token": TOKEN, "claimUrl": "http://127.0.0.1:4000/gpu/claim"}
PROFILE: ProfileName = "nano"


class Work:
    """Stands for run_ticket: waits until it is released, and notes how many ran at once."""

    def __init__(self) -> None:
        self.release = threading.Event()
        self.started = threading.Semaphore(0)
        self.running = self.most_at_once = 0

    def __call__(self, ticket: Ticket, _call_id: str, stop: StopSignal) -> Outcome:
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        self.started.release()
        try:
            while not self.release.wait(0.005):
                stop.check()
        finally:
            self.running -= 1
        event = FailedEvent(
            type="failed", job_id=ticket.job_id, attempt=1, claim_epoch=1, gpu_ms=1, code="GPU_INTERNAL", retryable=True
        )
        return CallFinished(state="finished", result=event)


@pytest.fixture
def work() -> Iterator[Work]:
    work = Work()
    yield work
    work.release.set()


def client_for(
    run: Callable[..., Outcome], secret: str = "", max_waiting: int = 100, memory: MemoryGuard | None = None
) -> tuple[TestClient, CallQueue]:
    settings = Settings(gpu_server_secret=secret, gpu_profile=PROFILE)
    calls = CallQueue(run, max_waiting)
    return TestClient(create_app(settings, calls, memory or MemoryGuard(PROFILE, lambda: None))), calls


def test_jobs_run_one_at_a_time_and_results_stay_readable(work: Work) -> None:
    client, calls = client_for(work)
    ids = [client.post("/submit", json=TICKET).json()["callId"] for _ in range(3)]
    assert work.started.acquire(timeout=5)
    assert client.get("/healthz").json() == {
        "status": "ok",
        "profile": "nano",
        "running": 1,
        "waiting": 2,
        "device": {"kind": "cpu"},
    }
    assert client.get(f"/calls/{ids[0]}").json() == {"state": "pending"}
    work.release.set()
    for call_id in ids:
        calls.wait(call_id, 5)
        answer = client.get(f"/calls/{call_id}").json()
        assert (answer["state"], answer["result"]["jobId"], answer["result"]["type"]) == ("finished", JOB_ID, "failed")
    assert work.most_at_once == 1
    assert len(set(ids)) == 3


def test_cancel_ends_a_waiting_and_a_running_call_and_leaves_finished_ones(work: Work) -> None:
    cancelled = CallCancelled(state="cancelled")

    def run(ticket: Ticket, call_id: str, stop: StopSignal) -> Outcome:
        try:
            return work(ticket, call_id, stop)
        except StopWork:
            return cancelled

    client, calls = client_for(run)
    running, waiting, last = (client.post("/submit", json=TICKET).json()["callId"] for _ in range(3))
    assert work.started.acquire(timeout=5)
    assert client.post(f"/calls/{waiting}/cancel").json() == {"state": "cancelled"}
    client.post(f"/calls/{running}/cancel")
    assert calls.wait(running, 5) == cancelled
    work.release.set()
    calls.wait(last, 5)
    assert client.post(f"/calls/{last}/cancel").json()["state"] == "finished"


def test_an_unknown_call_is_lost_and_cancelling_it_is_harmless(work: Work) -> None:
    client, _ = client_for(work)
    assert client.get("/calls/nope").json()["state"] == "lost"
    assert client.post("/calls/nope/cancel").json()["state"] == "lost"


def test_a_full_queue_answers_429(work: Work) -> None:
    client, _ = client_for(work, max_waiting=1)
    client.post("/submit", json=TICKET)
    assert work.started.acquire(timeout=5)
    assert [client.post("/submit", json=TICKET).status_code for _ in range(2)] == [202, 429]


def test_a_crash_of_one_call_does_not_end_the_others() -> None:
    def crash(*_: object) -> Outcome:
        raise RuntimeError("boom")

    client, calls = client_for(crash)
    ids = [client.post("/submit", json=TICKET).json()["callId"] for _ in range(2)]
    for call_id in ids:
        calls.wait(call_id, 5)
        assert client.get(f"/calls/{call_id}").json() == {"state": "lost", "reason": "internal error"}


def test_with_a_secret_everything_but_health_needs_it(work: Work) -> None:
    secret = "0123456789abcdef"
    client, _ = client_for(work, secret)
    assert client.get("/healthz").status_code == 200
    for given in (None, f"Bearer {secret}x", secret, "Bearer ÿ", ""):
        headers: dict[bytes, bytes] = {} if given is None else {b"authorization": given.encode()}
        assert client.post("/submit", json=TICKET, headers=headers).status_code == 401
        assert client.get("/calls/nope", headers=headers).status_code == 401
        assert client.post("/calls/nope/cancel", headers=headers).status_code == 401
    assert client.post("/submit", json=TICKET, headers={"authorization": f"Bearer {secret}"}).status_code == 202


@pytest.mark.parametrize(
    "change",
    [{"attempt": 0}, {"jobId": "x"}, {"token": "short"}, {"extra": 1}, {"claimUrl": ""}, {"claimUrl": "x" * 5000}],
)
def test_a_malformed_ticket_is_refused_naming_the_field(work: Work, change: dict[str, Any]) -> None:
    client, _ = client_for(work)
    answer = client.post("/submit", json=TICKET | change)
    assert answer.status_code == 400
    assert answer.json() == {"code": "INVALID_TICKET", "fields": [next(iter(change))]}


def test_oversized_and_unmeasured_bodies_are_refused(work: Work) -> None:
    client, _ = client_for(work)
    assert client.post("/submit", content=b"x" * 20_000).status_code == 413
    assert client.post("/submit", content=iter([b"{}"])).status_code == 413


def card_with(free_gib: float, total_gib: float = 24) -> Card:
    return Card("NVIDIA Test", "600.1", round(total_gib * GIB), round(free_gib * GIB))


def test_health_names_the_card_and_its_free_memory(work: Work) -> None:
    client, _ = client_for(work, memory=MemoryGuard("sdxl", lambda: card_with(20)))
    assert client.get("/healthz").json()["device"] == {
        "kind": "cuda",
        "name": "NVIDIA Test",
        "driver": "600.1",
        "total_bytes": 24 * GIB,
        "free_bytes": 20 * GIB,
    }


def test_a_card_that_others_fill_puts_tickets_off_until_it_is_free(work: Work) -> None:
    free = [3.0]
    client, _ = client_for(work, memory=MemoryGuard("sdxl", lambda: card_with(free[0])))
    answer = client.post("/submit", json=TICKET)
    assert (answer.status_code, answer.json()) == (429, {"code": "GPU_OUT_OF_MEMORY"})
    assert int(answer.headers["retry-after"]) > 0
    free[0] = 20
    assert client.post("/submit", json=TICKET).status_code == 202


def test_the_memory_of_the_servers_own_model_does_not_count_against_it(work: Work) -> None:
    free = [20.0]
    memory = MemoryGuard("sdxl", lambda: card_with(free[0]))
    assert memory.load(lambda: "model") == "model"
    free[0] = 3
    client, _ = client_for(work, memory=memory)
    assert client.post("/submit", json=TICKET).status_code == 202


def test_tickets_are_taken_while_the_servers_own_model_fills_the_card(work: Work) -> None:
    free = [20.0]
    memory = MemoryGuard("sdxl", lambda: card_with(free[0]))
    client, _ = client_for(work, memory=memory)

    def load() -> str:
        free[0] = 3
        assert client.post("/submit", json=TICKET).status_code == 202
        raise OSError("broken off")

    with pytest.raises(OSError, match="broken off"):
        memory.load(load)
    # What fills the card now is not this server's model.
    assert client.post("/submit", json=TICKET).status_code == 429


def test_a_job_that_finds_the_card_full_fails_with_a_code_and_loads_nothing() -> None:
    settings = Settings(gpu_profile="sdxl")
    memory = MemoryGuard("sdxl", lambda: card_with(3))
    with pytest.raises(GpuFailure) as failure:
        local_host(settings, memory).load_base()
    assert failure.value.code == "GPU_OUT_OF_MEMORY"
    assert failure.value.retryable
    assert "End the other programs" in failure.value.detail
    assert not memory.loaded


def test_a_card_that_is_too_small_stops_the_start_and_says_what_to_do(tmp_path: Path) -> None:
    path = put_nvidia_smi(tmp_path, "echo 'NVIDIA Test, 600.1, 8192, 8000'")
    process = start_server(PATH=path, GPU_PROFILE="sdxl")
    _, error = process.communicate(timeout=20)
    assert process.returncode == 1
    assert error.startswith(
        "GPU_OUT_OF_MEMORY: GPU_PROFILE=sdxl wants 14.0 GiB of GPU memory; NVIDIA Test has 8.0 GiB."
    )


def start_server(*program: str, **env: str) -> subprocess.Popen[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("GPU_", "PIXGEN_"))}
    return subprocess.Popen(
        [sys.executable, *(program or ("server.py",))], cwd=GPU, env=clean | env, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize(
    ("env", "named"),
    [
        ({"GPU_SERVER_HOST": "0.0.0.0"}, "GPU_SERVER_SECRET"),
        ({"GPU_SERVER_PORT": "99999"}, "GPU_SERVER_PORT"),
        ({"GPU_PROFILE": "huge"}, "GPU_PROFILE"),
        ({"PIXGEN_API_BASE": "not-a-url"}, "PIXGEN_API_BASE"),
        ({"GPU_SERVER_SECRET": "canary-short"}, "GPU_SERVER_SECRET"),
        ({"GPU_SERVER_SECRET": EXAMPLE_SECRET}, "GPU_SERVER_SECRET"),
    ],
)
def test_a_bad_variable_stops_the_start_naming_it_and_not_its_value(env: dict[str, str], named: str) -> None:
    process = start_server(**env)
    _, error = process.communicate(timeout=20)
    assert process.returncode == 1
    assert named in error
    assert env[next(iter(env))] not in error.replace(named, "")


def test_a_real_server_trains_a_ticket_answers_meanwhile_and_stops_on_sigterm(api: FakeApi, unused_port: int) -> None:
    order = train_order(api)
    api.order = order | {"settings": order["settings"] | {"steps": 4}}
    base = f"http://127.0.0.1:{unused_port}"
    process = start_server(GPU_SERVER_PORT=str(unused_port), PIXGEN_API_BASE=api.base)
    try:
        wait_until_healthy(base)
        call_id = httpx.post(f"{base}/submit", json=api.ticket()).json()["callId"]
        api.wait_for("heartbeat")
        assert httpx.get(f"{base}/healthz", timeout=5).json()["running"] == 1
        (event,) = api.wait_for("succeeded", timeout_s=60)
        status = {"state": "pending"}
        deadline = time.monotonic() + 10
        while status["state"] == "pending" and time.monotonic() < deadline:
            status = httpx.get(f"{base}/calls/{call_id}").json()
        assert status == {"state": "finished", "result": event}

        api.order = order | {"settings": order["settings"] | {"steps": 5000}}
        api.events.clear()
        httpx.post(f"{base}/submit", json=api.ticket())
        api.wait_for("progress")
        process.terminate()
        _, log = process.communicate(timeout=30)
        assert process.returncode == 0
        assert '"outcome": "preempted"' in log
        assert TOKEN not in log
    finally:
        process.kill()


BROKEN_CARD = """
import server
run_ticket = server.run_ticket
def on_a_broken_card(*given):
    import torch
    from pixgen_gpu.training.loop import TrainingLoop
    def run_step(self): raise torch.AcceleratorError("CUDA error: an illegal memory access was encountered")
    TrainingLoop.run_step = run_step
    return run_ticket(*given)
server.run_ticket = on_a_broken_card
server.main()
"""


def test_a_server_whose_gpu_is_lost_reports_it_takes_no_more_and_leaves_with_an_error(
    api: FakeApi, unused_port: int
) -> None:
    api.order = train_order(api)
    base = f"http://127.0.0.1:{unused_port}"
    process = start_server("-c", BROKEN_CARD, GPU_SERVER_PORT=str(unused_port), PIXGEN_API_BASE=api.base)
    try:
        wait_until_healthy(base)
        # The second waits behind the first: it must not run into the same wall.
        for _ in range(2):
            assert httpx.post(f"{base}/submit", json=api.ticket()).status_code == 202
        _, log = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 1
    assert log.splitlines()[-1].startswith("GPU_LOST: ")
    (failed,) = api.of_type("failed")
    assert (failed["code"], failed["retryable"]) == ("GPU_LOST", True)
    assert len(api.claims) == 1


def wait_until_healthy(base: str) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{base}/healthz", timeout=1).status_code == 200:
                return
        except httpx.TransportError:
            threading.Event().wait(0.05)
    raise AssertionError("the server did not start")


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_taken_port_is_named(unused_port: int) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", unused_port))
        taken.listen()
        process = start_server(GPU_SERVER_PORT=str(unused_port))
        _, error = process.communicate(timeout=20)
    assert process.returncode != 0
    assert "GPU_SERVER_PORT" in error
