"""Checkboxes and radio buttons."""

from __future__ import annotations

from .beside import right_of, within_words
from .content import blots, ink_of, is_circle, is_paper, is_square, stands_free
from .frames import Colour, Frame, distance
from .layout import Layout
from .phrases import Shade

# Sides of checkboxes and radio buttons in pixels at usual size.
LEAST_MARK, MOST_MARK = 9, 25
_LARGE_MARK = 44  # for those that are empty, with words beside them
MARKS = frozenset({"checkbox", "radio", "switch"})


def mark_role(layout: Layout, frame: Frame) -> tuple[str, float] | None:
    """Tell checkboxes from radio buttons: squares from circles."""
    if not (frame.border or frame.filled) or not frame.calm or within_words(layout, frame):
        return None
    if not stands_free(layout.pixels, frame):
        return None
    label = right_of(layout, frame)
    # What is drawn in the colour of the words beside it is their icon, if it is as small.
    ink = ink_of(layout.pixels, frame)
    small = frame.width <= MOST_MARK * layout.scale
    if label is not None and small and distance(ink, _rounded(label.ink)) < 24:
        return None
    sure = (0.75 if frame.border else 0.6) + (0.2 if label else -0.1)
    square = frame.share >= 0.88 and abs(frame.width - frame.height) <= 2
    if (
        square
        and (label or frame.border or _is_box(layout, frame))
        and is_square(layout.pixels, frame)
    ):
        return "checkbox", sure
    if label and frame.share < 0.92 and is_circle(layout.pixels, frame):
        return "radio", sure
    return None


def is_large_mark(layout: Layout, frame: Frame) -> bool:
    """Tell whether a frame may be a large mark that is off: empty, on plain ground, with words."""
    return (
        frame.width <= _LARGE_MARK * layout.scale
        and frame.border
        and (distance(frame.fill, frame.around) < 40 or is_paper(frame))
        and not blots(layout.pixels, frame, frame.width)
        and right_of(layout, frame) is not None
    )


def _is_box(layout: Layout, frame: Frame) -> bool:
    """Tell whether a filled square without words beside it shows a tick, or is white on dark."""
    vivid = distance(frame.fill, frame.around) >= 60
    white = min(frame.fill) >= 235 and abs(frame.width - frame.height) <= 1
    return vivid and (white or bool(blots(layout.pixels, frame, frame.width)))


def _rounded(shade: Shade) -> Colour:
    return round(shade[0]), round(shade[1]), round(shade[2])
