"""Tabs: frames side by side of which one looks different, or words of which one is underscored."""

from __future__ import annotations

from dataclasses import replace

from .controls import Control
from .frames import distance
from .layout import Layout

_FEWEST = 3
# Tabs stand closer than this, in pixels at usual size.
_CLOSE = 4


def with_tabs(layout: Layout, controls: list[Control]) -> list[Control]:
    """Return the controls; buttons in a close row of which one is shaded otherwise become tabs."""
    buttons = [c for c in controls if c.role == "button" and c.frame >= 0 and c.text]
    tabs: set[int] = set()
    row: list[Control] = []
    for button in sorted(buttons, key=lambda c: (round(c.y1 / 4), c.x1)):
        if row and not _beside(row[-1], button, _CLOSE * layout.scale):
            tabs |= _chosen(layout, row)
            row = []
        row.append(button)
    tabs |= _chosen(layout, row)
    return [replace(c, role="tab") if c.frame in tabs else c for c in controls]


def _beside(left: Control, right: Control, close: float) -> bool:
    level = abs(left.y1 - right.y1) <= 3 and abs(left.y2 - right.y2) <= 3
    return level and -3 <= right.x1 - left.x2 <= close


def _chosen(layout: Layout, row: list[Control]) -> set[int]:
    """Return the frames of a row if exactly one of them is shaded unlike the others."""
    if len(row) < _FEWEST:
        return set()
    fills = [layout.frames[control.frame].fill for control in row]
    unlike = [sum(distance(one, two) > 12 for two in fills) for one in fills]
    one_differs = unlike.count(len(row) - 1) == 1 and unlike.count(1) == len(row) - 1
    return {control.frame for control in row} if one_differs else set()
