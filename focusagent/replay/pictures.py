"""Cutting a picture of a control out of a screen, and finding it again. Pure functions.

Transparent pixels of a picture are not compared: what people type, marks that may be on or off.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Box = tuple[int, int, int, int]
Pixels = NDArray[np.int16]

UNLIKE = 40  # a channel that differs this much is another colour, not another way to smooth it
WINDOW = 16  # side of the square in which ...
FEW = 4  # ... this many other pixels are still the same letter or sign
SHARE = 0.02  # of all pixels that may differ
GLOW = 48  # levels by which a control may be lighter or darker: the pointer is on it
PROBES = 32  # pixels that are looked at before a place is compared as a whole
PLACES = 200  # compared as a whole at most: where more look alike, a picture is a mere pattern
RIM = 2  # pixels at a control's border that are not compared then: boxes are rounded
INK = 12  # pixels with an edge, without which a picture shows nothing
# How much of its surroundings a picture takes in, left and right, above and below, until it can
# be told from everything else on its screen.
MARGINS = ((6, 6), (48, 6), (160, 8), (400, 10), (5000, 12), (5000, 48), (5000, 120))


@dataclass(frozen=True)
class Cut:
    """A picture, where its left top corner was, and whether its screen shows it only once."""

    image: Image.Image
    at: tuple[int, int]
    unique: bool


def cut(screen: Image.Image, box: Sequence[float], holes: Iterable[Sequence[float]]) -> Cut:
    """The smallest picture around a box that shows something and is unique on its screen."""
    whole, empty = Screen(screen), [*holes]
    pixels = np.asarray(whole.image)
    made: Cut | None = None
    for margin in MARGINS:
        image, at = _crop(pixels, box, margin, empty)
        if made is not None and image.size == made.image.size:
            continue
        made = Cut(image, at, False)
        needle = Needle(image)
        if needle.ink >= INK and needle.stands_once(whole):
            return Cut(image, at, True)
    assert made is not None
    return made


class Screen:
    """A screenshot that pictures are looked for on."""

    def __init__(self, image: Image.Image) -> None:
        self.image = image if image.mode == "RGB" else image.convert("RGB")

    @functools.cached_property
    def grey(self) -> Pixels:
        """Its grey values."""
        return _grey(np.asarray(self.image).astype(np.int16))


class Needle:
    """A picture that is looked for on screens."""

    def __init__(self, image: Image.Image) -> None:
        shown = np.asarray(image.convert("RGBA"))
        self.size = image.size
        self.pixels: Pixels = shown[..., :3].astype(np.int16)
        self.opaque: NDArray[np.bool_] = shown[..., 3] > 127
        edges = _edges(self.pixels, self.opaque)
        self.ink = int(edges.sum())
        self._probes = _spread(edges if self.ink else self.opaque)

    def stands_at(self, screen: Screen, at: tuple[int, int]) -> bool:
        """Whether the screen shows exactly this there, but for how edges are smoothed."""
        there = _window(screen, at, self.size)
        return there is not None and alike(self.pixels, there, self.opaque)

    def glows_at(self, screen: Screen, at: tuple[int, int], box: Sequence[float]) -> bool:
        """As `stands_at`, but the box itself may be somewhat lighter or darker throughout."""
        there = _window(screen, at, self.size)
        if there is None:
            return False
        inside, rim = (self._part(at, box, by) for by in (-RIM, RIM))
        compared = self.opaque & (inside | ~rim)
        inside &= self.opaque
        if not inside.any():
            return False
        lit = _relit(self.pixels, there, inside)
        return lit is not None and alike(lit, there, compared)

    def _part(self, at: tuple[int, int], box: Sequence[float], by: int) -> NDArray[np.bool_]:
        """The pixels of this picture that lie in a box of the screen, with a margin."""
        left, top = round(box[0]) - at[0] - by, round(box[1]) - at[1] - by
        right, bottom = round(box[2]) - at[0] + by, round(box[3]) - at[1] + by
        part = np.zeros_like(self.opaque)
        part[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = True
        return part

    def find(self, screen: Screen, most: int = 8) -> list[tuple[int, int]]:
        """The places, by their left top corner, that show this picture."""
        return self._confirmed(screen, self._candidates(screen)[:PLACES], most)

    def stands_once(self, screen: Screen) -> bool:
        """Whether exactly one place of the screen shows this, and hardly any nearly does."""
        places = self._candidates(screen)
        return len(places) <= PLACES and len(self._confirmed(screen, places, 2)) == 1

    def _candidates(self, screen: Screen) -> list[tuple[int, int]]:
        """Places where nearly all of the probes fit, the best ones first."""
        width, height = self.size
        grey, wanted = screen.grey, _grey(self.pixels)
        rows, columns = grey.shape[0] - height + 1, grey.shape[1] - width + 1
        if rows < 1 or columns < 1 or not self._probes:
            return []
        dense, sparse = self._probes[:3], self._probes[3:]
        misses = np.zeros((rows, columns), np.uint8)
        for y, x in dense:
            there = grey[y : y + rows, x : x + columns]
            misses += np.abs(there - wanted[y, x]) >= UNLIKE
        top, left = np.nonzero(misses <= 1)
        missed = misses[top, left].astype(np.int16)
        for y, x in sparse:
            missed = missed + (np.abs(grey[top + y, left + x] - wanted[y, x]) >= UNLIKE)
            alive = missed <= 3
            top, left, missed = top[alive], left[alive], missed[alive]
        order = np.argsort(missed, kind="stable")
        return list(zip(left[order].tolist(), top[order].tolist(), strict=True))

    def _confirmed(
        self, screen: Screen, places: Iterable[tuple[int, int]], most: int
    ) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        for at in places:
            near = any(abs(at[0] - a) <= 2 and abs(at[1] - b) <= 2 for a, b in found)
            if not near and self.stands_at(screen, at):
                found.append(at)
                if len(found) >= most:
                    break
        return found


def alike(one: Pixels, two: Pixels, opaque: NDArray[np.bool_]) -> bool:
    """Whether two pictures show the same, letter by letter."""
    bad = (np.abs(one - two).max(axis=2) >= UNLIKE) & opaque
    count = int(bad.sum())
    if count <= FEW:
        return True
    if count > SHARE * opaque.sum():
        return False
    sums = np.zeros((bad.shape[0] + 1, bad.shape[1] + 1), np.int32)
    sums[1:, 1:] = bad.cumsum(axis=0, dtype=np.int32).cumsum(axis=1)
    tall, wide = min(WINDOW, bad.shape[0]), min(WINDOW, bad.shape[1])
    inside = sums[tall:, wide:] - sums[:-tall, wide:] - sums[tall:, :-wide] + sums[:-tall, :-wide]
    return int(inside.max()) <= FEW


def _relit(pixels: Pixels, there: Pixels, inside: NDArray[np.bool_]) -> Pixels | None:
    """The picture with the light of the other one inside; None where that is too different."""
    old, new = pixels[inside].astype(np.float64), there[inside].astype(np.float64)
    if np.abs(new.mean(axis=0) - old.mean(axis=0)).max() > GLOW:
        return None
    # Over all channels the contrast has to stay, else letters that have gone would be letters.
    if not 0.6 <= _gain(old.mean(axis=1), new.mean(axis=1)) <= 1.6:
        return None
    lit = pixels.copy()
    for channel in range(3):
        one, two = old[:, channel], new[:, channel]
        moved = two.mean() + _gain(one, two) * (one - one.mean())
        lit[..., channel][inside] = np.rint(moved).astype(np.int16)
    return lit


def _gain(one: NDArray[np.float64], two: NDArray[np.float64]) -> float:
    """How much stronger the second one's contrast is, as the least squares have it."""
    spread = float(one.var())
    return float(((one - one.mean()) * (two - two.mean())).mean() / spread) if spread else 1.0


