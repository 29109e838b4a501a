"""What a frame holds: its ink, and what stands at its right end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .frames import Colour, Frame, distance

Pixels = NDArray[np.uint8]

# Ink differs from the ground by more than this in some channel.
_INK = 24
# An arrow stands further from the words before it than letters do, in font sizes.
_FREE = 0.25
# The light edges of a bevel run along this share of two sides.
_BEVEL = 0.7
# Within so many pixels of its sides a frame's border is drawn.
_EDGE = 2
_WHITE = 245
# As close as this, in pixels, nothing stands to a checkbox or radio button.
_MARGIN = 2
_GRIP = 14  # pixels of the corner in which a grip is drawn
_TINT = 12


@dataclass(frozen=True, slots=True)
class Blot:
    """A part of a frame's ink that stands apart from the rest, across; in pixels of the screen."""

    x1: int
    y1: int
    x2: int
    y2: int

    @property
    def width(self) -> int:
        """Its width in pixels."""
        return self.x2 - self.x1

    @property
    def height(self) -> int:
        """Its height in pixels."""
        return self.y2 - self.y1


def blots(pixels: Pixels, frame: Frame, gap: float, *, middle: bool = False) -> list[Blot]:
    """Return what is drawn in a frame, left to right; a wider gap parts two blots.

    In its ``middle`` rows, what stands close to its sides is seen, too.
    """
    # Round corners and the border lie outside of this.
    inset_x = min(4 if middle else 4 + frame.height // 12, frame.width // 4)
    inset_y = min(max(4, frame.height // (4 if middle else 6)), frame.height // 3)
    x1, y1 = frame.x1 + inset_x, frame.y1 + inset_y
    ink = _unlike(pixels[y1 : frame.y2 - inset_y, x1 : frame.x2 - inset_x], frame.fill, _INK)
    columns = np.flatnonzero(ink.any(axis=0))
    if not len(columns):
        return []
    cuts = np.flatnonzero(np.diff(columns) > max(gap, 1)) + 1
    found = []
    for group in np.split(columns, cuts):
        left, right = int(group[0]), int(group[-1]) + 1
        rows = np.flatnonzero(ink[:, left:right].any(axis=1))
        found.append(Blot(x1 + left, y1 + int(rows[0]), x1 + right, y1 + int(rows[-1]) + 1))
    return found


def has_arrow(pixels: Pixels, frame: Frame, size: float) -> bool:
    """Tell whether the arrow of a list that drops down stands at a frame's right end."""
    drawn = blots(pixels, frame, 0.15 * size, middle=True)
    if not drawn:
        return False
    last, apart = drawn[-1], _FREE * size
    if len(drawn) > 1 and last.x1 - drawn[-2].x2 < apart:
        return False
    far = len(drawn) == 1 or last.x1 - drawn[-2].x2 > 0.8 * size
    ratio = last.height / last.width
    # One arrow down, or one up and one down.
    shape = 0.3 <= ratio <= 0.85 or (1.15 <= ratio <= 1.7 and far)
    shape = shape or (far and ratio <= 1.3 and _narrows(pixels, frame, last))
    small = 0.3 * size <= last.width <= 1.1 * size
    at_end = frame.x2 - last.x2 <= max(1.8 * size, 0.8 * frame.height)
    middle = abs((last.y1 + last.y2) - (frame.y1 + frame.y2)) <= 0.3 * frame.height
    return shape and small and at_end and middle


def _narrows(pixels: Pixels, frame: Frame, blot: Blot) -> bool:
    """Tell whether a sign is a triangle that points down."""
    ink = _unlike(pixels[blot.y1 : blot.y2, blot.x1 : blot.x2], frame.fill, _INK)
    wide = ink.sum(axis=1)
    return bool(
        wide[0] >= 0.8 * blot.width
        and wide[-1] <= 0.4 * blot.width
        and (np.diff(wide) <= 0).all()
        and (wide == blot.width - ink.argmax(axis=1) - ink[:, ::-1].argmax(axis=1)).all()
    )


def is_square(pixels: Pixels, frame: Frame) -> bool:
    """Tell whether a small frame is drawn as a square, its corners perhaps rounded."""
    sides = _outline(pixels, frame)
    if sides is None:
        return False
    middle = sides[:, len(sides[0]) // 5 : -(len(sides[0]) // 5) or None]
    return bool((middle <= 1 + frame.width // 20).all())


def is_circle(pixels: Pixels, frame: Frame) -> bool:
    """Tell whether a small frame is drawn as a circle."""
    sides = _outline(pixels, frame)
    if sides is None:
        return False
    radius = len(sides[0]) / 2
    y = np.arange(len(sides[0])) + 0.5 - radius
    ideal = frame.width / 2 * (1 - np.sqrt(np.maximum(1 - (y / radius) ** 2, 0)))
    # The first and the last row are short: smoothing changes them most.
    off = np.abs(sides - ideal)[:, 1:-1]
    return bool(off.mean() <= 0.5 + frame.width / 50 and off.max() <= 1.6 + frame.width / 16)


def stands_free(pixels: Pixels, frame: Frame) -> bool:
    """Tell whether nothing touches a small frame: the handle of a lens, the tail of a bubble."""
    height, width = pixels.shape[:2]
    x1, y1 = max(frame.x1 - _MARGIN, 0), max(frame.y1 - _MARGIN, 0)
    x2, y2 = min(frame.x2 + _MARGIN, width), min(frame.y2 + _MARGIN, height)
    ink = _unlike(pixels[y1:y2, x1:x2], frame.around, _INK)
    if ink[-1].mean() > _BEVEL and ink[:, -1].mean() > _BEVEL:
        ink = ink[:-1, :-1]  # the light edges of a bevel
    # A neighbour below or beside touches opposite sides at most, what hangs on a corner two.
    across, down = ink[[0, -1]].any(), ink[:, [0, -1]].any()
    return not (across and down)


def is_paper(frame: Frame) -> bool:
    """Tell whether a frame is a white sheet with square corners on darker ground."""
    return (
        min(frame.fill) >= _WHITE and frame.share > 0.85 and distance(frame.fill, frame.around) > 24
    )


def is_field(frame: Frame) -> bool:
    """Tell whether a frame without border is lightly shaded and round, or white on grey."""
    if is_paper(frame) and distance(frame.fill, frame.around) < 80:
        return True
    return frame.filled and distance(frame.fill, frame.around) < 25 and frame.share < 0.999


def is_tinted(frame: Frame) -> bool:
    """Tell whether a frame is coloured where its ground is less so: a bar that opens, no field."""
    return max(frame.fill) - min(frame.fill) >= max(frame.around) - min(frame.around) + _TINT


def has_grip(pixels: Pixels, frame: Frame) -> bool:
    """Tell whether slanted lines in the lower right corner show that a frame can be resized."""
    x, y = frame.x2 - _GRIP - 2, frame.y2 - _GRIP - 2
    ink = _unlike(pixels[y : y + _GRIP, x : x + _GRIP], frame.fill, _INK)
    slants = np.add(*np.nonzero(ink))
    few = _GRIP // 2 <= len(slants) <= 4 * _GRIP
    return few and slants.min() >= _GRIP - 3 and len(np.unique(slants)) <= _GRIP // 2


def ink_of(pixels: Pixels, frame: Frame) -> Colour:
    """Return the colour in a frame that differs most from what is around it.

    Of one with a border it is the border's: what stands in it may be a tick of any colour.
    """
    crop = pixels[frame.y1 : frame.y2, frame.x1 : frame.x2]
    far = np.abs(crop.astype(np.int16) - np.array(frame.around, np.int16)).max(axis=2)
    if frame.border:
        far[_EDGE:-_EDGE, _EDGE:-_EDGE] = 0
    red, green, blue = crop.reshape(-1, 3)[int(far.argmax())].tolist()
    return red, green, blue


def _outline(pixels: Pixels, frame: Frame) -> NDArray[np.int64] | None:
    """Return for each row how far from the left and the right side its drawing begins."""
    ink = _unlike(pixels[frame.y1 : frame.y2, frame.x1 : frame.x2], frame.around, _INK // 2)
    if not ink[-1].any():  # the shadow it throws
        ink = ink[:-1]
    if not ink.any(axis=1).all():
        return None
    return np.stack([ink.argmax(axis=1), ink[:, ::-1].argmax(axis=1)])


def _unlike(crop: Pixels, colour: Colour, least: int) -> NDArray[np.bool_]:
    far: NDArray[np.bool_] = np.abs(crop.astype(np.int16) - np.array(colour, np.int16)) > least
    unlike: NDArray[np.bool_] = far[..., 0] | far[..., 1] | far[..., 2]
    return unlike
