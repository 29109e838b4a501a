"""Which words stand in, above and beside a small frame."""

from __future__ import annotations

from .frames import Frame
from .layout import Layout
from .phrases import Phrase


def captioned(layout: Layout, frame: Frame) -> bool:
    """Tell whether words begin right above a frame, or end left of it with a colon."""
    y = (frame.y1 + frame.y2) / 2
    for phrase in layout.phrases:
        above = abs(phrase.x1 - frame.x1) <= 4 and 0 <= frame.y1 - phrase.y2 <= 0.8 * phrase.size
        beside = 0 <= frame.x1 - phrase.x2 <= 1.2 * phrase.size and phrase.text.endswith(":")
        if above or (beside and abs(phrase.y - y) <= 0.6 * phrase.size):
            return True
    return False


def within_words(layout: Layout, frame: Frame) -> bool:
    """Tell whether the middle of a frame lies in words: it is a letter."""
    x, y = (frame.x1 + frame.x2) / 2, (frame.y1 + frame.y2) / 2
    return any(
        phrase.x1 - 2 <= x <= phrase.x2 + 2 and phrase.y1 <= y <= phrase.y2
        for phrase in layout.phrases
    )


def right_of(layout: Layout, frame: Frame) -> Phrase | None:
    """Return the words that begin close to the right of a small frame, on its row."""
    y = (frame.y1 + frame.y2) / 2
    for phrase in layout.phrases:
        level = abs(phrase.y - y) <= 0.6 * max(phrase.size, frame.height)
        if level and -0.3 <= (phrase.x1 - frame.x2) / phrase.size <= 1.6:
            return phrase
    return None
