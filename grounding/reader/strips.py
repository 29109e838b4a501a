"""Lines of text cut from a picture: every strip of one height, its ground 0 and its ink 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

EM = 24  # pixels of a strip for the font size: small type is enlarged, large type reduced
HEIGHT = 32  # the em square and what reaches beyond it: accents, descenders
STEP = 2  # pixels of a strip for each step of the line reader
MARGIN = 0.35  # ems kept before the first glyph of a line and after its last
CHANNELS = 2  # along the axis from ground to ink, and how far a pixel lies off that axis
GAP = 8  # empty pixels between two strips that stand in one row

# A ground of 0 and an ink of 1 as bytes.
GROUND, INK = 64, 192
# Colours that differ less (of 255) are noise: they are not stretched to full contrast.
_LEAST_CONTRAST = 24.0
# Shares of the font size above and below the middle: where the ground and the ink are looked for.
_GROUND_REACH, _INK_REACH = 0.5, 0.36
_INK_SHARE = 0.03  # of the pixels there: those farthest from the ground are ink
_ENOUGH = 1500  # pixels to tell the colours from

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Strip:
    """A stretch of a line in pixels of the picture: ends, middle of the em square, font size."""

    left: float
    right: float
    middle: float
    size: float

    @property
    def width(self) -> int:
        """The pixels it takes when cut, a whole number of steps."""
        return max(1, round((self.right - self.left) * EM / self.size / STEP)) * STEP


def cut(picture: Image.Image, pixels: Bytes, strip: Strip) -> Bytes:
    """Cut a strip from an RGB picture, given also as pixels: (HEIGHT, strip.width, CHANNELS).

    What lies outside of the picture is ground.
    """
    across, down = strip.width / (strip.right - strip.left), EM / strip.size
    top = strip.middle - HEIGHT / 2 / down
    bottom = strip.middle + HEIGHT / 2 / down
    x1, x2 = max(0.0, strip.left), min(float(picture.width), strip.right)
    y1, y2 = max(0.0, top), min(float(picture.height), bottom)
    made = np.empty((HEIGHT, strip.width, CHANNELS), np.uint8)
    made[..., 0], made[..., 1] = GROUND, 0
    if x2 - x1 < 1 or y2 - y1 < 1:
        return made
    columns = slice(round((x1 - strip.left) * across), round((x2 - strip.left) * across))
    rows = slice(round((y1 - top) * down), round((y2 - top) * down))
    target = (columns.stop - columns.start, rows.stop - rows.start)
    if min(target) < 1:
        return made
    seen = picture.resize(target, Image.Resampling.BILINEAR, (x1, y1, x2, y2))
    ground, ink = colours(pixels, strip)
    made[rows, columns] = project(np.asarray(seen), ground, ink)
    return made


def colours(pixels: Bytes, strip: Strip) -> tuple[Floats, Floats]:
    """Return the ground's colour, the most frequent one, and the way from it to the ink's."""
    whole = _band(pixels, strip, _GROUND_REACH)
    red, green, blue = (whole[:, channel].astype(np.int32) >> 4 for channel in range(3))
    bins = (red << 8) | (green << 4) | blue
    most = np.bincount(bins).argmax()
    ground = whole[bins == most].mean(axis=0, dtype=np.float32)
    core = _band(pixels, strip, _INK_REACH).astype(np.float32) - ground
    far = np.abs(core) @ np.ones(3, np.float32)
    rank = len(far) - 1 - int(_INK_SHARE * len(far))
    ink = core[far >= np.partition(far, rank)[rank]].mean(axis=0)
    return ground, ink


def _band(pixels: Bytes, strip: Strip, reach: float) -> Bytes:
    """Return pixels (N, 3) of a strip within a share of the font size around its middle.

    Of many columns only some are taken.
    """
    height, width = pixels.shape[:2]
    y1 = min(max(0, round(strip.middle - reach * strip.size)), height - 1)
    y2 = max(y1 + 1, round(strip.middle + reach * strip.size))
    x1 = min(max(0, round(strip.left)), width - 1)
    x2 = max(x1 + 1, round(strip.right))
    skip = 1 + (y2 - y1) * (x2 - x1) // _ENOUGH
    return pixels[y1:y2, x1:x2:skip].reshape(-1, 3)


def project(seen: Bytes, ground: Floats, ink: Floats) -> Bytes:
    """Return for every pixel its place between ground and ink, and its distance from that axis."""
    length = float(np.sqrt(ink @ ink))
    scale = (INK - GROUND) / max(length, _LEAST_CONTRAST)
    away = (seen.reshape(-1, 3).astype(np.float32) - ground) * np.float32(scale)
    along = away @ (ink / max(length, 1e-6))
    away *= away
    aside = away @ np.ones(3, np.float32) - along * along
    made = np.empty((len(away), CHANNELS), np.uint8)
    made[:, 0] = (along + GROUND).clip(0, 255)
    made[:, 1] = np.sqrt(aside.clip(0, 255 * 255))
    return made.reshape(*seen.shape[:2], CHANNELS)


def pack(widths: Sequence[int], row: int) -> list[tuple[int, int]]:
    """Place strips in rows of ``row`` pixels: the row and the first column of each.

    The widest come first, each into the first row with room for it.
    """
    places = [(0, 0)] * len(widths)
    filled: list[int] = []
    for index in sorted(range(len(widths)), key=lambda number: -widths[number]):
        need = widths[index] + GAP
        number = next((n for n, used in enumerate(filled) if used + need <= row), len(filled))
        if number == len(filled):
            filled.append(0)
        places[index] = (number, filled[number])
        filled[number] += need
    return places


def lay_out(strips: Sequence[Bytes], places: Sequence[tuple[int, int]], row: int) -> Bytes:
    """Return rows (R, HEIGHT, row, CHANNELS) with the strips at their places, ground elsewhere."""
    count = 1 + max((number for number, _ in places), default=-1)
    rows = np.zeros((count, HEIGHT, row, CHANNELS), np.uint8)
    rows[..., 0] = GROUND
    for strip, (number, column) in zip(strips, places, strict=True):
        rows[number, :, column : column + strip.shape[1]] = strip
    return rows
