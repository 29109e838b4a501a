"""Frames, controls, labels and whole screens that `grounding.parsing` finds."""

from __future__ import annotations

import itertools
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from grounding.parsing import label_of, look, parse
from grounding.parsing.areas import LEAST_RUN, TOLERANCE, find_areas
from grounding.parsing.frames import Frame, find_frames
from grounding.parsing.layout import make_layout
from grounding.parsing.scene import find_elements
from grounding.parsing.sharpness import is_soft
from grounding.parsing.symbols import with_icons
from grounding.reader.reader import Reader
from grounding.training.pages import load_page
from grounding.types import Box, Element

DATA = Path(__file__).parent / "data"
PAGES, SCREENS = DATA / "reader", DATA / "parsing"
Colour = tuple[int, int, int]
PALE, INK, BLUE, WHITE = (250, 250, 251), (30, 32, 36), (37, 99, 235), (255, 255, 255)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load()


def overlap(one: tuple[float, ...], two: tuple[float, ...]) -> float:
    wide = min(one[2], two[2]) - max(one[0], two[0])
    high = min(one[3], two[3]) - max(one[1], two[1])
    both = max(wide, 0) * max(high, 0)
    return both / (sum((b[2] - b[0]) * (b[3] - b[1]) for b in (one, two)) - both)


def corners(frame: Frame) -> tuple[int, int, int, int]:
    return frame.x1, frame.y1, frame.x2, frame.y2


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGB"))


def written(pen: ImageDraw.ImageDraw, place: tuple[int, int], text: str, **options: Any) -> None:
    look: dict[str, Any] = {"fill": INK, "font": ImageFont.load_default(15), "anchor": "lm"}
    pen.text(place, text, **look | options)


def form(scale: int = 1) -> tuple[Image.Image, dict[str, tuple[str, tuple[int, ...]]]]:
    """Draw a form; return it and role and box of its controls by name."""
    drawn = 4 * scale  # four times too large, so that what is round can be smoothed
    image = Image.new("RGB", (640 * drawn, 420 * drawn), PALE)
    pen = ImageDraw.Draw(image)
    grey = (196, 200, 206)

    def panel(box: tuple[int, ...], radius: int, fill: Colour, line: Colour | None = None) -> None:
        x1, y1, x2, y2 = (drawn * side for side in box)
        corner = (x1, y1, x2 - 1, y2 - 1)
        pen.rounded_rectangle(corner, radius * drawn, fill, line, drawn if line else 0)

    made: dict[str, tuple[str, tuple[int, ...]]] = {
        "Address": ("textbox", (40, 60, 360, 96)),
        "Password": ("textbox", (40, 130, 360, 166)),
        "Remember": ("checkbox", (40, 190, 54, 204)),
        "Monthly": ("radio", (40, 226, 54, 240)),
        "Dark mode": ("switch", (40, 260, 80, 280)),
        "Germany": ("combobox", (40, 300, 240, 336)),
        "Save": ("button", (40, 360, 160, 396)),
        "Cancel": ("button", (180, 360, 300, 396)),
    }
    boxes = {name: box for name, (_, box) in made.items()}
    panel(boxes["Address"], 6, WHITE, grey)
    panel(boxes["Password"], 6, WHITE, grey)
    panel(boxes["Remember"], 0, WHITE, (120, 120, 120))
    panel(boxes["Monthly"], 7, WHITE, (90, 90, 90))
    panel(boxes["Dark mode"], 10, BLUE)
    panel((62, 262, 78, 278), 8, WHITE)
    panel(boxes["Germany"], 5, WHITE, grey)
    panel(boxes["Save"], 6, BLUE)
    panel(boxes["Cancel"], 6, PALE, grey)
    arrow = [(drawn * x, drawn * y) for x, y in ((216, 315), (221, 320), (226, 315))]
    pen.line(arrow, INK, 2 * drawn)
    image = image.reduce(4)
    pen = ImageDraw.Draw(image)
    for name, x, y in (
        ("Address", 40, 46), ("Password", 40, 116), ("Remember", 62, 197),
        ("Monthly", 62, 233), ("Dark mode", 90, 270), ("Germany", 52, 318),
    ):  # fmt: skip
        written(pen, (scale * x, scale * y), name, font=ImageFont.load_default(15 * scale))
    for name, x, ink in (("Save", 100, WHITE), ("Cancel", 240, INK)):
        font = ImageFont.load_default(15 * scale)
        written(pen, (scale * x, scale * 378), name, anchor="mm", fill=ink, font=font)
    return image, made


