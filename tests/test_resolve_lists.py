"""Lists, cards, tables and settings on drawn screens: what goes with which name."""

from __future__ import annotations

import pytest
from drawn_scene import Drawn, FakeIcons, ask, hit

from grounding.query import understand


def icons(name: str, *boxes: tuple[int, int, int, int]) -> FakeIcons:
    return FakeIcons(*((name, box) for box in boxes))


def around(box: tuple[int, int, int, int]) -> Drawn:
    return ("icon", "", *box)


GOODS = ("Orange juice", "Brown rice", "Olives")
PLUS = [(600, 92 + 100 * row, 624, 116 + 100 * row) for row in range(3)]


def goods(*, framed: bool) -> tuple[Drawn, ...]:
    """Cards with a name on top, what it costs below, and a button in the middle of their height."""
    return tuple(
        piece
        for row, name in enumerate(GOODS)
        for y in (60 + 100 * row,)
        for piece in (
            *((("card", "", 20, y, 660, y + 88),) if framed else ()),
            ("text", name, 40, y + 12, 140, y + 32),
            ("text", "2.50 each", 40, y + 52, 110, y + 72),
        )
    )


@pytest.mark.parametrize("framed", [True, False])
@pytest.mark.parametrize("how", ["next to", "right of", "in the row of"])
@pytest.mark.parametrize("row", [0, 1, 2])
def test_a_button_in_the_card_of_a_name(how: str, row: int, framed: bool) -> None:
    asked = f'plus button {how} "{GOODS[row]}"'
    found = ask(asked, goods(framed=framed), icons=icons("plus", *PLUS))
    assert hit(found, around(PLUS[row]))


@pytest.mark.parametrize("framed", [True, False])
def test_a_card_without_a_button_has_none(framed: bool) -> None:
    others = icons("plus", PLUS[0], PLUS[2])
    found = ask(f'plus button next to "{GOODS[1]}"', goods(framed=framed), icons=others)
    assert not found


LANES = ("Waiting", "Doing", "Over")


@pytest.mark.parametrize("number", [0, 1, 2])
def test_of_several_the_one_in_the_same_frame_is_next_to_a_name(number: int) -> None:
    lanes = tuple(
        piece
        for place, name in enumerate(LANES)
        for x in (20 + 260 * place,)
        for piece in (
            ("card", "", x, 60, x + 240, 300),
            ("text", name, x + 12, 72, x + 80, 92),
            ("text", "Paint it", x + 12, 152, x + 80, 172),
        )
    )
    boxes = [(232 + 260 * place, 72, 252 + 260 * place, 92) for place in range(3)]
    found = ask(f'plus icon next to "{LANES[number]}"', lanes, icons=icons("plus", *boxes))
    assert hit(found, around(boxes[number]))
    assert found[0].score > 1.15 * found[1].score


def test_of_several_the_nearest_is_next_to_a_name() -> None:
    words: tuple[Drawn, ...] = (("text", "Notes", 40, 100, 90, 120),)
    boxes = [(180, 100, 200, 120), (600, 100, 620, 120), (390, 100, 410, 120)]
    found = ask("pencil icon next to Notes", words, icons=icons("pencil", *boxes))
    assert hit(found, around(boxes[0]))
    assert found[0].score > 1.15 * found[1].score


DAYS = ("Monday", "Tuesday", "Friday")
SHEET: tuple[Drawn, ...] = (
    ("text", "Day", 40, 60, 70, 80),
    ("button", "Time spent", 200, 56, 320, 84),
    ("text", "Away", 400, 60, 440, 80),
    *(
        piece
        for row, day in enumerate(DAYS)
        for y in (100 + 50 * row,)
        for piece in (
            ("text", day, 40, y + 4, 100, y + 24),
            ("textbox", "", 204, y, 270, y + 28),
            ("checkbox", "", 402, y + 6, 418, y + 22),
        )
    ),
)


@pytest.mark.parametrize("row", [0, 1, 2])
@pytest.mark.parametrize(
    ("asked", "column"),
    [
        ("Time spent in the row of {}", 1),
        ("the Time spent field in the row of {}", 1),
        ('type 4 into the "Time spent" field in the row of {}', 1),
        ("Away in the row of {}", 2),
        ("tick Away in the row of {}", 2),
        ("the field in the row of {}", 1),
        ("the checkbox in the row of {}", 2),
    ],
)
def test_a_control_where_a_column_crosses_a_row(asked: str, column: int, row: int) -> None:
    assert hit(ask(asked.format(DAYS[row]), SHEET), SHEET[3 + 3 * row + column])


SETTINGS: tuple[Drawn, ...] = (
    ("text", "Language", 60, 64, 130, 84),
    ("combobox", "English", 600, 60, 740, 90),
    ("text", "Daily summary", 60, 124, 160, 144),
    ("text", "Sent at seven", 60, 148, 150, 166),
    ("switch", "", 700, 134, 740, 156),
    ("text", "Currency", 60, 204, 125, 224),
    ("combobox", "Euro", 600, 200, 740, 230),
)


