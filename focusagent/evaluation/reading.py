"""How well the reader reads: characters and words against a page's exact labels."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from .._siblings import grounding

if TYPE_CHECKING:
    from grounding.reader.reader import Reading  # noqa: TID251 - a type only
    from grounding.training.pages import LabelledPage  # noqa: TID251 - a type only

SIZE_GROUPS = ((9, 11), (11, 14), (14, 18), (18, 25), (25, 41))


@dataclass
class Tally:
    """Right and all characters and words of some group, and the errors in edit steps."""

    characters: int = 0
    right_characters: int = 0
    words: int = 0
    right_words: int = 0
    edits: int = 0
    confusions: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))

    def as_dict(self) -> dict[str, float | int]:
        """Return shares: characters, words, and edit steps a character."""
        return {
            "characters": round(self.right_characters / max(1, self.characters), 4),
            "words": round(self.right_words / max(1, self.words), 4),
            "edits_per_character": round(self.edits / max(1, self.characters), 4),
            "n_characters": self.characters,
            "n_words": self.words,
        }


def edit_distance(one: str, two: str) -> int:
    """Return the fewest insertions, deletions and replacements between two texts."""
    before = list(range(len(two) + 1))
    for row, a in enumerate(one, 1):
        now = [row]
        for column, b in enumerate(two, 1):
            now.append(min(before[column] + 1, now[-1] + 1, before[column - 1] + (a != b)))
        before = now
    return before[-1]


def compare(reading: Reading, page: LabelledPage, tallies: dict[str, Tally]) -> None:
    """Add a page to the tallies: all, each group of sizes, each theme."""
    alphabet = grounding.reader.alphabet
    texts, boxes = _word_boxes(reading)
    said = [""] * len(reading.glyphs)
    for line in reading.lines:
        read = grounding.reader.lines.characters(reading.glyphs, line)
        for index, character in zip(line.glyphs, read, strict=True):
            said[index] = character
    for piece in grounding.training.pages.word_slices(page.words):
        glyph_boxes = page.boxes[piece]
        wanted = "".join(map(chr, page.codes[piece]))
        size = float(glyph_boxes[0, 3] - glyph_boxes[0, 1])
        known = all(alphabet.class_of(character) for character in wanted)
        if not known or not SIZE_GROUPS[0][0] <= size < SIZE_GROUPS[-1][1]:
            continue
        group = next(f"{low}-{high - 1} px" for low, high in SIZE_GROUPS if size < high)
        names = ("all", group, f"theme {page.about.get('theme', 'other')}")
        word = _best_overlap(glyph_boxes, texts, boxes)
        right = alphabet.fold(word) == alphabet.fold(wanted)
        edits = min(len(wanted), edit_distance(alphabet.fold(word), alphabet.fold(wanted)))
        for name in names:
            tally = tallies.setdefault(name, Tally())
            tally.words += 1
            tally.right_words += right
            tally.edits += edits
            _characters(tally, glyph_boxes, wanted, reading, said)


def _characters(
    tally: Tally, boxes: np.ndarray, wanted: str, reading: Reading, said: list[str]
) -> None:
    alphabet, glyphs = grounding.reader.alphabet, reading.glyphs
    for box, character in zip(boxes, wanted, strict=True):
        x, y, width, size = (
            (box[0] + box[2]) / 2,
            (box[1] + box[3]) / 2,
            box[2] - box[0],
            box[3] - box[1],
        )
        near = np.flatnonzero(
            (np.abs(glyphs.x - x) < max(2.0, 0.5 * width)) & (np.abs(glyphs.y - y) < 0.4 * size)
        )
        heard = said[near[np.abs(glyphs.x[near] - x).argmin()]] if len(near) else ""
        tally.characters += 1
        if alphabet.fold(heard) == alphabet.fold(character):
            tally.right_characters += 1
        else:
            tally.confusions[character, heard] += 1


def _word_boxes(reading: Reading) -> tuple[list[str], np.ndarray]:
    """Return the words that the reader sees, with their boxes (N, 4) in pixels."""
    lines = grounding.reader.lines
    texts: list[str] = []
    boxes: list[tuple[float, float, float, float]] = []
    glyphs = reading.glyphs
    for line in reading.lines:
        words = lines.line_text(glyphs, line).split(" ")
        cuts = [*np.flatnonzero(line.begins), len(line.glyphs)]
        for text, first, after in zip(words, cuts, cuts[1:], strict=False):
            piece = line.glyphs[first:after]
            half = glyphs.width[piece] / 2
            texts.append(text)
            boxes.append(
                (
                    float((glyphs.x[piece] - half).min()),
                    line.box[1],
                    float((glyphs.x[piece] + half).max()),
                    line.box[3],
                )
            )
    return texts, np.array(boxes, np.float32).reshape(-1, 4)


def _best_overlap(glyph_boxes: np.ndarray, texts: list[str], boxes: np.ndarray) -> str:
    """Return the text of the word that overlaps a labelled word most, by area over union."""
    if not texts:
        return ""
    x1, y1 = glyph_boxes[:, :2].min(axis=0)
    x2, y2 = glyph_boxes[:, 2:].max(axis=0)
    across = np.clip(np.minimum(boxes[:, 2], x2) - np.maximum(boxes[:, 0], x1), 0, None)
    down = np.clip(np.minimum(boxes[:, 3], y2) - np.maximum(boxes[:, 1], y1), 0, None)
    shared = across * down
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    union = areas + (x2 - x1) * (y2 - y1) - shared
    overlap = shared / np.maximum(union, 1e-6)
    best = int(overlap.argmax())
    return texts[best] if overlap[best] > 0.2 else ""
