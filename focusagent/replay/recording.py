"""A flow as it was recorded: from which page, with which values, which steps."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from PIL import Image

from ..planner.intents import Intent

Plan = Literal["instruction", "steps"]
Screen = Literal["browser", "desktop"]
PixelBox = tuple[int, int, int, int]


@dataclass(frozen=True, kw_only=True)
class Look:
    """One look for something: what was asked for, and where and how it was found.

    All in pixels of the screen. `point` None: it was not there, on the screen of that digest.
    `at` is where the picture's left top corner was; `fixed`: it counts only there.
    """

    words: str
    text: str = ""
    role: str = ""
    icon: str = ""
    point: tuple[int, int] | None = None
    box: PixelBox | None = None
    at: tuple[int, int] | None = None
    fixed: bool = False
    scrolled: bool = False
    selector: str | None = None
    absent_on: str = ""
    picture: Image.Image | None = field(default=None, repr=False, compare=False)

    def __eq__(self, other: object) -> bool:
        """Equal in every field, the picture pixel by pixel."""
        return isinstance(other, Look) and _facts(self) == _facts(other)

    def __hash__(self) -> int:
        """Return the hash of what was asked for."""
        return hash((self.words, self.point, self.at))


@dataclass(frozen=True, kw_only=True)
class RecordedStep:
    """What was done, where it was done, and what proved it; what the screen answered."""

    text: str
    intent: Intent
    answer: str = ""
    looks: tuple[Look, ...] = ()
    proof: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Recording:
    """A flow: from which page, with which values, which steps.

    `plan` says what is replayed: the instruction, parsed anew, so that its conditions and loops
    are decided by the screen; or the steps, one after the other. On a desktop there is no `start`.
    """

    name: str
    instruction: str
    start: str = ""
    screen: Screen = "browser"
    window: tuple[int, int] = (1280, 800)
    plan: Plan = "steps"
    params: Mapping[str, str | None] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    steps: tuple[RecordedStep, ...] = ()


def _facts(look: Look) -> tuple[Any, ...]:
    held = tuple(
        getattr(look, each.name) for each in dataclasses.fields(look) if each.name != "picture"
    )
    picture = look.picture
    return *held, None if picture is None else (picture.size, picture.convert("RGBA").tobytes())
