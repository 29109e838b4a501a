"""Budgets are exact, ties go to the first token, runs and markers equal a plain walk."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from grounding import plan as P
from grounding.errors import BadBudget, GroundingError
from grounding.grid import PatchGrid
from grounding.types import Tokens

masks = hnp.arrays(bool, st.integers(1, 200))
finite = st.floats(-100, 100, width=32)
score_lists = st.lists(finite, min_size=1, max_size=200)


def grid_of(columns: int, rows: int) -> PatchGrid:
    return PatchGrid(640, 480, columns * 28, rows * 28, 14, 2)


@pytest.mark.parametrize(
    ("keep", "budget"),
    [
        (0.3, P.Share(0.3)),
        ("0.3", P.Share(0.3)),
        (" .3 ", P.Share(0.3)),
        (np.float32(0.5), P.Share(0.5)),
        (1, P.Share(1.0)),
        (1.0, P.Share(1.0)),
        ("1", P.Share(1.0)),
        ("1.0", P.Share(1.0)),
        (400, P.Count(400)),
        ("400", P.Count(400)),
        (np.int64(2), P.Count(2)),
        ("mass:0.9", P.Mass(0.9)),
        ("mass:0.9:", P.Mass(0.9)),
        ("mass:0.9:0.05-0.5", P.Mass(0.9, 0.05, 0.5)),
        (P.Count(1), P.Count(1)),
    ],
)
def test_every_spelling_of_a_budget(keep: Any, budget: P.Budget) -> None:
    assert P.parse_budget(keep) == budget


@pytest.mark.parametrize(
    "keep",
    [
        0,
        0.0,
        1.5,
        -1,
        -0.3,
        math.nan,
        math.inf,
        "",
        "0",
        "1.5",
        "-400",
        "nan",
        "inf",
        "400.0",
        "many",
        "mass:",
        "mass:0",
        "mass:2",
        "mass:nan",
        "mass:0.9:0.5",
        "mass:0.9:0.5-0.1",
        "mass:0.9:0-0.5",
        "mass:0.9:a-b",
        "mass:0.9:0.1-0.5-0.7",
        "share:0.3",
        None,
        True,
        [0.3],
        b"0.3",
        1j,
    ],
)
def test_budgets_that_make_no_sense_are_one_sentence(keep: Any) -> None:
    with pytest.raises(BadBudget) as caught:
        P.parse_budget(keep)
    assert 10 < len(str(caught.value)) < 250
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [0, -3, math.nan, 2.5, True])
def test_a_count_is_a_whole_number_of_tokens(value: Any) -> None:
    with pytest.raises(BadBudget):
        P.Count(value)


@settings(max_examples=400, deadline=None)
@given(st.integers(1, 1000), st.integers(1, 20_000))
def test_a_share_is_exact(thousandths: int, total: int) -> None:
    exact = math.floor(Fraction(thousandths, 1000) * total)
    assert P.share_count(thousandths / 1000, total) == max(1, exact)
    # The reference drops (1 - share) and floors in floats: 0.1 of 1000 gives it 99.
    assert P.share_count(0.1, 1000) == 100


@given(st.integers(1, 10**9), score_lists)
def test_a_count_is_at_most_everything(count: int, scores: list[float]) -> None:
    assert P.tokens_to_keep(P.Count(count), scores) == min(count, len(scores))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.integers(-5, 50), min_size=1, max_size=120),
    st.integers(1, 100),
    st.integers(1, 100),
    st.integers(1, 100),
)
def test_a_mass_equals_adding_up_by_hand(
    scores: list[int], mass: int, least: int, most: int
) -> None:
    assume(least <= most)
    weights = sorted((max(0, score) for score in scores), reverse=True)
    if not any(weights):
        weights = [1] * len(weights)
    total, needed = 0, 0
    while Fraction(total) < Fraction(mass, 100) * sum(weights):
        total += weights[needed]
        needed += 1
    low, high = (P.share_count(share / 100, len(scores)) for share in (least, most))
    budget = P.Mass(mass / 100, least / 100, most / 100)
    assert P.tokens_to_keep(budget, scores) == min(max(needed, low), high)


@pytest.mark.parametrize("size", [1e-300, 1e-40, 1e300])
def test_a_mass_does_not_depend_on_the_scale(size: float) -> None:
    scores = np.array([5.0, 1, 1, 1, 1, 1])
    assert P.tokens_to_keep(P.Mass(0.5), scores * size) == 1
    assert P.tokens_to_keep(P.Mass(0.6), scores * size) == 2


@settings(max_examples=200, deadline=None)
@given(score_lists, st.data())
def test_the_best_are_selected_and_of_equal_ones_the_first(
    scores: list[float], data: st.DataObject
) -> None:
    count = data.draw(st.integers(1, len(scores)))
    best = sorted(range(len(scores)), key=lambda index: (-scores[index], index))
    assert P.rank(scores).tolist() == best
    assert np.flatnonzero(P.select(scores, count)).tolist() == sorted(best[:count])


def test_equal_scores_keep_the_first_tokens() -> None:
    assert P.select(np.zeros((3, 4)), 5).tolist() == [True] * 5 + [False] * 7


@given(score_lists, st.floats(0.01, 1), st.floats(0.01, 1))
def test_a_larger_budget_keeps_what_a_smaller_one_keeps(
    scores: list[float], one: float, two: float
) -> None:
    for kind in (P.Share, P.Mass):
        small, large = (
            P.select(scores, P.tokens_to_keep(kind(share), scores)) for share in sorted((one, two))
        )
        assert not np.any(small & ~large)


@pytest.mark.parametrize(
    "scores", [[math.nan], [1.0, math.inf], [-math.inf], [], ["x"], [None], [[1], [1, 2]]]
)
def test_bad_scores_are_one_sentence(scores: Any) -> None:
    for work in (
        lambda: P.rank(scores),
        lambda: P.select(scores, 1),
        lambda: P.tokens_to_keep(P.Share(0.5), scores),
        lambda: P.make_plan(grid_of(1, 1), scores, 0.5),
    ):
        with pytest.raises(GroundingError) as caught:
            work()
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("count", [0, -1, 4])
def test_a_count_outside_the_scores_is_refused(count: int) -> None:
    with pytest.raises(BadBudget):
        P.select([1.0, 2.0, 3.0], count)


def plain_survivors(keep: NDArray[np.bool_]) -> tuple[list[int], list[bool], list[list[int]]]:
    """Walk over the tokens; where a run of dropped ones ends, its last one becomes a marker."""
    order, markers, runs = [], [], []
    start = None
    for index, kept in enumerate(keep.tolist()):
        if kept:
            order.append(index)
            markers.append(False)
            continue
        start = index if start is None else start
        if index + 1 == len(keep) or keep[index + 1]:
            order.append(index)
            markers.append(True)
            runs.append([start, index])
            start = None
    return order, markers, runs


@settings(max_examples=300, deadline=None)
@given(masks)
def test_runs_and_survivors_equal_a_plain_walk(keep: NDArray[np.bool_]) -> None:
    order, markers, runs = plain_survivors(keep)
    ours, is_marker = P.survivors(keep)
    assert ours.tolist() == order
    assert is_marker.tolist() == markers
    assert P.dropped_runs(keep).tolist() == runs
    assert ours.dtype == P.dropped_runs(keep).dtype == np.int64
    # The paper's count: M' = M - (dropped - runs).
    assert len(order) == len(keep) - (int((~keep).sum()) - len(runs))


def test_runs_go_on_in_the_next_row() -> None:
    keep = np.ones((3, 4), bool)
    keep[0, 2:] = keep[1, :1] = False
    plan = P.VisualPlan(grid_of(4, 3), keep.ravel())
    assert plan.runs.tolist() == [[2, 4]]
    assert plan.markers.tolist() == [4]
    assert plan.tokens == Tokens(before=12, after=9, markers=1)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 20), st.integers(1, 20), st.floats(0.01, 1), st.integers(0, 2**32))
def test_a_plan_survives_json(columns: int, rows: int, share: float, seed: int) -> None:
    grid = grid_of(columns, rows)
    rng = np.random.default_rng(seed)
    plan = P.make_plan(grid, rng.normal(size=grid.count), share, "a test")
    again = P.VisualPlan.from_dict(json.loads(json.dumps(plan.to_dict())))
    assert again.grid == grid
    assert again.provenance == "a test"
    assert np.array_equal(again.keep, plan.keep)
    assert plan.scores is not None
    assert again.scores is not None
    assert again.scores.dtype == np.float32
    assert np.array_equal(again.scores, plan.scores)
    assert plan.tokens.after == max(1, math.floor(share * grid.count + 1e-9))


def test_a_plan_of_everything() -> None:
    plan = P.plan_all(grid_of(7, 5))
    assert plan.tokens == Tokens(35, 35, 0)
    assert plan.survivors[0].tolist() == list(range(35))
    again = P.VisualPlan.from_dict(json.loads(json.dumps(plan.to_dict())))
    assert again.scores is None
    assert again.keep.all()
    whole = P.make_plan(plan.grid, np.arange(35), 1.0)
    assert whole.keep.all()


@pytest.mark.parametrize(
    ("keep", "scores"),
    [
        (np.ones(5, bool), None),
        (np.ones((2, 3), bool), None),
        (np.ones(6, int), None),
        (np.zeros(6, bool), None),
        (np.ones(6, bool), np.zeros(5, np.float32)),
    ],
)
def test_a_plan_of_another_grid_is_refused(keep: Any, scores: Any) -> None:
    with pytest.raises(GroundingError) as caught:
        P.VisualPlan(grid_of(3, 2), keep, scores)
    assert "\n" not in str(caught.value)


GOOD = P.make_plan(grid_of(3, 2), [3, 1, 2, 9, 8, 7], 0.5).to_dict()


@pytest.mark.parametrize(
    "data",
    [
        {},
        [],
        None,
        {**GOOD, "scores": "?"},
        {**GOOD, "scores": "AAAA"},
        {**GOOD, "scores": 3},
        {**GOOD, "dropped": 3},
        {**GOOD, "dropped": [[0]]},
        {**GOOD, "dropped": [[0, 9]]},
        {**GOOD, "dropped": [[-3, -2]]},
        {**GOOD, "dropped": [[0.0, 1.0]]},
        {**GOOD, "dropped": [[0, 5]]},
        {**GOOD, "grid": {}},
        {**GOOD, "grid": {**GOOD["grid"], "patch": 0}},
        {**GOOD, "grid": {**GOOD["grid"], "more": 0}},
    ],
)
def test_what_is_no_saved_plan_is_one_sentence(data: Any) -> None:
    with pytest.raises(GroundingError) as caught:
        P.VisualPlan.from_dict(data)
    assert "\n" not in str(caught.value)
