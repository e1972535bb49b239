"""The GPU side keeps nothing of a person: a call writes no file, and what it has in memory is forgotten soon after."""

import gc
import os
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from pixgen_gpu.jobs import lora_metadata
from pixgen_gpu.lora import lora_to_bytes
from pixgen_gpu.models import BaseModel
from pixgen_gpu.training.config import TrainedLora
from tests.fake_api import FakeApi
from tests.orders import generate_order, train_order
from tests.test_run_ticket import finished, run

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_watching: list[str] | None = None


def _note(event: str, args: tuple[object, ...]) -> None:
    """Every file that Python opens passes here, whichever library asks (PEP 578)."""
    if _watching is None or event != "open":
        return
    path, _, flags = args
    if isinstance(path, str | bytes) and isinstance(flags, int) and flags & WRITING:
        _watching.append(os.fsdecode(path))


sys.addaudithook(_note)


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Paths that were opened for writing, in a place of its own for every folder a library might use."""
    global _watching
    monkeypatch.chdir(tmp_path)
    for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "HF_HOME", "TORCH_HOME", "PIXGEN_GPU_DATA_DIR"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    _watching = []
    yield _watching
    _watching = None


def real_files(paths: list[str]) -> list[str]:
    return [path for path in paths if not path.startswith(("/dev/", "/proc/"))]


def test_the_watch_sees_a_file_that_is_written(written: list[str], tmp_path: Path) -> None:
    (tmp_path / "left").write_text("something of somebody")
    assert real_files(written) == [str(tmp_path / "left")]


def test_a_training_leaves_no_photo_and_no_weights_behind(
    api: FakeApi, base: BaseModel, written: list[str], tmp_path: Path
) -> None:
    api.order = train_order(api)
    assert finished(run(api, base))["type"] == "succeeded"
    assert real_files(written) == []
    assert list(tmp_path.rglob("*")) == []


def test_a_lora_and_a_prompt_are_gone_from_memory_when_no_job_has_asked_for_them_for_a_while(
    api: FakeApi, base: BaseModel, trained: TrainedLora, monkeypatch: pytest.MonkeyPatch
) -> None:
    base.release_drawing()
    clean = {name: tensor.clone() for name, tensor in base.unet.state_dict().items()}
    timers: list[tuple[float, Callable[[], None]]] = []

    class Timer:
        daemon = False

        def __init__(self, after_s: float, then: Callable[[], None]) -> None:
            self._what = (after_s, then)

        def start(self) -> None:
            timers.append(self._what)

        def cancel(self) -> None: ...

    monkeypatch.setattr(threading, "Timer", Timer)
    api.order = generate_order(api, lora_to_bytes(trained.state, lora_metadata(trained, base)), images=1)
    finished(run(api, base))
    drawing = base.drawing
    assert drawing.fused.state is not None
    tensor = weakref.ref(next(iter(drawing.fused.state.values())))
    ((after_s, forget),) = timers
    forget()
    assert tensor() is not None, "it was used just now"

    later = time.monotonic() + after_s
    monkeypatch.setattr(time, "monotonic", lambda: later)
    forget()
    gc.collect()
    assert tensor() is None
    after = base.unet.state_dict()
    assert all(torch.equal(clean[name], after[name]) for name in clean)
    encoded: list[str] = []
    monkeypatch.setattr(base, "encode_text", encoded.append)
    drawing.text("sks_abc234 dog in the rain")
    assert encoded, "the prompt was forgotten too"
    base.release_drawing()


def test_what_is_forgotten_is_never_taken_from_a_job_at_work(base: BaseModel, trained: TrainedLora) -> None:
    drawing = base.drawing
    with drawing.at_work():
        drawing.fused.apply(drawing.lora("x", lambda: trained.state), 1.0)
        drawing._forget_in_peace()
        assert drawing.fused.state is trained.state
    base.release_drawing()


def test_a_generation_leaves_no_image_and_no_prompt_behind(
    api: FakeApi, base: BaseModel, trained: TrainedLora, written: list[str], tmp_path: Path
) -> None:
    api.order = generate_order(api, lora_to_bytes(trained.state, lora_metadata(trained, base)), images=2)
    assert finished(run(api, base))["type"] == "succeeded"
    assert real_files(written) == []
    assert list(tmp_path.rglob("*")) == []
