"""What training wants of each visual token, and how well scores meet it (FocusUI, section 3.2).

All arrays are in raster order of the grid's tokens.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import GroundingError
from .grid import PatchGrid
from .plan import Share, rank, share_count
from .types import Box

Preset = Literal["paper", "released-code"]
# Algorithm 2: S = lambda * S_box + (1 - lambda) * S_graph.
PAPER_LAMBDA = 0.8
# The released code: clip(S_box + 0.5 * S_graph, 0, 1), then stretched to -1..1, a cosine's range.
RELEASED_GRAPH_WEIGHT = 0.5


def overlap_labels(grid: PatchGrid, box: Box) -> NDArray[np.float32]:
    """Return the share (M,) of each token that a box covers.

    A box without area (a point, a line) counts as the token at its centre, wholly covered.
    """
    labels: NDArray[np.float32] = overlap_by_patch(grid, box).mean(axis=1)
    return labels


def overlap_by_patch(grid: PatchGrid, box: Box) -> NDArray[np.float32]:
    """Return the share (M, merge * merge) of each of a token's patches that a box covers.

    The released code rounds corners down to pixels; here parts of pixels count too.
    """
    merge = grid.merge
    if not (box.x2 > box.x1 and box.y2 > box.y1):
        labels = np.zeros((grid.count, merge * merge), np.float32)
        labels[grid.token_at(box.center)] = 1
        return labels
    across = _covered(grid.columns * merge, box.x1, box.x2).reshape(1, grid.columns, 1, merge)
    down = _covered(grid.rows * merge, box.y1, box.y2).reshape(grid.rows, 1, merge, 1)
    return (down * across).reshape(grid.count, merge * merge).astype(np.float32)


def _covered(cells: int, start: float, end: float) -> NDArray[np.float64]:
    """Return the share of each of ``cells`` equal parts of 0..1 that start..end covers."""
    left = np.arange(cells)
    covered = np.minimum(left + 1, end * cells) - np.maximum(left, start * cells)
    share: NDArray[np.float64] = np.clip(covered, 0, 1)
    return share


def fuse_labels(
    box_score: ArrayLike, graph_score: ArrayLike, preset: Preset = "paper"
) -> NDArray[np.float32]:
    """Return the scorer's labels (M,): 0..1 as the paper says, or -1..1 as its code does.

    ``box_score`` is (M,), or (M, patches) of `overlap_by_patch`: the released code clips each patch
    and only then takes the token's mean, which differs at a box's border.
    """
    box = np.asarray(box_score, np.float64)
    graph = np.asarray(graph_score, np.float64).ravel()
    if box.ndim not in (1, 2) or len(box) != len(graph):
        raise GroundingError(
            f"Labels need the box's and the graph's score of each token, got {box.shape} and "
            f"{graph.shape}."
        )
    patches = box.reshape(len(box), -1)
    if preset == "paper":
        fused = PAPER_LAMBDA * patches + (1 - PAPER_LAMBDA) * graph[:, None]
    elif preset == "released-code":
        fused = np.clip(patches + RELEASED_GRAPH_WEIGHT * graph[:, None], 0, 1) * 2 - 1
    else:
        raise GroundingError(
            f"Labels are fused by one of {', '.join(get_args(Preset))}, got {preset!r}."
        )
    labels: NDArray[np.float32] = fused.mean(axis=1).astype(np.float32)
    return labels


def pointer_target(grid: PatchGrid, box: Box) -> NDArray[np.float32]:
    """Return the pointer's goal (M,): all tokens that a box touches alike, sum 1."""
    target = np.zeros(grid.count, np.float32)
    tokens = grid.tokens_in(box)
    target[tokens] = 1 / len(tokens)
    return target


def recall_at(scores: ArrayLike, positives: ArrayLike, share: float) -> float:
    """Return which part of the positive tokens is among the best ``share`` of all tokens."""
    ranks = _ranks_of(scores, positives)
    return float((ranks < share_count(Share(share).value, np.size(scores))).mean())


def full_coverage_budget(scores: ArrayLike, positives: ArrayLike) -> float:
    """Return the least share of the tokens that must be kept so that no positive one is lost."""
    return float((_ranks_of(scores, positives).max() + 1) / np.size(scores))


def _ranks_of(scores: ArrayLike, positives: ArrayLike) -> NDArray[np.int64]:
    """Return the places, from 0, of the positive tokens among all, the best score first."""
    order, positive = rank(scores), np.asarray(positives).ravel() > 0
    if len(positive) != len(order) or not positive.any():
        raise GroundingError(
            f"A recall needs {len(order)} flags, at least one of them true, got {len(positive)} "
            f"with {int(positive.sum())} true."
        )
    return np.flatnonzero(positive[order])
