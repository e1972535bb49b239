"""The tiny model's own byte-pair encoding, stored as one JSON file."""

import json
from pathlib import Path

from transformers import CLIPTokenizer

from pixgen_gpu.tiny.architecture import MAX_TOKENS


def make_tokenizer(vocabulary: dict[str, int], merges: list[tuple[str, str]]) -> CLIPTokenizer:
    """A CLIP tokenizer from its parts."""
    # transformers documents pairs; its annotation says strings
    return CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=MAX_TOKENS)  # pyright: ignore[reportArgumentType]


def save_tokenizer(tokenizer: CLIPTokenizer, path: Path) -> None:
    """Write vocabulary and merges as JSON."""
    state = json.loads(tokenizer.backend_tokenizer.to_str())["model"]
    path.write_text(json.dumps({"vocab": state["vocab"], "merges": state["merges"]}, ensure_ascii=False) + "\n")


def read_tokenizer(path: Path) -> CLIPTokenizer:
    """Read what `save_tokenizer` wrote."""
    state = json.loads(path.read_text())
    return make_tokenizer(state["vocab"], [(left, right) for left, right in state["merges"]])
