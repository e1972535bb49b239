"""What a base model keeps between generations: its LoRA, texts, preview matrix, compiled blocks."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Generic, TypeVar

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
KEEP_S = 600
"""LoRAs and texts that no job asked for in this time are forgotten. Well below the half hour after which an erasure
looks for leftovers the last time."""


class Drawing:
    """One base model at drawing. Made at the first generation; `release` makes room for a training."""

    def __init__(self, base: BaseModel) -> None:
        # The hash is of the weights as they were made; it must be known before a LoRA is among them.
        _ = base.model_hash
        self._base = base
        self.fused = FusedLora(base.unet)
        self._texts = _Recent[TextEmbedding](MAX_TEXTS)
        self._loras = _Recent[LoraState](MAX_LORAS)
        self._lock = threading.Lock()
        self._watch = threading.Timer(KEEP_S, self._forget_in_peace)
        self._is_prepared = False
        self._may_compile = True
        self.is_compiled = False

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
        if compiled and self._may_compile:
            self.compile()

    def compile(self, backend: str | Callable[..., Any] = "inductor") -> None:
        """Have the U-Net's blocks compiled at their next calls."""
        compile_blocks(self._base.unet, backend)
        self.is_compiled = True

    def stop_compiling(self) -> None:
        """Draw eagerly from now on, as long as this process lives: slower, and the same but for the last digits."""
        self._uncompile()
        self._may_compile = False

    def _uncompile(self) -> None:
        if self.is_compiled:
            uncompile_blocks(self._base.unet)
            self.is_compiled = False

    def text(self, prompt: str) -> TextEmbedding:
        """The embedding of a prompt, computed once; the least recently used ones are forgotten."""
        return self._texts.get(prompt, lambda: self._base.encode_text(prompt))

    def lora(self, sha256: str | None, read: Callable[[], LoraState]) -> LoraState:
        """The LoRA of a file by its digest, read once; jobs for the same one neither fetch nor fuse it again."""
        return read() if sha256 is None else self._loras.get(sha256, read)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """A job draws within the block. What was not used for KEEP_S is forgotten before it, and later without any job:
        what a person had erased is gone from memory by then, for no job can name it any more."""
        with self._lock:
            self._forget_unused()
            self._watch.cancel()
            try:
                yield
            finally:
                self._watch = threading.Timer(KEEP_S, self._forget_in_peace)
                self._watch.daemon = True
                self._watch.start()

    def _forget_in_peace(self) -> None:
        """Some time after a job: unless another one is at work, which sees to it itself."""
        if self._lock.acquire(blocking=False):
            try:
                self._forget_unused()
            finally:
                self._lock.release()

    def _forget_unused(self) -> None:
        before = time.monotonic() - KEEP_S
        self._texts.forget(before)
        self._loras.forget(before)
        if not any(kept is self.fused.state for kept in self._loras.values()):
            self.fused.take_out()

    def release(self) -> None:
        """Leave the base model as it was loaded, bit for bit, and its memory to whoever comes next."""
        self.fused.release()
        self._texts.clear()
        self._loras.clear()
        self._uncompile()
        self._is_prepared = False


T = TypeVar("T")


class _Recent(Generic[T]):
    """A few values by name: those used last, each with the time of its last use."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[str, tuple[float, T]] = OrderedDict()

    def get(self, name: str, make: Callable[[], T]) -> T:
        """The value of a name, made once."""
        known = self._values.pop(name, None)
        value = make() if known is None else known[1]
        self._values[name] = (time.monotonic(), value)
        while len(self._values) > self._most:
            self._values.popitem(last=False)
        return value

    def values(self) -> list[T]:
        return [value for _, value in self._values.values()]

    def forget(self, before: float) -> None:
        """Drop what was last used at or before a time."""
        for name in [name for name, (used, _) in self._values.items() if used <= before]:
            del self._values[name]

    def clear(self) -> None:
        self._values.clear()
