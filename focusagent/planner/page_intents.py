"""Intents about addresses and browser tabs; part of the union in `intents`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from .conditions import Condition as Condition
from .conditions import Counted as Counted
from .conditions import Downloaded as Downloaded
from .conditions import InState as InState
from .conditions import Operator as Operator
from .conditions import PageIs as PageIs
from .conditions import Reads as Reads
from .conditions import Seen as Seen
from .conditions import State as State
from .conditions import Target as Target
from .conditions import ValueIs as ValueIs
from .errors import IntentError


@dataclass(frozen=True)
class GoTo:
    """Open an address in the current tab; one without a scheme is relative to the page's."""

    kind: ClassVar = "go_to"
    url: str


@dataclass(frozen=True)
class Back:
    """Go back one page."""

    kind: ClassVar = "back"


@dataclass(frozen=True)
class Forward:
    """Go forward one page."""

    kind: ClassVar = "forward"


@dataclass(frozen=True)
class Reload:
    """Load the page again."""

    kind: ClassVar = "reload"


@dataclass(frozen=True)
class NewTab:
    """Open a browser tab and switch to it."""

    kind: ClassVar = "new_tab"
    url: str | None = None


@dataclass(frozen=True)
class SwitchTab:
    """Switch to a browser tab: by place (1 is the first, -1 the last), step, or title words."""

    kind: ClassVar = "switch_tab"
    place: int | None = None
    step: Literal[1, -1] | None = None
    title: str | None = None

    def __post_init__(self) -> None:
        """Refuse anything but exactly one way to name the tab."""
        if sum(way is not None for way in (self.place, self.step, self.title)) != 1:
            raise IntentError("switch_tab takes exactly one of place, step and title")
        if self.place == 0:
            raise IntentError("switch_tab.place counts from 1, or from the end with -1")


@dataclass(frozen=True)
class CloseTab:
    """Close the current browser tab."""

    kind: ClassVar = "close_tab"
