"""Which words name a control that carries none."""

from __future__ import annotations

from collections.abc import Sequence

from ..types import Element

# Controls whose label stands to the right, or else to the left.
_MARKS = frozenset({"checkbox", "radio", "switch"})
_WORDS = frozenset({"text", "link"})
# Distances below are in heights of the label's text.
_BESIDE, _ABOVE, _RIGHT = 14.0, 2.2, 3.0
_ALIGNED = 1.5
_ENOUGH = 1e-9


def label_of(
    element: Element, elements: Sequence[Element], size: tuple[int, int] = (16, 10)
) -> Element | None:
    """Return the words that name a control: near it, to its left, above it, or to its right.

    ``size`` (width, height) is the screen's; only its proportions matter.
    """
    best, least = None, float("inf")
    aspect = size[0] / size[1]
    for other in elements:
        if other.role not in _WORDS or not other.text or other is element:
            continue
        cost = _cost(element, other, aspect)
        if cost is not None and cost < least - _ENOUGH:
            best, least = other, cost
    return best


def _cost(element: Element, words: Element, aspect: float) -> float | None:
    """Return how far words stand from a control they may name, None if they cannot name it."""
    box, text = element.box, words.box
    unit = text.y2 - text.y1
    if unit <= 0:
        return None
    mark = element.role in _MARKS
    # The middle of a tall field's label may lie anywhere along its side.
    slack = 0.55 * unit if mark else 0.2 * unit
    level = box.y1 - slack <= text.center.y <= box.y2 + slack
    left = (box.x1 - text.x2) * aspect / unit
    right = (text.x1 - box.x2) * aspect / unit
    above = (box.y1 - text.y2) / unit
    if level and -0.3 <= right <= _RIGHT and mark:
        return right
    if level and -0.3 <= left <= _BESIDE:
        # Words above are closer to a field than a neighbour's words are.
        return left + 4 if mark else 0.25 * left + 1
    shift = (text.x1 - box.x1) * aspect / unit
    over = text.x1 < box.x2 and box.x1 < text.x2
    if -0.3 <= above <= _ABOVE and over and (shift <= _ALIGNED or _middled(element, words)):
        return above + max(0.0, shift) * 0.3 + (4 if mark else 0)
    return None


def _middled(one: Element, two: Element) -> bool:
    width = one.box.x2 - one.box.x1
    return abs(one.box.center.x - two.box.center.x) <= 0.1 * width
