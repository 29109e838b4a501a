"""Trains the reader's network from labelled pages.

Everything that happens at step k follows from (seed, k): a killed run goes on along the same
curve, and the same command on the same machine gives the same weights.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from ..reader.alphabet import CLASS_COUNT
from ..reader.model import GlyphNet
from ..reader.network import load_weights
from .checkpoints import NAME, load_checkpoint, save_checkpoint
from .glyph_samples import GlyphSample, make_sample
from .pages import LabelledPage, load_page, page_names

RATE = 4e-3
Source = Callable[[random.Random], LabelledPage]


@dataclass(frozen=True)
class TrainConfig:
    """What decides the weights. The learning rate falls in a straight line at the end."""

    steps: int
    seed: int = 0
    pages_per_batch: int = 3
    crops_per_page: int = 2
    crop: tuple[int, int] = (384, 288)
    rate: float = RATE
    warm_up: int = 200
    decay: float = 0.6
    weight_decay: float = 0.02


class FolderSource:
    """Pages of a folder, drawn at random."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._names = folder, page_names(folder)
        if not self._names:
            raise ValueError(f"{folder} holds no pages")
        self._load = lru_cache(maxsize=8)(load_page)

    def __call__(self, rng: random.Random) -> LabelledPage:
        """Return one page; the same state of ``rng`` gives the same page."""
        return self._load(self._folder, rng.choice(self._names))


class _Batches(Dataset[dict[str, Tensor]]):
    """Batch k of a run, made from the sources."""

    def __init__(
        self, sources: Sequence[tuple[Source, float]], config: TrainConfig, first: int
    ) -> None:
        self._sources, self._config, self._first = sources, config, first

    def __len__(self) -> int:
        return self._config.steps - self._first

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        config = self._config
        rng = random.Random(f"{config.seed}/{self._first + index}")
        makers, weights = zip(*self._sources, strict=True)
        samples = []
        for _ in range(config.pages_per_batch):
            page = rng.choices(makers, weights)[0](rng)
            samples += [make_sample(page, rng, config.crop) for _ in range(config.crops_per_page)]
        return collate(samples)


def collate(samples: Sequence[GlyphSample]) -> dict[str, Tensor]:
    """Stack samples; named cells get the number of their image in front."""
    cells = [
        np.concatenate([np.full((len(s.cells), 1), number), s.cells], axis=1)
        for number, s in enumerate(samples)
    ]
    return {
        "image": torch.from_numpy(np.stack([s.image for s in samples])),
        "heat": torch.from_numpy(np.stack([s.heat for s in samples])),
        "weight": torch.from_numpy(np.stack([s.weight for s in samples])),
        "cells": torch.from_numpy(np.concatenate(cells).astype(np.int64)),
        "classes": torch.from_numpy(np.concatenate([s.classes for s in samples])),
        "measures": torch.from_numpy(np.concatenate([s.measures for s in samples])),
    }


def losses(net: GlyphNet, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the parts of the loss: heat, character, measures, end of word."""
    maps = net(batch["image"])
    warmth = F.binary_cross_entropy_with_logits(
        maps.heat.float(), batch["heat"], weight=batch["weight"]
    )
    image, row, column = batch["cells"].unbind(1)
    out = net.describe(maps, image, row, column).float()
    names, measures = out[:, :CLASS_COUNT], out[:, CLASS_COUNT:]
    goal = batch["measures"]
    share = 1 / max(1, len(row))  # means over the glyphs, and no division by none
    return {
        "heat": 12 * warmth,
        "character": share * F.cross_entropy(names, batch["classes"], reduction="sum"),
        "measures": share
        * F.smooth_l1_loss(measures[:, :4], goal[:, :4], beta=0.1, reduction="sum")
        / 4,
        "end": 0.3
        * share
        * F.binary_cross_entropy_with_logits(measures[:, 4], goal[:, 4], reduction="sum"),
    }


def learning_rate(config: TrainConfig, step: int) -> float:
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


@dataclass(frozen=True)
class Progress:
    """One line of the training curve."""

    step: int
    seconds: float
    loss: dict[str, float]


def train(
    sources: Sequence[tuple[Source, float]],
    config: TrainConfig,
    out: Path,
    *,
    device: str = "cpu",
    resume: bool = False,
    workers: int = 1,
    start: Path | None = None,
) -> Iterator[Progress]:
    """Train to ``config.steps``; yields the curve every 25 steps, writes checkpoints to ``out``.

    ``start`` is a file of weights to begin with; without it they are drawn from the seed.
    """
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(config.seed)
    net = GlyphNet()
    if start is not None:
        load_weights(net, start)
    net.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(net.parameters(), config.rate, weight_decay=config.weight_decay)
    first, curve, before = 0, [], 0.0
    if resume and (out / NAME).exists():
        state = load_checkpoint(out, net, optimizer)
        first, curve, before = state["step"], state["curve"], state["seconds"]
    loader = DataLoader(
        _Batches(sources, config, first),
        batch_size=None,
        num_workers=workers,
        prefetch_factor=4 if workers else None,
    )
    fast = has_fast_bf16(device)
    sums: dict[str, float] = {}
    started = saved = time.monotonic()
    net.train()
    for step, batch in enumerate(loader, first):
        parts = _step(
            net, optimizer, {k: v.to(device) for k, v in batch.items()}, (config, step, fast)
        )
        for name, value in parts.items():
            sums[name] = sums.get(name, 0.0) + value
        done = step + 1
        if done % 25 and done != config.steps:
            continue
        seconds = before + time.monotonic() - started
        count = (done - 1) % 25 + 1
        point = Progress(done, round(seconds, 1), {k: round(v / count, 4) for k, v in sums.items()})
        curve.append(asdict(point))
        sums = {}
        if time.monotonic() - saved > 60 or done == config.steps:
            saved = time.monotonic()
            state = {"step": done, "curve": curve, "seconds": seconds, "config": asdict(config)}
            save_checkpoint(out, net, optimizer, state)
        yield point


def _step(
    net: GlyphNet,
    optimizer: torch.optim.Optimizer,
    batch: dict[str, Tensor],
    when: tuple[TrainConfig, int, bool],
) -> dict[str, float]:
    config, step, fast = when
    for group in optimizer.param_groups:
        group["lr"] = learning_rate(config, step)
    with torch.autocast(batch["image"].device.type, torch.bfloat16, enabled=fast):
        parts = losses(net, batch)
    optimizer.zero_grad(set_to_none=True)
    torch.stack(list(parts.values())).sum().backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(net.parameters(), 5.0)
    optimizer.step()
    return {name: value.item() for name, value in parts.items()}
