"""Finding a target on the screen: by selector or by eye, waiting, scrolling, out of the way."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from .._siblings import env
from ..history import Sight
from ..planner.compare import folded
from ..planner.intents import Target
from .choice import approve, belongs_to, cut_off, of_kind, settled
from .desk import Desk, differs
from .errors import Failed
from .eyes import middle
from .memory import remembered
from .named import IN_ROW, cell_named, sole_quote
from .overlays import overlay_at, reply_buttons, says
from .pixels import PixelBox, holds, same_patch, same_row
from .spots import CONFIDENT as CONFIDENT
from .spots import CONTROLS, place_of, spot_of
from .spots import FIELDS as FIELDS
from .spots import MARKS as MARKS
from .spots import Spot as Spot
from .wheel import Point, turn

if TYPE_CHECKING:
    from grounding.types import Grounding  # noqa: TID251 - a type only

# How an instruction to the grounder begins: the verb tells which kind of control is meant.
PHRASES = {
    "click": "click {}", "double_click": "double-click {}", "right_click": "right-click {}",
    "hover": "hover over {}", "type": "click into {}", "press": "click into {}",
    "select": "edit {}", "set_value": "edit {}", "check": "tick {}", "uncheck": "untick {}",
    "drag": "drag {}", "drop": "find {}", "scroll": "find {}", "upload": "click {}",
    "read": "find {}", "find": "find {}",
}  # fmt: skip
# What closes something that lies over the page without agreeing to anything.
DISMISS = ("No thanks", "Not now", "Maybe later", "Skip", "Dismiss", "Close", "Got it", "\u00d7",
           "\u2715")  # fmt: skip
REFUSE = ("Reject all", "Decline")  # does so only where cookies are asked about


NEAR = 4.0  # pixels that a place may lie off where it was seen before
_UNDER = 4.0  # heights of its label that the only thing that chooses files may stand below it
SURE = 0.9  # of a cell whose heading and row were read
# What browsers write on the control that chooses files.
CHOOSERS = ("Choose File", "Browse", "Select file")
UNCHOSEN = ("No file chosen", "No file selected")
_FILE_FIELD = re.compile(r"\s+(?:file )?(?:field|input|box|upload|control)$", re.IGNORECASE)
_IN_CELLS = ("click", "double_click", "right_click", "hover", "type", "select", "check", "uncheck")
_KINDS_IN_CELLS = {"check": MARKS, "uncheck": MARKS, "select": FIELDS}


def locate(desk: Desk, target: Target, verb: str, selector: str | None = None) -> Spot:
    """Where the target is; `Failed` if it is nowhere, or if nobody says which of two is meant."""
    if (given := desk.take_given(target.words)) is not None:
        desk.saw(dataclasses.replace(_sight(given), by="recorded"))
        return given
    if selector is not None:
        found = by_selector(desk, selector, target.words)
        if found is not None:
            return found
    words = PHRASES[verb].format(target.words)
    seen = remembered(desk, words, partial(_scroll_to, desk))
    if seen is None and (read := _cell(desk, target, verb) or _chooser(desk, target, verb)):
        return read
    spot = _best(desk, target, verb, seen or desk.ground(words))
    hidden = not desk.env.policy.dry_run and cut_off(desk, spot, verb)
    if hidden and turn(desk, desk.screen.image.height / 2, late=False):
        seen = desk.ground(words, "scrolled down: its control was out of sight")
        spot = _best(desk, target, verb, seen)
    return settled(desk, target, spot)


def _best(desk: Desk, target: Target, verb: str, seen: Grounding) -> Spot:
    """The best place for the verb among what was found; what was not is searched for."""
    if not seen.found:
        seen = _search(desk, PHRASES[verb].format(target.words), target)
    return of_kind(desk, spot_of(seen, desk.screen.image, target.words), verb)


def _cell(desk: Desk, target: Target, verb: str) -> Spot | None:
    """The place where the named column and row of a table meet, or the control that is there."""
    if verb not in _IN_CELLS or target.role == "icon" or not IN_ROW.search(target.words):
        return None
    seen = desk.seen
    cell = cell_named(seen, target.words)
    if cell is None:
        return None
    box = cell.box
    roles = _KINDS_IN_CELLS.get(verb, CONTROLS)
    inside = [
        seen.pixels(each.box)
        for each in seen.scene.elements
        if each.role in roles and holds(box, middle(seen.pixels(each.box)))
    ]
    if not inside and verb in _KINDS_IN_CELLS:
        return None
    box = inside[0] if inside else box
    return _read(desk, target, verb, box, "where its column and its row meet")


def _chooser(desk: Desk, target: Target, verb: str) -> Spot | None:
    """What opens the dialog for files, beside or below the label that the target names."""
    if verb != "upload":
        return None
    name = sole_quote(target.words) or _FILE_FIELD.sub("", target.words)
    if folded(name) in map(folded, CHOOSERS):
        return None
    labels = desk.seen.places(name)
    for texts in (CHOOSERS, UNCHOSEN):  # only of browsers' own controls the second can be clicked
        places = [box for text in texts for box in desk.seen.places(text)] if labels else []
        choosers = [_around(desk, box) for box in places]
        pairs = [
            (math.dist((label[2], label[3]), (box[0], box[3])), box)
            for label in labels
            for box in choosers
            if (label[0] < box[0] + NEAR and belongs_to(label, box))
            or (len(set(choosers)) == 1 and 0 <= box[1] - label[3] < _UNDER * (label[3] - label[1]))
        ]
        if pairs:
            return _read(desk, target, verb, min(pairs)[1], "what chooses files beside its label")
    return None


def _around(desk: Desk, box: PixelBox) -> PixelBox:
    """The button that a text stands on, or the text."""
    button = desk.seen.element_at(middle(box), ("button",))
    return box if button is None else desk.seen.pixels(button.box)


def _read(desk: Desk, target: Target, verb: str, box: PixelBox, note: str) -> Spot:
    """A place that was found by what was read."""
    spot = Spot(middle(box), box, desk.screen.image, target.words, SURE)
    desk.saw(dataclasses.replace(_sight(spot), words=PHRASES[verb].format(target.words), note=note))
    return spot


def glance(
    desk: Desk,
    target: Target,
    verb: str = "find",
    *,
    anew: bool = False,
    selector: str | None = None,
) -> Spot | None:
    """Where the target is on the screen as it stands; None if it is not there."""
    if selector and (named := by_selector(desk, selector, target.words)) is not None:
        return named
    seen = desk.ground(PHRASES[verb].format(target.words), anew=anew)
    return spot_of(seen, desk.screen.image, target.words) if seen.found else None


def by_selector(desk: Desk, selector: str, words: str) -> Spot | None:
    """The middle of the element a selector names, scrolled into view; None if there is none."""
    box_of = getattr(desk.env, "box_of", None)
    box = None
    if box_of is not None:
        with desk.timed("selector"):
            box = box_of(selector)
        desk.look()
    if box is None:
        note = "this environment knows no selectors" if box_of is None else "no such element"
        desk.saw(
            Sight(words=selector, point=None, box=None, confidence=0.0, by="selector", note=note)
        )
        return None
    image = desk.screen.image
    x1, y1, x2, y2 = box
    x = min(max((x1 + x2) / 2, 0), image.width - 1)
    y = min(max((y1 + y2) / 2, 0), image.height - 1)
    spot = Spot((x, y), (x1, y1, x2, y2), image, words, selector=selector)
    place = place_of(spot)
    desk.saw(Sight(words=selector, point=place.point, box=place.box, confidence=1.0, by="selector"))
    return spot


def aim(desk: Desk, target: Target, verb: str, spot: Spot) -> Spot:
    """The spot, looked at once more: where its pixels have changed, it is looked for again."""
    for _ in range(desk.settings.tries):
        desk.look()
        still = same_patch(spot.image, desk.screen.image, spot.point)
        if still and same_row(spot.image, desk.screen.image, spot.point):
            return spot
        if spot.selector is not None:
            again = by_selector(desk, spot.selector, spot.words)
        else:
            words = PHRASES[verb].format(target.words)
            seen = desk.ground(words, "the screen changed there before the action")
            again = spot_of(seen, desk.screen.image, target.words) if seen.found else None
        if again is None:
            raise Failed(f"{target.words} went away before it could be used")
        if still and math.dist(again.point, spot.point) < NEAR:
            return again
        spot = settled(desk, target, again) if spot.selector is None else again
    if same_patch(spot.image, desk.look().image, spot.point):
        return spot
    raise Failed(f"{target.words} does not hold still: it changed {desk.settings.tries} times")


def _search(desk: Desk, words: str, target: Target) -> Grounding:
    """Wait for it to appear, close what may cover it, scroll to it; `Failed` if nothing helps."""
    found: list[Grounding] = []

    def again(note: str) -> bool:
        seen = desk.ground(words, note)
        if seen.found:
            found.append(seen)
        return seen.found

    def appears() -> bool:
        return differs_from_first() and again("the screen changed")

    first = desk.screen

    def differs_from_first() -> bool:
        return differs(first, desk.screen)

    if desk.wait_until(appears, desk.settings.patience):
        return found[-1]
    if not desk.env.policy.dry_run and (_dismiss(desk) and again("after closing a popup")):
        return found[-1]
    if not desk.env.policy.dry_run and _scroll_to(desk, again):
        return found[-1]
    why = desk.draft.groundings[-1].answer
    raise Failed(f"nothing on the screen is {target.words!r}" + (f": {why}" if why else ""))


def _dismiss(desk: Desk) -> bool:
    """Close a popup by a control in it that agrees to nothing; False if none is open."""
    seen = desk.seen
    for button in reply_buttons(seen, (*DISMISS, *REFUSE)):
        box = seen.pixels(button.box)
        overlay = overlay_at(seen, box)
        refuses = any(says(seen, button, name) for name in REFUSE)
        if overlay is None or (refuses and not overlay.consent):
            continue
        action = env.Click(*middle(box))
        approve(desk, action, f"click {button.text} to close what covers the page", button.text)
        result = desk.act(action)
        gone = result.outcome in ("changed", "navigated")
        desk.prove("a popup was closed", True if gone else None, f"by {button.text}")
        return gone
    return False


def _scroll_to(desk: Desk, found: Callable[[str], bool]) -> bool:
    """Go down screen by screen, then once from the top, until it is found."""
    step, most = 0.8 * desk.screen.image.height, desk.settings.scrolls
    at = turn(desk, step, late=False)
    below = at is not None and _down(desk, step, at, most, partial(found, "scrolled down"))
    if below:
        return True
    top = turn(desk, -1e5, at=at, late=False)
    return top is not None and _down(desk, step, top, most, partial(found, "scrolled up"))


def _down(desk: Desk, step: float, at: Point, most: int, found: Callable[[], bool]) -> bool:
    """Whether it is found on this screen or one of those below."""
    for _ in range(most):
        if found():
            return True
        if turn(desk, step, at=at) is None:
            break
    return False


def _sight(spot: Spot) -> Sight:
    place = place_of(spot)
    return Sight(words=spot.words, point=place.point, box=place.box, confidence=spot.confidence)
