"""Training on several CPU processes of one thread each, with gradients averaged after every step.

Two threads on one operation wait for each other at every layer; on a machine with other work that made a step five
times slower. Processes meet once per step.
"""

import math
import os
import socket
from collections.abc import Callable, Iterable
from typing import Any

import torch
import torch.distributed as dist
import torch.multiprocessing as multiprocessing


def run_workers(count: int, work: Callable[..., None], *arguments: Any) -> None:
    """Call `work(rank, count, *arguments)` in `count` processes and wait. Raises when one of them fails."""
    if count == 1:
        torch.set_num_threads(1)
        work(0, 1, *arguments)
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    multiprocessing.spawn(_start, args=(count, port, work, arguments), nprocs=count)  # pyright: ignore[reportPrivateImportUsage]


def _start(rank: int, count: int, port: int, work: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    torch.set_num_threads(1)
    dist.init_process_group("gloo", rank=rank, world_size=count)
    try:
        work(rank, count, *arguments)
    finally:
        dist.destroy_process_group()


def average_gradients(parameters: Iterable[torch.nn.Parameter]) -> None:
    """Replace every gradient by its mean over all processes."""
    if not dist.is_initialized():
        return
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
    dist.all_reduce(flat)
    flat /= dist.get_world_size()
    offset = 0
    for gradient in gradients:
        gradient.copy_(flat[offset : offset + gradient.numel()].view_as(gradient))
        offset += gradient.numel()


def learning_rate_share(step: int, steps: int, warmup: int = 100) -> float:
    """Share of the peak: a linear warm-up, then a cosine down to 2 %. `step` counts from 0."""
    return min(1, (step + 1) / warmup) * (0.02 + 0.98 * (0.5 + 0.5 * math.cos(math.pi * step / steps)))
