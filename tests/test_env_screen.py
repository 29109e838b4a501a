"""env.screen: both directions of the coordinate map, and the changed box against brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from env import ActionError
from env.screen import changed_box, frame_hash, require_inside, to_input, to_screen

coordinate = st.floats(-20_000, 20_000)
scale = st.floats(0.25, 8)
pairs = st.tuples(coordinate, coordinate)
frames = st.integers(1, 12).flatmap(
    lambda width: st.integers(1, 12).flatmap(
        lambda height: st.tuples(*[st.binary(min_size=width * height, max_size=width * height)] * 2)
        .map(lambda both: tuple(Image.frombytes("L", (width, height), data) for data in both))
    )
)  # fmt: skip


@given(point=pairs, scales=st.tuples(scale, scale), origin=pairs)
def test_the_two_directions_undo_each_other(
    point: tuple[float, float], scales: tuple[float, float], origin: tuple[float, float]
) -> None:
    there_and_back = to_screen(to_input(point, scales, origin), scales, origin)
    assert there_and_back == pytest.approx(point, rel=1e-9, abs=1e-9 * 20_000 * 8)
    assert to_input(to_screen(point, scales, origin), scales, origin) == pytest.approx(
        point, rel=1e-9, abs=1e-9 * 20_000 * 8
    )


def test_each_axis_has_its_own_scale_and_origin() -> None:
    assert to_input((30, 40), (2, 4), (-100, 7)) == (-85, 17)
    assert to_screen((-85, 17), (2, 4), (-100, 7)) == (30, 40)


@given(both=frames)
def test_changed_box_equals_brute_force(both: tuple[Image.Image, Image.Image]) -> None:
    first, second = (np.asarray(image) for image in both)
    differing = [
        (x, y)
        for y in range(first.shape[0])
        for x in range(first.shape[1])
        if first[y, x] != second[y, x]
    ]
    expected = None
    if differing:
        xs, ys = zip(*differing, strict=True)
        expected = (min(xs), min(ys), max(xs) + 1, max(ys) + 1)
    assert changed_box(*both) == expected
    assert (frame_hash(both[0]) == frame_hash(both[1])) is (expected is None)


def test_a_single_pixel_is_its_own_box() -> None:
    before = Image.new("RGB", (50, 40))
    after = before.copy()
    after.putpixel((31, 17), (0, 0, 1))
    assert changed_box(before, after) == (31, 17, 32, 18)


def test_frames_of_different_sizes_differ_everywhere() -> None:
    assert changed_box(Image.new("RGB", (5, 5)), Image.new("RGB", (7, 3))) == (0, 0, 7, 3)


@pytest.mark.parametrize("point", [(-1, 5), (5, -0.1), (10, 5), (5, 8), (float("nan"), 5)])
def test_points_off_the_screen_are_refused(point: tuple[float, float]) -> None:
    with pytest.raises(ActionError, match=r"lies outside the screen, which is 10 x 8"):
        require_inside(point, (10, 8))


def test_the_last_pixel_is_inside() -> None:
    require_inside((9.9, 7.9), (10, 8))
    require_inside((0, 0), (10, 8))
