"""From the pointer's attention over visual tokens to places to click."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .components import label_regions
from .errors import GroundingError
from .grid import PatchGrid
from .types import Box, Candidate, Point

# How near to a token's border an offset may point, in tokens: on it, the neighbour would be hit.
_MOST_OFFSET = 0.5 - 1e-6


def decode(
    attention: ArrayLike,
    grid: PatchGrid,
    *,
    offsets: ArrayLike | None = None,
    threshold: float = 0.3,
    top: int = 3,
) -> tuple[Candidate, ...]:
    """Return the ``top`` regions of attention, the best first; none where all attention is 0.

    A region is 4-connected tokens above ``threshold`` times the peak. Its score is its share of all
    attention: the probability that one of its tokens is meant. The mean, which the published code
    ranks by, prefers a single hot token to a button that two tokens share. The point is the mean
    place by attention or, with ``offsets`` (M, 2) in -0.5..0.5 of a token, the hottest token's
    centre moved by its own. It always lies in the region.
    """
    heat, peak = _checked(attention, grid, threshold, top)
    if peak == 0:
        return ()
    # Relative to the peak, so that no tiny number can round the peak itself away.
    hot = heat / peak > threshold
    labels = label_regions(hot[:, 1:] & hot[:, :-1], hot[1:] & hot[:-1]).ravel()
    cells = np.flatnonzero(hot)
    weights, regions = (heat / peak).ravel()[cells], labels[cells]
    masses = np.bincount(regions, weights=weights)
    best = np.argsort(-masses, kind="stable")[:top]
    total = (heat / peak).sum()
    moves = None if offsets is None else _offsets(offsets, grid)
    found = []
    for region in best[masses[best] > 0].tolist():
        mine = regions == region
        box, point = _place(cells[mine], weights[mine], grid, moves)
        found.append(Candidate(point, box, min(1.0, float(masses[region] / total))))
    return tuple(found)


def confidence(candidates: Sequence[Candidate]) -> float:
    """Return how sure the best candidate is, 0..1: its score, less the larger its box is.

    Attention that is the same everywhere makes one region of everything, with score 1, and says
    nothing: its confidence is 0. `calibration` turns this into a probability of being right.
    """
    if not candidates:
        return 0.0
    box = candidates[0].box
    return candidates[0].score * (1 - (box.x2 - box.x1) * (box.y2 - box.y1))


def _place(
    cells: NDArray[np.int64],
    weights: NDArray[np.float64],
    grid: PatchGrid,
    moves: NDArray[np.float64] | None,
) -> tuple[Box, Point]:
    """Return the box around a region's tokens, and where in it to click."""
    rows, columns = np.divmod(cells, grid.columns)
    box = Box(
        int(columns.min()) / grid.columns,
        int(rows.min()) / grid.rows,
        (int(columns.max()) + 1) / grid.columns,
        (int(rows.max()) + 1) / grid.rows,
    )
    hottest = int(weights.argmax())
    move = (0.0, 0.0) if moves is None else moves[cells[hottest]]
    peak = _point(columns[hottest] + move[0], rows[hottest] + move[1], grid)
    if moves is not None:
        return box, peak
    share = weights / weights.sum()
    mean = _point(float(columns @ share), float(rows @ share), grid)
    # The middle of an L or a ring lies outside of it.
    return box, mean if grid.token_at(mean) in cells else peak


def _point(column: float, row: float, grid: PatchGrid) -> Point:
    return Point(float((column + 0.5) / grid.columns), float((row + 0.5) / grid.rows))


def _checked(
    attention: ArrayLike, grid: PatchGrid, threshold: float, top: int
) -> tuple[NDArray[np.float64], float]:
    """Return the attention (rows, columns) and its peak, or say what is wrong."""
    try:
        heat = np.asarray(attention, np.float64)
    except (TypeError, ValueError):
        raise GroundingError("Attention needs a number for each visual token.") from None
    if heat.shape not in ((grid.count,), (grid.rows, grid.columns)):
        raise GroundingError(
            f"Attention needs one value for each of {grid.rows} x {grid.columns} tokens, got shape "
            f"{heat.shape}."
        )
    if not (np.isfinite(heat).all() and (heat >= 0).all()):
        raise GroundingError("Attention must be 0 or more everywhere, without NaN or infinity.")
    if not 0 <= threshold < 1 or top < 1:
        raise GroundingError(
            "Decoding needs a threshold from 0 to below 1 and at least one place, got "
            f"{threshold} and {top}."
        )
    return heat.reshape(grid.rows, grid.columns), float(heat.max())


def _offsets(offsets: ArrayLike, grid: PatchGrid) -> NDArray[np.float64]:
    moves = np.asarray(offsets, np.float64)
    if moves.shape != (grid.count, 2) or not np.isfinite(moves).all():
        raise GroundingError(
            f"Offsets need a finite x and y for each of {grid.count} tokens, got shape "
            f"{moves.shape}."
        )
    return moves.clip(-_MOST_OFFSET, _MOST_OFFSET)
