"""What the agent makes of what it sees: values, cells, complaints, and where a text went."""

from __future__ import annotations

from typing import Any

import pytest
from drawn_app import SIZE, Control, DrawnApp, Knowing, font
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

import env
from focusagent.agent import Agent, Settings
from focusagent.agent.closer import Look, read_closely, vote
from focusagent.agent.eyes import Seen, known_parts, shared_grounder
from focusagent.agent.named import cell_named
from focusagent.agent.pixels import is_plain, rulings
from focusagent.agent.typed import says
from grounding import Box, Candidate, Point

QUICK = Settings(step_timeout=0.4, patience=0.3)


def agent(app: DrawnApp, **options: Any) -> Agent:
    options.setdefault("grounder", Knowing(app))
    return Agent(app, settings=QUICK, **options)


def page(*texts: tuple[int, int, str, int]) -> Image.Image:
    image = Image.new("RGB", (760, 300), "white")
    pen = ImageDraw.Draw(image)
    for x, y, text, size in texts:
        pen.text((x, y), text, "black", font(size))
    return image


def test_a_vote_is_sure_only_where_all_looks_that_make_sense_agree() -> None:
    assert vote([Look("K7-4402")] * 3).sure
    assert not vote([Look("K7-4402"), Look("K7-4402"), Look("K7-4492")]).sure
    assert not vote([Look("K7-4402")]).sure
    assert vote([]).text == ""
    # A look that left something unread, and an amount that nobody writes, do not count.
    assert vote([Look("9410.00", whole=False), Look("9,410.00"), Look("9,410.00")]).sure
    assert vote([Look("17.570.00"), Look("17,570.00"), Look("17,570.00")]).text == "17,570.00"
    # A dot that only one look saw was there.
    found = vote([Look("omarbrandt@x.example"), Look("omar.brandt@x.example")])
    assert (found.text, found.sure) == ("omar.brandt@x.example", True)
    assert vote([Look("+49 30 55l0O0"), Look("+49 30 551000")]).text == "+49 30 551000"
    # The space at a currency says nothing; one between digits may part two numbers.
    found = vote([Look("\u20ac15.30"), Look("\u20ac 15.30"), Look("\u20ac 15.30")])
    assert (found.text, found.sure) == ("\u20ac 15.30", True)
    assert vote([Look("12 %"), Look("12%"), Look("12%")]).sure
    assert not vote([Look("1 770"), Look("1770"), Look("1770")]).sure


@given(st.lists(st.text("ab1.,- ", min_size=1, max_size=6), min_size=1, max_size=4))
def test_a_vote_is_one_of_the_looks_and_order_decides_only_between_equals(
    texts: list[str],
) -> None:
    found = vote([Look(text) for text in texts])
    assert found.text == "" or found.text in texts
    assert vote([Look(texts[0])] * 3).text in (texts[0], "")


@pytest.mark.parametrize("text", ["6,250.00", "omar.brandt@aldgate.example", "K7-4402"])
def test_a_small_text_is_read_closely(text: str) -> None:
    image = page((40, 60, text, 13))
    box = ImageDraw.Draw(image).textbbox((40, 60), text, font(13))
    found = read_closely(image, box, 13)
    assert (found.text, found.sure) == (text, True)


def test_letters_of_other_scripts_part_what_is_known() -> None:
    assert known_parts("Zoë Müller, 東京") == ["Zoë Müller"]
    assert known_parts("plain") == ["plain"]
    assert known_parts("東京") == []


def test_an_empty_field_is_plain_and_one_that_holds_something_is_not() -> None:
    image = Image.new("RGB", (200, 60), "white")
    pen = ImageDraw.Draw(image)
    pen.rectangle((10, 10, 190, 50), outline="#889")
    assert is_plain(image, (10, 10, 191, 51))
    pen.text((20, 20), "bob", "black", font(15))
    assert not is_plain(image, (10, 10, 191, 51))


TABLE = [
    (20, 20, "Name", 15), (200, 20, "Phone", 15), (400, 20, "Total", 15),
    (20, 60, "Ida Holm", 15), (200, 60, "555 0100", 15), (400, 60, "6,250.00", 15),
    (20, 100, "Raj Patel", 15), (200, 100, "555 0101", 15), (400, 100, "730.50", 15),
]  # fmt: skip


