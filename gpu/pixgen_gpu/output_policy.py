"""What a host does with every finished image before it leaves: the check it must pass, and the signature it gets."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ClassifierName = Literal["open-nsfw", "off"]


@dataclass(frozen=True)
class OutputPolicy:
    """No torch and no classifier is imported here, so hosts start fast."""

    classifier: ClassifierName = "open-nsfw"
    block_at: float = 0.8
    """Scores from here on are blocked. The model's authors: above 0.8 very likely pornographic, below 0.2 safe."""
    c2pa_certificates: Path | None = None
    """PEM chain, leaf first; with `c2pa_key` every image is signed."""
    c2pa_key: Path | None = None
