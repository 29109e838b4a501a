"""Intents that give a control a value: type, select, check, uncheck, set."""

from __future__ import annotations

import difflib
import re
import sys
from typing import TYPE_CHECKING

from .._siblings import env
from ..planner.intents import Check, Outcome, Select, SetValue, Target, Type, Uncheck
from ..planner.templates import names_in, resolve, sole_name
from .acting import act_at
from .asking import field_box, mark_at
from .desk import Desk
from .errors import Failed
from .evidence import Done, prove_target
from .eyes import known_parts
from .locate import PHRASES, aim, locate
from .pixels import changed_inside, changed_share, grown, holds, is_plain, mark_state
from .spots import FIELDS, MARKS, Spot, other_spots, spot_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image

_ONE_LINE = 60  # pixels that a field of one line is high at most
_ON = ("on", "yes", "true", "checked", "ticked", "1")
_OFF = ("off", "no", "false", "unchecked", "unticked", "0")


def type_text(desk: Desk, intent: Type, selector: str | None = None) -> Outcome:
    """Make the text the content of a field and read it back."""
    name = sole_name(intent.text)
    secret = name if name in desk.secrets else None
    text = "" if secret else _resolved(desk, intent.text)
    spot = None
    if intent.target is not None:
        spot = _focus(desk, intent.target, selector, append=intent.append)
    before = desk.screen
    if text or secret:
        desk.act(env.Type(text, secret=secret))
    elif not intent.append:
        desk.act(env.Press("Delete"))
    if spot is not None:
        if text and not secret and not intent.append and _lost(desk, before, spot, text):
            spot = _type_again(desk, intent, text, selector) or spot
        prove_target(desk, spot, intent.target or Target("it"))
        _prove_typed(desk, before, spot, text, secret)
    else:
        seen = desk.seen.shows(text) if text else before.image is not desk.screen.image
        desk.prove("what was typed is on the screen", True if seen else None)
    if intent.submit:
        _submit(desk)
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
        changed = changed_inside(done.before.image, desk.screen.image, box)
        known = state is not None and changed
        desk.prove(f"it is {word}", True if known else None, "it changed" if changed else "")
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
    prove_target(desk, done.spot, intent.target)
    shown = desk.seen.shows(intent.option, grown(box, 4, desk.screen.image.size))
    if not shown:
        read = desk.seen.text_in(box)
        shown = difflib.SequenceMatcher(None, _plain(read), _plain(intent.option)).ratio() > 0.75
    desk.prove(f"it shows {intent.option!r}", True if shown else None)
    return Outcome(True)


def _choose(desk: Desk, intent: Select, spot: Spot) -> Done:
    native = getattr(desk.env, "native_select_at", None)
    if native is not None and not desk.env.policy.dry_run and native(*spot.point):

        def build(x: float, y: float) -> env.Action:
            return env.Select(x, y, intent.option)

        return act_at(desk, intent.target, "select", spot, build)
    done = act_at(desk, intent.target, "select", spot, env.Click)
    _pick(desk, done.before.image, intent.option, done.spot)
    return done


def set_value(desk: Desk, intent: SetValue, selector: str | None = None) -> Outcome:
    """Do what the kind of control asks for."""
    if sole_name(intent.value) in desk.secrets:
        return type_text(desk, Type(intent.value, intent.target), selector)
    wanted = _resolved(desk, intent.value)
    spot = locate(desk, intent.target, "set_value", selector)
    element = desk.seen.element_at(spot.point, (*FIELDS, *MARKS))
    role = element.role if element else "textbox"
    native = getattr(desk.env, "native_select_at", None)
    if role == "combobox" or (native is not None and native(*spot.point)):
        return select(desk, Select(wanted, intent.target), selector)
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


def _focus(desk: Desk, target: Target, selector: str | None, *, append: bool) -> Spot:
    spot = locate(desk, target, "type", selector)
    return _enter(desk, target, spot, append=append)


def _enter(desk: Desk, target: Target, spot: Spot, *, append: bool) -> Spot:
    """Put the focus into the field, its content selected or the caret at its end."""
    empty = is_plain(spot.image, field_box(desk.seen, spot))
    spot = act_at(desk, target, "type", spot, env.Click).spot
    if append:
        desk.act(env.Press("End"))
    elif not empty:
        for keys in _select_all(desk, spot):
            desk.act(env.Press(keys))
    return spot


