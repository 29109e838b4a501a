"""Intents that use a control: click, hover, drag, press, answer, upload, and their evidence."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

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
from .choice import approve
from .desk import Desk
from .errors import Failed
from .evidence import (
    Done,
    appeared,
    changed,
    changed_there,
    pictures,
    prove_no_complaint,
    prove_reaction,
    prove_target,
    reacted,
)
from .eyes import middle
from .locate import aim, locate
from .moved import prove_row
from .named import quotes
from .overlays import REPLIES, overlay_at, overlay_reply, reply_buttons, telling
from .spots import CONFIDENT, FIELDS, Spot, other_spots, spot_of
from .tables import alike

if TYPE_CHECKING:
    from grounding.types import Element  # noqa: TID251 - a type only


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
    prove_row(desk, done, intent.target)
    return Outcome(True)


def hover(desk: Desk, intent: Hover, selector: str | None = None) -> Outcome:
    """Rest the pointer on the target."""
    spot = locate(desk, intent.target, "hover", selector)
    done = act_at(desk, intent.target, "hover", spot, env.Hover)
    prove_target(desk, done.spot, intent.target)
    desk.prove("the pointer rests there", done.result.dispatched)
    return Outcome(True)


def drag(desk: Desk, intent: Drag, selector: str | None = None, onto: str | None = None) -> Outcome:
    """Drag one thing onto another."""
    source = locate(desk, intent.source, "drag", selector)
    destination = locate(desk, intent.destination, "drop", onto)
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
    press_keys(desk, intent.keys, f"press {intent.keys}")
    return Outcome(True)


def press_keys(desk: Desk, keys: str, text: str, said: str = "") -> None:
    """Press a chord where the focus is, asked about in these words, and prove what it did."""
    before, earlier = desk.screen, pictures(desk)
    action = env.Press(keys)
    approve(desk, action, text, "", said)
    result = desk.act(action)
    did = desk.wait_until(
        lambda: changed(desk, before, result, earlier), desk.settings.patience / 2
    )
    desk.prove("the screen changed", True if did else None, result.outcome)
    prove_no_complaint(desk, before)


def upload(desk: Desk, intent: Upload, selector: str | None = None) -> Outcome:
    """Hand files to a file control; that their names appear, or a change, is the evidence."""
    target = intent.target or Target("the file field or upload button")
    spot = locate(desk, target, "upload", selector)

    def build(x: float, y: float) -> env.Action:
        return env.Upload(x, y, intent.paths)

    done = act_at(desk, target, "upload", spot, build)
    prove_target(desk, done.spot, target)
    names = [re.split(r"[\\/]", path)[-1] for path in intent.paths]

    def shown() -> list[str]:
        return [name for name in names if appeared(desk, done.before, name)]

    if new := desk.wait_until(shown, desk.settings.patience / 2):
        desk.prove("the file's name appeared", True, ", ".join(new))
        prove_no_complaint(desk, done.before)
    else:
        prove_reaction(desk, done)
    return Outcome(True)


def answer(desk: Desk, intent: Answer) -> Outcome:
    """Use the button by which a banner or dialog is accepted, declined or closed."""

    def found() -> Spot | None:
        return _reply_spot(desk, intent)

    spot = desk.wait_until(found, desk.settings.patience) or _lone_reply(desk, intent)
    if spot is None:
        wanted = ", ".join(REPLIES[intent.reply][:4])
        raise Failed(f"no button to {intent.reply} {intent.target.words}: looked for {wanted} ...")
    open_one = overlay_at(desk.seen, spot.box)
    none = "" if open_one else "nothing is seen to lie over the page"
    desk.prove(f"it lies in {intent.target.words}", True if open_one else None, none)
    done = act_at(desk, intent.target, "click", spot, env.Click)
    prove_reaction(desk, done)

    def gone() -> bool:
        left = overlay_at(desk.seen, spot.box)
        return left is None or (open_one is not None and not alike(left.text, open_one.text))

    if open_one is not None:
        closed = desk.wait_until(gone, desk.settings.patience)
        desk.prove("it is gone", True if closed else None)
    return Outcome(True)


def act_at(
    desk: Desk,
    target: Target,
    verb: str,
    spot: Spot,
    build: Callable[[float, float], env.Action],
    text: str = "",
) -> Done:
    """Ask if need be, look once more whether the target is still there, then act on it.

    `text` says what is done, where that is more than the verb and the target.
    """
    action = build(*spot.point)
    approve(desk, action, text or f"{verb.replace('_', ' ')} {target.words}", _shown(desk, spot))
    spot = aim(desk, target, verb, spot)
    before, earlier = desk.screen, pictures(desk, spot)
    was, desk.pointed, desk.away = desk.pointed, spot, False
    result = desk.act(build(*spot.point))
    if result.stirred:
        desk.prove("it held still", None, "the screen changed there just before the action")
    return Done(spot, before, result, earlier, was)


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
    """The button in the overlay that is meant; the close icon that lies in one."""
    seen, words = desk.seen, intent.target.words
    button = overlay_reply(seen, [*quotes(words), *REPLIES[intent.reply]], words)
    if button is not None:
        return _on(desk, button)
    if intent.reply != "close":
        return None
    found = desk.ground(f"click the close icon of {words}")
    if not found.found or found.confidence < CONFIDENT:
        return None
    spot = spot_of(found, desk.screen.image, "the close icon")
    return spot if overlay_at(seen, spot.box) is not None else None


def _lone_reply(desk: Desk, intent: Answer) -> Spot | None:
    """A button of a name that forms do not have, wherever it lies."""
    names = [*quotes(intent.target.words), *telling(REPLIES[intent.reply])]
    button = next(reply_buttons(desk.seen, names), None)
    return None if button is None else _on(desk, button)


def _on(desk: Desk, button: Element) -> Spot:
    box = desk.seen.pixels(button.box)
    return Spot(middle(box), box, desk.screen.image, button.text)
