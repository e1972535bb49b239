"""Captions: from templates, and from a captioner in a folder."""

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import BertTokenizer, BlipConfig, BlipForConditionalGeneration
from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

from pixgen_gpu.errors import GpuFailure
from pixgen_gpu.models import BaseModel
from pixgen_gpu.training.blip_captioner import load_blip_captioner
from pixgen_gpu.training.captions import MAX_DESCRIPTION, class_captions, subject_captions
from pixgen_gpu.training.config import TrainingImage
from pixgen_gpu.training.latents import encode_training_set
from tests.conftest import drawn_photo, small_config

WORDS = ["a", "dog", "cat", "on", "sofa", "red", "blue", "ball", "in", "the", "grass", "with", "hat"]


def test_captions_name_trigger_and_class_in_varied_words() -> None:
    captions = subject_captions("sks_abc234 dog")
    assert "photo of sks_abc234 dog" in captions
    assert len(set(captions)) == len(captions) >= 5
    assert all(caption.count("sks_abc234 dog") == 1 for caption in captions)


def test_class_captions_are_the_same_sentences_without_the_trigger_word() -> None:
    assert class_captions("woman")[0] == "photo of a woman"
    assert class_captions("elf")[0] == "photo of an elf"
    assert len(class_captions("woman")) == len(subject_captions("sks_abc234 woman"))


@given(st.text(max_size=400))
def test_any_description_gives_bounded_one_line_captions_with_the_subject(description: str) -> None:
    for caption in subject_captions("sks_abc234 dog", description):
        assert "sks_abc234 dog" in caption
        assert "\n" not in caption
        assert len(caption) <= MAX_DESCRIPTION + 40


def test_each_photo_is_encoded_with_its_own_captions_and_each_text_once(
    base: BaseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    encode = type(base).encode_text
    monkeypatch.setattr(type(base), "encode_text", lambda self, text: asked.append(text) or encode(self, text))
    images = [
        TrainingImage("a", drawn_photo(0)),
        TrainingImage("b", drawn_photo(1)),
        TrainingImage("c", drawn_photo(2), "on a sofa."),
    ]
    data = encode_training_set(base, small_config(sample_prompts=("photo of sks_abc234 dog",)), images, lambda _n: None)
    assert [len(photo.texts) for photo in data.photos] == [6, 6, 2]
    assert "photo of sks_abc234 dog, on a sofa" in asked
    assert len(asked) == len(set(asked)) == 6 + 2 + 1
    assert data.photos[0].texts[0] is data.photos[1].texts[0] is data.sample_texts[0]


@pytest.fixture(scope="module")
def blip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BLIP captioning model of random weights, saved as transformers saves any."""
    folder = tmp_path_factory.mktemp("blip")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    (folder / "vocab.txt").write_text("\n".join(words))
    small: dict[str, Any] = dict(hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2)
    config = BlipConfig(
        text_config={
            **small,
            "vocab_size": len(words) + 1,
            "encoder_hidden_size": 16,
            "projection_dim": 16,
            "bos_token_id": len(words),
            "eos_token_id": 3,
            "sep_token_id": 3,
            "pad_token_id": 0,
        },
        vision_config={**small, "image_size": 32, "patch_size": 16, "projection_dim": 16, "initializer_range": 0.5},
        projection_dim=16,
        image_text_hidden_size=16,
    )
    with torch.random.fork_rng():
        torch.manual_seed(5)
        model: Any = BlipForConditionalGeneration(config)
    model.save_pretrained(folder)
    BlipImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(folder)
    BertTokenizer(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
    return folder


def test_a_blip_model_from_a_folder_describes_photos_always_alike(blip_folder: Path) -> None:
    describe = load_blip_captioner(blip_folder, torch.device("cpu"))
    first, second = (describe(drawn_photo(2)) for _ in range(2))
    assert first == second
    assert set(first.split()) <= set(WORDS)
    assert first


@pytest.mark.parametrize("content", [None, "{}", "not json"])
def test_a_folder_without_a_captioner_fails_with_a_code_and_asks_nobody(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    with pytest.raises(GpuFailure) as failure:
        load_blip_captioner(tmp_path, torch.device("cpu"))
    assert failure.value.code == "BASE_MODEL_UNAVAILABLE"
    assert not failure.value.retryable
