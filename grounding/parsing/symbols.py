"""Icons: those in controls name them, one left of words belongs to them, the rest stand alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..types import Box
from .controls import Control
from .layout import Layout
from .marks import MARKS

# Regions less like an icon than this are parts of pictures and letters.
LEAST_ICONNESS = 0.5
# Shares of the font size.
_MOST_SIDE, _BESIDE, _MOST_BESIDE = 3.4, 0.9, 1.9
# What can be clicked around an icon that stands alone is not seen. These boxes overlap most with
# both a box close to the icon and one twice as large: room on each side in pixels at usual size,
# the least of it as a share of the icon, and the side of such a box as a share of its bar's height.
_ROOM, _LEAST_ROOM, _SHARE_OF_BAR = 5.5, 0.15, 0.62
# How far around an icon its ground is looked at, in pixels; how much of it may differ, and how far.
_RIM, _CALM, _MOSTLY = 2, 5, 0.85
_WORDS = frozenset({"text", "link"})


class Icons(Protocol):
    """What is asked of the icons of a screen."""

    boxes: tuple[Box, ...]
    iconness: NDArray[np.float32]

    def names(self) -> list[str]:
        """Return the best known name of every box."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """An icon in pixels: its name and how much it looks like one."""

    x1: float
    y1: float
    x2: float
    y2: float
    name: str
    sure: float

    @property
    def x(self) -> float:
        """The middle, across."""
        return (self.x1 + self.x2) / 2

    @property
    def y(self) -> float:
        """The middle, down."""
        return (self.y1 + self.y2) / 2


def with_icons(layout: Layout, controls: list[Control], icons: Icons) -> list[Control]:
    """Return the controls, named by the icons in or beside them, and the icons that stand alone."""
    symbols = _with_arrows(_symbols(layout, icons))
    found = [control for control in controls if not _misread(control, symbols)]
    alone: list[Symbol] = []
    for symbol in symbols:
        number = _owner(found, symbol)
        if number is None:
            if _on_calm_ground(layout.pixels, symbol):
                alone.append(symbol)
        elif found[number].role not in MARKS | {"slider"} and not found[number].icon:
            found[number] = _named(found[number], symbol)
    return found + [
        Control(*_roomy(layout, symbol, found, alone), "icon", "", symbol.sure, icon=symbol.name)
        for symbol in alone
    ]


def _on_calm_ground(pixels: NDArray[np.uint8], symbol: Symbol) -> bool:
    """Tell whether a region stands on one colour, not in a picture."""
    height, width = pixels.shape[:2]
    x1, y1 = max(int(symbol.x1) - _RIM, 0), max(int(symbol.y1) - _RIM, 0)
    x2, y2 = min(int(symbol.x2) + _RIM, width), min(int(symbol.y2) + _RIM, height)
    crop = pixels[y1:y2, x1:x2].astype(np.int16)
    rim = np.concatenate([crop[0], crop[-1], crop[:, 0], crop[:, -1]])
    near = np.abs(rim - np.median(rim, axis=0)).max(axis=1) <= _CALM
    return float(near.mean()) >= _MOSTLY


def _misread(control: Control, symbols: Sequence[Symbol]) -> bool:
    """Tell whether a lone sign that was read is an icon."""
    if control.role not in _WORDS or control.frame >= 0 or len(control.text) > 1:
        return False
    x, y = (control.x1 + control.x2) / 2, (control.y1 + control.y2) / 2
    return any(s.x1 <= x <= s.x2 and s.y1 <= y <= s.y2 for s in symbols)


def _named(control: Control, symbol: Symbol) -> Control:
    """Return a control with its icon; free words grow to hold it."""
    named = replace(control, icon=symbol.name)
    if control.role not in _WORDS or control.frame >= 0 or control.phrases:
        return named
    return replace(
        named,
        x1=min(named.x1, symbol.x1),
        y1=min(named.y1, symbol.y1),
        y2=max(named.y2, symbol.y2),
    )


def _roomy(
    layout: Layout, symbol: Symbol, controls: Sequence[Control], others: Sequence[Symbol]
) -> tuple[float, float, float, float]:
    """Return the box to click: larger than the icon, but not halfway to what stands beside it."""
    long = max(symbol.x2 - symbol.x1, symbol.y2 - symbol.y1)
    room = _ROOM * layout.scale
    bar = layout.bar_height(symbol.x, symbol.y)
    if bar is not None:
        room = max(room, (_SHARE_OF_BAR * bar - long) / 2)
    neighbours: list[Control | Symbol] = [*controls, *(s for s in others if s is not symbol)]
    for other in neighbours:
        across = max(other.x1 - symbol.x2, symbol.x1 - other.x2)
        down = max(other.y1 - symbol.y2, symbol.y1 - other.y2)
        gap = max(across, down)
        if gap > 0:
            room = min(room, gap / 2)
    room = max(room, _LEAST_ROOM * long)
    half = long / 2 + room
    return symbol.x - half, symbol.y - half, symbol.x + half, symbol.y + half


def _symbols(layout: Layout, icons: Icons) -> list[Symbol]:
    """Return the icons of a screen without overlaps and without letters, most certain first."""
    names = icons.names()
    size = (layout.pixels.shape[1], layout.pixels.shape[0])
    most = _MOST_SIDE * max(layout.size, 14.0)
    ranked: list[tuple[float, Symbol]] = []
    for number in np.flatnonzero(icons.iconness >= LEAST_ICONNESS).tolist():
        x1, y1, x2, y2 = icons.boxes[number].to_pixels(size)
        width, height = x2 - x1, y2 - y1
        if max(width, height) <= most and min(width, height) > 0:
            sure = float(icons.iconness[number])
            symbol = Symbol(x1, y1, x2, y2, names[number], round(sure, 3))
            # Of parts and wholes that look alike the whole is meant; icons are rather square.
            rank = sure - 0.2 * abs(math.log(width / height)) + 0.1 * math.log(width * height)
            ranked.append((rank, symbol))
    kept: list[Symbol] = []
    for _, symbol in sorted(ranked, key=lambda item: -item[0]):
        if not any(_overlap(symbol, other) for other in kept) and not _written(layout, symbol):
            kept.append(symbol)
    return kept


def _with_arrows(symbols: list[Symbol]) -> list[Symbol]:
    """Join an icon with the small arrow to its right: together they open a menu."""
    joined = list(symbols)
    for arrow in symbols:
        width, height = arrow.x2 - arrow.x1, arrow.y2 - arrow.y1
        for owner in joined:
            gap, high = arrow.x1 - owner.x2, owner.y2 - owner.y1
            level = abs(arrow.y - owner.y) <= 0.3 * high
            small = height <= 0.8 * width and width <= 0.75 * high
            if owner is not arrow and small and level and 0 <= gap <= 0.8 * high:
                joined.remove(arrow)
                joined[joined.index(owner)] = replace(owner, x2=arrow.x2)
                break
    return joined


def _overlap(one: Symbol, two: Symbol) -> bool:
    wide = min(one.x2, two.x2) - max(one.x1, two.x1)
    high = min(one.y2, two.y2) - max(one.y1, two.y1)
    areas = [(s.x2 - s.x1) * (s.y2 - s.y1) for s in (one, two)]
    return wide > 0 and high > 0 and wide * high > 0.3 * min(areas)


def _written(layout: Layout, symbol: Symbol) -> bool:
    """Tell whether a region is a part of words, or holds some."""
    return any(
        len(phrase.text) > 1
        and min(phrase.x2, symbol.x2) - max(phrase.x1, symbol.x1) > 0.3 * (symbol.x2 - symbol.x1)
        and min(phrase.y2, symbol.y2) - max(phrase.y1, symbol.y1) > 0.3 * phrase.size
        for phrase in layout.phrases
    )


def _owner(controls: Sequence[Control], symbol: Symbol) -> int | None:
    """Return the number of the control that an icon belongs to, None if it stands alone."""
    best, least = None, (2, 0.0)
    for number, control in enumerate(controls):
        inside = (
            control.x1 - 2 <= symbol.x <= control.x2 + 2
            and control.y1 - 2 <= symbol.y <= control.y2 + 2
        )
        # What stands at the end of a field does something of its own: it clears or shows.
        at_end = symbol.x > control.x2 - 1.2 * (control.y2 - control.y1)
        if inside and control.role != "text" and not (control.role == "textbox" and at_end):
            cost = (0, (control.x2 - control.x1) * (control.y2 - control.y1))
        elif control.role in _WORDS and _leads(symbol, control):
            cost = (1, control.x1 - symbol.x2)
        else:
            continue
        if cost < least:
            best, least = number, cost
    return best


def _leads(symbol: Symbol, words: Control) -> bool:
    """Tell whether an icon stands just left of words, on their line."""
    size = words.y2 - words.y1
    gap = words.x1 - symbol.x2
    level = abs(symbol.y - (words.y1 + words.y2) / 2) <= 0.4 * size
    return -2 <= gap <= _BESIDE * size and level and symbol.y2 - symbol.y1 <= _MOST_BESIDE * size