@pytest.mark.parametrize("scale", [1, 2])
def test_a_form_is_told_apart(reader: Reader, scale: int) -> None:
    image, made = form(scale)
    elements = look(image, reader).elements
    for name, (role, box) in made.items():
        place = tuple(scale * side for side in box)
        best = max(elements, key=lambda e: overlap(e.box.to_pixels(image.size), place))
        assert overlap(best.box.to_pixels(image.size), place) > 0.7, name
        assert best.role == role, name
        if role in ("button", "combobox"):
            assert best.text == name


def test_dark_is_like_light(reader: Reader) -> None:
    image, made = form()
    dark = Image.fromarray(255 - pixels(image))
    for name, (role, box) in made.items():
        best = max(
            look(dark, reader).elements, key=lambda e: overlap(e.box.to_pixels(dark.size), box)
        )
        assert overlap(best.box.to_pixels(dark.size), box) > 0.7, name
        assert best.role == role, name


def test_fields_are_named_by_their_labels(reader: Reader) -> None:
    image, made = form()
    elements = look(image, reader).elements
    for name, (role, box) in made.items():
        if role not in ("textbox", "checkbox", "radio", "switch"):
            continue
        control = max(elements, key=lambda e: overlap(e.box.to_pixels(image.size), box))
        label = label_of(control, elements, image.size)
        assert label is not None, name
        assert label.text == name


def words(text: str, x1: float, y1: float, x2: float, y2: float) -> Element:
    return Element(Box(x1, y1, x2, y2), "text", text)


def test_the_nearest_words_are_the_label() -> None:
    field = Element(Box(0.3, 0.50, 0.6, 0.54), "textbox")
    left, above = words("left", 0.2, 0.51, 0.28, 0.53), words("above", 0.3, 0.47, 0.36, 0.49)
    far = words("far", 0.3, 0.20, 0.36, 0.22)
    assert label_of(field, [far, left]) == left
    assert label_of(field, [far, above]) == above
    assert label_of(field, [far]) is None
    box = Element(Box(0.3, 0.50, 0.31, 0.516), "checkbox")
    right = words("right", 0.32, 0.50, 0.4, 0.52)
    assert label_of(box, [left, right, above]) == right


@pytest.mark.parametrize("contrast", [8, 20, 90])
@pytest.mark.parametrize("ground", [255, 128, 24])
@pytest.mark.parametrize("radius", [0, 6, 17])
def test_faint_borders_are_seen(contrast: int, ground: int, radius: int) -> None:
    paper = (ground,) * 3
    image = Image.new("RGB", (300, 120), paper)
    line = (ground - contrast if ground > 100 else ground + contrast,) * 3
    ImageDraw.Draw(image).rounded_rectangle((50, 40, 249, 75), radius, paper, line)
    frames, _ = find_frames(pixels(image))
    assert any(
        overlap(corners(frame), (50, 40, 250, 76)) > 0.93 and frame.border for frame in frames
    )


def test_gradients_and_shadows_do_not_hide_a_button() -> None:
    across = np.linspace(0, 70, 160)[None, :, None] + np.array([60, 90, 120])
    picture = np.full((140, 300, 3), 246, np.uint8)
    for reach in range(6, 0, -1):  # a shadow that fades
        picture[50 - reach + 2 : 90 + reach + 2, 70 - reach : 230 + reach] = 246 - 3 * (7 - reach)
    picture[50:90, 70:230] = across.round().astype(np.uint8)
    frames, _ = find_frames(picture)
    assert any(overlap(corners(frame), (70, 50, 230, 90)) > 0.85 for frame in frames)


def test_moving_a_screen_moves_its_frames() -> None:
    image, _ = form()
    still, _ = find_frames(pixels(image))
    moved = Image.new("RGB", (700, 500), PALE)
    moved.paste(image, (33, 57))
    there, _ = find_frames(pixels(moved))
    assert {corners(frame) for frame in there} == {
        (f.x1 + 33, f.y1 + 57, f.x2 + 33, f.y2 + 57) for f in still
    }


