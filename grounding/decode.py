"""From attention over tokens to places: regions, and in each a point that lies in it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .components import label_regions
from .errors import GroundingError
from .grid import PatchGrid
from .types import Box, Candidate, Point

THRESHOLD = 0.3  # of the greatest attention: what belongs to a region


def decode(
    attention: ArrayLike,
    grid: PatchGrid,
    *,
    offsets: ArrayLike | None = None,
    threshold: float = THRESHOLD,
    top: int = 3,
) -> tuple[Candidate, ...]:
    """Return the ``top`` regions that attention (M) over the tokens points at, best first.

    A region's score is its share of all attention: a mean over its tokens, as in GUI-Actor, would
    prefer a single hot token to a whole button. The point is the mean of the tokens' centres
    weighted by attention, or, with ``offsets`` (M, 2; -0.5..0.5 of a token), the peak's centre
    moved by its offset. Where the mean falls outside the region the peak's centre stands in.
    """
    values = np.asarray(attention, np.float64).ravel()
    if values.shape != (grid.count,) or not np.isfinite(values).all() or values.min() < 0:
        raise GroundingError(f"attention must be {grid.count} finite numbers of at least 0")
    total, most = float(values.sum()), float(values.max())
    if not total > 0:
        raise GroundingError("the attention is zero everywhere")
    hot = (values > threshold * most).reshape(grid.rows, grid.columns)
    labels = label_regions(hot[:, :-1] & hot[:, 1:], hot[:-1] & hot[1:])
    cells = np.flatnonzero(hot)
    owner = labels.ravel()[cells]
    mass = np.bincount(owner, weights=values[cells])
    best = [int(region) for region in np.argsort(-mass, kind="stable")[:top] if mass[region] > 0]
    moves = None if offsets is None else np.asarray(offsets, np.float64).reshape(grid.count, 2)
    return tuple(_candidate(cells[owner == region], values, grid, moves, total) for region in best)


def _candidate(
    cells: NDArray[np.int64],
    values: NDArray[np.float64],
    grid: PatchGrid,
    moves: NDArray[np.float64] | None,
    total: float,
) -> Candidate:
    rows, columns = np.divmod(cells, grid.columns)
    weights = values[cells]
    peak = int(cells[weights.argmax()])
    y, x = divmod(peak, grid.columns)
    if moves is not None:
        dx, dy = moves[peak].clip(-0.49, 0.49).tolist()
        point = Point((x + 0.5 + dx) / grid.columns, (y + 0.5 + dy) / grid.rows)
    else:
        across = float(((columns + 0.5) * weights).sum() / weights.sum())
        down = float(((rows + 0.5) * weights).sum() / weights.sum())
        point = Point(across / grid.columns, down / grid.rows)
        if grid.token_at(point) not in cells:
            point = Point((x + 0.5) / grid.columns, (y + 0.5) / grid.rows)
    box = Box(
        int(columns.min()) / grid.columns,
        int(rows.min()) / grid.rows,
        (int(columns.max()) + 1) / grid.columns,
        (int(rows.max()) + 1) / grid.rows,
    )
    return Candidate(point, box, min(1.0, float(weights.sum()) / total))


def confidence(candidates: tuple[Candidate, ...]) -> float:
    """Return how sure a decoding is: the best region's share, less what the second one has."""
    if not candidates:
        return 0.0
    rival = candidates[1].score if len(candidates) > 1 else 0.0
    return max(0.0, candidates[0].score - rival)
