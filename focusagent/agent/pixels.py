"""What two screenshots prove about each other. Pure functions on pictures."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops

PixelBox = tuple[float, float, float, float]

PATCH = 32  # half the side, in pixels, of the patch that must not have changed before a click
NOTICED = 24  # a channel that differs less than this is noise of drawing, not a change
PATCH_SHARE = 0.03  # of a patch may change: a caret that blinks is no other target
ROW_SHARE = 0.002  # of a row may change: the letters of another name are more
LEAST = 20  # pixels that differ at least where a screen has changed: more than a caret
_HALF = (0.4, 0.62)  # of a switch: either part may be its knob
_CELL = 12  # pixels that what moves by itself may reach further the next time
EDGE = 4  # pixels along a control's border that a focus ring may change


def around(point: tuple[float, float], size: tuple[int, int], half: float = PATCH) -> PixelBox:
    """A square around a point, cut at the borders of the picture."""
    x, y = point
    return max(0, x - half), max(0, y - half), min(size[0], x + half), min(size[1], y + half)


def grown(box: Sequence[float], by: float, size: tuple[int, int]) -> PixelBox:
    """The box with a margin (negative: without its border), cut at the borders of the picture."""
    x1, y1, x2, y2 = box
    x1, y1 = min(max(0.0, x1 - by), (x1 + x2) / 2), min(max(0.0, y1 - by), (y1 + y2) / 2)
    x2, y2 = max(min(size[0], x2 + by), x1), max(min(size[1], y2 + by), y1)
    return x1, y1, x2, y2


def holds(box: Sequence[float], point: tuple[float, float]) -> bool:
    """Whether a point lies in a box."""
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]


def same(one: Image.Image, two: Image.Image) -> bool:
    """Whether two pictures are equal, pixel by pixel."""
    return one is two or (
        one.size == two.size
        and one.mode == two.mode
        and ImageChops.difference(one, two).getbbox() is None
    )


def same_patch(before: Image.Image, after: Image.Image, point: tuple[float, float]) -> bool:
    """Whether the pixels around a point are still those that were looked at."""
    if before.size != after.size:
        return False
    box = around(point, before.size)
    return changed_share(before, after, box) <= PATCH_SHARE


def same_row(before: Image.Image, after: Image.Image, point: tuple[float, float]) -> bool:
    """Whether all that stands beside a point is still there: the button may be another row's."""
    x1, y1, x2, y2 = around(point, before.size)
    return changed_share(before, after, (0, y1, before.width, y2)) <= ROW_SHARE


def shifted(image: Image.Image, by: int) -> Image.Image:
    """The picture as it is seen so many pixels further down; black where there is nothing."""
    return image.crop((0, by, image.width, by + image.height))


def changed_share(before: Image.Image, after: Image.Image, box: Sequence[float]) -> float:
    """The share of a box's pixels that noticeably differ."""
    mask = _differs(before, after, box)
    return float(mask.mean()) if mask.size else 0.0


def changed_outside(
    before: Image.Image,
    after: Image.Image,
    box: Sequence[float] | None = None,
    earlier: Sequence[Image.Image] = (),
) -> bool:
    """Whether anything but the box and a small margin around it noticeably differs.

    What differs between `earlier` pictures of the screen moves by itself, and does not count.
    """
    boxes = [] if box is None else [grown(box, EDGE, before.size)]
    return changed_apart(before, after, boxes, earlier)


def changed_apart(
    before: Image.Image,
    after: Image.Image,
    boxes: Sequence[PixelBox],
    earlier: Sequence[Image.Image] = (),
) -> bool:
    """Whether anything noticeably differs but what lies in some boxes, or moves by itself."""
    if before is after or before.size != after.size:
        return before.size != after.size
    changed = _noticed(before, after, earlier)
    for box in boxes:
        x1, y1, x2, y2 = (round(side) for side in box)
        changed[y1:y2, x1:x2] = False
    return int(changed.sum()) >= LEAST


def changed_inside(
    before: Image.Image,
    after: Image.Image,
    box: Sequence[float],
    earlier: Sequence[Image.Image] = (),
) -> bool:
    """Whether the inside of a box, without its border, differs: more than a focus ring."""
    inner = grown(box, -EDGE, before.size)
    if changed_share(before, after, inner) == 0 or before.size != after.size:
        return before.size != after.size
    x1, y1, x2, y2 = (round(side) for side in inner)
    return bool(_noticed(before, after, earlier)[y1:y2, x1:x2].any())


def _noticed(
    before: Image.Image, after: Image.Image, earlier: Sequence[Image.Image]
) -> NDArray[np.bool_]:
    """The pixels that differ now, without the surroundings of those that differed earlier."""
    whole = (0, 0, *before.size)
    changed = np.array(_differs(before, after, whole))
    for one, two in pairwise([*earlier, before]):
        if not same(one, two) and one.size == two.size:
            changed &= ~_spread(_differs(one, two, whole))
    return changed