def plain_areas(picture: np.ndarray) -> set[tuple[int, int, int, int]]:
    """The rule of `find_areas`, pair by pair: boxes of joined runs."""
    height, width = picture.shape[:2]

    def near(one: np.ndarray, two: np.ndarray) -> bool:
        return int(np.abs(one.astype(int) - two.astype(int)).max()) <= TOLERANCE

    runs = []
    for y in range(height):
        start = 0
        for x in range(1, width + 1):
            if x == width or not near(picture[y, x], picture[y, x - 1]):
                if x - start >= LEAST_RUN:
                    runs.append((y, start, x))
                start = x
    group = list(range(len(runs)))
    for one, two in itertools.permutations(range(len(runs)), 2):
        (y, a, b), (below, c, d) = runs[one], runs[two]
        left, right = max(a, c), min(b, d)
        middle = (left + right) // 2
        if (
            below == y + 1
            and right - left >= 2
            and near(picture[y, middle], picture[y + 1, middle])
        ):
            old, new = group[two], group[one]
            group = [new if number == old else number for number in group]
    boxes = set()
    for number in set(group):
        rows, starts, ends = zip(
            *(run for run, mine in zip(runs, group, strict=True) if mine == number), strict=True
        )
        boxes.add((min(starts), min(rows), max(ends), max(rows) + 1))
    return boxes


@pytest.mark.parametrize("seed", range(6))
def test_areas_equal_the_plain_rule(seed: int) -> None:
    noise = np.random.default_rng(seed)
    coarse = noise.integers(0, 6, (7, 9, 1)).repeat(4, 0).repeat(5, 1).repeat(3, 2)
    picture = (coarse + (noise.random(coarse.shape) < 0.02) * 9).astype(np.uint8)
    assert {tuple(box) for box in find_areas(picture).boxes.tolist()} == plain_areas(picture)


def test_side_bar_rows_reach_across_their_panel(reader: Reader) -> None:
    image = Image.new("RGB", (900, 420), "white")
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, 219, 419), (33, 37, 41))
    names = ("Overview", "Reports", "Customers", "Invoices", "Settings")
    for number, name in enumerate(names):
        written(pen, (48, 60 + 44 * number), name, fill=(220, 224, 230))
    written(pen, (260, 60), "Nothing to see here today")
    elements = look(image, reader).elements
    for number, name in enumerate(names):
        row = next(e for e in elements if e.text == name)
        y = 60 + 44 * number
        assert overlap(row.box.to_pixels(image.size), (0, y - 22, 220, y + 22)) > 0.8
        assert row.role == "link"
    assert [e.text for e in elements if e.role == "link"] == list(names)


