"""Where an icon may be: connected pieces of the edge map, at several thresholds and gaps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..components import united
from ..types import Box

# Contrast at which a step between neighbouring pixels is an edge, 0 to 255.
THRESHOLDS = (10, 28)
# Gaps in px that are bridged: an icon is often drawn in pieces.
GAPS = (0, 2, 4, 6)
# The longer side of an icon in px, and how much longer than the shorter one it may be.
LEAST, MOST, SLENDER = 7, 72, 2.6
# How wide the dash of a minus is at most, and how many widths before its plus it stands.
_WIDEST_DASH, _FARTHEST = 32, 12
_MOST_DASHES = 5000  # more come from a photo or a pattern
# More boxes than this come from a photo or a pattern; the squarest of them are kept.
MOST_BOXES = 500
# More runs of edge pixels than this do, too: only what touches is joined then.
_MOST_RUNS = 150_000
# Boxes that share this much of their area are the same; so are icons written by the reader.
_SAME, _WRITTEN = 0.8, 0.6

Boxes = NDArray[np.int64]


def propose(pixels: NDArray[np.uint8], text: Boxes | None = None) -> Boxes:
    """Return boxes (N, 4) in px, x2 and y2 exclusive, of icon-like pieces of an RGB picture.

    ``text`` (M, 4) are places that are known to be text; pieces that lie in one are left out.
    """
    height, width = pixels.shape[:2]
    if height < LEAST or width < LEAST:
        return np.zeros((0, 4), np.int64)
    strength = edge_strength(pixels)
    found, flat = [], []
    for threshold in THRESHOLDS:
        runs = _runs(strength > threshold)
        for gap in GAPS if len(runs) <= _MOST_RUNS else GAPS[:1]:
            boxes = piece_boxes(runs, gap)
            # An edge is marked on both its sides, so a piece is a pixel smaller on every side.
            boxes += (1, 1, -1, -1)
            likely = _icon_like(boxes)
            found.append(boxes[likely])
            flat.append(boxes[~likely & _is_dash(boxes)])
    boxes, dashes = (np.unique(np.concatenate(each), axis=0) for each in (found, flat))
    if text is not None and len(text):
        boxes = boxes[_covered(boxes, text) < _WRITTEN]
    boxes = _distinct(boxes)
    return np.concatenate([boxes, _minuses(dashes, boxes)])


def text_pixels(text: Sequence[Box], size: tuple[int, int]) -> Boxes:
    """Return boxes as whole pixels of a picture of ``size`` (width, height)."""
    edges = [box.to_pixels(size) for box in text]
    return np.round(np.array(edges).reshape(-1, 4)).astype(np.int64)


def edge_strength(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return for each pixel the greatest step in any channel to a neighbour."""
    strength = np.zeros(pixels.shape[:2], np.uint8)
    for one, two in (
        ((slice(None), slice(1, None)), (slice(None), slice(None, -1))),
        ((slice(1, None), slice(None)), (slice(None, -1), slice(None))),
    ):
        a, b = pixels[one], pixels[two]
        step = np.maximum(a, b)
        step -= np.minimum(a, b)
        steps = np.maximum(np.maximum(step[..., 0], step[..., 1]), step[..., 2])
        np.maximum(strength[one], steps, out=strength[one])
        np.maximum(strength[two], steps, out=strength[two])
    return strength


