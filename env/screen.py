"""Pixels: between screenshot and input, and between two frames. Pure functions."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TypeAlias

from PIL import Image, ImageChops

from .errors import ActionError
from .types import PixelBox

Pair: TypeAlias = tuple[float, float]
REACH = 24  # pixels above and below a point that make up the row that is aimed at


def to_input(point: Pair, scale: Pair, origin: Pair) -> Pair:
    """Screenshot pixels -> input pixels."""
    return point[0] / scale[0] + origin[0], point[1] / scale[1] + origin[1]


def to_screen(point: Pair, scale: Pair, origin: Pair) -> Pair:
    """Input pixels -> screenshot pixels; the inverse of `to_input`."""
    return (point[0] - origin[0]) * scale[0], (point[1] - origin[1]) * scale[1]


def require_inside(point: Pair, size: tuple[int, int]) -> None:
    """Refuse a point that is not on the screenshot."""
    x, y = point
    if not (0 <= x < size[0] and 0 <= y < size[1]):
        raise ActionError(
            f"the point ({x:g}, {y:g}) lies outside the screen, which is {size[0]} x {size[1]}"
        )


def rgb(image: Image.Image) -> Image.Image:
    """The image in RGB; itself where it is that already, for a conversion always copies."""
    return image if image.mode == "RGB" else image.convert("RGB")


def frame_hash(image: Image.Image) -> str:
    """A short fingerprint of an image's pixels."""
    digest = hashlib.blake2b(rgb(image).tobytes(), digest_size=8)
    digest.update(repr(image.size).encode())
    return digest.hexdigest()


def stirred(seen: Image.Image, now: Image.Image, points: Iterable[Pair]) -> bool:
    """Tell whether the rows of a screen that some points lie in have changed.

    The whole rows, for after a shift the same button may be that of another row.
    """
    for _, y in points:
        box = 0, round(y) - REACH, now.width, round(y) + REACH
        if changed_box(seen.crop(box), now.crop(box)):
            return True
    return False


def changed_box(before: Image.Image, after: Image.Image) -> PixelBox | None:
    """The smallest box that holds every pixel that differs; None when nothing does."""
    if before.size != after.size:
        return (0, 0, after.width, after.height)
    return ImageChops.difference(rgb(before), rgb(after)).getbbox()
