"""What an environment shows and promises: observations, step results, the protocol itself."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Protocol, Self, runtime_checkable

from PIL import Image

from .actions import Action
from .policy import Policy

Outcome = Literal["changed", "no change", "navigated", "blocked", "failed"]
PixelBox = tuple[int, int, int, int]  # x1, y1, x2, y2 in screenshot pixels, right and bottom open


@dataclass(frozen=True)
class Tab:
    """An open tab."""

    url: str
    title: str
    active: bool


@dataclass(frozen=True)
class Dialog:
    """An alert, confirm, prompt or leave-page dialog that appeared, and how it was answered."""

    kind: str
    message: str
    answer: Literal["accepted", "dismissed"]


@dataclass(frozen=True)
class Download:
    """A file the page sent: where it lies now, or why it was not kept."""

    url: str
    name: str
    path: str | None
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class StepResult:
    """What an action did, with the evidence.

    `before` and `after` are hashes of the screen; `changed_box` bounds all pixels that differ.
    `stirred` tells that the row at the action's point was no longer the one last observed;
    `error` says in one sentence why an action was blocked or failed.
    """

    action: Action
    outcome: Outcome
    dispatched: bool
    settled: bool
    before: str
    after: str
    changed_box: PixelBox | None
    seconds: float
    error: str | None = None
    stirred: bool = False


@dataclass(frozen=True, kw_only=True)
class Observation:
    """One look at a screen.

    `scale` is screenshot pixels per input pixel on each axis, `origin` the input coordinates of
    the screenshot's top left corner. `dialogs` and `downloads` are those since the last reset.
    """

    image: Image.Image
    viewport: tuple[float, float]
    scale: tuple[float, float]
    origin: tuple[float, float] = (0.0, 0.0)
    url: str = ""
    title: str = ""
    tabs: tuple[Tab, ...] = ()
    dialogs: tuple[Dialog, ...] = ()
    downloads: tuple[Download, ...] = ()
    last: StepResult | None = None


@runtime_checkable
class Environment(Protocol):
    """A screen one can look at and act on; opened with its policy, closed by `with`."""

    @property
    def policy(self) -> Policy:
        """The policy it was opened with."""
        ...

    def reset(self) -> Observation:
        """Return to the start and look."""
        ...

    def observe(self) -> Observation:
        """Look, once the screen holds still; secrets are masked."""
        ...

    def step(self, action: Action) -> StepResult:
        """Act, wait until the screen holds still, and say what happened."""
        ...

    def close(self) -> None:
        """Let go of everything; calling it twice is fine."""
        ...

    def __enter__(self) -> Self:
        """Use as a context manager."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()
