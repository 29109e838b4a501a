"""Numbers, amounts of money, durations and dates in texts, as numbers that can be compared."""

from __future__ import annotations

import calendar
import re
from contextlib import suppress
from datetime import date
from typing import Literal

Kind = Literal["number", "money", "duration", "date"]

NUMBER = re.compile(r"[-+]?\d[\d.,' \u00a0\u202f]*")
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))
_CURRENCY = r"(?:[$€£¥₹]|\b(?:USD|EUR|GBP|CHF|SEK|NOK|DKK|PLN|CZK|JPY|INR|Rs|kr|zł)\b\.?)"
_MONEY = re.compile(rf"(-?{_CURRENCY})?\s?({NUMBER.pattern})\s?({_CURRENCY})?", re.IGNORECASE)
_SECONDS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_DURATION = re.compile(
    r"(\d+(?:[.,]\d+)?)\s*(d(?:ays?)?|h(?:rs?|ours?)?|m(?:ins?|inutes?)?|s(?:ecs?|econds?)?)(?![a-z])",
    re.IGNORECASE,
)
_THIN = re.compile(r"(?<![^\W\d_])[lI|]+(?=[lI|\d]*\s?[dhms])")  # ones that were read as letters
_BESIDE = 1  # a number may stand beside so many words: "12 items"
_ISO = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")
_DAY_FIRST, _MONTH_FIRST = "dmy", "mdy"
_LEAST_YEAR = 1000
_MONTHS = [name.casefold()[:3] for name in calendar.month_name]


def value_in(text: str, kind: Kind, order: str = _DAY_FIRST) -> float | None:
    """The one value of a kind that a text shows, None if it shows none or several.

    ``order`` is that of day, month and year where three numbers do not tell.
    """
    text = text.translate(_DASHES)
    if kind == "date":
        found = date_in(text, order)
        return float(found.toordinal()) if found else None
    if kind == "duration":
        parts = _DURATION.findall(_THIN.sub(lambda found: "1" * len(found[0]), text))
        units = [unit[0].lower() for _, unit in parts]
        if not parts or len(set(units)) < len(units):
            return None
        return sum(
            float(count.replace(",", ".")) * _SECONDS[unit]
            for (count, _), unit in zip(parts, units, strict=True)
        )
    amounts = [match for match in _MONEY.findall(text) if kind == "number" or match[0] or match[2]]
    if len(amounts) != 1:
        return None
    words = re.findall(r"[^\W\d_]+", re.sub(_CURRENCY, "", text, flags=re.IGNORECASE))
    if kind == "number" and len(words) > _BESIDE:
        return None
    amount = as_number(amounts[0][1])
    return -amount if amount is not None and amounts[0][0].startswith("-") else amount


def as_number(digits: str) -> float | None:
    """The number that digits and marks such as `1.234,50` mean."""
    digits = re.sub(r"[' \u00a0\u202f]", "", digits).rstrip(".,")
    if "," in digits and "." in digits:  # the last of the two is the decimal mark
        thousands, mark = (",", ".") if digits.rfind(".") > digits.rfind(",") else (".", ",")
        digits = digits.replace(thousands, "").replace(mark, ".")
    elif "," in digits:
        whole, _, rest = digits.rpartition(",")
        group = len(rest) == 3 or "," in whole
        digits = digits.replace(",", "" if group else ".")
    elif digits.count(".") > 1:
        digits = digits.replace(".", "")
    try:
        return float(digits)
    except ValueError:
        return None


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
