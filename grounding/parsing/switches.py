"""Switches: a round knob at one end of a pill, within it or standing out of it."""

from __future__ import annotations

from .frames import Frame, distance
from .layout import Layout

Corners = tuple[int, int, int, int]

_LEAST, _MOST = 9, 32


def find_switches(layout: Layout) -> tuple[list[tuple[Corners, float]], set[int]]:
    """Return the boxes of switches and how sure each is, and the numbers of their parts' frames."""
    tallest = _MOST * layout.scale
    small = [
        (number, frame)
        for number, frame in enumerate(layout.frames)
        if _LEAST <= frame.height <= tallest and frame.width <= 2.7 * tallest
    ]
    found: list[tuple[Corners, float]] = []
    parts: set[int] = set()
    for number, knob in small:
        if number in parts or not (_round(knob) and (knob.filled or knob.border)):
            continue
        for other, track in small:
            if other == number or other in parts:
                continue
            box = _switch(knob, track)
            if box is not None:
                found.append((box, 0.8))
                parts |= {number, other}
                break
    return found, parts


def _round(frame: Frame) -> bool:
    return 0.7 <= frame.share <= 0.93 and 0.8 <= frame.width / frame.height <= 1.25


def _switch(knob: Frame, track: Frame) -> Corners | None:
    """Return the box around a knob and its track, None if they are not such a pair."""
    if abs((knob.y1 + knob.y2) - (track.y1 + track.y2)) > 2 + 0.2 * track.height:
        return None
    if not 0.5 <= track.height / knob.height <= 2 or distance(knob.fill, track.fill) < 12:
        return None
    if track.share > 0.985 or not (track.filled or track.border):
        return None
    box = (
        min(knob.x1, track.x1),
        min(knob.y1, track.y1),
        max(knob.x2, track.x2),
        max(knob.y2, track.y2),
    )
    width, height = box[2] - box[0], box[3] - box[1]
    if not 1.35 <= width / height <= 2.7:
        return None
    # They touch or overlap; the knob is at one end, the track reaches to the other.
    apart = max(knob.x1, track.x1) - min(knob.x2, track.x2)
    rim = 2 + 0.14 * width
    left = knob.x1 - box[0] <= rim and box[2] - track.x2 <= 1
    right = box[2] - knob.x2 <= rim and track.x1 - box[0] <= 1
    off_end = max(knob.x1 - box[0], box[2] - knob.x2) >= 0.3 * width
    return box if apart <= 3 and (left or right) and off_end else None
