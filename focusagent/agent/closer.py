"""A closer look at small text: read again, enlarged, so that a misreading gives itself away."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from .._siblings import grounding
from ..planner.compare import folded
from .pixels import grown

if TYPE_CHECKING:
    from grounding import Reader  # noqa: TID251 - a type only
    from grounding.reader.reader import Screen  # noqa: TID251 - a type only

# Sizes at which a value is read, and the margins around it.
LOOKS = ((3.0, 6.0), (3.0, 10.0), (3.5, 4.0))
TALLEST = 53.0  # pixels of a font beyond which enlarging makes the reader worse
INK = 0.45  # of the strongest contrast: a pixel that is drawn, not the softened edge of one
# Letters that are digits where all else in a word is digits.
_DIGITS = str.maketrans("lI|Ooi", "111001")
_MARKS = re.compile(r"(?<=\w)[.,:'-](?=\w)")
# The space between a number and its currency: too narrow to tell, and it says nothing.
_BY_SIGN = re.compile(
    r"(?<=[$\u00a3\u00a5\u20ac\u20b9])\s+(?=\d)|(?<=\d)\s+(?=[%$\u00a3\u00a5\u20ac\u20b9])"
)
# One and the same mark for thousands and decimals: no amount is written like that.
_NO_AMOUNT = re.compile(r"(?<![\d.,])\d{1,3}([.,])(?:\d{3}\1)+\d{2}(?![\d.,])")


@dataclass(frozen=True)
class Look:
    """What one look at a line says, and whether all of its ink was read."""

    text: str
    whole: bool = True


@dataclass(frozen=True)
class Reading:
    """What most looks at a text say, and whether all those that make sense agree."""

    text: str
    sure: bool
    looks: tuple[str, ...] = ()


def read_closely(image: Image.Image, box: Sequence[float], tall: float) -> Reading:
    """Read a line of text, whose letters are `tall` pixels high, at several sizes."""
    most = max(TALLEST / max(tall, 1.0), 1.0)
    ways = dict.fromkeys((min(times, most), margin) for times, margin in LOOKS)
    return vote([look_at(image, box, times, margin) for times, margin in ways])


def look_at(image: Image.Image, box: Sequence[float], times: float, margin: float) -> Look:
    """Read what stands in a box, enlarged so many times."""
    part = _enlarged(image, box, times, margin)
    screen = _reader().look(part)
    text = " ".join(line.text for line in screen.lines())
    return Look(text, not _unread(part, screen, margin * times))


def likeness(image: Image.Image, box: Sequence[float], text: str, tall: float) -> float:
    """How well a text is found in a box that is enlarged, 0 to 1."""
    times = min(LOOKS[-1][0], max(TALLEST / max(tall, 1.0), 1.0))
    found = _reader().look(_enlarged(image, box, times, 6.0)).find(text, limit=1)
    return found[0].score if found else 0.0


def same_numbers(text: str, line: str) -> bool:
    """Whether every word of a text that holds a digit stands in a line, digit by digit."""

    def plain(words: str) -> list[str]:
        return [word.strip(".,:;!?()") for word in folded(words).split()]

    wanted = {word for word in plain(text) if any(letter.isdigit() for letter in word)}
    digits = {word.translate(_DIGITS) for word in plain(line)}
    return {word.translate(_DIGITS) for word in wanted} <= digits


def vote(looks: Sequence[Look]) -> Reading:
    """What most looks say that read everything and make sense; of equals the last one.

    A dot between letters is easily missed and never made up: where looks differ in nothing else,
    the one that saw most of them is right.
    """
    said = [Look(_settled(look.text), look.whole) for look in looks if look.text.strip()]
    good = [look.text for look in said if look.whole and not _NO_AMOUNT.search(look.text)]
    texts = good or [look.text for look in said]
    counted = Counter(_BY_SIGN.sub("", each) for each in reversed(texts)).most_common(1)
    if not counted:
        return Reading("", False)
    bare, votes = counted[0]
    text = Counter(t for t in reversed(texts) if _BY_SIGN.sub("", t) == bare).most_common(1)[0][0]
    if len({_MARKS.sub("", each) for each in good}) == 1:
        text, votes = max(good, key=lambda each: len(_MARKS.findall(each))), len(good)
    sure = votes >= 2 and votes == len(good)
    return Reading(text, sure, tuple(dict.fromkeys(look.text for look in said)))


def _enlarged(image: Image.Image, box: Sequence[float], times: float, margin: float) -> Image.Image:
    x1, y1, x2, y2 = (round(side) for side in grown(box, margin, image.size))
    # Above and below there may be a border, or another line.
    y1, y2 = round(max(y1, box[1] - margin / 2)), round(min(y2, box[3] + margin / 2))
    part = image.crop((x1, y1, max(x2, x1 + 1), max(y2, y1 + 1))).convert("RGB")
    size = (round(part.width * times), round(part.height * times))
    return part if times == 1 else part.resize(size, Image.Resampling.BICUBIC)


def _unread(part: Image.Image, screen: Screen, margin: float) -> bool:
    """Whether something is drawn between or beside the letters that were read."""
    pixels = np.asarray(part, np.int16)
    ground = np.median(pixels.reshape(-1, 3), axis=0)
    contrast = np.abs(pixels - ground).max(axis=2)
    edge = max(round(margin / 2), 1)
    drawn = (contrast > INK * contrast.max())[edge:-edge].any(axis=0)
    for x, wide in zip(screen.glyphs.x.tolist(), screen.glyphs.width.tolist(), strict=True):
        drawn[max(int(x - wide / 2), 0) : int(x + wide / 2) + 1] = False
    inside = drawn[round(margin) : len(drawn) - round(margin)]
    return bool(inside.sum() >= max(1, part.height / 20))


def _settled(text: str) -> str:
    """The text with letters among digits as the digits they look like: `55l` is `551`."""

    def digits(word: re.Match[str]) -> str:
        many = sum(letter.isdigit() for letter in word[0]) >= 2
        return word[0].translate(_DIGITS) if many else word[0]

    return re.sub(r"(?<!\w)[\dlI|Oo]{2,}(?!\w)", digits, text)


@lru_cache(maxsize=1)
def _reader() -> Reader:
    reader: Reader = grounding.Reader.load()
    return reader
