"""Targets and conditions: what an intent is about, and what can be asked of a screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

from .errors import IntentError

Operator = Literal[
    "is", "is not", "contains", "does not contain", "starts with", "ends with",
    "less than", "at most", "at least", "more than",
]  # fmt: skip
OPERATORS: tuple[Operator, ...] = get_args(Operator)
NUMERIC: tuple[Operator, ...] = ("less than", "at most", "at least", "more than")
State = Literal["checked", "enabled", "selected", "empty", "focused"]


@dataclass(frozen=True)
class Target:
    """A thing on the screen, in words a grounder understands, relations included.

    Names that were quoted stand in double quotes inside `words`, a quote in them doubled.
    `role` hints at the kind of control the words or the verb ask for.
    """

    words: str
    quoted: bool = False
    role: str | None = None

    def __post_init__(self) -> None:
        """Refuse a target without words."""
        if not self.words.strip():
            raise IntentError("a target needs words")


@dataclass(frozen=True)
class Seen:
    """The target is on the screen, or (`wanted=False`) is not."""

    kind: ClassVar = "seen"
    target: Target
    wanted: bool = True


@dataclass(frozen=True)
class Reads:
    """The text or value at the target, compared with `value`."""

    kind: ClassVar = "reads"
    target: Target
    operator: Operator
    value: str


@dataclass(frozen=True)
class InState:
    """The target is checked, enabled, selected, empty or focused, or (`wanted=False`) is not."""

    kind: ClassVar = "state"
    target: Target
    state: State
    wanted: bool = True


@dataclass(frozen=True)
class PageIs:
    """The address or the title of the page, compared with `value`."""

    kind: ClassVar = "page"
    part: Literal["url", "title"]
    operator: Operator
    value: str


@dataclass(frozen=True)
class ValueIs:
    """A parameter or a value that was read before, by name, compared with `value`."""

    kind: ClassVar = "value"
    name: str
    operator: Operator
    value: str


@dataclass(frozen=True)
class Counted:
    """How many of the target the screen shows, compared with `number`."""

    kind: ClassVar = "counted"
    target: Target
    operator: Operator
    number: int


@dataclass(frozen=True)
class Downloaded:
    """A file of that name (any file, if None) has arrived since the task began."""

    kind: ClassVar = "downloaded"
    name: str | None = None


Condition = Seen | Reads | InState | PageIs | ValueIs | Counted | Downloaded
