"""From attention to places: equal to a plain flood, and the point always lies in its region."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from grounding.decode import confidence, decode
from grounding.errors import GroundingError
from grounding.grid import PatchGrid
from grounding.types import Box, Candidate, Point

sides = st.integers(1, 14)


def grid_of(columns: int, rows: int) -> PatchGrid:
    return PatchGrid(1000, 700, columns * 28, rows * 28, 14, 2)


def attention_of(columns: int, rows: int, seed: int) -> NDArray[np.float64]:
    """A few bumps on a low floor, or sparse noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:rows, :columns]
    field = rng.random((rows, columns)) ** 6 * rng.choice([0.01, 1])
    for _ in range(rng.integers(0, 4)):
        v, u, wide = rng.random() * rows, rng.random() * columns, rng.uniform(0.4, 3)
        field += rng.random() * np.exp(-((y - v) ** 2 + (x - u) ** 2) / wide**2)
    attention: NDArray[np.float64] = field.ravel() / field.sum()
    return attention


def plain_regions(values: NDArray[np.float64], grid: PatchGrid, threshold: float) -> list[set[int]]:
    hot = {index for index in range(grid.count) if values[index] > threshold * values.max()}
    regions = []
    while hot:
        stack, region = [min(hot)], set()
        while stack:
            index = stack.pop()
            if index not in hot:
                continue
            hot.remove(index)
            region.add(index)
            row, column = divmod(index, grid.columns)
            stack += [index - grid.columns, index + grid.columns]
            stack += [index - 1] if column else []
            stack += [index + 1] if column + 1 < grid.columns else []
        regions.append(region)
    return regions


@settings(max_examples=300, deadline=None)
@given(sides, sides, st.integers(0, 2**32), st.floats(0, 0.95))
def test_regions_equal_a_flood(columns: int, rows: int, seed: int, threshold: float) -> None:
    grid, values = grid_of(columns, rows), attention_of(columns, rows, seed)
    regions = plain_regions(values, grid, threshold)
    mass = [sum(float(values[index]) for index in region) for region in regions]
    candidates = decode(values, grid, threshold=threshold, top=1000)
    assert len(candidates) == len(regions)
    assert np.allclose([one.score for one in candidates], sorted(mass, reverse=True))
    owned = []
    for one in candidates:
        owner = next(region for region in regions if grid.token_at(one.point) in region)
        owned.append(owner)
        places = [grid.token_box(index) for index in owner]
        assert math.isclose(one.box.x1, min(place.x1 for place in places), abs_tol=1e-12)
        assert math.isclose(one.box.y1, min(place.y1 for place in places), abs_tol=1e-12)
        assert math.isclose(one.box.x2, max(place.x2 for place in places), abs_tol=1e-12)
        assert math.isclose(one.box.y2, max(place.y2 for place in places), abs_tol=1e-12)
        assert one.box.contains(one.point)
        weights = {index: float(values[index]) for index in owner}
        assert math.isclose(one.score, sum(weights.values()), rel_tol=1e-9)
        mean = Point(
            sum(w * grid.token_box(i).center.x for i, w in weights.items()) / one.score,
            sum(w * grid.token_box(i).center.y for i, w in weights.items()) / one.score,
        )
        if grid.token_at(mean) not in owner:  # a ring, a hook: the hottest token stands in
            peak = max(owner, key=lambda index: (values[index], -index))
            mean = grid.token_box(peak).center
        assert math.isclose(one.point.x, mean.x, abs_tol=1e-9)
        assert math.isclose(one.point.y, mean.y, abs_tol=1e-9)
    assert len({id(region) for region in owned}) == len(regions)


@settings(max_examples=200, deadline=None)
@given(sides, sides, st.integers(0, 2**32), st.floats(0.1, 30))
def test_with_offsets_the_point_stays_in_the_hottest_token(
    columns: int, rows: int, seed: int, wild: float
) -> None:
    grid, values = grid_of(columns, rows), attention_of(columns, rows, seed)
    offsets = np.random.default_rng(seed).normal(0, wild, (grid.count, 2))
    best = decode(values, grid, offsets=offsets)[0]
    index = grid.token_at(best.point)
    regions = plain_regions(values, grid, 0.3)
    region = max(regions, key=lambda region: sum(values[list(region)]))
    assert index == max(region, key=lambda index: (values[index], -index))


def test_an_offset_counts_from_the_centre_of_its_token() -> None:
    grid, values = grid_of(10, 10), np.zeros(100)
    values[34] = 1
    offsets = np.zeros((100, 2))
    offsets[34] = 0.25, -0.25
    point = decode(values, grid, offsets=offsets)[0].point
    assert (round(point.x, 9), round(point.y, 9)) == (0.475, 0.325)


