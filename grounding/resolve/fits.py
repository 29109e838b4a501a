"""How well a place fits what is said of its looks and of the part of the screen it lies in."""

from __future__ import annotations

import math
from collections.abc import Iterable

from ..query import Place, Target
from .board import Board
from .colours import colour_fit
from .geometry import place_fit
from .spot import Spot

HEADING = 0.95
MENU = 1.03
EXTREME = 0.9  # how well the uppermost of several lies "at the top", wherever it is
ONLY = 0.55  # the only one of its name may be meant wherever it is
_AXES = {"top": (1, -1), "bottom": (1, 1), "left": (0, -1), "right": (0, 1)}
LEAST_RATIO = 1.25  # of sides: else all are of one size


def placed(board: Board, place: Place, spot: Spot, rivals: list[Spot]) -> float:
    """Return how well a spot lies in a part of the screen, or beside others of its name.

    "The lower Save" is the lower one of two, wherever both are.
    """
    if place.region == "part":
        return _among(place.sides, spot, rivals)
    fit = place_fit(place, spot.box, board.size, corner=not rivals)
    if len(place.sides) != 1 or place.region or place.sides[0] not in _AXES:
        return fit
    if len(rivals) < 2:
        return max(fit, ONLY) if rivals and not spot.icon else fit
    axis, sign = _AXES[place.sides[0]]
    places = [sign * (one.box[axis] + one.box[axis + 2]) / 2 for one in rivals]
    own = sign * (spot.box[axis] + spot.box[axis + 2]) / 2
    if max(places) - min(places) < board.line:
        return fit
    return max(fit, EXTREME) if own >= max(places) - 0.5 * board.line else min(fit, EXTREME) * 0.9


def _among(sides: tuple[str, ...], spot: Spot, rivals: list[Spot]) -> float:
    """Return how well a spot lies on sides of all that are alike: "the top right of the form"."""
    fit = 1.0
    for side in sides:
        axis, sign = _AXES.get(side, (0, 0))
        places = [sign * (one.box[axis] + one.box[axis + 2]) for one in rivals] or [0.0]
        own, wide = sign * (spot.box[axis] + spot.box[axis + 2]), max(places) - min(places)
        fit *= EXTREME - (max(places) - own) / wide if wide > 1 else EXTREME
    return max(fit, 0.0)


def size_fit(size: str, spot: Spot, spots: Iterable[Spot]) -> float:
    """Return how well a spot's size fits beside those of its kind."""
    sides = [math.sqrt(_area(one)) for one in spots if one.role == spot.role]
    own, least, most = math.sqrt(_area(spot)), min(sides), max(sides)
    if most < LEAST_RATIO * least:
        return 0.9
    large = (own - least) / (most - least)
    return 0.4 + 0.6 * (large if size == "large" else 1 - large)


def _area(spot: Spot) -> float:
    x1, y1, x2, y2 = spot.box
    return max((x2 - x1) * (y2 - y1), 1.0)


def look_fit(board: Board, target: Target, spot: Spot) -> float:
    """Return how well a spot's looks fit: its colour, and that it can be clicked."""
    fit = 1.0
    if target.colour:
        x1, y1, x2, y2 = (max(0, round(side)) for side in spot.box)
        fit *= 0.1 + 0.9 * colour_fit(target.colour, board.pixels[y1:y2, x1:x2])
    if target.text and target.role != "text":
        if spot.tall > 1.35 * board.line:
            fit *= HEADING
        if spot.role in ("text", "link") and board.in_menu(spot.box):
            fit *= MENU
    return fit
