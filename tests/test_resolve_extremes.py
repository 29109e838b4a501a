"""The most and the least of something: in the column of a table, on cards, of equal ones."""

from __future__ import annotations

import pytest
from drawn_scene import Drawn, ask, hit

HEADS = (("Customer", 40), ("Due date", 180), ("Amount", 340), ("Hours", 480))
ROWS = (
    ("Alice", "2026-03-04", "$1,250.00", "12"),
    ("Robert", "2025-11-30", "$98.50", "9"),
    ("Carlos", "2026-07-01", "$12,400.00", "110"),
)


def cells(words: tuple[str, ...], y: int) -> tuple[Drawn, ...]:
    return tuple(
        ("text", word, x, y, x + 9 * len(word), y + 20)
        for word, (_, x) in zip(words, HEADS, strict=True)
    )


TABLE: tuple[Drawn, ...] = (
    *cells(tuple(name for name, _ in HEADS), 60),
    *(cell for row, words in enumerate(ROWS) for cell in cells(words, 100 + 40 * row)),
    *(("button", "Edit", 600, 96 + 40 * row, 660, 124 + 40 * row) for row in range(3)),
    *(("button", "Delete", 680, 96 + 40 * row, 760, 124 + 40 * row) for row in range(3)),
    *cells(("Total", "", "$13,748.50", "131"), 220),
)


def button(words: str, row: int) -> Drawn:
    return [each for each in TABLE if each[1] == words][row]


@pytest.mark.parametrize(
    ("instruction", "meant"),
    [
        ("click Edit in the row with the highest Amount", button("Edit", 2)),  # the sum is no row
        ("Edit in the row with the lowest amount", button("Edit", 1)),
        ("the Delete button of the most expensive order", button("Delete", 2)),
        ("delete the oldest invoice", button("Delete", 1)),
        ("Edit in the row with the latest due date", button("Edit", 2)),
        ("click Delete in the row with the fewest hours", button("Delete", 1)),
        ("Edit for the invoice with the earliest due date", button("Edit", 1)),
    ],
)
def test_in_a_table(instruction: str, meant: Drawn) -> None:
    assert hit(ask(instruction, TABLE), meant), instruction


def test_the_row_itself_is_its_value() -> None:
    assert hit(ask("the row with the highest amount", TABLE), cells(ROWS[2], 180)[2])


@pytest.mark.parametrize("absent", ["Edit in the row with the highest weight", "the slowest train"])
def test_nothing_is_the_most_of_what_is_not_there(absent: str) -> None:
    assert ask(absent, TABLE) == []


FLIGHTS = (("Oslo", "3h 20m", "$210"), ("Rome", "2h 55m", "$340"), ("Malta", "9h 5m", "$155"))


def card(number: int) -> tuple[Drawn, ...]:
    town, lasts, price = FLIGHTS[number]
    x = 20 + 260 * number
    return (
        ("card", "", x, 80, x + 220, 240),
        ("text", town, x + 16, 96, x + 66, 116),
        ("text", f"Duration: {lasts}", x + 16, 140, x + 156, 160),
        ("button", f"Book for {price}", x + 16, 190, x + 156, 220),
    )


CARDS: tuple[Drawn, ...] = tuple(piece for number in range(3) for piece in card(number))


@pytest.mark.parametrize(
    ("instruction", "number"),
    [
        ("book the cheapest flight", 2),
        ("Buy the ticket with the most expensive cost.", 1),
        ("book the shortest flight", 1),
        ("Book the flight with the longest duration", 2),
    ],
)
def test_on_cards(instruction: str, number: int) -> None:
    assert hit(ask(instruction, CARDS), card(number)[3]), instruction


def test_a_name_that_is_written_is_no_extreme() -> None:
    drawn: tuple[Drawn, ...] = (*TABLE, ("link", "Latest invoice", 40, 300, 140, 320))
    assert hit(ask("Latest invoice", drawn), drawn[-1])
