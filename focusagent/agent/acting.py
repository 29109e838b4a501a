"""Intents that use a control: click, hover, drag, press, answer, upload, and their evidence."""

from __future__ import annotations

import re
from collections.abc import Callable

from .._siblings import env
from ..planner.intents import (
    Answer,
    Click,
    DoubleClick,
    Drag,
    Hover,
    Outcome,
    Press,
    RightClick,
    Target,
    Upload,
)
from .approval import Request
from .desk import Desk, differs
from .errors import Failed
from .evidence import Done, changed_there, prove_reaction, prove_target, reacted
from .eyes import middle
from .locate import aim, locate
from .named import quotes
from .overlays import REPLIES, reply_button
from .spots import CONFIDENT, FIELDS, Spot, other_spots, spot_of


def click(
    desk: Desk, intent: Click | DoubleClick | RightClick, selector: str | None = None
) -> Outcome:
    """Click, and see that the screen reacts."""
    spot = locate(desk, intent.target, intent.kind, selector)
    modifiers = intent.modifiers if isinstance(intent, Click) else ()

    def build(x: float, y: float) -> env.Action:
        return env.Click(
            x,
            y,
            button="right" if isinstance(intent, RightClick) else "left",
            count=2 if isinstance(intent, DoubleClick) else 1,
            modifiers=modifiers,
        )

    done = act_at(desk, intent.target, intent.kind, spot, build)
    if not reacted(desk, done) and not changed_there(desk, done):
        done = _second_choice(desk, intent, done, build)
    prove_target(desk, done.spot, intent.target)
    prove_reaction(desk, done)
    return Outcome(True)


def hover(desk: Desk, intent: Hover, selector: str | None = None) -> Outcome:
    """Rest the pointer on the target."""
    spot = locate(desk, intent.target, "hover", selector)
    done = act_at(desk, intent.target, "hover", spot, env.Hover)
    prove_target(desk, done.spot, intent.target)
    desk.prove("the pointer rests there", done.result.dispatched)
    return Outcome(True)


def drag(desk: Desk, intent: Drag) -> Outcome:
    """Drag one thing onto another."""
    source = locate(desk, intent.source, "drag")
    destination = locate(desk, intent.destination, "drop")
    ends = destination.point

    def build(x: float, y: float) -> env.Action:
        return env.Drag(x, y, *ends)

    done = act_at(desk, intent.source, "drag", source, build)
    prove_target(desk, source, intent.source)
    prove_target(desk, destination, intent.destination)
    prove_reaction(desk, done)
    return Outcome(True)


def press(desk: Desk, intent: Press, selector: str | None = None) -> Outcome:
    """Press a key or chord, where the focus is or in a target."""
    if intent.target is not None:
        spot = locate(desk, intent.target, "press", selector)
        act_at(desk, intent.target, "press", spot, env.Click)
        prove_target(desk, spot, intent.target)
    before = desk.screen
    action = env.Press(intent.keys)
    approve(desk, action, f"press {intent.keys}", "")
    result = desk.act(action)
    changed = result.outcome in ("changed", "navigated") or desk.wait_until(
        lambda: differs(before, desk.screen), desk.settings.patience / 2
    )
    desk.prove("the screen changed", True if changed else None, result.outcome)
    return Outcome(True)


def upload(desk: Desk, intent: Upload, selector: str | None = None) -> Outcome:
    """Hand files to a file control; their names, or a change, are the evidence."""
    target = intent.target or Target("the file field or upload button")
    spot = locate(desk, target, "upload", selector)

    def build(x: float, y: float) -> env.Action:
        return env.Upload(x, y, intent.paths)

    done = act_at(desk, target, "upload", spot, build)
    names = [re.split(r"[\\/]", path)[-1] for path in intent.paths]
    shown = [name for name in names if desk.seen.shows(name)]
    changed = done.result.outcome in ("changed", "navigated")
    if shown:
        desk.prove("the file's name is on the screen", True, ", ".join(shown))
    else:
        desk.prove("the screen changed", True if changed else None, done.result.outcome)
    return Outcome(True)


def answer(desk: Desk, intent: Answer) -> Outcome:
    """Use the button by which a banner or dialog is accepted, declined or closed."""

    def found() -> Spot | None:
        return _reply_spot(desk, intent)

    spot = desk.wait_until(found, desk.settings.patience)
    if spot is None:
        wanted = ", ".join(REPLIES[intent.reply][:4])
        raise Failed(f"no button to {intent.reply} {intent.target.words}: looked for {wanted} ...")
    done = act_at(desk, intent.target, "click", spot, env.Click)
    prove_reaction(desk, done)
    return Outcome(True)


def act_at(
    desk: Desk,
    target: Target,
    verb: str,
    spot: Spot,
    build: Callable[[float, float], env.Action],
) -> Done:
    """Ask if need be, look once more whether the target is still there, then act on it."""
    action = build(*spot.point)
    said_words = f"{verb.replace('_', ' ')} {target.words}"
    approve(desk, action, said_words, _shown(desk, spot))
    spot = aim(desk, target, verb, spot)
    before = desk.screen
    return Done(spot, before, desk.act(build(*spot.point)))


def approve(desk: Desk, action: env.Action, text: str, shown: str) -> None:
    """Get a yes where one is needed; a no ends the run."""
    if action.kind in ("hover", "scroll", "move"):
        return
    request = Request("policy", text, "", desk.screen.image, action)
    desk.approver.allow(request, shown, desk.said, action.kind)


def _second_choice(
    desk: Desk,
    intent: Click | DoubleClick | RightClick,
    done: Done,
    build: Callable[[float, float], env.Action],
) -> Done:
    """Nothing happened at all: try the next candidate, once."""
    for spot in other_spots(done.spot)[:1]:
        spot = Spot(spot.point, spot.box, desk.screen.image, spot.words, spot.confidence)
        desk.prove("the first place reacts", None, "nothing changed, so the next one was used")
        again = act_at(desk, intent.target, intent.kind, spot, build)
        if reacted(desk, again) or changed_there(desk, again):
            return again
    return done


def _shown(desk: Desk, spot: Spot) -> str:
    """What the control says that is about to be used."""
    element = desk.seen.element_at(spot.point)
    words = element.text if element is not None and element.role not in FIELDS else ""
    if element is not None and element.icon:
        words = f"{words} {element.icon}"
    return words


def _reply_spot(desk: Desk, intent: Answer) -> Spot | None:
    names = [*quotes(intent.target.words), *REPLIES[intent.reply]]
    button = reply_button(desk.seen, names)
    if button is not None:
        box = desk.seen.pixels(button.box)
        return Spot(middle(box), box, desk.screen.image, button.text)
    if intent.reply != "close":
        return None
    found = desk.ground(f"click the close icon of {intent.target.words}")
    if not found.found or found.confidence < CONFIDENT:
        return None
    return spot_of(found, desk.screen.image, "the close icon")
