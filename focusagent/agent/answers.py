"""Whether a condition holds on the screen, and whether that is proved."""

from __future__ import annotations

import re
from dataclasses import dataclass
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
from ..planner.words import ORDINALS
from .controls import field_box, mark_at
from .desk import Desk, differs
from .errors import Failed
from .locate import glance
from .named import quotes, sole_quote
from .overlays import dialogs, overlay_shown
from .pixels import mark_state
from .spots import CONFIDENT
from .values import Value, named_value, value_at

if TYPE_CHECKING:
    from .eyes import Seen as Reading

STEADY = 0.5  # seconds for which nothing must come if something is said not to be there
_MANY = 1000  # places that are counted
_ORDINAL = re.compile(r"(?:the )?(\w+?)(?:(?<=\d)(?:st|nd|rd|th))? ", re.IGNORECASE)
_PICTURED = re.compile(r"\b(?:icon|image|logo|picture|symbol)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    """Whether something is so on the screen, and why that is no proof ("" if it is one)."""

    yes: bool
    doubt: str = ""

    def __bool__(self) -> bool:
        """Yes or no."""
        return self.yes


def settled(desk: Desk, condition: Condition) -> Answer:
    """The answer; one that something is not there, or not so, is given a moment to change."""
    found = true_now(desk, condition)
    return _once_more(desk, condition, found) if _denied(condition, found) else found


def steady(desk: Desk, condition: Condition) -> Answer:
    """The answer; a yes because something is not there must last."""
    found = true_now(desk, condition)
    if found and _denied(condition, found):
        return _once_more(desk, condition, found)
    return found


def _denied(condition: Condition, found: Answer) -> bool:
    """Whether the answer is that something is not there, or not so: it may be about to come."""
    if isinstance(condition, ValueIs):
        return False
    if isinstance(condition, Seen | InState):
        return found.yes != condition.wanted
    operator = "" if isinstance(condition, Downloaded) else condition.operator
    return found.yes == (operator in ("is not", "does not contain"))


def _once_more(desk: Desk, condition: Condition, found: Answer) -> Answer:
    """The answer after a moment."""
    before = desk.screen
    desk.wait_until(lambda: False, STEADY)
    return true_now(desk, condition) if differs(before, desk.screen) else found


def true_now(desk: Desk, condition: Condition) -> Answer:
    """Whether a condition holds on the screen as it stands."""
    match condition:
        case Seen(target, wanted):
            found = is_seen(desk, target)
            return Answer(found.yes == wanted, found.doubt)
        case Reads(target, operator, value):
            shown = value_now(desk, target)
            if shown is None:
                return Answer(False, f"only the grounder says that {target.words} is not there")
            doubt = "" if shown.sure else f"{shown.text!r} was read doubtfully"
            return Answer(compare.holds(operator, shown.text, value), doubt)
        case InState():
            return state_of(desk, condition)
        case PageIs(part, operator, value):
            here = desk.screen.url if part == "url" else desk.screen.title
            return Answer(compare.holds(operator, here, value))
        case ValueIs(name, operator, value):
            if name not in desk.values:
                raise Failed(f"nothing was read or given as {name!r}")
            return Answer(compare.holds(operator, desk.values[name], value))
        case Counted(target, operator, number):
            holds_now = compare.holds(operator, str(count(desk, target)), str(number))
            there = holds_now and operator in ("at least", "more than")
            sure = there or sole_quote(target.words) is not None
            return Answer(holds_now, "" if sure else "only the grounder counted them")
        case Downloaded(name):
            return Answer(bool(arrived(desk, name)))


def arrived(desk: Desk, name: str | None) -> list[str]:
    """The files that have come since the task began."""
    new = desk.screen.downloads[desk.downloads :]
    return [
        file.name
        for file in new
        if file.path is not None and (name is None or file.name.casefold() == name.casefold())
    ]


def is_seen(desk: Desk, target: Target) -> Answer:
    """Whether the target is on the screen: its very words, or what the grounder takes for it."""
    name = sole_quote(target.words) or (None if target.quoted else target.words)
    text = name is not None and target.role in (None, "text")
    if text and desk.seen.shows(name or ""):
        return Answer(True)
    if text and target.quoted:
        return Answer(False)
    open_now = overlay_shown(desk.seen, target.words)
    if open_now or (open_now is False and not target.quoted):
        other = [] if open_now else dialogs(desk.seen)
        said = ", ".join(each.text.replace("\n", " ") for each in other)
        return Answer(open_now, f"something else is open: {said!r}" if other else "")
    spot = glance(desk, target)
    if spot is not None and spot.confidence >= CONFIDENT:
        return Answer(True)
    unread = _unread(desk.seen, target)
    return Answer(False, "" if unread else "only the grounder says that it is not there")


def _unread(seen: Reading, target: Target) -> bool:
    """Whether a text that the words quote is not on the screen, or not as often as they say."""
    names = quotes(target.words)
    if not names or target.role == "icon" or _PICTURED.search(target.words):
        return False
    first = _ORDINAL.match(target.words)
    word = first[1].casefold() if first else ""
    least = int(word) if word.isdecimal() else ORDINALS.get(word, 1)
    return len(seen.places(names[0], limit=_MANY)) < least or not all(map(seen.shows, names[1:]))


def count(desk: Desk, target: Target) -> int:
    """How many of the target the screen shows."""
    name = sole_quote(target.words)
    if name is not None:
        return len(desk.seen.places(name, limit=_MANY))
    spot = glance(desk, target, anew=True)  # a recording keeps no other candidates
    return (
        0
        if spot is None
        else 1
        + sum(
            place.score >= spot.confidence * (1 - 5 * desk.settings.margin) for place in spot.others
        )
    )


def state_of(desk: Desk, condition: InState) -> Answer:
    """Whether the target is in that state; a no that proves nothing if that cannot be told."""
    verb = "check" if condition.state == "checked" else "find"
    spot = glance(desk, condition.target, verb)
    if spot is None:
        return Answer(False, "only the grounder says that it is not there")
    seen, state = desk.seen, None
    match condition.state:
        case "checked" | "selected":
            mark = mark_at(seen, spot)
            state = None if mark is None else mark_state(seen.image, mark[0], mark[1])
        case "empty":
            state = not seen.text_in(field_box(seen, spot)).strip()
        case _:
            raise Failed(f"whether {condition.target.words} is {condition.state} cannot be seen")
    sure = state is not None and spot.confidence >= CONFIDENT
    return Answer(state is condition.wanted, "" if sure else "its state cannot be told for sure")


def value_now(desk: Desk, target: Target) -> Value | None:
    """The value of a target as the screen stands; None if it is not there."""
    value = named_value(desk.seen, target.words)
    if value is not None:
        return value
    spot = glance(desk, target, "read")
    return None if spot is None else value_at(desk.seen, spot, target.words)
