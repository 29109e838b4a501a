"""Whether a row moved away from under a click, after the last look at it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..planner.compare import folded
from ..planner.conditions import Target
from .desk import Desk
from .eyes import middle
from .named import IN_ROW, quotes
from .pixels import PATCH, ROW_SHARE, changed_share, is_plain, shifted

if TYPE_CHECKING:
    from .evidence import Done

_LEAST = 6  # pixels


def prove_row(desk: Desk, done: Done, target: Target) -> None:
    """Evidence against a click in a row that stands elsewhere now, its control as it was.

    A row that has reacted may move, and rows may change places: a click does that.
    """
    found = IN_ROW.search(target.words)
    if found is None:
        return
    tail = target.words[found.end() :]
    name = (quotes(tail) or [re.sub(r"^\s*(?:of|with|for)?\s*(?:the )?", "", tail)])[-1]
    by = _moved_by(desk, done, name)
    if not by or _told(desk, done, name, by):
        return
    before, after = done.before.image, desk.screen.image
    x1, y1, _, y2 = done.spot.box
    untouched = changed_share(before, shifted(after, by), done.spot.box) <= ROW_SHARE
    place = (0.0, y1, x1, y2)
    swapped = changed_share(shifted(before, by), after, place) <= ROW_SHARE
    swapped = swapped and not is_plain(after, place)
    if untouched and not swapped:
        how = f"it stands {abs(by)} pixels {'lower' if by > 0 else 'higher'} now"
        desk.prove("the row stayed where it was", None, how)


def _told(desk: Desk, done: Done, name: str, by: int) -> bool:
    """Whether a message that has come names the row: it may have pushed all down."""
    known = {line for line, _ in desk.eyes.see(done.before.image).texts()}
    row = done.spot.point[1] + by
    return any(
        folded(name) in folded(line) and abs(middle(box)[1] - row) > PATCH
        for line, box in desk.seen.texts()
        if line not in known
    )


def _moved_by(desk: Desk, done: Done, name: str) -> int:
    """How far down the words that name a row have gone; 0 if they are there, or nowhere."""
    y = done.spot.point[1]
    was = [middle(box)[1] for box in desk.eyes.see(done.before.image).places(name)]
    was = [each for each in was if abs(each - y) <= PATCH]
    now = [middle(box)[1] for box in desk.seen.places(name)]
    if not was or not now or done.before.image.size != desk.screen.image.size:
        return 0
    by = min((one - was[0] for one in now), key=abs)
    return round(by) if abs(by) >= _LEAST else 0