def _runs(mask: NDArray[np.bool_]) -> Boxes:
    """Return the runs of set pixels in rows: row, first column, column after the last."""
    framed = np.zeros((mask.shape[0], mask.shape[1] + 2), np.int8)
    framed[:, 1:-1] = mask
    turns = np.flatnonzero(np.diff(framed.ravel()))
    wide = framed.shape[1]
    first, after = turns[0::2], turns[1::2]
    return np.stack([first // wide, first % wide, after % wide], axis=1)


def piece_boxes(runs: Boxes, gap: int) -> Boxes:
    """Return the boxes (N, 4) of pieces of runs that are at most ``gap`` px apart."""
    if not len(runs):
        return np.zeros((0, 4), np.int64)
    row, first, after = runs.T
    # Runs of a row that are close are one; so there are fewer of them the larger the gap.
    alone = np.ones(len(runs), bool)
    alone[1:] = (row[1:] != row[:-1]) | (first[1:] - after[:-1] > gap)
    start = np.flatnonzero(alone)
    row, first = row[start], first[start]
    after = after[np.append(start[1:], len(runs)) - 1]
    one, two = _neighbours(row, first, after, gap)
    piece = united(len(row), one, two)
    _, piece = np.unique(piece, return_inverse=True)
    boxes = np.empty((piece.max() + 1, 4), np.int64)
    boxes[:, :2], boxes[:, 2:] = np.iinfo(np.int64).max, 0
    np.minimum.at(boxes[:, 0], piece, first)
    np.minimum.at(boxes[:, 1], piece, row)
    np.maximum.at(boxes[:, 2], piece, after)
    np.maximum.at(boxes[:, 3], piece, row + 1)
    return boxes


def _neighbours(
    row: NDArray[np.int64], first: NDArray[np.int64], after: NDArray[np.int64], gap: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return pairs of runs whose rows and columns are at most ``gap`` px apart."""
    wide = int(after.max()) + gap + 2  # so that no row is near the end of another
    starts, ends = row * wide + first, row * wide + after
    ones, twos = [], []
    for down in range(1, gap + 2):
        low = np.searchsorted(ends, starts + down * wide - gap, side="left")
        high = np.searchsorted(starts, ends + down * wide + gap, side="right")
        count = np.maximum(high - low, 0)
        one = np.repeat(np.arange(len(row)), count)
        within = np.arange(len(one)) - np.repeat(np.cumsum(count) - count, count)
        ones.append(one)
        twos.append(np.repeat(low, count) + within)
    return np.concatenate(ones), np.concatenate(twos)


def _icon_like(boxes: Boxes) -> NDArray[np.bool_]:
    wide, high = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    longer, shorter = np.maximum(wide, high), np.minimum(wide, high)
    size = (longer >= LEAST) & (longer <= MOST) & (shorter >= 1)
    likely: NDArray[np.bool_] = size & (longer <= SLENDER * shorter + 7)
    return likely


def _is_dash(boxes: Boxes) -> NDArray[np.bool_]:
    wide, high = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    dash: NDArray[np.bool_] = (wide >= LEAST) & (wide <= _WIDEST_DASH) & (high >= 1) & (high <= 4)
    return dash


def _minuses(dashes: Boxes, boxes: Boxes) -> Boxes:
    """Return the dashes that have an icon as wide as they are on their row, as a minus its plus."""
    if not len(dashes) or not len(boxes) or len(dashes) > _MOST_DASHES:
        return dashes[:0]
    free = dashes[_covered(dashes, boxes) < _WRITTEN]
    wide, tall = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    own = (free[:, 2] - free[:, 0])[:, None]
    alike = (np.abs(wide - own) <= 2) & (np.abs(tall - own) <= 2)
    rise = np.abs((free[:, 1] + free[:, 3])[:, None] - (boxes[:, 1] + boxes[:, 3])) / 2
    away = boxes[:, 0] - free[:, 2][:, None]
    paired = alike & (rise <= 1.5) & (away > 0) & (away <= _FARTHEST * own)
    return free[paired.any(axis=1)]


def _areas(boxes: Boxes) -> NDArray[np.int64]:
    areas: NDArray[np.int64] = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return areas


def _shared(one: Boxes, two: Boxes) -> NDArray[np.int64]:
    """Return the area (N, M) that boxes have in common."""
    wide = np.minimum(one[:, None, 2], two[None, :, 2]) - np.maximum(
        one[:, None, 0], two[None, :, 0]
    )
    high = np.minimum(one[:, None, 3], two[None, :, 3]) - np.maximum(
        one[:, None, 1], two[None, :, 1]
    )
    shared: NDArray[np.int64] = wide.clip(0) * high.clip(0)
    return shared


def _covered(boxes: Boxes, text: Boxes) -> NDArray[np.float64]:
    """Return the share of each box that lies in the text that covers it most."""
    covered: NDArray[np.float64] = _shared(boxes, text).max(axis=1) / _areas(boxes)
    return covered


def _distinct(boxes: Boxes) -> Boxes:
    """Return boxes of which no two are nearly the same, a bounded number."""
    if len(boxes) > 4 * MOST_BOXES:
        wide, high = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
        order = np.argsort(np.abs(np.log(wide / high)), kind="stable")
        boxes = boxes[np.sort(order[: 4 * MOST_BOXES])]
    areas, alive, kept = _areas(boxes), np.ones(len(boxes), bool), []
    for index in range(len(boxes)):
        if not alive[index]:
            continue
        kept.append(index)
        shared = _shared(boxes[index : index + 1], boxes[index:])[0]
        same = shared / (areas[index] + areas[index:] - shared) > _SAME
        alive[index:] &= ~same
    return boxes[kept][:MOST_BOXES]
