"""Pictures of controls: cut so that they are unique, found again wherever they stand."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_app import font
from PIL import Image, ImageDraw

from focusagent.replay.naming import context
from focusagent.replay.pictures import Needle, Screen, cut

SIZE = (640, 400)
BOX = (500, 0, 560, 26)  # of a button "Edit" in a row


def table(names: list[str], *, colour: str = "#1c6dd0", left: int = 0) -> Image.Image:
    image = Image.new("RGB", SIZE, "white")
    pen = ImageDraw.Draw(image)
    for number, name in enumerate(names):
        y = 20 + 40 * number
        pen.text((20 + left, y + 4), name, "black", font())
        pen.rounded_rectangle((500 + left, y, 560 + left, y + 26), 5, fill=colour)
        pen.text((530 + left, y + 13), "Edit", "white", font(), anchor="mm")
    return image


def row(number: int) -> tuple[int, int, int, int]:
    y = 20 + 40 * number
    return BOX[0], y, BOX[2], y + 26


NAMES = ["INV-2043", "INV-2044", "INV-2045", "INV-2046"]


def test_a_picture_takes_in_what_tells_it_from_its_twins():
    screen = table(NAMES)
    for number in range(len(NAMES)):
        made = cut(screen, row(number), [])
        assert made.unique
        assert Needle(made.image).find(Screen(screen)) == [made.at]
    lone = cut(table(NAMES[:1]), row(0), [])
    assert lone.unique
    assert lone.image.width < 100, "what is unique by itself is kept small"


@pytest.mark.parametrize("names", [NAMES[::-1], NAMES[1:] + NAMES[:1], ["INV-1999", *NAMES]])
def test_it_is_found_where_it_has_moved_to(names: list[str]):
    made = cut(table(NAMES), row(1), [])
    screen = table(names)
    wanted = (made.at[0], made.at[1] + row(names.index("INV-2044"))[1] - row(1)[1])
    assert Needle(made.image).find(Screen(screen)) == [wanted]


def test_one_other_digit_is_another_row():
    made = cut(table(NAMES), row(1), [])
    for other in ("INV-2040", "INV-2047", "INV-2041", "INV-204A"):
        names = [other if name == "INV-2044" else name for name in NAMES]
        assert Needle(made.image).find(Screen(table(names))) == [], other


def test_a_control_that_is_lit_counts_at_its_place_only():
    made = cut(table(NAMES[:1]), row(0), [])
    needle = Needle(made.image)
    lit = table(NAMES[:1], colour="#4899fa")
    assert not needle.stands_at(Screen(lit), made.at)
    assert needle.glows_at(Screen(lit), made.at, row(0))
    assert not needle.glows_at(Screen(table(NAMES[:1], colour="#ff8800")), made.at, row(0))
    other = Image.new("RGB", SIZE, "white")
    assert not needle.glows_at(Screen(other), made.at, row(0))


def test_what_lies_in_holes_is_neither_kept_nor_compared():
    def field(value: str) -> Image.Image:
        image = Image.new("RGB", SIZE, "white")
        pen = ImageDraw.Draw(image)
        pen.text((20, 20), "Customer", "black", font())
        pen.rectangle((120, 16, 320, 44), outline="#889")
        pen.text((128, 20), value, "black", font())
        return image

    box, hole = (120, 16, 320, 44), (116, 12, 324, 48)
    made = cut(field("Ann"), box, [hole])
    kept = np.asarray(made.image)
    x, y = made.at
    inside = kept[max(hole[1] - y, 0) : hole[3] - y, hole[0] - x : hole[2] - x]
    assert not inside.any(), "not a trace of the value"
    assert made.at[0] < 100, "the label is taken in, for the field alone shows nothing"
    for value in ("", "Bob Miller", "Ann"):
        assert Needle(made.image).find(Screen(field(value))) == [made.at]


def test_noise_of_drawing_is_no_difference():
    screen = table(NAMES)
    made = cut(screen, row(2), [])
    noise = np.random.default_rng(0).integers(-12, 13, (SIZE[1], SIZE[0], 3))
    noisy = np.clip(np.asarray(screen).astype(int) + noise, 0, 255).astype(np.uint8)
    assert Needle(made.image).find(Screen(Image.fromarray(noisy))) == [made.at]


def test_a_picture_larger_than_the_screen_is_nowhere():
    made = cut(table(NAMES), row(0), [])
    small = Screen(Image.new("RGB", (40, 20), "white"))
    assert Needle(made.image).find(small) == []
    assert not Needle(made.image).stands_at(small, made.at)
    assert Needle(Image.new("RGBA", (8, 8), (0, 0, 0, 0))).find(Screen(table(NAMES))) == []


@pytest.mark.parametrize(
    ("words", "anchors", "by_place"),
    [
        ('click "Mark paid" in the row of "INV-2043"', ("INV-2043",), False),
        ("click the bin icon in the row of Bolt", ("Bolt",), False),
        ("click the second Edit", (), True),
        ("click the star icon in the first row", (), True),
        ("click Save", (), False),
    ],
)
def test_words_tell_what_a_place_is_named_by(words: str, anchors: tuple[str, ...], by_place: bool):
    said = context(words)
    assert (said.anchors, said.by_place) == (anchors, by_place)


def test_a_pattern_all_over_the_screen_costs_a_bounded_number_of_comparisons(
    monkeypatch: pytest.MonkeyPatch,
):
    """Ruled lines look alike wherever they are: every place of them used to be compared."""
    screen = Image.new("RGB", (1280, 800), "white")
    draw = ImageDraw.Draw(screen)
    for y in range(0, 800, 20):
        draw.line((0, y, 1280, y), "black")
    draw.text((600, 402), "Save", font=font(14), fill="black")
    compared = []
    whole = Needle.stands_at
    monkeypatch.setattr(Needle, "stands_at", lambda *given: compared.append(given) or whole(*given))
    ruled = Needle(screen.crop((100, 90, 160, 112)))
    assert len(ruled.find(Screen(screen))) == 8
    assert not ruled.stands_once(Screen(screen))
    made = cut(screen, (600, 402, 640, 418), [])
    assert made.unique
    assert Needle(made.image).find(Screen(screen)) == [made.at]
    assert len(compared) < 1000
