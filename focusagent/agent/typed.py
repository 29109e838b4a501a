"""What was typed: whether it stands in its field, went elsewhere, or cannot be read."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import ImageChops

from .._siblings import env
from ..planner.intents import Target
from .asking import field_box
from .desk import Desk
from .evidence import prove_target
from .eyes import known_parts, middle
from .pixels import PixelBox, changed_share, grown, holds
from .spots import FIELDS, Spot

_ONE_LINE = 60  # pixels that a field of one line is high at most
_NEAR = 4.0  # heights of a label within which its field begins


@dataclass(frozen=True)
class Typed:
    """A text that was typed at a spot, on the screen as it was before."""

    spot: Spot
    before: env.Observation
    text: str
    secret: bool = False


def lost(desk: Desk, typed: Typed) -> bool:
    """Whether the text went elsewhere: the field does not show it, and has not changed."""
    box = _field(desk, typed)
    return not _shows(desk, typed, box) and not _changed(desk, typed, box)


def prove(desk: Desk, typed: Typed, target: Target) -> None:
    """Evidence that it was the right field, and that it holds the text."""
    label = "what was typed appeared beside its name"
    prove_target(desk, typed.spot, target, label if beside_label(desk, typed) else "")
    box = _field(desk, typed)
    changed = True if _changed(desk, typed, box) else None
    if typed.secret:
        sent = desk.draft.results[-1].dispatched
        desk.prove("the secret was typed, masked", changed if sent else None)
        return
    shown = desk.seen.text_in(box)
    if _shows(desk, typed, box):
        desk.prove("the field shows what was typed", True, shown or typed.text)
    elif _shows_known(desk, box, typed.text):
        known = " ... ".join(known_parts(typed.text))
        what = "the field shows what can be read of what was typed"
        desk.prove(what, changed, f"{known}; the rest is of another script")
    elif not _legible(shown):
        desk.prove("the field changed", changed, "its text cannot be read")
    else:
        desk.prove("the field shows what was typed", None, f"it reads {shown!r}")


def beside_label(desk: Desk, typed: Typed) -> PixelBox | None:
    """Where the text has appeared, if that is right of or below the words that were clicked."""
    seen, spot = desk.seen, typed.spot
    if not typed.text or typed.secret or seen.element_at(spot.point, FIELDS) is not None:
        return None
    changed = ImageChops.difference(typed.before.image, desk.screen.image).getbbox()
    if changed is None:
        return None
    new = grown(changed, 3, desk.screen.image.size)
    x1, y1, x2, y2 = spot.box
    tall = y2 - y1
    for line in typed.text.splitlines():
        for place in seen.places(line, new):
            y = middle(place)[1]
            right = y1 <= y <= y2 and place[0] >= x2
            below = y2 <= y <= y2 + _NEAR * tall and x1 - tall <= place[0] <= x2 + _NEAR * tall
            if right or below:
                return place
    return None


def _field(desk: Desk, typed: Typed) -> PixelBox:
    """The field's box with a small margin; beside its label, if that was clicked."""
    box = beside_label(desk, typed) or field_box(desk.seen, typed.spot)
    return grown(box, 3, desk.screen.image.size)


def _changed(desk: Desk, typed: Typed, box: Sequence[float]) -> bool:
    return changed_share(typed.before.image, desk.screen.image, box) > 0


def _shows(desk: Desk, typed: Typed, box: Sequence[float]) -> bool:
    """Whether the field holds what was typed, as far as can be read."""
    if typed.secret:
        return _changed(desk, typed, box)
    if not typed.text:
        empty = not desk.seen.text_in(box).strip()
        return empty or typed.before.image is not desk.screen.image
    lines = [line for line in typed.text.splitlines() if line.strip()]
    if any(desk.seen.shows(line, box) for line in lines):
        return True
    return similar(desk.seen.text_in(box), typed.text)


def _shows_known(desk: Desk, box: Sequence[float], text: str) -> bool:
    """Whether the field shows those letters of a text that the reader knows, in their order."""
    known = [part for part in known_parts(text) if len(part) > 1]
    if not known or known == [text]:
        return False
    places = [desk.seen.places(part, box) for part in known]
    firsts = [min(boxes) for boxes in places if boxes]
    return len(firsts) == len(known) and firsts == sorted(firsts)


def _legible(shown: str) -> bool:
    """Whether these are words, not the dots of a password field as the reader sees them."""
    return len(set(re.findall(r"\w", shown))) > 1


def similar(shown: str, text: str) -> bool:
    """Whether a field shows a text, be it only the part of it that fits, or in its own format."""
    left, right = plain(shown), plain(text)
    if not left or not right:
        return False
    if len(left) >= 4 and (left in right or right in left):
        return True
    if difflib.SequenceMatcher(None, left, right).ratio() >= 0.75:
        return True
    digits = re.findall(r"\d+", text)
    return bool(digits) and sorted(map(int, digits)) == sorted(map(int, re.findall(r"\d+", shown)))


def plain(text: str) -> str:
    """The text without its spaces and case."""
    return re.sub(r"\s+", "", text).casefold()


def several_lines(desk: Desk, box: Sequence[float]) -> bool:
    """Whether a field holds, or has room for, more than one line."""
    lines = [where for _, where in desk.seen.texts() if holds(box, middle(where))]
    return len(lines) > 1 or box[3] - box[1] > _ONE_LINE
