"""The agent's pure parts: pixels, tables, words that need a yes, what a field shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

import env
from focusagent.agent.approval import IRREVERSIBLE, Approver, Audit, Request, words_in
from focusagent.agent.desk import cleaned
from focusagent.agent.errors import Ended
from focusagent.agent.pixels import (
    changed_inside,
    changed_outside,
    grown,
    mark_state,
    same,
    same_patch,
)
from focusagent.agent.tables import Cell, alike, beside, cell_in, find_table, rows_left_out
from focusagent.agent.typed import similar
from focusagent.agent.values import past_name
from focusagent.history import Evidence, Step
from focusagent.planner.intents import Click, Outcome, Target

SIZE = (200, 120)


def paper(*boxes: tuple[int, int, int, int]) -> Image.Image:
    image = Image.new("RGB", SIZE, "white")
    for box in boxes:
        ImageDraw.Draw(image).rectangle(box, fill="navy")
    return image


def test_a_patch_is_the_same_until_something_moves_into_it() -> None:
    plain = paper()
    assert same_patch(plain, paper((150, 90, 190, 110)), (50, 50))
    assert not same_patch(plain, paper((60, 50, 90, 70)), (50, 50))
    assert not same_patch(plain, plain.resize((100, 60)), (50, 50))
    caret = paper((50, 44, 50, 56))
    assert same_patch(plain, caret, (50, 50))
    assert not same(plain, caret)
    assert same(plain, paper())


def test_what_changes_outside_a_control_is_told_from_what_changes_in_it() -> None:
    box = (40, 40, 100, 70)
    ring = paper()
    ImageDraw.Draw(ring).rectangle((38, 38, 102, 72), outline="navy")
    assert not changed_outside(paper(), ring, box)
    assert not changed_inside(paper(), ring, box)
    assert changed_inside(paper(), paper((60, 50, 70, 60)), box)
    assert not changed_outside(paper(), paper((60, 50, 70, 60)), box)
    assert changed_outside(paper(), paper((60, 50, 130, 60)), box)
    assert changed_outside(paper(), paper((150, 90, 160, 100)), box)


def test_what_moves_by_itself_is_no_change() -> None:
    clock, later, after = paper((10, 10, 14, 24)), paper((18, 10, 22, 24)), paper((26, 10, 30, 24))
    assert changed_outside(later, after)
    assert not changed_outside(later, after, earlier=[clock])
    reacts = paper((26, 10, 30, 24), (120, 80, 140, 100))
    assert changed_outside(later, reacts, earlier=[clock])
    assert changed_inside(later, reacts, (110, 70, 150, 110), [clock])
    assert not changed_inside(later, after, (4, 4, 60, 40), [clock])
    assert not changed_outside(paper(), paper((50, 40, 50, 56)))  # a caret


@given(
    st.tuples(*[st.integers(-20, 220)] * 2),
    st.tuples(*[st.integers(0, 80)] * 2),
    st.integers(-50, 50),
)
def test_a_grown_box_stays_a_box_in_the_picture(
    corner: tuple[int, int], sides: tuple[int, int], by: int
) -> None:
    x1, y1, x2, y2 = grown((*corner, corner[0] + sides[0], corner[1] + sides[1]), by, SIZE)
    assert x1 <= x2
    assert y1 <= y2


def switch(on: bool, track: str, knob: str) -> Image.Image:
    image = Image.new("RGB", (60, 40), "#1b222b")
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((10, 10, 50, 32), 11, fill=track)
    x = 31 if on else 12
    pen.ellipse((x, 12, x + 17, 30), fill=knob)
    return image


@pytest.mark.parametrize(
    ("track", "knob"), [("#2bb3a3", "white"), ("#445060", "white"), ("#dddddd", "#203040")]
)
@pytest.mark.parametrize("on", [True, False])
def test_a_switch_is_on_where_its_knob_lies_right(on: bool, track: str, knob: str) -> None:
    assert mark_state(switch(on, track, knob), (10, 10, 50, 32), "switch") is on


@pytest.mark.parametrize("knob", ["white", "#00796b"])
@pytest.mark.parametrize("on", [True, False])
def test_a_knob_may_overtop_a_thin_track(on: bool, knob: str) -> None:
    image = Image.new("RGB", (64, 46), "white")
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((12, 16, 50, 30), radius=7, fill="#9ea9ae")
    middle = 42 if on else 20
    pen.ellipse((middle - 11, 12, middle + 11, 34), fill=knob, outline="#c0c0c0")
    assert mark_state(image, (9, 10, 53, 36), "switch") is on


@pytest.mark.parametrize("on", [True, False])
def test_a_knob_may_be_half_of_a_switch(on: bool) -> None:
    image = Image.new("RGB", (70, 46), "white")
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((10, 10, 57, 33), 6, "#0969da" if on else "#e6eaef", "#818b98")
    x = 34 if on else 10
    pen.rounded_rectangle((x, 10, x + 25, 35), 6, "white", "#818b98")
    assert mark_state(image, (10, 10, 60 if on else 58, 36), "switch") is on


@pytest.mark.parametrize("fill", ["white", "#20262e"])
def test_a_box_is_on_if_there_is_a_mark_in_it(fill: str) -> None:
    image = Image.new("RGB", (40, 40), fill)
    pen = ImageDraw.Draw(image)
    pen.rectangle((10, 10, 28, 28), outline="#889")
    assert mark_state(image, (10, 10, 29, 29), "checkbox") is False
    pen.line((13, 19, 18, 24, 26, 13), fill="#e07020", width=3)
    assert mark_state(image, (10, 10, 29, 29), "checkbox") is True
    assert mark_state(image, (10, 10, 13, 13), "checkbox") is None


def cells(*rows: tuple[int, list[tuple[int, str]]]) -> list[Cell]:
    return [Cell(text, (x, y, x + 8 * len(text), y + 16)) for y, row in rows for x, text in row]


TABLE = cells(
    (10, [(10, "Ledger")]),
    (80, [(10, "Number"), (120, "Customer"), (300, "Amount"), (420, "Status")]),
    (120, [(10, "2041"), (120, "Alice Martin"), (290, "1,250.00"), (420, "Open")]),
    (160, [(10, "2042"), (120, "Brandt"), (300, "310.50"), (420, "Paid")]),
    (400, [(10, "Total:"), (90, "1,560.50")]),
)


def test_a_table_is_found_among_other_texts() -> None:
    rows = find_table(TABLE)
    assert [[cell.text for cell in row] for row in rows] == [
        ["Number", "Customer", "Amount", "Status"],
        ["2041", "Alice Martin", "1,250.00", "Open"],
        ["2042", "Brandt", "310.50", "Paid"],
    ]
    assert cell_in(rows, "status", "2042") == TABLE[-3]
    assert cell_in(rows, "Amount", "alice martin") == Cell("1,250.00", (290, 120, 354, 136))
    assert cell_in(rows, "Amount", "2043") is None
    assert cell_in(rows, "Colour", "2042") is None
    gap = find_table([cell for cell in TABLE if cell.text != "310.50"])
    assert cell_in(gap, "Amount", "2042") == Cell("", (290, 160, 354, 176))
    assert find_table(cells((10, [(10, "Only"), (90, "one row")]))) == []
    assert find_table([]) == []


def test_a_menu_beside_a_table_does_not_part_it() -> None:
    moved = [Cell(each.text, (each.box[0] + 200, *each.box[1:2], each.box[2] + 200, each.box[3]))
             for each in TABLE]  # fmt: skip
    menu = cells((82, [(10, "Ledger")]), (118, [(10, "Invoices")]), (141, [(10, "Quotes")]))
    rows = find_table([*moved, *menu])
    assert cell_in(rows, "Status", "2042") == moved[-3]
    more = cells(*((y, [(210, f"{y}"), (320, "Eve"), (500, "1.00"), (620, "Open")])
                   for y in (200, 240, 280)))  # fmt: skip
    rows = find_table([*moved[:-2], *menu, *more])
    assert [row[0].text for row in rows] == ["Number", "2041", "2042", "200", "240", "280"]
    assert rows_left_out([*moved[:-2], *menu, *more], rows) == 0
    assert rows_left_out([*moved[:-2], *menu, *more], rows[:3]) == 3


def test_a_title_above_a_table_is_no_header() -> None:
    places = range(10, 700, 120)
    title = (20, [(40, "New invoice"), (190, "Import"), (290, "Merge"), (640, "Invoices")])
    body = [(60 + 40 * row, [(x, f"r{row} {x}") for x in places]) for row in range(4)]
    rows = find_table(cells(title, *body))
    assert [row[0].text for row in rows] == ["r0 10", "r1 10", "r2 10", "r3 10"]


def test_a_bar_of_filters_above_a_table_is_no_header() -> None:
    bars = [
        (20, [(20, "Nightwatch"), (230, "Tickets"), (900, "Log out")]),
        (50, [(20, "Dashboard"), (230, "Category"), (400, "Status")]),
    ]
    head = (90, [(300, "Ticket"), (410, "Subject"), (680, "Category"), (900, "Status")])
    body = [
        (
            120 + 30 * n,
            [(300, f"HD-{n}"), (410, "Slow file share"), (680, "Network"), (900, "Open")],
        )
        for n in range(6)
    ]
    rows = find_table(cells(*bars, head, *body))
    assert [cell.text for cell in rows[0]] == ["Ticket", "Subject", "Category", "Status"]


def test_numbers_may_stand_at_the_other_edge_of_their_column() -> None:
    def ending(right: int, text: str, y: int) -> Cell:
        return Cell(text, (right - 8 * len(text), y, right, y + 16))

    head = cells(
        (20, [(10, "Part"), (90, "Group"), (300, "Qty"), (420, "Unit price"), (540, "Tools")])
    )
    panel = cells((24, [(900, "Part details")]), (70, [(900, "None")]))
    body = [
        cell
        for number, amount in enumerate(("420", "310", "95", "1200"))
        for y in (60 + 40 * number,)
        for cell in (
            *cells((y, [(10, f"10{number}"), (90, "Bolts")])),
            ending(380, amount, y),
            ending(500, f"{number}.50", y),
        )
    ]
    rows = find_table([*head, *panel, *body])
    assert [cell.text for cell in rows[0]][:5] == ["Part", "Group", "Qty", "Unit price", "Tools"]
    assert [row[2].text for row in rows[1:]] == ["420", "310", "95", "1200"]
    assert cell_in(rows, "Qty", "103") == ending(380, "1200", 180)
    gap = find_table([cell for cell in (*head, *body) if cell.text != "310"])
    assert cell_in(gap, "Qty", "101") == Cell("", (300, 100, 380, 116))


def test_the_value_of_a_label_stands_beside_or_below_it() -> None:
    total = next(cell for cell in TABLE if cell.text == "Total:")
    found = beside(total.box, [cell for cell in TABLE if cell is not total])
    assert found is not None
    assert found.text == "1,560.50"
    below = cells((10, [(10, "Due")]), (30, [(10, "2026-12-01")]))
    found = beside(below[0].box, below[1:])
    assert found is not None
    assert found.text == "2026-12-01"


def test_small_mistakes_of_reading_are_forgiven_but_not_in_numbers() -> None:
    assert alike("Usermame", "Username")
    assert not alike("2041", "2042")
    assert not alike("Amount 1", "Amount 2")
    assert not alike("", "")


@pytest.mark.parametrize(
    ("shown", "text", "same_thing"),
    [
        ("alice", "alice", True),
        ("Zoe Mu11er", "Zoe Muller", True),
        ("12/31/2026", "31 12 2026", True),
        ("1,250.00", "1250", True),
        ("1.250", "1250", True),
        ("EUR 12.50", "12.5", True),
        ("4111111111111111", "4111 1111 1111 1111", True),
        ("l0O1", "1001", True),
        ("10-12 o'clock", "10\u201312 o\u2019clock", True),
        ("end of a very long text", "this is the end of a very long text", False),
        ("alic", "alice", False),
        ("1234", "123456", False),
        ("INV-1002", "INV-1001", False),
        ("1200.00", "1250.00", False),
        ("125", "12.5", False),
        ("1.25", "125", False),
        ("bob2", "bob", False),
        ("bob", "alice", False),
        ("", "alice", False),
    ],
)
def test_what_a_field_shows_is_compared_with_what_was_typed(
    shown: str, text: str, same_thing: bool
) -> None:
    assert similar(shown, text) is same_thing


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Delete", ["delete"]),
        ("deleting all", ["delete"]),
        ("Pay now", ["pay"]),
        ("Payments", []),
        ("Paid", []),
        ("Sent", []),
        ("Sends it", ["send"]),
        ("Submitting", ["submit"]),
        ("undelete", []),
        ("buyer", []),
        ("", []),
    ],
)
def test_irreversible_words_are_whole_words(text: str, found: list[str]) -> None:
    assert words_in(text, IRREVERSIBLE) == found


def test_policy_words_may_be_any_text() -> None:
    assert words_in("Sign & finish", ("sign & finish",)) == ["sign & finish"]
    assert words_in("Close (all)", ("(all)",)) == ["(all)"]


def test_the_audit_only_grows(tmp_path: Path) -> None:
    audit = Audit(lambda text: text.replace("pw", "[PW]"))
    audit.open(str(tmp_path))
    approver = Approver(None, env.Policy(), audit)
    request = Request("policy", "click Delete pw", "", paper())
    with pytest.raises(Ended):
        approver.allow(request, "Delete", "click it", "click")
    first = (tmp_path / "audit.jsonl").read_text()
    assert approver.allow(request, "Delete", "click Delete", "click") is not None
    assert approver.allow(Request("policy", "click Open", "", paper()), "", "", "click") is None
    second = (tmp_path / "audit.jsonl").read_text()
    assert second.startswith(first)
    assert len(second.splitlines()) == 2
    assert "pw" not in second.replace("[PW]", "")


def test_cleaning_reaches_every_string_and_leaves_the_rest_alone() -> None:
    step = Step(
        number=1,
        intent=Click(Target("hunter22")),
        text="click hunter22",
        outcome=Outcome(True, "hunter22"),
        evidence=(Evidence("it reads", True, "x hunter22 y"),),
        seconds={"total": 1.0},
    )
    made = cleaned(step, lambda text: text.replace("hunter22", "[PW]"))
    assert "hunter22" not in repr(made)
    assert made.intent == Click(Target("[PW]"))
    assert made.seconds == {"total": 1.0}
    assert cleaned(made, lambda text: text) == made


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("Peak", "Peak 2,315", "2,315"),
        ("Total amount", "Total amount $ 1,200.50", "$ 1,200.50"),
        ("Balance", "balance 12 EUR", "12 EUR"),
        ("Room", "Room 12 is free", "Room 12 is free"),
        ("Total", "Subtotal 5", "Subtotal 5"),
        ("Total", "Total", "Total"),
    ],
)
def test_a_number_after_its_name_is_its_value(name: str, text: str, value: str) -> None:
    assert past_name(name, text) == value
