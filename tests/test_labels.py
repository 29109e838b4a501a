"""What training wants of each token, against pictures painted pixel by pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from grounding.errors import GroundingError
from grounding.grid import PatchGrid
from grounding.labels import (
    full_coverage_budget,
    fuse_labels,
    overlap_by_patch,
    overlap_labels,
    pointer_target,
    recall_at,
)
from grounding.plan import select
from grounding.types import Box

PATCH, MERGE = 4, 2
SIDE = PATCH * MERGE


@st.composite
def grids_and_boxes(draw: st.DrawFn) -> tuple[PatchGrid, tuple[int, int, int, int]]:
    """A grid, and a box with area in whole pixels of the resized picture."""
    columns, rows = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    grid = PatchGrid(640, 480, columns * SIDE, rows * SIDE, PATCH, MERGE)
    x1, y1 = draw(st.integers(0, columns * SIDE - 1)), draw(st.integers(0, rows * SIDE - 1))
    x2 = draw(st.integers(x1 + 1, columns * SIDE))
    return grid, (x1, y1, x2, draw(st.integers(y1 + 1, rows * SIDE)))


def box_of(grid: PatchGrid, pixels: tuple[int, int, int, int]) -> Box:
    x1, y1, x2, y2 = pixels
    return Box.from_pixels(x1, y1, x2, y2, (grid.resized_width, grid.resized_height))


def painted(grid: PatchGrid, box: tuple[int, int, int, int]) -> NDArray[np.float64]:
    """The share of each patch (M, merge * merge) by counting pixels, one at a time."""
    counts = np.zeros((grid.count, MERGE * MERGE))
    for y in range(box[1], box[3]):
        for x in range(box[0], box[2]):
            token = (y // SIDE) * grid.columns + x // SIDE
            counts[token, (y % SIDE) // PATCH * MERGE + (x % SIDE) // PATCH] += 1
    return counts / PATCH**2


@settings(max_examples=60, deadline=None)
@given(grids_and_boxes())
def test_overlap_is_what_counting_pixels_gives(case: Any) -> None:
    grid, pixels = case
    box = box_of(grid, pixels)
    assert np.allclose(overlap_by_patch(grid, box), painted(grid, pixels), atol=1e-6)
    assert np.allclose(overlap_labels(grid, box), painted(grid, pixels).mean(axis=1), atol=1e-6)
    target = pointer_target(grid, box)
    touched = painted(grid, pixels).any(axis=1)
    assert np.array_equal(target > 0, touched)
    assert target.sum() == pytest.approx(1, abs=1e-6)
    assert len(set(target[touched].tolist())) == 1


@settings(deadline=None)
@given(st.floats(-0.5, 1.5), st.floats(-0.5, 1.5), st.floats(0, 1), st.floats(0, 1))
def test_any_box_gives_shares(x: Any, y: Any, width: Any, height: Any) -> None:
    grid = PatchGrid(640, 480, 5 * SIDE, 3 * SIDE, PATCH, MERGE)
    labels = overlap_labels(grid, Box(x, y, x + width, y + height))
    assert labels.dtype == np.float32
    assert labels.shape == (15,)
    assert ((labels >= 0) & (labels <= 1)).all()


def test_a_point_counts_as_its_token() -> None:
    grid = PatchGrid(640, 480, 4 * SIDE, 2 * SIDE, PATCH, MERGE)
    point = Box(0.6, 0.7, 0.6, 0.7)
    assert overlap_labels(grid, point).tolist() == [0, 0, 0, 0, 0, 0, 1, 0]
    assert pointer_target(grid, point).tolist() == [0, 0, 0, 0, 0, 0, 1, 0]


def test_labels_are_in_raster_order() -> None:
    grid = PatchGrid(640, 480, 3 * SIDE, 2 * SIDE, PATCH, MERGE)
    right_of_lower_row = Box(2 / 3, 0.5, 1, 1)
    assert overlap_labels(grid, right_of_lower_row).tolist() == [0, 0, 0, 0, 0, 1]


def test_presets() -> None:
    box, graph = np.array([0.0, 0.5, 1.0]), np.array([1.0, 0.4, 0.2])
    assert fuse_labels(box, graph, "paper") == pytest.approx([0.2, 0.48, 0.84])
    assert fuse_labels(box, graph, "released-code") == pytest.approx([0.0, 0.4, 1.0])
    assert fuse_labels(box, graph).tolist() == fuse_labels(box, graph, "paper").tolist()


@settings(max_examples=40, deadline=None)
@given(grids_and_boxes(), st.integers(0, 99))
def test_the_released_code_clips_each_patch_and_then_averages(case: Any, seed: Any) -> None:
    grid, pixels = case
    box = box_of(grid, pixels)
    graph = np.random.default_rng(seed).random(grid.count)
    by_hand = np.zeros(grid.count)
    for token, patches in enumerate(painted(grid, pixels)):
        clipped = [min(1, max(0, share + 0.5 * graph[token])) * 2 - 1 for share in patches]
        by_hand[token] = sum(clipped) / len(clipped)
    fused = fuse_labels(overlap_by_patch(grid, box), graph, "released-code")
    assert np.allclose(fused, by_hand, atol=1e-5)
    # The paper's sum is linear: patches or tokens, it is the same.
    one = fuse_labels(overlap_by_patch(grid, box), graph)
    assert np.allclose(one, fuse_labels(overlap_labels(grid, box), graph), atol=1e-6)


def test_labels_that_do_not_fit_are_refused() -> None:
    with pytest.raises(GroundingError):
        fuse_labels(np.ones(3), np.ones(4))
    with pytest.raises(GroundingError):
        fuse_labels(np.ones(3), np.ones(3), "mean")  # type: ignore[arg-type]


@settings(deadline=None)
@given(st.data(), st.floats(0.01, 1))
def test_metrics_are_those_of_a_loop(data: Any, share: Any) -> None:
    total = data.draw(st.integers(1, 40))
    scores = data.draw(arrays.arrays(np.float32, total, elements=st.sampled_from([0.0, 0.5, 1.0])))
    positive = data.draw(arrays.arrays(bool, total))
    positive[data.draw(st.integers(0, total - 1))] = True
    kept = select(scores, max(1, int(share * total + 1e-9)))
    assert recall_at(scores, positive, share) == pytest.approx(kept[positive].mean())
    least = next(k for k in range(1, total + 1) if select(scores, k)[positive].all())
    assert full_coverage_budget(scores, positive) == pytest.approx(least / total)


def test_metrics_need_something_to_find() -> None:
    for positives in ([0, 0, 0], [1, 0]):
        with pytest.raises(GroundingError):
            recall_at([0.1, 0.2, 0.3], positives, 0.5)
        with pytest.raises(GroundingError):
            full_coverage_budget([0.1, 0.2, 0.3], positives)


@pytest.mark.parametrize("share", [0, -0.1, 1.5, 30, np.nan])
def test_a_recall_is_at_a_share(share: Any) -> None:
    with pytest.raises(GroundingError):
        recall_at([0.1, 0.2], [1, 0], share)


@pytest.mark.parametrize("bad", [[np.nan, 1.0], [np.inf, 1.0], [], ["x", "y"]])
def test_metrics_refuse_scores_that_are_no_numbers(bad: Any) -> None:
    with pytest.raises(GroundingError):
        recall_at(bad, [1, 0], 0.5)
    with pytest.raises(GroundingError):
        full_coverage_budget(bad, [1, 0])
