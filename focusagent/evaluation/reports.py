"""What an evaluation leaves to look at: each answer as a line of JSON, and pictures of misses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from PIL import Image, ImageDraw

from .screenspot import Answer, PixelBox, open_picture

_LONGEST_CAPTION = 300


@contextmanager
def predictions(
    out: Path | None, name: str, done: Callable[[], None] = lambda: None
) -> Iterator[Callable[[Answer], None]]:
    """Yield what writes answers as JSONL, each at once and whole; without ``out``, nowhere.

    ``done`` is called after each.
    """
    if out is None:
        yield lambda _: done()
        return
    out.mkdir(parents=True, exist_ok=True)
    with (out / f"{file_name(name)}.jsonl").open("wb", buffering=0) as file:

        def write(answer: Answer) -> None:
            row = asdict(answer)
            line = json.dumps({**row.pop("target"), **row}, ensure_ascii=False)
            file.write(f"{line}\n".encode())
            done()

        yield write


def draw_misses(
    out: Path, name: str, folder: Path, answers: Sequence[Answer], worst: int = 12
) -> None:
    """Write pictures of misses: target green, answer red."""
    # The worst misses are those of the plainest rows: a text that stands once on the screen.
    misses = sorted((a for a in answers if not a.hit), key=lambda a: a.target.kind != "text_unique")
    for number, answer in enumerate(misses[:worst]):
        image = open_picture(folder / "images" / answer.target.image)
        draw_answer(image, answer.target.instruction, answer.target.box, answer.point)
        image.save(out / f"{file_name(name)}-miss-{number:02d}.png")


def file_name(model: str) -> str:
    """Return a model's name as the beginning of a file's name."""
    return re.sub(r"[^\w.=-]+", "_", model)


def draw_answer(
    image: Image.Image,
    instruction: str,
    box: PixelBox | None,
    point: tuple[float, float] | None,
) -> None:
    """Draw the instruction, the target in green and the answer in red on a picture."""
    pen = ImageDraw.Draw(image)
    caption = instruction[:_LONGEST_CAPTION]
    if box:
        pen.rectangle(box, outline=(0, 170, 0), width=3)
    if point:
        x, y = point
        pen.ellipse((x - 7, y - 7, x + 7, y + 7), outline=(230, 0, 0), width=4)
    pen.rectangle((0, 0, 8 * len(caption) + 12, 18), fill=(0, 0, 0))
    pen.text((5, 3), caption, fill=(255, 255, 255))
