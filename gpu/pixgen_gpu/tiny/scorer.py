"""How well pictures show a subject and follow a prompt, measured by a small image and text encoder.

It knows drawn things only. `Scorer` is what `evaluate` needs of a scorer; a self-hoster can give it real models (DINO
for likeness, CLIP for prompts) in the same shape.
"""

from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import nn
from torch.nn.functional import normalize
from transformers import CLIPTokenizer

from pixgen_gpu.tiny.architecture import MAX_TOKENS
from pixgen_gpu.tiny.tokenizer import read_tokenizer
from pixgen_gpu.tiny.weights import FOLDER

SCORER_PX = 64
EMBEDDING_WIDTH = 128


class Scorer(Protocol):
    """Embeds pictures and texts as rows of length 1; the product of two rows is their similarity."""

    @property
    def text_scale(self) -> float:
        """What to multiply similarities of pictures and texts with before a softmax."""
        ...

    def embed_images(self, images: list[Image.Image]) -> torch.Tensor:
        """(images, D) for comparing pictures with each other and with texts."""
        ...

    def embed_texts(self, texts: list[str]) -> torch.Tensor:
        """(texts, D)."""
        ...


class DualEncoder(nn.Module):
    """A small convolutional network for pictures and one transformer layer for texts."""

    def __init__(self, vocabulary_size: int) -> None:
        super().__init__()
        widths = (32, 64, 128, 192)
        layers: list[nn.Module] = [
            nn.Conv2d(3, widths[0], 5, stride=2, padding=2),
            nn.BatchNorm2d(widths[0]),
            nn.ReLU(),
        ]
        for before, after in pairwise(widths):
            layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.BatchNorm2d(after), nn.ReLU()]
            layers += [nn.Conv2d(after, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU()]
        self.features = nn.Sequential(*layers)
        self.image_head = nn.Linear(widths[-1] * 4, EMBEDDING_WIDTH)
        self.tokens = nn.Embedding(vocabulary_size, EMBEDDING_WIDTH)
        self.positions = nn.Parameter(torch.randn(MAX_TOKENS, EMBEDDING_WIDTH) * 0.02)
        self.text = nn.TransformerEncoderLayer(
            EMBEDDING_WIDTH, 4, 2 * EMBEDDING_WIDTH, dropout=0.0, batch_first=True, norm_first=True
        )
        self.text_head = nn.Linear(EMBEDDING_WIDTH, EMBEDDING_WIDTH)
        self.temperature = nn.Parameter(torch.tensor(2.3))

    def forward_images(self, pixels: torch.Tensor) -> torch.Tensor:
        """(N, 3, SCORER_PX, SCORER_PX) in [-1, 1] -> (N, EMBEDDING_WIDTH) of length 1."""
        features = self.features(pixels)
        return normalize(self.image_head(nn.functional.adaptive_avg_pool2d(features, 2).flatten(1)), dim=1)

    def forward_texts(self, ids: torch.Tensor, length: torch.Tensor) -> torch.Tensor:
        """Token ids (N, MAX_TOKENS), of which the first `length` (N,) count -> (N, EMBEDDING_WIDTH) of length 1."""
        longest = int(length.max())
        padding = torch.arange(longest) >= length[:, None]
        hidden = self.text(self.tokens(ids[:, :longest]) + self.positions[:longest], src_key_padding_mask=padding)
        mean = (hidden * ~padding[..., None]).sum(dim=1) / length[:, None]
        return normalize(self.text_head(mean), dim=1)


def pixels_of(images: list[Image.Image]) -> torch.Tensor:
    """(N, 3, SCORER_PX, SCORER_PX) in [-1, 1]."""
    small = [image.convert("RGB").resize((SCORER_PX, SCORER_PX), Image.Resampling.BOX) for image in images]
    return torch.from_numpy(np.stack([np.asarray(image) for image in small])).permute(0, 3, 1, 2).float() / 127.5 - 1


def token_ids(tokenizer: CLIPTokenizer, texts: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids (N, MAX_TOKENS) and how many of them count, both special tokens included."""
    encoded = tokenizer(texts, padding="max_length", max_length=MAX_TOKENS, truncation=True)
    return torch.tensor(encoded.input_ids), torch.tensor(encoded.attention_mask).sum(dim=1)


class TinyScorer:
    """The shipped scorer."""

    def __init__(self, model: DualEncoder, tokenizer: CLIPTokenizer) -> None:
        self._model, self._tokenizer = model.eval(), tokenizer

    @property
    def text_scale(self) -> float:
        """The learned temperature."""
        return self._model.temperature.exp().item()

    @torch.inference_mode()
    def embed_images(self, images: list[Image.Image]) -> torch.Tensor:
        """(images, EMBEDDING_WIDTH)."""
        return self._model.forward_images(pixels_of(images))

    @torch.inference_mode()
    def embed_texts(self, texts: list[str]) -> torch.Tensor:
        """(texts, EMBEDDING_WIDTH)."""
        return self._model.forward_texts(*token_ids(self._tokenizer, texts))


def load_scorer(folder: Path = FOLDER) -> TinyScorer:
    """The scorer in `folder`. Raises OSError when it is missing."""
    tokenizer = read_tokenizer(folder / "tokenizer.json")
    with torch.random.fork_rng(devices=[]):
        model = DualEncoder(len(tokenizer))
    state: dict[str, Any] = load_file(folder / "scorer.safetensors")
    model.load_state_dict(
        {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in state.items()}
    )
    return TinyScorer(model, tokenizer)
