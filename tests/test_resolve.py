"""From queries to places: on drawn screens whose elements are given, so only the ranking counts."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from drawn_scene import FORM, SIZE, Drawn, FakeIcons, ask, hit, reader, scene
from PIL import Image, ImageDraw, ImageFont

from grounding.parsing import Scene
from grounding.query import understand
from grounding.reader.reader import Found
from grounding.resolve import resolve
from grounding.resolve.words import other_form, slips
from grounding.types import Box

TABLE: tuple[Drawn, ...] = tuple(
    cell
    for number, (name, price) in enumerate(
        (("Alice", "12 Euro"), ("Robert", "30 Euro"), ("Carlos", "45 Euro"), ("Daniel", "61 Euro"))
    )
    for y in (100 + 60 * number,)
    for cell in (
        ("text", name, 40, y, 120, y + 20),
        ("text", price, 240, y, 320, y + 20),
        ("button", "Edit", 440, y - 4, 500, y + 24),
        ("button", "Delete", 520, y - 4, 600, y + 24),
    )
)


def one(role: str, words: str, number: int = 0, drawn: tuple[Drawn, ...] = FORM) -> Drawn:
    return [each for each in drawn if each[:2] == (role, words)][number]


FIELDS = [each for each in FORM if each[0] == "textbox"]
BOXES = [each for each in FORM if each[0] == "checkbox"]


@pytest.mark.parametrize(
    ("instruction", "meant"),
    [
        ("Save", one("button", "Save")),
        ("click the Cancel button", one("button", "Cancel")),
        ("Mesages", one("link", "Messages")),
        ("click the Canecl button", one("button", "Cancel")),
        ("Settings", one("link", "Settings")),  # the heading says the same
        ("the Settings heading", one("text", "Settings")),
        ("click the Username field", FIELDS[0]),
        ("type bob into Username", FIELDS[0]),
        ("enter bob@example.org in the Email field", FIELDS[1]),
        ("type al into Nickname", FIELDS[2]),
        ("the field right of Email", FIELDS[1]),
        ("the field below Nickname", FIELDS[2]),
        ("tick Remember me", BOXES[0]),
        ("Send news", BOXES[1]),
        ("the checkbox left of Send news", BOXES[1]),
        ("the second checkbox", BOXES[1]),
        ("the third field", FIELDS[2]),
        ("the button right of Save", one("button", "Cancel")),
        ("the button left of Cancel", one("button", "Save")),
        ("the field above Remember me", FIELDS[2]),
        ("the link below Messages", one("link", "Logout")),
        ("the first link in the sidebar", one("link", "Settings")),
        ("the link in the bottom right corner", one("link", "Imprint")),
        ("the button in the top right", one("button", "Search")),
        ("the button next to Save", one("button", "Cancel")),
    ],
)
def test_a_form(instruction: str, meant: Drawn) -> None:
    assert hit(ask(instruction), meant), (instruction, ask(instruction)[:2])


@pytest.mark.parametrize(
    ("instruction", "number"),
    [
        ("delete in the row of Alice", 0),
        ("click Delete in the Carlos row", 2),
        ("Robert's Delete button", 1),
        ("In the row of Daniel, click Delete", 3),
        ("Delete for Robert", 1),
        ("the Delete button next to 45 Euro", 2),
        ("second Delete", 1),
        ("last Delete button", 3),
        ("3rd Delete", 2),
        ("second to last Delete", 2),
        ("Delete in the third row", 2),
    ],
)
def test_a_table(instruction: str, number: int) -> None:
    assert hit(ask(instruction, TABLE), one("button", "Delete", number, TABLE)), instruction


@pytest.mark.parametrize(
    "absent",
    [
        "Download", "click the Publish button", "Saved", "Saving", "the field right of Telephone",
        "Delete", "tick Newsletter weekly", "fourth Save", "the fifth checkbox", "type x into Street",
    ],
)  # fmt: skip
def test_what_is_not_there(absent: str) -> None:
    assert ask(absent) == []


def test_a_row_that_is_not_there() -> None:
    assert ask("Delete in the row of Zebulon", TABLE) == []
    assert ask("fifth Delete", TABLE) == []


def test_a_name_with_relation_words_wins_where_it_is_shown() -> None:
    shown: tuple[Drawn, ...] = (
        ("button", "Save", 100, 100, 180, 130),
        ("text", "Email", 300, 100, 380, 130),
        ("button", "Next to last", 100, 200, 240, 230),
        ("text", "last", 300, 300, 380, 330),
        ("button", "Open file", 100, 300, 200, 330),
        ("link", "file", 500, 300, 560, 330),
    )
    for name in ("Next to last", "Open file"):
        assert hit(ask(name, shown), one("button", name, 0, shown))


@pytest.mark.parametrize("role", ["", "the field "])
@pytest.mark.parametrize(
    ("heading", "number"), [("First day of leave", 0), ("Last day of leave", 1)]
)
def test_what_a_field_hangs_on_may_have_of_in_its_name(
    role: str, heading: str, number: int
) -> None:
    shown: tuple[Drawn, ...] = (
        ("text", "What kind of leave", 100, 20, 300, 44),
        ("text", "First day of leave", 100, 90, 300, 114),
        ("text", "Day", 100, 140, 140, 160),
        ("textbox", "", 100, 166, 160, 200),
        ("text", "Last day of leave", 100, 250, 300, 274),
        ("text", "Day", 100, 300, 140, 320),
        ("textbox", "", 100, 326, 160, 360),
    )
    found = ask(f"{role}Day under {heading}", shown)
    label, field = (
        one(kind, words, number, shown) for kind, words in (("text", "Day"), ("textbox", ""))
    )
    assert hit(found, field) or (not role and hit(found, label))
    assert found[0].score > 0.6


def test_a_field_may_have_a_hint_between_its_label_and_itself() -> None:
    shown: tuple[Drawn, ...] = (
        ("text", "Staff number", 100, 60, 240, 84),
        ("text", "8 characters, on the back", 100, 96, 300, 116),
        ("textbox", "", 100, 126, 300, 160),
        ("text", "Telephone", 100, 200, 200, 224),
        ("textbox", "", 100, 236, 300, 270),
        ("text", "Staff number and pass", 500, 60, 740, 84),
        ("text", "8 characters, on the back", 560, 96, 760, 116),
        ("textbox", "", 560, 126, 760, 160),
    )
    found = ask("click into Staff number", shown)
    assert hit(found, one("textbox", "", 0, shown))
    assert found[0].score > 0.5
    assert hit(ask("click into Telephone", shown), one("textbox", "", 1, shown))


def test_a_short_name_in_a_longer_line_is_found() -> None:
    shown: tuple[Drawn, ...] = (
        ("text", "Rooms", 20, 90, 70, 110),
        ("text", "Room", 120, 90, 170, 110),
        ("text", "Cash desk", 200, 300, 280, 320),
        ("text", "Room:", 296, 300, 346, 320),
        ("textbox", "", 352, 296, 412, 324),
    )
    assert hit(ask("the Room field", shown), one("textbox", "", 0, shown))


def test_colours() -> None:
    shown: tuple[Drawn, ...] = tuple(
        ("button", name, 100 + 120 * n, 100, 200 + 120 * n, 130)
        for n, name in enumerate(("Apply", "Remove", "Close"))
    )
    assert hit(ask("the red button", shown, red="Remove"), shown[1])


def test_icons_are_places_like_others() -> None:
    icons = FakeIcons(("trash", (700, 100, 720, 120)), ("gear", (700, 160, 720, 180)))
    shown = (*TABLE, ("text", "Trash", 40, 400, 100, 420))
    assert hit(ask("gear", shown, icons=icons), ("icon", "", 700, 160, 720, 180))
    assert hit(ask("the trash icon", shown, icons=icons), ("icon", "", 700, 100, 720, 120))
    assert hit(ask("Trash", shown, icons=icons), shown[-1])
    assert hit(
        ask("the icon right of 12 Euro", TABLE, icons=icons), ("icon", "", 700, 100, 720, 120)
    )


class DeedIcons(FakeIcons):
    """Icons that are known by one phrase each."""

    def find(self, phrase: str, count: int = 5) -> list[Found]:
        return [
            Found(box, (box,), 0.7, name)
            for box, (name, _) in zip(self.boxes, self._icons, strict=True)
            if name == phrase.lower()
        ]


@pytest.mark.parametrize(
    ("instruction", "number"),
    [("search for something", 0), ("download the file", 1), ("delete this file", 2)],
)
def test_an_icon_shows_what_is_done(instruction: str, number: int) -> None:
    boxes = [(700, 100 + 60 * row, 720, 120 + 60 * row) for row in range(3)]
    icons = DeedIcons(*zip(("search for", "download", "delete"), boxes, strict=True))
    assert hit(ask(instruction, (), icons=icons), ("icon", "", *boxes[number]))


def test_a_sentence_that_begins_with_a_deed_is_no_name_of_an_icon() -> None:
    boxes = [(700, 20, 720, 40), (700, 104, 720, 124)]
    icons = DeedIcons(*zip(("find", "trash icon"), boxes, strict=True))
    said = "Find the email by Alice and click the trash icon to delete it."
    assert not hit(ask(said, TABLE, icons=icons), ("icon", "", *boxes[0]))


def test_answers_do_not_depend_on_what_was_asked_before() -> None:
    rows = enumerate(("REPORT", "Report", "report"))
    words = tuple(("link", word, 20, 90 + 40 * row, 120, 110 + 40 * row) for row, word in rows)
    asked = [f'click "{word}"' for _, word, *_ in words]
    forth = {one: resolve(understand(one), scene.__wrapped__(words)) for one in asked}
    board = scene.__wrapped__(words)
    back = {one: resolve(understand(one), board) for one in (*asked, *reversed(asked))}
    assert forth == back


@pytest.mark.parametrize("drawn", [FORM, TABLE])
def test_it_is_pure(drawn: tuple[Drawn, ...]) -> None:
    """The same question, the same answer, whatever was asked in between."""
    first = ask("second Edit", drawn)
    for other in ("Save", "Delete", "last link", "type a into Email"):
        ask(other, drawn)
    again = resolve(understand("second Edit"), scene.__wrapped__(drawn))
    assert first == ask("second Edit", drawn) == again


def test_scores_are_chances_and_fall() -> None:
    for instruction in ("Delete", "Edit", "Alice", "the button right of Edit"):
        scores = [candidate.score for candidate in ask(instruction, TABLE)]
        assert scores == sorted(scores, reverse=True)
        assert all(0 < score <= 1 for score in scores)
    # Four buttons are called so, one only in this row.
    assert ask("Delete in the row of Alice", TABLE)[0].score > ask("Delete", TABLE)[0].score


def test_a_screen_without_anything() -> None:
    for instruction in ("Save", "the second button", "the field right of Email", "top left icon"):
        assert ask(instruction, ()) == []


@pytest.mark.parametrize(
    ("one", "two", "count"),
    [("delete", "delete", 0), ("delete", "dleete", 1), ("message", "mesage", 1), ("abcdef", "abxyef", 2),
     ("save", "saved", 3), ("settings", "wettings", 3)],
)  # fmt: skip
def test_slips(one: str, two: str, count: int) -> None:
    assert slips(one, two, 2) == slips(two, one, 2) == count


def test_other_forms_of_a_word() -> None:
    assert other_form("Save", "Saved")
    assert other_form("Saved", "Save")
    assert other_form("Log", "Logging out") is False
    assert not other_form("Save", "Save as")


@pytest.mark.parametrize(
    ("instruction", "meant"),
    [
        ("the second link below Settings", one("link", "Logout")),
        ("the item right above Logout", one("link", "Messages")),
        ("the button right next to 'Cancel', on its left", one("button", "Save")),
        ("the last link under Messages", one("link", "Logout")),
        ("the lower Settings", one("text", "Settings")),
        ("the upper Settings", one("link", "Settings")),
    ],
)
def test_counting_from_something_named(instruction: str, meant: Drawn) -> None:
    assert hit(ask(instruction), meant), instruction


def test_there_are_not_so_many_below() -> None:
    assert not ask("the ninth link below Settings")


def test_what_is_found_first_tells_where_to_click() -> None:
    bins = FakeIcons(*(("trash", (620, 100 + 60 * row, 640, 120 + 60 * row)) for row in range(4)))
    for number, name in enumerate(("Alice", "Robert", "Carlos", "Daniel")):
        said = f"Find the customer named {name} and click the trash icon to delete it."
        found = ask(said, TABLE, icons=bins)
        assert found, said
        assert abs(found[0].point.to_pixels(SIZE)[1] - (110 + 60 * number)) < 5


def test_a_column_crosses_a_row() -> None:
    heads = (("text", "Price", 240, 40, 320, 60), *TABLE)
    found = ask("click Price in the row of Carlos", heads)
    assert hit(found, one("text", "45 Euro", drawn=TABLE))
    assert hit(ask("click column header Price", heads), heads[0])


def test_other_numbers_are_other_things() -> None:
    parts = tuple(
        piece
        for row, name in enumerate(("Cable tie 200 mm", "Cable tie 300 mm", "Bolt M8"))
        for piece in (
            ("text", name, 40, 100 + 60 * row, 200, 120 + 60 * row),
            ("button", "Copy", 400, 96 + 60 * row, 460, 124 + 60 * row),
        )
    )
    without = tuple(part for part in parts if part != parts[1])
    assert hit(ask('Copy in the row of "Cable tie 300 mm"', parts), parts[3])
    assert not ask('Copy in the row of "Cable tie 200 mm"', without)
    assert not ask('Copy in the row of "Cable tie 400 mm"', parts)
    assert not ask('Copy in the row of "Bolt M9"', parts)


LANES: tuple[Drawn, ...] = tuple(
    piece
    for number, name in enumerate(("Waiting", "Doing", "Review"))
    for x in (20 + 260 * number,)
    for piece in (
        ("card", "", x, 60, x + 240, 300),
        ("text", name, x + 12, 72, x + 90, 92),
        ("button", "Add", x + 180, 68, x + 230, 96),
    )
)


@pytest.mark.parametrize("group", ["column", "section", "card"])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_what_stands_in_one_frame_with_its_heading(group: str, number: int) -> None:
    name = LANES[3 * number + 1][1]
    assert hit(ask(f"the Add button in the {name} {group}", LANES), LANES[3 * number + 2])
    far = tuple(
        (role, words, x1, y1 + 180 * (role == "button"), x2, y2 + 180 * (role == "button"))
        for role, words, x1, y1, x2, y2 in LANES
    )
    assert hit(ask(f'click "Add" under "{name}"', far), far[3 * number + 2])


def test_a_field_and_its_label_are_one_thing() -> None:
    found = ask("click Email")
    assert hit(found, FIELDS[1])
    label = Box.from_pixels(*one("text", "Email")[2:], SIZE)
    assert not any(label.contains(other.point) for other in found)


def test_the_only_one_that_lies_so_is_sure() -> None:
    far = ask("the link below Help", (one("link", "Imprint"), ("link", "Help", 700, 60, 740, 80)))
    assert far
    assert far[0].score > 0.6


SHAPES = (
    ("ellipse", "red", (100, 100, 140, 140)),
    ("ellipse", "blue", (300, 100, 400, 200)),
    ("rectangle", "blue", (500, 120, 530, 150)),
    ("rectangle", "olive", (600, 300, 700, 380)),
    ("polygon", "green", (100, 400, 160, 460)),
    ("rectangle", "white", (300, 400, 380, 460)),
)


@cache
def shapes() -> Scene:
    picture = Image.new("RGB", SIZE, "white")
    pen = ImageDraw.Draw(picture)
    for kind, colour, (x1, y1, x2, y2) in SHAPES:
        if kind == "polygon":
            pen.polygon(((x1, y2), ((x1 + x2) // 2, y1), (x2, y2)), colour)
        else:
            draw = pen.ellipse if kind == "ellipse" else pen.rectangle
            draw((x1, y1, x2, y2), colour, "black" if colour == "white" else None)
    font = ImageFont.load_default(40)
    pen.text((500, 400), "7", "black", font)
    pen.text((700, 480), "k", "red", font)
    pixels = np.asarray(picture)
    return Scene(pixels, reader().look(pixels), None, ())


@pytest.mark.parametrize(
    ("instruction", "number"),
    [
        ("click the red circle", 0),
        ("the large circle", 1),
        ("click on a small blue shape", 2),
        ("click on the olive colored box", 3),
        ("the triangle", 4),
        ("click on the white box", 5),
    ],
)
def test_things_that_are_drawn(instruction: str, number: int) -> None:
    found = resolve(understand(instruction), shapes())
    assert found, instruction
    assert Box.from_pixels(*SHAPES[number][2], SIZE).contains(found[0].point)


def test_single_signs() -> None:
    digit = resolve(understand("click on a digit"), shapes())
    letter = resolve(understand("click on a red letter"), shapes())
    assert Box.from_pixels(490, 390, 540, 460, SIZE).contains(digit[0].point)
    assert Box.from_pixels(690, 470, 740, 540, SIZE).contains(letter[0].point)
    assert not resolve(understand("the purple triangle"), shapes())


def test_quoted_words_stand_in_the_case_asked_for() -> None:
    both = (("link", "eget", 20, 90, 90, 110), ("link", "Eget", 20, 190, 90, 210))
    for drawn in both:
        assert hit(ask(f'click on the link "{drawn[1]}"', both), drawn)


def test_a_label_names_the_field_beside_it_not_the_next_one() -> None:
    bar: tuple[Drawn, ...] = (
        ("text", "Status", 40, 140, 100, 160),
        ("combobox", "All", 110, 132, 230, 168),
        ("textbox", "Search customer", 245, 128, 520, 172),
        ("text", "Status", 600, 220, 660, 240),
    )
    found = ask("edit Status", bar)
    assert hit(found, bar[1])
    assert found[0].score > 1.2 * found[1].score
    assert hit(ask("type Ann into Search customer", bar), bar[2])


def test_names_and_controls_that_take_turns_on_a_row_go_in_pairs() -> None:
    cards: tuple[Drawn, ...] = tuple(
        each
        for number, name in enumerate(("Lamp", "Jars", "Towels"))
        for each in (
            ("text", name, 40 + 250 * number, 300, 100 + 250 * number, 320),
            ("button", "Like", 220 + 250 * number, 296, 270 + 250 * number, 324),
        )
    )
    for number, name in enumerate(("Lamp", "Jars", "Towels")):
        assert hit(ask(f'click Like next to "{name}"', cards), cards[2 * number + 1])


def test_a_name_may_end_in_what_says_a_kind() -> None:
    menu: tuple[Drawn, ...] = (
        ("link", "Leave", 20, 200, 90, 220),
        ("link", "Leave List", 220, 40, 300, 60),
    )
    assert hit(ask("click Leave List", menu), menu[1])
    assert hit(ask("click Leave", menu), menu[0])
    assert hit(ask("click the Leave list", menu[:1]), menu[0])


def test_what_is_only_words_is_hardly_an_icon() -> None:
    shop: tuple[Drawn, ...] = (("button", "Add to cart", 40, 300, 160, 330),)
    cart = FakeIcons(("cart", (700, 20, 724, 44)))
    assert hit(ask("click the cart icon", shop, icons=cart), ("icon", "", 700, 20, 724, 44))


def test_the_only_one_above_or_below_may_stand_in_another_column() -> None:
    form: tuple[Drawn, ...] = (
        ("button", "Apply", 40, 40, 120, 70),
        ("text", "Comments", 40, 300, 120, 320),
        ("button", "Apply", 680, 420, 770, 450),
    )
    assert hit(ask("Apply button below the comments", form), form[2])
    assert hit(ask("Apply button above the comments", form), form[0])


def test_the_right_arrow_is_a_name_too() -> None:
    week: tuple[Drawn, ...] = (
        ("button", "<", 20, 20, 50, 46),
        ("button", "Today", 60, 20, 120, 46),
        ("button", ">", 130, 20, 160, 46),
    )
    assert hit(ask("click right arrow next to Today", week), week[2])
    assert hit(ask("click left arrow next to Today", week), week[0])