def test_a_ring_is_answered_with_its_hottest_token() -> None:
    values = np.zeros((5, 5))
    values[1:4, 1:4] = 1
    values[2, 2] = 0
    values[3, 1] = 1.5
    best = decode(values, grid_of(5, 5))[0]
    assert grid_of(5, 5).token_at(best.point) == 16
    assert best.box == Box(0.2, 0.2, 0.8, 0.8)


def test_a_whole_button_beats_one_hot_token() -> None:
    values = np.zeros((6, 12))
    values[4, 1] = 1.0
    values[1:3, 5:11] = 0.6
    button, speck = decode(values, grid_of(12, 6))
    assert button.box.contains(Point(8 / 12, 2 / 6))
    assert button.score == pytest.approx(7.2 / 8.2)
    assert speck.score == pytest.approx(1 / 8.2)
    # The button fills a sixth of the picture.
    assert confidence((button, speck)) == pytest.approx(7.2 / 8.2 * 5 / 6)


def test_tokens_that_touch_at_a_corner_are_two_regions() -> None:
    values = np.array([[2.0, 0], [0, 1]])
    one, two = decode(values, grid_of(2, 2))
    assert (one.point, two.point) == (Point(0.25, 0.25), Point(0.75, 0.75))
    assert decode(values, grid_of(2, 2), top=1) == (one,)


def test_rows_do_not_run_into_each_other() -> None:
    values = np.array([[0.0, 1], [1, 0]])
    assert len(decode(values, grid_of(2, 2))) == 2


@settings(max_examples=100, deadline=None)
@given(sides, sides, st.integers(0, 2**32), st.sampled_from([1e-300, 1e-20, 1e20, 1e300]))
def test_the_scale_does_not_matter(columns: int, rows: int, seed: int, scale: float) -> None:
    grid, values = grid_of(columns, rows), attention_of(columns, rows, seed)
    for one, two in zip(decode(values, grid), decode(values * scale, grid), strict=True):
        assert one.score == pytest.approx(two.score)
        assert one.point.to_pixels(grid.size) == pytest.approx(two.point.to_pixels(grid.size))


def test_equal_regions_come_in_the_order_of_the_screen() -> None:
    values = np.zeros(25)
    values[[3, 11, 19]] = 1
    tokens = [grid_of(5, 5).token_at(one.point) for one in decode(values, grid_of(5, 5))]
    assert tokens == [3, 11, 19]


def test_confidence_is_a_share() -> None:
    assert confidence(()) == 0
    place = Box(0.2, 0.2, 0.3, 0.4)
    assert confidence((Candidate(place.center, place, 1.0),)) == pytest.approx(0.98)


def test_attention_that_says_nothing_has_no_confidence() -> None:
    assert confidence(decode(np.full(30, 1 / 30), grid_of(6, 5))) == 0
    assert decode(np.zeros(30), grid_of(6, 5)) == ()


@settings(max_examples=100, deadline=None)
@given(sides, sides, st.integers(0, 2**32))
def test_confidence_lies_between_nothing_and_the_score(columns: int, rows: int, seed: int) -> None:
    candidates = decode(attention_of(columns, rows, seed), grid_of(columns, rows))
    assert 0 <= confidence(candidates) <= candidates[0].score <= 1


@pytest.mark.parametrize(
    ("attention", "options"),
    [
        ([math.nan, 1, 1, 1], {}),
        ([math.inf, 1, 1, 1], {}),
        ([-0.1, 1, 1, 1], {}),
        ([1, 1, 1], {}),
        ([], {}),
        (["x", 1, 1, 1], {}),
        ([1, 1, 1, 2], {"threshold": 1.0}),
        ([1, 1, 1, 2], {"threshold": -0.1}),
        ([1, 1, 1, 2], {"threshold": math.nan}),
        ([1, 1, 1, 2], {"top": 0}),
        ([1, 1, 1, 2], {"offsets": [[0, 0]]}),
        ([1, 1, 1, 2], {"offsets": [[math.nan, 0]] * 4}),
    ],
)
def test_bad_attention_is_one_sentence(attention: Any, options: dict[str, Any]) -> None:
    with pytest.raises(GroundingError) as caught:
        decode(attention, grid_of(2, 2), **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["bumps", "noise"])
def test_5000_tokens_take_less_than_two_milliseconds(kind: str) -> None:
    grid = grid_of(100, 50)
    values = attention_of(100, 50, 3) if kind == "bumps" else np.random.default_rng(0).random(5000)
    times = []
    for _ in range(30):
        start = time.process_time()
        decode(values, grid)
        times.append(time.process_time() - start)
    assert min(times) < 0.002
