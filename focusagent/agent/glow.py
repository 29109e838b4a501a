"""What changes only because of where pointer and focus are: it proves nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._siblings import env
from .pixels import EDGE, PixelBox, changed_apart, grown

if TYPE_CHECKING:
    from .desk import Desk
    from .evidence import Done

_ROW = 24  # pixels above and below a control that the row it stands in may reach
_RING = 8  # pixels around a field that show that it has the focus


def changed_apart_from(desk: Desk, done: Done) -> bool:
    """Whether anything differs but the control itself, and the focus that another one had."""
    before, after = done.before.image, desk.screen.image
    own = grown(done.spot.box, EDGE, before.size)
    return changed_apart(before, after, [own, *_ring(done)], done.earlier)


def only_glows(desk: Desk, done: Done) -> bool:
    """Whether all that changed goes back once the pointer is where it was before.

    Only what the pointer was on and what it is on now, with their rows, may glow: if anything
    else changed the pointer stays.
    """
    before, after = done.before.image, desk.screen.image
    spots = [done.spot, *([done.was] if done.was else [])]
    rows = [(0, spot.box[1] - _ROW, before.width, spot.box[3] + _ROW) for spot in spots]
    if changed_apart(before, after, [grown(row, 0, before.size) for row in rows], done.earlier):
        return False
    if not desk.away:
        aside = (before.width - 2.0, before.height / 2)  # seldom anything glows there
        desk.act(env.Move(*(done.was.point if done.was else aside)))
        desk.away = True
    return not changed_apart_from(desk, done)


def _ring(done: Done) -> list[PixelBox]:
    """The four sides of the frame around the control that was used before."""
    if done.was is None:
        return []
    x1, y1, x2, y2 = done.was.box
    left, top, right, foot = grown(done.was.box, _RING, done.before.image.size)
    inner = min(EDGE, (y2 - y1) / 3)
    return [
        (left, top, right, y1 + inner),
        (left, y2 - inner, right, foot),
        (left, top, x1 + inner, foot),
        (x2 - inner, top, right, foot),
    ]
