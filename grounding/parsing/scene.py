"""A screen and the elements on it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..reader.reader import Reader, Screen, to_rgb
from ..types import Box, Element
from .bars import find_bars
from .controls import Control, find_controls
from .layout import Layout, make_layout
from .links import find_words
from .rows import find_rows, joined
from .sharpness import as_drawn
from .symbols import Icons, with_icons
from .tabs import with_tabs
from .underlines import find_underlined

if TYPE_CHECKING:
    from ..icons import IconReader, IconScreen


@dataclass(frozen=True, eq=False)
class Scene:
    """A screen that has been read: its pixels, text, icons (None without), and elements."""

    pixels: NDArray[np.uint8]
    screen: Screen
    icons: IconScreen | None
    elements: tuple[Element, ...]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]


def parse(image: Any) -> list[Element]:
    """Return the controls of a screenshot, and the words on it, in reading order."""
    return list(look(image).elements)


def look(image: Any, reader: Reader | None = None, icons: IconReader | None = None) -> Scene:
    """Read a screenshot once: text, frames, icons, elements.

    ``reader`` and ``icons`` default to those that come with the package, loaded once.
    """
    pixels = to_rgb(image)
    screen = (reader or _packaged_reader()).look(pixels)
    seen = _icons_of(pixels, screen, icons or _packaged_icons())
    return Scene(pixels, screen, seen, seen_elements(pixels, screen, seen))


def _icons_of(
    pixels: NDArray[np.uint8], screen: Screen, reader: IconReader | None
) -> IconScreen | None:
    if reader is None:
        return None
    from ..icons.screen import written_boxes

    return reader.look(pixels, written_boxes(screen))


@lru_cache(maxsize=1)
def _packaged_reader() -> Reader:
    return Reader.load()


@lru_cache(maxsize=1)
def _packaged_icons() -> IconReader | None:
    from ..icons.screen import WEIGHTS, IconReader

    return IconReader.load() if WEIGHTS.exists() else None


def seen_elements(
    pixels: NDArray[np.uint8], screen: Screen, icons: Icons | None = None
) -> tuple[Element, ...]:
    """Return the elements of a screen; if it was blown up, as it is or as it was, what shows more.

    Which of the two shows borders better depends on how it was blown up.
    """
    found = find_elements(pixels, screen, icons)
    drawn = as_drawn(pixels, screen)
    before = find_elements(*drawn, icons) if drawn is not None else ()
    return before if _controls(before) > _controls(found) else found


def _controls(elements: tuple[Element, ...]) -> int:
    return sum(element.role not in ("text", "link", "icon") for element in elements)


def find_elements(
    pixels: NDArray[np.uint8], screen: Screen, icons: Icons | None = None
) -> tuple[Element, ...]:
    """Return the elements of a screen whose text, and icons if any, are known."""
    layout = make_layout(pixels, screen)
    controls = with_tabs(layout, find_controls(layout))
    controls += find_underlined(layout, controls)
    rows = find_rows(layout, controls)
    controls = joined(controls, rows)
    controls += find_bars(layout, controls)
    controls += find_words(layout, controls)
    if icons is not None:
        controls = with_icons(layout, controls, icons)
    size = (pixels.shape[1], pixels.shape[0])
    return tuple(_element(control, size) for control in _in_order(controls, layout))


def _element(control: Control, size: tuple[int, int]) -> Element:
    x1, x2 = (min(max(x, 0.0), size[0]) for x in (control.x1, control.x2))
    y1, y2 = (min(max(y, 0.0), size[1]) for y in (control.y1, control.y2))
    box = Box.from_pixels(x1, y1, x2, y2, size)
    return Element(box, control.role, control.text, control.icon, round(min(control.sure, 1.0), 3))


def _in_order(controls: list[Control], layout: Layout) -> list[Control]:
    """Sort by rows from the top, in a row from the left.

    A row goes on as long as the middles of its members lie within half a line of its first one.
    """
    waiting = sorted(controls, key=lambda c: (c.y1 + c.y2, c.x1))
    ordered: list[Control] = []
    row: list[Control] = []
    for control in waiting:
        if row and (control.y1 + control.y2) - (row[0].y1 + row[0].y2) > layout.size:
            ordered += sorted(row, key=lambda c: (c.x1, c.y1))
            row = []
        row.append(control)
    return ordered + sorted(row, key=lambda c: (c.x1, c.y1))
