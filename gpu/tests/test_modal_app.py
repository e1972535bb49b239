"""The Modal app, without an account: what it asks Modal for, and the life of one of its containers."""

import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import modal_app
from pixgen_gpu.calls import CallQueue
from pixgen_gpu.errors import GpuFailure, StopWork
from pixgen_gpu.events import StopSignal
from pixgen_gpu.protocol import CallLost, Ticket
from pixgen_gpu.run_ticket import BaseModelCache, Host, request_stop, run_ticket, stopped_by_interrupt, try_within
from tests.fake_api import FakeApi
from tests.orders import train_order

GPU = Path(__file__).resolve().parents[1]
# Where there is no account, no configuration and no network.
NOWHERE = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "MODAL_SERVER_URL": "http://127.0.0.1:1"}

# Notes what the file passes to Modal, then says it as JSON.
INSPECT = """
import json, modal
said = {"classes": {}, "volumes": [], "secrets": [], "image": []}
cls, volume, secret = modal.App.cls, modal.Volume.from_name, modal.Secret.from_name
def plain(value):
    if isinstance(value, dict): return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)): return [plain(item) for item in value]
    return value if isinstance(value, (str, int, float, type(None))) else type(value).__name__
def note_cls(self, **options):
    decorate = cls(self, **options)
    def decorated(user_class):
        said["classes"][user_class.__name__] = plain(options)
        return decorate(user_class)
    return decorated
def note(name, original):
    def called(*positional, **keyword):
        said[name].append(plain([list(positional), keyword]))
        return original(*positional, **keyword)
    return called
modal.App.cls = note_cls
modal.Volume.from_name = note("volumes", volume)
modal.Secret.from_name = note("secrets", secret)
for step in ("pip_install_from_requirements", "env", "add_local_python_source"):
    def noted(self, *positional, _original=getattr(modal.Image, step), **keyword):
        said["image"].append(plain([list(positional), keyword]))
        return _original(self, *positional, **keyword)
    setattr(modal.Image, step, noted)
import modal_app
said["app"] = modal_app.app.name
said["entered"] = {name: type(getattr(modal_app._Host, name)).__name__ for name in ("preload", "open", "run", "close")}
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def said() -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-c", INSPECT], cwd=GPU, env=NOWHERE, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def test_the_file_imports_without_an_account_and_names_its_classes(said: dict[str, Any]) -> None:
    assert said["app"] == "pixgen-gpu"
    assert sorted(said["classes"]) == ["Generator", "Trainer"]


@pytest.mark.parametrize(
    ("name", "gpus", "timeout_s"),
    [
        ("Trainer", ["H100", "A100-80GB", "L40S", "A10"], 3600),
        ("Generator", ["L40S", "A100-40GB", "H100", "A10"], 1800),
    ],
)
def test_each_class_has_an_ordered_choice_of_gpus_and_bounds(
    said: dict[str, Any], name: str, gpus: list[str], timeout_s: int
) -> None:
    options = said["classes"][name]
    assert options["gpu"] == gpus
    assert options["timeout"] == timeout_s
    assert options["startup_timeout"] >= 600
    assert 1 <= options["max_containers"] <= 20
    assert 30 <= options["scaledown_window"] <= 300
    # Attempts are counted by PixGen; Modal must not add its own.
    assert options["retries"] == 0
    assert options["enable_memory_snapshot"]
    assert sorted(options["volumes"]) == ["/base-weights", "/compile-caches"]


def test_the_settings_come_from_a_secret_that_must_hold_them(said: dict[str, Any]) -> None:
    assert said["secrets"] == [[["pixgen-gpu"], {"required_keys": ["PIXGEN_API_BASE"]}]]


def test_weights_and_compiled_kernels_outlive_containers(said: dict[str, Any]) -> None:
    names = [positional[0] for positional, _ in said["volumes"]]
    assert names == ["pixgen-base-weights", "pixgen-compile-caches"]
    environment = said["image"][1][0][0]
    assert environment["PIXGEN_GPU_DATA_DIR"] == "/base-weights"
    assert environment["TORCHINDUCTOR_CACHE_DIR"].startswith("/compile-caches/")


def test_the_image_is_made_from_the_projects_own_lock(said: dict[str, Any]) -> None:
    assert said["image"][0] == [[str(GPU / "requirements.txt")], {}]


def test_the_app_stays_thin() -> None:
    assert len((GPU / "modal_app.py").read_text().splitlines()) <= 150


def start_container(api_base: str, *calls: tuple[str, dict[str, Any]], fault: str = "") -> "subprocess.Popen[str]":
    """A container with these inputs before it."""
    lines = [
        json.dumps({"className": "Trainer", "callId": call_id, "args": [[ticket], {}]}) for call_id, ticket in calls
    ]
    container = subprocess.Popen(
        [sys.executable, "-m", "tests.modal_container"],
        cwd=GPU,
        env=NOWHERE | {"PIXGEN_API_BASE": api_base, "GPU_PROFILE": "nano", "MODAL_FAULT": fault},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert container.stdin
    container.stdin.write("\n".join(lines) + "\n")
    container.stdin.flush()
    return container


def run_container(api_base: str, *calls: tuple[str, dict[str, Any]], fault: str = "") -> list[dict[str, Any]]:
    """What the calls of one container return, which then ends well."""
    container = start_container(api_base, *calls, fault=fault)
    answers, log = container.communicate(timeout=120)
    assert container.returncode == 0, log[-2000:]
    return [json.loads(line) for line in answers.splitlines()]


def test_wrong_settings_end_each_call_and_not_the_container(api: FakeApi) -> None:
    (answer,) = run_container("not-an-address", ("fc-1", api.ticket()))
    assert answer == {"state": "lost", "reason": "the app's settings are wrong: its log says which"}


def test_a_container_runs_tickets_one_after_the_other_and_survives_what_it_cannot_read(api: FakeApi) -> None:
    order = train_order(api)
    api.order = order | {"settings": order["settings"] | {"steps": 2}}
    bad, good = run_container(api.base, ("fc-bad", {"jobId": "x"}), ("fc-good", api.ticket()))
    assert bad == {"state": "lost", "reason": "the ticket was not understood"}
    assert (good["type"], good["jobId"]) == ("succeeded", api.ticket()["jobId"])
    assert [claim["callId"] for claim in api.claims] == ["fc-good"]


@pytest.mark.parametrize("fault", ["volumes", "snapshot"])
def test_neither_a_volume_that_fails_nor_a_snapshot_without_a_model_ends_the_container(
    api: FakeApi, fault: str
) -> None:
    order = train_order(api)
    api.order = order | {"settings": order["settings"] | {"steps": 2}}
    (answer,) = run_container(api.base, ("fc-1", api.ticket()), fault=fault)
    assert answer["type"] == "succeeded"


def test_the_last_hook_ends_within_the_time_that_modal_gives_even_when_volumes_hang(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(modal_app.modal, "is_local", lambda: False)
    monkeypatch.setattr("pixgen_gpu.run_ticket.request_stop", lambda within_s: waited.append(within_s))
    monkeypatch.setattr("pixgen_gpu.run_ticket.try_within", lambda _what, _act, within_s: waited.append(within_s))
    close: Any = modal_app._Host.close
    close._get_raw_f()(object())
    assert len(waited) == 3
    assert sum(waited) < 28


def test_a_step_of_a_host_that_hangs_or_fails_is_waited_for_no_longer_than_said() -> None:
    release = threading.Event()
    started = time.monotonic()
    try_within("hangs", release.wait, 0.05)
    try_within("fails", lambda: 1 / 0, 5)
    assert time.monotonic() - started < 2
    release.set()


def test_a_container_that_modal_takes_away_leaves_a_checkpoint_and_the_restarted_input_goes_on_from_it(
    api: FakeApi,
) -> None:
    order = train_order(api)
    order["settings"] |= {"steps": 5000}
    api.order = order
    container = start_container(api.base, ("fc-1", api.ticket()))
    trains = threading.Event()
    api.on_event = lambda event: trains.set() if event.get("phase") == "training" and event.get("step") else None
    assert trains.wait(60)
    container.send_signal(signal.SIGINT)
    answers, log = container.communicate(timeout=30)
    # No answer, and the process ends by the exception that makes Modal start the same input again.
    assert answers == ""
    assert "KeyboardInterrupt" in log.splitlines()[-1]
    assert container.returncode == -signal.SIGINT
    assert api.of_type("failed") == api.of_type("succeeded") == []
    (checkpoint,) = api.of_type("checkpoint")
    assert 0 < checkpoint["step"] < 5000

    # Settings are part of what a checkpoint belongs to; five steps more are enough to see that it was taken up.
    stored = api.objects[checkpoint["object"]["key"]]
    api.order |= {"claimEpoch": 2, "resume": {**api.source("resume", stored), "step": checkpoint["step"]}}
    seen = len(api.events)
    trains.clear()
    again = start_container(api.base, ("fc-1", api.ticket()))
    assert trains.wait(60)
    again.send_signal(signal.SIGINT)
    again.communicate(timeout=30)
    steps = [e["step"] for e in api.events[seen:] if e.get("phase") == "training" and e.get("step")]
    assert min(steps) > checkpoint["step"]
    assert [claim["callId"] for claim in api.claims] == ["fc-1", "fc-1"]


def test_a_second_interrupt_ends_the_work_at_once() -> None:
    stop, before = StopSignal(), signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), stopped_by_interrupt(stop):  # noqa: PT012 - the second one ends the block
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(StopWork):
            stop.wait(5)
        signal.raise_signal(signal.SIGINT)
        pytest.fail("went on")
    assert signal.getsignal(signal.SIGINT) is before


def test_a_container_whose_gpu_is_lost_takes_no_more_inputs(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped: list[str] = []
    monkeypatch.setattr(modal_app.modal, "is_local", lambda: False)
    monkeypatch.setattr(modal_app.modal.experimental, "stop_fetching_inputs", lambda: stopped.append("stopped"))
    run: Any = modal_app._Host.run
    host = SimpleNamespace(host=None)
    for is_lost in (False, True):
        monkeypatch.setattr("pixgen_gpu.run_ticket.run_input", lambda *_, lost=is_lost: ({"type": "failed"}, lost))
        assert run._get_raw_f()(host, {}) == {"type": "failed"}
        assert stopped == (["stopped"] if is_lost else [])


def test_a_base_model_that_cannot_be_had_does_not_end_the_container() -> None:
    tries: list[int] = []

    def load() -> str:
        tries.append(1)
        if len(tries) == 1:
            raise GpuFailure("BASE_MODEL_UNAVAILABLE")
        return "model"

    cache = BaseModelCache(load)
    cache.try_now()
    assert cache() == "model"


def test_a_container_that_is_taken_away_stops_its_job_and_waits_for_it(api: FakeApi, base: Any) -> None:
    order = train_order(api)
    api.order = order | {"settings": order["settings"] | {"steps": 5000}}
    host = Host(api.base, "nano", lambda: base)
    calls = CallQueue(lambda ticket, call_id, stop: run_ticket(ticket, call_id, host, stop))
    call_id = calls.submit(Ticket.model_validate(api.ticket()))
    api.wait_for("progress")
    request_stop()
    # The ticket has ended before the hook returns: the container may go.
    assert calls.wait(call_id, 5) == CallLost(state="lost", reason="the host was stopped")
    assert api.of_type("failed") == []
    calls.close(5)


def test_a_stop_with_nothing_at_work_returns_at_once_and_holds_nobody_up() -> None:
    done = threading.Thread(target=request_stop)
    done.start()
    done.join(5)
    assert not done.is_alive()
