"""Which of several places is meant: by the kind of control, by label, else somebody is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .._siblings import env
from ..history import Place
from ..planner.intents import Target
from .approval import Request
from .desk import Desk
from .errors import Failed
from .eyes import middle
from .pixels import PixelBox, pixels_of
from .spots import FIELDS, MARKS, Spot, place_of

if TYPE_CHECKING:
    from .eyes import Seen

# The kinds of control that a verb is for: a candidate of that kind is meant rather than others.
_KINDS = {"type": FIELDS, "select": FIELDS, "set_value": (*FIELDS, *MARKS, "slider"),
          "check": MARKS, "uncheck": MARKS}  # fmt: skip
_MOST = 0.9  # confidence of a control that is meant twice
_ABOVE = 3.0  # heights of a label that it stands above its control at most
_LOW = 0.88  # of the screen's height: below, the control of a label may be out of sight
_FITTING = 0.6  # of the best score that such a candidate must have


def of_kind(desk: Desk, spot: Spot, verb: str) -> Spot:
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


def cut_off(desk: Desk, spot: Spot, verb: str) -> bool:
    """Whether only the words are found, so far down that their control may be out of sight."""
    roles = _KINDS.get(verb, ())
    low = spot.box[3] > _LOW * spot.image.height
    return low and bool(roles) and desk.seen.element_at(spot.point, roles) is None


def _control(seen: Seen, places: Sequence[Place], spot: Spot) -> Spot | None:
    """The control, if the places are nothing but one and words beside or above it."""
    size = spot.image.size
    points = [(place.point[0] * size[0], place.point[1] * size[1]) for place in places]
    controls = [seen.element_at(point, (*FIELDS, *MARKS)) for point in points]
    found = [(number, each) for number, each in enumerate(controls) if each is not None]
    if len(found) != 1:
        return None
    number, control = found[0]
    box = seen.pixels(control.box)
    words = [pixels_of(place.box, size) for place in places if place is not places[number]]
    if not all(belongs_to(each, box) for each in words):
        return None
    sure = min(sum(place.score for place in places), _MOST)  # either of them means the control
    return Spot(points[number], box, spot.image, spot.words, sure)


def belongs_to(words: PixelBox, box: PixelBox) -> bool:
    """Whether words stand on a control's row, or right above it."""
    level = box[1] <= middle(words)[1] <= box[3]
    over = words[0] < box[2] and box[0] < words[2]
    return level or (over and 0 <= box[1] - words[3] <= _ABOVE * (words[3] - words[1]))


def settled(desk: Desk, target: Target, spot: Spot) -> Spot:
    """The spot, or the candidate that was chosen where several fit as well."""
    least = spot.confidence * (1 - desk.settings.margin)
    rivals = [place for place in spot.others if place.score >= least]
    if rivals and (control := _control(desk.seen, [place_of(spot), *rivals], spot)) is not None:
        return control
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


def approve(desk: Desk, action: env.Action, text: str, shown: str, said: str = "") -> None:
    """Get a yes where one is needed; a no ends the run. `said` is added to the instruction."""
    if action.kind in ("hover", "scroll", "move"):
        return
    request = Request("policy", text, "", desk.screen.image, action)
    desk.approver.allow(request, shown, f"{desk.said} {said}".strip(), action.kind)
