"""What an agent tells a planner that asks for more than the protocol gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from PIL import Image

    from ..history import Step, Usage


@dataclass(frozen=True)
class Briefing:
    """What can be known about a run: names of values (never the values), steps, the screen's text.

    `read` gives role and text of all that is read on the present screen, `steps` those of this run
    with their evidence. `clean` takes values of secrets out of a text: whatever leaves the program
    goes through it.
    """

    params: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    steps: Callable[[], Sequence[Step]] = tuple
    read: Callable[[], Sequence[tuple[str, str]]] = tuple
    clean: Callable[[str], str] = str


@runtime_checkable
class Briefed(Protocol):
    """A planner with a mind of its own: it is briefed, it costs, and its "done" is only a claim."""

    @property
    def usage(self) -> Usage:
        """What it has cost since it was briefed."""
        ...

    def begin(self, briefing: Briefing) -> None:
        """A run begins."""
        ...


@runtime_checkable
class Reading(Protocol):
    """A planner whose model may see: it can be asked what a screen shows."""

    def extract(self, wanted: str, image: Image.Image) -> Any:
        """What the model reads off a screen, as JSON values."""
        ...
