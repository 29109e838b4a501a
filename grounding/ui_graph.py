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
    limit = _limit(tau)
    band = _Band(pixels, factor)
    return UIGraph(
        factor, tau, weight, band.alike_right(limit), band.alike_down(limit), band.colours()
    )


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
    colours, limit = previous.cell_colours.copy(), _limit(previous.tau)
    right[top:bottom, left : end - 1] = band.alike_right(limit)
    down[top : bottom - 1, left:end] = band.alike_down(limit)
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
    only the others are summed in full. All arithmetic is on integers, a row of cells at a time, so
    that it stays in the processor's cache.
    """

    def __init__(self, pixels: NDArray[np.uint8], factor: int) -> None:
        rows, columns = pixels.shape[0] // factor, pixels.shape[1] // factor
        self._shape = (rows, columns, 3 * factor)
        self._factor = factor
        self._lines = np.ascontiguousarray(pixels).reshape(rows, -1)

    def alike_right(self, limit: int) -> NDArray[np.bool_]:
        """Tell which cells are like the one to their right."""
        # In memory a line's last cell stands before the next one's first: those do not count.
        step = self._shape[2]
        return self._alike(self._lines[:, :-step], self._lines[:, step:], limit)[:, :-1]

    def alike_down(self, limit: int) -> NDArray[np.bool_]:
        """Tell which cells are like the one below."""
        return self._alike(self._lines[:-1], self._lines[1:], limit)

    def _alike(
        self, one: NDArray[np.uint8], two: NDArray[np.uint8], limit: int
    ) -> NDArray[np.bool_]:
        (_, columns, step), size = self._shape, one.shape[1]
        alike = np.zeros((len(one), columns), bool)
        gap, low = np.zeros(self._lines.shape[1], np.uint8), np.empty(size, np.uint8)
        lines = gap.reshape(self._factor, columns * step)
        most = np.empty((len(one), columns * step), np.uint8)
        for row in range(len(one)):
            np.maximum(one[row], two[row], out=gap[:size])
            np.minimum(one[row], two[row], out=low)
            gap[:size] -= low
            lines.max(axis=0, out=most[row])
            wide = most[row].reshape(columns, step).astype(np.int32)
            least = np.einsum("ij,ij->i", wide, wide)
            np.less(self._factor * least, limit, out=alike[row])
            unsure = np.flatnonzero((least < limit) & ~alike[row])
            if unsure.size:
                cells = lines.reshape(self._factor, columns, step)[:, unsure].astype(np.int32)
                alike[row, unsure] = np.einsum("ijk,ijk->j", cells, cells) < limit
        return alike

    def colours(self) -> NDArray[np.float32]:
        """Return the mean colour of each cell, from a sample of its lines."""
        rows, columns, step = self._shape
        lines = self._lines.reshape(rows, self._factor, -1)
        sample = lines[:, min(_SAMPLING // 2, self._factor - 1) :: _SAMPLING]
        sums = sample.sum(axis=1, dtype=np.uint32).astype(np.float32)
        channels = np.tile(np.eye(3, dtype=np.float32), (self._factor, 1))
        totals = sums.reshape(rows, columns, step) @ channels
        means: NDArray[np.float32] = totals / np.float32(sample.shape[1] * self._factor)
        return means
