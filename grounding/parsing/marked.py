"""Small marks that are on: a tick or a dot cuts their ground, which is put together again here."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from .areas import FAINT, Areas, Ints, Pixels, outside, unlike

# Parts of ticked checkboxes: their largest side, and how many areas may be such parts.
_MOST_TICKED = 44
_MOST_PARTS = 800
# By how much the parts of one that is shaded from top to bottom may differ.
_SHADED = 30
# The dot of a radio button and the whole of it, in pixels; how many areas may be dots.
_LEAST_DOT, _MOST_DOT = 3, 12
_LEAST_ROUND, _MOST_ROUND = 11, 25
_MOST_DOTS = 4000
# From the dot to where its ring begins, and to where it has ended, at most.
_GAP, _REACH = 5, 12
_RING = 0.35  # of its strongest pixel's contrast
_ROUND = 0.8  # the share of its bounding box that a circle covers


def with_marks(pixels: Pixels, areas: Areas) -> Areas:
    """Add the squares with a tick and the circles with a dot."""
    return _with_dotted(pixels, _with_ticked(pixels, areas))


def _with_ticked(pixels: Pixels, areas: Areas) -> Areas:
    """Add the squares that a tick has cut in two parts of one colour, or of one gradient."""
    width, height = (areas.boxes[:, 2:] - areas.boxes[:, :2]).T
    part = (np.minimum(width, height) >= 4) & (np.maximum(width, height) <= _MOST_TICKED)
    index = np.flatnonzero(part)
    if not 2 <= len(index) <= _MOST_PARTS:
        return areas
    boxes = areas.boxes[index]
    # Only those that begin close to each other are looked at as pairs.
    left, top = boxes[:, :2].astype(np.int32).T
    close = np.abs(left[:, None] - left) < _MOST_TICKED
    close &= np.abs(top[:, None] - top) < _MOST_TICKED
    one, two = np.nonzero(np.triu(close, 1))
    first, second = boxes[one], boxes[two]
    union = np.concatenate(
        [np.minimum(first, second)[:, :2], np.maximum(first, second)[:, 2:]], axis=1
    )
    gaps = np.maximum(first, second)[:, :2] - np.minimum(first, second)[:, 2:]
    sides = union[:, 2:] - union[:, :2]
    covered = (width * height * areas.share)[index]
    share = (covered[one] + covered[two]) / sides.prod(axis=1)
    square = (np.abs(sides[:, 0] - sides[:, 1]) <= 1) & (sides.max(axis=1) <= _MOST_TICKED)
    fill = pixels[areas.seed[index, 0], areas.seed[index, 1]].astype(np.int16)
    ticked = (gaps.max(axis=1) <= 3) & square & (share > 0.6) & ~unlike(fill[one], fill[two])
    shaded = np.abs(fill[one] - fill[two]).max(axis=1) <= _SHADED
    stacked = (gaps[:, 1] <= 0.4 * sides[:, 1]) & (gaps[:, 0] <= -0.8 * sides[:, 0])
    for pair in np.flatnonzero(~ticked & square & shaded & stacked).tolist():
        ticked[pair] = _has_sides(pixels, union[pair], fill[one[pair]])
    one, union = one[ticked], union[ticked]
    return Areas(
        np.concatenate([areas.boxes, union]),
        np.concatenate([areas.share, np.ones(len(one))]),
        np.concatenate([areas.seed, areas.seed[index[one]]]),
    )


def _has_sides(pixels: Pixels, box: Ints, fill: NDArray[np.int16]) -> bool:
    """Tell whether the left and right side of a small box, or its border, are drawn all along."""
    x1, y1, x2, y2 = box.tolist()
    crop = pixels[y1 + 1 : y2 - 1, max(x1 - 1, 0) : x2 + 1].astype(np.int16)
    inked = (np.abs(crop - fill) <= 2 * _SHADED).all(axis=2)
    return bool(inked[:, :3].any(axis=1).all() and inked[:, -3:].any(axis=1).all())


def _with_dotted(pixels: Pixels, areas: Areas) -> Areas:
    width, height = (areas.boxes[:, 2:] - areas.boxes[:, :2]).T
    dot = (np.minimum(width, height) >= _LEAST_DOT) & (np.abs(width - height) <= 2)
    boxes = areas.boxes[dot & (np.maximum(width, height) <= _MOST_DOT)]
    if not 0 < len(boxes) <= _MOST_DOTS:
        return areas
    looks, inside = outside(pixels, boxes, np.arange(1, _REACH + 1))
    within = inside.reshape(len(boxes), -1).all(axis=1)
    boxes, looks = boxes[within], looks[within]
    # The ground is what lies furthest out on most sides: words begin at one.
    ground = np.median(looks[:, :, -1], axis=1).astype(np.int16)
    contrast = np.abs(looks - ground[:, None, None]).max(axis=3)
    # Shadows and blurred edges are fainter than the ring itself.
    ring = contrast > np.maximum(_RING * contrast.max(axis=2, keepdims=True), FAINT)
    begin = ring.argmax(axis=2)
    steps = np.arange(_REACH)
    ended = ~ring & (steps > begin[:, :, None])
    end = np.where(ended.any(axis=2), ended.argmax(axis=2), _REACH)
    left, top, right, bottom = (end[:, side] for side in (0, 2, 1, 3))
    grown = boxes + np.stack([-left, -top, right, bottom], axis=1)
    sides = grown[:, 2:] - grown[:, :2]
    level = (end.max(axis=1) - end.min(axis=1) <= 2) & (end.max(axis=1) < _REACH)
    round_ = (np.abs(sides[:, 0] - sides[:, 1]) <= 2) & (sides.min(axis=1) >= _LEAST_ROUND)
    found = (ring.any(axis=2) & (begin <= _GAP)).sum(axis=1) == 4
    found &= level & round_ & (sides.max(axis=1) <= _MOST_ROUND)
    # Its colour is the ring's, in the middle of the left side.
    row = (boxes[:, 1] + boxes[:, 3]) // 2
    column = boxes[:, 0] - 1 - (begin[:, 0] + end[:, 0] - 1) // 2
    seed = np.stack([row, column], axis=1)[found]
    grown, ground = grown[found], ground[found]
    is_circle = _has_no_corners(pixels, grown, pixels[seed[:, 0], seed[:, 1]] - ground, ground)
    return Areas(
        np.concatenate([areas.boxes, grown[is_circle]]),
        np.concatenate([areas.share, np.full(int(is_circle.sum()), _ROUND)]),
        np.concatenate([areas.seed, seed[is_circle]]),
    )


def _has_no_corners(
    pixels: Pixels, boxes: Ints, ink: NDArray[np.int16], ground: NDArray[np.int16]
) -> NDArray[np.bool_]:
    """Tell where the ground is seen in all corners, two pixels wide in the second row."""
    free = np.ones(len(boxes), bool)
    x1, y1, x2, y2 = boxes.T
    for column, row in ((0, 0), (0, 1), (1, 1)):
        for x, y in product((x1 + column, x2 - 1 - column), (y1 + row, y2 - 1 - row)):
            drawn = np.abs(pixels[y, x] - ground).max(axis=1)
            free &= drawn <= 0.4 * np.abs(ink).max(axis=1)
    return free
