"""Finds tables by how their words stand: several rows, one under the other, with equal columns."""

from __future__ import annotations

from itertools import chain, pairwise

import numpy as np

from .board import Board
from .geometry import Pixels

_FEWEST = 3  # rows, the heading among them
_SHARED = 2  # columns at least that two rows have in common
_LOOKED_AT = 4  # rows above, as some elements of one may be missing
_MOST = 0.7  # and so much of all that stands in a row
# In heights of a line: how far the middles of one row may differ, edges of one column, two rows.
_LEVEL, _ALIGNED, _PITCH = 0.5, 0.4, 5.0


def find_tables(board: Board) -> list[Pixels]:
    """Return the boxes of tables in pixels, the one with most rows first."""
    runs: list[list[list[Pixels]]] = []
    for row in _rows(board):
        if runs and _continues(runs[-1][-_LOOKED_AT:], row, board.line):
            runs[-1].append(row)
        else:
            runs.append([row])
    tables = [run for run in runs if len(run) >= _FEWEST]
    return [_around(run) for run in sorted(tables, key=len, reverse=True)]


def _rows(board: Board) -> list[list[Pixels]]:
    """Return the boxes of elements row by row, from the top; single ones make no row."""
    boxes = board.boxes[np.argsort(board.boxes[:, 1] + board.boxes[:, 3], kind="stable")]
    rows: list[list[Pixels]] = []
    middles: list[float] = []
    for x1, y1, x2, y2 in boxes.tolist():
        if not middles or (y1 + y2) / 2 - middles[-1] > _LEVEL * board.line:
            rows.append([])
            middles.append((y1 + y2) / 2)
        rows[-1].append((x1, y1, x2, y2))
    return [row for row in rows if len(row) >= _SHARED]


def _continues(above: list[list[Pixels]], row: list[Pixels], line: float) -> bool:
    """Tell whether a row is the next one of a table: near, its columns where they were."""
    if min(box[1] for box in row) - max(box[3] for box in above[-1]) > _PITCH * line:
        return False
    alike = {
        number
        for number, box in enumerate(row)
        for other in chain(*above)
        if any(abs(box[edge] - other[edge]) <= _ALIGNED * line for edge in (0, 2))
    }
    # Fewer columns are a form: labels and their fields.
    return len(alike) >= max(_SHARED + 1, _MOST * len(row)) and len(_columns(row)) > _SHARED


def _columns(row: list[Pixels]) -> list[Pixels]:
    """Return the boxes of a row that do not lie in or under another one."""
    ordered = sorted(row)
    return ordered[:1] + [two for one, two in pairwise(ordered) if two[0] >= one[2] - 2]


def _around(run: list[list[Pixels]]) -> Pixels:
    boxes = [box for row in run for box in row]
    return (
        min(box[0] for box in boxes), min(box[1] for box in boxes),
        max(box[2] for box in boxes), max(box[3] for box in boxes),
    )  # fmt: skip
