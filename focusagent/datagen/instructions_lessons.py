"""Turns labelled pages into lessons: parts of a page in several sizes, with instructions."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .._siblings import grounding
from ..evaluation.screenspot import PixelBox
from .instructions import choose, instructions
from .instructions_screen import cut_page

if TYPE_CHECKING:
    from grounding.icons import IconReader  # noqa: TID251 - a type only
    from grounding.reader.reader import Reader  # noqa: TID251 - a type only
    from grounding.training.lessons import Lesson  # noqa: TID251 - a type only
    from grounding.training.pages import LabelledPage  # noqa: TID251 - a type only
    from grounding.types import Box  # noqa: TID251 - a type only

TOKEN = 32
# Widths and heights of the parts in tokens, and how often each is taken; whole pages are rare,
# they cost as much as seven small parts.
SHAPES = ((14, 10), (20, 12), (16, 16), (28, 17), (40, 25))
_OFTEN = (50, 25, 12, 9, 4)
SCALES = (1.0, 1.0, 1.0, 0.8, 1.25)
A_LESSON = 8  # instructions
_TRIES = 4


def make_lesson(page: LabelledPage, seed: str, eyes: tuple[Reader, IconReader]) -> Lesson | None:
    """Return a lesson about a part of a page, or all of it; None where little can be asked."""
    rng = random.Random(seed)
    for _ in range(_TRIES):
        part = _part(page, rng)
        made = instructions(part, f"{seed}/{rng.random()}")
        chosen = choose(made, A_LESSON, rng)
        if len(chosen) == A_LESSON:
            break
    else:
        return None
    read = grounding.nano.evidence.read_screen(part.image, *eyes)
    tall, wide = part.image.shape[:2]
    lessons = grounding.training.lessons
    asked = [
        lessons.Asked(one.target.instruction, _share(one.target.box, (wide, tall)), one.target.kind)
        for one in chosen
    ]
    features = [read.features(one.instruction, wide // TOKEN, tall // TOKEN) for one in asked]
    coded = np.rint(np.stack(features) * 255).astype(np.uint8)
    lesson: Lesson = lessons.Lesson(part.image, tuple(asked), coded)
    return lesson


def _part(page: LabelledPage, rng: random.Random) -> LabelledPage:
    """Cut a part of whole tokens out of a page, now and then resized."""
    tall, wide = page.image.shape[:2]
    shape = rng.choices(SHAPES, _OFTEN)[0]
    width, height = (TOKEN * count for count in shape)
    scale = max(rng.choice(SCALES), width / wide, height / tall)
    across, down = round(width / scale), round(height / scale)
    x, y = rng.randint(0, wide - across), rng.randint(0, tall - down)
    return cut_page(page, (x, y, x + across, y + down), (width, height))


def _share(box: PixelBox | None, size: tuple[int, int]) -> Box | None:
    if box is None:
        return None
    shared: Box = grounding.Box.from_pixels(*box, size)
    return shared


def write_lessons(
    pages: Path, out: Path, count: int, seed: int, weights: Path | None = None
) -> Iterator[int]:
    """Write lessons 0..count-1 of a seed about the pages of a folder; yields each number written.

    What is there is left alone, so that an interrupted run goes on. Lesson k belongs to one page,
    but a page on which little can be asked has none. ``weights`` is a folder of other weights than
    the packaged ones for reader, lines and icons.
    """
    out.mkdir(parents=True, exist_ok=True)
    names = grounding.training.pages.page_names(pages)
    eyes = grounding.loading.load_readers(weights)
    for number in range(count):
        name = f"{number:06d}"
        if (out / f"{name}.npz").exists() or (out / f"{name}.none").exists():
            continue
        page = grounding.training.pages.load_page(pages, names[number % len(names)])
        lesson = make_lesson(page, f"{seed}/{number}", eyes)
        if lesson is None:
            (out / f"{name}.none").touch()
        else:
            grounding.training.lessons.save_lesson(lesson, out, name)
        yield number
