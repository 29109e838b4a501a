"""Tables whose cells have borders: frames in rows and columns that are no controls."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..components import united
from .layout import Layout

# Between cells lies a line or a small gap, in pixels; their sides are level.
_APART, _LEVEL = 4, 2
_LEAST_CELL = 1.2  # times the font size
# A share of cells whose words stand at a side; keys and the days of a calendar are centred.
_ALIGNED = 0.25
_OFF = 0.8


def find_cells(layout: Layout) -> set[int]:
    """Return the numbers of the frames that are cells of a table."""
    found: set[int] = set()
    for cells in _grids(layout):
        spoken = [number for number in cells if layout.inside(number)]
        aligned = sum(_stands_at_side(layout, number) for number in spoken)
        if len(spoken) >= 3 and aligned >= _ALIGNED * len(spoken):
            found |= set(cells)
    return found


def _grids(layout: Layout) -> Iterator[list[int]]:
    """Yield groups of frames that touch each other in at least two rows and two columns."""
    boxes = np.array([(f.x1, f.y1, f.x2, f.y2) for f in layout.frames], np.int64).reshape(-1, 4)
    width, height = (boxes[:, 2:] - boxes[:, :2]).T
    least = _LEAST_CELL * layout.size
    index = np.flatnonzero((height >= least) & (width >= least) & (height < 8 * layout.size))
    x1, y1, x2, y2 = boxes[index].T
    beside = (abs(y1[:, None] - y1) <= _LEVEL) & (abs(y2[:, None] - y2) <= _LEVEL)
    beside &= abs(x2[:, None] - x1) <= _APART
    below = (abs(x1[:, None] - x1) <= _LEVEL) & (abs(x2[:, None] - x2) <= _LEVEL)
    below &= abs(y2[:, None] - y1) <= _APART
    one, two = np.nonzero(beside | below)
    root = united(len(index), one, two)
    for group in np.unique(root[one]):
        members = np.flatnonzero(root == group)
        rows = len(np.unique(y1[members] // (2 * _LEVEL)))
        if rows > 1 and beside[np.ix_(members, members)].any():
            yield index[members].tolist()


def _stands_at_side(layout: Layout, number: int) -> bool:
    """Tell whether the words of a cell stand clearly nearer to one side than to the other."""
    frame, phrases = layout.frames[number], layout.inside(number)
    left = min(phrase.x1 for phrase in phrases) - frame.x1
    right = frame.x2 - max(phrase.x2 for phrase in phrases)
    return abs(left - right) > _OFF * layout.size
