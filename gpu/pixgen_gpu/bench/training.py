"""Training: the loop of diffusers' script and ours, at equal settings."""

import time
from dataclasses import dataclass
from statistics import median
from typing import Any

import torch

from pixgen_gpu.bench.baseline import BaselineTraining
from pixgen_gpu.bench.measure import median_s, sync, training_flops
from pixgen_gpu.bench.subject import Sizes, make_photos
from pixgen_gpu.lora import lora_to_bytes
from pixgen_gpu.models import BaseModel
from pixgen_gpu.training.config import TrainConfig, TrainedLora, TrainingImage
from pixgen_gpu.training.train_lora import train_lora

STEPS_WITHIN_S = 20
"""As many repetitions as begin in this time."""


@dataclass(frozen=True)
class _Shape:
    px: int
    batch: int


class Training:
    """The measurements of training; each method returns facts by name and goals by key."""

    def __init__(self, base: BaseModel, sizes: Sizes, matmul_tflops: float) -> None:
        self._base, self._sizes, self._flops_per_s = base, sizes, matmul_tflops * 1e12
        self._large, self._small = _Shape(sizes.px, 1), _Shape(sizes.small_px, 4)
        self._baseline_s: float | None = None
        self.times: dict[str, int] = {}
        """Of how many measurements a goal's value is the median."""

    def _config(self, shape: _Shape, steps: int, **changes: Any) -> TrainConfig:
        settings: dict[str, Any] = dict(
            trigger_word="sks_abc234",
            class_word="dog",
            steps=steps,
            rank=self._sizes.rank,
            learning_rate=1e-4,
            resolution=shape.px,
            batch_size=shape.batch,
            seed=1,
        )
        return TrainConfig(**(settings | changes))

    def _train(self, config: TrainConfig, images: list[TrainingImage]) -> TrainedLora:
        return train_lora(config, images, self._base)

    def _step_times_s(self, shape: _Shape) -> list[float]:
        """Seconds of one of our steps, measured again and again: the difference of two trainings of different length,
        so that encoding, set-up and compilation cancel out. One before them has warmed everything up."""
        images = make_photos(4, shape.px)
        steps = self._sizes.train_steps
        self._train(self._config(shape, max(1, steps // 4)), images)
        first = time.perf_counter()
        found: list[float] = []
        while len(found) < self._sizes.repeats and (not found or time.perf_counter() - first < STEPS_WITHIN_S):
            short, long = (self._seconds(self._config(shape, count), images) for count in (steps // 2, steps))
            found.append(max(1e-9, (long - short) / (steps - steps // 2)))
        return found

    def _seconds(self, config: TrainConfig, images: list[TrainingImage]) -> float:
        sync(self._base.device)
        started = time.perf_counter()
        self._train(config, images)
        sync(self._base.device)
        return time.perf_counter() - started

    def baseline(self) -> dict[str, float]:
        """The script's loop, large, batch 1."""
        config = self._config(self._large, 1)
        with BaselineTraining(self._base, config, make_photos(4, self._large.px)) as loop:
            self._baseline_s = median_s(loop.step, self._base.device, 3 * self._sizes.repeats, warmup=3)
        return {"baseline_train_step_s": self._baseline_s}

    def steps(self) -> dict[str, float]:
        """G7 and G8."""
        facts: dict[str, float] = {}
        for key, shape in (("G7a", self._large), ("G7b", self._small)):
            flops = training_flops(self._sizes.profile, shape.px, shape.batch, self._config(shape, 1))
            found = self._step_times_s(shape)
            took = median(found)
            self.times[key] = len(found)
            facts |= {key: took * self._flops_per_s / flops, f"train_step_{shape.px}_b{shape.batch}_s": took}
            if key == "G7a" and self._baseline_s is not None:
                facts["G8"] = self._baseline_s / took
                self.times["G8"] = len(found)
        return facts

    def memory(self) -> dict[str, float]:
        """G12b: the most that a small training holds at once, with gradient checkpointing, as the goal says."""
        if self._base.device.type != "cuda":
            return {}
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        config = self._config(_Shape(self._sizes.small_px, 1), 3, gradient_checkpointing="always")
        self._train(config, make_photos(4, self._sizes.small_px))
        return {"G12b": torch.cuda.max_memory_allocated() / 1e9}

    def whole(self, *, large: bool) -> dict[str, float]:
        """G9: from ten photos to the bytes of a LoRA file, warm."""
        shape = _Shape(self._large.px if large else self._small.px, 1)
        images = make_photos(10, shape.px)
        self._train(self._config(shape, 2), images)
        started = time.perf_counter()
        trained = self._train(self._config(shape, self._sizes.whole_steps), images)
        lora_to_bytes(trained.state, {})
        return {"G9a" if large else "G9b": time.perf_counter() - started}
