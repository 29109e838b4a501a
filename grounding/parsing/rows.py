"""Rows of menus and side bars: words below each other whose borders cannot be seen.

A click counts anywhere in such a row. Where words of one size stand below each other at an even
pitch in a narrow panel, each is taken for a row as wide as the panel and as high as the pitch.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import median_low

import numpy as np
from numpy.typing import NDArray

from .controls import Control
from .layout import Layout
from .marks import MARKS
from .phrases import Phrase

# Shares of the font size: the lines of a paragraph are closer than the rows of a side bar.
_LEAST_PITCH, _LEAST_MENU_PITCH, _MOST_PITCH = 1.62, 1.35, 4.8
_FEWEST = 3
# Rows of an open group may be closer than the others by this factor.
_CLOSER = 0.65
_HEADING = 0.96
# A panel of rows is no wider than this, in font sizes and as a share of the screen.
_WIDEST, _WIDEST_SHARE = 34.0, 0.45
# Steps of colour along a line of pixels that end a panel.
_STEP = 3


@dataclass(frozen=True, slots=True)
class _Panel:
    """The rectangle that rows stand in; ``chosen`` if a framed row told its sides."""

    x1: float
    y1: float
    x2: float
    y2: float
    chosen: bool = False


def find_rows(layout: Layout, controls: list[Control]) -> list[Control]:
    """Return the rows of menus and side bars."""
    framed = {control.frame: control for control in controls if control.frame >= 0}
    marks = [control for control in controls if control.role in MARKS]
    fields = [control for control in controls if control.role in ("textbox", "combobox")]
    found: list[Control] = []
    for column in _columns(layout, framed):
        members = _without_headings(column)
        pitch = _pitch(members) if len(members) >= _FEWEST else None
        panel = _panel(layout, members, framed) if pitch else None
        if pitch is None or panel is None:
            continue
        role = _role(layout, members, panel, pitch)
        rows = _rows(layout, members, panel, pitch)
        ticked = sum(any(_shared(row, mark) > 0.7 for mark in marks) for row in rows)
        # Of a link in a list that is underlined only the words can be clicked.
        if role == "link" and sum(p.underlined for p in members) > 0.25 * len(members):
            continue
        filled = sum(any(_shared(row, field) > 0.2 for field in fields) for row in rows)
        # A list of options is a form, not a menu; so are labels over their fields.
        if role is not None and ticked <= 0.6 * len(rows) and filled <= 0.5 * len(rows):
            found += [replace(row, role=role) for row in rows]
    return _apart(found)


def _columns(layout: Layout, framed: dict[int, Control]) -> list[list[Phrase]]:
    """Group words of one size in one frame that begin, end or have their middle at one x.

    The chosen row of a menu has a frame of its own: its words count as standing in the panel.
    """
    by_panel: dict[int, list[Phrase]] = {}
    for phrase, held in zip(layout.phrases, layout.held, strict=True):
        panel = held
        if _is_chosen(layout, held, framed):
            panel = layout.parents[held]
        if not phrase.separator and len(phrase.text) > 1:
            by_panel.setdefault(panel, []).append(phrase)
    columns = []
    for phrases in by_panel.values():
        groups = _aligned(phrases, lambda phrase: phrase.x1, 0.5)
        groups += _aligned(phrases, lambda phrase: phrase.x, 0.3)
        groups += _aligned(phrases, lambda phrase: phrase.x2, 0.5)
        taken: set[int] = set()
        for group in sorted(groups, key=len, reverse=True):
            free = [phrase for phrase in group if id(phrase) not in taken]
            if len(free) >= _FEWEST:
                columns.append(sorted(free, key=lambda phrase: phrase.y))
                taken |= {id(phrase) for phrase in free}
    return columns


def _is_chosen(layout: Layout, held: int, framed: dict[int, Control]) -> bool:
    """Tell whether a frame may be that of a chosen row: shaded, without a border."""
    return held in framed and framed[held].role != "combobox" and not layout.frames[held].border


def _aligned(
    phrases: list[Phrase], place: Callable[[Phrase], float], slack: float
) -> list[list[Phrase]]:
    """Group words of one size at one place across."""
    groups = []
    waiting = sorted(phrases, key=place)
    while waiting:
        first = waiting[0]
        same = [
            p
            for p in waiting
            if place(p) - place(first) <= slack * first.size
            and abs(p.size - first.size) <= 0.15 * first.size
        ]
        chosen = {id(phrase) for phrase in same}
        waiting = [phrase for phrase in waiting if id(phrase) not in chosen]
        groups.append(same)
    return groups


def _without_headings(column: list[Phrase]) -> list[Phrase]:
    """Leave out smaller words in capitals where most are not: they head a group of rows."""
    usual = median_low([phrase.size for phrase in column])
    heads = [p for p in column if p.text.isupper() and p.size < _HEADING * usual]
    if 2 * len(heads) >= len(column):
        return column
    ids = {id(phrase) for phrase in heads}
    return [phrase for phrase in column if id(phrase) not in ids]


def _pitch(members: list[Phrase]) -> float | None:
    """Return the distance of rows if it is even enough for a menu."""
    steps = [b.y - a.y for a, b in zip(members, members[1:], strict=False)]
    size = members[0].size

    def alike(pitch: float) -> int:
        return sum(abs(step - pitch) <= 0.12 * pitch for step in steps)

    possible = [s for s in steps if _LEAST_MENU_PITCH * size <= s <= _MOST_PITCH * size]
    usual = max(possible, key=lambda pitch: (alike(pitch), -pitch), default=math.inf)
    # Between groups of rows may stand a heading; in an open group rows are closer.
    if alike(usual) < max(2, 0.34 * len(steps)) or min(steps) < _CLOSER * usual:
        return None
    return usual


def _panel(layout: Layout, members: list[Phrase], framed: dict[int, Control]) -> _Panel | None:
    """Return the panel around a column of words: a frame's, or as far as its ground reaches."""
    frames = {id(p): held for p, held in zip(layout.phrases, layout.held, strict=True)}
    held = [frames[id(phrase)] for phrase in members]
    if sum(number in framed for number in held) > max(1, 0.25 * len(held)):
        return None
    narrow = min(_WIDEST * layout.size, _WIDEST_SHARE * layout.pixels.shape[1])
    common = max(set(held), key=held.count)
    around = layout.frames[common] if common >= 0 and common not in framed else None
    panel = None
    if around is not None and around.width <= narrow:
        panel = _Panel(around.x1, around.y1, around.x2, around.y2)
    else:
        panel = _reach(layout.pixels, members)
    for number in held:
        if number in framed and number != common and framed[number].x2 - framed[number].x1 < narrow:
            own = layout.frames[number]
            top, bottom = (panel.y1, panel.y2) if panel else (0, layout.pixels.shape[0])
            if panel is None or own.width > 0.6 * (panel.x2 - panel.x1):
                return _Panel(own.x1, top, own.x2, bottom, chosen=True)
    return panel if panel is not None and panel.x2 - panel.x1 <= narrow else None


