"""What the agent sees with: a grounder, kept loaded, and one reading of each screen."""

from __future__ import annotations

import importlib
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from .._siblings import grounding
from ..planner.compare import folded
from .closer import likeness, read_closely, same_numbers
from .pixels import PixelBox, holds

if TYPE_CHECKING:
    from PIL import Image

    from grounding.parsing import Scene  # noqa: TID251 - a type only
    from grounding.reader.reader import Line  # noqa: TID251 - a type only
    from grounding.types import Box, Element, Grounder, Grounding  # noqa: TID251 - a type only

KEPT = 3  # screens whose reading is kept: before, after, and one looked at in between
ALIKE = 0.75  # a text that is found with this score stands there
DOUBTED = 0.5  # from this score on, a closer look decides,
SURELY = 0.85  # which must be as good as this


@lru_cache(maxsize=4)
def shared_grounder(spec: str) -> Grounder:
    """The grounder of that name, loaded once for the whole program."""
    return grounding.load_grounder(spec)


class Seen:
    """One screenshot, read at most once, however often it is asked about.

    `clock` counts the seconds that reading takes.
    """

    def __init__(self, image: Image.Image, grounder: Grounder, clock: list[float]) -> None:
        self.image = image
        self._grounder, self._clock = grounder, clock
        self._screen: Any = None

    def ground(self, words: str) -> Grounding:
        """Where the words point."""
        if not hasattr(self._grounder, "screen"):
            return self._grounder.ground(self.image, words)
        found: Grounding = self._looked_at().ground(words)
        return found

    def _looked_at(self) -> Any:
        if self._screen is None and hasattr(self._grounder, "screen"):
            self._screen = self._grounder.screen(self.image)
        return self._screen

    @cached_property
    def scene(self) -> Scene:
        """Text and controls of the screen."""
        with self._counted():
            scene: Scene = getattr(self._looked_at(), "scene", None) or _look(self.image)
        return scene

    @cached_property
    def _lines(self) -> list[Line]:
        screen = self.scene.screen
        with self._counted():
            return screen.lines()

    def pixels(self, box: Box) -> tuple[float, float, float, float]:
        """A box of the scene in pixels."""
        return box.to_pixels(self.image.size)

    def element_at(self, point: tuple[float, float], roles: Sequence[str] = ()) -> Element | None:
        """The smallest element that holds a point, of any role or one of these."""
        there = [
            element
            for element in self.scene.elements
            if holds(self.pixels(element.box), point) and (not roles or element.role in roles)
        ]
        return min(there, key=lambda element: _area(self.pixels(element.box)), default=None)

    def shows(self, text: str, box: Sequence[float] | None = None) -> bool:
        """Whether a text stands on the screen, or with its middle in a box."""
        return bool(self.places(text, box))

    def places(
        self, text: str, box: Sequence[float] | None = None, limit: int = 20
    ) -> list[tuple[float, float, float, float]]:
        """The boxes, in pixels, where a text stands, best first."""
        if not text.strip():
            return []
        screen = self.scene.screen
        with self._counted():
            places = screen.find(text, limit=limit)
        found = [(self.pixels(each.box), each.score) for each in places if each.score >= DOUBTED]
        return [
            place
            for place, score in found
            if (box is None or holds(box, middle(place))) and self._is_there(text, place, score)
        ]

    def _is_there(self, text: str, place: PixelBox, score: float) -> bool:
        """Whether a place that resembles a text says it: no other number, and no other word."""
        lines = (line for line in self.texts() if holds(line[1], middle(place)))
        line, where = next(lines, ("", place))
        if score >= ALIKE and same_numbers(text, line):
            return True
        with self._counted():  # all of the line: a part of it may be cut out of a number
            said = read_closely(self.image, where, where[3] - where[1]).text
            if not same_numbers(text, said):
                return False
            closer = likeness(self.image, place, text, place[3] - place[1])
        return folded(text) in folded(said) or closer >= SURELY

    def text_in(self, box: Sequence[float]) -> str:
        """What stands in a box of pixels, line by line."""
        return "\n".join(text for text, where in self.texts() if holds(box, middle(where)))

    def texts(self) -> list[tuple[str, tuple[float, float, float, float]]]:
        """All lines of text that can be read, and their boxes in pixels."""
        return [
            (line.text, self.pixels(line.box))
            for line in self._lines
            if line.text and not line.unknown_script
        ]

    @contextmanager
    def _counted(self) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self._clock[0] += time.perf_counter() - started


class Eyes:
    """A grounder and the last few screens."""

    def __init__(self, grounder: Grounder | str) -> None:
        self._given = grounder
        self._kept: list[Seen] = []
        self.clock = [0.0]

    @property
    def grounder(self) -> Grounder:
        """The grounder, loaded when it is first needed."""
        return shared_grounder(self._given) if isinstance(self._given, str) else self._given

    def see(self, image: Image.Image) -> Seen:
        """The reading of a screenshot; one that was seen just now is not read again."""
        for seen in self._kept:
            if seen.image is image:
                return seen
        seen = Seen(image, self.grounder, self.clock)
        self._kept = [seen, *self._kept[: KEPT - 1]]
        return seen


def known_parts(text: str) -> list[str]:
    """The runs of a text in letters that the reader knows."""
    alphabet = importlib.import_module(".reader.alphabet", grounding.__name__)
    known = "".join(
        letter if letter.isspace() or alphabet.class_of(letter) != alphabet.OTHER else "\0"
        for letter in text
    )
    return [part.strip(" ,;") for part in known.split("\0") if part.strip(" ,;")]


def middle(box: Sequence[float]) -> tuple[float, float]:
    """The middle of a box."""
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _area(box: Sequence[float]) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _look(image: Image.Image) -> Scene:
    parsing = importlib.import_module(".parsing", grounding.__name__)
    scene: Scene = parsing.look(image)
    return scene
