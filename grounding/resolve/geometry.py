"""How well boxes fit what is said about where they lie; pixels, x1 y1 x2 y2."""

from __future__ import annotations

import math
from collections.abc import Callable

from ..query import Place

Pixels = tuple[float, float, float, float]


# An icon at the far end of a row is still next to the words that it begins with.
FAR_BESIDE = 0.7


def _gap(low: float, high: float, other_low: float, other_high: float) -> float:
    """Return the distance of two stretches, negative where they overlap."""
    return max(other_low - high, low - other_high)


def _level(one: Pixels, two: Pixels, line: float) -> float:
    """Return 1 for boxes on one row, falling with the distance of their middles."""
    apart = abs(one[1] + one[3] - two[1] - two[3]) / 2
    # A small thing beside a tall one may stand anywhere along its side.
    slack = max(0.0, abs((one[3] - one[1]) - (two[3] - two[1])) / 2 - 0.3 * line)
    apart = max(0.0, apart - (slack if _gap(one[1], one[3], two[1], two[3]) < 0 else 0.0))
    return math.exp(-((apart / (1.1 * line)) ** 2))


def _over(one: Pixels, two: Pixels, line: float) -> float:
    """Return 1 for boxes above one another, falling with the gap between their columns."""
    apart = max(0.0, _gap(one[0], one[2], two[0], two[2]))
    edge = min(abs(one[0] - two[0]), abs(one[0] + one[2] - two[0] - two[2]) / 2)
    # Boxes that begin alike, or share a middle, belong together more than ones that only overlap.
    return math.exp(-apart / (2 * line)) * math.exp(-min(edge, 20 * line) / (60 * line))


def _right(one: Pixels, two: Pixels, line: float) -> float:
    gap = one[0] - two[2]
    inside = one[0] + one[2] - two[0] - two[2]
    if gap < -0.5 * line and not (inside > 0 and gap > -0.5 * (two[2] - two[0])):
        return 0.0
    return _level(one, two, line) * math.exp(-max(0.0, gap) / (30 * line))


def _below(one: Pixels, two: Pixels, line: float) -> float:
    gap = one[1] - two[3]
    if gap < -0.5 * line:
        return 0.0
    return _over(one, two, line) * math.exp(-max(0.0, gap) / (15 * line))


def _near(one: Pixels, two: Pixels, line: float) -> float:
    across = max(0.0, _gap(one[0], one[2], two[0], two[2]))
    down = max(0.0, _gap(one[1], one[3], two[1], two[3]))
    if across == down == 0 and one == two:
        return 0.0
    beside = _level(one, two, line)
    return (0.6 + 0.4 * beside) * math.exp(-(across + 2 * down) / (14 * line))


def _row(one: Pixels, two: Pixels, line: float) -> float:
    return _level(one, two, line) if one != two else 0.0


def _column(one: Pixels, two: Pixels, line: float) -> float:
    apart = max(0.0, _gap(one[0], one[2], two[0], two[2]))
    return math.exp(-apart / line) * (1.0 if one[1] > two[1] else 0.2)


def _inside(one: Pixels, two: Pixels, line: float) -> float:
    """A box lies in another one, or under the words that head its part of the screen."""
    x, y = (one[0] + one[2]) / 2, (one[1] + one[3]) / 2
    if one != two and two[0] <= x <= two[2] and two[1] <= y <= two[3]:
        return 1.0
    down = one[1] - two[3]
    left = max(0.0, two[0] - one[0] - 2 * line)
    if down >= -0.3 * line:
        far = max(0.0, one[0] - two[2])
        return 0.95 * math.exp(-down / (30 * line) - left / (4 * line) - far / (40 * line))
    return 0.75 * _row(one, two, line)


def _before(one: Pixels, two: Pixels, line: float) -> float:
    return max(_right(two, one, line), _below(two, one, line))


_RELATIONS: dict[str, Callable[[Pixels, Pixels, float], float]] = {
    "left": lambda one, two, line: _right(two, one, line),
    "right": _right,
    "above": lambda one, two, line: _below(two, one, line),
    "below": _below,
    "near": lambda one, two, line: max(_near(one, two, line), FAR_BESIDE * _row(one, two, line)),
    "row": _row,
    "entry": lambda one, two, line: max(_row(one, two, line), 0.9 * _near(one, two, line)),
    "column": _column,
    "inside": _inside,
    "after": lambda one, two, line: max(_right(one, two, line), _below(one, two, line)),
    "before": _before,
}


def relation_fit(kind: str, one: Pixels, two: Pixels, line: float) -> float:
    """Return from 0 to 1 how well a box lies to another one, ``line`` being the text's height."""
    return _RELATIONS[kind](one, two, line)


def label_fit(field: Pixels, label: Pixels, line: float) -> float:
    """Return from 0 to 1 how well a field lies to a label: to the right of it, or below."""
    if field[2] <= label[0] or field[3] <= label[1]:
        return 0.0
    across = max(0.0, field[0] - label[2], label[0] - field[0] - 2 * line)
    middle = (label[1] + label[3]) / 2
    down = max(0.0, field[1] - middle, middle - field[3])
    return math.exp(-across / (40 * line) - down / (3 * line))


def _toward(share: float, wide: float) -> float:
    """Return 1 at an edge, falling slowly up to ``wide`` (0..1) from it and fast beyond."""
    beyond = max(0.0, share - wide)
    return (1 - 0.15 * min(share, wide) / wide) * math.exp(-beyond / 0.12)


# How far from an edge of the screen a region reaches.
_REACH = {"header": 0.12, "toolbar": 0.2, "footer": 0.12, "sidebar": 0.2}


def place_fit(place: Place, box: Pixels, size: tuple[int, int], *, corner: bool = False) -> float:
    """Return from 0 to 1 how well a box lies in a part of the screen.

    With ``corner``, two sides mean the corner itself: the nearer the better.
    """
    x = min(max((box[0] + box[2]) / 2 / size[0], 0.0), 1.0)
    y = min(max((box[1] + box[3]) / 2 / size[1], 0.0), 1.0)
    shares = {"left": x, "right": 1 - x, "top": y, "bottom": 1 - y}
    region, sides = place.region, place.sides
    wide = 0.4 if not region else 0.22
    fit = 1.0
    for side in sides:
        if side == "middle":
            free = [abs(x - 0.5)] if {"top", "bottom"} & set(sides) else [abs(y - 0.5)]
            free = free if len(sides) > 1 else [abs(x - 0.5), abs(y - 0.5)]
            fit *= math.prod(_toward(2 * value, 0.5) for value in free)
        else:
            fit *= _toward(shares[side], wide)
    if corner and len(sides) == 2 and "middle" not in sides and not region:
        edges = {"left": box[0], "right": size[0] - box[2]}
        edges |= {"top": box[1], "bottom": size[1] - box[3]}
        away = sum(max(edges[side], 0.0) for side in sides) / max(size)
        fit *= 0.6 + 0.4 * math.exp(-away / 0.05)
    return fit * _region_fit(region, sides, x, y)


def _region_fit(region: str, sides: tuple[str, ...], x: float, y: float) -> float:
    if region in ("header", "toolbar") and "bottom" not in sides:
        return _toward(y, _REACH[region])
    if region == "footer":
        return _toward(1 - y, _REACH[region])
    if region == "sidebar" and not {"left", "right"} & set(sides):
        return max(_toward(x, 0.2), 0.75 * _toward(1 - x, 0.2))
    if region == "menu" and not sides:
        return max(_toward(x, 0.2), _toward(y, 0.12))
    return 1.0
