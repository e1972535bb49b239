"""`pixgen-gpu doctor`: each line says what is wrong and what to do, and the exit status tells programs."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

from pixgen_gpu import doctor
from pixgen_gpu.card import GIB, Card, read_card
from pixgen_gpu.doctor import BASE_FILES, Finding, Machine, examine, report
from pixgen_gpu.gpu_prices import load_prices
from pixgen_gpu.output_policy import OutputPolicy
from pixgen_gpu.profiles import PROFILES
from tests.test_provenance import make_chain

GPU = Path(__file__).resolve().parents[1]
CARD = Card("NVIDIA Test", "600.1", 80 * GIB, 79 * GIB)


@contextmanager
def answering(status: int = 200) -> Iterator[str]:
    """A server that says one thing to everybody; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """A machine where all is well."""
    with answering() as api:
        yield Machine("nano", tmp_path, api, storage_url=api, card=lambda: None)


def found(machine: Machine) -> dict[str, Finding]:
    return {finding.name: finding for finding in examine(machine)}


def put_nvidia_smi(folder: Path, script: str) -> str:
    """A PATH whose `nvidia-smi` is this shell script."""
    program = folder / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def test_a_good_machine_gets_no_complaint(machine: Machine) -> None:
    lines = examine(machine)
    assert [line.name for line in lines] == [
        *("python", "libraries", "card", "weights", "disk", "classifier", "api", "clock", "storage", "prices")
    ]
    assert [line for line in lines if line.state != "ok" and line.name not in ("libraries", "prices")] == []
    assert report([line for line in lines if line.name != "prices"], as_json=False) == 0


def test_every_complaint_names_a_fix(machine: Machine, tmp_path: Path) -> None:
    bad = replace(
        machine,
        profile="sdxl",
        api_base="http://127.0.0.1:1",
        storage_url="http://127.0.0.1:1",
        lock=tmp_path / "none",
        now=lambda: 4e9,
    )
    complaints = [line for line in examine(bad) if line.state != "ok"]
    assert {line.name for line in complaints} == {"libraries", "card", "weights", "api", "storage", "prices"}
    assert all(line.fix for line in complaints)


