"""Menus across: words on one line at even gaps, as in a navigation bar or a footer."""

from __future__ import annotations

from .controls import Control
from .layout import Layout
from .marks import MARKS
from .phrases import Phrase, same_ink

_FEWEST = 3
# Gaps between the words in font sizes, and how much larger the widest is than the least.
_LEAST_GAP, _MOST_GAP, _EVEN = 0.85, 7.0, 1.4
_LONGEST = 30
_MARKED = 1.2  # and between a box to tick and its words
# What can be clicked reaches beyond the words by these shares of the font size, or by half a gap.
# How far is not seen: the box between words alone and a roomy button overlaps most with both.
_BESIDE, _ABOVE = 0.6, 0.25
# In a bar across the screen it is at least this share of its height.
_SHARE_OF_BAR = 0.45


def find_bars(layout: Layout, controls: list[Control]) -> list[Control]:
    """Return the items of menus across that are no controls yet."""
    taken = {control.frame for control in controls if control.frame >= 0}
    spoken = {id(phrase) for control in controls for phrase in control.phrases}
    marks = [control for control in controls if control.role in MARKS]
    by_place: dict[tuple[int, int], list[Phrase]] = {}
    for phrase, held in zip(layout.phrases, layout.held, strict=True):
        if held in taken or id(phrase) in spoken or phrase.separator or len(phrase.text) < 2:
            continue
        if phrase.underlined:  # only the words of such a link can be clicked
            continue
        if any(_ticks(mark, phrase) for mark in marks):
            continue
        band = int(phrase.y // max(layout.size / 2, 4))
        by_place.setdefault((held, band), []).append(phrase)
    found: list[Control] = []
    used: set[int] = set()
    for (held, band), phrases in by_place.items():
        # Middles close to the edge of a band lie in the next one.
        near = phrases + by_place.get((held, band + 1), [])
        for bar in _bars(sorted(near, key=lambda phrase: phrase.x1)):
            fresh = not any(id(phrase) in used for phrase in bar)
            if fresh and len(bar) >= _fewest(layout, bar) and not _in_table(layout, bar):
                used |= {id(phrase) for phrase in bar}
                found += _items(layout, bar)
    return found


def _ticks(mark: Control, phrase: Phrase) -> bool:
    """Tell whether words are those of the box or radio button before them."""
    return mark.y1 < phrase.y < mark.y2 and 0 <= phrase.x1 - mark.x2 <= _MARKED * phrase.size


def _fewest(layout: Layout, bar: list[Phrase]) -> int:
    """Return how many words make a menu: in a bar across the screen fewer."""
    in_bar = layout.bar_height(bar[0].x, bar[0].y) is not None
    return _FEWEST - 1 if in_bar else _FEWEST


def _bars(line: list[Phrase]) -> list[list[Phrase]]:
    """Return the stretches of a line whose words look alike and stand at even gaps."""
    found: list[list[Phrase]] = []
    run: list[Phrase] = []
    for phrase in line:
        if run and not _goes_on(run, phrase):
            found.append(run)
            run = []
        run.append(phrase)
    return [run for run in [*found, run] if len(run) > 1]


def _goes_on(run: list[Phrase], new: Phrase) -> bool:
    last = run[-1]
    gap = (new.x1 - last.x2) / last.size
    if not _LEAST_GAP <= gap <= _MOST_GAP or abs(new.y - last.y) > 0.25 * last.size:
        return False
    if len(new.text) > _LONGEST or len(last.text) > _LONGEST:
        return False
    alike = abs(new.size - last.size) < 0.15 * last.size and same_ink(new, last)
    gaps = [(b.x1 - a.x2) / a.size for a, b in zip(run, run[1:], strict=False)]
    even = not gaps or max(*gaps, gap) <= _EVEN * min(*gaps, gap)
    return alike and even


def _in_table(layout: Layout, bar: list[Phrase]) -> bool:
    """Tell whether words stand in columns: others are aligned with some, or below all of them."""
    size = bar[0].size
    aligned = covered = 0
    for phrase in bar:
        near = [p for p in layout.phrases if 0.8 * size < abs(p.y - phrase.y) < 4 * size]
        aligned += any(
            abs(p.x1 - phrase.x1) < 0.3 * size or abs(p.x - phrase.x) < 0.3 * size for p in near
        )
        covered += any(
            0 < p.y - phrase.y < 2.2 * size and p.x1 < phrase.x2 and phrase.x1 < p.x2 for p in near
        )
    return aligned > 0.34 * len(bar) or covered == len(bar)


def _items(layout: Layout, bar: list[Phrase]) -> list[Control]:
    found = []
    for number, phrase in enumerate(bar):
        gaps = [b.x1 - a.x2 for a, b in zip(bar, bar[1:], strict=False)]
        side = min(_BESIDE * phrase.size, 0.5 * min(gaps[max(number - 1, 0) : number + 1]))
        height = layout.bar_height(phrase.x, phrase.y) or 0.0
        above = max(_ABOVE * phrase.size, (_SHARE_OF_BAR * height - phrase.size) / 2)
        box = (phrase.x1 - side, phrase.y1 - above, phrase.x2 + side, phrase.y2 + above)
        found.append(Control(*box, "link", phrase.text, 0.55 * phrase.sure, phrases=(phrase,)))
    return found
