"""Counts things from another one: "the third item below Dashboard"."""

from __future__ import annotations

from collections.abc import Sequence

from .geometry import Pixels
from .spot import Spot

DIRECTIONS = ("left", "right", "above", "below")
# Boxes count as one column, or one row, if they share this much of the narrower one.
_SHARED = 0.5
# A step this many times as long as the usual one ends a list.
_BREAK = 3.0


def counted(spots: Sequence[Spot], anchor: Spot, side: str, line: float) -> list[Spot]:
    """Return what stands on a side of an anchor in its row or column, the nearest first.

    Of things on one level, a label and its icon, only the widest with words is one.
    """
    upright = side in ("above", "below")
    there = [s for s in spots if _gap(s.box, anchor.box, side) > -0.3 * line]
    there = [s for s in there if s.number != anchor.number or s.number < 0]
    lined = [s for s in there if _shared(s.box, anchor.box, upright) >= _SHARED]
    steps: list[Spot] = []
    for spot in sorted(lined, key=lambda s: (_distance(s.box, anchor.box, side), s.icon)):
        level = next((s for s in steps if _one(s, spot, upright, line)), None)
        if level is None:
            steps.append(spot)
        elif _wide(spot) > _wide(level) and level.role in ("icon", "text"):
            steps[steps.index(level)] = spot
    return _unbroken(steps, anchor, side)


def reading_order(boxes: Sequence[Pixels], line: float) -> list[int]:
    """Return the numbers of boxes by rows from the top, in a row from the left."""
    rows: list[list[int]] = []
    height = [(box[1] + box[3]) / 2 for box in boxes]
    for number in sorted(range(len(boxes)), key=height.__getitem__):
        if rows and height[number] - height[rows[-1][0]] < 0.7 * line:
            rows[-1].append(number)
        else:
            rows.append([number])
    return [number for row in rows for number in sorted(row, key=lambda one: boxes[one][0])]


def _gap(box: Pixels, anchor: Pixels, side: str) -> float:
    return {
        "right": box[0] - anchor[2],
        "left": anchor[0] - box[2],
        "below": box[1] - anchor[3],
        "above": anchor[1] - box[3],
    }[side]


def _distance(box: Pixels, anchor: Pixels, side: str) -> float:
    """Return how far the middle of a box lies on a side of an anchor's middle."""
    axis = 0 if side in ("left", "right") else 1
    away = (box[axis] + box[axis + 2] - anchor[axis] - anchor[axis + 2]) / 2
    return away if side in ("right", "below") else -away


def _shared(one: Pixels, two: Pixels, upright: bool) -> float:
    axis = 0 if upright else 1
    shared = min(one[axis + 2], two[axis + 2]) - max(one[axis], two[axis])
    return shared / max(1.0, min(one[axis + 2] - one[axis], two[axis + 2] - two[axis]))


def _one(one: Spot, two: Spot, upright: bool, line: float) -> bool:
    """Tell whether two spots are one step: on one level, or one in the other."""
    axis = 1 if upright else 0
    apart = abs(one.box[axis] + one.box[axis + 2] - two.box[axis] - two.box[axis + 2]) / 2
    if upright:
        return apart < 0.6 * line
    return apart < 0.6 * line or _shared(one.box, two.box, True) > 0.6


def _wide(spot: Spot) -> float:
    return spot.box[2] - spot.box[0]


def _unbroken(steps: list[Spot], anchor: Spot, side: str) -> list[Spot]:
    """Return the steps up to a gap that is much wider than those before it."""
    widest = 0.0
    before = 0.0
    for number, step in enumerate(steps):
        place = _distance(step.box, anchor.box, side)
        if number and place - before > _BREAK * widest:
            return steps[:number]
        widest, before = max(widest, place - before), place
    return steps
