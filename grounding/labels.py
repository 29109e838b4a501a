"""Which tokens matter: the labels that the scorer and the pointer learn from, and their metrics."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import GroundingError
from .evidence import coverage
from .grid import PatchGrid
from .types import Box

Preset = Literal["paper", "released-code"]


def overlap_labels(grid: PatchGrid, box: Box) -> NDArray[np.float32]:
    """Return the share (M) of each token that a box covers (the paper's algorithm 1)."""
    return coverage(box, (grid.columns, grid.rows)).ravel()


def fuse_labels(
    overlap: ArrayLike, graph: ArrayLike, preset: Preset = "paper"
) -> NDArray[np.float32]:
    """Fuse overlap and UI-graph scores into one label per token, in raster order.

    "paper": 0.8 overlap + 0.2 graph, in 0..1. "released-code": clip(overlap + 0.5 graph, 0, 1),
    stretched to -1..1. The two differ; the published checkpoints were made with the latter.
    """
    one, two = np.asarray(overlap, np.float32).ravel(), np.asarray(graph, np.float32).ravel()
    if one.shape != two.shape:
        raise GroundingError(f"labels need equal lengths, got {len(one)} and {len(two)}")
    if preset == "paper":
        return (0.8 * one + 0.2 * two).astype(np.float32)
    if preset == "released-code":
        return (np.clip(one + 0.5 * two, 0, 1) * 2 - 1).astype(np.float32)
    raise GroundingError(f"preset must be one of {', '.join(get_args(Preset))}, got {preset!r}")


def pointer_target(grid: PatchGrid, box: Box) -> NDArray[np.float32]:
    """Return the pointer's target (M): equal shares for the tokens a box overlaps."""
    target = np.zeros(grid.count, np.float32)
    hit = grid.tokens_in(box)
    target[hit] = 1 / len(hit)
    return target


def recall_at(scores: ArrayLike, positives: ArrayLike, share: float) -> float:
    """Return the share of the positive tokens among the best ``share`` of all tokens."""
    order, wanted = _ranked(scores, positives)
    count = max(1, int(share * len(order) + 1e-9))
    return float(wanted[order[:count]].sum() / wanted.sum())


def full_coverage_budget(scores: ArrayLike, positives: ArrayLike) -> float:
    """Return the least share of best tokens that holds every positive one."""
    order, wanted = _ranked(scores, positives)
    return float((np.flatnonzero(wanted[order])[-1] + 1) / len(order))


def _ranked(scores: ArrayLike, positives: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    values, wanted = np.asarray(scores, np.float64).ravel(), np.asarray(positives).ravel() > 0
    if values.shape != wanted.shape or not wanted.any() or not np.isfinite(values).all():
        raise GroundingError("recall needs finite scores, as many flags, and a positive token")
    return np.argsort(-values, kind="stable").astype(np.int64), wanted
