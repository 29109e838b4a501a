"""Fields that have no frame, only a line below, as in Material Design."""

from __future__ import annotations

from .controls import Control
from .frames import Rule
from .layout import Layout
from .phrases import Phrase

# Shares of the font size: sides of such a field, and how far its label or value is above the line.
_LEAST_WIDTH, _MOST_WIDTH, _HEIGHT = 10.0, 45.0, 2.3
# A hint is fainter than other text; the widest field with one; where what stands at its end begins.
_HINT, _WIDEST, _END = 0.85, 80.0, 0.85
_CLOSEST, _VALUE, _LABEL = 0.2, 0.9, 3.2
# A heading above a line is larger than other text.
_HEADING = 1.3


def find_underlined(layout: Layout, controls: list[Control]) -> list[Control]:
    """Return the fields of which only the lower border is drawn."""
    size = layout.size
    lines = [
        rule
        for rule in layout.rules
        if _LEAST_WIDTH * size <= rule.x2 - rule.x1 <= _WIDEST * size
        and rule.x2 - rule.x1 < 0.8 * layout.pixels.shape[1]
        and not _on_frame(layout, rule)
    ]
    found = []
    for rule in lines:
        above = _words_above(layout, rule)
        if not above:
            continue
        near = any(rule.y1 - phrase.y2 < _VALUE * size for phrase in above)
        hint = near and all(p.contrast < _HINT * layout.contrast for p in above)
        if not hint and rule.x2 - rule.x1 > _MOST_WIDTH * size:
            continue
        if near and not hint and len(above) == 1 and _paved(lines, rule, size):
            continue  # rows of a list with lines between them
        top = rule.y1 - _HEIGHT * size
        if any(
            c.x1 < rule.x2 and rule.x1 < c.x2 and c.y1 < rule.y1 and top < c.y2 for c in controls
        ):
            continue
        values = [p for p in above if rule.y1 - p.y2 < _VALUE * size]
        text = " ".join(phrase.text for phrase in values)
        found.append(
            Control(rule.x1, top, rule.x2, rule.y2, "textbox", text, 0.45, phrases=tuple(values))
        )
    return found


def _words_above(layout: Layout, rule: Rule) -> list[Phrase]:
    """Return label and value over a line, [] if what stands there is something else."""
    size, wide = layout.size, rule.x2 - rule.x1
    above = [p for p in layout.phrases if _stands_above(p, rule, size)]
    # At the end of a field may stand a link or a unit.
    words = [p for p in above if p.x1 < rule.x1 + _END * wide]
    rows = {round(phrase.y / (0.6 * size)) for phrase in words}
    if not len(words) == len(rows) <= 2 or len(above) > len(words) + 1:
        return []
    if any(p.underlined or p.size > _HEADING * size for p in words):
        return []
    aside = any(abs(p.x1 - rule.x1) > size or p.width > 0.8 * wide for p in words)
    return [] if aside else words


def _stands_above(phrase: Phrase, rule: Rule, size: float) -> bool:
    gap = (rule.y1 - phrase.y2) / size
    return _CLOSEST <= gap <= _LABEL and phrase.x1 < rule.x2 and rule.x1 < phrase.x2


def _on_frame(layout: Layout, rule: Rule) -> bool:
    """Tell whether a line is a side of a frame, or touches one."""
    return any(
        frame.x1 - 3 <= rule.x1
        and rule.x2 <= frame.x2 + 3
        and min(abs(frame.y1 - rule.y1), abs(frame.y2 - rule.y2)) <= 4
        for frame in layout.frames
    )


def _paved(lines: list[Rule], rule: Rule, size: float) -> bool:
    """Tell whether lines as wide stand closely above or below."""
    return any(
        abs(other.x1 - rule.x1) <= 2
        and abs(other.x2 - rule.x2) <= 2
        and 0 < abs(other.y1 - rule.y1) < 3.4 * size
        for other in lines
    )
