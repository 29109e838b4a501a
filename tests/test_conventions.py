"""Places in the words of a model: every known form, every scale, and no guessing."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grounding.errors import GroundingError
from grounding.grounders.conventions import (
    MEANINGS,
    Convention,
    check_convention,
    read_numbers,
    read_place,
)

SIZE, RESIZED = (1920, 1080), (1932, 1092)
SCALES: dict[Convention, tuple[float, float]] = {
    "unit": (1, 1), "thousand": (1000, 1000), "resized": RESIZED, "pixels": SIZE,
}  # fmt: skip
numbers = st.one_of(
    st.integers(-50, 5000).map(float),
    st.floats(-10, 5000, allow_nan=False).map(lambda value: round(value, 4)),
)


def written(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".")


POINTS = [
    "({x}, {y})",
    "[{x},{y}]",
    "{x}, {y}",
    "pyautogui.click(x={x}, y={y})",
    "<point>{x} {y}</point>",
    "<point>[{x}, {y}]</point>",
    '<point x="{x}" y="{y}">Save</point>',
    "<|box_start|>({x},{y})<|box_end|>",
    "Thought: the 2nd one (of 3)\nAction: click(start_box='<|box_start|>({x},{y})<|box_end|>')",
    "Thought: there are (3, 4) of them.\nAction: click(start_box='({x},{y})')",
    '{{"name": "click", "arguments": {{"coordinate": [{x}, {y}]}}}}',
    '<tool_call>\n{{"name": "computer_use", "arguments": {{"action": "left_click", "coordinate": [{x}, {y}]}}}}\n</tool_call>',
    '```json\n[{{"point_2d": [{x}, {y}], "label": "Save"}}]\n```',
    '{{"x": {x}, "y": {y}}}',
    'click {{"x": {x}, "y": {y}',
    '{{"action": "click", "point": "<point>{x} {y}</point>"}}',
]
BOXES = [
    "[{x1}, {y1}, {x2}, {y2}]",
    "<|box_start|>({x1},{y1}),({x2},{y2})<|box_end|>",
    "<box>[{x1}, {y1}, {x2}, {y2}]</box>",
    '```json\n[{{"bbox_2d": [{x1}, {y1}, {x2}, {y2}], "label": "Save (1, 2)"}}]\n```',
    '{{"bbox": [{x1}, {y1}, {x2}, {y2}]}}',
]


@pytest.mark.parametrize("form", POINTS)
@settings(max_examples=30)
@given(x=numbers, y=numbers)
def test_points_are_read_as_written(form: str, x: float, y: float) -> None:
    assert read_numbers(form.format(x=written(x), y=written(y))) == (x, y)


@pytest.mark.parametrize("form", BOXES)
@settings(max_examples=30)
@given(corners=st.tuples(numbers, numbers, numbers, numbers))
def test_boxes_are_read_as_written(form: str, corners: tuple[float, ...]) -> None:
    named = dict(zip(("x1", "y1", "x2", "y2"), map(written, corners), strict=True))
    assert read_numbers(form.format(**named)) == corners


@pytest.mark.parametrize("convention", MEANINGS)
@given(x=st.floats(0, 1), y=st.floats(0, 1))
def test_a_point_comes_back_from_every_scale(convention: Convention, x: float, y: float) -> None:
    across, down = SCALES[convention]
    place = read_place(f"({x * across:.6f}, {y * down:.6f})", convention, SIZE, RESIZED)
    assert place is not None
    assert place.box is None
    assert (place.point.x, place.point.y) == pytest.approx((x, y), abs=1e-5)


@given(x=st.floats(-1e4, 1e4, allow_nan=False), y=st.floats(-1e4, 1e4, allow_nan=False))
def test_a_place_always_lies_in_the_picture(x: float, y: float) -> None:
    for convention in MEANINGS:
        place = read_place(json.dumps({"point": [x, y]}), convention, SIZE, RESIZED)
        across, down = SCALES[convention]
        assert (place is not None) == (0 <= x / across <= 1 and 0 <= y / down <= 1)


def test_a_box_means_its_middle_whatever_its_corners() -> None:
    place = read_place("[300, 200, 100, 400]", "thousand", SIZE, RESIZED)
    assert place is not None
    assert place.box is not None
    assert (place.box.x1, place.box.y1, place.box.x2, place.box.y2) == (0.1, 0.2, 0.3, 0.4)
    assert (place.point.x, place.point.y) == pytest.approx((0.2, 0.3))


def test_the_last_of_the_most_telling_form_counts() -> None:
    aloud = 'Is it (1, 2)? {"coordinate": [3, 4]} No: {"coordinate": [5, 6]}. Seen at (7, 8).'
    assert read_numbers(aloud) == (5, 6)
    assert read_numbers("first (1, 2), then (3, 4)") == (3, 4)


@pytest.mark.parametrize(
    "answer",
    ["", "There is no such button.", "none", "(1)", "(1, 2, 3)", "step 3, 4 more", "{", '{"a": 1}',
     '{"coordinate": null}', '{"coordinate": [true, false]}', '{"coordinate": ["a", "b"]}',
     "(-1, -1)", "(1001, 5)", "x1=1, y1=2", "(nan, nan)", '{"point": [NaN, 1]}', f"({'9' * 400}, 1)",
     f'{{"point": [{"9" * 400}, 1]}}', '{"a":' * 3000],
)  # fmt: skip
def test_what_is_no_place_is_none(answer: str) -> None:
    assert read_place(answer, "thousand", SIZE, RESIZED) is None


@given(st.text(alphabet="{}[]()<>/|\"'xy=:,.;-0123456789 \npointbox_2d", max_size=200))
def test_any_text_is_none_or_two_or_four_numbers(answer: str) -> None:
    found = read_numbers(answer)
    assert found is None or len(found) in (2, 4)


@pytest.mark.parametrize(
    "piece", ["1 ", "(1, ", "x=1 ", "{", '{"a":[', "<point>1", "(1" + " " * 50]
)
def test_long_answers_take_no_time(piece: str) -> None:
    started = time.process_time()
    read_numbers(piece * 2000)
    read_numbers("(1" + " " * 20_000)
    assert time.process_time() - started < 2


def test_conventions_are_named_never_guessed() -> None:
    assert [check_convention(name) for name in MEANINGS] == list(MEANINGS)
    with pytest.raises(GroundingError, match='name the convention .*family: "resized"'):
        check_convention(None, "resized")
    with pytest.raises(GroundingError, match="no convention 'percent', choose from"):
        check_convention("percent")
