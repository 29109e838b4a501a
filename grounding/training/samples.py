"""Records as the model takes them, and which of them step k of a run sees."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Dataset

from ..errors import BadImage, BadRecord
from ..grid import PatchGrid, Preprocessing, cut_patches, resized
from ..labels import Preset, fuse_labels, overlap_by_patch, pointer_target
from ..types import Box
from ..ui_graph import build_ui_graph
from .records import Record


@dataclass(frozen=True, eq=False)
class Sample:
    """A record, cut into patches and labelled; all arrays but ``pixels`` are one value a token.

    ``share`` is how many of its tokens it keeps. ``target`` is zero where nothing is to be found.
    """

    instruction: str
    pixels: NDArray[np.float32]
    grid: PatchGrid
    box: Box | None
    graph: NDArray[np.float32]
    labels: NDArray[np.float32]
    target: NDArray[np.float32]
    share: float


def make_sample(
    record: Record, how: Preprocessing, share: float = 1.0, preset: Preset = "paper"
) -> Sample:
    """Load a record's picture and label its tokens."""
    try:
        picture, grid = resized(record.image, how)
    except BadImage as error:
        raise BadRecord(f"{record.where}: {error}") from error
    graph = build_ui_graph(np.asarray(picture), grid.factor).scores().ravel()
    overlap = np.zeros((grid.count, grid.merge**2), np.float32)
    target = np.zeros(grid.count, np.float32)
    if record.box is not None:
        overlap, target = overlap_by_patch(grid, record.box), pointer_target(grid, record.box)
    return Sample(
        record.instruction,
        cut_patches(picture, how),
        grid,
        record.box,
        graph,
        fuse_labels(overlap, graph, preset),
        target,
        share,
    )


@dataclass(frozen=True)
class Order:
    """Which records a step sees, on which of several processes, and how much of each is kept.

    All follow from (seed, step) and the batch; the processes share a batch among them.
    """

    seed: int
    steps: int
    batch: int
    keep: tuple[float, float]

    def records(self, step: int, count: int) -> list[tuple[int, float]]:
        """Return the numbers of the step's records among ``count``, and the share each keeps."""
        chosen = []
        for place in range(step * self.batch, (step + 1) * self.batch):
            number = int(_shuffled(self.seed, place // count, count)[place % count])
            chosen.append((number, random.Random(f"{self.seed}/{place}").uniform(*self.keep)))
        return chosen


@lru_cache(maxsize=2)
def _shuffled(seed: int, epoch: int, count: int) -> NDArray[np.int64]:
    return np.random.default_rng([seed, epoch]).permutation(count).astype(np.int64)


class Steps(Dataset[list[Sample]]):
    """The samples of this process for each step of a run, from step ``first`` on."""

    def __init__(
        self,
        records: Sequence[Record],
        how: Preprocessing,
        order: Order,
        preset: Preset,
        first: int,
        process: tuple[int, int],
    ) -> None:
        self._records, self._how, self._order, self._preset = records, how, order, preset
        self._first, (self._number, self._processes) = first, process

    def __len__(self) -> int:
        return self._order.steps - self._first

    def __getitem__(self, index: int) -> list[Sample]:
        chosen = self._order.records(self._first + index, len(self._records))
        size = len(chosen) // self._processes
        mine = chosen[self._number * size : (self._number + 1) * size]
        return [
            make_sample(self._records[number], self._how, share, self._preset)
            for number, share in mine
        ]