@pytest.mark.parametrize(
    ("asked", "number"),
    [
        ("the Language dropdown", 1),
        ("select French in Language", 1),
        ("turn off Daily summary", 4),
        ("the Daily summary switch", 4),
        ("the Currency dropdown", 6),
    ],
)
def test_a_control_at_the_far_end_of_its_row(asked: str, number: int) -> None:
    assert hit(ask(asked, SETTINGS), SETTINGS[number])


def test_a_field_beside_its_label_and_a_bar_below() -> None:
    screen: tuple[Drawn, ...] = (
        ("text", "Quarter", 60, 68, 120, 88),
        ("combobox", "Second", 126, 60, 240, 96),
        ("textbox", "More choices", 50, 112, 700, 148),
    )
    for asked in ("Quarter", "the Quarter dropdown", "select Third in Quarter"):
        found = ask(asked, screen)
        assert hit(found, screen[1])
        assert found[0].score > 0.9


def test_a_heading_of_a_column_is_no_field() -> None:
    screen: tuple[Drawn, ...] = (
        ("text", "Price (Euro):", 40, 60, 130, 80),
        ("textbox", "", 160, 56, 300, 84),
        ("text", "Proof:", 40, 110, 90, 130),
        ("button", "Browse", 160, 106, 240, 134),
        ("button", "Price", 40, 300, 120, 330),
        ("button", "Proof", 120, 300, 200, 330),
        ("text", "12.00", 48, 340, 90, 360),
    )
    assert hit(ask("type 3 into Price", screen), screen[1])
    assert hit(ask("the Proof file field", screen), screen[3])
    assert hit(ask('upload "a.pdf" to Proof', screen), screen[3])
    assert hit(ask("click Price", screen), screen[4])


CELLS: tuple[Drawn, ...] = (
    ("button", "Older", 40, 20, 100, 48),
    *(
        ("text", f"{word}{row}", x, 80 + 40 * row, x + 50, 100 + 40 * row)
        for row in range(5)
        for word, x in (("No", 40), ("Ship", 200), ("Port", 360), ("Day", 520))
    ),
    ("button", "Older", 40, 300, 100, 328),
    ("button", "Newer", 120, 300, 190, 328),
)


@pytest.mark.parametrize(
    ("asked", "number"),
    [
        ("Newer below the table", -1),
        ("Newer under the grid", -1),
        ("Newer below the form", -1),
        ("Older below the table", -2),
        ("the Older button above the table", 0),
        ("the button below the table", -2),
    ],
)
def test_what_lies_to_a_table_without_a_name(asked: str, number: int) -> None:
    assert hit(ask(asked, CELLS), CELLS[number])


MAILS: tuple[Drawn, ...] = tuple(
    ("text", words, 60, 60 + 40 * row, 60 + 8 * len(words), 80 + 40 * row)
    for row, words in enumerate(("Nina Brandt", "Broken printer", "PO-1207", "Order history"))
)


@pytest.mark.parametrize(
    ("asked", "number"),
    [
        ("the mail from Nina Brandt", 0),
        ("open the message by Nina Brandt", 0),
        ("the conversation with Nina Brandt", 0),
        ("the ticket about the broken printer", 1),
        ("order PO-1207", 2),
        ("Order history", 3),
    ],
)
def test_an_entry_that_is_called_by_whose_it_is(asked: str, number: int) -> None:
    assert hit(ask(asked, MAILS), MAILS[number])


def test_an_entry_that_is_not_there() -> None:
    assert not ask("the mail from Peter Pan", MAILS)
    assert not any(r.target.text == "history" for r in understand("Order history").readings)


def test_a_deed_and_what_it_is_done_to() -> None:
    turns = FakeIcons(("next", (300, 20, 320, 40)), ("previous", (200, 20, 220, 40)))
    title: tuple[Drawn, ...] = (("text", "May 2031", 230, 20, 290, 40),)
    assert hit(ask("next month arrow", title, icons=turns), around((300, 20, 320, 40)))
    assert hit(ask("the previous week button", title, icons=turns), around((200, 20, 220, 40)))
    buttons: tuple[Drawn, ...] = (("button", "Next", 120, 300, 190, 328),)
    assert hit(ask("next page", buttons), buttons[0])


def test_an_icon_that_is_asked_for_is_no_word() -> None:
    words: tuple[Drawn, ...] = (("link", "Archive", 20, 200, 90, 220),)
    box = (300, 20, 320, 40)
    assert hit(ask("the archive icon", words, icons=icons("archive", box)), around(box))
    assert hit(ask("Archive", words, icons=icons("archive", box)), words[0])
    assert hit(ask("the archive icon", words), words[0])
