"""Trees and sections: unfolding what lies below a label, and seeing that it did unfold."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np

from .._siblings import env
from ..planner.intents import Click, Outcome
from .acting import act_at
from .acting import click as click_once
from .desk import Desk
from .evidence import Done, prove_no_complaint, prove_target
from .eyes import middle
from .locate import locate
from .pixels import NOTICED, PixelBox, grown, holds, mark_state, pixels_in
from .spots import MARKS, Spot
from .tables import alike

if TYPE_CHECKING:
    from .eyes import Seen

Lines = list[tuple[str, PixelBox]]
_ASIDE = 5.0  # heights of a label that what it unfolds may lie left or right of it
_LEFT = 6.0  # heights of a label within which the sign stands that unfolds it,
_RIGHT = 40.0  # or on its other side, where headers of sections have theirs
_SLIM, _WIDE = 0.25, 1.6  # heights of a label that such a sign is wide
_SIGNS = {"chevron", "arrow", "caret", "angle", "triangle", "plus", "minus", "expand", "collapse"}


def click(desk: Desk, intent: Click, selector: str | None = None) -> Outcome:
    """Click; if something is to unfold by that, until it does."""
    if intent.unfolds is None:
        return click_once(desk, intent, selector)
    return _unfold(desk, intent, intent.unfolds, selector)


def _unfold(desk: Desk, intent: Click, wanted: bool, selector: str | None) -> Outcome:
    """Click the label, the sign beside it, the label twice: until what lies below is shown.

    What was shown already is hidden by the first click, and shown by one more.
    """
    spot = locate(desk, intent.target, "click", selector)
    done, moved = _tried(desk, intent, spot)
    if moved is None:
        for sign in _signs(desk.seen, done.spot):
            done, moved = _tried(desk, intent, sign)
            if moved is not None:
                break
        else:
            done, moved = _tried(desk, intent, _as_now(desk, spot), count=2)
    if moved is not None and moved is not wanted:
        done, moved = _tried(desk, intent, _as_now(desk, done.spot))
    prove_target(desk, spot, intent.target)
    what = "it unfolded" if wanted else "it was folded"
    detail = "" if moved is wanted else "nothing below it moved"
    desk.prove(what, True if moved is wanted else None, detail)
    prove_no_complaint(desk, done.before)
    return Outcome(True)


def _as_now(desk: Desk, spot: Spot) -> Spot:
    """The same place, however it looks since it was clicked."""
    return dataclasses.replace(spot, image=desk.screen.image)


def _tried(
    desk: Desk, intent: Click, spot: Spot, count: Literal[1, 2] = 1
) -> tuple[Done, bool | None]:
    """A click there; whether more is shown below the spot since, or less, or (None) neither."""
    done = act_at(desk, intent.target, "click", spot, partial(env.Click, count=count))
    before = _below(desk.eyes.see(done.before.image), done.spot)

    def moved() -> tuple[bool] | None:
        if done.result.outcome == "navigated":
            return (True,)
        more = _more(before, _below(desk.seen, done.spot))
        return None if more is None else (more,)

    answer = desk.wait_until(moved, desk.settings.patience)
    return done, answer[0] if answer else None


def _below(seen: Seen, spot: Spot) -> Lines:
    """The lines of text below a spot, near enough to the side to belong to it."""
    x1, y1, x2, y2 = spot.box
    aside = _ASIDE * (y2 - y1)
    lines = [
        (text, box)
        for text, box in seen.texts()
        if middle(box)[1] > y2
        and box[0] <= x2 + aside
        and box[2] >= x1 - aside
        # Signs that are drawn are read now so, now so.
        and any(letter.isalnum() for letter in text)
    ]
    return sorted(lines, key=lambda line: line[1][1])


def _more(before: Lines, after: Lines) -> bool | None:
    """Whether lines have moved down or come, or (False) moved up or gone; None if neither."""
    for text, (_, top, _, bottom) in before:
        now = [box[1] for other, box in after if alike(text, other)]
        if now:
            by = min((y - top for y in now), key=abs)
            if abs(by) > (bottom - top) / 2:
                return by > 0
            break
    new, gone = _missing(after, before), _missing(before, after)
    return None if new == gone else new > gone


def _missing(lines: Lines, among: Lines) -> int:
    """How many of the lines are not among the others."""
    return sum(not any(alike(text, other) for other, _ in among) for text, _ in lines)


def _signs(seen: Seen, label: Spot) -> Iterator[Spot]:
    """What may unfold a label: small drawings left of it, a chevron right of it."""
    boxes = [*_drawn_left(seen, label.box), *_icons_right(seen, label.box)]
    for box in boxes:
        yield dataclasses.replace(label, point=middle(box), box=box, image=seen.image, others=())


def _drawn_left(seen: Seen, label: PixelBox) -> list[PixelBox]:
    """Drawings on the row of a label, from the left; no words, and no boxes to tick."""
    x1, y1, _, y2 = label
    tall = y2 - y1
    left = max(x1 - _LEFT * tall, 0.0)
    pixels = pixels_in(seen.image, (left, y1, x1, y2)).astype(np.int16)
    if not pixels.size:
        return []
    ground = np.median(pixels.reshape(-1, 3), axis=0)
    drawn = (np.abs(pixels - ground).max(axis=2) >= NOTICED).any(axis=0)
    found = np.flatnonzero(drawn)
    runs = np.split(found, np.flatnonzero(np.diff(found) > 2) + 1)
    start = round(left)
    places = [
        (float(start + run[0]), y1, float(start + run[-1] + 1), y2) for run in runs if len(run)
    ]
    fit = [box for box in places if _SLIM * tall <= box[2] - box[0] <= _WIDE * tall]
    return [box for box in fit if not _says(seen, box) and not _to_tick(seen, box)]


def _says(seen: Seen, box: PixelBox) -> bool:
    """Whether it is part of a word."""
    lines = (text for text, where in seen.texts() if holds(where, middle(box)))
    return any(sum(letter.isalnum() for letter in text) > 1 for text in lines)


def _to_tick(seen: Seen, box: PixelBox) -> bool:
    """Whether it is a box to tick: an empty one, or one whose mark is no plus or minus."""
    mark = seen.element_at(middle(box), MARKS)
    if mark is None:
        return False
    place = seen.pixels(mark.box)
    if mark_state(seen.image, place, mark.role) is not True:
        return True
    inside = pixels_in(seen.image, grown(place, -2, seen.image.size)).astype(np.int16).mean(axis=2)
    drawn = np.abs(inside - np.median(inside)) >= NOTICED
    rows, columns = np.flatnonzero(drawn.any(axis=1)), np.flatnonzero(drawn.any(axis=0))
    sign = drawn[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] if len(rows) else drawn
    uneven = max((sign ^ sign[::-1]).sum(), (sign ^ sign[:, ::-1]).sum())
    return bool(uneven > sign.sum() / 2)


def _icons_right(seen: Seen, label: PixelBox) -> list[PixelBox]:
    """Chevrons and the like right of a label, the last one of its row first."""
    _, y1, x2, y2 = label
    boxes = [
        seen.pixels(each.box)
        for each in seen.scene.elements
        if each.role in ("icon", "button") and _SIGNS & set((each.icon or "").casefold().split())
    ]
    level = [box for box in boxes if y1 <= middle(box)[1] <= y2]
    near = [box for box in level if 0 <= box[0] - x2 <= _RIGHT * (y2 - y1)]
    return sorted(near, key=lambda box: -box[0])[:1]
