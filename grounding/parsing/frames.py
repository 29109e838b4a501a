"""Rectangles of a screen: areas of one colour that are filled or framed, and thin lines.

Runs of nearly equal pixels are joined to flat areas. The inside of any closed frame is such an
area, however faint its border or round its corners; so is the ground of a filled button. An area
whose outline is close to its bounding box is a frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .areas import FAINT, Areas, Ints, Pixels, find_areas, outside, unlike
from .marked import with_marks

Colour = tuple[int, int, int]

LEAST_SIDE = 7
# The share of its bounding box that a circle covers is 0.785.
LEAST_SHARE = 0.7
# The track of a switch, of which the knob hides one end, covers less.
_LEAST_TRACK, _MOST_TRACK = 0.55, 64
THICKEST_LINE = 4
# More areas than this come from a photo or noise: the largest are looked at.
MOST_AREAS = 4000
# How far a border reaches beyond the area it frames, at most.
_BORDER = 5
_MOST_DOT = 24
# Between a field and its border: the faintest pixels of a shadow; and how thick both are.
_MOST_SHADOW, _MOST_SUNK = 2, 3
# How far out a small square's ground is looked at.
_NEAR = 4


@dataclass(frozen=True, slots=True)
class Frame:
    """A rectangle in pixels (ends not included).

    ``share`` is how much of it its outline covers (1: square corners, 0.785: a circle), ``fill``
    its colour, ``around`` the colour outside, ``border`` whether a line of another colour
    than both runs around it, ``calm`` whether all sides lie on the same ground.
    """

    x1: int
    y1: int
    x2: int
    y2: int
    share: float
    fill: Colour
    around: Colour
    border: bool
    calm: bool

    @property
    def width(self) -> int:
        """Its width in pixels."""
        return self.x2 - self.x1

    @property
    def height(self) -> int:
        """Its height in pixels."""
        return self.y2 - self.y1

    @property
    def area(self) -> int:
        """Its area in pixels."""
        return self.width * self.height

    @property
    def filled(self) -> bool:
        """Whether its inside looks different from what surrounds it."""
        return distance(self.fill, self.around) > FAINT

    def holds(self, x: float, y: float) -> bool:
        """Tell whether a point lies in the frame."""
        return self.x1 <= x < self.x2 and self.y1 <= y < self.y2


@dataclass(frozen=True, slots=True)
class Rule:
    """A thin horizontal line in pixels (ends not included)."""

    x1: int
    y1: int
    x2: int
    y2: int


def distance(one: Colour, two: Colour) -> int:
    """Return the largest difference of two colours over the channels."""
    return max(abs(a - b) for a, b in zip(one, two, strict=True))


def find_frames(pixels: Pixels) -> tuple[list[Frame], list[Rule]]:
    """Return the frames of a screen (H, W, 3), largest first, and its thin horizontal lines."""
    areas = with_marks(pixels, find_areas(pixels))
    width, height = (areas.boxes[:, 2:] - areas.boxes[:, :2]).T
    thin = (height <= THICKEST_LINE) & (width >= 12 * height) & (width >= 24)
    rules = [Rule(*box) for box in areas.boxes[thin].tolist()]
    tall = (
        (np.minimum(width, height) >= LEAST_SIDE)
        & (areas.share >= np.where(height <= _MOST_TRACK, _LEAST_TRACK, LEAST_SHARE))
        & ((width < pixels.shape[1]) | (height < pixels.shape[0]))
    )
    order = np.flatnonzero(tall)
    order = order[np.argsort(-(width * height)[order], kind="stable")][:MOST_AREAS]
    made = _frames(pixels, Areas(areas.boxes[order], areas.share[order], areas.seed[order]))
    return _distinct(made), rules


def _frames(pixels: Pixels, areas: Areas) -> list[Frame]:
    """Find out border and colours of areas, and grow them by their border."""
    if not len(areas.boxes):
        return []
    x1, y1, x2, y2 = areas.boxes.T
    fill = pixels[areas.seed[:, 0], areas.seed[:, 1]].astype(np.int16)
    out = np.arange(1, _BORDER + 3)
    looks, inside = outside(pixels, areas.boxes, out)
    # Close to a small square may begin what belongs to its words: a ring around all of it.
    square = (np.maximum(x2 - x1, y2 - y1) <= _MOST_DOT) & (areas.share >= 0.95)
    far = np.where(square[:, None, None], looks[:, :, _NEAR - 1], looks[:, :, -1])
    around = _ground(looks, far)
    differs = unlike(looks, far[:, :, None]) & unlike(looks, around[:, None, None]) & inside
    # Steps to the first pixel that looks like what is around.
    thick = _run(differs)
    # Around the dot of a radio button is a gap, and then its ring; the first row in a ring may be
    # too short for a run. There, steps to the last pixel that does not look like what is around.
    reach = np.where(unlike(fill, around), 0.45 * (x2 - x1) + 1, 3)
    near = unlike(looks, around[:, None, None]) & inside & (out <= reach[:, None, None])
    last = np.where(near.any(axis=2), out[-1] - near[:, :, ::-1].argmax(axis=2), 0)
    ring = _has_ring(areas, last)
    thick = np.where(ring[:, None], last, thick)
    sunk = _sunk(areas, differs)
    thick = np.where((sunk.min(axis=1) > 0)[:, None], sunk, thick)
    # Where an edge is smoothed, its colour lies between those on its sides: that is no border.
    low = np.minimum(fill[:, None], around[:, None])[:, None] - FAINT
    high = np.maximum(fill[:, None], around[:, None])[:, None] + FAINT
    drawn = np.any((looks < low) | (looks > high), axis=-1) & (out <= thick[:, :, None])
    sides = np.any(drawn, axis=2)
    # A bevel is dark at the left and at the top only; its light edges reach as far.
    bevel = sides[:, 0] & sides[:, 2] & square
    bordered = (sides.sum(axis=1) >= 3) | ring | bevel
    thick = np.where((bevel & (thick == 0).any(axis=1) & _level(last))[:, None], last, thick)
    line = thick > 0
    like: NDArray[np.bool_] = ~unlike(looks, around[:, None, None])
    calm: NDArray[np.bool_] = like.sum(axis=2).min(axis=1) > 0
    # A shadow is no part of what throws it; smoothing takes a pixel, more where a side is round.
    smooth = np.where(_is_dot(areas), 3, 1)[:, None]
    grow = np.where(line, np.where(bordered[:, None], thick, np.minimum(thick, smooth)), 0)
    boxes = areas.boxes + grow[:, [0, 2, 1, 3]] * np.array([-1, -1, 1, 1])
    return [
        Frame(x1, y1, x2, y2, share, tuple(inner), tuple(outer), border, even)
        for (x1, y1, x2, y2), share, inner, outer, border, even in zip(
            boxes.tolist(),
            areas.share.tolist(),
            fill.tolist(),
            around.tolist(),
            bordered.tolist(),
            calm.tolist(),
            strict=True,
        )
    ]


def _run(differs: NDArray[np.bool_]) -> Ints:
    """Return how many pixels (N, sides) differ before the first that does not, 0 if all do."""
    run: Ints = np.where(differs.all(axis=2), 0, differs.argmin(axis=2))
    return run


def _sunk(areas: Areas, differs: NDArray[np.bool_]) -> Ints:
    """Return how far out the border of fields reaches that a faint shadow inside sets apart."""
    first = differs.argmax(axis=2)
    after = np.arange(differs.shape[2]) >= first[:, :, None]
    thick = _run(differs | ~after)
    boxes = areas.boxes
    field = (boxes[:, 2] - boxes[:, 0] > _MOST_TRACK) & (boxes[:, 3] - boxes[:, 1] > _MOST_DOT)
    fits = differs.any(axis=2) & (first <= _MOST_SHADOW) & (thick - first <= _MOST_SUNK)
    sunk: Ints = np.where(fits & field[:, None], thick, 0)
    return sunk


def _ground(looks: NDArray[np.int16], far: NDArray[np.int16]) -> NDArray[np.int16]:
    """Return the colour (N, 3) that is seen outside of most sides.

    In a crowded form, what is far out on a side may be the next thing: its ground is closer.
    """
    median = np.median(far, axis=1).astype(np.int16)
    known = np.concatenate([median[:, None], far], axis=1)  # the median, if no other is seen more
    sides = [
        (~unlike(looks, colour[:, None, None])).any(axis=2).sum(axis=1)
        for colour in known.swapaxes(0, 1)
    ]
    chosen: NDArray[np.int16] = known[np.arange(len(known)), np.argmax(sides, axis=0)]
    return chosen


def _is_dot(areas: Areas) -> NDArray[np.bool_]:
    """Tell which areas are small circles."""
    width, height = (areas.boxes[:, 2:] - areas.boxes[:, :2]).T
    dot: NDArray[np.bool_] = (
        (areas.share < 0.9) & (np.abs(width - height) <= 2) & (width <= _MOST_DOT)
    )
    return dot


def _has_ring(areas: Areas, steps: Ints) -> NDArray[np.bool_]:
    """Tell which areas are small circles with a line as far away on each side."""
    ring: NDArray[np.bool_] = _is_dot(areas) & _level(steps)
    return ring


def _level(steps: Ints) -> NDArray[np.bool_]:
    """Tell where something is drawn on each side (N, 4), as far out on all."""
    level: NDArray[np.bool_] = (steps.max(axis=1) - steps.min(axis=1) <= 1) & (
        steps.min(axis=1) > 0
    )
    return level


def _distinct(frames: list[Frame]) -> list[Frame]:
    """Leave out frames that lie closely in a larger one: an outline and what it frames."""
    kept: list[Frame] = []
    cells: dict[tuple[int, int], list[Frame]] = {}
    for frame in frames:
        # The middles of such twins are close together.
        column, row = (frame.x1 + frame.x2) // 16, (frame.y1 + frame.y2) // 16
        near = [
            other
            for dx in (-1, 0, 1)
            for dy in (-1, 0, 1)
            for other in cells.get((column + dx, row + dy), ())
        ]
        if not any(_twins(frame, other) for other in near):
            kept.append(frame)
            cells.setdefault((column, row), []).append(frame)
    return kept


def _twins(small: Frame, large: Frame) -> bool:
    gaps = (
        small.x1 - large.x1,
        small.y1 - large.y1,
        large.x2 - small.x2,
        large.y2 - small.y2,
    )
    # A ring around what has the focus is wider.
    return min(gaps) >= -1 and max(gaps) <= max(3, min(5, small.height // 6))
