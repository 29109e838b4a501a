"""Whether a text that was read is what was asked for; and tables as the value of an outcome."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from .._siblings import grounding
from .conditions import NUMERIC, Operator
from .errors import IntentError

# Signs that people type in one way and pages print in another.
_PRINTED = str.maketrans(
    {
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d", "-"),
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u02bc\u00b4\u0060", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
        **dict.fromkeys("\u00ad\u200b\u2060\ufeff", ""),
        "\u2026": "...",
    }
)


def holds(operator: Operator, found: str, wanted: str) -> bool:
    """Compare what was read with what was wanted; case and spacing do not count.

    Amounts compare as numbers (`€ 12.50` is `12.5`). A text without a number is in no order.
    """
    if operator in NUMERIC:
        left, right = number_in(found), number_in(wanted)
        if left is None or right is None:
            return False
        return {
            "less than": left < right,
            "at most": left <= right,
            "at least": left >= right,
            "more than": left > right,
        }[operator]
    read, asked = folded(found), folded(wanted)
    if operator in ("is", "is not"):
        return _equal(read, asked) == (operator == "is")
    if operator in ("contains", "does not contain"):
        return (asked in read) == (operator == "contains")
    return read.startswith(asked) if operator == "starts with" else read.endswith(asked)


def folded(text: str) -> str:
    """The text as it is compared: without case, kinds of dashes, quotes, dots and spaces."""
    return " ".join(text.translate(_PRINTED).split()).casefold()


def number_in(text: str) -> float | None:
    """The one number of a text such as `Total: 1.234,50 EUR`, else None."""
    found = grounding.values.NUMBER.findall(text.translate(_PRINTED))
    if len(found) != 1:
        return None
    return grounding.values.as_number(found[0])


def table_value(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells, the header first, as the value of an `Outcome`."""
    return json.dumps([list(row) for row in rows], ensure_ascii=False)


def table_rows(value: str) -> list[list[str]]:
    """The rows that `table_value` wrote."""
    try:
        rows = json.loads(value)
    except (ValueError, RecursionError) as error:
        raise IntentError(f"no table: {value[:60]!r} is not JSON") from error
    if not isinstance(rows, list) or not all(
        isinstance(row, list) and all(isinstance(cell, str) for cell in row) for row in rows
    ):
        raise IntentError("a table is a list of rows, each a list of strings")
    return rows


def _equal(read: str, asked: str) -> bool:
    if read == asked:
        return True
    left, right = number_in(read), number_in(asked)
    if left is None or right is None or left != right:
        return False
    around = [
        re.sub(r"[\W\d_]", "", grounding.values.NUMBER.sub("", text)) for text in (read, asked)
    ]
    return around[0] == around[1] or not around[1] and len(around[0]) <= 3  # `12.50` ~ `EUR 12.50`
