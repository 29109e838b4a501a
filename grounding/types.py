"""What grounding answers; points and boxes are shares (0..1) of the image they were found in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .plan import VisualPlan


@dataclass(frozen=True, slots=True)
class Point:
    """A place in an image, each coordinate from 0 to 1."""

    x: float
    y: float

    @classmethod
    def from_pixels(cls, x: float, y: float, size: tuple[int, int]) -> Point:
        """Make a point from pixels of an image of ``size`` (width, height)."""
        return cls(x / size[0], y / size[1])

    def to_pixels(self, size: tuple[int, int]) -> tuple[float, float]:
        """Return x, y in pixels of an image of ``size`` (width, height)."""
        return self.x * size[0], self.y * size[1]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in an image: left, top, right, bottom, each from 0 to 1."""

    x1: float
    y1: float
    x2: float
    y2: float

    def __post_init__(self) -> None:
        """Refuse corners in the wrong order, so that no caller has to guess."""
        if not (self.x1 <= self.x2 and self.y1 <= self.y2):
            raise ValueError(f"a box needs x1 <= x2 and y1 <= y2, got {self}")

    @classmethod
    def from_pixels(cls, x1: float, y1: float, x2: float, y2: float, size: tuple[int, int]) -> Box:
        """Make a box from pixel corners in an image of ``size`` (width, height)."""
        return cls(x1 / size[0], y1 / size[1], x2 / size[0], y2 / size[1])

    @classmethod
    def from_xywh(
        cls, x: float, y: float, width: float, height: float, size: tuple[int, int]
    ) -> Box:
        """Make a box from its left top corner, width and height in pixels."""
        return cls.from_pixels(x, y, x + width, y + height, size)

    def to_pixels(self, size: tuple[int, int]) -> tuple[float, float, float, float]:
        """Return x1, y1, x2, y2 in pixels of an image of ``size`` (width, height)."""
        return self.x1 * size[0], self.y1 * size[1], self.x2 * size[0], self.y2 * size[1]

    @property
    def center(self) -> Point:
        """The middle of the box."""
        return Point((self.x1 + self.x2) / 2, (self.y1 + self.y2) / 2)

    def contains(self, point: Point) -> bool:
        """Tell whether a point lies in the box, borders included."""
        return self.x1 <= point.x <= self.x2 and self.y1 <= point.y <= self.y2


@dataclass(frozen=True, slots=True)
class Element:
    """A control of a screen, or words on it (role "text"); ``icon`` names what an icon shows."""

    box: Box
    role: str
    text: str = ""
    icon: str = ""
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place that may be meant: where to click, the region around it, its share of the weight."""

    point: Point
    box: Box
    score: float


@dataclass(frozen=True, slots=True)
class Tokens:
    """Visual tokens of an image before compression, those kept, and the markers of the others."""

    before: int
    after: int
    markers: int


@dataclass(frozen=True)
class Grounding:
    """The answer to an instruction: a point, or nothing there.

    ``heat`` (rows, columns) is the model's attention on the grid of tokens, ``seconds`` the time by
    stage, ``answer`` the text of a model that answers in words.
    """

    instruction: str
    point: Point | None
    box: Box | None
    confidence: float
    alternatives: tuple[Candidate, ...] = ()
    tokens: Tokens | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    plan: VisualPlan | None = None
    heat: NDArray[np.float32] | None = None
    answer: str | None = None

    @property
    def found(self) -> bool:
        """Whether the model says that there is such a place."""
        return self.point is not None


class Grounder(Protocol):
    """Anything that finds the place an instruction means; resources are freed on exit."""

    def ground(self, image: Any, instruction: str) -> Grounding:
        """Answer one instruction about one picture."""

    def ground_many(self, items: Sequence[tuple[Any, str]]) -> list[Grounding]:
        """Answer (picture, instruction) pairs, in order."""

    def close(self) -> None:
        """Free what the grounder holds."""

    def __enter__(self) -> Self:
        """Return the grounder."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the grounder."""