def _spread(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The mask in coarse cells, each with its neighbours: a clock's next digit is a bit wider."""
    high, wide = mask.shape
    padded = np.pad(mask, ((0, -high % _CELL), (0, -wide % _CELL)))
    cells = np.any(padded.reshape(len(padded) // _CELL, _CELL, -1, _CELL), axis=(1, 3))
    around = np.pad(cells, 1)
    rows, columns = cells.shape
    near = [around[y : y + rows, x : x + columns] for y in range(3) for x in range(3)]
    spread: NDArray[np.bool_] = np.any(near, axis=0).repeat(_CELL, 0).repeat(_CELL, 1)[:high, :wide]
    return spread


def rulings(image: Image.Image, box: Sequence[float]) -> list[float]:
    """Where lines go down through a text, further than a letter such as `|` would."""
    x1, y1, x2, y2 = box
    beyond = (y2 - y1) / 3
    pixels = pixels_in(image, (x1, max(0, y1 - beyond), x2, min(image.height, y2 + beyond)))
    if not pixels.size:
        return []
    even = np.ptp(pixels.astype(np.int16), axis=0).max(axis=1) < NOTICED
    ground = np.median(pixels, axis=(0, 1))
    found = np.flatnonzero(even & (np.abs(pixels[0] - ground).max(axis=1) >= NOTICED))
    lines = np.split(found, np.flatnonzero(np.diff(found) > 1) + 1)
    inside = (float(line.mean()) for line in lines if len(line) and line[0] > EDGE)
    return [round(x1) + x for x in inside if x < pixels.shape[1] - EDGE]


def is_plain(image: Image.Image, box: Sequence[float]) -> bool:
    """Whether the inside of a box, without its border, is of one colour: nothing is in it."""
    inside = pixels_in(image, grown(box, -EDGE, image.size)).reshape(-1, 3)
    return bool(inside.size) and int(np.ptp(inside, axis=0).max()) < NOTICED


def mark_state(image: Image.Image, box: Sequence[float], role: str) -> bool | None:
    """Whether the box, radio or switch shown there is on; None where it cannot be told."""
    pixels = pixels_in(image, box).astype(np.int16)
    if min(pixels.shape[:2]) < 6:
        return None
    return _switch_state(pixels) if role == "switch" else _box_state(pixels)


def _box_state(pixels: NDArray[np.int16]) -> bool | None:
    """A box is on if there is a mark in it: its inside is not of one colour, or is filled."""
    height, width = pixels.shape[:2]
    inside = pixels[height // 4 : height - height // 4, width // 4 : width - width // 4]
    flat = inside.reshape(-1, 3)
    spread = np.ptp(flat, axis=0).max()
    if spread > 60:
        return True
    return False if spread < 30 else None


def _switch_state(pixels: NDArray[np.int16]) -> bool | None:
    """A switch is on if its knob lies right: beside a thin track, or of a colour of its own."""
    height, width = pixels.shape[:2]
    near, far = 3 * height // 10, 7 * height // 10
    thin = [
        _is_track(pixels, slice(near, far)),
        _is_track(pixels, slice(width - far, width - near)),
    ]
    if thin[0] != thin[1]:
        return thin[0]
    band = pixels[height // 3 : height - height // 3].mean(axis=(0, 2))
    left, right = band[: width // 2].mean(), band[width - width // 2 :].mean()
    if abs(left - right) < 12:
        return None
    low, high = np.percentile(band, (10, 90))
    light = float((band > (low + high) / 2).mean())
    # The knob is the smaller part. Of about half the width, it is what the track runs above, or
    # the lighter one.
    if _HALF[0] < light < _HALF[1]:
        rim = pixels[1, [width // 3, width - width // 3]].mean(axis=1) > (low + high) / 2
        knob_light = not rim.all()
    else:
        knob_light = light < 0.5
    return bool(right > left) if knob_light else bool(left > right)


def _is_track(pixels: NDArray[np.int16], columns: slice) -> bool:
    """Whether these columns of a switch show a bar through its middle that a knob would overtop."""
    ground = np.median(pixels[[0, 0, -1, -1], [0, -1, 0, -1]], axis=0)
    drawn = np.abs(pixels[:, columns] - ground).max(axis=2) > 24
    rows = np.flatnonzero(drawn.mean(axis=1) > 0.5)
    height = len(pixels)
    if not len(rows) or len(rows) > 0.75 * height or len(rows) != rows[-1] - rows[0] + 1:
        return False
    return bool(rows[0] < height // 2 <= rows[-1])


def _differs(before: Image.Image, after: Image.Image, box: Sequence[float]) -> NDArray[np.bool_]:
    difference = ImageChops.difference(_part(before, box), _part(after, box))
    different = np.zeros((difference.height, difference.width), np.bool_)
    part = difference.getbbox()  # mostly a small one, and all else is quick to see
    if part is not None:
        red, green, blue = difference.crop(part).split()
        most = ImageChops.lighter(ImageChops.lighter(red, green), blue)
        different[part[1] : part[3], part[0] : part[2]] = np.asarray(most) >= NOTICED
    return different


def _part(image: Image.Image, box: Sequence[float]) -> Image.Image:
    sides: Any = tuple(round(side) for side in box)
    part = image if sides == (0, 0, *image.size) else image.crop(sides)  # a copy takes time
    return part if part.mode == "RGB" else part.convert("RGB")


def pixels_in(image: Image.Image, box: Sequence[float]) -> NDArray[np.uint8]:
    """The pixels of a box as red, green and blue."""
    return np.asarray(_part(image, box))


def pixels_of(box: Sequence[float], size: tuple[int, int]) -> PixelBox:
    """Return a box, given in shares of a picture, in its pixels."""
    return box[0] * size[0], box[1] * size[1], box[2] * size[0], box[3] * size[1]
