"""Places on a screen, in pixels, as the agent points at them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..history import Place
from .pixels import holds, pixels_of

if TYPE_CHECKING:
    from PIL import Image

    from grounding.types import Candidate, Grounding  # noqa: TID251 - a type only

CONFIDENT = 0.5
NEARLY = 0.7  # of the best score: a candidate that is worth a try where the best did nothing
MARKS = ("checkbox", "radio", "switch")
FIELDS = ("textbox", "combobox")
CONTROLS = (*FIELDS, *MARKS, "button", "link", "icon")


@dataclass(frozen=True)
class Spot:
    """Where a target is, in pixels of the picture it was seen on, and what else it could be."""

    point: tuple[float, float]
    box: tuple[float, float, float, float]
    image: Image.Image
    words: str
    confidence: float = 1.0
    others: tuple[Place, ...] = ()
    selector: str | None = None


def other_spots(spot: Spot) -> list[Spot]:
    """The other candidates, best first: for when the first one did nothing at all."""
    width, height = spot.image.size
    best = max(spot.confidence, 1e-6)
    return [
        Spot(
            (place.point[0] * width, place.point[1] * height),
            pixels_of(place.box, spot.image.size),
            spot.image,
            spot.words,
            place.score,
        )
        for place in spot.others
        if place.score >= NEARLY * best
    ]


def spot_of(seen: Grounding, image: Image.Image, words: str) -> Spot:
    """A grounding in pixels."""
    assert seen.point is not None
    x, y = seen.point.to_pixels(image.size)
    point = (min(max(x, 0), image.width - 1), min(max(y, 0), image.height - 1))
    box: Any = seen.box.to_pixels(image.size) if seen.box else (x - 8, y - 8, x + 8, y + 8)
    others = tuple(_place(other) for other in seen.alternatives if not _same(other, seen))
    return Spot(point, box, image, words, seen.confidence, others)


def place_of(spot: Spot) -> Place:
    """A spot as shares of the picture."""
    width, height = spot.image.size
    (x, y), (x1, y1, x2, y2) = spot.point, spot.box
    box = (x1 / width, y1 / height, x2 / width, y2 / height)
    return Place((x / width, y / height), box, spot.confidence)


def _place(other: Candidate) -> Place:
    box = other.box
    return Place(
        (float(other.point.x), float(other.point.y)),
        (float(box.x1), float(box.y1), float(box.x2), float(box.y2)),
        float(other.score),
    )


def _same(other: Candidate, seen: Grounding) -> bool:
    """Some grounders list the answer among its alternatives, or parts of its box."""
    box = seen.box
    if other.point == seen.point:
        return True
    return box is not None and holds(
        (box.x1, box.y1, box.x2, box.y2), (other.point.x, other.point.y)
    )
