"""A scene made ready for questions: what its elements are called and where they lie."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from ..parsing import label_of
from ..parsing.frames import find_frames
from ..reader.reader import Found, Screen
from ..types import Box, Element
from .figures import Figure, find_figures
from .roles import FIELDS, MARKS
from .words import words

if TYPE_CHECKING:
    from ..icons import IconScreen
    from ..parsing import Scene

# How many places of a text are looked for; more only where the last of them fits well.
_FEW, _MANY = 6, 40
_ENOUGH = 0.55
# A frame holds several things if it is so many lines high; its heading stands in its first ones.
_SEVERAL, _HEAD = 3.0, 3.5
_LABEL = 1.6  # times the usual height of a line: larger words are headings

_boards: WeakKeyDictionary[Scene, Board] = WeakKeyDictionary()


def board_of(scene: Scene) -> Board:
    """Return the board of a scene, made once."""
    if scene not in _boards:
        _boards[scene] = Board(scene.pixels, scene.screen, scene.icons, scene.elements)
    return _boards[scene]


@dataclass(frozen=True, eq=False)
class Board:
    """The parts of a scene, and what follows from them."""

    pixels: NDArray[np.uint8]
    screen: Screen
    icons: IconScreen | None
    elements: tuple[Element, ...]
    _found: dict[str, list[Found]] = field(default_factory=dict)
    _drawn: dict[str, list[tuple[Box, float]]] = field(default_factory=dict)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]

    @cached_property
    def boxes(self) -> NDArray[np.float64]:
        """The elements' boxes (N, 4) in pixels."""
        return np.array([e.box.to_pixels(self.size) for e in self.elements]).reshape(-1, 4)

    @cached_property
    def line(self) -> float:
        """The usual height of a line of text in pixels."""
        tall = [line.size for line in self.screen.read.lines if len(line.glyphs) > 1]
        return float(np.median(tall)) if tall else 14.0

    @cached_property
    def vocabulary(self) -> dict[str, list[tuple[int, int]]]:
        """Every word of the screen, and the (element, position) pairs where it stands."""
        found: dict[str, list[tuple[int, int]]] = {}
        for number, element in enumerate(self.elements):
            for position, word in enumerate(words(element.text)):
                found.setdefault(word, []).append((number, position))
        return found

    @cached_property
    def labels(self) -> dict[int, int]:
        """For every field and box to tick, the number of the words that name it."""
        numbers = {id(element): number for number, element in enumerate(self.elements)}
        # Nor is a heading over a field its label.
        plain = [
            element
            for element, box in zip(self.elements, self.boxes.tolist(), strict=True)
            if element.role == "text" and box[3] - box[1] <= _LABEL * self.line
        ]
        links = [element for element in self.elements if element.role == "link"]
        found = {}
        for number, element in enumerate(self.elements):
            if element.role in FIELDS or element.role in MARKS:
                # A link may stand closer to a field than its label does: "Forgot password?"
                label = label_of(element, plain, self.size)
                label = label or label_of(element, [*plain, *links], self.size)
                if label is not None:
                    found[number] = numbers[id(label)]
        return {one: label for one, label in found.items() if not self._taken(one, found)}

    def _taken(self, number: int, labels: dict[int, int]) -> bool:
        """Tell whether the words of a field name another one: between them, or beside them.

        Words over a field that says something itself may name one to their right.
        """
        if self._parted(number, labels):
            return True
        if not self.elements[number].text or self.elements[number].role not in FIELDS:
            return False
        x2, foot = self.boxes[labels[number], 2:]
        beside = (
            other for other, label in labels.items()
            if label == labels[number] and self.elements[other].role in FIELDS
        )  # fmt: skip
        under = self.boxes[number, 1] >= foot
        return under and any(
            self.boxes[other, 0] >= x2 - 2 and self.boxes[other, 1] < foot for other in beside
        )

    def _parted(self, number: int, labels: dict[int, int]) -> bool:
        """Tell whether a field that has the same label stands between it and a field."""
        label = labels[number]
        x2, y = self.boxes[label, 2], self.boxes[label, 1::2].mean()
        left, top, _, foot = self.boxes[number]
        if self.elements[number].role not in FIELDS or left < x2 or not top <= y <= foot:
            return False
        return any(
            one == label
            and self.elements[other].role in FIELDS
            and x2 - 2 <= self.boxes[other, 0] < left
            and self.boxes[other, 1] <= y <= self.boxes[other, 3]
            for other, one in labels.items()
        )

    @cached_property
    def named_by(self) -> dict[int, list[int]]:
        """For words, the numbers of the controls they name."""
        found: dict[int, list[int]] = {}
        for control, label in self.labels.items():
            found.setdefault(label, []).append(control)
        return found

    @cached_property
    def figures(self) -> list[Figure]:
        """Shapes and single signs."""
        return find_figures(self.pixels, self.screen, self.elements)

    @cached_property
    def _begins(self) -> NDArray[np.float64]:
        """Where words begin: left edge, middle of the line, size (N, 3) in pixels."""
        glyphs, found = self.screen.read.glyphs, []
        for line in self.screen.read.lines:
            for index in line.glyphs[line.begins].tolist():
                left = float(glyphs.x[index] - glyphs.width[index] / 2)
                found.append((left, line.y, line.size))
        return np.array(found).reshape(-1, 3)

    def in_menu(self, box: tuple[float, float, float, float]) -> bool:
        """Tell whether words stand under or over others that begin alike, apart as in a menu."""
        if not len(self._begins):
            return False
        left, middle, size = self._begins.T
        y, tall = (box[1] + box[3]) / 2, self.line
        alike = (np.abs(left - box[0]) < 0.3 * tall) & (np.abs(size - (box[3] - box[1])) < 3)
        apart = np.abs(middle[alike] - y)
        # Lines of a paragraph are closer to each other than entries of a menu.
        close = (apart > 0.3 * tall) & (apart < 1.6 * tall)
        return bool(not close.any() and ((apart > 0) & (apart < 9 * tall)).sum() >= 3)

    @cached_property
    def _frames(self) -> NDArray[np.float64]:
        """Frames (N, 4) in pixels that may hold several things."""
        found = [(f.x1, f.y1, f.x2, f.y2) for f in find_frames(self.pixels)[0]]
        boxes = np.array(found, np.float64).reshape(-1, 4)
        return boxes[(boxes[:, 3] - boxes[:, 1]) > _SEVERAL * self.line]

    @cached_property
    def groups(self) -> NDArray[np.float64]:
        """The frames (N, 4) in pixels that do hold several things."""
        x, y = ((self.boxes[:, side] + self.boxes[:, side + 2]) / 2 for side in (0, 1))
        x1, y1, x2, y2 = self._frames.T[:, :, None]
        held = ((x1 <= x) & (x <= x2) & (y1 <= y) & (y <= y2)).sum(axis=1)
        several: NDArray[np.float64] = self._frames[held > 1]
        return several

    def together(
        self, one: tuple[float, float, float, float], heading: tuple[float, float, float, float]
    ) -> float:
        """Tell how well a box lies in a frame with its heading: best in a small frame."""
        top, y1 = (heading[1] + heading[3]) / 2, self._frames[:, 1]
        headed = top <= y1 + _HEAD * self.line
        return self._small(self._around(one) & self._around(heading) & headed)

    def carded(
        self, one: tuple[float, float, float, float], two: tuple[float, float, float, float]
    ) -> float:
        """Tell how well two boxes lie in one frame: best in a small one."""
        return self._small(self._around(one) & self._around(two))

    def _around(self, box: tuple[float, float, float, float]) -> NDArray[np.bool_]:
        """Tell which frames hold the middle of a box."""
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        x1, y1, x2, y2 = self._frames.T
        held: NDArray[np.bool_] = (x1 <= x) & (x <= x2) & (y1 <= y) & (y <= y2)
        return held

    def _small(self, chosen: NDArray[np.bool_]) -> float:
        x1, y1, x2, y2 = self._frames[chosen].T
        width, height = self.size
        areas = (x2 - x1) * (y2 - y1) / (width * height)
        return float(max(0.0, 1 - areas.min())) if len(areas) else 0.0

    def owner(self, x: float, y: float) -> int:
        """Return the smallest element at a place in pixels, -1 if there is none."""
        if not len(self.boxes):
            return -1
        x1, y1, x2, y2 = self.boxes.T
        inside = (x1 - 1 <= x) & (x <= x2 + 1) & (y1 - 1 <= y) & (y <= y2 + 1)
        if not inside.any():
            return -1
        area = np.where(inside, (x2 - x1) * (y2 - y1), np.inf)
        return int(area.argmin())

    def find(self, text: str) -> list[Found]:
        """Return where a text stands, best first; asked again, it remembers."""
        if text not in self._found:
            found = self.screen.find(text, limit=_FEW)
            if len(found) == _FEW and found[-1].score > _ENOUGH:
                found = self.screen.find(text, limit=_MANY)
            self._found[text] = found
        return self._found[text]

    def drawn(self, text: str) -> list[tuple[Box, float]]:
        """Return icons that mean a text, and how surely, best first."""
        if text not in self._drawn:
            found = self.icons.find(text, _MANY) if self.icons is not None else []
            self._drawn[text] = [(icon.box, icon.score) for icon in found]
        return self._drawn[text]
