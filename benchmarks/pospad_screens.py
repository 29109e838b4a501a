"""Screens of the PosPad ablation: shapes of one token each, and who stands right of or below whom.

Up to four rows and columns, one to three tokens apart, stand somewhere on the screen; most of their
crossings hold a shape, all of different looks. "right of red circle" means the next shape in the
row, however far it is: that is the next in the order of the tokens as well. "below" means the next
in the column, and of columns only positions tell.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grounding import PatchGrid, VisualPlan, build_ui_graph
from grounding.backbones.compact import Prompt
from grounding.grid import Preprocessing, preprocess
from grounding.plan import make_plan
from grounding.training.shapes import COLOURS

CELL = 8  # pixels across a token
LINES = 4  # rows and columns of shapes
MOST_SHAPES = 14  # no more than a tenth of the largest grid
QUESTIONS = 16  # asked about each screen, one after the other in one sequence
LOOKS = len(COLOURS) * 4
NOBODY = LOOKS
PREPROCESSING = Preprocessing(
    patch=CELL // 2,
    temporal=1,
    min_pixels=CELL**2,
    max_pixels=1024 * CELL**2,
    mean=(0.5, 0.5, 0.5),
    std=(0.5, 0.5, 0.5),
)
# Token ids; an instruction such as "right of red circle" is a single token.
PADDING, RIGHT_OF, BELOW = 0, 1, 1 + LOOKS
IMAGE, VIDEO, START, END, MARKER = range(BELOW + LOOKS, BELOW + LOOKS + 5)
VOCABULARY = MARKER + 1


@dataclass(frozen=True, eq=False)
class Screen:
    """A drawn screen: its patches, its shapes, and its questions.

    ``shapes`` (N, 3): token, look of the next shape to the left, of the next above, or `NOBODY`;
    ``targets`` (Q,): the token that each of the ``questions`` means; ``graph`` (M,): the UI
    graph's scores of the tokens.
    """

    patches: NDArray[np.float32]
    grid: PatchGrid
    graph: NDArray[np.float32]
    shapes: NDArray[np.int64]
    questions: tuple[int, ...]
    targets: tuple[int, ...]

    def prompt(self, number: int) -> Prompt:
        """Return the sequence: picture ``number`` of its batch, then the questions."""
        return Prompt([START, *[IMAGE] * self.grid.count, END, *self.questions], (number,))

    def plan(self, keep: float, rng: random.Random) -> VisualPlan:
        """Keep the UI graph's best tokens; of equal ones, chance decides.

        Every shape is a region of its own and comes before the background: whatever is kept, no
        shape is lost, and only where things stand can get lost.
        """
        noise = np.array([rng.random() for _ in range(self.grid.count)], np.float32)
        return make_plan(self.grid, self.graph + 1e-3 * noise, keep, "uigraph")


def draw_screen(rng: random.Random, side: int) -> Screen:
    """Draw a screen of ``side`` x ``side`` tokens; the same state of ``rng``, the same screen."""
    rows, columns = _lines(rng, side), _lines(rng, side)
    crossings = [(row, column) for row in rows for column in columns]
    places = rng.sample(crossings, min(MOST_SHAPES, len(crossings) - rng.randint(0, LINES)))
    looks = dict(zip(places, rng.sample(range(LOOKS), len(places)), strict=True))
    pixels = np.full((side * CELL, side * CELL, 3), rng.randint(205, 255), np.uint8)
    asked, shapes = [], []
    for (row, column), look in looks.items():
        cell = pixels[row * CELL : (row + 1) * CELL, column * CELL : (column + 1) * CELL]
        cell[_FORMS[look % 4]] = list(COLOURS.values())[look // 4]
        place = row * side + column
        left = max(((r, c) for r, c in looks if r == row and c < column), default=None)
        above = max(((r, c) for r, c in looks if c == column and r < row), default=None)
        asked += [
            (relation, looks[other], place)
            for relation, other in ((RIGHT_OF, left), (BELOW, above))
            if other is not None
        ]
        shapes.append((place, _look(looks, left), _look(looks, above)))
    chosen = [rng.choice(asked) for _ in range(QUESTIONS)]
    patches, grid = preprocess(pixels, PREPROCESSING)
    return Screen(
        patches,
        grid,
        build_ui_graph(pixels, CELL).scores().ravel(),
        np.array(shapes),
        tuple(relation + look for relation, look, _ in chosen),
        tuple(place for _, _, place in chosen),
    )


def _lines(rng: random.Random, side: int) -> list[int]:
    """Return `LINES` ascending places below ``side``, one to three apart."""
    while True:
        steps = [rng.randint(1, 3) for _ in range(LINES - 1)]
        if sum(steps) < side:
            start = rng.randrange(side - sum(steps))
            return [start + sum(steps[:number]) for number in range(LINES)]


def _look(looks: dict[tuple[int, int], int], place: Any) -> int:
    return NOBODY if place is None else looks[place]


def _forms() -> list[NDArray[np.bool_]]:
    """Return a circle, a square, a triangle and a cross as masks of a cell."""
    y, x = np.mgrid[:CELL, :CELL] - (CELL - 1) / 2
    circle = x**2 + y**2 <= (CELL / 2 - 0.8) ** 2
    square = np.maximum(abs(x), abs(y)) <= CELL / 2 - 1
    triangle = 2 * abs(x) <= y + CELL / 2 - 0.5
    cross = np.minimum(abs(x), abs(y)) <= 1
    return [circle, square, triangle, cross]


_FORMS = _forms()
