"""Counts and dots on the corners of icons: what lies under them is the icon."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .proposals import Boxes

# A channel differs this much from another where a colour is vivid, from the ground where ink is.
_VIVID, _INK = 80, 48
# Colours that differ less in every channel are one.
_ALIKE = 40
# Shares: of its own box that a badge fills, of the icon's sides that it covers at most.
_FILLED, _MOST_SIDE = 0.5, 0.75
# Sides of a badge in pixels, and how much wider than high it may be.
_LEAST, _MOST, _WIDE = 5, 24, 2.4
# How far from a corner a badge may end, as a share of the icon's side.
_CORNER = 0.12
_FEWEST_INK = 24


def without_badges(
    pixels: NDArray[np.uint8], boxes: Boxes
) -> tuple[NDArray[np.uint8], Boxes, Boxes]:
    """Return the picture with badges painted over, the boxes, and the part of each that is icon.

    Boxes that hold nothing but a badge are left out.
    """
    found = [_badge(pixels, box) for box in boxes.tolist()]
    badges = [each for each in found if each is not None]
    if not badges:
        return pixels, boxes, boxes
    painted = pixels.copy()
    for (x1, y1, x2, y2), _, ground in badges:
        painted[y1:y2, x1:x2] = ground
    kept = [
        (box, box if each is None else each[1])
        for box, each in zip(boxes.tolist(), found, strict=True)
        if each is not None or not any(_lies_in(box, badge) for badge, _, _ in badges)
    ]
    whole, icons = (np.array(each, np.int64).reshape(-1, 4) for each in zip(*kept, strict=True))
    return painted, whole, icons


def _badge(
    pixels: NDArray[np.uint8], box: list[int]
) -> tuple[tuple[int, int, int, int], list[int], NDArray[np.uint8]] | None:
    """Return the box of a badge, the box of what it lies on, and the ground's colour."""
    left, top, right, bottom = box
    crop = pixels[top:bottom, left:right].astype(np.int16)
    vivid = crop.max(axis=2) - crop.min(axis=2) >= _VIVID
    if not 0.03 <= vivid.mean() <= 0.6:
        return None
    colour = np.median(crop[vivid], axis=0)
    mask = vivid & (np.abs(crop - colour).max(axis=2) < _ALIKE)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    x1, y1, x2, y2 = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    if not _like_badge(mask[y1:y2, x1:x2], (x1, y1, x2, y2), crop.shape[1], crop.shape[0]):
        return None
    edge = np.concatenate([crop[0], crop[-1], crop[:, 0], crop[:, -1]])
    ground = np.median(edge, axis=0)
    ink = np.abs(crop - ground).max(axis=2) >= _INK
    x1, y1 = max(x1 - 1, 0), max(y1 - 1, 0)  # its blurred rim
    x2, y2 = min(x2 + 1, crop.shape[1]), min(y2 + 1, crop.shape[0])
    ink[y1:y2, x1:x2] = False
    if ink.sum() < _FEWEST_INK or (ink & vivid).sum() > 0.2 * ink.sum():
        return None  # it stands alone, or the icon has its colour
    down, across = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    rest = [left + int(across[0]), top + int(down[0]), left + int(across[-1]) + 1,
            top + int(down[-1]) + 1]  # fmt: skip
    badge = (left + int(x1), top + int(y1), left + int(x2), top + int(y2))
    return badge, rest, ground.astype(np.uint8)


def _like_badge(
    filled: NDArray[np.bool_], box: tuple[int, int, int, int], width: int, height: int
) -> bool:
    """Tell whether a patch of one colour is round, small, and at a corner."""
    x1, y1, x2, y2 = box
    wide, high = x2 - x1, y2 - y1
    small = _LEAST <= high <= _MOST and high - 1 <= wide <= _WIDE * high
    part = wide <= _MOST_SIDE * width and high <= _MOST_SIDE * height
    aside = min(x1, width - x2) <= _CORNER * width
    above = min(y1, height - y2) <= _CORNER * height
    return small and part and aside and above and float(filled.mean()) >= _FILLED


def _lies_in(box: list[int], badge: tuple[int, int, int, int]) -> bool:
    wide = min(box[2], badge[2]) - max(box[0], badge[0])
    high = min(box[3], badge[3]) - max(box[1], badge[1])
    area = (box[2] - box[0]) * (box[3] - box[1])
    return wide > 0 and high > 0 and wide * high > 0.6 * area
