"""Drawn screens of coloured shapes: something to point at that needs no data and no browser.

An instruction names its shape by its looks ("red circle"), or by where it stands: relative to
another ("left of red circle"), in its row ("row 2 shape 3") or in the picture ("bottom right").
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from PIL import Image, ImageDraw

from ..types import Box

Kind = Literal["look", "relation", "order", "corner"]
KINDS: tuple[Kind, ...] = get_args(Kind)
COLOURS = {
    "red": (214, 40, 40), "green": (44, 160, 70), "blue": (40, 80, 220),
    "yellow": (240, 200, 30), "purple": (140, 60, 180), "black": (25, 25, 30),
}  # fmt: skip
FORMS = ("circle", "square", "triangle", "cross")
_STEPS = {"right of": (0, 1), "left of": (0, -1), "below": (1, 0), "above": (-1, 0)}
_CORNERS = {"top left": (1, 1), "top right": (1, -1), "bottom left": (-1, 1),
            "bottom right": (-1, -1)}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shape:
    """A shape in a slot of the raster, and its box in pixels."""

    name: str
    row: int
    column: int
    box: tuple[int, int, int, int]


@dataclass(frozen=True)
class Screen:
    """A drawn screen, an instruction, and the shape that it means."""

    image: Image.Image
    shapes: tuple[Shape, ...]
    kind: Kind
    instruction: str
    target: Shape

    @property
    def box(self) -> Box:
        """Where the meant shape stands."""
        return Box.from_pixels(*self.target.box, self.image.size)


def draw_screen(
    rng: random.Random,
    *,
    kinds: Sequence[Kind] = KINDS,
    slots: tuple[int, int] = (4, 4),
    slot: int = 56,
    count: tuple[int, int] = (6, 9),
) -> Screen:
    """Draw a screen of ``slots`` (columns, rows); its shapes all look different.

    The same state of ``rng`` gives the same screen.
    """
    columns, rows = slots
    image = Image.new("RGB", (columns * slot, rows * slot), _background(rng))
    places = rng.sample(range(columns * rows), rng.randint(*count))
    looks = rng.sample([(colour, form) for colour in COLOURS for form in FORMS], len(places))
    pen = ImageDraw.Draw(image)
    shapes = []
    for place, (colour, form) in zip(sorted(places), looks, strict=True):
        row, column = divmod(place, columns)
        side = rng.randint(slot * 5 // 8, slot * 7 // 8)
        x = column * slot + rng.randint(1, slot - side - 1)
        y = row * slot + rng.randint(1, slot - side - 1)
        box = (x, y, x + side, y + side)
        _draw(pen, form, box, COLOURS[colour])
        shapes.append(Shape(f"{colour} {form}", row, column, box))
    kind, instruction, target = _choose(shapes, kinds, rng)
    return Screen(image, tuple(shapes), kind, instruction, target)


def _background(rng: random.Random) -> tuple[int, int, int]:
    grey = rng.randint(205, 255)
    return grey, grey, grey


def _draw(
    pen: ImageDraw.ImageDraw,
    form: str,
    box: tuple[int, int, int, int],
    colour: tuple[int, int, int],
) -> None:
    x1, y1, x2, y2 = box
    if form == "circle":
        pen.ellipse(box, fill=colour)
    elif form == "square":
        pen.rectangle(box, fill=colour)
    elif form == "triangle":
        pen.polygon([(x1, y2), (x2, y2), ((x1 + x2) // 2, y1)], fill=colour)
    else:
        third = (x2 - x1) // 3
        pen.rectangle((x1 + third, y1, x2 - third, y2), fill=colour)
        pen.rectangle((x1, y1 + third, x2, y2 - third), fill=colour)


def _choose(
    shapes: Sequence[Shape], kinds: Sequence[Kind], rng: random.Random
) -> tuple[Kind, str, Shape]:
    """Pick a kind of instruction that this screen allows, one such instruction, and its shape."""
    for kind in rng.sample(list(kinds), len(kinds)):
        pairs = instructions(shapes, kind)
        if pairs:
            return (kind, *rng.choice(pairs))
    return ("look", *rng.choice(instructions(shapes, "look")))


def instructions(shapes: Sequence[Shape], kind: Kind) -> list[tuple[str, Shape]]:
    """Return every instruction of a kind that means exactly one of the shapes."""
    if kind == "look":
        return [(shape.name, shape) for shape in shapes]
    if kind == "relation":
        found = []
        for shape in shapes:
            for words, step in _STEPS.items():
                other = _next(shapes, shape, step)
                if other is not None:
                    found.append((f"{words} {shape.name}", other))
        return found
    if kind == "order":
        counted: dict[int, int] = {}
        found = []
        for shape in sorted(shapes, key=lambda one: (one.row, one.column)):
            counted[shape.row] = counted.get(shape.row, 0) + 1
            found.append((f"row {shape.row + 1} shape {counted[shape.row]}", shape))
        return found
    found = []
    for words, (down, across) in _CORNERS.items():
        reach = [down * one.row + across * one.column for one in shapes]
        if reach.count(min(reach)) == 1:
            found.append((words, shapes[reach.index(min(reach))]))
    return found


def _next(shapes: Sequence[Shape], start: Shape, step: tuple[int, int]) -> Shape | None:
    """Return the nearest shape in a direction along the row or column."""
    down, across = step
    ahead = [
        (abs(one.row - start.row) + abs(one.column - start.column), number)
        for number, one in enumerate(shapes)
        if (one.row - start.row) * abs(across) == 0 == (one.column - start.column) * abs(down)
        and (one.row - start.row) * down + (one.column - start.column) * across > 0
    ]
    return shapes[min(ahead)[1]] if ahead else None
