"""Unquoted names with "and" inside: one thing or several, as the screen shows."""

from __future__ import annotations

import re

from ..planner.intents import Target
from .controls import mark_at
from .desk import Desk
from .locate import glance
from .pixels import PixelBox
from .spots import CONFIDENT, MARKS

_JOINT = re.compile(r",? and (?:the )?", re.IGNORECASE)


def named_apart(desk: Desk, target: Target, verb: str) -> list[Target]:
    """`Laptop and Headset` as two, if nothing of that name is there and a box for each is."""
    names = [] if target.quoted else _JOINT.split(target.words)
    if len(names) < 2 or not all(map(desk.seen.shows, names)) or desk.seen.shows(target.words):
        return [target]
    whole = glance(desk, target, verb)
    if whole is not None and whole.confidence >= CONFIDENT:
        return [target]
    parts = [Target(name, role=target.role) for name in names]
    marks = {_mark(desk, part, verb) for part in parts}
    return parts if None not in marks and len(marks) == len(parts) else [target]


def _mark(desk: Desk, target: Target, verb: str) -> PixelBox | None:
    """The box, radio or switch that surely belongs to a name."""
    spot = glance(desk, target, verb)
    if spot is None or spot.confidence < CONFIDENT:
        return None
    if verb == "click" and desk.seen.element_at(spot.point, MARKS) is None:
        return None
    mark = mark_at(desk.seen, spot)
    return mark[0] if mark else None