def test_libraries_are_compared_with_the_lock(machine: Machine, tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text("# ours\npytest==0.0.1\n")
    line = found(replace(machine, lock=lock))["libraries"]
    assert (line.state, line.detail.startswith("pytest "), line.detail.endswith(", not 0.0.1")) == ("warn", True, True)
    lock.write_text("a-package-that-nobody-made==1.0\n")
    line = found(replace(machine, lock=lock))["libraries"]
    assert (line.state, line.detail) == ("fail", "not installed: a-package-that-nobody-made")


def test_a_card_that_torch_cannot_use_is_told_from_a_good_one(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_card = replace(machine, card=lambda: CARD, profile="sdxl")
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert found(with_card)["torch"].state == "fail"
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    good = found(with_card)
    assert "torch" not in good
    assert (good["card"].detail, good["memory"].state) == ("NVIDIA Test, driver 600.1", "ok")


@pytest.mark.parametrize(("total", "free", "fix"), [(8, 8, "larger GPU"), (24, 2, "End the other programs")])
def test_memory_that_does_not_suffice_fails(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, total: int, free: int, fix: str
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    card = replace(CARD, total_bytes=total * GIB, free_bytes=free * GIB)
    line = found(replace(machine, profile="sdxl", card=lambda: card))["memory"]
    assert line.state == "fail"
    assert fix in line.fix


def test_weights_say_what_is_still_to_be_fetched_until_they_are_here(machine: Machine, tmp_path: Path) -> None:
    sdxl = replace(machine, profile="sdxl", data_dir=tmp_path)
    assert found(sdxl)["weights"].detail.startswith("about 7.1 GB of stabilityai/")
    profile = PROFILES["sdxl"]
    assert profile.base is not None
    assert profile.vae is not None
    for repository, names in ((profile.base, list(BASE_FILES)), (profile.vae, [doctor.VAE_FILE])):
        folder = tmp_path / "base-weights" / f"models--{repository.repo_id.replace('/', '--')}"
        for name in names:
            (folder / "snapshots" / repository.revision / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / "snapshots" / repository.revision / name).write_bytes(b"")
    assert found(sdxl)["weights"] == Finding("weights", "ok", f"{profile.base.repo_id} is here")


def test_a_disk_that_is_too_small_fails(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "SPARE_DISK_MB", 10**9)
    assert found(machine)["disk"].state == "fail"


@pytest.mark.parametrize(("apart_s", "state"), [(0, "ok"), (60, "warn"), (-600, "fail")])
def test_clocks_apart_are_found(machine: Machine, apart_s: int, state: str) -> None:
    def now() -> float:
        return datetime.now(UTC).timestamp() + apart_s

    assert found(replace(machine, now=now))["clock"].state == state


def test_a_store_that_refuses_strangers_is_reachable_and_a_broken_one_is_not(machine: Machine) -> None:
    with answering(403) as store:
        assert found(replace(machine, storage_url=store))["storage"].state == "ok"
    with answering(502) as store:
        assert found(replace(machine, storage_url=store))["storage"].state == "fail"
    assert found(replace(machine, storage_url=""))["storage"].state == "warn"


@pytest.mark.parametrize(
    ("days", "uses_modal", "state"), [(180, True, "ok"), (181, True, "fail"), (181, False, "warn")]
)
def test_an_old_price_table_fails_where_modal_is_in_use(
    machine: Machine, days: int, uses_modal: bool, state: str
) -> None:
    then = datetime.combine(load_prices().read_on + timedelta(days=days), datetime.min.time(), UTC).timestamp()
    line = found(replace(machine, now=lambda: then, uses_modal=uses_modal))["prices"]
    assert line.state == state
    assert f"{days} days ago" in line.detail


def test_a_card_without_a_c_compiler_or_with_a_cache_that_runs_nothing_is_told_of(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.delenv("CC", raising=False)
    with_card = replace(machine, card=lambda: CARD)
    assert "compiler" not in found(machine), "nothing is compiled on a CPU"
    gcc = tmp_path / "gcc"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert (found(with_card)["compiler"].state, found(with_card)["compiler"].detail) == ("warn", "no C compiler")
    gcc.write_text("")
    gcc.chmod(0o755)
    assert found(with_card)["compiler"] == Finding("compiler", "ok", str(gcc))
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_flag=os.ST_NOEXEC))
    line = doctor.check_compiler()
    assert (line.state, "noexec" in line.fix) == ("warn", True)


def test_the_weights_of_profile_tiny_must_be_there_and_whole(machine: Machine, tmp_path: Path) -> None:
    tiny = replace(machine, profile="tiny")
    assert found(tiny)["weights"] == Finding("weights", "ok", "profile tiny's are here")
    copied = Path(shutil.copytree(doctor.TINY_WEIGHTS, tmp_path / "weights"))
    # What a checkout without large files has in their place.
    (copied / "scorer.safetensors").write_text("version https://git-lfs.github.com/spec/v1\n")
    damaged = doctor._check_tiny(copied)
    assert (damaged.state, damaged.detail.partition(" ")[0]) == ("fail", "scorer.safetensors")
    (copied / "base.safetensors").unlink()
    assert doctor._check_tiny(copied).detail.startswith("base.safetensors")


def test_a_classifier_that_is_off_or_does_not_work_is_told_of(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found(machine)["classifier"].detail.startswith("open-nsfw@")
    assert found(replace(machine, output=OutputPolicy("off")))["classifier"].state == "warn"

    def broken(_: str) -> None:
        raise ImportError("onnxruntime")

    monkeypatch.setattr("pixgen_gpu.safety.classifier.load_classifier", broken)
    assert found(machine)["classifier"].state == "fail"


def test_files_for_signing_are_tried_out(machine: Machine, tmp_path: Path) -> None:
    assert "c2pa" not in found(machine)
    chain, key = make_chain(tmp_path)
    good = OutputPolicy(c2pa_certificates=chain, c2pa_key=key)
    assert found(replace(machine, output=good))["c2pa"].state == "ok"
    missing = replace(good, c2pa_key=tmp_path / "none.pem")
    assert found(replace(machine, output=missing))["c2pa"].state == "fail"
    swapped = replace(good, c2pa_certificates=key, c2pa_key=chain)
    assert found(replace(machine, output=swapped))["c2pa"].state == "fail"


def test_the_folder_of_the_captioner_must_hold_a_model(machine: Machine, tmp_path: Path) -> None:
    assert "captioner" not in found(machine)
    with_captioner = replace(machine, captioner_dir=tmp_path)
    line = found(with_captioner)["captioner"]
    assert (line.state, "tokenizer" in line.detail) == ("fail", True)
    for name in ("config.json", "model.safetensors", "preprocessor_config.json", "vocab.txt"):
        (tmp_path / name).write_text("{}")
    assert found(with_captioner)["captioner"].state == "ok"


def test_the_price_table_is_dated_sourced_and_knows_every_gpu_that_the_app_asks_for() -> None:
    import modal_app

    prices = load_prices()
    assert prices.read_on >= date(2026, 1, 1)
    assert prices.source
    assert prices.verified or "not verified" in prices.note.lower()
    assert set(modal_app.TRAINING_GPUS + modal_app.GENERATION_GPUS) <= set(prices.micro_usd_per_second)


def test_the_card_is_read_from_its_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("PATH", put_nvidia_smi(tmp_path, "echo 'NVIDIA H100 80GB HBM3, 595.71, 81559, 81012'"))
    assert read_card() == Card("NVIDIA H100 80GB HBM3", "595.71", 81559 * 2**20, 81012 * 2**20)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,1")
    monkeypatch.setenv("PATH", put_nvidia_smi(tmp_path, '[ "$1 $2" = "-i 3" ] && echo "Third, 1, 10, 5"'))
    assert read_card() == Card("Third", "1", 10 * 2**20, 5 * 2**20)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert read_card() is None


@pytest.mark.parametrize("script", ["exit 9", "echo nonsense", "true", "echo 'A, 1, [N/A], [N/A]'"])
def test_a_driver_that_does_not_answer_is_no_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("PATH", put_nvidia_smi(tmp_path, script))
    assert read_card() is None


@pytest.mark.parametrize(("api_status", "code"), [(200, 0), (503, 1)])
def test_the_command_prints_json_and_its_exit_status_says_whether_all_is_well(api_status: int, code: int) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("GPU_", "PIXGEN_", "S3_"))}
    with answering(api_status) as api:
        command = [sys.executable, "-m", "pixgen_gpu.cli", "doctor", "--json", "--api", api, "--profile", "nano"]
        done = subprocess.run(command, cwd=GPU, env=clean, capture_output=True, text=True, check=False)
    answer = json.loads(done.stdout)
    failed = {finding["name"] for finding in answer["findings"] if finding["state"] == "fail"}
    # The table's age is the one thing that a good machine cannot help.
    assert (answer["ok"], done.returncode) == (not failed, int(bool(failed)))
    assert failed - {"prices"} == (set() if code == 0 else {"api"})
