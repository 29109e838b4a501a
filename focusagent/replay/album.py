"""The pictures of a recording as an agent's memory: what was there is found without a model."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from .._siblings import grounding
from ..errors import FocusagentError
from ..history import Evidence
from ..planner.conditions import Target
from ..planner.intents import Intent
from ..planner.templates import resolve
from .from_run import digest
from .pictures import Needle, Screen
from .recording import Look, RecordedStep, Recording

if TYPE_CHECKING:
    from PIL import Image

    from grounding.types import Grounding  # noqa: TID251 - a type only

# What shows that a screen reacted, from the weakest to the strongest.
REACTIONS = ("the control changed", "the screen changed", "the page reacted")
# As good as each other: how much of a field can be read varies.
TYPED = ("the field shows what was typed", "the field changed")


def spoken(look: Look, params: Mapping[str, str | None]) -> str | None:
    """The words of a look, with the values it was recorded with; None if those are not kept."""
    known = {name: value for name, value in params.items() if value is not None}
    try:
        return resolve(Target(look.words), known).words
    except FocusagentError:
        return None


class Album:
    """Knows each place by the words it was found by.

    Words that hold a param are those of its recorded value: with another value nothing is known,
    since the picture shows another thing.
    """

    def __init__(self, recording: Recording) -> None:
        self._looks: dict[str, list[Look]] = defaultdict(list)
        self._steps: dict[Intent, deque[RecordedStep]] = defaultdict(deque)
        for step in recording.steps:
            self._steps[step.intent].append(step)
            for look in step.looks:
                words = spoken(look, recording.params)
                if words is not None:
                    self._looks[words].append(look)
        self._needles: dict[int, Needle] = {}
        self._step = 0
        self._used: dict[str, tuple[int, int]] = {}  # words -> the step and look of the last time
        self._screen: Screen | None = None
        self._shown: Image.Image | None = None

    def looks(self, words: str) -> list[Look]:
        """All looks by these words, in order."""
        return self._looks.get(words, [])

    def knows(self, words: str) -> bool:
        """Whether a place was found by these words."""
        return any(look.picture or look.selector for look in self.looks(words))

    def scrolled(self, words: str) -> bool:
        """Whether it was not on the first screen."""
        return any(look.scrolled for look in self.looks(words))

    def selector(self, words: str) -> str | None:
        """The selector of the first look that has one."""
        return next((look.selector for look in self.looks(words) if look.selector), None)

    def next_step(self) -> None:
        """Another step begins: what was used again later was another picture."""
        self._step += 1

    def recall(self, words: str, image: Image.Image) -> Grounding | None:
        """Where its picture is on this screen; None if that is nowhere, or not to be told."""
        looks = self.looks(words)
        step, last = self._used.get(words, (self._step, 0))
        first = last if step == self._step else last + 1
        for turn in range(first, first + len(looks)):
            look = looks[turn % len(looks)]
            at = self._place(look, image)
            if at is not None:
                self._used[words] = self._step, turn % len(looks)
                return _moved(words, look, at, image.size)
        if any(look.absent_on for look in looks):
            shown = digest(image)
            if any(look.absent_on == shown for look in looks):
                return grounding.Grounding(words, None, None, 1.0)
        return None

    def wanting(self, intent: Intent, evidence: Sequence[Evidence]) -> list[Evidence]:
        """What proved the step when it was recorded, and does not now."""
        steps = self._steps.get(intent)
        if not steps:
            return []
        steps.rotate(-1)
        missing = _missing(steps[-1].proof, {each.what for each in evidence if each.ok})
        return [Evidence(f"as recorded: {what}", None, "it did not come again") for what in missing]

    def _place(self, look: Look, image: Image.Image) -> tuple[int, int] | None:
        """Where the picture's left top corner is now."""
        if look.picture is None or look.at is None or look.box is None:
            return None
        if self._shown is not image or self._screen is None:
            self._shown, self._screen = image, Screen(image)
        screen = self._screen
        needle = self._needles.setdefault(id(look), Needle(look.picture))
        if look.fixed:
            return look.at if _stays(needle, screen, look) else None
        found = needle.find(screen, most=2)
        if len(found) == 1:
            return found[0]
        return look.at if not found and needle.glows_at(screen, look.at, look.box) else None


def _stays(needle: Needle, screen: Screen, look: Look) -> bool:
    assert look.at is not None
    assert look.box is not None
    return needle.stands_at(screen, look.at) or needle.glows_at(screen, look.at, look.box)


def _moved(words: str, look: Look, at: tuple[int, int], size: tuple[int, int]) -> Grounding:
    assert look.at is not None
    assert look.box is not None
    assert look.point is not None
    dx, dy = at[0] - look.at[0], at[1] - look.at[1]
    x1, y1, x2, y2 = look.box
    point = grounding.Point.from_pixels(look.point[0] + dx, look.point[1] + dy, size)
    box = grounding.Box.from_pixels(x1 + dx, y1 + dy, x2 + dx, y2 + dy, size)
    return grounding.Grounding(words, point, box, 1.0)


def _missing(proof: Sequence[str], shown: set[str]) -> list[str]:
    came = max((REACTIONS.index(what) for what in shown if what in REACTIONS), default=-1)
    strongest = REACTIONS[-1]
    found = [strongest] if strongest in proof and came < len(REACTIONS) - 1 else []
    if {*proof} & {*TYPED} and not shown & {*TYPED}:
        found.append(TYPED[0])
    return found
