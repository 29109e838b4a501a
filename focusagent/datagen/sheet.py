"""A contact sheet: labelled pages side by side, every glyph framed, for a person to look at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from grounding.training.pages import LabelledPage  # noqa: TID251 - a type only

WORD_COLOURS = ((220, 30, 30), (20, 120, 230))


def contact_sheet(pages: Sequence[LabelledPage], columns: int, path: Path) -> None:
    """Write pages with their labels drawn on them as one picture."""
    width = max(page.image.shape[1] for page in pages)
    height = max(page.image.shape[0] for page in pages)
    rows = -(-len(pages) // columns)
    sheet = Image.new("RGB", (columns * width, rows * height), "white")
    for number, page in enumerate(pages):
        sheet.paste(_framed(page), (number % columns * width, number // columns * height))
    sheet.save(path)


def _framed(page: LabelledPage) -> Image.Image:
    image = Image.fromarray(page.image)
    pen = ImageDraw.Draw(image)
    for word, box in zip(page.words.tolist(), page.boxes.tolist(), strict=True):
        pen.rectangle(box, outline=WORD_COLOURS[word % 2])
    for box in page.ignore.tolist():
        pen.rectangle(box, outline=(0, 160, 0))
    for control in page.controls:
        pen.rectangle(control["box"], outline=(200, 0, 200), width=2)
    return image
