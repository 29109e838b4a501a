"""The training loop: a curve, checkpoints, and the same steps again after a kill."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from .checkpoints import NAME, check_same, load_checkpoint, save_checkpoint

REPORT = 25  # steps between two points of the curve
Batch = dict[str, Tensor]
Net = TypeVar("Net", bound=nn.Module)


class Schedule(Protocol):
    """What a training's settings say about its steps; a dataclass."""

    @property
    def steps(self) -> int:
        """How many there are."""

    @property
    def rate(self) -> float:
        """The highest learning rate."""

    @property
    def warm_up(self) -> int:
        """Steps until it is reached."""

    @property
    def decay(self) -> float:
        """The share of the steps, at the end, in which it falls."""

    @property
    def weight_decay(self) -> float:
        """How weights are held small."""


@dataclass(frozen=True)
class Progress:
    """One line of the training curve."""

    step: int
    seconds: float
    loss: dict[str, float]


def learning_rate(config: Schedule, step: int) -> float:
    """Rise over the first steps, stay, fall to nothing in a straight line at the end."""
    rise = min(1.0, (step + 1) / config.warm_up)
    fall = min(1.0, (config.steps - step) / (config.decay * config.steps))
    return config.rate * rise * fall


def has_fast_bf16(device: str) -> bool:
    """Tell whether bf16 is faster: on a GPU, or on a processor with instructions for it."""
    if device != "cpu":
        return True
    info = Path("/proc/cpuinfo")
    flags = info.read_text(errors="ignore") if info.exists() else ""
    return "avx512_bf16" in flags or "amx_bf16" in flags


def loaded(batches: Dataset[Batch], workers: int) -> Iterable[Batch]:
    """Make batches ahead of their use, in other processes if there are workers."""
    ahead = 4 if workers else None
    return DataLoader(batches, batch_size=None, num_workers=workers, prefetch_factor=ahead)


def run(
    net: Net,
    losses: Callable[[Net, Batch], dict[str, Tensor]],
    batches: Callable[[int], Iterable[Batch]],
    config: Schedule,
    out: Path,
    *,
    device: str = "cpu",
    resume: bool = False,
) -> Iterator[Progress]:
    """Train to ``config.steps``; yields the curve every 25 steps, writes checkpoints to ``out``.

    ``batches(first)`` are the batches from step ``first`` on.
    """
    out.mkdir(parents=True, exist_ok=True)
    settings = asdict(config)  # type: ignore[call-overload]  # each config is a dataclass
    going_on = resume and (out / NAME).exists()
    if going_on:
        check_same(out, settings)
    net.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(net.parameters(), config.rate, weight_decay=config.weight_decay)
    first, curve, before = 0, [], 0.0
    if going_on:
        state = load_checkpoint(out, net, optimizer)
        first, curve, before = state["step"], state["curve"], state["seconds"]
    fast = has_fast_bf16(device)
    sums: dict[str, float] = {}
    started = saved = time.monotonic()
    net.train()
    for step, batch in enumerate(batches(first), first):
        with torch.autocast(device, torch.bfloat16, enabled=fast):
            parts = losses(net, {name: value.to(device) for name, value in batch.items()})
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(config, step)
        _improve(net, optimizer, parts)
        for name, value in parts.items():
            sums[name] = sums.get(name, 0.0) + value.item()
        done = step + 1
        if done % REPORT and done != config.steps:
            continue
        seconds = before + time.monotonic() - started
        count = (done - 1) % REPORT + 1
        point = Progress(done, round(seconds, 1), {k: round(v / count, 4) for k, v in sums.items()})
        curve.append(asdict(point))
        sums = {}
        if time.monotonic() - saved > 60 or done == config.steps:
            saved = time.monotonic()
            state = {"step": done, "curve": curve, "seconds": seconds, "config": settings}
            save_checkpoint(out, net, optimizer, state)
        yield point


def _improve(net: nn.Module, optimizer: torch.optim.Optimizer, parts: dict[str, Tensor]) -> None:
    optimizer.zero_grad(set_to_none=True)
    torch.stack(list(parts.values())).sum().backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(net.parameters(), 5.0)
    optimizer.step()
