"""Finding a target on the screen: by selector or by eye, waiting, scrolling, out of the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._siblings import env
from ..history import Place, Sight
from ..planner.intents import Target
from .approval import Request
from .desk import Desk, differs
from .errors import Failed
from .pixels import holds, pixels_of, same_patch

if TYPE_CHECKING:
    from PIL import Image

    from grounding.types import Candidate, Grounding  # noqa: TID251

# How an instruction to the grounder begins: the verb tells which kind of control is meant.
PHRASES = {
    "click": "click {}", "double_click": "double-click {}", "right_click": "right-click {}",
    "hover": "hover over {}", "type": "click into {}", "press": "click into {}",
    "select": "edit {}", "set_value": "edit {}", "check": "tick {}", "uncheck": "untick {}",
    "drag": "drag {}", "drop": "find {}", "scroll": "find {}", "upload": "click {}",
    "read": "find {}", "find": "find {}",
}  # fmt: skip
# What closes something that lies over the page without agreeing to anything.
DISMISS = ("No thanks", "Not now", "Maybe later", "Skip", "Dismiss", "Reject all", "Decline",
           "Close", "Got it", "\u00d7", "\u2715")  # fmt: skip
CONFIDENT = 0.5
MARKS = ("checkbox", "radio", "switch")
FIELDS = ("textbox", "combobox")
# The kinds of control that a verb is for: a candidate of that kind is meant rather than others.
_KINDS = {"type": FIELDS, "select": FIELDS, "set_value": (*FIELDS, *MARKS), "check": MARKS,
          "uncheck": MARKS}  # fmt: skip
_FITTING = 0.6  # of the best score that such a candidate must have


@dataclass(frozen=True)
class Spot:
    """Where a target is, in pixels of the picture it was seen on, and what else it could be."""

    point: tuple[float, float]
    box: tuple[float, float, float, float]
    image: Image.Image
    words: str
    confidence: float = 1.0
    others: tuple[Place, ...] = ()
    selector: str | None = None


def locate(desk: Desk, target: Target, verb: str, selector: str | None = None) -> Spot:
    """Where the target is; `Failed` if it is nowhere, or if nobody says which of two is meant."""
    if (given := desk.given) is not None:
        desk.given = None
        desk.draft.sights.append(_recorded(given))
        return given
    if selector is not None:
        found = by_selector(desk, selector, target.words)
        if found is not None:
            return found
    words = PHRASES[verb].format(target.words)
    seen = desk.ground(words)
    if not seen.found:
        seen = _search(desk, words, target)
    spot = _of_kind(desk, spot_of(seen, desk.screen.image, target.words), verb)
    return _settled(desk, target, spot)


def glance(desk: Desk, target: Target, verb: str = "find") -> Spot | None:
    """Where the target is on the screen as it stands; None if it is not there."""
    seen = desk.ground(PHRASES[verb].format(target.words))
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
        desk.draft.sights.append(
            Sight(words=selector, point=None, box=None, confidence=0.0, by="selector", note=note)
        )
        return None
    image = desk.screen.image
    x1, y1, x2, y2 = box
    x = min(max((x1 + x2) / 2, 0), image.width - 1)
    y = min(max((y1 + y2) / 2, 0), image.height - 1)
    spot = Spot((x, y), (x1, y1, x2, y2), image, words, selector=selector)
    place = place_of(spot)
    desk.draft.sights.append(
        Sight(words=selector, point=place.point, box=place.box, confidence=1.0, by="selector")
    )
    return spot


def aim(desk: Desk, target: Target, verb: str, spot: Spot) -> Spot:
    """The spot, looked at once more: where its pixels have changed, it is looked for again."""
    for _ in range(desk.settings.tries):
        desk.look()
        if same_patch(spot.image, desk.screen.image, spot.point):
            return spot
        if spot.selector is not None:
            again = by_selector(desk, spot.selector, spot.words)
        else:
            words = PHRASES[verb].format(target.words)
            seen = desk.ground(words, "the screen changed there before the action")
            again = spot_of(seen, desk.screen.image, target.words) if seen.found else None
        if again is None:
            raise Failed(f"{target.words} went away before it could be used")
        spot = _settled(desk, target, again) if spot.selector is None else again
    if same_patch(spot.image, desk.look().image, spot.point):
        return spot
    raise Failed(f"{target.words} does not hold still: it changed {desk.settings.tries} times")


def other_spots(spot: Spot) -> list[Spot]:
    """The other candidates, best first: for when the first one did nothing at all."""
    width, height = spot.image.size
    best = max(spot.confidence, 1e-6)
    return [
        Spot(
            (place.point[0] * width, place.point[1] * height),
            pixels_of(place.box, spot.image.size),
            spot.image,
            spot.words,
            place.score,
        )
        for place in spot.others
        if place.score >= CONFIDENT * best
    ]


def spot_of(seen: Grounding, image: Image.Image, words: str) -> Spot:
    """A grounding in pixels."""
    assert seen.point is not None
    x, y = seen.point.to_pixels(image.size)
    point = (min(max(x, 0), image.width - 1), min(max(y, 0), image.height - 1))
    box: Any = seen.box.to_pixels(image.size) if seen.box else (x - 8, y - 8, x + 8, y + 8)
    others = tuple(_place(other) for other in seen.alternatives if not _same(other, seen))
    return Spot(point, box, image, words, seen.confidence, others)


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
    """Close a popup by a control that agrees to nothing; False if none is open."""
    for text in DISMISS:
        for element in desk.seen.scene.elements:
            if element.role in ("button", "link", "icon") and element.text.casefold() == (
                text.casefold()
            ):
                x, y = element.box.center.to_pixels(desk.screen.image.size)
                result = desk.act(env.Click(x, y))
                return result.outcome in ("changed", "navigated")
    return False


def _scroll_to(desk: Desk, found: Any) -> bool:
    """Go down screen by screen, then once from the top, until it is found."""
    width, height = desk.screen.image.size
    step = 0.8 * height
    moved = 0
    for _ in range(desk.settings.scrolls):
        if desk.act(env.Scroll(width / 2, height / 2, step)).outcome == "no change":
            break
        moved += 1
        if found("scrolled down"):
            return True
    result = desk.act(env.Scroll(width / 2, height / 2, -1e5))
    if result.outcome == "no change":
        return False
    for _ in range(desk.settings.scrolls - moved + 1):
        if found("scrolled up"):
            return True
        if desk.act(env.Scroll(width / 2, height / 2, step)).outcome == "no change":
            break
    return False


def _of_kind(desk: Desk, spot: Spot, verb: str) -> Spot:
    """The best candidate that is the kind of control the verb is for; the first if none is."""
    roles = _KINDS.get(verb, ())
    if not roles or not spot.others or desk.seen.element_at(spot.point, roles):
        return spot
    width, height = spot.image.size
    for place in spot.others:
        point = (place.point[0] * width, place.point[1] * height)
        near = place.score >= _FITTING * spot.confidence
        if near and desk.seen.element_at(point, roles):
            rest = tuple(
                each
                for each in spot.others
                if each is not place
                and desk.seen.element_at((each.point[0] * width, each.point[1] * height), roles)
            )
            box = pixels_of(place.box, spot.image.size)
            return Spot(point, box, spot.image, spot.words, place.score, rest)
    return spot


def _settled(desk: Desk, target: Target, spot: Spot) -> Spot:
    """The spot, or the candidate that was chosen where several fit as well."""
    least = spot.confidence * (1 - desk.settings.margin)
    rivals = [place for place in spot.others if place.score >= least]
    if not rivals:
        return spot
    width, height = spot.image.size
    mine = place_of(spot)
    places = (mine, *rivals)
    shown = ", ".join(
        f"({round(place.point[0] * width)}, {round(place.point[1] * height)})" for place in places
    )
    why = f"{len(places)} places fit {target.words!r} equally well: {shown}"
    if desk.env.policy.dry_run:
        raise Failed(why)
    if not desk.approver.can_ask:
        raise Failed(f"{why}; say which one, as in 'the second ...' or 'in the row of ...'")
    request = Request("ambiguous", f"use {target.words}", why, spot.image, None, places)
    index, picked = desk.approver.choose(request)
    if not picked:
        desk.prove("it is the one that is meant", None, why)
    chosen = places[index]
    if chosen is mine:
        return spot
    point = (chosen.point[0] * width, chosen.point[1] * height)
    return Spot(point, pixels_of(chosen.box, spot.image.size), spot.image, spot.words, chosen.score)


def _recorded(spot: Spot) -> Sight:
    place = place_of(spot)
    return Sight(
        words=spot.words,
        point=place.point,
        box=place.box,
        confidence=spot.confidence,
        by="recorded",
    )


def place_of(spot: Spot) -> Place:
    """A spot as shares of the picture."""
    width, height = spot.image.size
    (x, y), (x1, y1, x2, y2) = spot.point, spot.box
    box = (x1 / width, y1 / height, x2 / width, y2 / height)
    return Place((x / width, y / height), box, spot.confidence)


def _place(other: Candidate) -> Place:
    box = other.box
    return Place(
        (float(other.point.x), float(other.point.y)),
        (float(box.x1), float(box.y1), float(box.x2), float(box.y2)),
        float(other.score),
    )


def _same(other: Candidate, seen: Grounding) -> bool:
    """Some grounders list the answer among its alternatives, or parts of its box."""
    box = seen.box
    if other.point == seen.point:
        return True
    return box is not None and holds(
        (box.x1, box.y1, box.x2, box.y2), (other.point.x, other.point.y)
    )
