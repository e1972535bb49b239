"""What the shipped weights of the tiny model are held to (G14), on one subject that they have never seen."""

from pathlib import Path

from pixgen_gpu.evaluation import EvaluationSettings, evaluate_subject
from pixgen_gpu.models import load_base_model
from pixgen_gpu.tiny.scorer import load_scorer
from pixgen_gpu.tiny.subjects import load_subjects


def test_a_lora_on_the_shipped_weights_comes_close_to_its_subject_and_still_does_what_the_prompt_says() -> None:
    subjects = load_subjects()
    subject = next(one for one in subjects if one.noun == "teddy bear")
    others = [other for other in subjects if other is not subject]
    base = load_base_model("tiny", Path())
    result = evaluate_subject(base, load_scorer(), subject, others, 0, EvaluationSettings(train_steps=200))
    assert result.likeness_lora - result.likeness_base >= 0.35
    assert result.adherence_base - result.adherence_lora <= 0.03
