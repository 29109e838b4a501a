"""Trains the reader's network from labelled pages.

Everything that happens at step k follows from (seed, k): a killed run goes on along the same
curve, and the same command on the same machine gives the same weights.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import Dataset

from ..reader.alphabet import CLASS_COUNT
from ..reader.model import GlyphNet
from ..reader.network import load_weights
from .digests import sha256_of
from .glyph_samples import GlyphSample, make_sample
from .loop import Progress as Progress
from .loop import loaded, run
from .pages import LabelledPage, load_page, page_names

RATE = 4e-3
Source = Callable[[random.Random], LabelledPage]


@dataclass(frozen=True)
class TrainConfig:
    """What decides the weights. The learning rate falls in a straight line at the end.

    ``start`` is the digest of the weights that it begins with; `train` sets it.
    """

    steps: int
    seed: int = 0
    pages_per_batch: int = 3
    crops_per_page: int = 2
    crop: tuple[int, int] = (384, 288)
    rate: float = RATE
    warm_up: int = 200
    decay: float = 0.6
    weight_decay: float = 0.02
    start: str | None = None


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
    torch.manual_seed(config.seed)
    net = GlyphNet()
    if start is not None:
        load_weights(net, start)
        config = replace(config, start=sha256_of(start))
    yield from run(
        net,
        losses,
        lambda first: loaded(_Batches(sources, config, first), workers),
        config,
        out,
        device=device,
        resume=resume,
    )
