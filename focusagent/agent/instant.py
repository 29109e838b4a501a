"""Instant actions: one call, one step, no planner."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..errors import UserError
from ..history import Place, Step
from ..planner import compare, intents
from ..planner.conditions import Condition, Seen, Target
from ..planner.intents import Intent, targets_of
from ..planner.printing import intent_text
from ..planner.program import Do
from .locate import PHRASES, Spot

if TYPE_CHECKING:
    from PIL import Image

Words = str | Target
Kind = Literal["text", "number", "table"]


@dataclass(frozen=True)
class Proposal:
    """Something that could be done, and where: show it, approve it, give it to `Agent.act`.

    Point and box are pixels of `image`, the screen it was seen on.
    """

    intent: Intent
    text: str
    point: tuple[float, float]
    box: tuple[float, float, float, float]
    score: float
    image: Image.Image = field(repr=False, compare=False)


class Instant(ABC):
    """The actions of an agent that need no plan; each raises `StepFailed` if it does not work.

    Targets are words, as in an instruction. A `selector` is tried first, and eyes if it finds
    nothing.
    """

    @abstractmethod
    def do(self, intent: Intent, *selectors: str | None, spot: Spot | None = None) -> Step:
        """Carry out one intent now; selectors name its targets."""

    @abstractmethod
    def spots(
        self, words: Words, verb: str, selector: str | None = None
    ) -> tuple[list[Spot], Image.Image]:
        """Where the words point, best first, and on which screen; nothing is done there."""

    def locate(self, words: Words, *, selector: str | None = None) -> Spot | None:
        """Where it is, in pixels of the screen, with the other candidates; None if not there."""
        found, _ = self.spots(words, "find", selector)
        return found[0] if found else None

    def click(self, words: Words, *, selector: str | None = None) -> Step:
        """Click it."""
        return self.do(intents.Click(_target(words)), selector)

    def double_click(self, words: Words, *, selector: str | None = None) -> Step:
        """Double-click it."""
        return self.do(intents.DoubleClick(_target(words)), selector)

    def right_click(self, words: Words, *, selector: str | None = None) -> Step:
        """Click it with the right button."""
        return self.do(intents.RightClick(_target(words)), selector)

    def hover(self, words: Words, *, selector: str | None = None) -> Step:
        """Rest the pointer on it."""
        return self.do(intents.Hover(_target(words)), selector)

    def type(
        self,
        words: Words | None,
        text: str,
        *,
        append: bool = False,
        submit: bool = False,
        selector: str | None = None,
    ) -> Step:
        """Make `text` the content of a field (None: type where the focus is).

        `{NAME}` in the text stands for a parameter; alone, also for a secret.
        """
        target = None if words is None else _target(words)
        return self.do(intents.Type(text, target, append, submit), selector)

    def press(self, keys: str, words: Words | None = None, *, selector: str | None = None) -> Step:
        """Press a key or chord such as `Control+S`, in a target if one is named."""
        return self.do(intents.Press(keys, None if words is None else _target(words)), selector)

    def select(self, words: Words, option: str, *, selector: str | None = None) -> Step:
        """Choose an option of a dropdown by its text."""
        return self.do(intents.Select(option, _target(words)), selector)

    def check(self, words: Words, *, selector: str | None = None) -> Step:
        """See to it that a box or switch is on."""
        return self.do(intents.Check(_target(words)), selector)

    def uncheck(self, words: Words, *, selector: str | None = None) -> Step:
        """See to it that a box or switch is off."""
        return self.do(intents.Uncheck(_target(words)), selector)

    def drag(
        self,
        words: Words,
        onto: Words,
        *,
        selector: str | None = None,
        onto_selector: str | None = None,
    ) -> Step:
        """Drag one thing onto another."""
        return self.do(intents.Drag(_target(words), _target(onto)), selector, onto_selector)

    def scroll(
        self,
        direction: Literal["up", "down", "left", "right"] = "down",
        *,
        screens: float = 1.0,
        area: Words | None = None,
        until: Words | None = None,
    ) -> Step:
        """Scroll by some screens, or until something is seen."""
        return self.do(
            intents.Scroll(
                direction,
                screens,
                area=None if area is None else _target(area),
                until=None if until is None else _target(until),
            )
        )

    def upload(self, words: Words | None, *paths: str | Path, selector: str | None = None) -> Step:
        """Hand files to a file control (None: the one of the screen)."""
        target = None if words is None else _target(words)
        return self.do(intents.Upload(tuple(str(path) for path in paths), target), selector)

    def wait_for(self, what: Words | Condition, timeout: float | None = None) -> Step:
        """Wait until words are on the screen, or any condition holds."""
        return self.do(intents.WaitFor(_condition(what), timeout))

    def check_that(self, what: str | Condition) -> Step:
        """Assert a condition, or what an instruction says after "check that"."""
        if isinstance(what, str):
            return self.do(_parsed(f"check that {what}"))
        return self.do(intents.CheckThat(what))

    def read(self, words: Words, *, selector: str | None = None) -> str:
        """The text or value there."""
        step = self.do(intents.Read(_target(words), "VALUE"), selector)
        return step.outcome.value or ""

    def read_table(self, words: Words | None = None) -> list[list[str]]:
        """The rows of a table, the header first (None: the one of the screen)."""
        step = self.do(intents.ReadTable(None if words is None else _target(words)))
        return compare.table_rows(step.outcome.value or "[]")

    @abstractmethod
    def ask(self, wanted: str) -> Any:
        """What the planner's vision-language model reads off the screen, as JSON values."""

    def extract(self, fields: str | Mapping[str, Kind] | Iterable[str]) -> Any:
        """Read several fields by name, as text, number or table: a dict of what they hold.

        Words that say what is wanted are for a vision-language model: JSON values as it read them.
        """
        if isinstance(fields, str):
            return self.ask(fields)
        wanted = dict(fields) if isinstance(fields, Mapping) else dict.fromkeys(fields, "text")
        found: dict[str, str | float | list[list[str]]] = {}
        for name, kind in wanted.items():
            if kind not in ("text", "number", "table"):
                raise UserError(f"extract reads text, number or table, not {kind!r} (of {name!r})")
            if kind == "table":
                found[name] = self.read_table(name)
                continue
            text = self.read(name)
            number = compare.number_in(text) if kind == "number" else None
            if kind == "number" and number is None:
                raise UserError(f"{name} reads {text!r}, which is no number")
            found[name] = text if number is None else number
        return found

    def observe(self, instruction: str) -> list[Proposal]:
        """What the first step of an instruction could be done to, best first; nothing is done."""
        intent = _parsed(instruction)
        targets = targets_of(intent)
        if not targets:
            raise UserError(f"{instruction!r} points at nothing: name something to act on")
        verb = intent.kind if intent.kind in PHRASES else "find"
        found, image = self.spots(targets[0], verb)
        return [
            Proposal(intent, intent_text(intent), spot.point, spot.box, spot.confidence, image)
            for spot in found
        ]

    def act(self, proposal: Proposal) -> Step:
        """Do what `observe` proposed; it is looked for again only if its pixels have changed."""
        words = targets_of(proposal.intent)[0].words
        spot = Spot(proposal.point, proposal.box, proposal.image, words, proposal.score)
        return self.do(proposal.intent, spot=spot)


def candidates(spot: Spot) -> list[Spot]:
    """A spot and its alternatives, each a spot of its own."""
    return [spot, *(_other(spot, place) for place in spot.others)]


def _other(spot: Spot, place: Place) -> Spot:
    width, height = spot.image.size
    x1, y1, x2, y2 = place.box
    return Spot(
        (place.point[0] * width, place.point[1] * height),
        (x1 * width, y1 * height, x2 * width, y2 * height),
        spot.image,
        spot.words,
        place.score,
    )


def _target(words: Words) -> Target:
    return words if isinstance(words, Target) else Target(words, quoted='"' in words)


def _condition(what: Words | Condition) -> Condition:
    if isinstance(what, str):
        return Seen(Target(what))
    return Seen(what) if isinstance(what, Target) else what


def _parsed(instruction: str) -> Intent:
    """The one intent that an instruction is."""
    from ..planner.grammar import parse

    steps = parse(instruction).steps
    if len(steps) != 1 or not isinstance(steps[0], Do):
        raise UserError(f"{instruction!r} is more than one step: use run() for it")
    return steps[0].intent
