"""Drawn screens whose elements are given, for questions to the ranking alone."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, cast

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from grounding import Reader
from grounding.parsing import Scene
from grounding.query import understand
from grounding.reader.reader import Found
from grounding.resolve import resolve
from grounding.types import Box, Candidate, Element

if TYPE_CHECKING:
    from grounding.icons import IconScreen

SIZE = (800, 600)
# role, words, left, top, right, bottom; links and texts are only their words.
Drawn = tuple[str, str, int, int, int, int]

FORM: tuple[Drawn, ...] = (
    ("text", "Account", 300, 60, 400, 84),
    ("link", "Settings", 20, 90, 90, 110),
    ("link", "Messages", 20, 130, 90, 150),
    ("link", "Logout", 20, 170, 90, 190),
    ("text", "Username", 200, 140, 280, 160),
    ("textbox", "", 300, 136, 560, 164),
    ("text", "Email", 200, 190, 280, 210),
    ("textbox", "", 300, 186, 560, 214),
    ("text", "Nickname", 200, 236, 280, 256),
    ("textbox", "Username", 200, 260, 460, 288),
    ("checkbox", "", 200, 310, 216, 326),
    ("text", "Remember me", 226, 308, 330, 328),
    ("checkbox", "", 200, 340, 216, 356),
    ("text", "Send news", 226, 338, 320, 358),
    ("button", "Save", 200, 400, 280, 430),
    ("button", "Cancel", 300, 400, 380, 430),
    ("text", "Settings", 300, 470, 420, 500),
    ("link", "Help", 20, 560, 60, 580),
    ("link", "Imprint", 700, 560, 760, 580),
    ("button", "Search", 690, 10, 780, 40),
)


@cache
def reader() -> Reader:
    return Reader.load()


@cache
def scene(drawn: tuple[Drawn, ...], icons: FakeIcons | None = None, red: str = "") -> Scene:
    picture = Image.new("RGB", SIZE, "white")
    pen = ImageDraw.Draw(picture)
    elements = []
    for role, words, x1, y1, x2, y2 in drawn:
        fill = (200, 30, 40) if red and words == red else "white"
        if role == "card":
            pen.rectangle((x1, y1, x2, y2), outline="gray")
            continue
        if role in ("textbox", "checkbox", "button"):
            pen.rectangle((x1, y1, x2, y2), outline="gray", fill=fill)
        font = ImageFont.load_default(22 if y2 - y1 > 23 and role == "text" else 15)
        ink = "gray" if role == "textbox" else "white" if fill != "white" else "black"
        inset = 8 if role in ("textbox", "button") else 0
        pen.text((x1 + inset, (y1 + y2) / 2), words, fill=ink, font=font, anchor="lm")
        elements.append(Element(Box.from_pixels(x1, y1, x2, y2, SIZE), role, words))
    pixels = np.asarray(picture)
    return Scene(pixels, reader().look(pixels), cast("IconScreen | None", icons), tuple(elements))


class FakeIcons:
    """Icons that are known by the names they are given, in place of the recogniser."""

    def __init__(self, *icons: tuple[str, tuple[int, int, int, int]]) -> None:
        self._icons = icons
        self.boxes = tuple(Box.from_pixels(*box, SIZE) for _, box in icons)

    def find(self, phrase: str, count: int = 5) -> list[Found]:
        return [
            Found(box, (box,), 0.9, name)
            for box, (name, _) in zip(self.boxes, self._icons, strict=True)
            if name in phrase.lower().split()
        ]


def ask(
    instruction: str,
    drawn: tuple[Drawn, ...] = FORM,
    icons: FakeIcons | None = None,
    red: str = "",
) -> list[Candidate]:
    return resolve(understand(instruction), scene(drawn, icons, red))


def hit(found: list[Candidate], drawn: Drawn) -> bool:
    return bool(found) and Box.from_pixels(*drawn[2:], SIZE).contains(found[0].point)
