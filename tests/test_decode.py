"""Attention becomes places, against a search from cell to cell."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from grounding.decode import confidence, decode
from grounding.errors import GroundingError
from grounding.grid import PatchGrid
from grounding.types import Box, Candidate, Point

levels = st.sampled_from([0.0, 0.1, 0.29, 0.5, 0.9, 1.0])
maps = arrays.arrays(np.float64, st.tuples(st.integers(1, 8), st.integers(1, 8)), elements=levels)


def grid_for(heat: NDArray[np.float64]) -> PatchGrid:
    rows, columns = heat.shape
    return PatchGrid(columns * 30, rows * 30, columns * 28, rows * 28, 14, 2)


def regions_by_search(heat: NDArray[np.float64], threshold: float) -> list[list[tuple[int, int]]]:
    """Regions of (row, column) by flood fill, in the order of their first cells."""
    rows, columns = heat.shape
    hot = {
        (row, column)
        for row in range(rows)
        for column in range(columns)
        if heat[row, column] > threshold * heat.max()
    }
    regions = []
    for cell in sorted(hot):
        if cell not in hot:
            continue
        hot.remove(cell)
        region, front = [cell], [cell]
        while front:
            row, column = front.pop()
            for near in (
                (row + 1, column),
                (row - 1, column),
                (row, column + 1),
                (row, column - 1),
            ):
                if near in hot:
                    hot.remove(near)
                    region.append(near)
                    front.append(near)
        regions.append(sorted(region))
    return regions


def decode_by_hand(heat: NDArray[np.float64], threshold: float, top: int) -> list[Candidate]:
    rows, columns = heat.shape
    found = []
    for region in regions_by_search(heat, threshold):
        mass = sum(heat[cell] for cell in region)
        x = sum(heat[cell] * (cell[1] + 0.5) for cell in region) / mass
        y = sum(heat[cell] * (cell[0] + 0.5) for cell in region) / mass
        if (math.floor(y), math.floor(x)) not in region:
            peak = max(region, key=lambda cell: (heat[cell], -cell[0], -cell[1]))
            x, y = peak[1] + 0.5, peak[0] + 0.5
        box = Box(
            min(cell[1] for cell in region) / columns,
            min(cell[0] for cell in region) / rows,
            (max(cell[1] for cell in region) + 1) / columns,
            (max(cell[0] for cell in region) + 1) / rows,
        )
        found.append(Candidate(Point(x / columns, y / rows), box, mass / heat.sum()))
    return sorted(found, key=lambda candidate: -candidate.score)[:top]


@settings(max_examples=200, deadline=None)
@given(
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
    st.integers(0, 10**6),
    st.sampled_from([0.0, 0.2, 0.3, 0.6]),
    st.integers(1, 5),
)
def test_decoding_is_that_of_a_search(shape: Any, seed: Any, threshold: Any, top: Any) -> None:
    # Random numbers, so that no two regions have the same score: their order is then sure.
    heat = np.random.default_rng(seed).random(shape) ** 2
    found = decode(heat, grid_for(heat), threshold=threshold, top=top)
    by_hand = decode_by_hand(heat, threshold, top)
    assert [candidate.box for candidate in found] == [candidate.box for candidate in by_hand]
    for one, other in zip(found, by_hand, strict=True):
        assert one.score == pytest.approx(other.score)
        assert (one.point.x, one.point.y) == pytest.approx((other.point.x, other.point.y))


@settings(max_examples=300, deadline=None)
@given(maps, st.booleans(), st.data())
def test_a_point_lies_in_its_region(heat: Any, with_offsets: Any, data: Any) -> None:
    grid = grid_for(heat)
    offsets = None
    if with_offsets:
        shifts = st.sampled_from([-0.5, -0.2, 0.0, 0.5])
        offsets = data.draw(arrays.arrays(np.float32, (grid.count, 2), elements=shifts))
    regions = regions_by_search(heat, 0.3)
    found = decode(heat, grid, offsets=offsets, top=99)
    assert len(found) == len(regions)
    hit = set()
    for candidate in found:
        assert candidate.box.contains(candidate.point)
        cell = divmod(grid.token_at(candidate.point), grid.columns)
        (region,) = [number for number, cells in enumerate(regions) if cell in cells]
        hit.add(region)
    assert len(hit) == len(regions)
    assert sum(candidate.score for candidate in found) <= 1 + 1e-9
    assert [c.score for c in found] == sorted((c.score for c in found), reverse=True)


def test_a_ring_is_clicked_on_its_peak_not_in_its_hole() -> None:
    heat = np.ones((3, 3))
    heat[1, 1], heat[2, 0] = 0, 1.1
    (found,) = decode(heat, grid_for(heat))
    assert found.point == Point(0.5 / 3, 2.5 / 3)


def test_diagonal_neighbours_are_two_places() -> None:
    heat = np.array([[1.0, 0.0], [0.0, 0.8]])
    assert [c.score for c in decode(heat, grid_for(heat))] == pytest.approx([1 / 1.8, 0.8 / 1.8])


def test_a_button_that_two_tokens_share_beats_one_hot_token() -> None:
    heat = np.array([[0.9, 0.8, 0.0, 1.0]])
    assert decode(heat, grid_for(heat))[0].box == Box(0, 0, 0.5, 1)


def test_an_offset_moves_the_click_inside_the_hottest_token() -> None:
    heat = np.array([[0.5, 1.0, 0.0]])
    offsets = np.array([[0, 0], [0.25, -0.25], [0, 0]])
    (found,) = decode(heat, grid_for(heat), offsets=offsets)
    assert found.point.x == pytest.approx(1.75 / 3)
    assert found.point.y == pytest.approx(0.25)
    assert found.box == Box(0, 0, 2 / 3, 1)


@settings(deadline=None)
@given(maps)
def test_flat_or_two_dimensional_and_any_scale_give_the_same(heat: Any) -> None:
    grid = grid_for(heat)
    assert decode(heat.ravel(), grid) == decode(heat, grid)
    for one, other in zip(decode(heat * 2.0**-900, grid), decode(heat, grid), strict=True):
        assert one == other


def test_nothing_and_next_to_nothing() -> None:
    grid = grid_for(np.zeros((2, 3)))
    assert decode(np.zeros(6), grid) == ()
    assert confidence(()) == 0
    tiny = np.zeros(6)
    tiny[4] = 5e-324
    assert decode(tiny, grid, threshold=0.9)[0].point == Point(0.5, 0.75)


def test_confidence_is_high_for_a_peak_and_none_for_a_flat_map() -> None:
    peak = np.zeros((20, 20))
    peak[3, 4] = 1.0
    grid = grid_for(peak)
    two = peak.copy()
    two[10, 10] = 1.0
    sure, unsure, clueless = (confidence(decode(m, grid)) for m in (peak, two, np.ones((20, 20))))
    assert sure > 0.99
    assert 0.49 < unsure < 0.5
    assert clueless == 0


@pytest.mark.parametrize("bad", [math.nan, math.inf, -0.1])
def test_attention_that_is_none_is_refused(bad: Any) -> None:
    heat = np.ones(6)
    heat[2] = bad
    with pytest.raises(GroundingError):
        decode(heat, grid_for(np.ones((2, 3))))


def test_what_does_not_fit_is_refused() -> None:
    grid, heat = grid_for(np.ones((2, 3))), np.ones(6)
    misfits: list[Any] = [np.ones(5), np.ones((3, 2)), [], ["x"] * 6, None, [[1], [1, 2]]]
    for attention in misfits:
        with pytest.raises(GroundingError):
            decode(attention, grid)
    for offsets in (np.ones((5, 2)), np.full((6, 2), math.nan)):
        with pytest.raises(GroundingError):
            decode(heat, grid, offsets=offsets)
    for threshold, top in ((1.0, 3), (-0.1, 3), (math.nan, 3), (0.3, 0)):
        with pytest.raises(GroundingError):
            decode(heat, grid, threshold=threshold, top=top)


@settings(deadline=None)
@given(maps)
def test_confidence_lies_between_nothing_and_the_score(heat: Any) -> None:
    found = decode(heat, grid_for(heat))
    assert 0 <= confidence(found) <= (found[0].score if found else 0) <= 1


@pytest.mark.parametrize("kind", ["peak", "noise"])
def test_5000_tokens_take_no_longer_than_a_few_sorts(kind: Any) -> None:
    row, column = np.mgrid[:50, :100]
    peak = np.exp(-((row - 12) ** 2 + (column - 70) ** 2) / 9)
    heat = peak if kind == "peak" else np.random.default_rng(0).random((50, 100))
    times, sorts = [], []
    for _ in range(30):
        start = time.process_time()
        decode(heat, grid_for(heat))
        middle = time.process_time()
        for _ in range(10):
            np.sort(np.random.default_rng(0).random(5000))
        times.append(middle - start)
        sorts.append((time.process_time() - middle) / 10)
    assert min(times) < 40 * min(sorts)
