"""The line reader: reads the lines that the glyph map found once more, each as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from .alphabet import CLASS_COUNT, class_of
from .glyphs import Glyphs
from .line_model import BLANK, OUTPUTS, SPACE, LineNet
from .lines import GlyphLine, line_of
from .model import fuse
from .network import load_weights
from .strips import EM, GAP, MARGIN, STEP, Bytes, Strip, cut, lay_out, pack

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_ROW = 1024  # pixels of a row of strips
_STEPS = _ROW // STEP
_AT_ONCE = 8  # rows
_LEAST_CHANCE = np.float32(1e-13)
_SAME = 0.35  # of the font size: a letter this close to a glyph of the map is that glyph
_WORD_GAP = 0.6  # of the font size: a wider gap ends a word, whatever the network says
# Digits are equally wide in most fonts: times their usual distance, with a space and without.
_SPACED, _UNSPACED, _LEAST_PAIRS = 1.28, 1.12, 3
_DIGITS = np.array([class_of(digit) for digit in "0123456789"])
_LEAST_WIDTH, _MOST_WIDTH = 0.2, 1.0  # of the font size, for a letter that the map has not


@dataclass(frozen=True)
class _Letters:
    """Letters as they come out of the network: strip, place in its pixels, and what they are."""

    strip: Ints
    place: Floats
    begins: NDArray[np.bool_]
    scores: Floats
    warmth: Floats


class LineReader:
    """Reads lines of a picture."""

    def __init__(self, net: LineNet) -> None:
        self._net = net

    @classmethod
    def load(cls, path: Path) -> LineReader:
        """Load the weights of a line reader."""
        net = LineNet()
        load_weights(net, path)
        return cls(fuse(net).to(memory_format=torch.channels_last))  # type: ignore[call-overload]

    def read(
        self, pixels: Bytes, glyphs: Glyphs, lines: Sequence[GlyphLine]
    ) -> tuple[Glyphs, list[GlyphLine]]:
        """Return the glyphs of lines as they are read now, and the lines they stand on.

        Lines without any letter are left out.
        """
        strips, owner = strips_of(glyphs, lines)
        picture = Image.fromarray(pixels)
        letters = self._letters([cut(picture, pixels, strip) for strip in strips])
        left = np.array([strip.left for strip in strips], np.float32)
        scale = np.array([strip.size / EM for strip in strips], np.float32)
        x = left[letters.strip] + letters.place * scale[letters.strip]
        line_numbers = np.array(owner, np.int64)[letters.strip]
        cuts = np.searchsorted(line_numbers, np.arange(len(lines) + 1))
        parts, found, count = [], [], 0
        for number, line in enumerate(lines):
            piece = slice(int(cuts[number]), int(cuts[number + 1]))
            if piece.stop == piece.start:
                continue
            width = piece.stop - piece.start
            at, wide = _measured(x[piece], glyphs, line)
            wide_gaps = np.diff(at) - (wide[1:] + wide[:-1]) / 2 > _WORD_GAP * line.size
            begins = letters.begins[piece] | np.append(True, wide_gaps)
            begins = _spaced(letters.scores[piece].argmax(axis=1), at, begins)
            parts.append(
                Glyphs(
                    at,
                    np.full(width, line.y, np.float32),
                    wide,
                    np.full(width, line.size, np.float32),
                    letters.scores[piece],
                    letters.warmth[piece],
                    np.append(begins[1:], True).astype(np.float32),
                )
            )
            found.append((np.arange(count, count + width), begins))
            count += width
        if not parts:
            return glyphs.take(np.zeros(0, np.int64)), []
        whole = Glyphs.joined(parts)
        return whole, [line_of(whole, index, begins) for index, begins in found]

    def _letters(self, strips: Sequence[Bytes]) -> _Letters:
        """Read strips: one letter for each run of steps with the same answer."""
        places = pack([strip.shape[1] for strip in strips], _ROW)
        rows = lay_out(strips, places, _ROW)
        owner = np.full(rows.shape[0] * _STEPS, -1, np.int64)
        first = np.zeros(len(strips), np.int64)
        for number, (strip, (row, column)) in enumerate(zip(strips, places, strict=True)):
            first[number] = row * _STEPS + column // STEP
            owner[first[number] : first[number] + strip.shape[1] // STEP] = number
        parts = [
            self._runs(rows[at : at + _AT_ONCE], owner[at * _STEPS : (at + _AT_ONCE) * _STEPS])
            for at in range(0, len(rows), _AT_ONCE)
        ]
        if not parts:
            parts = [(np.zeros(0), np.zeros((0, OUTPUTS), np.float32))]
        shifts = np.arange(len(parts)) * _AT_ONCE * _STEPS
        middle = np.concatenate([part[0] + by for part, by in zip(parts, shifts, strict=True)])
        chances = np.concatenate([part[1] for part in parts])
        # In the order of the strips, and within each from left to right.
        of = owner[middle.astype(np.int64)]
        order = np.lexsort((middle, of))
        middle, of, chances = middle[order], of[order], chances[order]
        space = chances.argmax(axis=1) == SPACE
        begins = np.append(True, space[:-1])[: len(space)]
        begins |= np.append(True, of[1:] != of[:-1])[: len(of)]
        of, chances = of[~space], chances[~space]
        letters = chances[:, :CLASS_COUNT]
        sure = letters.sum(axis=1, keepdims=True)
        return _Letters(
            of,
            (middle[~space] - first[of] + 0.5).astype(np.float32) * STEP,
            begins[~space],
            np.log(np.maximum(letters / sure, _LEAST_CHANCE)),
            sure[:, 0],
        )

    @torch.inference_mode()
    def _runs(self, rows: Bytes, owner: Ints) -> tuple[NDArray[np.float64], Floats]:
        """Return the middle step of each run of one answer in strips, and its probabilities."""
        steps = self._net(torch.from_numpy(rows)).flatten(0, 1)
        said = np.where(owner >= 0, steps.argmax(1).numpy(), BLANK)
        starts = np.flatnonzero(np.append(True, said[1:] != said[:-1]))
        ends = np.append(starts[1:], len(said)) - 1
        shown = said[starts] != BLANK
        starts, ends = starts[shown], ends[shown]
        chances = steps[torch.from_numpy((starts + ends) // 2)].softmax(1)
        return (starts + ends) / 2, chances.numpy()


def _spaced(classes: Ints, at: Floats, begins: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which letters begin words: between digits, their distances tell it."""
    digit = np.isin(classes, _DIGITS)
    pair, apart = digit[1:] & digit[:-1], np.diff(at)
    joined = apart[pair & ~begins[1:]]
    if len(joined) < _LEAST_PAIRS:
        return begins
    usual = float(np.median(joined))
    wide, close = pair & (apart > _SPACED * usual), pair & (apart < _UNSPACED * usual)
    return np.append(begins[:1], (begins[1:] | wide) & ~close)


