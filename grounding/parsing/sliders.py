"""Sliders: a knob on a level line, thicker than the line and reaching out of it on both sides."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from .areas import FAINT, unlike
from .frames import Frame
from .layout import Layout

Corners = tuple[int, int, int, int]

# In pixels of a screen with usual text: how thick a track is, how large a knob.
_THICKEST, _LEAST_KNOB, _MOST_KNOB = 12, 8, 36
# A knob is so much thicker than the track; a track so much longer than the knob is wide.
_THICKER, _LONGER = 4, 4.0
_LEAST_LENGTH = 60
_LEVEL = 2  # pixels that knob and track may be off the same middle
_MOSTLY = 0.8  # of a track is as thick as most of it
_RING = 4  # pixels of a frame around what has the focus, at most
_EVERY = 3  # pixel is looked at to know the ground
_PACK = np.array([1 << 16, 1 << 8, 1])


def find_sliders(layout: Layout) -> tuple[list[Corners], set[int]]:
    """Return the boxes of sliders, from the top, and the numbers of their parts' frames."""
    found: list[Corners] = []
    for x1, y1, x2, y2 in sorted(_tracks(layout), key=lambda box: (box[1], box[0])):
        middle = (y1 + y2) // 2
        if any(_holds(each, x1, middle) or _holds(each, x2 - 1, middle) for each in found):
            continue
        if _bare(layout.pixels, x1, x2, middle):
            continue
        slider = _slider(layout, (x1, y1, x2, y2))
        if slider is not None:
            found.append(slider)
    parts = {
        number
        for number, frame in enumerate(layout.frames)
        if any(_holds(each, *_centre(frame)) for each in found) and frame.height <= _MOST_KNOB
    }
    return found, parts


def knob_in(pixels: NDArray[np.uint8], box: tuple[float, float, float, float]) -> Corners | None:
    """Return the knob of the slider that a box of pixels holds, None if there is none in it."""
    x1, y1, x2, y2 = (round(side) for side in box)
    crop = pixels[y1:y2, x1:x2].astype(np.int16)
    if not crop.size:
        return None
    drawn = unlike(crop, _most_of(crop))
    used = drawn.any(axis=0)
    tall = np.where(used, len(drawn) - drawn[::-1].argmax(axis=0) - drawn.argmax(axis=0), 0)
    if not used.any():
        return None
    thick = np.flatnonzero(tall >= int(np.median(tall[used])) + _THICKER)
    if not len(thick):
        return None
    return x1 + int(thick[0]), y1, x1 + int(thick[-1]) + 1, y2


def _most_of(pixels: NDArray[np.int16]) -> NDArray[np.int16]:
    """Return the colour of most pixels."""
    flat = pixels.reshape(-1, 3)
    _, first, counts = np.unique(flat @ _PACK, return_index=True, return_counts=True)
    most: NDArray[np.int16] = flat[first[counts.argmax()]]
    return most


def _holds(box: Corners, x: int, y: int) -> bool:
    return box[0] <= x < box[2] and box[1] <= y < box[3]


def _centre(frame: Frame) -> tuple[int, int]:
    return (frame.x1 + frame.x2) // 2, (frame.y1 + frame.y2) // 2


def _tracks(layout: Layout) -> Iterator[Corners]:
    """Yield the level lines that may be tracks, or parts of one."""
    for rule in layout.rules:
        yield rule.x1, rule.y1, rule.x2, rule.y2
    for frame in layout.frames:
        if frame.height <= _THICKEST * layout.scale and frame.width >= 2 * frame.height:
            yield frame.x1, frame.y1, frame.x2, frame.y2


