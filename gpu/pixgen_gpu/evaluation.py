"""Does a LoRA of the tiny model learn its subject? Trains on held-out subjects and scores pictures before and after.

Likeness is 0 where other held-out subjects lie and 1 where unseen photos of the same subject lie, by the scorer's own
measure. It speaks of drawn things, not of people.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

import torch
from PIL import Image

from pixgen_gpu.generation.config import FailedImage, GenerateConfig, ImagePlan, RenderedImage
from pixgen_gpu.generation.generate import generate
from pixgen_gpu.lora import LoraState
from pixgen_gpu.models import BaseModel
from pixgen_gpu.tiny.scorer import Scorer
from pixgen_gpu.tiny.subjects import Subject
from pixgen_gpu.training.config import TrainConfig, TrainingImage
from pixgen_gpu.training.train_lora import train_lora

TRIGGER_WORD = "sks_abc234"
LIKENESS_PROMPTS = ("a photo of {}", "{}", "a photo of {} on a white background", "a shiny picture of {}")
COLOURS = ("white", "black", "red", "yellow", "green", "blue", "purple", "pink")
ADHERENCE_COLOURS = ("white", "red", "green", "blue")
COMPOSITIONS = (
    ("a photo of {} with {}, white background", "a dog"),
    ("a photo of {} on {}, blue background", "a car"),
    ("a photo of {} under {}, green background", "a house"),
    ("a photo of {} with {}, yellow background", "a red apple"),
)
"""Whether the other thing is the one asked for is scored; where the two stand is for the eye."""
LEAKAGE_PROMPTS = ("a photo of a dog", "a photo of a red apple", "a photo of a car", "a photo of a house")


@dataclass(frozen=True)
class EvaluationSettings:
    """How the LoRAs are trained and the pictures drawn."""

    train_steps: int = 200
    rank: int = 16
    learning_rate: float = 1e-3
    batch_size: int = 4
    draw_steps: int = 20
    guidance: float = 4.0


@dataclass(frozen=True)
class Drawn:
    """One picture and its prompt."""

    prompt: str
    image: Image.Image


@dataclass(frozen=True)
class Evaluated:
    """One subject, one seed. `base` and `lora` hold the pictures of the likeness and the colour prompts, in order."""

    noun: str
    seed: int
    likeness_base: float
    likeness_lora: float
    adherence_base: float
    """Mean probability of the background colour that the prompt asked for."""
    adherence_lora: float
    leakage: float
    """How much the LoRA raises the likeness of pictures whose prompts leave the trigger word out."""
    base: list[Drawn]
    lora: list[Drawn]
    composed: list[Drawn]
    """What the LoRA draws for the compositions."""
    state: LoraState
    """The LoRA itself, to draw more with."""
    second_object: float
    """Mean probability that the other thing in a composition is the one asked for, among those of all compositions."""


@dataclass(frozen=True)
class LikenessScale:
    """Turns similarities to a subject's photos into 0 (other subjects) to 1 (unseen photos of this one)."""

    references: torch.Tensor
    zero: float
    one: float

    def of(self, embeddings: torch.Tensor) -> float:
        """Mean likeness of pictures, (images, D)."""
        return ((embeddings @ self.references.T).mean().item() - self.zero) / (self.one - self.zero)


def likeness_scale(scorer: Scorer, subject: Subject, others: Sequence[Subject]) -> LikenessScale:
    """The scale of one subject. Raises ValueError when the scorer cannot tell it from the others."""
    references = scorer.embed_images(subject.photos)
    zero = (scorer.embed_images([image for other in others for image in other.unseen]) @ references.T).mean().item()
    one = (scorer.embed_images(subject.unseen) @ references.T).mean().item()
    if one - zero < 0.1:
        raise ValueError(f"the scorer does not tell {subject.noun} from other subjects")
    return LikenessScale(references, zero, one)


