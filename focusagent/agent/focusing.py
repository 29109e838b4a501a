"""Putting the focus into a field, what it holds selected; a click that focused none is noticed."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING

from .._siblings import env
from ..planner.intents import Target
from .acting import act_at
from .asking import field_box
from .choice import belongs_to
from .dates import order_of
from .desk import Desk
from .errors import Failed
from .evidence import Done
from .eyes import middle
from .pixels import changed_inside, grown, is_plain
from .spots import CONFIDENT, FIELDS, Spot
from .typed import closely, several_lines

if TYPE_CHECKING:
    from .eyes import Seen

_AROUND = 6.0  # heights of a label within which the field that it focuses shows a sign of it


def enter(
    desk: Desk, target: Target, spot: Spot, *, append: bool, sure: bool, beside: bool = True
) -> Spot:
    """Put the focus into the field, its content selected or the caret at its end.

    Nothing is selected where no field may have the focus: that would select the page. `sure`
    refuses to go on there.
    """
    seen = desk.eyes.see(spot.image)
    empty = is_plain(spot.image, field_box(seen, spot))
    empty = empty or order_of(shown_in(seen, spot)) is not None  # it asks for a date
    done = act_at(desk, target, "type", spot, env.Click)
    if not _focused(desk, done):
        field = _field_of(desk, done.spot) if beside else None
        if field is not None:
            field = enter(desk, target, field, append=append, sure=sure, beside=False)
            return field if field.confidence >= CONFIDENT else done.spot  # text beside it proves it
        if sure:
            raise Failed(f"a click on {target.words} puts the focus into no field")
        return done.spot
    if append:
        desk.act(env.Press("End"))
    elif not empty:
        for keys in _select_all(desk, done.spot):
            desk.act(env.Press(keys))
    return done.spot


def shown_in(seen: Seen, spot: Spot) -> str:
    """What a field shows, without the label that may stand on one line with it."""
    return closely(seen, field_box(seen, spot))


def _focused(desk: Desk, done: Done) -> bool:
    """Whether a field was clicked, or something near it shows that one has the focus now."""
    spot, before = done.spot, done.before.image
    if spot.selector is not None or desk.eyes.see(before).element_at(spot.point, FIELDS):
        return True
    x1, y1, _, y2 = grown(spot.box, _AROUND * (spot.box[3] - spot.box[1]), before.size)
    row = (x1, y1, float(before.width), y2)
    return changed_inside(before, desk.screen.image, row, done.earlier)


def _field_of(desk: Desk, label: Spot) -> Spot | None:
    """The nearest field on the row of a label, or right below it."""
    seen = desk.seen
    boxes = [seen.pixels(each.box) for each in seen.scene.elements if each.role in FIELDS]
    fields = [box for box in boxes if box[2] > label.box[0] and belongs_to(label.box, box)]
    # What has no frame of its own shows a hint below its name.
    x1, _, _, y2 = label.box
    tall = y2 - label.box[1]
    hints = [
        box
        for _, box in seen.texts()
        if abs(box[0] - x1) < tall
        and 0 <= box[1] - y2 < tall
        and not seen.element_at(middle(box), FIELDS)
    ]
    fields = fields or hints
    if not fields:
        return None
    box = min(fields, key=lambda each: math.dist(each[:2], label.box[:2]))
    return Spot(middle(box), box, desk.screen.image, label.words, label.confidence)


def _select_all(desk: Desk, spot: Spot) -> tuple[str, ...]:
    """The keys that select what a field holds; desktop programs on Linux differ in Control+A."""
    if sys.platform == "darwin":
        return ("Meta+A",)
    if not isinstance(desk.env, env.DesktopEnvironment):
        return ("Control+A",)
    if several_lines(desk, field_box(desk.seen, spot)):
        return ("Control+Home", "Control+Shift+End")
    return ("Home", "Shift+End")
