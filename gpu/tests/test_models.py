"""Loading the real profile: the same code, shown with nano's parts stored as SDXL's repository stores its own."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pytest
import torch

from pixgen_gpu import models
from pixgen_gpu.errors import GpuFailure
from pixgen_gpu.models import BaseModel, load_base_model, on_default_device, preload_base_model
from pixgen_gpu.profiles import PROFILES, PinnedRepository


def test_a_repository_in_sdxl_layout_loads_and_encodes_like_the_original(
    base: BaseModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts: dict[str, Any] = {name: getattr(base, name) for name in ("unet", "text_encoder", "text_encoder_2")}
    for name, part in parts.items():
        part.save_pretrained(tmp_path / "base" / name, variant="fp16")
    for name in ("tokenizer", "tokenizer_2", "scheduler"):
        getattr(base, name).save_pretrained(tmp_path / "base" / name)
    base.vae.save_pretrained(tmp_path / "vae")
    stored = replace(
        PROFILES["sdxl"],
        base=PinnedRepository(str(tmp_path / "base"), "0" * 40),
        vae=PinnedRepository(str(tmp_path / "vae"), "0" * 40),
    )
    monkeypatch.setitem(models.PROFILES, "sdxl", stored)
    loaded = load_base_model("sdxl", tmp_path, torch.device("cpu"))
    ours, theirs = base.encode_text("a photo of sks_abc234 dog"), loaded.encode_text("a photo of sks_abc234 dog")
    # Not equal to the bit: matrix products round differently where a mapped file is not aligned to a cache line.
    assert torch.allclose(ours.tokens, theirs.tokens, atol=1e-5)
    assert torch.allclose(ours.pooled, theirs.pooled, atol=1e-5)
    latents = torch.randn(1, 4, 8, 8)
    assert torch.allclose(base.decode_latents(latents), loaded.decode_latents(latents), atol=1e-5)


def test_a_preloaded_model_is_the_same_model_once_it_is_at_work(
    base: BaseModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "default_device", lambda: torch.device("cpu"))
    ready = on_default_device(preload_base_model("nano", tmp_path))
    assert (ready.device, ready.dtype, ready.model_hash) == (base.device, base.dtype, base.model_hash)


def test_preloading_never_looks_for_a_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU that was looked for before the snapshot is not found after it."""

    def looked() -> bool:
        raise AssertionError("looked for a GPU")

    monkeypatch.setattr("torch.cuda.is_available", looked)
    assert preload_base_model("nano", tmp_path).device.type == "cpu"


def test_base_weights_that_cannot_be_had_fail_with_a_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(GpuFailure) as failure:
        load_base_model("sdxl", tmp_path, torch.device("cpu"))
    assert failure.value.code == "BASE_MODEL_UNAVAILABLE"


def test_the_pins_are_whole_commits() -> None:
    profile = PROFILES["sdxl"]
    assert profile.base is not None
    assert profile.vae is not None
    assert {len(profile.base.revision), len(profile.vae.revision)} == {40}
    assert int(profile.base.revision, 16) != int(profile.vae.revision, 16)


def test_text_beyond_the_encoders_limit_is_cut_not_refused(base: BaseModel) -> None:
    assert base.encode_text("dragon " * 300).tokens.shape == (1, 77, 64)
    assert base.encode_text("").pooled.shape == (1, 32)
    assert base.encode_text("雪 🐶 \u0000 é").tokens.isfinite().all()
