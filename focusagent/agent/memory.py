"""What an agent remembers of an earlier run: it is asked before any model is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from .._siblings import grounding
from ..history import Evidence, Sight

if TYPE_CHECKING:
    from PIL import Image

    from grounding.types import Grounding  # noqa: TID251 - a type only

    from ..planner.intents import Intent
    from .desk import Desk

# Goes on until the screen shows something, by calling what it is given with a note.
Search = Callable[[Callable[[str], bool]], bool]


class Memory(Protocol):
    """Places seen before, by the words that were grounded."""

    def next_step(self) -> None:
        """Another step begins."""

    def knows(self, words: str) -> bool:
        """Whether a place was found by these words before."""

    def recall(self, words: str, image: Image.Image) -> Grounding | None:
        """Where it is on this screen (or that it is nowhere); None if that cannot be told."""

    def scrolled(self, words: str) -> bool:
        """Whether it had to be searched for, beyond the first screen."""

    def wanting(self, intent: Intent, evidence: Sequence[Evidence]) -> Sequence[Evidence]:
        """What proved this step before and does not now, as further evidence."""

    def selector(self, words: str) -> str | None:
        """The selector that was kept with it."""


def remembered(desk: Desk, words: str, search: Search) -> Grounding | None:
    """The place as it is remembered: by its picture, given time to appear, else by its selector."""
    memory = desk.memory
    if memory is None or not memory.knows(words):
        return None
    found: list[Grounding] = []

    def shown(note: str = "") -> bool:
        seen = desk.recall(words, note)
        if seen is not None and seen.found:
            found.append(seen)
        return bool(found)

    if desk.wait_until(shown, desk.settings.patience):
        return found[-1]
    if memory.scrolled(words) and not desk.env.policy.dry_run and search(shown):
        return found[-1]
    selector = memory.selector(words)
    return None if selector is None else _selected(desk, words, selector)


def _selected(desk: Desk, words: str, selector: str) -> Grounding | None:
    box_of: Any = getattr(desk.env, "box_of", None)
    if box_of is None:
        return None
    with desk.timed("selector"):
        box = box_of(selector)
    size = desk.look().image.size
    if box is None or not (0 <= box[0] < box[2] <= size[0] and 0 <= box[1] < box[3] <= size[1]):
        return None
    place = grounding.Box.from_pixels(box[0], box[1], box[2], box[3], size)
    found = grounding.Grounding(words, place.center, place, 1.0)
    desk.saw(
        Sight(
            words=words,
            point=(place.center.x, place.center.y),
            box=(place.x1, place.y1, place.x2, place.y2),
            confidence=1.0,
            by="selector",
            note=f"its picture is not on the screen; {selector} is",
        )
    )
    return found
