"""Which of several things goes with a name: the one in its card, or in its row of a list."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .board import Board
from .geometry import Pixels
from .spot import Spot, middle

# How a thing may lie to a name and yet not be level with it.
LOOSE = frozenset({"near", "row", "left", "right", "entry"})
SOMEWHERE = 0.45  # how well the only thing above or below a name lies, in whatever column
_CARD = 0.6  # of the screen's width: wider frames are no cards
BANDED = 0.9  # how well something lies that stands in one card or row of cards with a name
# In heights of a line: rows closer than this are told apart by their words alone; what lies
# farther up or down belongs to another row; higher frames hold more than one entry.
_LEAST_PITCH, _FARTHEST, _HIGHEST = 3.0, 4.0, 12.0
# Something in another frame is as far away as so many lines; one step up counts like some across.
_APART, _UPRIGHT, _NEAREST = 30.0, 2.0, 2.0
_NEARER = 0.3  # how much a greater distance counts: the power of the ratio of the two
_UNEVEN, _STEP = 8, 5  # of a line drawn across: how even it is, how it differs from its ground


def banded(board: Board, kind: str, spot: Spot, anchor: Spot, rivals: list[Spot]) -> float:
    """Return how well a spot goes with an anchor in its card or row; 0 where it is another's.

    ``rivals`` are the spots that are called the same: the right one has none in between.
    """
    aside = {"right": spot.box[0] - anchor.box[2], "left": anchor.box[0] - spot.box[2]}
    if kind not in LOOSE or aside.get(kind, 0.0) < 0 or max(aside.values()) < 0:
        return 0.0
    x, y = middle(spot.box)
    away = abs(y - middle(anchor.box)[1])
    others = [middle(one.box) for one in rivals]
    column = [abs(b - y) for a, b in others if abs(a - x) < board.line < abs(b - y)]
    if away > _FARTHEST * board.line or parted(board, spot.box, anchor.box):
        return 0.0
    if column and min(column) >= max(_LEAST_PITCH * board.line, 2 * away):
        return 0.0 if _ruled(board, spot.box, anchor.box) else BANDED
    for x1, y1, x2, y2 in _holding(board, spot.box, anchor.box):
        many = sum(x1 <= a <= x2 and y1 <= b <= y2 and abs(b - y) > board.line for a, b in others)
        if y2 - y1 <= _HIGHEST * board.line and not many:
            return BANDED
    return 0.0


def aside(board: Board, kind: str, spot: Spot, anchor: Spot, rivals: list[Spot]) -> float:
    """Return how well a spot lies above or below an anchor, though not in its column.

    It does in the same card, and anywhere if nothing else that is called the same lies there.
    """
    if kind not in ("above", "below"):
        return 0.0

    def apart(box: Pixels) -> float:
        return anchor.box[1] - box[3] if kind == "above" else box[1] - anchor.box[3]

    there = [one for one in rivals if apart(one.box) >= -0.5 * board.line]
    if apart(spot.box) < -0.5 * board.line:
        return 0.0
    for x1, y1, x2, y2 in _holding(board, spot.box, anchor.box):
        held = [one for one in there if x1 <= one.box[0] <= x2 and y1 <= one.box[1] <= y2]
        if len(held) <= 1 and x2 - x1 < _CARD * board.size[0]:
            return BANDED
    return SOMEWHERE if len(there) <= 1 else 0.0


def closeness(board: Board, spot: Spot, anchor: Spot, rivals: list[Spot]) -> float:
    """Return 1 for the nearest of some rivals to an anchor, less for one that is farther away."""
    partner = _partner(board, anchor, rivals)

    def far(one: Spot) -> float:
        other = partner is not None and one is not partner
        return _distance(board, one.box, anchor.box) + _APART * other

    least = min((far(one) for one in rivals), default=0.0)
    own = far(spot)
    return float(min(1.0, ((least + _NEAREST) / (own + _NEAREST)) ** _NEARER))


def _partner(board: Board, anchor: Spot, rivals: list[Spot]) -> Spot | None:
    """Return the rival of a name where names and rivals take turns on a row, as in cards."""
    x1, y1, x2, y2 = anchor.box
    level = [one for one in rivals if abs(middle(one.box)[1] - (y1 + y2) / 2) < board.line]
    own = {one.number for one in level}
    names = [
        box
        for number, box in enumerate(board.boxes.tolist())
        if number not in own
        and board.elements[number].role in ("text", "link")
        and abs(box[1] - y1) + abs(box[3] - y2) < board.line / 2
    ]
    if len(level) < 2 or len(level) != len(names):
        return None
    level.sort(key=lambda one: one.box[0])
    turns = sorted([(box[0], 0) for box in names] + [(one.box[0], 1) for one in level])
    kinds = [kind for _, kind in turns]
    if any(one == two for one, two in zip(kinds, kinds[1:], strict=False)):
        return None
    lefts = sorted(box[0] for box in names)
    place = min(range(len(lefts)), key=lambda number: abs(lefts[number] - x1))
    return level[place]


def _distance(board: Board, one: Pixels, two: Pixels) -> float:
    """Return how far apart boxes are, in lines; ones in different frames are farther apart."""
    across = max(0.0, one[0] - two[2], two[0] - one[2])
    down = abs(one[1] + one[3] - two[1] - two[3]) / 2
    return (across + _UPRIGHT * down) / board.line + _APART * parted(board, one, two)


def _holds(board: Board, box: Pixels) -> NDArray[np.bool_]:
    """Tell of every frame with several things in it whether it holds the middle of a box."""
    x, y = middle(box)
    x1, y1, x2, y2 = board.groups.T
    held: NDArray[np.bool_] = (x1 <= x) & (x <= x2) & (y1 <= y) & (y <= y2)
    return held


def parted(board: Board, one: Pixels, two: Pixels) -> bool:
    """Tell whether a frame holds one of two boxes and not the other."""
    return bool((_holds(board, one) != _holds(board, two)).any())


def _holding(board: Board, one: Pixels, two: Pixels) -> list[list[float]]:
    """Return the frames that hold two boxes."""
    found: list[list[float]] = board.groups[_holds(board, one) & _holds(board, two)].tolist()
    return found


def _ruled(board: Board, one: Pixels, two: Pixels) -> bool:
    """Tell whether a line is drawn between two boxes, or between their rows."""
    top, foot = sorted((middle(one)[1], middle(two)[1]))
    left, right = sorted((middle(one)[0], middle(two)[0]))
    part = board.pixels[round(top) : round(foot) + 1, round(left) : round(right) + 1]
    if part.shape[0] < 3 or not part.shape[1]:
        return False
    rows = part.astype(np.int16)
    even = np.ptp(rows, axis=1).max(axis=1) <= _UNEVEN
    colour = np.median(rows, axis=1)
    differs = np.abs(np.diff(colour, axis=0)).max(axis=1) >= _STEP
    line = even[1:-1] & differs[:-1] & even[:-2]
    return bool(line.any())