def test_rows_of_an_open_group_are_closer(reader: Reader) -> None:
    image = Image.new("RGB", (900, 560), "white")
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, 219, 559), (245, 246, 248))
    rows: list[tuple[str, int, int]] = []  # name, top, bottom
    top = 20
    for name, high in (
        ("Overview", 50), ("Reports", 50), ("Sales", 35), ("Returns", 35), ("Stock", 35),
        ("Customers", 50), ("Invoices", 50), ("Settings", 50),
    ):  # fmt: skip
        rows.append((name, top, top + high))
        written(pen, (48, top + high // 2), name, fill=(40, 44, 52))
        top += high
    written(pen, (260, 60), "Nothing to see here today")
    elements = look(image, reader).elements
    for name, y1, y2 in rows:
        row = next(e for e in elements if e.text == name)
        assert overlap(row.box.to_pixels(image.size), (0, y1, 220, y2)) > 0.65, name


def test_open_menu(reader: Reader) -> None:
    image = Image.new("RGB", (900, 600), "white")
    pen = ImageDraw.Draw(image)
    names = ("Cut", "Copy", "Paste", "Select all")
    pen.rectangle((300, 100, 499, 100 + 32 * len(names)), "white", (180, 180, 180))
    for number, name in enumerate(names):
        written(pen, (316, 117 + 32 * number), name)
    items = [e for e in look(image, reader).elements if e.role == "menuitem"]
    assert [e.text for e in items] == list(names)
    for item in items:
        x1, _, x2, _ = item.box.to_pixels(image.size)
        assert abs(x1 - 300) <= 3
        assert abs(x2 - 500) <= 3


def test_links_by_colour_and_underline(reader: Reader) -> None:
    image = Image.new("RGB", (900, 200), "white")
    pen = ImageDraw.Draw(image)
    font = ImageFont.load_default(16)
    written(pen, (40, 40), "The report goes to all of our readers", font=font)
    written(pen, (40, 90), "Read the manual", font=font, fill=(0, 80, 220))
    written(pen, (400, 90), "Show more tables", font=font)
    pen.line((400, 98, 400 + font.getlength("Show more tables"), 98), INK)
    roles = {e.text: e.role for e in look(image, reader).elements}
    assert roles["Read the manual"] == roles["Show more tables"] == "link"
    assert [role for text, role in roles.items() if text.startswith("The")] == ["text"]


class Icons:
    """Icons as the recogniser would tell them."""

    def __init__(self, size: tuple[int, int], *boxes: tuple[int, int, int, int]) -> None:
        self.boxes = tuple(Box.from_pixels(*box, size) for box in boxes)
        self.iconness = np.full(len(boxes), 0.9, np.float32)

    def names(self) -> list[str]:
        return [f"icon {number}" for number in range(len(self.boxes))]


def test_icons_name_their_control_or_stand_alone(reader: Reader) -> None:
    image = Image.new("RGB", (640, 300), "white")
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((40, 40, 151, 75), 6, BLUE)
    pen.ellipse((56, 50, 71, 65), "white")
    written(pen, (84, 58), "Search", fill="white")
    written(pen, (80, 150), "Downloads")
    pen.polygon([(56, 142), (72, 142), (64, 158)], INK)
    pen.rectangle((400, 142, 416, 158), INK)
    icons = Icons(image.size, (56, 50, 72, 66), (56, 142, 73, 159), (400, 142, 417, 159))
    elements = find_elements(pixels(image), reader.look(pixels(image)), icons)
    by_icon = {e.icon: e for e in elements if e.icon}
    assert (by_icon["icon 0"].role, by_icon["icon 0"].text) == ("button", "Search")
    assert by_icon["icon 1"].text == "Downloads"
    assert by_icon["icon 1"].box.to_pixels(image.size)[0] <= 56
    assert (by_icon["icon 2"].role, by_icon["icon 2"].text) == ("icon", "")


@pytest.mark.parametrize("name", ["000001", "000003"])
def test_unseen_pages_are_covered(reader: Reader, name: str) -> None:
    page = load_page(PAGES, name)
    height, width = page.image.shape[:2]
    elements = look(page.image, reader).elements
    boxes = [e.box.to_pixels((width, height)) for e in elements]
    wanted = [
        tuple(control["box"])
        for control in page.controls
        if control["role"] in ("textbox", "checkbox", "radio", "tab", "button")
        and 0 <= control["box"][0] < control["box"][2] <= width
        and 0 <= control["box"][1] < control["box"][3] <= height
    ]
    covered = sum(any(overlap(box, place) >= 0.5 for box in boxes) for place in wanted)
    assert covered >= 0.6 * len(wanted)


def test_elements_are_in_reading_order_and_on_the_screen(reader: Reader) -> None:
    image, _ = form()
    elements = look(image, reader).elements
    tops = [e.box.center.y for e in elements]
    # Within a row the order is from the left, so tops may fall by less than a line.
    assert all(b > a - 20 / image.height for a, b in zip(tops, tops[1:], strict=False))
    for element in elements:
        assert 0 <= element.box.x1 < element.box.x2 <= 1
        assert 0 <= element.box.y1 < element.box.y2 <= 1
        assert 0 < element.confidence <= 1
    assert look(image, reader).elements == elements


def test_blank_tiny_and_noisy_screens(reader: Reader) -> None:
    assert look(Image.new("RGB", (800, 600), "white"), reader).elements == ()
    look(Image.new("RGB", (10, 10), "red"), reader)
    look(Image.new("RGB", (1, 1)), reader)
    noise = np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8)
    assert len(look(noise, reader).elements) < 200
    smooth = Image.fromarray(noise[:20, :26]).resize((800, 600), Image.Resampling.BICUBIC)
    assert len(look(smooth, reader).elements) < 60


def test_parse_returns_a_list() -> None:
    image, made = form()
    found = parse(image)
    assert isinstance(found, list)
    assert {"textbox", "button", "checkbox"} <= {element.role for element in found}


def test_controls_hold_their_words_once(reader: Reader) -> None:
    image, _ = form()
    texts = [e.text for e in look(image, reader).elements]
    for name in ("Save", "Cancel", "Germany"):
        assert texts.count(name) == 1


def test_layout_gives_each_phrase_the_smallest_frame(reader: Reader) -> None:
    image, _ = form()
    layout = make_layout(pixels(image), reader.look(pixels(image)))
    for phrase, held in zip(layout.phrases, layout.held, strict=True):
        around = [f for f in layout.frames if f.holds(phrase.x, phrase.y)]
        smallest = min(around, key=lambda f: f.area) if around else None
        assert (layout.frames[held] if held >= 0 else None) == smallest
    assert with_icons(layout, [], Icons((640, 420))) == []


@pytest.mark.slow
def test_a_huge_screen_is_parsed(reader: Reader) -> None:
    image, made = form()
    huge = Image.new("RGB", (8000, 8000), PALE)
    huge.paste(image.resize((2560, 1680)), (0, 0))
    roles = {e.role for e in look(huge, reader).elements}
    assert {"textbox", "button"} <= roles


def test_classic_fields_are_white_sheets_on_grey(reader: Reader) -> None:
    image = Image.new("RGB", (640, 300), (217, 217, 217))
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, 639, 60), (32, 48, 63))
    for box in ((200, 18, 420, 42), (200, 100, 440, 124)):
        pen.rectangle(box, WHITE)
    written(pen, (60, 112), "Proxy host")
    written(pen, (206, 112), "proxy.local")
    found = [
        e.box.to_pixels(image.size) for e in look(image, reader).elements if e.role == "textbox"
    ]
    assert [tuple(map(round, box)) for box in found] == [(200, 18, 421, 43), (200, 100, 441, 125)]