class Still(DrawnApp):
    """An application that shows one picture and remembers where it was clicked."""

    def __init__(self, picture: Image.Image) -> None:
        super().__init__()
        self.picture = picture
        self.clicks: list[tuple[float, float]] = []

    def draw(self, *, masked: bool = False) -> Image.Image:
        return self.picture

    def _click(self, x: float, y: float) -> None:
        self.clicks.append((x, y))


def test_a_cell_is_found_where_its_column_and_its_row_meet() -> None:
    app = Still(page(*TABLE))
    quick = Agent(app, settings=QUICK)
    run = quick.run('double-click the Phone in the row of "Raj Patel"')
    ((x, y),) = app.clicks
    assert 200 <= x <= 290
    assert 95 <= y <= 125
    assert run.steps[0].sights[0].note == "where its column and its row meet"
    assert quick.read('Total in the row of "Ida Holm"') == "6,250.00"


def test_a_label_and_its_value_are_read_apart() -> None:
    app = Still(page((40, 40, "Confirm total:", 15), (40, 90, "Total: 210.00 EUR", 15)))
    assert Agent(app, settings=QUICK).read("Total") == "210.00 EUR"


def test_what_is_read_doubtfully_is_no_success() -> None:
    app = Still(page((40, 60, "Code: K7-4402", 15)))
    run = Agent(app, settings=QUICK).run("read the Code as {CODE}")
    assert run.data == {"CODE": "K7-4402"}
    assert run.is_successful()
    blurred = app.picture.resize((190, 75)).resize((760, 300), Image.Resampling.BILINEAR)
    run = Agent(Still(blurred), settings=QUICK).run("read the Code as {CODE}")
    assert not run.is_successful()


@pytest.mark.parametrize(
    ("lines", "complains"),
    [
        (["Invalid amount"], True),
        (["Phone is required"], True),
        (["This cannot be undone."], False),
        (["It cannot be saved."], True),
        ([f"Line {number}" for number in range(5)] + ["Phone (required)"], False),
    ],
)
def test_a_complaint_is_told_from_a_warning_and_from_a_hint(
    lines: list[str], complains: bool
) -> None:
    app = DrawnApp()

    def show() -> None:
        rows = enumerate(lines)
        app.controls += [Control("text", line, 20, 80 + 30 * row) for row, line in rows]

    app.controls.append(Control("button", "Save", 20, 20, show))
    run = agent(app).run("click Save")
    assert run.is_successful() is not complains


@pytest.mark.slow
def test_what_leads_back_to_the_same_screens_goes_round_in_circles() -> None:
    app = DrawnApp(Control("text", "Page 1", 20, 20))

    def turn() -> None:
        shown = app.controls[0]
        shown.name = "Page 2" if shown.name == "Page 1" else "Page 1"

    app.controls.append(Control("button", "Next", 20, 60, turn))
    run = agent(app).run('click Next until "Page 9" appears')
    assert run.reason == "gave up"
    assert "led back here again" in run.message
    assert len(app.done) < 10


def test_nobody_chooses_between_two_places_by_saying_no() -> None:
    app = DrawnApp(Control("button", "Save", 20, 40), Control("button", "Save", 20, 100))
    run = agent(app, approve=lambda request: request.kind != "ambiguous").run("click Save")
    assert run.reason == "refused"
    assert "chose none" in run.message
    assert app.done == []


def test_a_field_is_known_by_the_label_that_was_clicked() -> None:
    app = DrawnApp(Control("textbox", "Message", 20, 80))

    class OnLabel(Knowing):
        def _place(self, control: Control) -> Any:
            found = super()._place(control)
            x1, y1, *_ = control.box
            return type(found)(
                found.point.from_pixels(x1 + 30, y1 - 10, SIZE),
                found.box.from_pixels(x1, y1 - 18, x1 + 70, y1 - 2, SIZE),
                0.3,
            )

    def focus(x: float, y: float) -> None:  # a label focuses its field
        app._focus = app.named("Message")

    app._click = focus  # type: ignore[method-assign]
    run = agent(app, grounder=OnLabel(app)).run('type "See you" into Message')
    assert run.is_successful(), run.summary()
    assert app.named("Message").value == "See you"


def test_a_text_that_is_hard_to_read_is_looked_at_more_closely() -> None:
    small = page((40, 60, "Viktor Silva", 12), (40, 90, "Vera Silva", 12))
    seen = Seen(small, shared_grounder("default"), [0.0])
    assert seen.shows("Viktor Silva")
    assert not seen.shows("Victoria Salva")


