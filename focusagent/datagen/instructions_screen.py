"""A generated screen as the makers of instructions see it: what stands where is known exactly."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from .._siblings import grounding
from ..evaluation.screens import (
    KnownScreen,
    Place,
    Thing,
    folded,
    height,
    holds,
    in_reading_order,
    middle,
    share_in_row,
)
from ..evaluation.screenspot import PixelBox, Target

if TYPE_CHECKING:
    from grounding.training.pages import LabelledPage  # noqa: TID251 - a type only

# Words of one line stand no further apart than this, in heights of their line.
_GAP = 1.0
# Chance makes two words half alike; only what is nearly equal resembles.
_LIKENESS_POWER, _LEAST = 3, 0.6
_UNSPOKEN = ("dialog",)
# Words of the longest text that is looked for.
_LONGEST = 8
# A control of which less is left counts as cut.
_WHOLE = 0.97
Word = tuple[str, PixelBox]


@dataclass(frozen=True)
class Stretch:
    """Some words of a line: as they stand, folded, and where."""

    text: str
    folded: str
    place: Place


class LabelledScreen(KnownScreen):
    """A page with its labels, behind the interface of a screen that was read."""

    def __init__(self, page: LabelledPage) -> None:
        # Not the base's: nothing is read here, the page tells.
        self.pixels = page.image
        self.size = (page.image.shape[1], page.image.shape[0])
        self.cut_roles: frozenset[str] = frozenset(page.about.get("cut", ()))
        self.things = tuple(_things(page))
        self._words: list[list[Word]] = _lines(page)
        self._places: dict[str, tuple[Place, ...] | None] = {}

    @cached_property
    def lines(self) -> list[tuple[str, PixelBox]]:
        """The lines of text with their boxes in pixels, from the top."""
        found = [(" ".join(word for word, _ in line), _around(line)) for line in self._words]
        return sorted(found, key=lambda line: line[1][1])

    def well_read(self, text: str) -> bool:
        """Tell whether a line is fit to be said."""
        return bool(folded(text)) and len(text) <= 32

    def likeness(self, text: str) -> float:
        """Return how much the words that resemble a text most do so."""
        return max((alike(text, words) for words, _ in self.windows(text)), default=0.0)

    def windows(self, text: str) -> list[Word]:
        """Return all stretches of a line with about as many words as a text, and where."""
        count = len(text.split())
        sizes = range(max(1, count - 1), count + 2)
        return [(one.text, one.place.box) for size in sizes for one in self._by_size.get(size, ())]

    @cached_property
    def _by_size(self) -> dict[int, list[Stretch]]:
        """All stretches of words of all lines, by their number of words."""
        found: dict[int, list[Stretch]] = {}
        for line in self._words:
            for start in range(len(line)):
                for end in range(start + 1, min(len(line), start + _LONGEST) + 1):
                    text = " ".join(word for word, _ in line[start:end])
                    place = Place(_around(line[start:end]), end - start == len(line))
                    found.setdefault(end - start, []).append(Stretch(text, folded(text), place))
        return found

    @cached_property
    def _by_text(self) -> dict[str, list[Place]]:
        found: dict[str, list[Place]] = {}
        for stretches in self._by_size.values():
            for one in stretches:
                found.setdefault(one.folded, []).append(one.place)
        return found

    def _look_up(self, text: str) -> tuple[Place, ...] | None:
        wanted = folded(text)
        return tuple(in_reading_order(self._by_text.get(wanted, ()))) if wanted else None

    def is_icon(self, thing: Thing) -> bool:
        """Tell whether a thing is a button that shows an icon and no words."""
        x1, y1, x2, y2 = thing.box
        return (
            thing.role == "button"
            and max(x2 - x1, y2 - y1) < 64
            and bool(thing.name)
            and not any(holds(thing.box, middle(box)) for line in self._words for _, box in line)
        )


def alike(one: str, two: str) -> float:
    """Return how alike two texts are, from 0 to 1; chance resemblance is nearly 0."""
    matcher = difflib.SequenceMatcher(None, folded(one), folded(two), autojunk=False)
    if matcher.real_quick_ratio() < _LEAST or matcher.quick_ratio() < _LEAST:
        return 0.0
    return float(matcher.ratio() ** _LIKENESS_POWER)


def _things(page: LabelledPage) -> list[Thing]:
    found = []
    for control in page.controls:
        box = _clipped(control["box"], page)
        name = " ".join(str(control["name"]).split())
        if box is None or control["role"] in _UNSPOKEN:
            continue
        label = None if control["label_box"] is None else _clipped(control["label_box"], page)
        also = () if label is None else (label,)
        target = Target("", "", box, also, "", name, control["role"])
        found.append(Thing(target, name, control["role"], box))
    return found


def _clipped(sides: list[float], page: LabelledPage) -> PixelBox | None:
    """Return the part of a box that lies on the page; None where that is a sliver."""
    tall, wide = page.image.shape[:2]
    x1, x2 = (min(max(x, 0.0), float(wide)) for x in (sides[0], sides[2]))
    y1, y2 = (min(max(y, 0.0), float(tall)) for y in (sides[1], sides[3]))
    return (x1, y1, x2, y2) if x2 - x1 >= 4 and y2 - y1 >= 4 else None


def _lines(page: LabelledPage) -> list[list[Word]]:
    """Join the words that follow each other on one line."""
    lines: list[list[Word]] = []
    for word in grounding.training.pages.word_texts(page):
        last = lines[-1][-1][1] if lines else None
        box = word[1]
        room = _GAP * height(box)
        if (
            last is not None
            and share_in_row(last, box) >= 0.7
            and -0.3 * room <= box[0] - last[2] <= room
        ):
            lines[-1].append(word)
        else:
            lines.append([word])
    return lines


def _around(words: list[Word]) -> PixelBox:
    boxes = [box for _, box in words]
    return (
        min(box[0] for box in boxes), min(box[1] for box in boxes),
        max(box[2] for box in boxes), max(box[3] for box in boxes),
    )  # fmt: skip


def cut_page(
    page: LabelledPage, area: tuple[int, int, int, int], size: tuple[int, int]
) -> LabelledPage:
    """Cut an area (pixels) out of a page and resize it; controls that are cut through go.

    ``about["cut"]`` names the roles of controls that are only partly there.
    """
    x1, y1, x2, y2 = area
    picture = Image.fromarray(page.image[y1:y2, x1:x2])
    if picture.size != size:
        picture = picture.resize(size, Image.Resampling.BICUBIC)
    scale = np.tile(np.array(size) / (x2 - x1, y2 - y1), 2).astype(np.float32)
    shift = np.array([x1, y1, x1, y1], np.float32)

    def moved(sides: Any) -> Any:
        return ((np.asarray(sides, np.float32) - shift) * scale).astype(np.float32)

    middles = (page.boxes[:, :2] + page.boxes[:, 2:]) / 2
    inside = np.all((middles >= (x1, y1)) & (middles < (x2, y2)), axis=1)
    controls, cut = [], set()
    for control in page.controls:
        box = np.array(control["box"])
        wide, tall = np.minimum(box[2:], (x2, y2)) - np.maximum(box[:2], (x1, y1))
        if wide <= 0 or tall <= 0:
            continue
        if wide * tall < _WHOLE * np.prod(box[2:] - box[:2]):
            cut.add(control["role"])
            continue
        label = control["label_box"]
        there = {"box": moved(box).tolist(), "label_box": label and moved(label).tolist()}
        controls.append({**control, **there})
    return replace(
        page,
        image=np.asarray(picture),
        codes=page.codes[inside],
        boxes=moved(page.boxes[inside]),
        words=page.words[inside],
        ignore=moved(page.ignore),
        controls=tuple(controls),
        about={**page.about, "cut": sorted(cut)},
    )
