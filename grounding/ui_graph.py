"""The UI graph: neighbouring cells of a screen that look alike, joined into regions (FocusUI).

Two neighbouring cells are joined where the distance of their pixels, sqrt(sum of (a - b)^2) over
channels in 0..1, is below ``tau``. A cell of a large region (background) says little, one that is
alone says much: its score falls with the size of its region.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from .components import label_regions
from .errors import GroundingError

if TYPE_CHECKING:
    import networkx

Weight = Literal["log", "sqrt", "inverse"]
# The paper says tau = 2 and its equation compares single cells. The released code compares cells of
# two identical stacked frames, whose distance is sqrt(2) times larger: the same as tau = sqrt(2)
# here. Its training data was labelled so, hence it is the default.
PAPER_TAU = 2.0
RELEASED_TAU = math.sqrt(2.0)
# Every this many lines of pixels count for the colour of a cell.
_SAMPLING = 7
# Pairs of cells summed at once: they stay in the processor's cache.
_AT_ONCE = 64


@dataclass(frozen=True, eq=False)
class UIGraph:
    """Regions of a screen: ``labels`` (rows, columns), numbered in the order of their first cells.

    ``right`` (rows, columns-1) and ``down`` (rows-1, columns) tell which neighbours are joined,
    ``cell_colours`` (rows, columns, 3) how cells look on the whole.
    """

    factor: int
    tau: float
    weight: Weight
    right: NDArray[np.bool_]
    down: NDArray[np.bool_]
    cell_colours: NDArray[np.float32]

    @cached_property
    def labels(self) -> NDArray[np.int32]:
        """The region of each cell."""
        return label_regions(self.right, self.down)

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """The number of cells of each region."""
        return np.bincount(self.labels.ravel()).astype(np.int64)

    @cached_property
    def boxes(self) -> NDArray[np.int64]:
        """The cells (x1, y1, x2, y2; ends not included) around each region."""
        rows, columns = np.indices(self.labels.shape)
        order = np.argsort(self.labels.ravel(), kind="stable")
        starts = np.concatenate([[0], np.cumsum(self.sizes)[:-1]])
        x, y = columns.ravel()[order], rows.ravel()[order]
        low, high = np.minimum.reduceat, np.maximum.reduceat
        edges = [low(x, starts), low(y, starts), high(x, starts) + 1, high(y, starts) + 1]
        return np.stack(edges, axis=1).astype(np.int64)

    @cached_property
    def colours(self) -> NDArray[np.float32]:
        """The mean colour (R, G, B in 0..255) of each region."""
        flat, cells = self.labels.ravel(), self.cell_colours.reshape(-1, 3)
        sums = np.stack([np.bincount(flat, weights=cells[:, c]) for c in range(3)], axis=1)
        means: NDArray[np.float32] = (sums / self.sizes[:, None]).astype(np.float32)
        return means

    @cached_property
    def adjacency(self) -> NDArray[np.int64]:
        """The pairs (a < b) of regions that touch along an edge, sorted."""
        labels = self.labels
        pairs = np.concatenate(
            [
                np.stack([labels[:, :-1].ravel(), labels[:, 1:].ravel()], axis=1),
                np.stack([labels[:-1].ravel(), labels[1:].ravel()], axis=1),
            ]
        )
        pairs.sort(axis=1)
        return np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0).astype(np.int64)

    def scores(self) -> NDArray[np.float32]:
        """Return how distinctive each cell is, (rows, columns), above 0 and at most 1."""
        sizes = self.sizes.astype(np.float64)
        if self.weight == "log":
            weights = 1 / np.maximum(1, np.log(sizes + 1))
        else:
            weights = 1 / (np.sqrt(sizes) if self.weight == "sqrt" else sizes)
        return weights.astype(np.float32)[self.labels]

    def to_networkx(self) -> networkx.Graph[int]:
        """Return the regions as nodes (size, box in cells, colour), joined where they touch."""
        import networkx

        graph: networkx.Graph[int] = networkx.Graph()
        for number, size in enumerate(self.sizes.tolist()):
            box, colour = self.boxes[number].tolist(), self.colours[number].round(1).tolist()
            graph.add_node(number, size=size, box=tuple(box), colour=tuple(colour))
        graph.add_edges_from(map(tuple, self.adjacency.tolist()))
        return graph


def build_ui_graph(
    pixels: NDArray[np.uint8], factor: int, *, tau: float = RELEASED_TAU, weight: Weight = "log"
) -> UIGraph:
    """Build the graph of a resized screen (H, W, 3) whose cells are ``factor`` pixels wide."""
    _check(pixels, factor, tau, weight)
    band = _Band(pixels, factor)
    return UIGraph(factor, tau, weight, *band.alike(_limit(tau)), band.colours())


def update_ui_graph(
    previous: UIGraph, pixels: NDArray[np.uint8], changed: tuple[int, int, int, int]
) -> UIGraph:
    """Rebuild a graph after a part of its screen changed; equals a graph built anew.

    ``changed`` (x1, y1, x2, y2) in pixels of the resized screen holds every pixel that differs.
    """
    factor = previous.factor
    _check(pixels, factor, previous.tau, previous.weight)
    rows, columns = pixels.shape[0] // factor, pixels.shape[1] // factor
    if previous.cell_colours.shape[:2] != (rows, columns):
        raise GroundingError("the screen has another size: build its graph anew")
    x1, y1 = max(0, changed[0] // factor), max(0, changed[1] // factor)
    x2, y2 = min(columns, -(-changed[2] // factor)), min(rows, -(-changed[3] // factor))
    if x1 >= x2 or y1 >= y2 or changed[0] >= changed[2] or changed[1] >= changed[3]:
        return previous
    # One cell more on each side: its joins to changed cells may differ.
    left, top = max(0, x1 - 1), max(0, y1 - 1)
    end, bottom = min(columns, x2 + 1), min(rows, y2 + 1)
    band = _Band(pixels[top * factor : bottom * factor, left * factor : end * factor], factor)
    right, down = previous.right.copy(), previous.down.copy()
    right[top:bottom, left : end - 1], down[top : bottom - 1, left:end] = band.alike(
        _limit(previous.tau)
    )
    colours = previous.cell_colours.copy()
    colours[top:bottom, left:end] = band.colours()
    return UIGraph(factor, previous.tau, previous.weight, right, down, colours)


def _check(pixels: NDArray[np.uint8], factor: int, tau: float, weight: str) -> None:
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
        raise GroundingError(f"expected uint8 pixels (height, width, 3), got {pixels.shape}")
    if factor < 1 or pixels.shape[0] % factor or pixels.shape[1] % factor:
        raise GroundingError(f"the sides of the screen must be multiples of {factor} pixels")
    if not (math.isfinite(tau) and tau > 0):
        raise GroundingError(f"tau must be above 0, got {tau}")
    if weight not in get_args(Weight):
        raise GroundingError(f"weight must be one of {', '.join(get_args(Weight))}, got {weight!r}")


def _limit(tau: float) -> int:
    """Return the least sum of squared differences (in levels 0..255) that keeps cells apart."""
    return math.ceil(round(tau * tau * 255 * 255, 6))


class _Band:
    """Compares the neighbouring cells of a screen.

    The greatest difference m in each column of pixels bounds a pair's sum of squares S: sum(m^2)
    <= S <= factor * sum(m^2). On screens that decides nearly every pair with arithmetic on bytes;
    only the others are summed in full. All arithmetic is on integers, and goes through the screen
    once, a row of cells at a time, because reading it takes longer than computing.
    """

    def __init__(self, pixels: NDArray[np.uint8], factor: int) -> None:
        rows, columns = pixels.shape[0] // factor, pixels.shape[1] // factor
        self._cells = np.ascontiguousarray(pixels).reshape(rows, factor, columns, 3 * factor)

    def alike(self, limit: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Tell which cells are like the one to their right, and which like the one below."""
        cells = self._cells
        most_right, most_down = self._greatest_differences()
        return (
            _decide(most_right[:, :-1], cells[:, :, :-1], cells[:, :, 1:], limit),
            _decide(most_down[:-1], cells[:-1], cells[1:], limit),
        )

    def _greatest_differences(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        rows, factor, columns, step = self._cells.shape
        flat = self._cells.reshape(rows, -1)
        right, down = np.zeros((2, rows, columns * step), np.uint8)
        gap, low = np.zeros((2, flat.shape[1]), np.uint8)
        lines, inner = gap.reshape(factor, -1), flat.shape[1] - step
        for row in range(rows):
            # A line's last cell meets the next line's first one here; `alike` leaves that out.
            _difference(flat[row, :-step], flat[row, step:], gap[:inner], low[:inner])
            lines.max(axis=0, out=right[row])
            if row + 1 < rows:
                _difference(flat[row], flat[row + 1], gap, low)
                lines.max(axis=0, out=down[row])
        shape = (rows, columns, step)
        return right.reshape(shape), down.reshape(shape)

    def colours(self) -> NDArray[np.float32]:
        """Return the mean colour of each cell, from a sample of its lines."""
        rows, factor, columns, step = self._cells.shape
        sample = self._cells[:, min(_SAMPLING // 2, factor - 1) :: _SAMPLING]
        sums = sample[:, 0].astype(np.uint16)
        for line in range(1, sample.shape[1]):
            sums += sample[:, line]
        channels = np.tile(np.eye(3, dtype=np.float32), (factor, 1))
        means: NDArray[np.float32] = (sums.reshape(-1, step).astype(np.float32) @ channels).reshape(
            rows, columns, 3
        )
        means /= sample.shape[1] * factor
        return means


def _difference(
    one: NDArray[np.uint8],
    two: NDArray[np.uint8],
    gap: NDArray[np.uint8],
    low: NDArray[np.uint8],
) -> None:
    """Write the absolute difference into ``gap``; ``low`` is room to work in."""
    np.maximum(one, two, out=gap)
    np.minimum(one, two, out=low)
    gap -= low


def _decide(
    most: NDArray[np.uint8], one: NDArray[np.uint8], two: NDArray[np.uint8], limit: int
) -> NDArray[np.bool_]:
    """Tell which pairs of cells lie below the limit, given their greatest differences."""
    factor = one.shape[1]
    wide = most.astype(np.int32)
    least = np.einsum("ijk,ijk->ij", wide, wide)
    # Not factor * least < limit: the product of large cells outgrows 32 bits.
    alike: NDArray[np.bool_] = least < -(-limit // factor)
    unsure = ~alike & (least < limit)
    # Where a row has many (a photo), reading all of it is faster than picking.
    many = unsure.sum(axis=1) > unsure.shape[1] // 4
    for row in np.flatnonzero(many).tolist():
        alike[row] = _sums_of_squares(one[row], two[row]) < limit
    y, x = np.nonzero(unsure & ~many[:, None])
    one, two = one.swapaxes(0, 1), two.swapaxes(0, 1)
    for start in range(0, len(y), _AT_ONCE):
        at = (y[start : start + _AT_ONCE], x[start : start + _AT_ONCE])
        alike[at] = _sums_of_squares(one[:, *at], two[:, *at]) < limit
    return alike


def _sums_of_squares(one: NDArray[np.uint8], two: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return the sum of squared differences of cells (lines, cells, bytes)."""
    squares = one.astype(np.int16)
    squares -= two
    squares *= squares  # at most 255^2: that fits 16 bits without a sign
    columns = squares.view(np.uint16).sum(axis=0, dtype=np.uint32)
    sums: NDArray[np.int64] = columns.sum(axis=1, dtype=np.int64)
    return sums