@pytest.mark.parametrize(
    ("shown", "asked", "there"),
    [
        ("Order SO-1044 cancelled", "Order SO-1045 cancelled", False),
        ("Order SO-1044 cancelled", "SO-1044 cancelled", True),
        ("Due: 148.20 EUR", "48.20 EUR", False),
        ("Due: 48.20 EUR", "48.20 EUR", True),
        ("Draft", "Draft 2", False),
        ("Page 2 of 3", "Page 1 of 3", False),
        ("Skipped", "Shipped", False),
    ],
)
def test_other_numbers_and_other_words_are_not_taken_for_what_is_asked(
    shown: str, asked: str, there: bool
) -> None:
    seen = Seen(page((40, 60, shown, 15)), shared_grounder("default"), [0.0])
    assert seen.shows(asked) is there


@pytest.mark.parametrize("ruling", [True, False])
def test_a_ruling_ends_a_cell_and_a_bar_between_words_does_not(ruling: bool) -> None:
    image = page(*((60, y, name, 14) for y, name in ((24, "Guest"), (54, "Lucie"), (84, "Jan"))))
    pen = ImageDraw.Draw(image)
    for y, total in ((24, "Total"), (54, "1,043.00"), (84, "89.00")):
        right = pen.textlength(total, font(14))
        pen.text((260 - right, y), total, "black", font(14))
        if y > 24:
            pen.text((270, y), "Check out | Invoice", "#1a4fb4", font(14))
    for y in (18, 48, 78, 108):
        pen.line((40, y, 420, y), "#999999")
    for x in (40, 180, 265, 420) if ruling else ():
        pen.line((x, 18, x, 108), "#999999")
    line = (200, 54, 395, 72)
    assert [round(x) for x in rulings(image, line)] == ([265] if ruling else [])
    if ruling:
        found = cell_named(Seen(image, shared_grounder("default"), [0.0]), "Total of Lucie")
        assert found is not None
        assert found.text == "1,043.00"


def test_a_value_that_is_read_as_one_line_with_its_label_is_told_apart() -> None:
    image = page((40, 60, "Language", 15))
    pen = ImageDraw.Draw(image)
    pen.rectangle((118, 54, 280, 82), "white", "#888888")
    pen.rectangle((120, 58, 182, 79), "#4a6984")  # selected
    pen.text((122, 60), "Deutsch", "white", font(15))
    seen = Seen(image, shared_grounder("default"), [0.0])
    assert says(seen, (118, 54, 280, 82), "Deutsch")
    assert not says(seen, (118, 54, 280, 82), "English")


class Sidebar(DrawnApp):
    """Only its left third scrolls."""

    def step(self, action: env.Action) -> env.StepResult:
        if isinstance(action, env.Scroll) and action.x > SIZE[0] / 3:
            return super().step(env.Wait(0.0))
        return super().step(action)


def test_what_scrolls_beside_the_middle_is_scrolled_too() -> None:
    rows = [Control("text", f"Entry {row}", 20, 40 * row) for row in range(1, 17)]
    app = Sidebar(*rows, Control("button", "Archive", 20, 700), height=900)
    run = agent(app).run("click Archive")
    assert app.done == ["Archive"], run.summary()
    for asked in ("scroll down", "scroll the list down"):
        app = Sidebar(*rows, Control("text", "Last entry", 20, 700), height=900)
        assert agent(app).run(f'{asked} until "Last entry" appears').is_successful()


def test_a_field_and_its_label_are_one_place_and_two_fields_are_two() -> None:
    class Both(Knowing):
        def ground(self, image: Image.Image, instruction: str) -> Any:
            found = super().ground(image, instruction)
            x1, y1, x2, _ = app.controls[0].box
            words = found.alternatives or (
                Candidate(
                    Point.from_pixels(x1 + 30, y1 - 10, SIZE),
                    Box.from_pixels(x1, y1 - 18, x1 + 70, y1 - 2, SIZE),
                    0.89,
                ),
            )
            return type(found)(instruction, found.point, found.box, 0.9, tuple(words))

    app = DrawnApp(Control("textbox", "Budget", 20, 80))
    assert agent(app, grounder=Both(app)).run("click Budget").steps[0].outcome.ok
    assert app.done == ["Budget"]
    app = DrawnApp(Control("textbox", "Budget", 20, 80), Control("textbox", "Budget", 20, 180))
    assert agent(app, grounder=Both(app)).run("click Budget").reason == "gave up"
    assert app.done == []
