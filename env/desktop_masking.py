"""Keeping typed secrets off the pictures of a desktop.

A desktop cannot be asked where text stands. So what changed while a secret was typed stays black,
and exact copies of those pixels elsewhere (the window moved, the text shifted) turn black too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

from .masking import masked
from .screen import changed_box
from .types import PixelBox

Colours: TypeAlias = npt.NDArray[np.uint32]
SAMPLES = 32  # pixels compared at every place, half of them ink and half of them ground
ENOUGH = 28  # of these must agree: a caret may stand somewhere else in the copy


@dataclass(frozen=True)
class _Typed:
    box: PixelBox
    points: tuple[tuple[int, int], ...]  # row, column inside the box
    colours: tuple[int, ...]


class SecretPixels:
    """Remembers what secrets look like on the screen, and paints over it."""

    def __init__(self) -> None:
        self._typed: list[_Typed] = []

    def remember(self, before: Image.Image, after: Image.Image) -> None:
        """Take what changed between the frames around the typing for the secret."""
        box = changed_box(before, after)
        if box is None:
            return
        new = _colours(after.crop(box))
        ink = new != _colours(before.crop(box))
        points = (*_spread(np.argwhere(ink)), *_spread(np.argwhere(~ink)))
        self._typed.append(_Typed(box, points, tuple(int(new[point]) for point in points)))

    def masked(self, image: Image.Image) -> Image.Image:
        """A copy of `image` without the secrets."""
        if not self._typed:
            return image
        screen = _colours(image)
        boxes = [typed.box for typed in self._typed]
        for typed in self._typed:
            boxes.extend(_copies(screen, typed))
        return masked(image, boxes)


def _colours(image: Image.Image) -> Colours:
    red, green, blue = np.moveaxis(np.asarray(image.convert("RGB"), dtype=np.uint32), 2, 0)
    packed: Colours = (red << 16) | (green << 8) | blue
    return packed


def _spread(points: npt.NDArray[np.intp]) -> list[tuple[int, int]]:
    if not len(points):
        return []
    chosen = points[np.linspace(0, len(points) - 1, SAMPLES // 2).astype(int)]
    return [(int(row), int(column)) for row, column in chosen]


def _copies(screen: Colours, typed: _Typed) -> list[PixelBox]:
    """Where the typed pixels stand now, on the whole screen."""
    x1, y1, x2, y2 = typed.box
    width, height = x2 - x1, y2 - y1
    rows, columns = screen.shape[0] - height + 1, screen.shape[1] - width + 1
    if rows < 1 or columns < 1:
        return []
    agreeing = np.zeros((rows, columns), dtype=np.uint8)
    for (row, column), colour in zip(typed.points, typed.colours, strict=True):
        agreeing += screen[row : row + rows, column : column + columns] == colour
    found = np.argwhere(agreeing >= ENOUGH * len(typed.points) // SAMPLES)
    return [(int(x), int(y), int(x) + width, int(y) + height) for y, x in found[:1000]]
