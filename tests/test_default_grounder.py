"""The default grounder as it is used: a whole screen in, a place or a refusal out."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from grounding import load_grounder
from grounding.errors import BadBudget, BadImage, BadInstruction
from grounding.grounders.default import DefaultGrounder, DefaultScreen
from grounding.training.pages import load_page
from grounding.types import Grounding

FOLDER = Path(__file__).parent / "data" / "reader"


@cache
def picture(name: str = "000001") -> Image.Image:
    return Image.open(FOLDER / f"{name}.png").convert("RGB")


@cache
def grounder() -> DefaultGrounder:
    made = load_grounder("default")
    assert isinstance(made, DefaultGrounder)
    return made


def place(found: Grounding, box: tuple[float, float, float, float]) -> bool:
    if found.point is None:
        return False
    x, y = found.point.to_pixels(picture().size)
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


@pytest.mark.parametrize(
    ("instruction", "box"),
    [
        ("click the BARRIER button", (711, 12, 793, 51)),
        ("Heap caps", (470, 189, 543, 221)),
        ("the button left of Heap caps", (300, 191, 467, 219)),
        ("the Setposition link in the header", (286, 22, 356, 41)),
        ("tick 'Derived nsobj flaglist'", (281, 327, 294, 340)),
        ("the checkbox left of 'MSVCRT PREAD CAST'", (281, 391, 294, 404)),
        ("the pink button", (300, 191, 467, 219)),
    ],
)
def test_a_screen_of_many_things(instruction: str, box: tuple[float, float, float, float]) -> None:
    found = _screen().ground(instruction)
    assert place(found, box), (instruction, found.point and found.point.to_pixels((800, 520)))


@pytest.mark.parametrize(
    ("instruction", "x"),
    [
        ('the arrow right of "January 2027"', 910),
        ('the chevron left of "January 2027"', 678),
        ("right chevron", 910),
        ("next arrow", 910),
        ("next month arrow", 910),
        ("previous arrow", 678),
    ],
)
def test_arrows_have_many_names(instruction: str, x: int) -> None:
    found = _date_picker().ground(instruction).point
    assert found is not None
    assert found.to_pixels((1280, 800)) == pytest.approx((x, 214), abs=12)


@cache
def _date_picker() -> DefaultScreen:
    screen = Image.open(FOLDER.parent / "parsing" / "date-picker.png").convert("RGB")
    return grounder().screen(screen)


@cache
def _screen() -> DefaultScreen:
    return grounder().screen(picture())


def test_the_fields_of_an_answer() -> None:
    found = grounder().ground(picture(), "Heap caps")
    assert found.found
    assert found.box is not None
    assert found.point is not None
    assert found.box.contains(found.point)
    assert 0.5 < found.confidence <= 1
    assert found.tokens is None
    assert found.plan is None
    assert set(found.seconds) == {"look", "understand", "resolve"}
    assert all(spent >= 0 for spent in found.seconds.values())
    assert found.heat is not None
    assert found.heat.shape == (17, 25)  # cells of 32 pixels on 800 x 520
    row, column = np.unravel_index(found.heat.argmax(), found.heat.shape)
    x, y = found.point.to_pixels((25, 17))
    assert abs(column + 0.5 - x) < 1.5
    assert abs(row + 0.5 - y) < 1.5
    assert found.heat.sum() == pytest.approx(1)


ASKED = (
    "BARRIER",
    "the button left of Heap caps",
    "second checkbox",
    "Nothing like this",
    "believe",
)


def _bare(found: Grounding) -> tuple[object, ...]:
    heat = found.heat.tobytes() if found.heat is not None else b""
    return found.point, found.box, found.confidence, found.alternatives, heat, found.answer


def test_one_look_is_as_good_as_many() -> None:
    """The same answers: a screen asked often, many pairs at once, and a fresh look each time."""
    screen = grounder().screen(picture())
    asked = [screen.ground(instruction) for instruction in ASKED]
    many = grounder().ground_many([(picture(), instruction) for instruction in reversed(ASKED)])
    for instruction, one, other in zip(ASKED, asked, reversed(many), strict=True):
        assert _bare(one) == _bare(other)
        assert one.instruction == other.instruction == instruction
    assert _bare(grounder().ground(picture(), ASKED[1])) == _bare(asked[1])
    assert "look" in asked[0].seconds
    assert "look" not in asked[1].seconds


def test_what_is_not_there_is_refused_with_a_reason() -> None:
    found = _screen().ground("click the Frobnicate button")
    assert not found.found
    assert found.box is None
    assert found.alternatives == ()
    assert found.answer == "nothing on the screen fits the instruction"
    assert found.heat is not None
    assert not found.heat.any()


@pytest.mark.parametrize("size", [(10, 10), (200, 100), (1, 300)])
def test_screens_with_nothing_on_them(size: tuple[int, int]) -> None:
    found = grounder().ground(Image.new("RGB", size, (240, 240, 240)), "Save")
    assert not found.found
    assert found.answer == "the picture shows no text and no control"


def test_a_photo() -> None:
    rng = np.random.default_rng(3)
    rough = Image.fromarray(rng.integers(0, 255, (30, 40, 3), dtype=np.uint8))
    found = grounder().ground(rough.resize((640, 480), Image.Resampling.BICUBIC), "Save draft")
    assert not found.found
    assert found.answer


@pytest.mark.parametrize(
    "said", ["x" * 2000, "the button left of " * 105, "Enregistrer sous", "保存"]
)
def test_odd_instructions_are_answered_in_bounded_time(said: str) -> None:
    started = time.process_time()
    assert not _screen().ground(said).found
    assert time.process_time() - started < 5


def test_bad_input() -> None:
    with pytest.raises(BadInstruction, match="empty"):
        grounder().ground(picture(), "  ")
    with pytest.raises(BadInstruction, match="characters"):
        _screen().ground("x" * 5000)
    with pytest.raises(BadImage):
        grounder().ground(None, "Save")
    with pytest.raises(BadBudget, match="default"):
        load_grounder("default", compress="uigraph")


def test_it_is_closed_at_the_end() -> None:
    with load_grounder("default") as made:
        assert made.ground(picture(), "BARRIER").found


@pytest.mark.slow
def test_a_large_screen() -> None:
    large = picture("000003").resize((3840, 2160), Image.Resampling.BICUBIC)
    started = time.process_time()
    grounder().ground(large, "Save draft")
    assert time.process_time() - started < 60


@pytest.mark.slow
@pytest.mark.parametrize("name", ["000001", "000003"])
def test_names_that_are_written_are_found(name: str) -> None:
    page = load_page(FOLDER, name)
    screen = grounder().screen(page.image)
    names = [control["name"] for control in page.controls]
    asked = hits = 0
    for control in page.controls:
        box = control["label_box"] or control["box"]
        if names.count(control["name"]) > 1 or len(control["name"]) < 4 or not control["name"]:
            continue
        found = screen.ground(control["name"])
        asked += 1
        if found.point is not None:
            x, y = found.point.to_pixels((page.image.shape[1], page.image.shape[0]))
            boxes = (box, control["box"])
            hits += any(b[0] <= x <= b[2] and b[1] <= y <= b[3] for b in boxes)
    assert asked > 5
    assert hits >= 0.6 * asked  # a dialog covers some of them