def _reach(pixels: NDArray[np.uint8], members: list[Phrase]) -> _Panel | None:
    """Return how far the ground between rows reaches, if all agree."""
    lefts, rights = [], []
    x = int(min(phrase.x1 for phrase in members))
    for one, two in zip(members, members[1:], strict=False):
        line = pixels[int((one.y2 + two.y1) / 2)]
        left, right = _run(line, x)
        lefts.append(left)
        rights.append(right)
    left, right = median_low(lefts), median_low(rights)
    agree = sum(
        abs(a - left) <= 2 and abs(b - right) <= 2 for a, b in zip(lefts, rights, strict=True)
    )
    if agree < 0.6 * len(lefts) or right - left < 4 * members[0].size:
        return None
    # A mark of the chosen row may stand at one side.
    sides = [_run(pixels[:, x], int(members[0].y)) for x in (left + 3, right - 4)]
    return _Panel(left, min(side[0] for side in sides), right, max(side[1] for side in sides))


def _run(line: NDArray[np.uint8], at: int) -> tuple[int, int]:
    """Return the stretch of a line of pixels around a place without a step of colour."""
    wide = line.astype(np.int16)
    steps = np.flatnonzero((np.abs(wide[1:] - wide[:-1]) > _STEP).any(axis=1)) + 1
    place = int(np.searchsorted(steps, at, "right"))
    start = int(steps[place - 1]) if place else 0
    return start, int(steps[place]) if place < len(steps) else len(line)


