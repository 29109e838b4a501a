"""How models write places as text: which numbers they mean, and the forms they put them in.

A convention names the scale of the numbers. It cannot be read off an answer (500 may be half of
1000 or a pixel), so it is never guessed: whoever loads a model names it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from ..errors import GroundingError
from ..types import Box, Point

Convention = Literal["unit", "thousand", "resized", "pixels"]
MEANINGS: dict[Convention, str] = {
    "unit": "0 to 1 of the picture",
    "thousand": "0 to 1000 across and down (Qwen2-VL, Qwen3-VL)",
    "resized": "pixels of the picture as the model sees it (Qwen2.5-VL)",
    "pixels": "pixels of the picture as it was given",
}

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)"
_GAP = r"(?:\s*[,;]\s*|\s+)"
_PAIR = rf"[(\[]?\s*({_NUMBER}){_GAP}({_NUMBER})\s*[)\]]?"
_FLAGS = re.IGNORECASE | re.DOTALL
# Keys under which a tool call or a detection holds a place.
_KEYS = ("coordinate", "coordinates", "point", "point_2d", "position", "bbox_2d", "bbox", "box")
# From the most telling form to the least: numbers in parentheses may be anything.
_FORMS = (
    re.compile(
        rf"<\|box_start\|>\s*{_PAIR}(?:\s*,?\s*{_PAIR})?\s*<\|box_end\|>"
        rf"|<(?:box|bbox)>\s*{_PAIR}(?:\s*,?\s*{_PAIR})?\s*</(?:box|bbox)>"
        rf"|<point>\s*{_PAIR}\s*</point>",
        _FLAGS,
    ),
    re.compile(
        rf"\bx[\"']?\s*[=:]\s*[\"']?({_NUMBER})[\"']?{_GAP}[\"']?y[\"']?\s*[=:]\s*[\"']?({_NUMBER})",
        _FLAGS,
    ),
    re.compile(
        rf"[(\[]\s*({_NUMBER}){_GAP}({_NUMBER}){_GAP}({_NUMBER}){_GAP}({_NUMBER})\s*[)\]]"
        rf"|[(\[]\s*({_NUMBER}){_GAP}({_NUMBER})\s*[)\]]",
        _FLAGS,
    ),
    re.compile(rf"\A\s*({_NUMBER}){_GAP}({_NUMBER})\s*\Z"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """What an answer points at: a point, and the box whose middle it is, if a box was written."""

    point: Point
    box: Box | None = None


def check_convention(name: str | None, own: Convention | None = None) -> Convention:
    """Return a convention by its name; None says how to find out which one to name."""
    known = "; ".join(f'"{key}": {meaning}' for key, meaning in MEANINGS.items())
    if name is None:
        hint = f' (the plain models of this family: "{own}")' if own else ""
        raise GroundingError(
            f"name the convention in which this model writes coordinates{hint}: {known}"
        )
    if name not in get_args(Convention):
        raise GroundingError(f"there is no convention {name!r}, choose from {known}")
    return cast(Convention, name)


def read_place(
    answer: str, convention: Convention, size: tuple[int, int], resized: tuple[int, int]
) -> Place | None:
    """Return the place an answer names, or None if it names none within the picture.

    ``size`` is that of the picture, ``resized`` the one in which the model saw it. Of several
    places in the most telling form the last counts: models think aloud before they answer.
    """
    numbers = read_numbers(answer)
    if numbers is None:
        return None
    across, down = {
        "unit": (1, 1), "thousand": (1000, 1000), "resized": resized, "pixels": size,
    }[convention]  # fmt: skip
    shares = [value / (down if index % 2 else across) for index, value in enumerate(numbers)]
    if not all(0 <= share <= 1 for share in shares):
        return None
    if len(shares) == 2:
        return Place(Point(shares[0], shares[1]))
    (left, right), (top, bottom) = sorted(shares[0::2]), sorted(shares[1::2])
    box = Box(left, top, right, bottom)
    return Place(box.center, box)


def read_numbers(answer: str) -> tuple[float, ...] | None:
    """Return the two numbers of the point, or the four of the box, that an answer names.

    Known are JSON objects with a key such as "coordinate" or "bbox_2d", boxes and points between
    tags, x=1, y=2, (1, 2) or [1, 2, 3, 4],
    and a bare 1, 2 that is the whole answer.
    """
    called = _from_json(answer)
    if called is not None:
        return called
    for form in _FORMS:
        found = list(form.finditer(answer))
        if found:
            return tuple(float(part) for part in found[-1].groups() if part is not None)
    return None


def _from_json(answer: str) -> tuple[float, ...] | None:
    """Return the numbers in the last JSON object of an answer that has a key for a place."""
    # As floats, for a whole number may be too large to become one.
    decoder, found, start = json.JSONDecoder(parse_int=float), None, answer.find("{")
    while start >= 0:
        try:
            made, end = decoder.raw_decode(answer, start)
            found = _under_a_key(made) or found
        except (ValueError, RecursionError):
            end = start + 1
        start = answer.find("{", end)
    return found


def _under_a_key(made: Any) -> tuple[float, ...] | None:
    if isinstance(made, list):
        return next((found for item in made if (found := _under_a_key(item))), None)
    if not isinstance(made, dict):
        return None
    for key in _KEYS:
        numbers = _numbers(made.get(key))
        if numbers is not None:
            return numbers
    numbers = _numbers([made.get("x"), made.get("y")])
    return numbers or _under_a_key(list(made.values()))


def _numbers(value: Any) -> tuple[float, ...] | None:
    """Return two or four numbers; also from a text, as some models write a tool's arguments."""
    if isinstance(value, str):
        return read_numbers(value) if "{" not in value else None
    if not isinstance(value, list) or len(value) not in (2, 4):
        return None
    return tuple(value) if all(isinstance(part, float) for part in value) else None
