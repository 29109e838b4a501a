"""Training that can be killed at any time: weights, optimizer and curve in one file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from ..errors import BadCheckpoint

NAME = "checkpoint.safetensors"


def save_checkpoint(
    folder: Path, net: nn.Module, optimizer: torch.optim.Optimizer, state: dict[str, Any]
) -> None:
    """Write weights, the optimizer's memory and ``state``; replaces the last in one move."""
    tensors = {f"net.{name}": value.contiguous() for name, value in net.state_dict().items()}
    for number, memory in optimizer.state_dict()["state"].items():
        for key, value in memory.items():
            tensors[f"optimizer.{number}.{key}"] = value.contiguous()
    draft = folder / "checkpoint.draft"
    save_file(tensors, draft, metadata={"state": json.dumps(state)})
    draft.replace(folder / NAME)


def load_checkpoint(
    folder: Path, net: nn.Module, optimizer: torch.optim.Optimizer
) -> dict[str, Any]:
    """Restore what `save_checkpoint` wrote and return its state."""
    tensors = load_file(folder / NAME)
    net.load_state_dict(
        {name[4:]: value for name, value in tensors.items() if name.startswith("net.")}
    )
    memory: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        if name.startswith("optimizer."):
            _, number, key = name.split(".")
            memory.setdefault(int(number), {})[key] = value
    whole = optimizer.state_dict()
    optimizer.load_state_dict({"state": memory, "param_groups": whole["param_groups"]})
    return checkpoint_state(folder)


def checkpoint_state(folder: Path) -> dict[str, Any]:
    """Return the state of a training folder: step, seconds, config and the whole curve."""
    with safe_open(folder / NAME, framework="pt") as file:
        state: dict[str, Any] = json.loads(file.metadata()["state"])
    return state


def check_same(folder: Path, settings: Mapping[str, Any]) -> None:
    """Refuse to go on with other settings than a checkpoint's: the curve would belong to neither.

    A setting that is newer than the checkpoint has to be None.
    """
    known = checkpoint_state(folder)["config"]
    wanted = json.loads(json.dumps(settings))
    changed = [
        f"{name} {known.get(name)}, now {value}"
        for name, value in sorted(wanted.items())
        if value != known.get(name)
    ]
    if changed:
        raise BadCheckpoint(
            f"{folder} holds a run with other settings ({'; '.join(changed)}): "
            "use them again, or another folder"
        )
