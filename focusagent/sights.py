"""What a run keeps of one look for a target, and of one look after an action."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from ._siblings import grounding


@dataclass(frozen=True)
class Place:
    """A candidate: point and box as shares of the screenshot, and its score."""

    point: tuple[float, float]
    box: tuple[float, float, float, float]
    score: float


@dataclass(frozen=True, kw_only=True)
class Sight:
    """One look for a target: the words, where it is (None: not there), and what else it could be.

    Point and box are shares of the screenshot; `tokens` are visual tokens before, after, markers.
    `by` says what found it, `note` why it was looked for again.
    """

    words: str
    point: tuple[float, float] | None
    box: tuple[float, float, float, float] | None
    confidence: float
    alternatives: tuple[Place, ...] = ()
    tokens: tuple[int, int, int] | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)
    by: Literal["eyes", "selector", "recorded"] = "eyes"
    note: str = ""


@dataclass(frozen=True)
class Evidence:
    """What was looked at after an action, and whether it proves it (None: it cannot be told)."""

    what: str
    ok: bool | None
    detail: str = ""


def sight_of(found: grounding.Grounding, *, note: str = "") -> Sight:
    """What a step keeps of a grounding."""
    tokens = found.tokens
    return Sight(
        words=found.instruction,
        point=None if found.point is None else _point(found.point),
        box=None if found.box is None else _box(found.box),
        confidence=float(found.confidence),
        alternatives=tuple(
            Place(_point(other.point), _box(other.box), float(other.score))
            for other in found.alternatives
        ),
        tokens=None if tokens is None else (tokens.before, tokens.after, tokens.markers),
        seconds={name: float(spent) for name, spent in found.seconds.items()},
        note=note,
    )


def _point(point: grounding.Point) -> tuple[float, float]:
    return float(point.x), float(point.y)


def _box(box: grounding.Box) -> tuple[float, float, float, float]:
    return float(box.x1), float(box.y1), float(box.x2), float(box.y2)


def sight_from_json(data: Mapping[str, Any]) -> Sight:
    """Return the sight that `dataclasses.asdict` made plain."""
    values = dict(data)
    for name in ("point", "box", "tokens"):
        values[name] = as_tuple(values[name])
    values["alternatives"] = tuple(
        Place(tuple(each["point"]), tuple(each["box"]), each["score"])
        for each in values["alternatives"]
    )
    return Sight(**values)


def as_tuple(value: Sequence[Any] | None) -> Any:
    """Return a JSON list as the tuple that it was; None stays None."""
    return None if value is None else tuple(value)
