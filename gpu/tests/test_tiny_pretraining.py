"""What the pretraining of the tiny model guarantees, shown on a few steps with made-up latents."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pixgen_gpu import models
from pixgen_gpu.errors import GpuFailure
from pixgen_gpu.generation.config import FailedImage, GenerateConfig, ImagePlan, RenderedImage
from pixgen_gpu.generation.generate import generate
from pixgen_gpu.tiny.architecture import build_vae
from pixgen_gpu.tiny.tokenizer import read_tokenizer, save_tokenizer
from pixgen_gpu.tiny.weights import load_tiny
from tiny_model import pretrain
from tiny_model.concepts import HELD_OUT_CONCEPTS, PRETRAINING_CONCEPTS, STYLES
from tiny_model.export import export
from tiny_model.latents import COMPOSED_SHARE, SHARD, STYLE_WEIGHTS
from tiny_model.linear_start import constant_holder, start_linear
from tiny_model.pictures import describe, draw
from tiny_model.tokenizer import learn_tokenizer
from tiny_model.train_unet import UnetSettings, train
from tiny_model.train_vae import normalise_latents
from tiny_model.workers import run_workers


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """What the U-Net's training reads: a tokenizer and one shard of latents with captions."""
    emojibase = tmp_path / "node_modules" / "emojibase-data" / "en"
    emojibase.mkdir(parents=True)
    (emojibase / "data.json").write_text(json.dumps([{"label": "red apple", "tags": ["fruit", "red"]}] * 3))
    save_tokenizer(learn_tokenizer(tmp_path), tmp_path / "tokenizer.json")
    (tmp_path / "latents").mkdir()
    numbers = np.random.default_rng(0)
    both = np.concatenate([numbers.normal(size=(SHARD, 4, 16, 16)), np.full((SHARD, 4, 16, 16), 0.05)], axis=1)
    np.save(tmp_path / "latents" / "0000.npy", both.astype(np.float16))
    captions = [describe(PRETRAINING_CONCEPTS, 3, index, COMPOSED_SHARE).caption for index in range(SHARD)]
    (tmp_path / "latents" / "0000.json").write_text(json.dumps(captions))
    return tmp_path


