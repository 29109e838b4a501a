"""Puts glyphs in order: lines, the words in them, and which line goes on in which."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .alphabet import OTHER, character_of, class_of
from .glyphs import Glyphs

Ints = NDArray[np.int64]

# Shares of the font size.
LINE_GAP = 1.1  # a wider gap ends a line
WORD_GAP = 0.45  # a wider gap ends a word, whatever the network says
LEVEL = 0.38  # middles of glyphs on one line differ less
ALIKE = 1.6  # font sizes on one line differ by less than this factor

# Letters that look like another one in many fonts, and which.
_TWINS = {small: small.upper() for small in "cosuvwxz"} | {"l": "I"}
_TWINS |= {capital: small for small, capital in _TWINS.items()}
_ELLIPSIS = re.compile(r"(?<=\w)(?:\.\.|\.+…|…\.+)(?!\S)")  # not all of its dots were seen
DOUBT = 3.0  # the network is in doubt if log-probabilities differ by less

# What stands between a glyph and the one before it in reading order.
JOINED, SPACE, WRAP, APART, ELSEWHERE = range(5)


@dataclass(frozen=True)
class GlyphLine:
    """One line: its glyphs from left to right, and for each whether a word begins there."""

    glyphs: Ints
    begins: NDArray[np.bool_]
    box: tuple[float, float, float, float]
    size: float

    @property
    def y(self) -> float:
        """The height of the line's middle in pixels."""
        return (self.box[1] + self.box[3]) / 2