def test_an_arrow_close_to_the_end_makes_a_list(reader: Reader) -> None:
    image = Image.new("RGB", (640, 200), WHITE)
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((140, 80, 253, 118), 10, WHITE, (150, 150, 150))
    written(pen, (155, 99), "Open")
    pen.line(((240, 97), (244, 101), (248, 97)), (40, 40, 40), 2)
    assert [e.text for e in look(image, reader).elements if e.role == "combobox"] == ["Open"]


def test_short_fields_are_known_by_their_captions(reader: Reader) -> None:
    image = Image.new("RGB", (600, 240), "white")
    pen = ImageDraw.Draw(image)
    for x, name in ((40, "Day"), (120, "Month")):
        written(pen, (x, 40), name)
        pen.rectangle((x, 54, x + 52, 92), "white", INK, 2)
    written(pen, (40, 160), "Room:")
    pen.rectangle((90, 148, 144, 172), "white", INK)
    pen.rectangle((400, 148, 452, 186), "white", INK, 2)  # nothing says what this is
    fields = [
        e.box.to_pixels(image.size) for e in look(image, reader).elements if e.role == "textbox"
    ]
    assert [round(box[0]) for box in sorted(fields)] == [40, 90, 120]


@pytest.mark.parametrize("shown", ["mm/dd/yyyy", "12/24/2026", "mm / dd / yyyy"])
def test_a_calendar_in_a_date_field_is_no_checkbox(reader: Reader, shown: str) -> None:
    image = Image.new("RGB", (600, 200), "white")
    pen = ImageDraw.Draw(image)
    written(pen, (40, 40), "Arrival date")
    pen.rounded_rectangle((40, 56, 299, 92), 5, "white", (187, 187, 187))
    written(pen, (52, 74), shown)
    pen.rectangle((273, 68, 286, 80), "white", (30, 30, 30))
    roles = [(e.role, e.text) for e in look(image, reader).elements]
    assert any(r == "textbox" and t.replace(" ", "") == shown.replace(" ", "") for r, t in roles)
    assert "checkbox" not in dict(roles)