def _bare(pixels: NDArray[np.uint8], x1: int, x2: int, row: int) -> bool:
    """Tell whether nothing reaches out of a line: most lines part things."""
    rows = [row - _LEAST_KNOB // 2, row + _LEAST_KNOB // 2]
    if rows[0] < 0 or rows[1] >= len(pixels):
        return True
    beside = pixels[rows, max(x1 - _MOST_KNOB, 0) : x2 + _MOST_KNOB].astype(np.int16)
    return bool((np.ptp(beside, axis=1).max(axis=1) <= FAINT).any())


def _slider(layout: Layout, track: Corners) -> Corners | None:
    """Return the box of the slider that a line is a part of, None if there is no knob on it."""
    reach = round(_MOST_KNOB * layout.scale)
    width = layout.pixels.shape[1]
    row, at = (track[1] + track[3]) // 2, (track[0] + track[2]) // 2
    top = max(row - reach, 0)
    band = layout.pixels[top : row + reach + 1].astype(np.int16)
    drawn = unlike(band, _most_of(band[::_EVERY, track[0] : track[2] : _EVERY]))
    _fill(drawn, layout, top, row)
    left, right = _run(drawn[row - top], at)
    if _without_ring(drawn, row - top, left, right):
        left, right = _run(drawn[row - top], at)
    if right - left < _LEAST_LENGTH * layout.scale or left == 0 or right == width:
        return None
    knob = _knob(drawn[:, left:right], row - top, layout.scale)
    return None if knob is None else (left, row - knob[0], right, row + knob[1] + 1)


def _fill(drawn: NDArray[np.bool_], layout: Layout, top: int, row: int) -> None:
    """Draw the insides of small frames: the inside of a knob that is a ring looks like ground."""
    for frame in layout.frames:
        small = max(frame.width, frame.height) <= _MOST_KNOB * layout.scale
        if small and frame.y1 <= row < frame.y2:
            drawn[max(frame.y1 - top, 0) : frame.y2 - top, frame.x1 : frame.x2] = True


def _without_ring(drawn: NDArray[np.bool_], row: int, left: int, right: int) -> bool:
    """Take away the frame around a slider that has the focus; tell whether there is one."""
    if left == right:
        return False
    above, below = _depth(drawn[:row, left:right][::-1]), _depth(drawn[row + 1 :, left:right])
    tall = above + below + 1
    thick = tall >= int(np.median(tall)) + _THICKER
    ends = [int((~side).argmax()) for side in (thick, thick[::-1])]
    if not all(1 <= end <= _RING for end in ends):
        return False
    line, side = max(ends), int(tall[: ends[0]].argmax())
    top, foot = row - int(above[side]), row + int(below[side]) + 1
    for rows, columns in (
        (slice(top, top + line), slice(left, right)),
        (slice(foot - line, foot), slice(left, right)),
        (slice(top, foot), slice(left, left + line)),
        (slice(top, foot), slice(right - line, right)),
    ):
        drawn[rows, columns] = False
    return True


def _knob(drawn: NDArray[np.bool_], row: int, scale: float) -> tuple[int, int] | None:
    """Return how far the knob reaches up and down from the track, None if there is none."""
    above, below = _depth(drawn[:row][::-1]), _depth(drawn[row + 1 :])
    tall = above + below + 1
    usual = int(np.median(tall))
    thick = np.flatnonzero(tall >= usual + _THICKER)
    if not len(thick) or usual > _THICKEST * scale:
        return None
    first, last = int(thick[0]), int(thick[-1]) + 1
    up, down = int(above[first:last].max()), int(below[first:last].max())
    wide, high = last - first, up + down + 1
    whole = len(thick) >= wide - 2 and wide >= _LEAST_KNOB - 2 and 0.4 <= wide / high <= 2
    sized = _LEAST_KNOB <= high <= _MOST_KNOB * scale and len(tall) >= _LONGER * wide
    off = (up - down) - (int(np.median(above)) - int(np.median(below)))
    rest = np.delete(tall, np.arange(max(first - 2, 0), min(last + 2, len(tall))))
    even = len(rest) > 0 and float((np.abs(rest - usual) <= 2).mean()) >= _MOSTLY
    return (up, down) if whole and sized and even and abs(off) <= 2 * _LEVEL else None


def _run(line: NDArray[np.bool_], at: int) -> tuple[int, int]:
    """Return where the pixels that are drawn begin and end around one."""
    empty = np.flatnonzero(~line)
    place = int(np.searchsorted(empty, at))
    left = int(empty[place - 1]) + 1 if place else 0
    right = int(empty[place]) if place < len(empty) else len(line)
    return left, max(right, left)


def _depth(drawn: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return how many rows of each column are drawn, from the first one on."""
    depth: NDArray[np.int64] = np.where(drawn.all(axis=0), len(drawn), (~drawn).argmax(axis=0))
    return depth
