"""What a base model keeps between generations: its LoRA, texts, preview matrix, compiled blocks."""

from collections import OrderedDict
from collections.abc import Callable
from functools import cached_property
from typing import Any

import torch

from pixgen_gpu.generation.compiled import compile_blocks, uncompile_blocks
from pixgen_gpu.generation.decoding import Decoder
from pixgen_gpu.generation.fused import FusedLora
from pixgen_gpu.generation.previews import fit_projection
from pixgen_gpu.lora import LoraState
from pixgen_gpu.models import BaseModel, TextEmbedding

MAX_TEXTS = 128
"""About 300 kB each with SDXL in bf16."""
MAX_LORAS = 4
"""About 50 MB each with SDXL at rank 16."""


class Drawing:
    """One base model at drawing. Made at the first generation; `release` makes room for a training."""

    def __init__(self, base: BaseModel) -> None:
        # The hash is of the weights as they were made; it must be known before a LoRA is among them.
        _ = base.model_hash
        self._base = base
        self.fused = FusedLora(base.unet)
        self._texts: OrderedDict[str, TextEmbedding] = OrderedDict()
        self._loras: OrderedDict[str, LoraState] = OrderedDict()
        self._is_prepared = False

    @cached_property
    def decoder(self) -> Decoder:
        """Decodes this base model's latents."""
        return Decoder(self._base)

    @cached_property
    def projection(self) -> torch.Tensor:
        """The matrix of its previews."""
        return fit_projection(self._base)

    def prepare(self, *, compiled: bool = True) -> None:
        """Bring everything onto the device; on CUDA also lay convolutions out channels last and compile the blocks."""
        base = self._base
        base.place_encoders(on_device=True)
        if self._is_prepared or base.device.type != "cuda":
            return
        self._is_prepared = True
        parts: tuple[Any, ...] = (base.unet, base.vae)
        for part in parts:
            part.to(memory_format=torch.channels_last)
        if compiled:
            compile_blocks(base.unet)

    def text(self, prompt: str) -> TextEmbedding:
        """The embedding of a prompt, computed once; the least recently used ones are forgotten."""
        known = self._texts.get(prompt)
        if known is None:
            known = self._texts[prompt] = self._base.encode_text(prompt)
        self._texts.move_to_end(prompt)
        while len(self._texts) > MAX_TEXTS:
            self._texts.popitem(last=False)
        return known

    def lora(self, sha256: str | None, read: Callable[[], LoraState]) -> LoraState:
        """The LoRA of a file by its digest, read once; jobs for the same one neither fetch nor fuse it again."""
        if sha256 is None:
            return read()
        known = self._loras.get(sha256)
        if known is None:
            known = self._loras[sha256] = read()
        self._loras.move_to_end(sha256)
        while len(self._loras) > MAX_LORAS:
            self._loras.popitem(last=False)
        return known

    def release(self) -> None:
        """Leave the base model as it was loaded, bit for bit, and its memory to whoever comes next."""
        self.fused.release()
        self._texts.clear()
        if self._is_prepared:
            uncompile_blocks(self._base.unet)
            self._is_prepared = False
