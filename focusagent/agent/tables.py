"""Tables, as the lines of text of a screen show them. Pure functions on boxes and words."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import or_

_EDGE = 4  # pixels that texts of a column may stand off each other's edges
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Cell:
    """A piece of text and where it stands, in pixels."""

    text: str
    box: Box

    @property
    def y(self) -> float:
        """The height of its middle."""
        return (self.box[1] + self.box[3]) / 2


def find_table(cells: Sequence[Cell]) -> list[list[Cell]]:
    """The largest table among these texts, header row first; [] if there is none.

    A cell without text has the box where its column and its row meet.
    """
    best: list[list[Cell]] = []
    run: list[list[Cell]] = []
    for row in [*rows_of(cells), []]:
        if run and len(row) == 1:  # beside the table, as in a menu, or a line between its rows
            continue
        if run and not _goes_on(run, row):
            best = max(best, run, key=_size)
            run = []
        if len(row) >= 2:
            run.append(row)
    while len(best) > 2 and not _heads(best[0], best[1:]):  # a title, or a bar of filters
        best = best[1:]
    while len(best) > 2 and not _in_line(best[-1], best[-2]):  # what stands below the table
        best = best[:-1]
    if len(best) < 2:
        return []
    columns = _columns(best)
    return _paired(_trimmed([_spread(row, columns) for row in best]))


def rows_left_out(cells: Sequence[Cell], table: Sequence[Sequence[Cell]]) -> int:
    """How many rows of the screen look like the table's and are not in it."""
    if not table:
        return 0
    known = {cell for row in table for cell in row}
    body = [[cell for cell in row if cell.text] for row in table]
    others = [row for row in rows_of(cells) if len(row) > 2 and not known & set(row)]
    return sum(any(_in_line(row, each) for each in (body[0], body[-1])) for row in others)


def cell_in(rows: Sequence[Sequence[Cell]], column: str, row: str) -> Cell | None:
    """The cell under a heading, in the first row one cell of which says `row`; None if none."""
    if not rows:
        return None
    at = next((i for i, head in enumerate(rows[0]) if alike(head.text, column)), None)
    if at is None:
        return None
    named = (cells for cells in rows[1:] if any(alike(cell.text, row) for cell in cells))
    found = next(named, None)
    return found[at] if found is not None else None


def alike(one: str, two: str) -> bool:
    """Whether two texts say the same, small mistakes of reading forgiven (not in numbers)."""
    left, right = _letters(one), _letters(two)
    if left == right or re.findall(r"\d", left) != re.findall(r"\d", right):
        return left == right and bool(left)
    return difflib.SequenceMatcher(None, left, right).ratio() >= 0.85


