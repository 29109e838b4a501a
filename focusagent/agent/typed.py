"""What was typed: whether it stands in its field, went elsewhere, or cannot be read."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import ImageChops

from .._siblings import env
from ..planner.compare import folded, number_in
from ..planner.intents import Target
from .asking import field_box
from .closer import read_closely
from .desk import Desk
from .evidence import prove_target
from .eyes import known_parts, middle
from .pixels import PixelBox, changed_share, grown, holds
from .spots import FIELDS, Spot

if TYPE_CHECKING:
    from .eyes import Seen

_ONE_LINE = 60  # pixels that a field of one line is high at most
_NEAR = 4.0  # heights of a label within which its field begins
_ROOM = 2.0  # heights of a line that a field which is full leaves free at an edge at most
_ALIKE = 0.75  # of its letters: such a text is the same, some letters misread
# What the reader confuses. Digits it takes for each other are not among them.
_LOOKS = str.maketrans("oil|sb", "011158")
_AS_DIGITS = str.maketrans("oOiIlL|sSbB", "00111115588")
_AMOUNT = re.compile(r"\d[.,]\d")
_GROUPED = re.compile(r"\D*\d{1,3}(?:[.,]\d{3})+\D*")
_AS_LETTERS = str.maketrans("0158", "olsb")


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


def _shows(desk: Desk, typed: Typed, box: PixelBox) -> bool:
    """Whether the field holds what was typed, as far as can be read."""
    if typed.secret:
        return _changed(desk, typed, box)
    if not typed.text:
        empty = not desk.seen.text_in(box).strip()
        return empty or typed.before.image is not desk.screen.image
    lines = [line for line in typed.text.splitlines() if line.strip()]
    if all(desk.seen.shows(line, box) for line in lines):
        return True
    looks = (desk.seen.text_in(box), closely(desk.seen, box))
    if any(similar(shown, typed.text) for shown in looks):
        return True
    return any(is_part(shown, typed.text) for shown in looks) and _fills(desk, typed.spot, box)


def closely(seen: Seen, box: PixelBox) -> str:
    """What stands in a box, each line looked at more closely: the part of it that lies there."""
    places = []
    for _, (x1, y1, x2, y2) in seen.texts():
        left, right = max(x1, box[0]), min(x2, box[2])
        if box[1] <= (y1 + y2) / 2 <= box[3] and right - left > min(x2 - x1, y2 - y1) / 2:
            places.append((left, y1, right, y2))
    looks = (read_closely(seen.image, place, place[3] - place[1]) for place in places)
    return "\n".join(look.text for look in looks)


def _fills(desk: Desk, spot: Spot, box: PixelBox) -> bool:
    """Whether the text in a field goes from edge to edge: there may be more of it than fits."""
    if desk.seen.element_at(spot.point, FIELDS) is None:
        return False
    places = [where for _, where in desk.seen.texts() if holds(box, middle(where))]
    room = max((_ROOM * (place[3] - place[1]) for place in places), default=0.0)
    ends = (min, min, max, max)
    sides = [end(place[side] for place in places) for side, end in enumerate(ends)]
    across = sides[0] - box[0] <= room and box[2] - sides[2] <= room
    down = sides[1] - box[1] <= room and box[3] - sides[3] <= room
    return across and down


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
    """Whether a field shows all of a text, be it in its own format or with letters misread."""
    left, right = plain(shown), plain(text)
    if not left or not right or not same_digits(shown, text):
        return False
    if re.search(r"\d", text) and not re.search(r"[^\W\d_]", text):  # a number or a date
        return True
    alike = difflib.SequenceMatcher(None, left, right).ratio() >= _ALIKE
    return alike and not is_part(shown, text)


def is_part(shown: str, text: str) -> bool:
    """Whether a field shows a run of a text and no more; a mark at its end is easily missed."""
    left, right = (re.sub(r"\W", "", _folded(each)) for each in (shown, text))
    return len(left) >= 4 and left != right and left in right


def same_digits(shown: str, text: str) -> bool:
    """Whether two texts agree in their numbers: digit by digit, in value, or as dates do."""
    if not re.search(r"\d", text):
        return not re.search(r"\d", plain(shown).translate(_AS_LETTERS))
    one, two = (
        re.sub(r"\w*\d\w*", lambda word: word[0].translate(_AS_DIGITS), each)
        for each in (shown, text)
    )
    equal = re.sub(r"\D", "", one) == re.sub(r"\D", "", two)
    values = number_in(one), number_in(two)
    if _AMOUNT.search(one + " " + two) and None not in values:
        return values[0] == values[1] or (equal and bool(_GROUPED.fullmatch(one)))
    parts = [sorted(map(int, re.findall(r"\d+", each))) for each in (one, two)]
    return equal or (len(parts[1]) > 1 and parts[0] == parts[1])


def says(seen: Seen, box: PixelBox, text: str) -> bool:
    """Whether nothing but this text stands in a box; lone signs are the arrow of a dropdown."""

    def only(shown: str) -> bool:
        words = _folded(shown).split()
        wanted = _folded(text).split()
        said = [word for word in words if re.search(r"\w\w|\w\W+\w", word) or word in wanted]
        return said == wanted

    return only(seen.text_in(box)) or only(closely(seen, box))


def _folded(text: str) -> str:
    """The text without case and accents, letters that look like digits as those."""
    bare = unicodedata.normalize("NFKD", folded(text))
    return "".join(each for each in bare if not unicodedata.combining(each)).translate(_LOOKS)


def plain(text: str) -> str:
    """The text without its spaces and case."""
    return folded(text).replace(" ", "")


def several_lines(desk: Desk, box: Sequence[float]) -> bool:
    """Whether a field holds, or has room for, more than one line."""
    lines = [where for _, where in desk.seen.texts() if holds(box, middle(where))]
    return len(lines) > 1 or box[3] - box[1] > _ONE_LINE
