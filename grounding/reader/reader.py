"""The reader: lines, text and places of text on any screen."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .. import grid
from ..errors import BadImage
from ..types import Box
from .glyphs import Glyphs
from .lines import (
    GlyphLine,
    line_confidence,
    line_of,
    line_text,
    make_lines,
    unknown_share,
)
from .places import Found as Found
from .places import TextRow, box_of, is_clear, judged_again, touched

if TYPE_CHECKING:
    from .line_reader import LineReader
    from .model import GlyphNet

WEIGHTS = Path(__file__).resolve().parent.parent / "weights" / "reader.safetensors"
LINE_WEIGHTS = WEIGHTS.with_name("lines.safetensors")
# Larger pictures are looked at in smaller size, so that memory stays bounded.
MOST_PIXELS = 16_000_000
# A line below this is a pattern that happens to resemble letters.
LEAST_CONFIDENCE = 0.5
# Words are read far better than this; icons side by side, taken for letters, are not.
BELIEVED = 0.7
# Some letters of other scripts look like known ones: more unknown ones than this tell the script.
MOST_UNKNOWN = 0.35


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text: what it says, where, how sure, and its font size in pixels.

    ``unknown_script`` is set where most glyphs belong to a script the reader does not know.
    """

    text: str
    box: Box
    confidence: float
    height: float
    unknown_script: bool = False


@dataclass(frozen=True, slots=True)
class RegionText:
    """The text of a region; ``unknown_script`` tells that some of it cannot be read."""

    text: str
    confidence: float
    unknown_script: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """Glyphs, and the lines they stand on."""

    glyphs: Glyphs
    lines: list[GlyphLine]

    def scaled(self, factor: float) -> Reading:
        """Return it as it stands on a picture of another size."""
        glyphs = self.glyphs.scaled(factor)
        return Reading(glyphs, [line_of(glyphs, line.glyphs, line.begins) for line in self.lines])


class Screen:
    """One picture that has been read: ask it as often as you like.

    ``glyphs`` and ``raw_lines`` are the glyph map's: they are there at once. ``read`` is what the
    line reader makes of those lines: slower, the first time, and better.
    """

    def __init__(
        self, glyphs: Glyphs, size: tuple[int, int], read: Callable[[Reading], Reading]
    ) -> None:
        self.glyphs, self.size, self._read = glyphs, size, read
        self.raw_lines = make_lines(glyphs)

    @property
    def found(self) -> Reading:
        """What the glyph map alone made of the picture."""
        return Reading(self.glyphs, self.raw_lines)

    @cached_property
    def read(self) -> Reading:
        """The lines, each read as a whole."""
        return self._read(self.found)

    def scaled(self, factor: float, size: tuple[int, int]) -> Screen:
        """Return the same text on a picture of another size."""
        return Screen(self.glyphs.scaled(factor), size, lambda _: self.read.scaled(factor))

    @cached_property
    def _row(self) -> TextRow:
        return TextRow(self.glyphs, self.raw_lines, self.size)

    def lines(self) -> list[Line]:
        """Return the lines, top to bottom."""
        made = [self._line(line) for line in self.read.lines]
        shown = [line for line in made if line.text or line.unknown_script]
        return [line for line in shown if line.confidence >= LEAST_CONFIDENCE]

    def _line(self, line: GlyphLine) -> Line:
        glyphs = self.read.glyphs
        unknown = unknown_share(glyphs, line) > MOST_UNKNOWN
        return Line(
            text="" if unknown else line_text(glyphs, line),
            box=box_of(line.box, self.size),
            confidence=round(line_confidence(glyphs, line), 4),
            height=round(line.size, 2),
            unknown_script=unknown,
        )

    def find(self, text: str, *, limit: int = 5, exact_case: bool = False) -> list[Found]:
        """Return the places that resemble a text most, best first.

        The glyph map finds them; in doubt the lines they stand on are read as a whole.
        """
        found = self._row.find(text, 2 * limit, exact_case)
        if not is_clear(found):
            again = self.read
            if again.glyphs is not self.glyphs:
                row = TextRow(again.glyphs, touched(again.lines, found, self.size), self.size)
                found = judged_again(found, row.find(text, 2 * limit, exact_case))
        return found[:limit]

    def text(self, box: Box | None = None) -> RegionText:
        """Return the text of a region, line by line; of the whole screen without one."""
        inside = [line for line in self.lines() if box is None or box.contains(line.box.center)]
        known = [line for line in inside if not line.unknown_script]
        sure = float(np.mean([line.confidence for line in known])) if known else 0.0
        return RegionText(
            "\n".join(line.text for line in known), round(sure, 4), len(known) < len(inside)
        )


def to_rgb(image: Image.Image | NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a picture as RGB pixels (H, W, 3), a huge one smaller; what is clear becomes white."""
    if isinstance(image, np.ndarray):
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
            raise BadImage(f"expected uint8 pixels (height, width, 3), got {image.shape}")
        if image.shape[0] * image.shape[1] <= MOST_PIXELS:
            return image
        image = Image.fromarray(image)
    factor = math.ceil(math.sqrt(image.width * image.height / MOST_PIXELS))
    try:
        if factor > 1:
            # Pictures with a palette or in other colours have no mean of their numbers.
            plain = image.mode in ("L", "RGB", "RGBA") and "transparency" not in image.info
            image = (image if plain else grid.to_rgb(image)).reduce(factor)
    except (OSError, ValueError, SyntaxError) as error:
        raise BadImage(f"the picture is damaged: {error}") from error
    return np.asarray(grid.to_rgb(image))


class Reader:
    """Reads screens. Loading takes about a second, once; it needs no network and no GPU.

    Without a line reader, lines say what the glyph map alone makes of them.
    """

    def __init__(self, net: GlyphNet, line_reader: LineReader | None = None) -> None:
        self._net, self._line_reader = net, line_reader

    @classmethod
    def load(cls, weights: Path | None = None, lines: Path | None = None) -> Reader:
        """Load the reader that comes with the package, or other weights.

        With ``weights`` and no ``lines`` there is no line reader.
        """
        from .line_reader import LineReader
        from .network import load_network

        if weights is None and lines is None and LINE_WEIGHTS.exists():
            lines = LINE_WEIGHTS
        line_reader = LineReader.load(lines) if lines is not None else None
        return cls(load_network(weights or WEIGHTS), line_reader)

    def look(self, image: Image.Image | NDArray[np.uint8]) -> Screen:
        """Read a picture once; ask the result for lines, texts and places."""
        from .network import read_glyphs

        pixels = to_rgb(image)
        line_reader = self._line_reader

        def read(found: Reading) -> Reading:
            if line_reader is None:
                return found
            return Reading(*line_reader.read(pixels, found.glyphs, found.lines))

        size = (pixels.shape[1], pixels.shape[0])
        return Screen(read_glyphs(self._net, pixels), size, read)

    def lines(self, image: Image.Image | NDArray[np.uint8]) -> list[Line]:
        """Return the lines of text of a picture, top to bottom."""
        return self.look(image).lines()

    def text(self, image: Image.Image | NDArray[np.uint8], box: Box | None = None) -> RegionText:
        """Return the text of a region of a picture."""
        return self.look(image).text(box)

    def find(
        self, image: Image.Image | NDArray[np.uint8], text: str, *, limit: int = 5
    ) -> list[Found]:
        """Return the places of a picture that resemble a text most, best first."""
        return self.look(image).find(text, limit=limit)
