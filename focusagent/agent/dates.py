"""Fields that say how a date is to be written in them: `mm/dd/yyyy`, drawn by browsers or hints."""

from __future__ import annotations

import re

from .._siblings import grounding

_PARTS = re.compile(r"[^\W\d_]+|\d+")


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


def as_asked(shown: str, text: str) -> str | None:
    """The date as a field asks for it, None if it does not say how or this is no date."""
    order = order_of(shown)
    asked = grounding.values.date_in(text, order) if order else None
    if order is None or asked is None:
        return None
    parts = {"d": f"{asked.day:02}", "m": f"{asked.month:02}", "y": f"{asked.year:04}"}
    between = _PARTS.split(shown)[1].strip() or " "
    return between.join(parts[part] for part in order)
