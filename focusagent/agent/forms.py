"""Intents that give a control a value: type, select, check, uncheck, set."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .._siblings import env, grounding
from ..planner.intents import Check, Outcome, Select, SetValue, Target, Type, Uncheck
from ..planner.templates import names_in, resolve, sole_name
from .acting import act_at, press_keys
from .asking import field_box, mark_at
from .dates import as_asked, shows_date
from .desk import Desk
from .errors import Failed
from .evidence import Done, appeared, prove_no_complaint, prove_target
from .focusing import enter, shown_in
from .locate import PHRASES, locate
from .pixels import changed_inside, changed_share, grown, holds, mark_state
from .sliding import slide
from .spots import FIELDS, MARKS, Spot, other_spots, spot_of
from .typed import Typed, beside_label, lost, prove, says

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image


_ON = ("on", "yes", "true", "checked", "ticked", "1")
_OFF = ("off", "no", "false", "unchecked", "unticked", "0")


def type_text(desk: Desk, intent: Type, selector: str | None = None) -> Outcome:
    """Make the text the content of a field and read it back."""
    name = sole_name(intent.text)
    secret = name if name in desk.secrets else None
    text = "" if secret else _resolved(desk, intent.text)
    spot = None
    if intent.target is not None:
        spot = locate(desk, intent.target, "type", selector)
        spot = enter(desk, intent.target, spot, append=intent.append, sure=secret is not None)
    before = desk.screen
    if spot is not None and not intent.append:
        text = _as_date(desk, spot, text) or text
    if text or secret:
        desk.act(env.Type(text, secret=secret))
    elif not intent.append:
        desk.act(env.Press("Delete"))
    if spot is not None:
        done = Typed(spot, before, text, secret is not None)
        if text and not intent.append and lost(desk, done):
            elsewhere = before.image is not desk.screen.image
            spot = _type_again(desk, intent, text, selector) or spot
            done = Typed(spot, before, text)
            if elsewhere:
                desk.prove("the text went nowhere else", None, "it was typed once more")
        prove(desk, done, intent.target or Target("it"))
    else:
        seen = appeared(desk, before, text) if text else before.image is not desk.screen.image
        desk.prove("what was typed is on the screen", True if seen else None)
    if intent.submit:
        named = bool(re.search(r"\b(?:enter|return)\b", desk.said, re.IGNORECASE))
        press_keys(desk, "Enter", "submit by Enter", "submit" if named else "")
    return Outcome(True)


def check(desk: Desk, intent: Check | Uncheck, selector: str | None = None) -> Outcome:
    """See to it that a box, radio or switch is on, or off."""
    wanted = isinstance(intent, Check)
    spot = locate(desk, intent.target, intent.kind, selector)
    mark = mark_at(desk.seen, spot)
    state = mark_state(spot.image, *mark) if mark else None
    prove_target(desk, spot, intent.target)
    word = "on" if wanted else "off"
    if state is wanted:
        desk.prove(f"it is {word}", True, f"it was {word} already")
        return Outcome(True)
    if mark is not None:
        x1, y1, x2, y2 = mark[0]
        spot = Spot(((x1 + x2) / 2, (y1 + y2) / 2), mark[0], spot.image, spot.words)
    done = act_at(desk, intent.target, intent.kind, spot, env.Click)
    box = mark[0] if mark else done.spot.box
    now = mark_state(desk.screen.image, box, mark[1]) if mark else None
    if now is wanted:
        desk.prove(f"it is {word}", True)
    elif now is not None and state is not None:
        raise Failed(f"{intent.target.words} is still {'off' if wanted else 'on'} after a click")
    else:
        changed = changed_inside(done.before.image, desk.screen.image, box, done.earlier)
        known = state is not None and changed
        desk.prove(f"it is {word}", True if known else None, "it changed" if changed else "")
    prove_no_complaint(desk, done.before)
    return Outcome(True)


def select(desk: Desk, intent: Select, selector: str | None = None) -> Outcome:
    """Choose an option: a native dropdown through the browser, a drawn one by two clicks."""
    spot = locate(desk, intent.target, "select", selector)
    try:
        done = _choose(desk, intent, spot)
    except Failed:
        rest = other_spots(spot)
        if not rest or desk.screen.image is not spot.image:  # it did something: leave it at that
            raise
        desk.prove("the first place opens", None, "nothing opened, so the next one was used")
        done = _choose(desk, intent, rest[0])
    box = field_box(desk.seen, done.spot)
    beside = beside_label(desk, Typed(done.spot, done.before, intent.option))
    known = f"{intent.option} appeared beside its name" if beside else ""
    prove_target(desk, done.spot, intent.target, known)
    place = grown(beside or box, 4, desk.screen.image.size)
    shown = says(desk.seen, place, intent.option)
    desk.prove(f"it shows {intent.option!r}", True if shown else None)
    prove_no_complaint(desk, done.before)
    return Outcome(True)


def _choose(desk: Desk, intent: Select, spot: Spot) -> Done:
    native = getattr(desk.env, "native_select_at", None)
    if native is not None and not desk.env.policy.dry_run and native(*spot.point):

        def build(x: float, y: float) -> env.Action:
            return env.Select(x, y, intent.option)

        return act_at(desk, intent.target, "select", spot, build, _said(intent))
    done = act_at(desk, intent.target, "select", spot, env.Click)
    _pick(desk, done.before.image, intent, done.spot)
    return done


def _said(intent: Select) -> str:
    return f"select {intent.option} in {intent.target.words}"


def set_value(desk: Desk, intent: SetValue, selector: str | None = None) -> Outcome:
    """Do what the kind of control asks for."""
    if sole_name(intent.value) in desk.secrets:
        return type_text(desk, Type(intent.value, intent.target), selector)
    wanted = _resolved(desk, intent.value)
    spot = locate(desk, intent.target, "set_value", selector)
    element = desk.seen.element_at(spot.point, (*FIELDS, *MARKS, "slider"))
    role = element.role if element else "textbox"
    if role == "slider":
        return slide(desk, intent.target, spot, wanted)
    native = getattr(desk.env, "native_select_at", None)
    if native is not None and native(*spot.point):
        return select(desk, Select(wanted, intent.target), selector)
    if role == "combobox":
        try:
            return select(desk, Select(wanted, intent.target), selector)
        except Failed:
            if not wanted.isdecimal():  # a field for numbers has arrows, too
                raise
            return type_text(desk, Type(intent.value, intent.target), selector)
    value = wanted.casefold()
    if role in MARKS and value in _ON:
        return check(desk, Check(intent.target), selector)
    if role in MARKS and value in _OFF:
        return check(desk, Uncheck(intent.target), selector)
    return type_text(desk, Type(intent.value, intent.target), selector)


def _resolved(desk: Desk, text: str) -> str:
    """The letters to type; a secret is typed alone or not at all."""
    hidden = [name for name in names_in(text) if name in desk.secrets]
    if hidden:
        raise Failed(f"{{{hidden[0]}}} is a secret: it is typed alone, with no other words")
    return resolve(text, desk.values)


def _as_date(desk: Desk, spot: Spot, text: str) -> str | None:
    """A date as the field asks for it, the caret put to its first part; None for other fields.

    One that shows a date already tells what it asks for when a part is deleted: `mm/24/2026`.
    """
    if all(grounding.values.date_in(text, order) is None for order in ("mdy", "dmy")):
        return None
    shown = shown_in(desk.eyes.see(spot.image), spot)
    if shows_date(shown):
        desk.act(env.Press("Delete"))
        shown = shown_in(desk.seen, spot)
    date = as_asked(shown, text)
    for _ in range(2 if date else 0):  # whichever part was clicked
        desk.act(env.Press("ArrowLeft"))
    return date


def _type_again(desk: Desk, intent: Type, text: str, selector: str | None) -> Spot | None:
    """The text is not to be seen: look for the field again, and type once more."""
    assert intent.target is not None
    words = PHRASES["type"].format(intent.target.words)
    found = desk.ground(words, "what was typed is not to be seen there")
    if not found.found:
        return None
    spot = spot_of(found, desk.screen.image, intent.target.words)
    if selector is not None:
        spot = locate(desk, intent.target, "type", selector)
    spot = enter(desk, intent.target, spot, append=False, sure=True)
    desk.act(env.Type(text))
    return spot


def _pick(desk: Desk, before: Image.Image, intent: Select, spot: Spot) -> None:
    """Click an option in what has opened: only texts that were not there before count."""
    option = intent.option

    def appeared() -> list[tuple[float, float, float, float]]:
        known = desk.eyes.see(before).places(option)
        places = desk.seen.places(option)
        new = [
            box
            for box in places
            if not any(holds(old, _middle(box)) for old in known)
            or changed_share(before, desk.screen.image, box) > 0.02
        ]
        return [box for box in new if not holds(spot.box, _middle(box))]

    boxes = desk.wait_until(appeared, desk.settings.patience)
    if not boxes:
        desk.act(env.Press("Escape"))
        raise Failed(f"no option {option!r} appeared after the click on {spot.words}")
    box = min(boxes, key=lambda each: abs(each[1] - spot.box[3]) + abs(each[0] - spot.box[0]))
    place = Spot(_middle(box), box, desk.screen.image, option)
    act_at(desk, Target(option), "click", place, env.Click, _said(intent))


def _middle(box: Sequence[float]) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