def _rows(layout: Layout, members: list[Phrase], panel: _Panel, pitch: float) -> list[Control]:
    """Return a row around each member; a row is lower where neighbours are closer."""
    steps = [b.y - a.y for a, b in zip(members, members[1:], strict=False)]
    found = []
    for phrase, above, below in zip(members, [pitch, *steps], [*steps, pitch], strict=True):
        high = min(1.25 * pitch, above, below)
        y1, y2 = max(phrase.y - high / 2, panel.y1), min(phrase.y + high / 2, panel.y2)
        words = tuple(
            other
            for other in layout.phrases
            if abs(other.y - phrase.y) < 0.5 * phrase.size and panel.x1 <= other.x <= panel.x2
        )
        text = " ".join(word.text for word in words if len(word.text) > 1)
        sure = 0.6 * phrase.sure
        found.append(
            Control(panel.x1, y1, panel.x2, max(y1, y2), "link", text, sure, phrases=words)
        )
    return found


def _role(layout: Layout, members: list[Phrase], panel: _Panel, pitch: float) -> str | None:
    """Tell the rows of an open menu from those of a side bar; None for a table or a form."""
    height, width = layout.pixels.shape[:2]
    ids = {id(phrase) for phrase in members}
    others = [
        phrase
        for phrase in layout.phrases
        if id(phrase) not in ids
        and len(phrase.text) > 1
        and panel.x1 <= phrase.x <= panel.x2
        and any(abs(phrase.y - member.y) < 0.7 * member.size for member in members)
    ]
    # Beside the words of a row stands a count or a key, at its right end; not more columns.
    if len(others) > len(members):
        return None
    near = 0.02 * width
    beside = panel.x1 <= near or panel.x2 >= width - near or panel.y2 - panel.y1 > 0.6 * height
    tall = panel.y2 - panel.y1
    within = panel.y1 <= members[0].y and members[-1].y <= panel.y2
    fits = within and tall <= (len(members) + 1.2) * pitch
    if fits and not panel.chosen and not (beside and tall > 0.5 * height):
        return "menuitem"
    roomy = pitch >= _LEAST_PITCH * members[0].size
    return "link" if roomy and (beside or panel.chosen) else None


def _apart(rows: list[Control]) -> list[Control]:
    """Leave out rows that lie on rows of a longer list."""
    kept: list[Control] = []
    for row in rows:
        if not any(_shared(row, other) > 0.3 or _shared(other, row) > 0.3 for other in kept):
            kept.append(row)
    return kept


def joined(controls: list[Control], rows: list[Control]) -> list[Control]:
    """Return controls and rows as one list.

    The chosen row of a menu has a frame and so is a control already: it takes the role of its
    neighbours. Marks in a row are its icon.
    """
    found, known = [], set()
    for control in controls:
        row = next((row for row in rows if _shared(row, control) > 0.7), None)
        if row is None or control.role == "switch":
            found.append(control)
        elif _shared(control, row) > 0.5:
            known.add(id(row))
            found.append(replace(control, role=row.role))
        elif control.role not in MARKS:
            found.append(control)
    return found + [row for row in rows if id(row) not in known]


def _shared(outer: Control, inner: Control) -> float:
    """Return the share of one control that lies in another."""
    wide = min(outer.x2, inner.x2) - max(outer.x1, inner.x1)
    high = min(outer.y2, inner.y2) - max(outer.y1, inner.y1)
    area = (inner.x2 - inner.x1) * (inner.y2 - inner.y1)
    return max(wide, 0.0) * max(high, 0.0) / area if area > 0 else 0.0
