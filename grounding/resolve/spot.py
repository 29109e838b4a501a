"""A place that may be meant."""

from __future__ import annotations

from dataclasses import dataclass

from .board import Board
from .geometry import Pixels


@dataclass(frozen=True)
class Spot:
    """A place: box and point in pixels, role, how well it is what was named (0..1).

    ``number`` is that of its element, -1 for none; ``label`` tells that words beside it name it;
    ``tall`` is the height of its own words, 0 for none.
    """

    box: Pixels
    point: tuple[float, float]
    role: str
    match: float
    number: int = -1
    label: bool = False
    icon: bool = False
    tall: float = 0.0


def trust(board: Board, number: int) -> float:
    """Return a little less than 1 where it is not sure that an element is one."""
    return 0.9 + 0.1 * board.elements[number].confidence


def pixels_of(board: Board, number: int) -> Pixels:
    """Return the box of an element in pixels."""
    x1, y1, x2, y2 = board.boxes[number].tolist()
    return x1, y1, x2, y2


def middle(box: Pixels) -> tuple[float, float]:
    """Return the middle of a box."""
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def same(one: Spot, two: Spot) -> bool:
    """Tell whether two spots are one place: the same element, or each other's middle."""
    if one.number >= 0 and one.number == two.number and one.point == two.point:
        return True
    return holds_point(one, two) and holds_point(two, one)


def holds_point(one: Spot, two: Spot) -> bool:
    """Tell whether the point to click of the second spot lies in the box of the first."""
    x, y = two.point
    return one.box[0] <= x <= one.box[2] and one.box[1] <= y <= one.box[3]
