"""Checkpoints of a pretraining on this machine, so that it can go on after a break."""

import os
from pathlib import Path

import torch
from torch import nn


def save_state(path: Path, step: int, optimizer: torch.optim.Optimizer, **modules: nn.Module) -> None:
    """Write the state after `step` finished steps, all or nothing."""
    state = {
        "step": step,
        "optimizer": optimizer.state_dict(),
        "modules": {name: module.state_dict() for name, module in modules.items()},
    }
    unfinished = path.with_suffix(".part")
    torch.save(state, unfinished)
    os.replace(unfinished, path)


def load_state(path: Path, optimizer: torch.optim.Optimizer, **modules: nn.Module) -> int:
    """Restore what `save_state` wrote, on whatever device; the number of finished steps, 0 without a file."""
    if not path.exists():
        return 0
    state = torch.load(path, map_location="cpu", weights_only=True)
    for name, module in modules.items():
        module.load_state_dict(state["modules"][name])
    optimizer.load_state_dict(state["optimizer"])
    return state["step"]
