"""What the evaluation of LoRAs guarantees, on nano and with a scorer that knows only mean colours."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from pixgen_gpu.cli import main
from pixgen_gpu.evaluation import (
    ADHERENCE_COLOURS,
    COMPOSITIONS,
    LIKENESS_PROMPTS,
    EvaluationSettings,
    _second_object,
    evaluate_subject,
    likeness_scale,
    summary,
)
from pixgen_gpu.models import BaseModel
from pixgen_gpu.tiny.contact_sheet import save_composition_sheet, save_subject_sheet
from pixgen_gpu.tiny.subjects import PHOTOS, UNSEEN, Subject, load_subjects


class ColourScorer:
    """Embeds a picture as the direction of its mean colour and a text as the direction of its length."""

    text_scale = 5.0

    def embed_images(self, images: list[Image.Image]) -> torch.Tensor:
        means = np.stack([np.asarray(image.convert("RGB"), np.float32).mean(axis=(0, 1)) for image in images])
        return torch.nn.functional.normalize(torch.from_numpy(means) - 100, dim=1)

    def embed_texts(self, texts: list[str]) -> torch.Tensor:
        rows = torch.tensor([[float(len(text)), float(text.count("e")), 1.0] for text in texts])
        return torch.nn.functional.normalize(rows, dim=1)


def plain(colour: tuple[int, int, int], change: int) -> Image.Image:
    return Image.new("RGB", (96, 96), (colour[0], colour[1], colour[2] + change))


def subject_of(noun: str, colour: tuple[int, int, int]) -> Subject:
    return Subject(noun, "toy", [plain(colour, n) for n in range(3)], [plain(colour, n) for n in (5, 6)])


RED, GREEN = subject_of("red thing", (220, 20, 20)), subject_of("green thing", (20, 220, 20))


def test_likeness_is_0_for_other_subjects_and_1_for_unseen_photos_of_the_same() -> None:
    scorer = ColourScorer()
    scale = likeness_scale(scorer, RED, [GREEN])
    assert scale.of(scorer.embed_images(RED.unseen)) == pytest.approx(1)
    assert scale.of(scorer.embed_images(GREEN.unseen)) == pytest.approx(0)
    halfway = scale.of(scorer.embed_images([*RED.unseen, *GREEN.unseen]))
    assert halfway == pytest.approx(0.5)


def test_a_scorer_that_cannot_tell_subjects_apart_is_refused() -> None:
    with pytest.raises(ValueError, match="does not tell red thing"):
        likeness_scale(ColourScorer(), RED, [RED])


def test_a_subject_is_trained_drawn_and_scored_before_and_after(base: BaseModel, tmp_path: Path) -> None:
    settings = EvaluationSettings(train_steps=3, rank=2, batch_size=1, draw_steps=2)
    result = evaluate_subject(base, ColourScorer(), RED, [GREEN], seed=1, settings=settings)
    again = evaluate_subject(base, ColourScorer(), RED, [GREEN], seed=1, settings=settings)
    assert result.likeness_lora == again.likeness_lora
    assert result.likeness_base != result.likeness_lora
    assert len(result.base) == len(result.lora) == len(LIKENESS_PROMPTS) + len(ADHERENCE_COLOURS)
    assert [drawn.prompt for drawn in result.base] == [drawn.prompt for drawn in result.lora]
    assert all("sks_abc234 toy" in drawn.prompt for drawn in result.lora)
    figures = summary([result])
    assert set(figures) == {
        *("likenessBase", "likenessLora", "gain", "adherenceLoss", "secondObject", "leakage", "concepts", "seeds")
    }
    assert 0 < figures["secondObject"] < 1
    assert figures["gain"] == pytest.approx(result.likeness_lora - result.likeness_base, abs=1e-3)
    assert (figures["concepts"], figures["seeds"]) == (1, 1)
    with Image.open(save_subject_sheet(RED, result, tmp_path)) as sheet:
        assert sheet.width > 8 * 128
    with Image.open(save_composition_sheet(base, [result, result], {"red thing": "toy"}, settings, tmp_path)) as sheet:
        assert sheet.width > 8 * 128
        assert sheet.height > 2 * 128


def test_a_subject_that_nobody_drew_is_refused_by_name_and_nothing_is_trained(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["evaluate", "--subjects", "cupcake", "unicorn"]) == 1
    assert capsys.readouterr().err.startswith("no such subject: unicorn; there are anchor, ")


def test_the_shipped_subjects_have_all_their_photos() -> None:
    subjects = load_subjects()
    assert len(subjects) == 24
    assert {(len(subject.photos), len(subject.unseen)) for subject in subjects} == {(PHOTOS, UNSEEN)}


class WordScorer(ColourScorer):
    """Knows a text by whether it names a car; every picture shows one."""

    text_scale = 100.0

    def embed_images(self, images: list[Image.Image]) -> torch.Tensor:
        return torch.tensor([[1.0, 0.0]]).expand(len(images), 2)

    def embed_texts(self, texts: list[str]) -> torch.Tensor:
        return torch.tensor([[1.0, 0.0] if "a car" in text else [0.0, 1.0] for text in texts])


def test_the_other_thing_of_a_composition_counts_where_it_is_the_one_asked_for() -> None:
    scorer = WordScorer()
    embedded = scorer.embed_images([RED.photos[0]] * len(COMPOSITIONS))
    # Of four compositions one asks for the car that all four pictures show.
    assert _second_object(scorer, embedded, RED) == pytest.approx(0.25)
