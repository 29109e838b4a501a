"""A calibrated score means what it says; thresholds are the best there are; nothing is guessed."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from grounding.calibration import Calibration, calibration_error, fit_calibration, fit_threshold
from grounding.errors import GroundingError


def overconfident(count: int, slope: float, bias: float, seed: int) -> tuple[Any, Any]:
    """Scores, and answers that are right as often as the calibration (slope, bias) says."""
    random = np.random.default_rng(seed)
    scores = random.uniform(0.001, 0.999, count)
    return scores, random.uniform(size=count) < Calibration(slope, bias).apply(scores)


@pytest.mark.parametrize(("slope", "bias"), [(0.4, -0.5), (1.0, 0.0), (2.5, 1.0)])
def test_the_fit_finds_the_calibration_the_answers_were_drawn_from(
    slope: float, bias: float
) -> None:
    found = fit_calibration(*overconfident(20_000, slope, bias, 0))
    assert found.slope == pytest.approx(slope, rel=0.08)
    assert found.bias == pytest.approx(bias, abs=0.08)


def test_calibrated_scores_are_right_as_often_as_they_say_on_samples_not_fitted() -> None:
    found = fit_calibration(*overconfident(2_000, 0.4, -0.5, 0))
    scores, correct = overconfident(20_000, 0.4, -0.5, 1)
    assert calibration_error(scores, correct) > 0.1
    assert calibration_error(found.apply(scores), correct) < 0.02


def test_no_neighbour_fits_better() -> None:
    scores, correct = overconfident(300, 0.7, 0.3, 2)
    found = fit_calibration(scores, correct)
    hits = correct.sum()
    goal = np.where(correct, (hits + 1) / (hits + 2), 1 / (len(correct) - hits + 2))

    def loss(slope: float, bias: float) -> float:
        guess = Calibration(slope, bias).apply(scores)
        return float(-(goal * np.log(guess) + (1 - goal) * np.log(1 - guess)).sum())

    best = loss(found.slope, found.bias)
    for slope, bias in [(0.01, 0), (-0.01, 0), (0, 0.01), (0, -0.01), (0.01, 0.01), (-0.01, -0.01)]:
        assert loss(found.slope + slope, found.bias + bias) > best


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40))
@settings(max_examples=150, deadline=None)
def test_any_pairs_give_a_calibration_that_keeps_the_order(pairs: list[tuple[float, bool]]) -> None:
    found = fit_calibration([score for score, _ in pairs], [flag for _, flag in pairs])
    answers = found.apply(np.linspace(0, 1, 50))
    assert (np.diff(answers) >= 0).all()
    assert ((answers >= 0) & (answers <= 1)).all()


def test_scores_that_say_nothing_or_the_opposite_get_the_share_of_right_answers() -> None:
    scores = np.linspace(0.01, 0.99, 300)
    opposite = fit_calibration(scores, scores < 0.3)
    assert opposite.slope == 0
    assert opposite(0.9) == pytest.approx(0.3, abs=0.02)
    same = fit_calibration(np.full(300, 0.7), np.arange(300) % 4 == 0)
    assert same(0.7) == pytest.approx(0.25, abs=0.02)
    always = fit_calibration(scores, np.ones(300))
    assert 0.95 < always(0.5) < 1


def test_the_default_changes_nothing_and_json_keeps_it() -> None:
    assert Calibration().apply([0.0, 0.25, 1.0]) == pytest.approx([0, 0.25, 1], abs=1e-5)
    made = Calibration(0.3, -1.25)
    assert Calibration.from_dict(json.loads(json.dumps(made.to_dict()))) == made


def plain_threshold(scores: NDArray[np.float64], flags: NDArray[np.bool_]) -> float:
    """Try every threshold there could be, from low to high; keep the last of the best."""
    levels = sorted(set(scores.tolist()))
    tries = [0.0, *((a + b) / 2 for a, b in zip(levels, levels[1:], strict=False)), 1.0]
    best, chosen = -np.inf, 0.0
    for threshold in tries:
        said = scores >= threshold if threshold < 1 else np.zeros(len(scores), bool)
        gain = said[flags].mean() - said[~flags].mean()
        if gain >= best - 1e-12:
            best, chosen = gain, threshold
    return chosen


@given(st.integers(0, 10_000), st.integers(2, 40), st.sampled_from([5, 100]))
@settings(max_examples=150, deadline=None)
def test_the_threshold_is_the_best_of_all(seed: int, count: int, levels: int) -> None:
    random = np.random.default_rng(seed)
    scores = random.integers(0, levels + 1, count) / levels
    flags = random.uniform(size=count) < scores * 0.7 + 0.1
    flags[0], flags[1] = True, False
    assert fit_threshold(scores, flags) == pytest.approx(plain_threshold(scores, flags))


def test_both_kinds_count_equally_and_neighbouring_floats_are_told_apart() -> None:
    scores = np.r_[np.full(990, 0.1), np.full(10, 0.4)]  # one in a hundred is absent
    assert fit_threshold(scores, scores > 0.2) == pytest.approx(0.25)
    low = 0.5
    high = float(np.nextafter(low, 1))
    assert low < fit_threshold([low, high], [False, True]) <= high


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: fit_calibration([0.5, np.nan], [1, 0]), "between 0 and 1"),
        (lambda: fit_calibration([0.5, 1.5], [1, 0]), "between 0 and 1"),
        (lambda: fit_calibration([0.5], [1, 0]), "as many answers as scores"),
        (lambda: fit_calibration([], []), "as many answers as scores"),
        (lambda: fit_calibration([0.5], [2]), "true or false"),
        (lambda: fit_threshold([0.5, 0.6], [1, 1]), "both kinds"),
        (lambda: calibration_error([0.5], []), "as many answers as scores"),
        (lambda: Calibration(slope=-1), "slope of 0 or more"),
        (lambda: Calibration(bias=np.nan), "finite bias"),
        (lambda: Calibration.from_dict({"slope": 1}), '"slope" and "bias"'),
        (lambda: Calibration.from_dict({"slope": "x", "bias": 0}), '"slope" and "bias"'),
    ],
)
def test_bad_input_is_refused_in_a_sentence(call: Any, says: str) -> None:
    with pytest.raises(GroundingError, match=says):
        call()