def test_a_ticked_box_needs_no_words(reader: Reader) -> None:
    image = Image.new("RGB", (640, 200), WHITE)
    pen = ImageDraw.Draw(image)
    pen.rectangle((37, 80, 120, 110), WHITE, (200, 200, 200))
    pen.rectangle((52, 88, 64, 100), (0, 117, 255))
    pen.line(((55, 94), (57, 97), (61, 91)), WHITE, 2)
    written(pen, (300, 95), "Taxi")
    roles = [e.role for e in look(image, reader).elements]
    assert roles == ["checkbox", "text"]


@pytest.mark.parametrize("ticked", [False, True])
def test_a_sunken_box_as_old_toolkits_draw_it(reader: Reader, ticked: bool) -> None:
    image = Image.new("RGB", (400, 120), (217, 217, 217))
    pen = ImageDraw.Draw(image)
    for inset, dark, light in ((0, 136, 255), (1, 65, 217)):
        low, high = 40 + inset, 52 - inset
        pen.rectangle((low, low, high, high), (255,) * 3, (dark,) * 3)
        pen.line(((low, high), (high, high), (high, low)), (light,) * 3)
    if ticked:
        rows = (
            (49,),
            (48, 49),
            (43, 47, 48, 49),
            (43, 44, 46, 47, 48),
            range(43, 48),
            (44, 45, 46),
        )
        pen.point([(x, 43 + row) for row, columns in enumerate(rows) for x in columns], "black")
    written(pen, (58, 47), "Show hidden files", fill="black")
    found = [e for e in look(image, reader).elements if e.role == "checkbox"]
    assert [e.box.to_pixels(image.size) for e in found] == [pytest.approx((40, 40, 53, 53), abs=1)]


def test_large_marks_that_are_off(reader: Reader) -> None:
    image = Image.new("RGB", (400, 300), WHITE)
    pen = ImageDraw.Draw(image)
    pen.rectangle((40, 40, 75, 75), WHITE, INK, 2)
    pen.ellipse((40, 100, 75, 135), WHITE, (120, 120, 120))
    pen.rectangle((40, 160, 75, 195), WHITE, INK, 2)  # a button with an icon
    pen.ellipse((50, 170, 65, 185), None, INK, 3)
    pen.rectangle((40, 220, 75, 255), (30, 90, 200), INK, 2)  # a colour, no box
    for y, name in ((58, "I agree"), (118, "Monthly"), (178, "Reload"), (238, "Blue")):
        written(pen, (90, y), name)
    marks = {e.role: e.box.to_pixels(image.size) for e in look(image, reader).elements}
    assert marks["checkbox"] == pytest.approx((40, 40, 76, 76), abs=1)
    assert marks["radio"] == pytest.approx((40, 100, 76, 136), abs=1)
    roles = [e.role for e in look(image, reader).elements]
    assert (roles.count("checkbox"), roles.count("radio")) == (1, 1)


def test_blown_up_screens_are_known_by_their_edges() -> None:
    image, _ = form()
    large = image.resize((1280, 840), Image.Resampling.LANCZOS)
    assert is_soft(pixels(large))
    assert not is_soft(pixels(image))
    assert not is_soft(pixels(image.resize((1280, 840), Image.Resampling.NEAREST)))
    assert not is_soft(pixels(Image.new("RGB", (200, 100), PALE)))


def test_a_blown_up_form_shows_its_boxes(reader: Reader) -> None:
    image = Image.new("RGB", (160, 210), WHITE)
    pen = ImageDraw.Draw(image)
    for number in range(3):
        y = 40 + 30 * number
        pen.rounded_rectangle((10, y, 22, y + 12), 2, WHITE, (118, 118, 118))
        written(pen, (30, y + 7), ("fzzq", "Hh8", "yQY")[number])
    large = image.resize((320, 420), Image.Resampling.LANCZOS)
    boxes = [e for e in look(large, reader).elements if e.role == "checkbox"]
    assert [e.box.center.y * 210 for e in boxes] == pytest.approx([46, 76, 106], abs=1)


