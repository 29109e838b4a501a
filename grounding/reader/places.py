"""Places where a text stands among glyphs in reading order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..align import GlyphRow, align
from ..types import Box
from .glyphs import Glyphs
from .lines import WRAP, GlyphLine, line_text, reading_order

Pixels = tuple[float, float, float, float]

# The best place is beyond doubt with this score, if no other comes so close.
_CERTAIN, _AHEAD = 0.97, 0.2
# Of the score, for a place whose line says nothing alike when it is read as a whole.
_GONE = 0.5


@dataclass(frozen=True, slots=True)
class Found:
    """A place where a text stands: box around all of it, a box a line, score 0 to 1, its text."""

    box: Box
    parts: tuple[Box, ...]
    score: float
    text: str


def box_of(pixels: Pixels, size: tuple[int, int]) -> Box:
    """Return a box in shares of a picture (width, height), cut off at its edges."""
    width, height = size
    x1, x2 = (min(max(x, 0.0), width) for x in (pixels[0], pixels[2]))
    y1, y2 = (min(max(y, 0.0), height) for y in (pixels[1], pixels[3]))
    return Box.from_pixels(x1, y1, x2, y2, size)


class TextRow:
    """Lines in reading order, made ready for queries."""

    def __init__(self, glyphs: Glyphs, lines: list[GlyphLine], size: tuple[int, int]) -> None:
        self._glyphs, self._size = glyphs, size
        self._index, self._breaks = reading_order(lines)
        self._row = GlyphRow(glyphs.scores[self._index], self._breaks)

    def find(self, text: str, limit: int, exact_case: bool) -> list[Found]:
        """Return the places that resemble a text most, best first."""
        found: list[Found] = []
        for match in align(self._row, text, limit=limit, exact_case=exact_case):
            place = self._found(match.start, match.end, match.score)
            # A line stands in the reading order twice where others stand beside it.
            if not any(place.box.contains(other.box.center) for other in found):
                found.append(place)
        return found

    def _found(self, start: int, end: int, score: float) -> Found:
        breaks, glyphs = self._breaks, self._glyphs
        cuts = [start, *(start + 1 + np.flatnonzero(breaks[start + 1 : end + 1] >= WRAP)), end + 1]
        parts, texts = [], []
        for first, after in zip(cuts, cuts[1:], strict=False):
            piece = self._index[first:after]
            x, y = glyphs.x[piece], glyphs.y[piece]
            half, size = glyphs.width[piece] / 2, glyphs.size[piece]
            middle, tall = float(np.median(y)), float(np.median(size))
            left, right = float((x - half).min()), float((x + half).max())
            parts.append((left, middle - tall / 2, right, middle + tall / 2))
            line = GlyphLine(piece, breaks[first:after] != 0, parts[-1], tall)
            texts.append(line_text(glyphs, line))
        edges = np.array(parts)
        low, high = edges[:, :2].min(axis=0).tolist(), edges[:, 2:].max(axis=0).tolist()
        return Found(
            box=box_of((low[0], low[1], high[0], high[1]), self._size),
            parts=tuple(box_of(part, self._size) for part in parts),
            score=round(score, 4),
            text=" ".join(texts),
        )


def is_clear(places: list[Found]) -> bool:
    """Tell whether the best place is beyond doubt: it says the text, and no other comes close."""
    if not places or places[0].score < _CERTAIN:
        return False
    return len(places) == 1 or places[1].score < places[0].score - _AHEAD


def judged_again(places: list[Found], again: list[Found]) -> list[Found]:
    """Return places as their lines, read as a whole, show them; the order is that of the scores."""
    judged = []
    for place in places:
        same = [
            other
            for other in again
            if place.box.contains(other.box.center) or other.box.contains(place.box.center)
        ]
        gone = Found(place.box, place.parts, round(_GONE * place.score, 4), place.text)
        best = max(same, key=lambda other: other.score, default=gone)
        if best not in judged:
            judged.append(best)
    return sorted(judged, key=lambda place: -place.score)


def touched(lines: list[GlyphLine], places: list[Found], size: tuple[int, int]) -> list[GlyphLine]:
    """Return the lines that parts of places stand on."""
    boxes = np.array([line.box for line in lines], np.float64).reshape(-1, 4)
    middle = (boxes[:, 1] + boxes[:, 3]) / 2
    hit = np.zeros(len(lines), bool)
    for part in (part for place in places for part in place.parts):
        x1, y1, x2, y2 = part.to_pixels(size)
        hit |= (middle > y1) & (middle < y2) & (boxes[:, 0] < x2) & (boxes[:, 2] > x1)
    return [lines[number] for number in np.flatnonzero(hit).tolist()]