def make_lines(glyphs: Glyphs) -> list[GlyphLine]:
    """Group glyphs into lines, top to bottom and left to right.

    Glyphs are taken from left to right; each continues the best line that ends close before it, or
    starts a new one. Open lines are kept by bands of 8 px, so only near ones are looked at.
    """
    order = np.argsort(glyphs.x, kind="stable").tolist()
    x, y, width, size = (a.tolist() for a in (glyphs.x, glyphs.y, glyphs.width, glyphs.size))
    bands: dict[int, list[list[int]]] = {}
    found: list[list[int]] = []
    for index in order:
        best, least = None, float("inf")
        reach = int(LEVEL * size[index] // 8) + 1
        band = int(y[index] // 8)
        for near in range(band - reach, band + reach + 1):
            for line in bands.get(near, ()):
                cost = _join_cost(index, line[-1], x, y, width, size)
                if cost < least:
                    best, least = line, cost
        if best is None:
            best = []
            found.append(best)
        else:
            bands[int(y[best[-1]] // 8)].remove(best)
        best.append(index)
        bands.setdefault(band, []).append(best)
    lines = [_finish(glyphs, np.array(line)) for line in found]
    return sorted(lines, key=lambda line: (round(line.y / 4), line.box[0]))


def _join_cost(
    new: int, end: int, x: list[float], y: list[float], width: list[float], size: list[float]
) -> float:
    """Return how badly a glyph continues a line, infinite if it does not."""
    one, other = size[new], size[end]
    small, large = (one, other) if one < other else (other, one)
    gap = x[new] - x[end] - (width[new] + width[end]) / 2
    if gap > LINE_GAP * large or gap < -0.6 * small or large > ALIKE * small:
        return float("inf")
    drop = abs(y[new] - y[end])
    return drop + max(gap, 0.0) * 0.5 if drop <= LEVEL * small else float("inf")


def _median(values: NDArray[np.float32]) -> float:
    """Return the upper median: np.median costs ten times as much on a line of text."""
    return float(sorted(values.tolist())[len(values) // 2])


def _finish(glyphs: Glyphs, index: Ints) -> GlyphLine:
    x, half, size = glyphs.x[index], glyphs.width[index] / 2, _median(glyphs.size[index])
    gaps = (x[1:] - half[1:]) - (x[:-1] + half[:-1])
    ends = ((glyphs.last[index][:-1] > 0.5) & (gaps > -0.05 * size)) | (gaps > WORD_GAP * size)
    return line_of(glyphs, index, np.append(True, ends))


def line_of(glyphs: Glyphs, index: Ints, begins: NDArray[np.bool_]) -> GlyphLine:
    """Return the line of some glyphs, from left to right, told where its words begin."""
    x, half, size = glyphs.x[index], glyphs.width[index] / 2, _median(glyphs.size[index])
    middle = _median(glyphs.y[index])
    box = (
        float((x - half).min()),
        middle - size / 2,
        float((x + half).max()),
        middle + size / 2,
    )
    return GlyphLine(index, begins, box, size)


def characters(glyphs: Glyphs, line: GlyphLine) -> list[str]:
    """Return the most likely character of each glyph of a line, its word considered."""
    scores = glyphs.scores[line.glyphs]
    read = [character_of(int(index)) for index in scores.argmax(axis=1)]
    cuts = [*np.flatnonzero(line.begins).tolist(), len(read)]
    for start, end in zip(cuts, cuts[1:], strict=False):
        read[start:end] = settle_case(read[start:end], scores[start:end])
    return read


def settle_case(word: list[str], scores: NDArray[np.float32]) -> list[str]:
    """Give letters whose two cases look alike (s, S) the case of the rest of their word.

    Only where the network itself was in doubt; ``scores`` are the log-probabilities.
    """
    plain = [letter for letter in word if letter.isalpha() and letter not in _TWINS]
    small = sum(letter.islower() for letter in plain)
    capital = sum(letter.isupper() for letter in plain)
    settled = list(word)
    for position, letter in enumerate(word):
        twin = _TWINS.get(letter)
        if twin is None:
            continue
        # An initial says nothing of the letters after it, nor they of it.
        wanted_small = small > 0 and position > 0 and small >= capital
        wanted_capital = small == 0 and capital > (0 if position else 1)
        doubt = scores[position, class_of(twin)] > scores[position, class_of(letter)] - DOUBT
        if doubt and (wanted_small if twin.islower() else wanted_capital):
            settled[position] = twin
    return settled


def line_text(glyphs: Glyphs, line: GlyphLine) -> str:
    """Return the characters of a line, with spaces between words."""
    read = zip(characters(glyphs, line), line.begins, strict=True)
    text = "".join(
        (" " if begins and position else "") + character
        for position, (character, begins) in enumerate(read)
    )
    return _ELLIPSIS.sub("...", text)


def line_confidence(glyphs: Glyphs, line: GlyphLine) -> float:
    """Return the mean probability of a line's characters, times how sure it is of the glyphs."""
    best = np.exp(glyphs.scores[line.glyphs].max(axis=1))
    return float((best * np.minimum(1, glyphs.warmth[line.glyphs] / 0.6)).mean())


def unknown_share(glyphs: Glyphs, line: GlyphLine) -> float:
    """Return the share of a line's glyphs that belong to a script the reader does not know."""
    return float((glyphs.scores[line.glyphs].argmax(axis=1) == OTHER).mean())


def _follows(below: GlyphLine, above: GlyphLine) -> bool:
    """Tell whether a line can be the next one of the paragraph above it."""
    step = below.y - above.y
    alike = max(below.size, above.size) < 1.2 * min(below.size, above.size)
    left = abs(below.box[0] - above.box[0]) < 1.0 * above.size
    centred = abs(sum(below.box[::2]) - sum(above.box[::2])) < 1.5 * above.size
    return alike and 0.8 * above.size < step < 2.2 * above.size and (left or centred)


def paragraphs(lines: list[GlyphLine]) -> list[list[int]]:
    """Chain lines to paragraphs: each line goes on in the nearest one below that fits."""
    order = sorted(range(len(lines)), key=lambda number: lines[number].y)
    heights = np.array([lines[number].y for number in order])
    taken: set[int] = set()
    after: dict[int, int] = {}
    for number in order:
        line = lines[number]
        start, end = np.searchsorted(heights, (line.y, line.y + 2.2 * line.size))
        for below in order[int(start) : int(end)]:
            if below not in taken and below != number and _follows(lines[below], line):
                taken.add(below)
                after[number] = below
                break
    chains = []
    for number in order:
        if number not in taken:
            chain = [number]
            while chain[-1] in after:
                chain.append(after[chain[-1]])
            chains.append(chain)
    return chains


def rows(lines: list[GlyphLine]) -> list[list[int]]:
    """Chain lines that stand side by side: label and value, caption and figure."""
    order = sorted(range(len(lines)), key=lambda number: lines[number].y)
    chains: list[list[int]] = []
    for number in order:
        chain = chains[-1] if chains else None
        if chain and abs(lines[chain[0]].y - lines[number].y) < 0.3 * lines[number].size:
            chain.append(number)
        else:
            chains.append([number])
    for chain in chains:
        chain.sort(key=lambda number: lines[number].box[0])
    return [chain for chain in chains if len(chain) > 1]


def reading_order(lines: list[GlyphLine]) -> tuple[Ints, Ints]:
    """Return glyph numbers in reading order, and what stands before each.

    Paragraphs come first; then the rows with several lines once more, side by side.
    """
    index: list[Ints] = []
    breaks: list[Ints] = []
    for chains, between in ((paragraphs(lines), WRAP), (rows(lines), APART)):
        for chain in chains:
            for position, number in enumerate(chain):
                line = lines[number]
                kinds = np.where(line.begins, SPACE, JOINED)
                kinds[0] = between if position else ELSEWHERE
                index.append(line.glyphs)
                breaks.append(kinds)
    if not index:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    return np.concatenate(index), np.concatenate(breaks)
