"""Budgets, selection and PosPad, against plain loops."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from grounding import plan as planning
from grounding.errors import BadBudget, GroundingError
from grounding.grid import PatchGrid
from grounding.plan import (
    Count,
    Mass,
    Share,
    VisualPlan,
    dropped_runs,
    make_plan,
    parse_budget,
    plan_all,
    rank,
    select,
    survivors,
    tokens_to_keep,
)

masks = arrays.arrays(bool, st.integers(1, 60))
scores = arrays.arrays(
    np.float32, st.integers(1, 60), elements=st.sampled_from([-1.0, 0.0, 0.25, 0.5, 1.0])
)


def grid_of(columns: int, rows: int) -> PatchGrid:
    return PatchGrid(columns * 20, rows * 20, columns * 28, rows * 28, 14, 2)


def runs_by_hand(keep: list[bool]) -> list[list[int]]:
    runs: list[list[int]] = []
    for index, kept in enumerate(keep):
        if kept:
            continue
        if runs and runs[-1][1] == index - 1:
            runs[-1][1] = index
        else:
            runs.append([index, index])
    return runs


@pytest.mark.parametrize(
    ("keep", "budget"),
    [
        (0.3, Share(0.3)),
        ("0.3", Share(0.3)),
        (" 0.3 ", Share(0.3)),
        (400, Count(400)),
        ("400", Count(400)),
        (np.int64(400), Count(400)),
        (np.float32(0.5), Share(0.5)),
        (1, Share(1.0)),
        ("1", Share(1.0)),
        (1.0, Share(1.0)),
        ("1.0", Share(1.0)),
        ("mass:0.9", Mass(0.9)),
        ("mass:0.9:0.05-0.5", Mass(0.9, 0.05, 0.5)),
        (Count(1), Count(1)),
    ],
)
def test_budgets_are_read(keep: Any, budget: Any) -> None:
    assert parse_budget(keep) == budget


@pytest.mark.parametrize(
    "keep",
    [0, 0.0, 1.5, "1.5", -0.1, -3, -(10**400), "0", "-1", math.nan, "nan", math.inf, "inf", "", "x"]
    + ["0.3x", "mass:", "mass:0", "mass:1.1", "mass:nan", "mass:0.9:0.5", "mass:0.9:0.5-0.1"]
    + ["mass:0.9:0-1", "mass:0.9:0.1-0.2-0.3", 400.0, True, None, [0.3]],
)
def test_what_is_no_budget_is_refused_in_one_sentence(keep: Any) -> None:
    with pytest.raises(BadBudget) as caught:
        parse_budget(keep)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")


@settings(deadline=None)
@given(st.integers(1, 1000), st.integers(1, 20_000))
def test_a_share_is_exact(thousandths: Any, total: Any) -> None:
    exact = max(1, math.floor(Fraction(thousandths, 1000) * total))
    assert planning.share_count(thousandths / 1000, total) == exact
    # As a user may compute it from what is dropped, where floats are a hair off.
    assert planning.share_count(1 - (1000 - thousandths) / 1000, total) == exact


@settings(deadline=None)
@given(scores, st.integers(1, 100))
def test_a_count_is_met_or_everything(values: Any, count: Any) -> None:
    assert tokens_to_keep(Count(count), values) == min(count, len(values))


@settings(deadline=None)
@given(
    arrays.arrays(np.float64, st.integers(1, 50), elements=st.floats(-1, 1)),
    st.floats(0.01, 1),
    st.floats(0.01, 1),
    st.floats(0.01, 1),
)
def test_mass_keeps_the_fewest_that_hold_it(values: Any, mass: Any, one: Any, other: Any) -> None:
    least, most = sorted((one, other))
    kept = tokens_to_keep(Mass(mass, least, most), values)
    total = len(values)
    weights = sorted((max(value, 0) for value in values), reverse=True)
    if sum(weights) == 0:
        weights = [1.0] * total
    low, high = planning.share_count(least, total), planning.share_count(most, total)
    assert low <= kept <= high
    goal = mass * sum(weights)
    slack = 1e-8 * sum(weights)
    if kept < high:
        assert sum(weights[:kept]) >= goal - slack
    if kept > low:
        assert sum(weights[: kept - 1]) < goal + slack


def test_mass_adapts_to_the_screen() -> None:
    spot, even = np.full(1000, 1e-6), np.full(1000, 0.5)
    spot[500] = 1.0
    assert tokens_to_keep(Mass(0.9, least=0.001), spot) == 1
    assert tokens_to_keep(Mass(0.9), spot) == 50
    assert tokens_to_keep(Mass(0.9), even) == 900
    assert tokens_to_keep(Mass(0.9, 0.05, 0.5), even) == 500
    assert tokens_to_keep(Mass(0.9), np.zeros(10)) == 9


@settings(deadline=None)
@given(scores, st.data())
def test_selection_is_exact_and_ties_go_to_the_first(values: Any, data: Any) -> None:
    count = data.draw(st.integers(1, len(values)))
    keep = select(values, count)
    by_hand = sorted(range(len(values)), key=lambda index: (-values[index], index))
    assert rank(values).tolist() == by_hand
    assert np.flatnonzero(keep).tolist() == sorted(by_hand[:count])


def test_whole_numbers_and_flags_rank_as_their_values() -> None:
    assert rank(np.array([1, 3, 2], np.uint8)).tolist() == [1, 2, 0]
    assert rank(np.array([False, True])).tolist() == [1, 0]
    assert select(np.array([[0.1, 0.9], [0.5, 0.2]]), 2).tolist() == [False, True, True, False]


@pytest.mark.parametrize("bad", [[0.1, math.nan], [0.1, math.inf], [], ["x"], None, [[1], [1, 2]]])
@pytest.mark.parametrize("use", [lambda s: select(s, 1), lambda s: tokens_to_keep(Share(0.5), s)])
def test_scores_that_are_no_numbers_are_refused(bad: Any, use: Any) -> None:
    with pytest.raises(GroundingError):
        use(bad)


@pytest.mark.parametrize("count", [0, -1, 4])
def test_a_selection_of_too_few_or_many_is_refused(count: Any) -> None:
    with pytest.raises(BadBudget):
        select([0.1, 0.2, 0.3], count)


@settings(deadline=None)
@given(masks)
def test_runs_are_those_of_a_loop(keep: Any) -> None:
    assert dropped_runs(keep).tolist() == runs_by_hand(keep.tolist())


@settings(deadline=None)
@given(masks)
def test_survivors_are_the_kept_and_one_marker_at_each_runs_end(keep: Any) -> None:
    order, is_marker = survivors(keep)
    ends = [last for _, last in runs_by_hand(keep.tolist())]
    assert order.dtype == np.int64
    assert order.tolist() == sorted([*np.flatnonzero(keep).tolist(), *ends])
    assert order[is_marker].tolist() == ends
    # The paper's length: M - (dropped - runs).
    assert len(order) == len(keep) - ((~keep).sum() - len(ends))


def test_runs_wrap_across_rows_of_the_grid() -> None:
    keep = np.array([[True, False, False], [False, True, False], [False, False, False]])
    assert dropped_runs(keep).tolist() == [[1, 3], [5, 8]]
    plan = VisualPlan(grid_of(3, 3), keep.ravel())
    assert plan.markers.tolist() == [3, 8]
    assert plan.survivors[0].tolist() == [0, 3, 4, 8]
    assert (plan.tokens.before, plan.tokens.after, plan.tokens.markers) == (9, 2, 2)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 8), st.integers(1, 8), st.data())
def test_a_plan_survives_json(columns: Any, rows: Any, data: Any) -> None:
    total = columns * rows
    keep = data.draw(arrays.arrays(bool, total))
    keep[data.draw(st.integers(0, total - 1))] = True
    held: NDArray[np.float32] | None = data.draw(
        st.none() | arrays.arrays(np.float32, total, elements=st.floats(width=32, allow_nan=False))
    )
    plan = VisualPlan(grid_of(columns, rows), keep, held, "focus")
    again = VisualPlan.from_dict(json.loads(json.dumps(plan.to_dict())))
    assert again.grid == plan.grid
    assert again.provenance == "focus"
    assert np.array_equal(again.keep, keep)
    if held is None:
        assert again.scores is None
    else:
        assert again.scores is not None
        assert again.scores.dtype == np.float32
        assert again.scores.tobytes() == held.tobytes()


def test_what_was_saved_is_compact() -> None:
    grid = grid_of(80, 50)
    plan = make_plan(grid, np.arange(grid.count), 0.3)
    saved = json.dumps(VisualPlan(grid, plan.keep).to_dict())
    assert len(saved) < 250


@pytest.mark.parametrize(
    "change",
    [{"grid": None}, {"dropped": [[0]]}, {"dropped": [[0, 5]]}, {"dropped": None}]
    + [{"dropped": [[0, 9]]}, {"dropped": [[-3, -2]]}, {"dropped": [[0.0, 1.0]]}]
    + [{"scores": "!"}, {"scores": "AAAA"}, {"scores": 3}, {"grid": {"width": 3}}],
)
def test_a_damaged_plan_is_refused(change: dict[str, Any]) -> None:
    saved = plan_all(grid_of(3, 2)).to_dict()
    with pytest.raises(GroundingError):
        VisualPlan.from_dict(saved | change)
    bad: list[Any] = [{}, [], None, saved | {"grid": saved["grid"] | {"patch": 0}}]
    for nothing in bad:
        with pytest.raises(GroundingError):
            VisualPlan.from_dict(nothing)


def test_a_plan_of_another_grid_is_refused() -> None:
    grid = grid_of(3, 2)
    bad: list[Any] = [np.ones(5, bool), np.ones((2, 3), bool), np.ones(6), np.zeros(6, bool)]
    for keep in bad:
        with pytest.raises(GroundingError):
            VisualPlan(grid, keep)
    with pytest.raises(GroundingError):
        VisualPlan(grid, np.ones(6, bool), np.ones(5, np.float32))
    with pytest.raises(GroundingError):
        make_plan(grid, np.ones(5), 0.5)


@settings(deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.sampled_from([0.1, 0.3, 0.5, 0.75, 1.0, 7]))
def test_a_plan_keeps_exactly_its_budget(columns: Any, rows: Any, keep: Any) -> None:
    grid = grid_of(columns, rows)
    values = np.random.default_rng(columns).random((rows, columns))
    plan = make_plan(grid, values, keep, "test")
    assert plan.tokens.after == tokens_to_keep(parse_budget(keep), values)
    assert plan.scores is not None
    assert plan.scores.shape == (grid.count,)
    if keep == 1.0:
        assert np.array_equal(plan.keep, plan_all(grid).keep)
        assert plan.tokens.markers == 0


@pytest.mark.parametrize("value", [0, -3, math.nan, 2.5, True])
def test_a_count_is_a_whole_number_of_tokens(value: Any) -> None:
    with pytest.raises(BadBudget):
        Count(value)


@settings(deadline=None)
@given(scores, st.floats(0.01, 1), st.floats(0.01, 1))
def test_a_larger_budget_keeps_what_a_smaller_one_keeps(values: Any, one: Any, two: Any) -> None:
    for kind in (Share, Mass):
        small, large = (
            select(values, tokens_to_keep(kind(share), values)) for share in sorted((one, two))
        )
        assert not np.any(small & ~large)


@pytest.mark.parametrize("size", [1e-300, 1e-40, 1e300])
def test_a_mass_does_not_depend_on_the_scale(size: Any) -> None:
    values = np.array([5.0, 1, 1, 1, 1, 1])
    assert tokens_to_keep(Mass(0.5), values * size) == 1
    assert tokens_to_keep(Mass(0.6), values * size) == 2
