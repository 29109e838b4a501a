"""What is known of a screen before its controls are told apart: frames, phrases, icons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from statistics import median_low

import numpy as np
from numpy.typing import NDArray

from ..reader.lines import GlyphLine
from ..reader.reader import Screen
from .frames import Frame, Rule, find_frames
from .phrases import Phrase, find_phrases, without_mark

# The counter of a letter is lower than this share of the font size; a checkbox is not.
_COUNTER = 0.77
# A single sign in a small square is a mark or a misread checkbox, not a word.
_MARK = 1.35
_USUAL_SIZE = 14.0
# A bar across the screen: its width as a share of the screen's, its height in font sizes.
_BAR_WIDTH, _BAR_LOW, _BAR_HIGH = 0.55, 2.6, 5.5


@dataclass(frozen=True)
class Layout:
    """Frames (largest first), lines and phrases of a screen; ``held`` names a phrase's frame."""

    pixels: NDArray[np.uint8]
    frames: tuple[Frame, ...]
    rules: tuple[Rule, ...]
    phrases: tuple[Phrase, ...]
    held: tuple[int, ...]

    @cached_property
    def parents(self) -> tuple[int, ...]:
        """The smallest frame around each frame, -1 for none."""
        boxes = _edges(self.frames)
        found = []
        for number, frame in enumerate(self.frames):
            x, y = (frame.x1 + frame.x2) / 2, (frame.y1 + frame.y2) / 2
            found.append(_smallest(boxes[:number], x, y))
        return tuple(found)

    @cached_property
    def size(self) -> float:
        """The usual font size in pixels."""
        sizes = [p.size for p in self.phrases for _ in range(1 + len(p.text) // 8)]
        return median_low(sizes) if sizes else _USUAL_SIZE

    @cached_property
    def contrast(self) -> float:
        """How much most of the text differs from its ground, 0 to 255."""
        found = [p.contrast for p in self.phrases for _ in range(1 + len(p.text) // 8)]
        return median_low(found) if found else 255.0

    @cached_property
    def scale(self) -> float:
        """How large this screen is drawn, 1 for usual text of 14 pixels."""
        return min(max(self.size / _USUAL_SIZE, 0.85), 2.5)

    def bar_height(self, x: float, y: float) -> float | None:
        """Return the height of the bar across the screen that a point lies in, None without."""
        around = [frame for frame in self.frames if frame.holds(x, y)]
        if not around:
            return None
        bar = around[-1]
        wide = bar.width >= _BAR_WIDTH * self.pixels.shape[1]
        high = _BAR_LOW * self.size <= bar.height <= _BAR_HIGH * self.size
        # Rows of a table are bars too, but there are many.
        alike = sum(abs(f.x1 - bar.x1) <= 2 and abs(f.x2 - bar.x2) <= 2 for f in self.frames)
        return bar.height if wide and high and alike <= 3 else None

    def underscores(self, frame: Frame) -> bool:
        """Tell whether a shaded frame has a line at its foot, as fields of Material Design do."""
        if not frame.filled or frame.border:
            return False
        return any(
            abs(rule.x1 - frame.x1) <= 4
            and abs(rule.x2 - frame.x2) <= 4
            and -4 <= rule.y1 - frame.y2 <= 2
            for rule in self.rules
        )

    def inside(self, number: int) -> list[Phrase]:
        """Return the phrases that stand directly in a frame."""
        return self._phrases_of.get(number, [])

    @cached_property
    def _phrases_of(self) -> dict[int, list[Phrase]]:
        found: dict[int, list[Phrase]] = {}
        for phrase, frame in zip(self.phrases, self.held, strict=True):
            found.setdefault(frame, []).append(phrase)
        return found

    @cached_property
    def kids(self) -> dict[int, list[int]]:
        """The frames directly in each frame."""
        found: dict[int, list[int]] = {}
        for number, parent in enumerate(self.parents):
            found.setdefault(parent, []).append(number)
        return found


def make_layout(pixels: NDArray[np.uint8], screen: Screen) -> Layout:
    """Find frames and phrases of a screen, and which stands in which."""
    every, rules = find_frames(pixels)
    frames = _without_letters(every, screen)
    boxes = _edges(frames)
    phrases = [
        phrase
        for phrase in find_phrases(screen, pixels, partial(_smallest, boxes))
        if phrase.x2 > phrase.x1 and phrase.y2 > phrase.y1
    ]
    held = [_smallest(boxes, phrase.x, phrase.y) for phrase in phrases]
    real = [
        (phrase, frame)
        for phrase, frame in zip(phrases, held, strict=True)
        if not (frame >= 0 and _is_mark(phrase, frames[frame]))
    ]
    return Layout(
        pixels,
        tuple(frames),
        tuple(rules),
        tuple(phrase for phrase, _ in real),
        tuple(frame for _, frame in real),
    )


def _is_mark(phrase: Phrase, frame: Frame) -> bool:
    return len(phrase.text) < 2 and max(frame.width, frame.height) < _MARK * phrase.size


def _edges(frames: Sequence[Frame]) -> NDArray[np.float64]:
    return np.array([(f.x1, f.y1, f.x2, f.y2) for f in frames], np.float64).reshape(-1, 4)


def _smallest(boxes: NDArray[np.float64], x: float, y: float) -> int:
    """Return the last, hence smallest, box around a point, -1 for none."""
    around = (boxes[:, 0] <= x) & (boxes[:, 1] <= y) & (boxes[:, 2] > x) & (boxes[:, 3] > y)
    which = np.flatnonzero(around)
    return int(which[-1]) if len(which) else -1


def _written(line: GlyphLine, screen: Screen) -> tuple[float, float, float, float, float]:
    """Return where the letters of a line stand, and its font size.

    A single sign, or one before the first word, may be a checkbox or radio button.
    """
    first = line.glyphs[0]
    alone = len(line.glyphs) == 1 or bool(line.begins[1])
    x1 = (
        float(screen.read.glyphs.x[first] + screen.read.glyphs.width[first])
        if alone
        else line.box[0]
    )
    return x1, *line.box[1:], line.size


def _without_letters(frames: list[Frame], screen: Screen) -> list[Frame]:
    """Leave out the insides of letters."""
    if not screen.read.lines or not frames:
        return frames
    lines = np.array([_written(without_mark(screen, line), screen) for line in screen.read.lines])
    boxes = _edges(frames)
    x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    height, width = boxes[:, 3] - boxes[:, 1], boxes[:, 2] - boxes[:, 0]
    small = np.flatnonzero(height < lines[:, 4].max())
    kept = np.ones(len(frames), bool)
    for number in small.tolist():
        size = lines[:, 4]
        on = (lines[:, 0] - 0.2 * size <= x[number]) & (x[number] <= lines[:, 2] + 0.2 * size)
        on &= (lines[:, 1] - 0.1 * size <= y[number]) & (y[number] <= lines[:, 3] + 0.2 * size)
        # The insides of letters are no wider than letters: a field is.
        on &= (height[number] < _COUNTER * size) & (width[number] < 1.2 * size)
        kept[number] = not on.any()
    return [frame for frame, keep in zip(frames, kept.tolist(), strict=True) if keep]
