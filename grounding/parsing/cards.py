"""Frames that others as wide touch: the parts of a card or list."""

from __future__ import annotations

from .frames import Frame
from .layout import Layout


def is_section(layout: Layout, number: int) -> bool:
    """Tell whether a frame is a part of a card or list: one as wide touches it above or below."""
    return bool(_touching(layout, number))


def is_head(layout: Layout, number: int) -> bool:
    """Tell whether a frame is the head or foot of a card: what touches it is of another height."""
    high = layout.frames[number].height
    return any(abs(other.height - high) > 0.3 * high for other in _touching(layout, number))


def _touching(layout: Layout, number: int) -> list[Frame]:
    frame = layout.frames[number]
    return [
        other
        for other in layout.frames
        if other is not frame
        and abs(other.x1 - frame.x1) <= 2
        and abs(other.x2 - frame.x2) <= 2
        and min(abs(other.y1 - frame.y2), abs(frame.y1 - other.y2)) <= 3
    ]
