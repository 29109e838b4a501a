"""What is drawn on a screen and is no control: circles, squares, triangles, single letters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..parsing.areas import Areas, find_areas
from ..reader.lines import GlyphLine, line_text
from ..reader.reader import Screen
from ..types import Element
from .geometry import Pixels

# Sides in pixels, and as a share of the screen.
_LEAST_SIDE, _MOST_SHARE = 7, 0.6
_MOST_RATIO = 3.0
# How much of its box an outline covers.
_TRIANGLE, _CIRCLE, _FULL = (0.4, 0.62), (0.7, 0.87), 0.93
_MOST_FIGURES = 400
# A figure differs from its ground by this in some channel, or has a border that does.
_STEP = 24
_BORDER = 6  # a border is no thicker
LETTERS = ("letter", "digit")
FIGURES = ("shape", "circle", "triangle", "rectangle", *LETTERS)


@dataclass(frozen=True)
class Figure:
    """Something drawn: its box in pixels and its kind, one of `FIGURES`."""

    box: Pixels
    kind: str


def find_figures(
    pixels: NDArray[np.uint8], screen: Screen, elements: Sequence[Element]
) -> list[Figure]:
    """Return the plain shapes and the single signs of a screen."""
    signs = _signs(screen)
    shapes = [figure for figure in _shapes(pixels, elements) if not _in_word(screen, figure.box)]
    # A disc may be read as the letter O: what is filled is a shape.
    free = [sign for sign in signs if not any(_covers(shape.box, sign.box) for shape in shapes)]
    return shapes + free


def _shapes(pixels: NDArray[np.uint8], elements: Sequence[Element]) -> list[Figure]:
    height, width = pixels.shape[:2]
    areas = find_areas(pixels)
    wide, high = (areas.boxes[:, 2:] - areas.boxes[:, :2]).T
    small, large = np.minimum(wide, high), np.maximum(wide, high)
    fits = (small >= _LEAST_SIDE) & (large <= _MOST_RATIO * small)
    fits &= (wide <= _MOST_SHARE * width) & (high <= _MOST_SHARE * height)
    fits &= areas.share >= _TRIANGLE[0]
    chosen = np.flatnonzero(fits)
    chosen = chosen[np.argsort(-(wide * high)[chosen], kind="stable")][:_MOST_FIGURES]
    said = [element.box.to_pixels((width, height)) for element in elements if len(element.text) > 1]
    found: list[Figure] = []
    for number in chosen.tolist():
        x1, y1, x2, y2 = areas.boxes[number].tolist()
        box = (float(x1), float(y1), float(x2), float(y2))
        written = any(_inside(box, ((a + c) / 2, (b + d) / 2)) for a, b, c, d in said)
        if written or any(_covers(other.box, box) for other in found):
            continue
        if _stands_out(pixels, areas, number):
            found.append(Figure(box, _kind(wide[number], high[number], areas.share[number])))
    return found


def _kind(wide: int, high: int, share: float) -> str:
    if _TRIANGLE[0] <= share <= _TRIANGLE[1]:
        return "triangle"
    if _CIRCLE[0] <= share <= _CIRCLE[1] and max(wide, high) <= 1.15 * min(wide, high):
        return "circle"
    return "rectangle" if share >= _FULL else "shape"


def _stands_out(pixels: NDArray[np.uint8], areas: Areas, number: int) -> bool:
    """Tell whether an area differs from what is around it, or is framed on all sides."""
    x1, y1, x2, y2 = areas.boxes[number].tolist()
    row, column = areas.seed[number].tolist()
    height, width = pixels.shape[:2]
    if x1 < 1 or y1 < 1 or x2 >= width or y2 >= height:
        return False
    fill = pixels[row, column].astype(np.int16)
    x, y = (x1 + x2) // 2, (y1 + y2) // 2
    sides = (
        pixels[y, max(x1 - _BORDER, 0) : x1],
        pixels[y, x2 : x2 + _BORDER],
        pixels[max(y1 - _BORDER, 0) : y1, x],
        pixels[y2 : y2 + _BORDER, x],
    )
    # The side a triangle stands on is as wide as its box, its point is not: three sides suffice.
    steps = [int(np.abs(side.astype(np.int16) - fill).max(initial=0)) for side in sides]
    return sum(step > _STEP for step in steps) >= 3


def _signs(screen: Screen) -> list[Figure]:
    """Return the letters and digits that stand alone."""
    glyphs, found = screen.read.glyphs, []
    for line in screen.read.lines:
        ends = np.append(line.begins[1:], True)
        for index in line.glyphs[line.begins & ends].tolist():
            own = np.array([index])
            size, half = float(glyphs.size[index]), float(glyphs.width[index]) / 2
            x, y = float(glyphs.x[index]), float(glyphs.y[index])
            box = (x - half, y - size / 2, x + half, y + size / 2)
            sign = line_text(glyphs, GlyphLine(own, np.array([True]), box, size))
            if sign.isalnum():
                found.append(Figure(box, "digit" if sign.isdigit() else "letter"))
    return found


def _in_word(screen: Screen, box: Pixels) -> bool:
    """Tell whether a box is a part of a word of several letters: of its ink or its insides."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    for line in screen.read.lines:
        x1, y1, x2, y2 = line.box
        if x1 <= x <= x2 and y1 <= y <= y2 and box[3] - box[1] < 0.9 * line.size:
            words = np.cumsum(line.begins)
            near = np.abs(screen.read.glyphs.x[line.glyphs] - x).argmin()
            if int((words == words[near]).sum()) > 1:
                return True
    return False


def _inside(box: Pixels, point: tuple[float, float]) -> bool:
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]


def _covers(outer: Pixels, inner: Pixels) -> bool:
    """Tell whether the middle of a box lies in another one."""
    return _inside(outer, ((inner[0] + inner[2]) / 2, (inner[1] + inner[3]) / 2))
