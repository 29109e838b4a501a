"""What proves an action: the page reacted, the control changed, nothing complains."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._siblings import env
from ..planner.conditions import Target
from .asking import mark_at
from .desk import Desk
from .glow import changed_apart_from, only_glows
from .named import cells_of
from .pixels import PixelBox, changed_inside, changed_outside, changed_share
from .spots import CONFIDENT, Spot
from .tables import rows_of

if TYPE_CHECKING:
    from PIL import Image

# New words after an action that say that it was not accepted.
_COMPLAINT = re.compile(
    r"\b(error|invalid|failed|failure|incorrect|wrong|denied|forbidden|not allowed|not found|"
    r"cannot|can't|could not|couldn't|unable|try again|already exists|expired|unsuccessful)",
    re.IGNORECASE,
)
# The same, unless much else is new as well: then they are hints of a form that was opened.
_DEMAND = re.compile(
    r"\b(required|missing|mandatory|(?:is|are) needed|must (?:be|not)|enter an? |"
    r"please (?:enter|fill|select|choose|provide|correct) \w)",
    re.IGNORECASE,
)
_FEW = 4  # new lines that a demand may come with
# What a question says before it is answered is no complaint.
_WARNING = re.compile(
    r"\b(?:cannot|can't|can not) (?:be )?(?:un\w+|re\w+|changed|taken back)", re.IGNORECASE
)


@dataclass(frozen=True)
class Done:
    """An action that was done at a spot, and the screens around it.

    `earlier` are pictures of the screen as it was before the action, oldest first.
    """

    spot: Spot
    before: env.Observation
    result: env.StepResult
    earlier: tuple[Image.Image, ...] = ()
    was: Spot | None = None  # what was used before, and had pointer and focus


def pictures(desk: Desk, spot: Spot | None = None) -> tuple[Image.Image, ...]:
    """The pictures of the present screen that were taken since the last action, oldest first."""
    draft = desk.draft
    taken = [] if draft.results else [draft.before.image]
    if spot is not None and (draft.results or any(spot.image is one for one in draft.screens)):
        taken.append(spot.image)
    return tuple(taken)


def reacted(desk: Desk, done: Done) -> bool:
    """Whether more than the control itself changed; a slow page is given some time."""

    def more() -> bool:
        return changed(desk, done.before, done.result, done.earlier, done.spot)

    mark = mark_at(desk.seen, done.spot) if not more() else None
    if mark is not None and _inside(desk, done, mark[0]):
        return True
    if not desk.wait_until(more, desk.settings.patience):
        return False
    if _is_fact(desk, done) or not only_glows(desk, done):
        return True
    if _inside(desk, done, done.spot.box):
        return True

    def still() -> bool:
        return _is_fact(desk, done) or changed_apart_from(desk, done)

    return bool(desk.wait_until(still, desk.settings.patience))


def _is_fact(desk: Desk, done: Done) -> bool:
    """Whether an action did more than what a picture shows."""
    return done.result.outcome == "navigated" or _facts(desk.screen) != _facts(done.before)


def changed(
    desk: Desk,
    before: env.Observation,
    result: env.StepResult,
    earlier: tuple[Image.Image, ...],
    spot: Spot | None = None,
) -> bool:
    """Whether an action did something that is to be seen outside the spot."""
    after = desk.screen
    if result.outcome == "navigated" or _facts(after) != _facts(before):
        return True
    return changed_outside(before.image, after.image, spot.box if spot else None, earlier)


def changed_there(desk: Desk, done: Done) -> bool:
    """Whether the control itself is another, once the pointer that made it glow has left it."""
    before, box = done.before.image, done.spot.box
    if not _inside(desk, done, box):
        return False
    x = box[0] - 12 if box[0] > 24 else min(box[2] + 12, before.width - 1)
    desk.act(env.Move(max(x, 0), min(box[3] + 12, before.height - 1)))
    return _inside(desk, done, box)


def _inside(desk: Desk, done: Done, box: PixelBox) -> bool:
    return changed_inside(done.before.image, desk.screen.image, box, done.earlier)


def prove_target(desk: Desk, spot: Spot, target: Target, known: str = "") -> None:
    """Evidence that it was the right thing: what is `known`, or the grounder is confident."""
    if spot.selector is not None:
        desk.prove("the selector names it", True, spot.selector)
        return
    sure = bool(known) or spot.confidence >= CONFIDENT
    detail = known or f"confidence {spot.confidence:.2f}"
    desk.prove(f"it is {target.words}", True if sure else None, detail)


def prove_reaction(desk: Desk, done: Done) -> None:
    """Evidence that the screen reacted, and did not complain."""
    before, after = done.before, desk.screen
    facts = _facts_changed(before, after)
    if done.result.outcome == "navigated" or facts:
        desk.prove("the page reacted", True, facts or "another page was opened")
    elif changed_apart_from(desk, done) and not only_glows(desk, done):
        desk.prove("the screen changed", True)
    elif _inside(desk, done, done.spot.box):
        desk.prove("the control changed", True)
    else:
        moves = "nothing changed but what moves by itself"
        still = before.image is after.image
        desk.prove("the screen changed", None, "nothing changed" if still else moves)
    prove_no_complaint(desk, before)


def prove_no_complaint(desk: Desk, before: env.Observation) -> None:
    """Evidence against the action if the screen has come to say that it was not accepted."""
    complaint = new_complaint(desk, before)
    if complaint:
        desk.prove("the screen does not complain", None, complaint)


def appeared(desk: Desk, before: env.Observation, text: str) -> bool:
    """Whether a text stands on the screen where something else, or nothing, stood before."""
    after = desk.screen.image
    return any(changed_share(before.image, after, box) > 0 for box in desk.seen.places(text))


def new_complaint(desk: Desk, before: env.Observation) -> str | None:
    """A line that appeared since and reads like an error; the rows of a table are data."""
    if before.image is desk.screen.image:
        return None
    known = [line for line, _ in desk.eyes.see(before.image).texts()]
    rows = rows_of(cells_of(desk.seen))
    new = [
        cell.text
        for row in rows
        for cell in row
        if len(row) < 3
        and cell.text not in known
        and not difflib.get_close_matches(cell.text, known, 1, 0.8)
    ]
    words = (_COMPLAINT, _DEMAND) if len(new) <= _FEW else (_COMPLAINT,)
    complaints = (
        line for line in new if any(kind.search(_WARNING.sub("", line)) for kind in words)
    )
    return next(complaints, None)


def _facts(seen: env.Observation) -> tuple[Any, ...]:
    return seen.url, len(seen.tabs), len(seen.downloads), len(seen.dialogs)


def _facts_changed(before: env.Observation, after: env.Observation) -> str:
    if len(after.downloads) > len(before.downloads):
        file = after.downloads[-1]
        return f"{file.name} arrived" if file.path else f"{file.name} did not arrive: {file.error}"
    if len(after.dialogs) > len(before.dialogs):
        dialog = after.dialogs[-1]
        return f"a {dialog.kind} said {dialog.message!r} and was {dialog.answer}"
    if after.url != before.url:
        return f"now at {after.url}"
    return "a tab was opened or closed" if len(after.tabs) != len(before.tabs) else ""
