"""Fields that say how a date is to be written in them: `mm/dd/yyyy`, drawn by browsers or hints."""

from __future__ import annotations

import calendar
import re
from contextlib import suppress
from datetime import date

_PARTS = re.compile(r"[^\W\d_]+|\d+")
_ISO = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")
_DAY_FIRST, _MONTH_FIRST = "dmy", "mdy"
_LEAST_YEAR = 1000
_MONTHS = [name.casefold()[:3] for name in calendar.month_name]


def shows_date(shown: str) -> bool:
    """Whether a field shows a whole date in digits."""
    parts = _PARTS.findall(shown)
    return len(parts) == 3 and all(part.isdigit() and len(part) <= 4 for part in parts)


def order_of(shown: str) -> str | None:
    """In which order a field asks for day, month and year; None unless it shows letters for some.

    The letters are the browser's language's: `mm/dd/yyyy`, `TT.MM.JJJJ`, `jj/mm/aaaa`.
    """
    parts = _PARTS.findall(shown.casefold())
    asked = [part for part in parts if not part.isdigit()]
    if len(parts) != 3 or not asked or any(len(set(part)) > 1 for part in asked):
        return None
    year = max(range(3), key=lambda place: len(parts[place]))
    if len(parts[year]) != 4 or any(len(part) > 2 for part in parts if part != parts[year]):
        return None
    others = [place for place in range(3) if place != year]
    months = [place for place in others if "m" in parts[place]]
    days = [place for place in others if place not in months and not parts[place].isdigit()]
    if not months and not days:
        return "ymd" if year == 0 else None  # of "12/24/yyyy" nobody knows which is the day
    month = months[0] if months else next(place for place in others if place != days[0])
    order = {year: "y", month: "m"}
    return "".join(order.get(place, "d") for place in range(3))


def date_in(text: str, order: str) -> date | None:
    """The date that a text names, its year in full; `3/4/2026` is read as the field asks."""
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    if max(numbers, default=0) < _LEAST_YEAR:  # of "24.12.26" the century is not known
        return None
    words = [word.casefold()[:3] for word in re.findall(r"[^\W\d_]{3,}", text)]
    months = [_MONTHS.index(word) for word in words if word in _MONTHS[1:]]
    with suppress(ValueError):
        if _ISO.fullmatch(text.strip()):
            return date(*numbers)
        if len(months) == 1 and len(numbers) == 2:
            return date(max(numbers), months[0], min(numbers))
        if len(numbers) == 3 and not words:
            if numbers[0] > 31:
                order = "ymd"
            elif "." in text:
                order = _DAY_FIRST
            elif order == "ymd":
                order = _MONTH_FIRST if "/" in text else _DAY_FIRST
            found = dict(zip(order, numbers, strict=True))
            return date(found["y"], found["m"], found["d"])
    return None


def as_asked(shown: str, text: str) -> str | None:
    """The date as a field asks for it, None if it does not say how or this is no date."""
    order = order_of(shown)
    asked = date_in(text, order) if order else None
    if order is None or asked is None:
        return None
    parts = {"d": f"{asked.day:02}", "m": f"{asked.month:02}", "y": f"{asked.year:04}"}
    between = _PARTS.split(shown)[1].strip() or " "
    return between.join(parts[part] for part in order)
