"""Numbers, money, durations and dates in texts."""

from __future__ import annotations

from datetime import date

import pytest

from grounding.values import Kind, value_in


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("$1,250.00", "money", 1250),
        ("1.234,50 €", "money", 1234.5),
        ("Book for EUR 98", "money", 98),
        ("\u2212$12.50", "number", -12.5),
        ("12 items", "number", 12),
        ("12%", "number", 12),
        ("3h 20m", "duration", 12000),
        ("Duration: 1 hour 5 minutes", "duration", 3900),
        ("45 min", "duration", 2700),
        ("1.5 h", "duration", 5400),
        ("llh 5m", "duration", 39900),  # ones that were read as letters
        ("2 days", "duration", 172800),
    ],
)
def test_a_value_is_read(text: str, kind: Kind, value: float) -> None:
    assert value_in(text, kind) == value


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("12 items", "money"),
        ("$5 - $9", "money"),
        ("3 of 5", "number"),
        ("Flat 7, Long Lane", "number"),
        ("all days", "duration"),
        ("3h 20h", "duration"),
        ("24.12.26", "date"),  # of which century, nobody knows
        ("soon", "date"),
    ],
)
def test_what_is_no_single_value(text: str, kind: Kind) -> None:
    assert value_in(text, kind) is None


@pytest.mark.parametrize(
    ("text", "order", "day"),
    [
        ("2026-03-04", "dmy", date(2026, 3, 4)),
        ("Due Nov 3, 2026", "dmy", date(2026, 11, 3)),
        ("03/04/2026", "mdy", date(2026, 3, 4)),
        ("03/04/2026", "dmy", date(2026, 4, 3)),
    ],
)
def test_a_date_is_read(text: str, order: str, day: date) -> None:
    assert value_in(text, "date", order) == day.toordinal()
