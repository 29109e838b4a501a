"""What the scorer and the pointer learn from, and the two ways to say how good a ranking is."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from grounding import labels as L
from grounding.errors import GroundingError
from grounding.grid import PatchGrid
from grounding.types import Box

shares = st.floats(0, 1)
grids = st.builds(
    lambda columns, rows: PatchGrid(900, 700, columns * 28, rows * 28, 14, 2),
    st.integers(1, 20),
    st.integers(1, 20),
)


def box_of(x1: float, x2: float, y1: float, y2: float) -> Box:
    return Box(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))


boxes = st.builds(box_of, shares, shares, shares, shares)


@settings(max_examples=100, deadline=None)
@given(grids, boxes)
def test_overlap_equals_the_areas_of_a_double_loop(grid: PatchGrid, box: Box) -> None:
    assume(box.x1 < box.x2 and box.y1 < box.y2)
    expected = []
    for row in range(grid.rows):
        for column in range(grid.columns):
            place = grid.token_box(row * grid.columns + column)
            across = max(0.0, min(place.x2, box.x2) - max(place.x1, box.x1))
            down = max(0.0, min(place.y2, box.y2) - max(place.y1, box.y1))
            expected.append(across * down * grid.count)
    labels = L.overlap_labels(grid, box)
    assert labels.dtype == np.float32
    assert labels.shape == (grid.count,)
    assert np.allclose(labels, expected, atol=1e-5)
    assert 0 <= labels.min() <= labels.max() <= 1
    # All the labels together are the box's area, counted in tokens.
    area = (box.x2 - box.x1) * (box.y2 - box.y1) * grid.count
    assert math.isclose(labels.sum(), area, abs_tol=1e-3)


def test_overlap_equals_the_reference_s_drawn_mask() -> None:
    """It draws the box in pixels and takes the mean of each patch."""
    grid = PatchGrid(280, 168, 280, 168, 14, 2)
    mask = np.zeros((168, 280))
    mask[30:95, 41:200] = 1
    means = mask.reshape(6, 28, 10, 28).mean(axis=(1, 3)).ravel()
    box = Box.from_pixels(41, 30, 200, 95, grid.size)
    assert np.allclose(L.overlap_labels(grid, box), means, atol=1e-6)


@given(grids, shares, shares, shares)
def test_a_box_without_area_is_its_token(grid: PatchGrid, x: float, y: float, other: float) -> None:
    for box in (Box(x, y, x, y), box_of(x, other, y, y), box_of(x, x, y, other)):
        labels = L.overlap_labels(grid, box)
        assert np.flatnonzero(labels).tolist() == [grid.token_at(box.center)]
        assert labels.max() == 1


@settings(max_examples=100, deadline=None)
@given(grids, boxes)
def test_a_token_s_overlap_is_the_mean_of_its_patches(grid: PatchGrid, box: Box) -> None:
    fine = PatchGrid(grid.width, grid.height, grid.resized_width, grid.resized_height, 14, 1)
    patches = L.overlap_by_patch(grid, box)
    assert np.allclose(patches.mean(axis=1), L.overlap_labels(grid, box), atol=1e-6)
    assume(box.x1 < box.x2 and box.y1 < box.y2)
    each = L.overlap_labels(fine, box).reshape(grid.rows, 2, grid.columns, 2)
    assert np.allclose(patches, each.transpose(0, 2, 1, 3).reshape(-1, 4), atol=1e-6)


def test_the_released_code_clips_patches_before_their_mean() -> None:
    patches, graph = np.array([[1.0, 1, 0, 0]]), [0.8]
    assert L.fuse_labels(patches, graph, "released-code")[0] == pytest.approx(2 * 0.7 - 1)
    assert L.fuse_labels([0.5], graph, "released-code")[0] == pytest.approx(2 * 0.9 - 1)
    assert L.fuse_labels(patches, graph)[0] == L.fuse_labels([0.5], graph)[0]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(shares, shares), min_size=1, max_size=30))
def test_both_ways_to_fuse_equal_their_formulas(pairs: list[tuple[float, float]]) -> None:
    overlap, graph = (list(values) for values in zip(*pairs, strict=True))
    paper = [0.8 * one + 0.2 * two for one, two in pairs]
    released = [min(1.0, max(0.0, one + 0.5 * two)) * 2 - 1 for one, two in pairs]
    assert np.allclose(L.fuse_labels(overlap, graph), paper, atol=1e-6)
    assert np.allclose(L.fuse_labels(overlap, graph, "released-code"), released, atol=1e-6)


def test_labels_take_a_grid_of_scores() -> None:
    graph = np.arange(6, dtype=np.float32).reshape(2, 3) / 6
    fused = L.fuse_labels(np.zeros(6), graph)
    assert fused.dtype == np.float32
    assert np.allclose(fused, 0.2 * graph.ravel())


@settings(max_examples=100, deadline=None)
@given(grids, boxes)
def test_the_pointer_s_target_is_shared_by_the_tokens_of_the_box(grid: PatchGrid, box: Box) -> None:
    target = L.pointer_target(grid, box)
    hit = grid.tokens_in(box)
    assert math.isclose(target.sum(), 1, rel_tol=1e-5)
    assert np.flatnonzero(target).tolist() == hit.tolist()
    assert len(set(target[hit].tolist())) == 1
    wide = min(box.x2 - box.x1, box.y2 - box.y1) > 1e-4
    assume(wide)
    inside = L.overlap_labels(grid, box) > 1e-4
    assert np.all(target[inside] > 0)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-9, 9), st.booleans()), min_size=1, max_size=60),
    st.integers(1, 100),
)
def test_recall_and_budget_equal_plain_walks(tokens: list[tuple[int, bool]], percent: int) -> None:
    assume(any(wanted for _, wanted in tokens))
    order = sorted(range(len(tokens)), key=lambda index: (-tokens[index][0], index))
    count = max(1, percent * len(tokens) // 100)
    positives = [index for index, (_, wanted) in enumerate(tokens) if wanted]
    found = sum(index in order[:count] for index in positives)
    scores, flags = (list(values) for values in zip(*tokens, strict=True))
    assert L.recall_at(scores, flags, percent / 100) == found / len(positives)
    needed = max(order.index(index) for index in positives) + 1
    budget = L.full_coverage_budget(scores, flags)
    assert budget == needed / len(tokens)
    assert L.recall_at(scores, flags, budget) == 1
    assert L.recall_at(scores, flags, 1) == 1


def test_a_perfect_and_a_reversed_ranking() -> None:
    flags = np.zeros(100, bool)
    flags[40:50] = True
    assert L.recall_at(flags.astype(float), flags, 0.1) == 1
    assert L.full_coverage_budget(flags.astype(float), flags) == 0.1
    assert L.recall_at(-flags.astype(float), flags, 0.9) == 0
    assert L.full_coverage_budget(-flags.astype(float), flags) == 1


def test_a_target_may_be_the_flags() -> None:
    grid = PatchGrid(280, 280, 280, 280, 14, 2)
    target = L.pointer_target(grid, Box(0.5, 0.5, 0.7, 0.6))
    assert np.flatnonzero(target).tolist() == [55, 56]
    assert L.recall_at(target, target, 0.02) == 1


@pytest.mark.parametrize(
    "work",
    [
        lambda: L.fuse_labels([1.0], [1.0, 0.0]),
        lambda: L.fuse_labels([1.0], [1.0], "mean"),  # type: ignore[arg-type]
        lambda: L.recall_at([1.0, math.nan], [1, 0], 0.5),
        lambda: L.recall_at([1.0, 2.0], [0, 0], 0.5),
        lambda: L.recall_at([1.0, 2.0], [1], 0.5),
        lambda: L.recall_at([1.0, 2.0], [1, 0], 0),
        lambda: L.recall_at([1.0, 2.0], [1, 0], 30),
        lambda: L.recall_at([1.0, 2.0], [1, 0], math.nan),
        lambda: L.full_coverage_budget([], []),
        lambda: L.full_coverage_budget([math.inf], [1]),
    ],
)
def test_what_cannot_be_labelled_is_one_sentence(work: Any) -> None:
    with pytest.raises(GroundingError) as caught:
        work()
    assert "\n" not in str(caught.value)
