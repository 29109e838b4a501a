"""What is known of a labelled screen: its rows, and where the reader sees which words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .._siblings import grounding
from .screenspot import PixelBox, Target

if TYPE_CHECKING:
    from grounding.reader.reader import Reader  # noqa: TID251 - a type only

# The reader is sure that words stand at a place, and sure that they do not.
STANDS, ABSENT = 0.75, 0.4
# Names that stand more often than this are no names but decoration.
MOST_PLACES = 6
_NAME = re.compile(r"[\w(.#+][\w .,/&+()'!?#-]*")


@dataclass(frozen=True)
class Thing:
    """A labelled control: its row, its name, its role, its box in pixels."""

    target: Target
    name: str
    role: str
    box: PixelBox


@dataclass(frozen=True)
class Place:
    """Where words stand: their box in pixels, and whether nothing else stands on their line."""

    box: PixelBox
    alone: bool


class KnownScreen:
    """A screen with its rows, read once; where words stand is known of all of it.

    ``vocabulary`` holds the words that are surely spelt right where the reader reads them.
    """

    def __init__(
        self,
        pixels: NDArray[np.uint8],
        targets: Sequence[Target],
        reader: Reader,
        vocabulary: Set[str] = frozenset(),
    ):
        self.pixels = pixels
        self._vocabulary = vocabulary
        self.size = (pixels.shape[1], pixels.shape[0])
        self.things = tuple(things(targets))
        self._screen = reader.look(pixels)
        self._places: dict[str, tuple[Place, ...] | None] = {}

    @cached_property
    def lines(self) -> list[tuple[str, PixelBox]]:
        """The lines of text with their boxes in pixels, from the top."""
        found = [
            (line.text, line.box.to_pixels(self.size))
            for line in self._screen.lines()
            if not line.unknown_script
        ]
        return sorted(found, key=lambda line: line[1][1])

    def places(self, text: str) -> tuple[Place, ...] | None:
        """Return where a text surely stands, in reading order; None where that is not sure."""
        if text not in self._places:
            self._places[text] = self._look_up(text)
        return self._places[text]

    def _look_up(self, text: str) -> tuple[Place, ...] | None:
        found = self._screen.find(text, limit=MOST_PLACES + 1)
        sure = [place for place in found if place.score >= STANDS]
        if len(sure) > MOST_PLACES or any(ABSENT <= place.score < STANDS for place in found):
            return None
        places = [self._place(text, place.box.to_pixels(self.size)) for place in sure]
        return tuple(in_reading_order(places))

    def _place(self, text: str, box: PixelBox) -> Place:
        return Place(box, folded(self.line_at(box)) == folded(text))

    def line_at(self, box: PixelBox) -> str:
        """Return the text of the line that the middle of a box lies on; "" for none."""
        return next((text for text, line in self.lines if holds(line, middle(box))), "")

    def well_read(self, text: str) -> bool:
        """Tell whether what the reader read is fit to be said."""
        words = re.findall(r"\w+", text)
        return speakable(text) and all(
            word in self._vocabulary or (word.isupper() and word.capitalize() in self._vocabulary)
            for word in words
        )

    def likeness(self, text: str) -> float:
        """Return how much the place that resembles a text most does so."""
        return max((place.score for place in self._screen.find(text, limit=1)), default=0.0)

    def place_in(self, thing: Thing) -> Place | None:
        """Return where a thing's name is written on it; None where it is not, or not just once."""
        inside = [p for p in self.places(thing.name) or () if holds(thing.box, middle(p.box))]
        return inside[0] if len(inside) == 1 else None

    def named_once(self, thing: Thing) -> bool:
        """Tell whether a thing's name stands on it and nowhere else."""
        return self.place_in(thing) is not None and len(self.places(thing.name) or ()) == 1


def things(targets: Iterable[Target]) -> Iterator[Thing]:
    """Return the rows that can be spoken of, one of each box and picture."""
    seen = set()
    for target in targets:
        name = target.name or next(iter(grounding.evidence.phrases(target.instruction)), "")
        name = " ".join(name.split())
        if target.box is not None and (target.image, target.box) not in seen:
            seen.add((target.image, target.box))
            yield Thing(target, name, target.role, target.box)


def speakable(name: str) -> bool:
    """Tell whether people would say a name: two to 32 characters, at most four words."""
    words = name.split()
    return (
        3 <= len(name) <= 32
        and len(words) <= 4
        and sum(letter.isalpha() for letter in name) >= 3
        and bool(_NAME.fullmatch(name))
    )


def folded(text: str) -> str:
    """Return a text's words in lower case, single spaces between."""
    return " ".join(re.findall(r"\w+", text.lower()))


def middle(box: PixelBox) -> tuple[float, float]:
    """Return the middle of a box."""
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def holds(box: PixelBox, point: tuple[float, float]) -> bool:
    """Tell whether a point lies in a box."""
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]


def width(box: PixelBox) -> float:
    """Return how wide a box is."""
    return box[2] - box[0]


def height(box: PixelBox) -> float:
    """Return how tall a box is."""
    return box[3] - box[1]


def share_in_row(one: PixelBox, two: PixelBox) -> float:
    """Return how much of the lower of two boxes stands beside the other, 0..1."""
    shared = min(one[3], two[3]) - max(one[1], two[1])
    return max(0.0, shared) / max(1e-6, min(height(one), height(two)))


def share_in_column(one: PixelBox, two: PixelBox) -> float:
    """Return how much of the narrower of two boxes stands above or below the other, 0..1."""
    shared = min(one[2], two[2]) - max(one[0], two[0])
    return max(0.0, shared) / max(1e-6, min(width(one), width(two)))


def overlap(one: PixelBox, two: PixelBox) -> bool:
    """Tell whether two boxes cover each other by more than a border."""
    return (
        min(one[2], two[2]) - max(one[0], two[0]) > 3
        and min(one[3], two[3]) - max(one[1], two[1]) > 3
    )


def in_reading_order(places: Sequence[Place]) -> list[Place]:
    """Sort by rows from the top, in a row from the left."""
    rows: list[list[Place]] = []
    for place in sorted(places, key=lambda place: middle(place.box)[1]):
        if rows and share_in_row(rows[-1][0].box, place.box) >= 0.5:
            rows[-1].append(place)
        else:
            rows.append([place])
    return [place for row in rows for place in sorted(row, key=lambda place: place.box[0])]
