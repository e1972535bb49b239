"""Which photos, which noise and which learning rate each step sees: pure functions of (seed, step).

Nothing here carries state from one step to the next, so a training that resumes at step n continues exactly as if it
had never stopped, without storing the state of a random generator.
"""

import math
from collections import defaultdict
from functools import lru_cache

import torch

from pixgen_gpu.buckets import Bucket

WARMUP_SHARE = 0.05


def step_generator(seed: int, step: int, stream: int = 0) -> torch.Generator:
    """A CPU generator for one step; CPU so that a GPU draws the same numbers. `stream` separates independent uses."""
    mixed = (seed * 0x9E3779B97F4A7C15 + step * 0xD1B54A32D192ED03 + stream * 0x94D049BB133111EB) % 2**63
    return torch.Generator().manual_seed(mixed)


def learning_rate_at(step: int, total_steps: int, peak: float) -> float:
    """Cosine decay to zero after a short linear warm-up. `step` counts from 0."""
    warmup = max(1, round(total_steps * WARMUP_SHARE))
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, total_steps - warmup)))


class BatchSchedule:
    """Batches of photo indices, every batch from one bucket, every photo once per epoch."""

    def __init__(self, buckets: list[Bucket], batch_size: int, seed: int, stream: int = 1) -> None:
        groups: defaultdict[Bucket, list[int]] = defaultdict(list)
        for index, bucket in enumerate(buckets):
            groups[bucket].append(index)
        self._groups = [groups[bucket] for bucket in sorted(groups)]
        self._batch_size = batch_size
        self._seed, self._stream = seed, stream
        self.batches_per_epoch = sum(math.ceil(len(group) / batch_size) for group in self._groups)
        self._epoch = lru_cache(maxsize=2)(self._shuffled_epoch)

    def batch_at(self, step: int) -> list[int]:
        """Indices of the photos of one step, which counts from 0."""
        epoch, position = divmod(step, self.batches_per_epoch)
        return self._epoch(epoch)[position]

    def _shuffled_epoch(self, epoch: int) -> list[list[int]]:
        generator = step_generator(self._seed, epoch, self._stream)
        batches: list[list[int]] = []
        for group in self._groups:
            order = [group[i] for i in torch.randperm(len(group), generator=generator).tolist()]
            batches += [order[i : i + self._batch_size] for i in range(0, len(order), self._batch_size)]
        return [batches[i] for i in torch.randperm(len(batches), generator=generator).tolist()]
