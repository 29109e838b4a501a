"""Phrases: stretches of words on one line that look alike and stand in the same frame."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..reader.lines import GlyphLine, line_confidence, line_text, unknown_share
from ..reader.reader import BELIEVED, LEAST_CONFIDENCE, Screen

Pixels = NDArray[np.uint8]
Shade = tuple[float, float, float]

# A wider gap between words, in font sizes, parts neighbours: links of a menu, cells of a table.
WIDE_GAP = 0.85
# A sign that stands this far from the rest of its word, in font sizes, may be no letter of it.
_APART = 0.15
# Below this share of the font size only an underline covers so much of a word's width, though it
# has gaps where letters reach through it.
_BASELINE, _UNDERLINED = 0.86, 0.72
_SAMPLING = 3
# Marks between the steps of a path or the items of a list.
SEPARATORS = frozenset("|/›»·•>—–-,‹«")


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words on a line: text, box in pixels, font size, colour of ink and ground.

    ``line`` numbers the line it stands on; ``sure`` tells how well it was read, ``goes_on``
    whether the line below the word before it goes on to here.
    """

    text: str
    x1: float
    y1: float
    x2: float
    y2: float
    size: float
    ink: Shade
    ground: Shade
    underlined: bool
    sure: float
    line: int
    goes_on: bool = False

    @property
    def x(self) -> float:
        """The middle, across."""
        return (self.x1 + self.x2) / 2

    @property
    def y(self) -> float:
        """The middle, down."""
        return (self.y1 + self.y2) / 2

    @property
    def width(self) -> float:
        """Its width in pixels."""
        return self.x2 - self.x1

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom."""
        return self.x1, self.y1, self.x2, self.y2

    @property
    def separator(self) -> bool:
        """Whether it only parts its neighbours."""
        return not set(self.text) - SEPARATORS - {" "}

    @property
    def contrast(self) -> float:
        """How much the ink differs from the ground, 0 to 255."""
        return max(abs(a - b) for a, b in zip(self.ink, self.ground, strict=True))

    @property
    def chroma(self) -> float:
        """How colourful the ink is, 0 to 255."""
        return max(self.ink) - min(self.ink)


def find_phrases(
    screen: Screen, pixels: Pixels, frame_at: Callable[[float, float], int]
) -> list[Phrase]:
    """Return the phrases of a screen line by line; ``frame_at`` numbers the frame of a point."""
    found = []
    for number, read in enumerate(screen.read.lines):
        line = without_mark(screen, read)
        sure = line_confidence(screen.read.glyphs, line)
        unknown = unknown_share(screen.read.glyphs, line) > 0.5
        if sure < (LEAST_CONFIDENCE if unknown else BELIEVED):
            continue
        texts = line_text(screen.read.glyphs, line).split(" ")
        top, bottom = max(line.box[1], 0.0), min(line.box[3], screen.size[1])
        spans = _spans(screen, line)
        frames = [frame_at((x1 + x2) / 2, (top + bottom) / 2) for x1, x2 in spans]
        start = 0
        while start < len(spans):
            end = start + 1
            while end < len(spans) and frames[end] == frames[start]:
                end += 1
            looks = _looks(pixels, spans[start:end], top, bottom, line.size)
            words = [
                Phrase(
                    "" if unknown else text,
                    *(span[0], top, span[1], bottom, line.size),
                    *look[:3],
                    sure,
                    number,
                    look[3],
                )
                for text, span, look in zip(texts[start:end], spans[start:end], looks, strict=True)
            ]
            found += _joined_alike(words)
            start = end
    return found


def without_mark(screen: Screen, line: GlyphLine) -> GlyphLine:
    """Return the line with its first sign as a word if it stands apart.

    A checkbox or radio button before words may be read as a letter of the first one.
    """
    if len(line.glyphs) < 2 or line.begins[1]:
        return line
    x, half = screen.read.glyphs.x[line.glyphs[:2]], screen.read.glyphs.width[line.glyphs[:2]] / 2
    if (x[1] - half[1]) - (x[0] + half[0]) < _APART * line.size:
        return line
    begins = line.begins.copy()
    begins[1] = True
    return replace(line, begins=begins)


def _spans(screen: Screen, line: GlyphLine) -> list[tuple[float, float]]:
    """Return left and right of the words of a line."""
    x, half = screen.read.glyphs.x[line.glyphs], screen.read.glyphs.width[line.glyphs] / 2
    starts = np.flatnonzero(line.begins)
    left = np.minimum.reduceat(x - half, starts).clip(0, screen.size[0])
    right = np.maximum.reduceat(x + half, starts).clip(0, screen.size[0])
    return list(zip(left.tolist(), right.tolist(), strict=True))


def _looks(
    pixels: Pixels, spans: list[tuple[float, float]], top: float, bottom: float, size: float
) -> list[tuple[Shade, Shade, bool, bool]]:
    """Return of words side by side: ink, ground, whether underlined, on from the word before.

    They stand on one ground; of each column of pixels the one that differs most is looked at.
    """
    first = int(min(span[0] for span in spans))
    last = math.ceil(max(span[1] for span in spans))
    crop = pixels[int(top) : math.ceil(bottom) + 2, first:last]
    if not crop.size:
        return [((0.0, 0.0, 0.0), (255.0, 255.0, 255.0), False, False)] * len(spans)
    # Ink covers less than half of a line; some of its pixels tell as much as all.
    some = crop.reshape(-1, 3)[::_SAMPLING]
    ground = np.partition(some, len(some) // 2, axis=0)[len(some) // 2]
    gaps = np.maximum(crop, ground)
    gaps -= np.minimum(crop, ground)
    far = np.maximum(np.maximum(gaps[..., 0], gaps[..., 1]), gaps[..., 2])
    row = far.argmax(axis=0)
    across = np.arange(crop.shape[1])
    strength, inks = far[row, across], crop[row, across]
    below = far[int(_BASELINE * size) :]
    paper = _shade(ground.tolist())
    found = []
    ended = 0
    for x1, x2 in spans:
        word = slice(int(x1) - first, max(math.ceil(x2), int(x1) + 1) - first)
        most = int(strength[word].max(initial=0))
        if most == 0:
            found.append((paper, paper, False, False))
            continue
        ink = inks[word][strength[word] >= 0.75 * most].mean(axis=0)
        lined = goes_on = False
        if most > 12 and x2 - x1 > 0.5 * size and len(below):
            drawn = below > 0.4 * most
            covered = drawn[:, word].sum(axis=1)
            lined = bool(covered.max() > _UNDERLINED * (word.stop - word.start))
            between = drawn[int(covered.argmax()), ended : word.start]
            goes_on = lined and bool(between.all())
        ended = word.stop
        found.append((_shade(ink.tolist()), paper, lined, goes_on))
    return found


def _shade(values: list[float]) -> Shade:
    return (float(values[0]), float(values[1]), float(values[2]))


def _joined_alike(words: list[Phrase]) -> list[Phrase]:
    runs: list[list[Phrase]] = []
    for word in words:
        if runs and not _parted(runs[-1][-1], word):
            runs[-1].append(word)
        else:
            runs.append([word])
    return [_joined(run) for run in runs]


def _parted(one: Phrase, two: Phrase) -> bool:
    """Tell whether a word begins a new phrase after another word of its line."""
    return (
        two.x1 - one.x2 > WIDE_GAP * one.size
        or one.underlined != two.underlined
        or (two.underlined and not two.goes_on)
        or one.separator != two.separator
        or not same_ink(one, two)
    )


def same_ink(one: Phrase, two: Phrase) -> bool:
    """Tell whether two words are written in one colour; thin strokes look paler, not other."""
    first = [ink - ground for ink, ground in zip(one.ink, one.ground, strict=True)]
    second = [ink - ground for ink, ground in zip(two.ink, two.ground, strict=True)]
    long, short = math.hypot(*first), math.hypot(*second)
    if min(long, short) < 20:
        return True
    alike = sum(a * b for a, b in zip(first, second, strict=True)) / (long * short)
    return alike > 0.975 and min(long, short) > 0.55 * max(long, short)


def _joined(words: list[Phrase]) -> Phrase:
    widest = max(words, key=lambda word: word.width)
    return Phrase(
        " ".join(word.text for word in words).strip(),
        min(word.x1 for word in words),
        words[0].y1,
        max(word.x2 for word in words),
        words[0].y2,
        words[0].size,
        widest.ink,
        widest.ground,
        widest.underlined,
        words[0].sure,
        words[0].line,
    )
