"""Whether a row moved away from under a click, after the last look at it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..planner.conditions import Target
from .desk import Desk
from .eyes import middle
from .named import IN_ROW, quotes
from .pixels import PATCH, ROW_SHARE, changed_share, shifted

if TYPE_CHECKING:
    from .evidence import Done

_LEAST = 6  # pixels


def prove_row(desk: Desk, done: Done, target: Target) -> None:
    """Evidence against a click in a row that stands elsewhere now, its control as it was.

    A row that has reacted may move, and rows may change places: a click does that.
    """
    by = _moved_by(desk, done, target)
    if not by:
        return
    before, after = done.before.image, desk.screen.image
    x1, y1, _, y2 = done.spot.box
    untouched = changed_share(before, shifted(after, by), done.spot.box) <= ROW_SHARE
    swapped = changed_share(shifted(before, by), after, (0.0, y1, x1, y2)) <= ROW_SHARE
    if untouched and not swapped:
        how = f"it stands {abs(by)} pixels {'lower' if by > 0 else 'higher'} now"
        desk.prove("the row stayed where it was", None, how)


def _moved_by(desk: Desk, done: Done, target: Target) -> int:
    """How far down the words that name the row have gone; 0 if they are there, or nowhere."""
    found = IN_ROW.search(target.words)
    if found is None:
        return 0
    tail = target.words[found.end() :]
    name = (quotes(tail) or [re.sub(r"^\s*(?:of|with|for)?\s*(?:the )?", "", tail)])[-1]
    y = done.spot.point[1]
    was = [middle(box)[1] for box in desk.eyes.see(done.before.image).places(name)]
    was = [each for each in was if abs(each - y) <= PATCH]
    now = [middle(box)[1] for box in desk.seen.places(name)]
    if not was or not now or done.before.image.size != desk.screen.image.size:
        return 0
    by = min((one - was[0] for one in now), key=abs)
    return round(by) if abs(by) >= _LEAST else 0