def _select_all(desk: Desk, spot: Spot) -> tuple[str, ...]:
    """The keys that select what a field holds; desktop programs on Linux differ in Control+A."""
    if sys.platform == "darwin":
        return ("Meta+A",)
    if not isinstance(desk.env, env.DesktopEnvironment):
        return ("Control+A",)
    box = field_box(desk.seen, spot)
    lines = [where for _, where in desk.seen.texts() if holds(box, _middle(where))]
    several = len(lines) > 1 or box[3] - box[1] > _ONE_LINE
    return ("Control+Home", "Control+Shift+End") if several else ("Home", "Shift+End")


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
    spot = _enter(desk, intent.target, spot, append=False)
    desk.act(env.Type(text))
    return spot


def _lost(desk: Desk, before: env.Observation, spot: Spot, text: str) -> bool:
    """Whether the text went elsewhere: the field does not show it, and has not changed."""
    if _shows(desk, before, spot, text, None):
        return False
    box = grown(field_box(desk.seen, spot), 3, desk.screen.image.size)
    return changed_share(before.image, desk.screen.image, box) == 0


def _legible(shown: str) -> bool:
    """Whether these are words, not the dots of a password field as the reader sees them."""
    return len(set(re.findall(r"\w", shown))) > 1


def _shows(desk: Desk, before: env.Observation, spot: Spot, text: str, secret: str | None) -> bool:
    """Whether the field holds what was typed, as far as can be read."""
    box = grown(field_box(desk.seen, spot), 3, desk.screen.image.size)
    if secret:
        return changed_share(before.image, desk.screen.image, box) > 0
    if not text:
        return not desk.seen.text_in(box).strip() or before.image is not desk.screen.image
    if any(desk.seen.shows(line, box) for line in text.splitlines() if line.strip()):
        return True
    return similar(desk.seen.text_in(box), text)


def _shows_known(desk: Desk, box: Sequence[float], text: str) -> bool:
    """Whether the field shows those letters of a text that the reader knows, in their order."""
    known = [part for part in known_parts(text) if len(part) > 1]
    places = [desk.seen.places(part, box) for part in known]
    if not known or not all(places):
        return False
    firsts = [min(boxes) for boxes in places]
    return firsts == sorted(firsts)


def _prove_typed(
    desk: Desk, before: env.Observation, spot: Spot, text: str, secret: str | None
) -> None:
    if secret:
        dispatched = desk.draft.results[-1].dispatched
        changed = _shows(desk, before, spot, text, secret)
        desk.prove("the secret was typed, masked", True if dispatched and changed else None)
        return
    box = grown(field_box(desk.seen, spot), 3, desk.screen.image.size)
    shown = desk.seen.text_in(box)
    if _shows(desk, before, spot, text, None):
        desk.prove("the field shows what was typed", True, shown or "empty")
    elif known_parts(text) != [text] and _shows_known(desk, box, text):
        known = " ... ".join(known_parts(text))
        changed = changed_share(before.image, desk.screen.image, box) > 0
        what = "the field shows what can be read of it"
        desk.prove(what, True if changed else None, f"{known}; the rest is of another script")
    elif not _legible(shown):
        changed = changed_share(before.image, desk.screen.image, box) > 0
        desk.prove("the field changed", True if changed else None, "its text cannot be read")
    else:
        desk.prove("the field shows what was typed", None, f"it reads {shown!r}")


def _submit(desk: Desk) -> None:
    before = desk.screen
    result = desk.act(env.Press("Enter"))
    changed = result.outcome in ("changed", "navigated") or desk.wait_until(
        lambda: desk.screen.image is not before.image, desk.settings.patience
    )
    desk.prove("Enter did something", True if changed else None)


def _pick(desk: Desk, before: Image.Image, option: str, spot: Spot) -> None:
    """Click an option in what has opened: only texts that were not there before count."""

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
    place = aim(desk, Target(option), "click", place)
    desk.act(env.Click(*place.point))


def similar(shown: str, text: str) -> bool:
    """Whether a field shows a text, be it only the part of it that fits, or in its own format."""
    left, right = _plain(shown), _plain(text)
    if not left or not right:
        return False
    if len(left) >= 4 and (left in right or right in left):
        return True
    if difflib.SequenceMatcher(None, left, right).ratio() >= 0.75:
        return True
    digits = re.findall(r"\d+", text)
    return bool(digits) and sorted(map(int, digits)) == sorted(map(int, re.findall(r"\d+", shown)))


def _plain(text: str) -> str:
    return re.sub(r"\s+", "", text).casefold()


def _middle(box: Sequence[float]) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
