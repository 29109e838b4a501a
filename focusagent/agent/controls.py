"""The field, box, radio or switch that belongs to a spot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .eyes import middle
from .spots import FIELDS, MARKS, Spot

if TYPE_CHECKING:
    from .eyes import Seen as Reading


def mark_at(seen: Reading, spot: Spot) -> tuple[tuple[float, float, float, float], str] | None:
    """The box, radio or switch at a spot, or next to it on its row: its box and its kind."""
    element = seen.element_at(spot.point, MARKS)
    if element is not None:
        return seen.pixels(element.box), element.role
    tall = max(spot.box[3] - spot.box[1], 16.0)
    y = (spot.box[1] + spot.box[3]) / 2
    level = [
        (seen.pixels(each.box), each.role)
        for each in seen.scene.elements
        if each.role in MARKS and abs(middle(seen.pixels(each.box))[1] - y) <= 0.7 * tall
    ]
    return min(level, key=lambda mark: _gap(mark[0], spot.box), default=None)


def _gap(one: Sequence[float], two: Sequence[float]) -> float:
    """How far two boxes are apart, from left to right."""
    return max(one[0] - two[2], two[0] - one[2], 0.0)


def field_box(seen: Reading, spot: Spot) -> tuple[float, float, float, float]:
    """The box of the field at a spot."""
    element = seen.element_at(spot.point, FIELDS)
    if element is None:
        return spot.box
    return seen.pixels(element.box)