def _crop(
    pixels: NDArray[np.uint8],
    box: Sequence[float],
    margin: tuple[int, int],
    holes: Sequence[Sequence[float]],
) -> tuple[Image.Image, tuple[int, int]]:
    height, width = pixels.shape[:2]
    x1, y1 = max(round(box[0]) - margin[0], 0), max(round(box[1]) - margin[1], 0)
    x2, y2 = min(round(box[2]) + margin[0], width), min(round(box[3]) + margin[1], height)
    x2, y2 = max(x2, min(x1 + 1, width)), max(y2, min(y1 + 1, height))
    part = np.full((y2 - y1, x2 - x1, 4), 255, np.uint8)
    part[..., :3] = pixels[y1:y2, x1:x2]
    for hole in holes:
        left, top, right, bottom = (round(side) for side in hole)
        part[max(top - y1, 0) : max(bottom - y1, 0), max(left - x1, 0) : max(right - x1, 0)] = 0
    return Image.fromarray(part, "RGBA"), (x1, y1)


def _window(screen: Screen, at: tuple[int, int], size: tuple[int, int]) -> Pixels | None:
    (x, y), image = at, screen.image
    if x < 0 or y < 0 or x + size[0] > image.width or y + size[1] > image.height:
        return None
    return np.asarray(image.crop((x, y, x + size[0], y + size[1]))).astype(np.int16)


def _edges(pixels: Pixels, opaque: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where the colour is another than to the left or above; the rim of a hole is no edge."""
    found = np.zeros(opaque.shape, np.bool_)
    right = np.abs(np.diff(pixels, axis=1)).max(axis=2) >= UNLIKE
    below = np.abs(np.diff(pixels, axis=0)).max(axis=2) >= UNLIKE
    found[:, 1:] |= right & opaque[:, 1:] & opaque[:, :-1]
    found[1:, :] |= below & opaque[1:, :] & opaque[:-1, :]
    return found


def _spread(where: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Some of these pixels, spread evenly over all of them."""
    rows, columns = np.nonzero(where)
    if not rows.size:
        return []
    # Steps of the golden section: any beginning of the list is spread as well as the whole.
    picked = dict.fromkeys(int(n * 0.6180339887 % 1 * rows.size) for n in range(PROBES))
    return [(int(rows[index]), int(columns[index])) for index in picked]


def _grey(pixels: Pixels) -> Pixels:
    # Sums of shares that are exact in 16 bits: the same for a picture and the screen it is of.
    made: Pixels = (pixels[..., 0] * 2 + pixels[..., 1] * 5 + pixels[..., 2]) >> 3
    return made