def _letters(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def rows_of(cells: Sequence[Cell]) -> list[list[Cell]]:
    """Texts whose middles are on one height, top to bottom, each row from left to right."""
    rows: list[list[Cell]] = []
    for cell in sorted(cells, key=lambda cell: cell.y):
        tall = cell.box[3] - cell.box[1]
        if rows and cell.y - _height(rows[-1]) <= 0.6 * tall:
            rows[-1].append(cell)
        else:
            rows.append([cell])
    return [sorted(row, key=lambda cell: cell.box[0]) for row in rows]


def beside(label: Box, cells: Sequence[Cell]) -> Cell | None:
    """The text that a label names: next to it on its row, else the first one below it."""
    tall, y = label[3] - label[1], (label[1] + label[3]) / 2
    right = [
        cell for cell in cells if abs(cell.y - y) <= 0.6 * tall and cell.box[0] >= label[2] - 2
    ]
    if right:
        return min(right, key=lambda cell: cell.box[0])
    below = [
        cell
        for cell in cells
        if label[3] - 2 <= cell.box[1] <= label[3] + 3 * tall
        and cell.box[0] < label[2]
        and cell.box[2] > label[0]
    ]
    return min(below, key=lambda cell: cell.box[1], default=None)


def _height(row: Sequence[Cell]) -> float:
    return sum(cell.y for cell in row) / len(row)


def _size(rows: Sequence[Sequence[Cell]]) -> int:
    return sum(len(row) for row in rows) if len(rows) >= 2 else 0


def _goes_on(run: Sequence[Sequence[Cell]], row: Sequence[Cell]) -> bool:
    """Whether a row belongs to the table above: near enough, and under its columns."""
    if len(row) < 2:
        return False
    tall = max(cell.box[3] - cell.box[1] for cell in row)
    if _height(row) - _height(run[-1]) > 6 * tall:
        return False
    # Columns of buttons often have no heading, so the row above may be more like it.
    return any(
        _aligned(row, other) >= max(2.0, 0.6 * min(len(row), len(other)))
        for other in (run[0], run[-1])
    )


def _aligned(row: Sequence[Cell], head: Sequence[Cell]) -> int:
    return sum(any(_under(cell, other) for other in head) for cell in row)


def _under(cell: Cell, head: Cell) -> bool:
    """Whether two texts share a column: one edge or the middle is the same, or they overlap."""
    left, right = cell.box[0] - head.box[0], cell.box[2] - head.box[2]
    return (
        min(abs(left), abs(right), abs(left + right) / 2) <= 6
        or cell.box[0] < head.box[2]
        and cell.box[2] > head.box[0]
    )


def _columns(rows: Sequence[Sequence[Cell]]) -> list[tuple[float, float]]:
    """The horizontal extents of the columns: texts that overlap anywhere share one."""
    spans = sorted((cell.box[0], cell.box[2]) for row in rows for cell in row)
    columns: list[tuple[float, float]] = []
    for left, right in spans:
        if columns and left <= columns[-1][1]:
            columns[-1] = (columns[-1][0], max(columns[-1][1], right))
        else:
            columns.append((left, right))
    return columns


def _spread(row: Sequence[Cell], columns: Sequence[tuple[float, float]]) -> list[Cell]:
    parts: list[list[Cell]] = [[] for _ in columns]
    for cell in row:
        x = (cell.box[0] + cell.box[2]) / 2
        at = next(i for i, (left, right) in enumerate(columns) if left <= x <= right)
        parts[at].append(cell)
    top, bottom = min(cell.box[1] for cell in row), max(cell.box[3] for cell in row)
    return [
        _merged(cells) if cells else Cell("", (left, top, right, bottom))
        for cells, (left, right) in zip(parts, columns, strict=True)
    ]


def _in_line(row: Sequence[Cell], other: Sequence[Cell]) -> bool:
    """Whether most texts of a row keep to an edge or the middle of one in the next row."""
    return 2 * sum(_keeps_to(cell, other) for cell in row) > len(row)


def _keeps_to(cell: Cell, other: Sequence[Cell]) -> bool:
    left, _, right, _ = cell.box
    return any(
        min(abs(left - x1), abs(right - x2), abs(left + right - x1 - x2) / 2) <= _EDGE
        for x1, _, x2, _ in (each.box for each in other)
    )


def _heads(row: Sequence[Cell], body: Sequence[Sequence[Cell]]) -> bool:
    """Whether a row keeps to the columns of the next one, and of most others.

    Beyond their ends may stand headings of columns without text, or what lies beside the table.
    """
    left = min(cell.box[0] for each in body for cell in each)
    right = max(cell.box[2] for each in body for cell in each)
    over = [cell for cell in row if cell.box[0] < right and left < cell.box[2]]
    row = over if len(over) > 2 else row

    def over_one(each: Sequence[Cell]) -> list[bool]:
        """Which texts have one below them before the next begins: numbers keep to the far edge."""
        starts = [cell.box[0] - _EDGE for cell in row]
        return [
            sum(start <= cell.box[0] and cell.box[2] <= end for cell in each) == 1
            for start, end in pairwise([*starts, float("inf")])
        ]

    def heads(each: Sequence[Cell]) -> bool:
        kept = [_keeps_to(cell, each) for cell in row]
        return 2 * sum(kept) > len(row) or (sum(kept) >= 2 and all(map(or_, kept, over_one(each))))

    return heads(body[0]) and 2 * sum(map(heads, body)) >= len(body)


def _paired(table: list[list[Cell]]) -> list[list[Cell]]:
    """With a heading and what stands at the other edge of its column, as numbers do, in one."""
    kinds = [
        (bool(column[0].text), any(cell.text for cell in column[1:]))
        for column in zip(*table, strict=True)
    ]
    at = 0
    while at + 1 < len(kinds):
        if {kinds[at], kinds[at + 1]} == {(True, False), (False, True)}:
            table = [[*row[:at], _one(*row[at : at + 2]), *row[at + 2 :]] for row in table]
            kinds[at : at + 2] = [(True, True)]
        at += 1
    return table


def _one(left: Cell, right: Cell) -> Cell:
    """The one of two cells that says something, or an empty one as wide as both."""
    if left.text or right.text:
        return left if left.text else right
    return Cell("", (*left.box[:2], *right.box[2:]))


def _trimmed(table: list[list[Cell]]) -> list[list[Cell]]:
    """Without columns at the left end in which hardly a row has a cell: they are of a menu."""
    body = table[1:]
    while len(body) > 2 and len(table[0]) > 2:
        if 3 * sum(bool(row[0].text) for row in body) >= len(body):
            break
        table = [row[1:] for row in table]
        body = table[1:]
    return table


def _merged(cells: Sequence[Cell]) -> Cell:
    lefts, tops, rights, bottoms = zip(*(cell.box for cell in cells), strict=True)
    text = " ".join(cell.text for cell in cells)
    return Cell(text, (min(lefts), min(tops), max(rights), max(bottoms)))
