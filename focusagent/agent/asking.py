"""Intents that only look: read, wait, check, answer a condition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..planner import compare
from ..planner.conditions import (
    Condition,
    Counted,
    Downloaded,
    InState,
    PageIs,
    Reads,
    Seen,
    Target,
    ValueIs,
)
from ..planner.intents import NO, YES, CheckThat, Look, Outcome, Read, ReadTable, WaitFor
from ..planner.printing import condition_text
from .desk import Desk
from .errors import Failed
from .locate import glance, locate
from .named import cells_of, sole_quote
from .overlays import overlay_shown
from .pixels import mark_state
from .spots import CONFIDENT, FIELDS, MARKS, Spot
from .tables import find_table, rows_left_out
from .values import Value, named_value, value_at

if TYPE_CHECKING:
    from .eyes import Seen as Reading


def look(desk: Desk, intent: Look) -> Outcome:
    """Answer a condition, as the screen stands."""
    return Outcome(True, YES if true_now(desk, intent.condition) else NO)


def wait_for(desk: Desk, intent: WaitFor) -> Outcome:
    """Wait until a condition holds."""
    seconds = desk.settings.step_timeout if intent.seconds is None else intent.seconds
    if desk.wait_until(lambda: true_now(desk, intent.condition), seconds):
        desk.prove(condition_text(intent.condition), True)
        return Outcome(True)
    why = f"waited {seconds:g} s: {condition_text(intent.condition)} did not come true"
    return Outcome(False, reason=why)


def check_that(desk: Desk, intent: CheckThat) -> Outcome:
    """Assert a condition; it may take a moment to come true."""
    holds_now = desk.wait_until(
        lambda: true_now(desk, intent.condition), desk.settings.step_timeout
    )
    text = condition_text(intent.condition)
    found = "" if holds_now else found_instead(desk, intent.condition)
    desk.prove(text, bool(holds_now), found)
    if holds_now:
        return Outcome(True, YES)
    return Outcome(False, NO, f"it is not so that {text}" + (f": {found}" if found else ""))


def read(desk: Desk, intent: Read, selector: str | None = None) -> Outcome:
    """Read a value, looking more than once, and keep it."""
    words = intent.target.words
    value = None if selector else named_value(desk.seen, words)
    if value is None:
        spot = locate(desk, intent.target, "read", selector)
        value = value_at(desk.seen, spot, words)
    if not value.text:
        raise Failed(f"nothing that can be read stands at {words!r}")
    desk.prove("it was read", True if value.sure else None, value.detail or value.text)
    desk.values[intent.name] = value.text
    return Outcome(True, value.text)


def read_table(desk: Desk, intent: ReadTable) -> Outcome:
    """Read a table and keep it."""
    cells = cells_of(desk.seen)
    if intent.target is not None:
        spot = glance(desk, intent.target)
        if spot is not None:
            top = spot.box[1]
            cells = [cell for cell in cells if cell.box[3] >= top]
    rows = find_table(cells)
    if not rows:
        raise Failed("there is no table on this screen: no two rows of text share their columns")
    more = rows_left_out(cells, rows)
    detail = f"{len(rows)} rows, {len(rows[0])} columns" + (f"; {more} rows left out" * bool(more))
    desk.prove("the whole table was read", None if more else True, detail)
    return Outcome(True, compare.table_value([[cell.text for cell in row] for row in rows]))


def true_now(desk: Desk, condition: Condition) -> bool:
    """Whether a condition holds on the screen as it stands."""
    match condition:
        case Seen(target, wanted):
            return is_seen(desk, target) == wanted
        case Reads(target, operator, value):
            shown = _value_now(desk, target)
            return shown is not None and compare.holds(operator, shown.text, value)
        case InState():
            return state_of(desk, condition) is condition.wanted
        case PageIs(part, operator, value):
            here = desk.screen.url if part == "url" else desk.screen.title
            return compare.holds(operator, here, value)
        case ValueIs(name, operator, value):
            if name not in desk.values:
                raise Failed(f"nothing was read or given as {name!r}")
            return compare.holds(operator, desk.values[name], value)
        case Counted(target, operator, number):
            return compare.holds(operator, str(count(desk, target)), str(number))
        case Downloaded(name):
            return bool(arrived(desk, name))


def arrived(desk: Desk, name: str | None) -> list[str]:
    """The files that have come since the task began."""
    new = desk.screen.downloads[desk.downloads :]
    return [
        file.name
        for file in new
        if file.path is not None and (name is None or file.name.casefold() == name.casefold())
    ]


def is_seen(desk: Desk, target: Target) -> bool:
    """Whether the target is on the screen: its very words, or what the grounder takes for it."""
    name = sole_quote(target.words) or (None if target.quoted else target.words)
    text = name is not None and target.role in (None, "text")
    if text and desk.seen.shows(name or ""):
        return True
    if text and target.quoted:
        return False
    if not target.quoted and (open_now := overlay_shown(desk.seen, target.words)) is not None:
        return open_now
    spot = glance(desk, target)
    return spot is not None and spot.confidence >= CONFIDENT


def count(desk: Desk, target: Target) -> int:
    """How many of the target the screen shows."""
    name = sole_quote(target.words)
    if name is not None:
        return len(desk.seen.places(name))
    spot = glance(desk, target, anew=True)  # a recording keeps no other candidates
    return (
        0
        if spot is None
        else 1
        + sum(
            place.score >= spot.confidence * (1 - 5 * desk.settings.margin) for place in spot.others
        )
    )


def state_of(desk: Desk, condition: InState) -> bool | None:
    """Whether the target is in that state; None where it cannot be told or is not there."""
    verb = "tick" if condition.state == "checked" else "find"
    spot = glance(desk, condition.target, "check" if verb == "tick" else "find")
    if spot is None:
        return None
    seen = desk.seen
    match condition.state:
        case "checked":
            mark = mark_at(seen, spot)
            return None if mark is None else mark_state(seen.image, mark[0], mark[1])
        case "empty":
            return not seen.text_in(field_box(seen, spot)).strip()
        case "selected":
            mark = mark_at(seen, spot)
            return None if mark is None else mark_state(seen.image, mark[0], mark[1])
        case _:
            raise Failed(f"whether {condition.target.words} is {condition.state} cannot be seen")


def mark_at(seen: Reading, spot: Spot) -> tuple[tuple[float, float, float, float], str] | None:
    """The box, radio or switch at a spot, or next to it on its row: its box and its kind."""
    element = seen.element_at(spot.point, MARKS)
    if element is not None:
        return seen.pixels(element.box), element.role
    tall = max(spot.box[3] - spot.box[1], 16.0)
    y = (spot.box[1] + spot.box[3]) / 2
    level = [
        (seen.pixels(each.box), each.role)
        for each in seen.scene.elements
        if each.role in MARKS and abs(_middle(seen.pixels(each.box))[1] - y) <= 0.7 * tall
    ]
    return min(level, key=lambda mark: _gap(mark[0], spot.box), default=None)


def _gap(one: Sequence[float], two: Sequence[float]) -> float:
    """How far two boxes are apart, from left to right."""
    return max(one[0] - two[2], two[0] - one[2], 0.0)


def field_box(seen: Reading, spot: Spot) -> tuple[float, float, float, float]:
    """The box of the field at a spot."""
    element = seen.element_at(spot.point, FIELDS)
    if element is None:
        return spot.box
    return seen.pixels(element.box)


def _value_now(desk: Desk, target: Target) -> Value | None:
    """The value of a target as the screen stands; None if it is not there."""
    value = named_value(desk.seen, target.words)
    if value is not None:
        return value
    spot = glance(desk, target, "read")
    return None if spot is None else value_at(desk.seen, spot, target.words)


def found_instead(desk: Desk, condition: Condition) -> str:
    """What stands where a condition wanted something else."""
    if isinstance(condition, PageIs):
        return desk.screen.url if condition.part == "url" else desk.screen.title
    if isinstance(condition, ValueIs):
        return desk.values.get(condition.name, "")
    if isinstance(condition, Reads):
        shown = _value_now(desk, condition.target)
        return "it is not on the screen" if shown is None else f"it reads {shown.text!r}"
    if isinstance(condition, Counted):
        return str(count(desk, condition.target))
    return ""


def _middle(box: Sequence[float]) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
