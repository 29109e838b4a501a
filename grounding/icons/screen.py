"""The icons of a screen: where they are, what they are called, which one a phrase means."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..reader.lines import GlyphLine, line_confidence, line_text
from ..reader.reader import BELIEVED, Found, Screen, to_rgb
from ..types import Box
from .badges import without_badges
from .crops import crops
from .proposals import propose, text_pixels

if TYPE_CHECKING:
    from .network import IconNetwork

WEIGHTS = Path(__file__).resolve().parent.parent / "weights" / "icons.safetensors"
# A word with fewer letters may be icons that look like letters, so it hides nothing.
_FEWEST_LETTERS = 3
# Of two found places that share this much of the smaller one, only the better is named.
_SAME_PLACE = 0.5


class IconScreen:
    """The icon-like regions of one picture; ask it as often as you like."""

    def __init__(
        self,
        network: IconNetwork,
        boxes: NDArray[np.int64],
        seen: tuple[NDArray[np.float32], NDArray[np.float32]],
        size: tuple[int, int],
    ) -> None:
        self._network, self._pixels = network, boxes
        self._vectors, self.iconness = seen
        self.size = size
        self.boxes = tuple(
            Box.from_pixels(box[0], box[1], box[2], box[3], size) for box in boxes.tolist()
        )

    def logits(self, phrases: Sequence[str]) -> NDArray[np.float32]:
        """Return (phrases, boxes): how well each phrase names each box, higher is better."""
        vectors, known = self._network.read(phrases)
        logits = self._network.likeness(vectors, self._vectors, self.iconness)
        logits[~known] = -np.inf
        return logits

    def scores(self, phrases: Sequence[str]) -> NDArray[np.float32]:
        """Return (phrases, boxes): the chance, 0 to 1, that the box is the icon that is meant."""
        return self._network.confidence(self.logits(phrases))

    def find(self, phrase: str, count: int = 5) -> list[Found]:
        """Return the places a phrase may mean, best first; none where no word of it is known."""
        if not self.boxes or count < 1:
            return []
        scores = self.scores([phrase])[0]
        found: list[int] = []
        for number in np.argsort(-scores, kind="stable"):
            if scores[number] <= 0 or len(found) == count:
                break
            if not any(self._same_place(number, other) for other in found):
                found.append(int(number))
        names = self.names()
        return [
            Found(box, (box,), round(float(scores[number]), 4), names[number])
            for number in found
            for box in (self.boxes[number],)
        ]

    def _same_place(self, one: int, two: int) -> bool:
        a, b = self._pixels[one], self._pixels[two]
        shared = np.prod((np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])).clip(0))
        smaller = min(np.prod(a[2:] - a[:2]), np.prod(b[2:] - b[:2]))
        return bool(shared > _SAME_PLACE * smaller)

    def names(self) -> list[str]:
        """Return the best known name of every box."""
        return [self._network.names[number] for number in self._best_names]

    @cached_property
    def _best_names(self) -> NDArray[np.int64]:
        if not self.boxes:
            return np.zeros(0, np.int64)
        best: NDArray[np.int64] = (self._network.name_vectors @ self._vectors.T).argmax(axis=0)
        return best


class IconReader:
    """Recognises icons. Loading takes a moment, once; it needs no network and no GPU."""

    def __init__(self, network: IconNetwork) -> None:
        self._network = network

    @classmethod
    def load(cls, path: Path | None = None) -> IconReader:
        """Load the recogniser that comes with the package, or other weights."""
        from .network import load_network

        return cls(load_network(path or WEIGHTS))

    def look(self, pixels: NDArray[np.uint8], text: Sequence[Box] = ()) -> IconScreen:
        """Find the icon-like regions of an RGB picture; what lies in ``text`` is none."""
        picture = to_rgb(pixels)
        size = (picture.shape[1], picture.shape[0])
        bare, boxes, icons = without_badges(picture, propose(picture, text_pixels(text, size)))
        return IconScreen(self._network, boxes, self._network.see(crops(bare, icons)), size)


def written_boxes(screen: Screen) -> list[Box]:
    """Return the words of a read screen that are text beyond doubt.

    Word by word, for an icon beside a text is often read as one more letter of its line.
    """
    found = []
    for line in screen.read.lines:
        for piece in np.split(line.glyphs, np.flatnonzero(line.begins)[1:]):
            if len(piece) < _FEWEST_LETTERS:
                continue
            word = GlyphLine(piece, np.arange(len(piece)) == 0, line.box, line.size)
            letters = sum(letter.isalnum() for letter in line_text(screen.read.glyphs, word))
            sure = line_confidence(screen.read.glyphs, word) >= BELIEVED
            if sure and letters >= _FEWEST_LETTERS:
                half = screen.read.glyphs.width[piece] / 2
                left = float((screen.read.glyphs.x[piece] - half).min())
                right = float((screen.read.glyphs.x[piece] + half).max())
                edges = (max(left, 0.0), max(line.box[1], 0.0), right, line.box[3])
                found.append(Box.from_pixels(*edges, screen.size))
    return found
