"""Areas of one colour on a screen: runs of nearly equal pixels, joined from row to row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..components import united

Ints = NDArray[np.int64]
Pixels = NDArray[np.uint8]

# Neighbours that differ by more in any channel belong to different areas: gradients stay whole.
TOLERANCE = 2
# Colours that differ by more look different; the faintest borders do by 8.
FAINT = 5
# Shorter runs are parts of letters.
LEAST_RUN = 3


@dataclass(frozen=True)
class Areas:
    """Flat areas: boxes (N, 4), share of the box within the outline, a pixel's row and column."""

    boxes: Ints
    share: NDArray[np.float64]
    seed: Ints


def find_areas(pixels: Pixels) -> Areas:
    """Join runs of nearly equal pixels to areas."""
    row, start, end = _runs(pixels)
    if not len(row):
        none = np.zeros(0, np.int64)
        return Areas(none.reshape(0, 4), np.zeros(0), none.reshape(0, 2))
    one, two = _touching(pixels, row, start, end)
    root = united(len(row), one, two)
    order = np.argsort(root, kind="stable")  # by area; in it by row, then from left to right
    root, row, start, end = root[order], row[order], start[order], end[order]
    first = np.flatnonzero(np.diff(root, prepend=-1))
    # The outline of an area in a row: from its first run there to its last.
    new_row = np.append(True, (np.diff(root) != 0) | (np.diff(row) != 0))
    at = np.flatnonzero(new_row)
    outline = end[np.append(at[1:], len(row)) - 1] - start[at]
    area_of_row = np.cumsum(np.isin(at, first)) - 1
    covered = np.bincount(area_of_row, weights=outline, minlength=len(first))
    x1, x2 = np.minimum.reduceat(start, first), np.maximum.reduceat(end, first)
    y1, y2 = np.minimum.reduceat(row, first), np.maximum.reduceat(row, first) + 1
    boxes = np.stack([x1, y1, x2, y2], axis=1)
    middle = (first + np.append(first[1:], len(row))) // 2
    seed = np.stack([row[middle], (start[middle] + end[middle]) // 2], axis=1)
    return Areas(boxes, covered / ((x2 - x1) * (y2 - y1)), seed)


def _runs(pixels: Pixels) -> tuple[Ints, Ints, Ints]:
    """Return row, start and end of the runs of nearly equal pixels, in reading order."""
    height, width = pixels.shape[:2]
    found = []
    step = max(1, 2**18 // width)  # a band stays in the processor's cache
    for top in range(0, height, step):
        band = pixels[top : top + step]
        ends = np.ones((len(band), width), bool)
        ends[:, :-1] = apart(band[:, 1:], band[:, :-1])
        after = np.flatnonzero(ends) + 1
        length = np.diff(after, prepend=0)
        long = length >= LEAST_RUN
        after, length = after[long], length[long]
        rows, starts = np.divmod(after - length, width)
        found.append((rows + top, starts, starts + length))
    row, start, end = (np.concatenate(part) for part in zip(*found, strict=True))
    return row, start, end


def apart(one: Pixels, two: Pixels) -> NDArray[np.bool_]:
    """Tell which pixels (..., 3) differ by more than the tolerance in any channel."""
    gap = np.maximum(one, two)
    gap -= np.minimum(one, two)
    far: NDArray[np.bool_] = gap > TOLERANCE
    differ: NDArray[np.bool_] = far[..., 0] | far[..., 1] | far[..., 2]
    return differ


def _touching(pixels: Pixels, row: Ints, start: Ints, end: Ints) -> tuple[Ints, Ints]:
    """Return the pairs of runs that lie one above the other and look alike where they meet."""
    width = pixels.shape[1]
    starts, ends = row * width + start, row * width + end
    low = np.searchsorted(ends, starts - width, "right")
    high = np.searchsorted(starts, ends - width, "left")
    count = np.maximum(high - low, 0)
    below = np.repeat(np.arange(len(row)), count)
    above = np.arange(len(below)) - np.repeat(np.cumsum(count) - count, count)
    above += np.repeat(low, count)
    left = np.maximum(start[below], start[above])
    right = np.minimum(end[below], end[above])
    middle = (left + right) // 2
    # A contact of one pixel is a gap in a rounded border.
    alike = right - left >= 2
    alike &= ~apart(pixels[row[below], middle], pixels[row[above], middle])
    return above[alike], below[alike]


def unlike(one: NDArray[np.int16], two: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Tell which colours (..., 3) look different."""
    differ: NDArray[np.bool_] = (np.abs(one - two) > FAINT).any(axis=-1)
    return differ


def outside(pixels: Pixels, boxes: Ints, out: Ints) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
    """Return colours out from the middle of each side (boxes, sides, steps, 3); which exist."""
    height, width = pixels.shape[:2]
    x1, y1, x2, y2 = boxes.T[..., None]
    middle_x, middle_y = (x1 + x2) // 2 + 0 * out, (y1 + y2) // 2 + 0 * out
    columns = np.stack([x1 - out, x2 - 1 + out, middle_x, middle_x], axis=1)
    rows = np.stack([middle_y, middle_y, y1 - out, y2 - 1 + out], axis=1)
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    looks = pixels[rows.clip(0, height - 1), columns.clip(0, width - 1)]
    return looks.astype(np.int16), inside
