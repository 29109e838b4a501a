"""Finds the most or the least of the values of a kind, or under a heading, that a screen shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from ..query import Target
from ..values import Kind, value_in
from .board import Board
from .geometry import Pixels
from .spot import Spot, middle, pixels_of
from .words import words

_KINDS: tuple[Kind, ...] = ("number", "money", "duration", "date")
_FEWEST = 2  # values, of which one is the most
_SUMS = frozenset(("total", "totals", "subtotal", "sum", "balance"))
# In heights of a line: what counts as one row; how far a value may be from its label.
_LEVEL, _BESIDE = 0.6, 20.0
_BREAK = 1.8  # a step so many times the widest one before it ends a column


@dataclass(frozen=True)
class _Value:
    number: int
    box: Pixels
    amount: float


def extremes(board: Board, target: Target, heads: Sequence[Spot]) -> list[Spot]:
    """Return the elements that show the most, or the least, of what is called like the heads.

    Without heads, any value of the kind counts. Equal ones are all returned; [] if there are no
    values to choose from.
    """
    for kind in _KINDS if target.role == "value" else (cast(Kind, target.role),):
        known = _values(board, kind)
        if heads or target.role == "value":
            found = _headed(board, known, heads)
        else:
            found = [value for value in known if not _summed(board, value)]
        if len(found) >= _FEWEST:
            amounts = [value.amount for value in found]
            wanted = max(amounts) if target.extreme == "most" else min(amounts)
            best = [value for value in found if value.amount == wanted]
            return [
                Spot(value.box, middle(value.box), board.elements[value.number].role, 1.0,
                     value.number)
                for value in best
            ]  # fmt: skip
    return []


def _values(board: Board, kind: Kind) -> list[_Value]:
    """Return what elements show of a kind; dates in the order that more of them can mean."""
    orders = ("dmy", "mdy") if kind == "date" else ("",)
    read = [[value_in(element.text, kind, order) for element in board.elements] for order in orders]
    amounts = max(read, key=lambda found: sum(amount is not None for amount in found))
    return [
        _Value(number, pixels_of(board, number), amount)
        for number, amount in enumerate(amounts)
        if amount is not None
    ]


def _summed(board: Board, value: _Value) -> bool:
    """Tell whether a value is the sum of those above it: the last row of many tables."""
    x, y = value.box[0], (value.box[1] + value.box[3]) / 2
    beside = (
        element.text
        for element, (x1, y1, _, y2) in zip(board.elements, board.boxes.tolist(), strict=True)
        if x1 <= x and abs((y1 + y2) / 2 - y) < _LEVEL * board.line
    )
    return any(bool(_SUMS & set(words(text)[:2])) for text in beside)


def _headed(board: Board, values: list[_Value], heads: Sequence[Spot]) -> list[_Value]:
    """Return the values that a heading names, or labels that are repeated: "Price: 12"."""
    labelled = {value.number: value for head in heads for value in _beside(board, values, head)}
    columns = [_column(values, head.box) for head in heads]
    column = [v for v in max(columns, key=len, default=[]) if not _summed(board, v)]
    return list(labelled.values()) if len(labelled) > len(column) else column


def _beside(board: Board, values: list[_Value], head: Spot) -> list[_Value]:
    """Return the value that a label names: the nearest to its right, or the one that holds it."""
    holding = [value for value in values if value.number == head.number]
    right = [
        value
        for value in values
        if 0 <= value.box[0] - head.box[2] < _BESIDE * board.line
        and abs(sum(value.box[1::2]) - sum(head.box[1::2])) / 2 < _LEVEL * board.line
    ]
    return holding or sorted(right, key=lambda value: value.box[0])[:1]


def _column(values: list[_Value], head: Pixels) -> list[_Value]:
    """Return the values below a heading, up to a gap that is much wider than those before it."""
    under = [
        value
        for value in values
        if value.box[1] >= head[3] - 2 and value.box[0] <= head[2] and value.box[2] >= head[0]
    ]
    column: list[_Value] = []
    widest = 0.0
    for value in sorted(under, key=lambda value: value.box[1]):
        step = value.box[1] - column[-1].box[1] if column else 0.0
        if len(column) > 1 and step > _BREAK * widest:
            break
        widest = max(widest, step)
        column.append(value)
    return column
