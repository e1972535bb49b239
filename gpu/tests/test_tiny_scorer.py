"""The shipped scorer names things that it was not shown in these very pictures."""

import pytest
import torch

from pixgen_gpu.tiny.scorer import TinyScorer, load_scorer
from pixgen_gpu.tiny.subjects import load_subjects
from tiny_model.concepts import HELD_OUT_CONCEPTS, PRETRAINING_CONCEPTS, with_article

SUBJECTS = load_subjects()


@pytest.fixture(scope="module")
def scorer() -> TinyScorer:
    return load_scorer()


def test_nine_in_ten_unseen_photos_are_named_right(scorer: TinyScorer) -> None:
    names = [subject.noun for subject in SUBJECTS]
    texts = scorer.embed_texts([f"a photo of {with_article(name)}" for name in names])
    assert top_1(scorer, texts) >= 0.9


def test_nine_in_ten_unseen_photos_are_nearest_to_their_own_subjects_photos(scorer: TinyScorer) -> None:
    subjects = torch.stack([scorer.embed_images(subject.photos).mean(dim=0) for subject in SUBJECTS])
    assert top_1(scorer, subjects) >= 0.9


def test_a_name_is_told_from_all_words_that_the_model_knows(scorer: TinyScorer) -> None:
    others = [concept.noun for concept in (*PRETRAINING_CONCEPTS, *HELD_OUT_CONCEPTS)]
    names = [subject.noun for subject in SUBJECTS]
    ordered = [*names, *(noun for noun in others if noun not in names)]
    assert len(ordered) == len(others)
    texts = scorer.embed_texts([f"a photo of {with_article(noun)}" for noun in ordered])
    assert top_1(scorer, texts) >= 0.8


def test_a_text_does_not_depend_on_its_neighbours(scorer: TinyScorer) -> None:
    alone = scorer.embed_texts(["a photo of a robot"])
    beside = scorer.embed_texts(["a photo of a robot", "a flat picture of a teddy bear on a light blue background"])
    assert torch.allclose(alone[0], beside[0], atol=1e-5)


def top_1(scorer: TinyScorer, rows: torch.Tensor) -> float:
    """Share of unseen photos whose most similar row is their subject's; the first rows are the subjects, in order."""
    right = [
        (scorer.embed_images(subject.unseen) @ rows.T).argmax(dim=1) == number
        for number, subject in enumerate(SUBJECTS)
    ]
    return torch.cat(right).float().mean().item()