def test_a_crowded_form_of_another_toolkit(reader: Reader) -> None:
    image = Image.open(SCREENS / "gtk-form.png").convert("RGB")
    elements = look(image, reader).elements
    for role, box in (
        ("textbox", (90, 20, 464, 54)),  # close to the window's edge
        ("combobox", (90, 59, 464, 94)),
        ("textbox", (90, 98, 464, 132)),  # a calendar at its end
        ("checkbox", (12, 140, 28, 156)),
        ("checkbox", (12, 168, 28, 184)),  # ticked, shaded from top to bottom
        ("textbox", (8, 253, 464, 301)),
        ("button", (286, 306, 371, 339)),
    ):
        best = max(elements, key=lambda e: overlap(e.box.to_pixels(image.size), box))
        assert overlap(best.box.to_pixels(image.size), box) > 0.8, box
        assert best.role == role, box


def test_marks_that_are_on_are_shaded_rings_and_squares(reader: Reader) -> None:
    image = Image.open(SCREENS / "gtk-lists.png").convert("RGB")
    marks = [
        (e.role, round(e.box.center.x * 592), round(e.box.center.y * 190))
        for e in look(image, reader).elements
        if e.role in ("checkbox", "radio")
    ]
    places = [(x, y) for x in (28, 324) for y in (73, 98, 123)]
    for (role, x, y), (wide, high) in zip(sorted(marks), places, strict=True):
        assert role == ("checkbox" if wide == 28 else "radio")
        assert (x, y) == pytest.approx((wide, high), abs=2)


@cache
def seen(reader: Reader, picture: str) -> tuple[Element, ...]:
    return look(Image.open(SCREENS / f"{picture}.png").convert("RGB"), reader).elements


@pytest.mark.parametrize(
    ("picture", "role", "box"),
    [
        ("plain-form", "textbox", (135, 151, 259, 175)),  # a native date field, with its calendar
        ("plain-form", "combobox", (135, 221, 212, 240)),
        ("underlined-form", "textbox", (578, 130, 1248, 163)),  # a link stands at its end
        ("underlined-form", "textbox", (578, 171, 1248, 204)),
        ("underlined-form", "textbox", (578, 216, 1248, 436)),  # many lines, a hint in the first
        ("dropdown", "textbox", (439, 487, 689, 529)),
        ("dropdown", "combobox", (439, 561, 841, 603)),  # its arrow is a letter
        ("search-bar", "textbox", (133, 12, 553, 52)),
        ("accordion", "combobox", (293, 150, 404, 189)),
        ("accordion", "button", (230, 212, 1050, 254)),
        ("handbook-edit", "textbox", (210, 324, 1070, 414)),  # full, with a grip in its corner
        ("radio-row", "radio", (232, 489, 245, 502)),
        ("radio-row", "text", (252, 489, 292, 506)),  # no menu, though at even gaps
        ("grey-form", "textbox", (370, 309, 644, 333)),
        ("grey-form", "combobox", (370, 344, 630, 370)),
        ("purchase-order", "textbox", (582, 416, 662, 446)),  # arrows beside its number
        ("purchase-order", "combobox", (656, 205, 916, 239)),
        ("dark-switches", "switch", (769, 135, 811, 159)),
        ("dark-bar", "combobox", (460, 753, 597, 787)),
        ("sunken-fields", "textbox", (24, 51, 344, 89)),  # a faint shadow parts it from its border
        ("sunken-fields", "combobox", (373, 51, 590, 89)),
        ("sunken-fields", "textbox", (119, 107, 476, 169)),
        ("sunken-fields", "button", (528, 259, 752, 318)),  # "Find out more" is no search field
        ("small-dialog", "textbox", (676, 306, 950, 327)),
        ("small-dialog", "text", (569, 307, 639, 326)),  # and no button that holds the field
    ],
)
def test_fields_in_many_styles(
    reader: Reader, picture: str, role: str, box: tuple[int, ...]
) -> None:
    elements = seen(reader, picture)
    best = max(elements, key=lambda e: overlap(e.box.to_pixels((1280, 800)), box))
    assert overlap(best.box.to_pixels((1280, 800)), box) > 0.8
    assert best.role == role


def test_cells_of_a_table_are_no_buttons(reader: Reader) -> None:
    below = [e for e in seen(reader, "plain-form") if e.box.center.y * 800 > 440]
    said = {e.text: e.role for e in below if e.role != "textbox"}
    assert {"Purpose", "Amount", "Receipt", "train.pdf"} <= said.keys()
    assert set(said.values()) == {"text"}