def strips_of(glyphs: Glyphs, lines: Sequence[GlyphLine]) -> tuple[list[Strip], list[int]]:
    """Return the strips to read, and the line of each: long lines are cut between words."""
    strips: list[Strip] = []
    owner: list[int] = []
    margins = _margins(lines)
    for number, line in enumerate(lines):
        room = (_ROW - GAP - STEP) * line.size / EM
        left, right = line.box[0] - margins[number][0], line.box[2] + margins[number][1]
        for start, end in _pieces(glyphs, line, left, right, room):
            strips.append(Strip(start, end, line.y, line.size))
            owner.append(number)
    return strips, owner


def _margins(lines: Sequence[GlyphLine]) -> list[tuple[float, float]]:
    """Return how far to look beyond the ends of lines: not into the next one beside it."""
    boxes = np.array([line.box for line in lines], np.float64).reshape(-1, 4)
    found = []
    for line in lines:
        beside = (boxes[:, 1] < line.y) & (boxes[:, 3] > line.y)
        before = line.box[0] - boxes[beside & (boxes[:, 0] < line.box[0]), 2]
        after = boxes[beside & (boxes[:, 2] > line.box[2]), 0] - line.box[2]
        most = MARGIN * line.size
        found.append(
            (
                max(0.0, min(most, float(before.min(initial=np.inf)) / 2)),
                max(0.0, min(most, float(after.min(initial=np.inf)) / 2)),
            )
        )
    return found


def _pieces(
    glyphs: Glyphs, line: GlyphLine, left: float, right: float, room: float
) -> list[tuple[float, float]]:
    """Return the ends of pieces that have room: cut between words, or else between letters."""
    if right - left <= room:
        return [(left, right)]
    x, half = glyphs.x[line.glyphs], glyphs.width[line.glyphs] / 2
    between = ((x[1:] - half[1:] + x[:-1] + half[:-1]) / 2).astype(np.float64)
    words = between[line.begins[1:]]
    cuts = [left]
    while right - cuts[-1] > room:
        fit = words[(words > cuts[-1]) & (words <= cuts[-1] + room)]
        if not len(fit):
            fit = between[(between > cuts[-1]) & (between <= cuts[-1] + room)]
        cuts.append(float(fit.max()) if len(fit) else cuts[-1] + room)
    return list(zip(cuts, [*cuts[1:], right], strict=True))


def _measured(x: Floats, glyphs: Glyphs, line: GlyphLine) -> tuple[Floats, Floats]:
    """Return middles and widths of letters: those of the map's glyph where it has one there."""
    order = np.argsort(glyphs.x[line.glyphs], kind="stable")
    known, width = glyphs.x[line.glyphs][order], glyphs.width[line.glyphs][order]
    after = np.searchsorted(known, x).clip(0, len(known) - 1)
    before = (after - 1).clip(0)
    nearest = np.where(np.abs(known[before] - x) < np.abs(known[after] - x), before, after)
    away = np.abs(known[nearest] - x)
    # One glyph may have been taken for two: it belongs to the nearer letter.
    rank = np.lexsort((away, nearest))
    first = np.append(True, nearest[rank][1:] != nearest[rank][:-1])[: len(rank)]
    own = np.zeros(len(x), bool)
    own[rank[first]] = True
    own &= away < _SAME * line.size
    at = np.where(own, known[nearest], x).astype(np.float32)
    apart = np.append(np.inf, np.diff(at))
    nearby = np.minimum(apart, np.append(apart[1:], np.inf))
    guess = nearby.clip(_LEAST_WIDTH * line.size, _MOST_WIDTH * line.size)
    return at, np.where(own, width[nearest], guess).astype(np.float32)