def trained_hash(data_dir: Path, until: int = 3, **changes: Any) -> str:
    """Runs the training in this process and hashes the averaged weights that export would ship."""
    usual: dict[str, Any] = {"scenes": SHARD, "steps": 3, "batch": 2, "until": until}
    settings = UnetSettings(**usual | changes)
    run_workers(1, train, data_dir, settings)
    state = torch.load(data_dir / "unet-checkpoint.pt", weights_only=True)["modules"]["average"]
    digest = hashlib.sha256()
    for name, tensor in sorted(state.items()):
        digest.update(name.encode() + tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()


def test_the_same_seed_gives_the_same_weights_with_and_without_a_break(data_dir: Path) -> None:
    whole = trained_hash(data_dir)
    (data_dir / "unet-checkpoint.pt").unlink()
    half = trained_hash(data_dir, until=1)
    assert half != whole
    assert trained_hash(data_dir) == whole
    (data_dir / "unet-checkpoint.pt").unlink()
    assert trained_hash(data_dir, seed=6) != whole


def test_what_is_exported_loads_and_draws(data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trained_hash(data_dir, until=1)
    build_vae().save_pretrained(data_dir / "vae")
    assert export(data_dir, tmp_path / "weights") == 1
    unet, _, text_encoder, _, tokenizer, _ = load_tiny(tmp_path / "weights")
    state = torch.load(data_dir / "unet-checkpoint.pt", weights_only=True)["modules"]["average"]
    assert torch.allclose(unet.conv_in.weight, state["unet.conv_in.weight"], atol=1e-3)
    embedding = text_encoder.get_input_embeddings().weight
    assert embedding.shape[0] == len(tokenizer) == len(read_tokenizer(data_dir / "tokenizer.json"))
    size = sum(file.stat().st_size for file in (tmp_path / "weights").iterdir())
    assert size < 27 * 2**20, "the shipped files have to stay below 30 MB with the scorer"

    monkeypatch.setattr(models, "load_tiny", lambda: load_tiny(tmp_path / "weights"))
    base = models.load_base_model("tiny", tmp_path, torch.device("cpu"))
    assert base.latent_factor == 8
    assert base.encode_text("red apple " * 300).tokens.shape == (1, 40, 192)
    drawn: list[RenderedImage | FailedImage] = []
    generate(GenerateConfig(64, 64, 2, 4.0, 1.0), [ImagePlan("one", "a red apple", "", 1)], base, None, drawn.append)
    assert isinstance(drawn[0], RenderedImage)
    assert drawn[0].image.size == (64, 64)


def test_weights_that_are_not_there_fail_with_a_code(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the tokenizer, which the scorer needs too, and without."""
    for folder in (tmp_path / "nowhere", data_dir):
        monkeypatch.setattr(models, "load_tiny", lambda folder=folder: load_tiny(folder))
        with pytest.raises(GpuFailure) as failure:
            models.load_base_model("tiny", tmp_path)
        assert failure.value.code == "BASE_MODEL_UNAVAILABLE"


def test_no_pretraining_caption_names_a_held_out_concept() -> None:
    held_out = {concept.noun for concept in HELD_OUT_CONCEPTS}
    assert len(held_out) == 24
    assert not held_out & {concept.noun for concept in PRETRAINING_CONCEPTS}
    assert not {c.icon for c in HELD_OUT_CONCEPTS} & {c.icon for c in PRETRAINING_CONCEPTS}
    for index in range(3000):
        scene = describe(PRETRAINING_CONCEPTS, 3, index, COMPOSED_SHARE, STYLE_WEIGHTS)
        words = f" {scene.caption.replace(',', '')} "
        assert not [noun for noun in held_out if f" {noun} " in words], scene.caption


def test_words_of_captions_are_single_tokens_and_any_text_is_accepted(data_dir: Path) -> None:
    tokenizer = read_tokenizer(data_dir / "tokenizer.json")
    for concept in (*PRETRAINING_CONCEPTS, *HELD_OUT_CONCEPTS):
        words = concept.noun.replace("-", " ").split()
        assert len(tokenizer(concept.noun.replace("-", " ")).input_ids) == len(words) + 2, concept.noun
    assert 2 < len(tokenizer("雪 🐶 \u0000 é").input_ids) < 40


def test_a_picture_depends_on_seed_and_index_alone() -> None:
    icons = np.random.default_rng(0).integers(0, 256, (len(PRETRAINING_CONCEPTS), len(STYLES), 8, 8, 4), np.uint8)
    first, again, other = (describe(PRETRAINING_CONCEPTS, 1, index, 0.5) for index in (7, 7, 8))
    assert first == again
    assert first != other
    assert np.array_equal(draw(icons, first), draw(icons, again))
    assert draw(icons, first).shape == (128, 128, 3)


def test_the_vae_starts_as_a_resampler_and_its_constants_survive_a_step() -> None:
    torch.manual_seed(0)
    vae: Any = build_vae()
    start_linear(vae)
    pixels = torch.zeros(1, 3, 128, 128)
    pixels[:, 0] = 0.6
    pixels[:, 1, :, 64:] = -0.5

    def inner_error() -> float:
        """Away from borders and the edge between the two colours."""
        with torch.no_grad():
            error = (vae.decode(vae.encode(pixels).latent_dist.mean).sample - pixels).abs()
        return error[:, :, 40:88, 36:44].mean().item()

    assert inner_error() < 0.1
    hold = constant_holder(vae)
    with torch.no_grad():
        for parameter in vae.parameters():
            parameter.add_(1e-4)
    hold()
    assert vae.encoder.conv_in.bias[6:8].tolist() == [20, -20]
    assert inner_error() < 0.15


def test_normalised_latents_decode_to_the_same_pictures() -> None:
    torch.manual_seed(0)
    vae: Any = build_vae()
    start_linear(vae)
    icons = np.random.default_rng(0).integers(0, 256, (len(PRETRAINING_CONCEPTS), len(STYLES), 8, 8, 4), np.uint8)
    pictures = [draw(icons, describe(PRETRAINING_CONCEPTS, 2, index, 0.2)) for index in range(8)]
    pixels = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1
    with torch.no_grad():
        before = vae.decode(vae.encode(pixels).latent_dist.mean).sample
        spread = vae.encode(pixels).latent_dist.std.mean().item()
        normalise_latents(vae, icons, seed=1, count=8)
        latents = vae.encode(pixels).latent_dist
        assert torch.allclose(vae.decode(latents.mean).sample, before, atol=1e-3)
    assert latents.mean.mean(dim=(0, 2, 3)).abs().max() < 1e-3
    assert (latents.mean.std(dim=(0, 2, 3)) - 1).abs().max() < 1e-3
    assert latents.std.mean().item() != pytest.approx(spread, rel=0.01)


@pytest.mark.parametrize(
    ("given", "scenes", "unet"),
    [
        ([], 24_000, ["--steps=12000", "--device=cpu"]),
        (["--scenes", "6000", "--steps", "5000"], 6000, ["--steps=5000", "--device=cpu"]),
        (
            ["--device", "cuda", "--batch", "256"],
            24_000,
            ["--steps=12000", "--device=cuda", "--batch=256", "--workers=1"],
        ),
    ],
)
def test_the_whole_pretraining_is_that_of_the_shipped_weights_unless_told_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: list[str], scenes: int, unet: list[str]
) -> None:
    parts: dict[str, list[str]] = {}
    monkeypatch.setattr(pretrain, "check_packages", lambda _: None)
    monkeypatch.setattr(pretrain.subprocess, "run", lambda command, **_: parts.update({command[2]: command[5:]}))
    pretrain.main(["--data", str(tmp_path), *given])
    order = ("train_vae", "latents", "train_unet", "train_scorer", "export")
    assert list(parts) == [f"tiny_model.{name}" for name in order]
    assert parts["tiny_model.latents"] == [f"--scenes={scenes}"]
    assert parts["tiny_model.train_unet"] == [f"--scenes={scenes}", *unet]