def evaluate_subject(
    base: BaseModel,
    scorer: Scorer,
    subject: Subject,
    others: Sequence[Subject],
    seed: int,
    settings: EvaluationSettings,
    on_progress: Callable[[str], None] = lambda _: None,
) -> Evaluated:
    """Train a LoRA on the subject's photos and compare pictures without and with it."""
    scale = likeness_scale(scorer, subject, others)
    config = TrainConfig(
        trigger_word=TRIGGER_WORD,
        class_word=subject.kind,
        steps=settings.train_steps,
        rank=settings.rank,
        learning_rate=settings.learning_rate,
        resolution=base.profile.native_px,
        batch_size=settings.batch_size,
        seed=seed,
    )
    images = [TrainingImage(f"{subject.noun}-{number}", photo) for number, photo in enumerate(subject.photos)]
    on_progress(f"{subject.noun}, seed {seed}: training")
    trained = train_lora(config, images, base)
    on_progress(f"{subject.noun}, seed {seed}: drawing")

    name = f"{TRIGGER_WORD} {subject.kind}"
    prompts = [
        *(prompt.format(name) for prompt in LIKENESS_PROMPTS),
        *(f"a photo of {name} on a {colour} background" for colour in ADHERENCE_COLOURS),
        *LEAKAGE_PROMPTS,
    ]
    before = draw(base, None, prompts, seed, settings)
    after = draw(base, trained.state, prompts, seed, settings)
    composed = draw(base, trained.state, [prompt.format(name, other) for prompt, other in COMPOSITIONS], seed, settings)
    likeness, colours = len(LIKENESS_PROMPTS), len(LIKENESS_PROMPTS) + len(ADHERENCE_COLOURS)
    embedded_before = scorer.embed_images([drawn.image for drawn in before])
    embedded_after = scorer.embed_images([drawn.image for drawn in after])
    return Evaluated(
        noun=subject.noun,
        seed=seed,
        likeness_base=scale.of(embedded_before[:likeness]),
        likeness_lora=scale.of(embedded_after[:likeness]),
        adherence_base=_colour_adherence(scorer, embedded_before[likeness:colours], subject),
        adherence_lora=_colour_adherence(scorer, embedded_after[likeness:colours], subject),
        leakage=scale.of(embedded_after[colours:]) - scale.of(embedded_before[colours:]),
        base=before[:colours],
        lora=after[:colours],
        composed=composed,
        state=trained.state,
        second_object=_second_object(scorer, scorer.embed_images([drawn.image for drawn in composed]), subject),
    )


def summary(results: Sequence[Evaluated]) -> dict[str, float | int]:
    """Means over all subjects and seeds, in the form that `pixgen-gpu evaluate` prints."""
    base = fmean(result.likeness_base for result in results)
    lora = fmean(result.likeness_lora for result in results)
    lost = fmean(result.adherence_base - result.adherence_lora for result in results)
    return {
        "likenessBase": round(base, 4),
        "likenessLora": round(lora, 4),
        "gain": round(lora - base, 4),
        "adherenceLoss": round(lost, 4),
        "secondObject": round(fmean(result.second_object for result in results), 4),
        "leakage": round(fmean(result.leakage for result in results), 4),
        "concepts": len({result.noun for result in results}),
        "seeds": len({result.seed for result in results}),
    }


def _colour_adherence(scorer: Scorer, embedded: torch.Tensor, subject: Subject) -> float:
    """Mean probability of the asked colour among COLOURS. `embedded` has one row per colour asked for."""
    texts = scorer.embed_texts([f"a photo of a {subject.noun} on a {colour} background" for colour in COLOURS])
    chances = (embedded @ texts.T * scorer.text_scale).softmax(dim=1)
    return fmean(chances[row, COLOURS.index(colour)].item() for row, colour in enumerate(ADHERENCE_COLOURS))


def _second_object(scorer: Scorer, embedded: torch.Tensor, subject: Subject) -> float:
    """See Evaluated. `embedded` has one row per composition; the texts differ in the other thing alone."""
    others = [other for _, other in COMPOSITIONS]
    chances: list[float] = []
    for row, (prompt, _) in enumerate(COMPOSITIONS):
        texts = scorer.embed_texts([prompt.format(f"a {subject.noun}", other) for other in others])
        chances.append((embedded[row] @ texts.T * scorer.text_scale).softmax(dim=0)[row].item())
    return fmean(chances)


def draw(
    base: BaseModel,
    lora: LoraState | None,
    prompts: list[str],
    seed: int,
    settings: EvaluationSettings,
    weight: float = 1.0,
) -> list[Drawn]:
    """One picture per prompt, the n-th with seed × 100 + n, in the base model's own size. `weight` is the LoRA's."""
    side = base.profile.native_px
    config = GenerateConfig(side, side, settings.draw_steps, settings.guidance, weight)
    plans = [ImagePlan(prompt, prompt, "", seed * 100 + index) for index, prompt in enumerate(prompts)]
    drawn: list[Drawn] = []

    def keep(result: RenderedImage | FailedImage) -> None:
        if isinstance(result, FailedImage):
            raise RuntimeError(f"{result.plan.prompt}: {result.code}")
        drawn.append(Drawn(result.plan.prompt, result.image))

    generate(config, plans, base, lora, keep)
    return drawn
