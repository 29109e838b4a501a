"""Pages drawn with Pillow: thousands a minute, every font and size, exact glyph boxes."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .._siblings import grounding
from . import fonts, theme, words
from .theme import Colour

SIZES = (9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20, 22, 24, 28, 32, 40)
SIZE_WEIGHTS = (8, 10, 11, 12, 12, 12, 9, 9, 4, 6, 5, 4, 4, 3, 2, 2)


@lru_cache(maxsize=2000)
def _font(path: str, size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=200_000)
def _advance(path: str, size: float, character: str) -> float:
    return _font(path, size).getlength(character)


@lru_cache(maxsize=50_000)
def _drawable(path: str, character: str) -> bool:
    """Tell whether a face holds a character: its picture differs from that of a missing one."""
    if character.isascii():
        return True
    font = _font(path, 16)
    return bytes(font.getmask(character)) != bytes(font.getmask("\uffff"))


@dataclass
class _Canvas:
    """A picture in the making and the labels gathered so far."""

    image: Image.Image
    codes: list[int] = field(default_factory=list)
    boxes: list[tuple[float, float, float, float]] = field(default_factory=list)
    words: list[int] = field(default_factory=list)
    word: int = 0

    def glyph(self, character: str, left: float, right: float, base: float, size: float) -> None:
        self.codes.append(ord(character))
        self.boxes.append((left, base - 0.8 * size, right, base + 0.2 * size))
        self.words.append(self.word)


def _write(
    canvas: _Canvas,
    at: tuple[float, float],
    text: str,
    font: ImageFont.FreeTypeFont,
    style: tuple[Colour, float],
) -> float:
    """Write text with its baseline at a place; returns where it ends."""
    (x, base), (colour, spacing) = at, style
    pen = ImageDraw.Draw(canvas.image)
    edges = [x]
    for character in text:
        edges.append(edges[-1] + _advance(str(font.path), font.size, character) + spacing)
    if spacing:
        for character, left in zip(text, edges, strict=False):
            pen.text((left, base), character, fill=colour, font=font, anchor="ls")
    else:
        pen.text((x, base), text, fill=colour, font=font, anchor="ls")
        # Kerning makes a line a little shorter than its letters: spread the difference.
        share = font.getlength(text) / max(edges[-1] - x, 1)
        edges = [x + (edge - x) * share for edge in edges]
    for index, character in enumerate(text):
        if character == " ":
            canvas.word += 1
        else:
            canvas.glyph(character, edges[index], edges[index + 1] - spacing, base, font.size)
    canvas.word += 1
    return edges[-1]


def _ornament(
    rng: random.Random, pen: ImageDraw.ImageDraw, box: tuple[float, float, float, float]
) -> None:
    """Draw a mark that is no text: box, circle, chevron, rule, menu lines, tick."""
    x1, y1, x2, y2 = box
    colour = theme.random_colour(rng)
    kind = rng.randrange(7)
    middle = (y1 + y2) / 2
    if kind == 0:
        pen.rectangle(box, outline=colour, width=rng.randint(1, 2))
    elif kind == 1:
        pen.ellipse(box, outline=colour, fill=rng.choice((None, theme.random_colour(rng))))
    elif kind == 2:
        pen.line([(x1, y1), ((x1 + x2) / 2, middle), (x1, y2)], fill=colour, width=2)
    elif kind == 3:
        pen.line([(x1, middle), (x2 + 30, middle)], fill=colour)
    elif kind == 4:
        for offset in (0.2, 0.5, 0.8):
            y = y1 + offset * (y2 - y1)
            pen.line([(x1, y), (x2, y)], fill=colour, width=2)
    elif kind == 5:
        pen.rectangle(box, fill=colour)
        pen.line(
            [(x1 + 2, middle), ((x1 + x2) / 2, y2 - 2), (x2 - 2, y1 + 2)],
            fill=(255, 255, 255),
            width=2,
        )
    else:
        pen.line([(x1, y1), (x1, y2)], fill=colour, width=rng.randint(1, 2))


def _ground(rng: random.Random, size: tuple[int, int]) -> tuple[Image.Image, Colour]:
    """Return an empty picture, plain, gradient or photo-like, and its mean colour."""
    draw = rng.random()
    if draw < 0.08:
        picture, mean = theme.made_up_photo(rng, *size)
        return Image.fromarray(picture), mean
    one = theme.random_theme(rng).ground
    if draw < 0.16:
        two = np.clip(np.array(one) + np.array([rng.randint(-50, 50) for _ in range(3)]), 0, 255)
        ramp = np.linspace(0, 1, size[0] if rng.random() < 0.5 else size[1])
        rows = np.array(one) + ramp[:, None] * (two - np.array(one))
        grid = (
            rows[None].repeat(size[1], 0)
            if len(ramp) == size[0]
            else rows[:, None].repeat(size[0], 1)
        )
        mean = (np.array(one) + two) // 2
        return Image.fromarray(grid.astype(np.uint8)), (int(mean[0]), int(mean[1]), int(mean[2]))
    return Image.new("RGB", size, one), one


def _text(rng: random.Random, split: str, path: str) -> str:
    """Return a text that a font can draw."""
    text = words.text(rng, split)
    return "".join(c for c in text if c == " " or _drawable(path, c)).strip() or "Ok"


def _foreign(rng: random.Random) -> tuple[str, str] | None:
    """Return a font file and a text of a script the reader does not know, if one is installed."""
    others = fonts.other_scripts()
    if not others:
        return None
    path, letters = rng.choice(others)
    drawable = [letter for letter in letters if _drawable(path, letter)] or ["?"]
    return path, "".join(rng.choice(drawable) for _ in range(rng.randint(2, 8)))


def draw_page(
    seed: str, split: str = "train", size: tuple[int, int] = (480, 352)
) -> grounding.training.pages.LabelledPage:
    """Draw the page of a seed."""
    rng = random.Random(seed)
    image, ground = _ground(rng, size)
    canvas, pen = _Canvas(image), ImageDraw.Draw(image)
    faces = [rng.choice(fonts.latin_faces()).path for _ in range(rng.randint(2, 6))]
    y = rng.uniform(0, 8)
    while y < size[1] - 10:
        row_size = rng.choices(SIZES, SIZE_WEIGHTS)[0]
        row_height = row_size * rng.uniform(1.1, 1.9)
        row_ground = ground
        if rng.random() < 0.15:
            row_ground = theme.random_colour(rng)
            pen.rectangle((0, y, size[0], y + row_height), fill=row_ground)
        x = rng.uniform(1, 24)
        path = rng.choice(faces)
        while x < size[0] - row_size:
            x = _item(rng, canvas, (x, y, row_height), (path, row_size, row_ground), split)
        y += row_height + rng.choice((0, 0, 1, rng.uniform(0, 12)))
    page = grounding.training.pages.LabelledPage
    return page(
        image=np.asarray(canvas.image),
        codes=np.array(canvas.codes, np.int32),
        boxes=np.array(canvas.boxes, np.float32).reshape(-1, 4),
        words=np.array(canvas.words, np.int32),
        about={"seed": seed, "split": split, "theme": "drawn", "scale": 1.0},
    )


def _item(
    rng: random.Random,
    canvas: _Canvas,
    place: tuple[float, float, float],
    look: tuple[str, int, Colour],
    split: str,
) -> float:
    """Draw one button, text or ornament in a row; returns where the next may begin."""
    (x, y, row_height), (path, row_size, ground) = place, look
    pen = ImageDraw.Draw(canvas.image)
    size = row_size if rng.random() < 0.8 else rng.randint(9, max(9, row_size))
    if rng.random() < 0.1:
        _ornament(rng, pen, (x, y + 2, x + size, y + row_height - 2))
        return x + size + rng.uniform(3, 20)
    foreign = _foreign(rng) if rng.random() < 0.03 else None
    path, text = foreign or (path, _text(rng, split, path))
    font = _font(path, size)
    spacing = rng.choice((0.5, 1.0, 2.0, -0.3)) if rng.random() < 0.15 else 0.0
    width = font.getlength(text) + spacing * len(text)
    padding = 0.0
    if rng.random() < 0.25:
        padding = rng.uniform(2, 14)
        if rng.random() < 0.7:
            ground = theme.random_colour(rng)
        box = (x, y, x + width + 2 * padding, y + row_height - 1)
        line = theme.random_colour(rng) if rng.random() < 0.5 else None
        radius = min(rng.choice((0, 2, 4, 8)), row_height / 3, (width + padding) / 3)
        pen.rounded_rectangle(box, radius, fill=ground, outline=line)
    colour = theme.readable_on(rng, ground, rng.choice((1.8, 2.5, 4.0, 4.0)))
    base = y + row_height / 2 + 0.33 * size + rng.uniform(-0.5, 0.5)
    if rng.random() < 0.5:
        base = round(base)
    end = _write(canvas, (x + padding, base), text, font, (colour, spacing))
    if rng.random() < 0.06:
        pen.line([(x + padding, base + 2), (end, base + 2)], fill=colour)
    return end + padding + rng.choice((rng.uniform(4, 12), rng.uniform(8, 40)))
