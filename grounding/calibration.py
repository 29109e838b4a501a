"""Make a score mean what it says: fits on pairs of a score and whether the answer was right.

Fit on samples that were not trained on, a few hundred of them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import GroundingError

_EDGE = 1e-6  # scores of exactly 0 or 1 have no log odds
_STEPS = 100


@dataclass(frozen=True, slots=True)
class Calibration:
    """confidence = sigmoid(slope * log odds(score) + bias); the default changes nothing.

    ``slope`` is 1 / temperature. It is never negative, so a calibration keeps the order of scores.
    """

    slope: float = 1.0
    bias: float = 0.0

    def __post_init__(self) -> None:
        """Refuse a calibration that would turn scores around."""
        if not (isfinite(self.slope) and isfinite(self.bias) and self.slope >= 0):
            raise GroundingError(
                f"A calibration needs a slope of 0 or more and a finite bias, got {self}."
            )

    def __call__(self, score: float) -> float:
        """Return the calibrated confidence of a score between 0 and 1."""
        return float(self.apply([score])[0])

    def apply(self, scores: ArrayLike) -> NDArray[np.float64]:
        """Return the calibrated confidence of many scores."""
        return _sigmoid(self.slope * _log_odds(_scores(scores)) + self.bias)

    def to_dict(self) -> dict[str, float]:
        """Return what JSON can hold."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        try:
            return cls(float(data["slope"]), float(data["bias"]))
        except (KeyError, TypeError, ValueError):
            raise GroundingError('A calibration needs numbers "slope" and "bias".') from None


def fit_calibration(scores: ArrayLike, correct: ArrayLike) -> Calibration:
    """Fit a calibration by maximum likelihood (Platt scaling).

    Platt's softened targets (n+1)/(n+2) keep the fit finite where the scores separate perfectly or
    all answers were right. Where higher scores are not better, the slope is 0: every score then
    gets the share of right answers.
    """
    odds, right = _log_odds(_scores(scores)), _flags(correct)
    _check_pairs(odds, right)
    hits = int(right.sum())
    goal = np.where(right, (hits + 1) / (hits + 2), 1 / (len(right) - hits + 2))
    slope, bias = _fit_line(odds, goal)
    if slope <= 0:
        mean = float(goal.mean())
        return Calibration(0.0, float(np.log(mean / (1 - mean))))
    return Calibration(slope, bias)


def fit_threshold(scores: ArrayLike, positive: ArrayLike) -> float:
    """Return the threshold t for which ``score >= t`` best tells positives from the others.

    Both kinds count equally, however many there are of each: for the none key the scores are its
    probabilities and positive means that the element is absent. Among equally good thresholds it is
    the highest, which says *nothing there* least often. It lies midway between two scores.
    """
    values, flags = _scores(scores), _flags(positive)
    _check_pairs(values, flags)
    if flags.all() or not flags.any():
        raise GroundingError(
            "A threshold needs samples of both kinds: add some with and some without the element."
        )
    levels, group = np.unique(values, return_inverse=True)
    caught = np.bincount(group, weights=flags / flags.sum())[::-1].cumsum()[::-1]
    false_alarms = np.bincount(group, weights=~flags / (~flags).sum())[::-1].cumsum()[::-1]
    gain = np.append(caught - false_alarms, 0.0)  # the last: above every score
    best = int(np.flatnonzero(gain >= gain.max() - 1e-12)[-1])
    middles = (levels[:-1] + levels[1:]) / 2
    # Between neighbouring floats there is no middle.
    middles = np.where(middles > levels[:-1], middles, levels[1:])
    return float(np.r_[0.0, middles, 1.0][best])


def calibration_error(scores: ArrayLike, correct: ArrayLike, bins: int = 10) -> float:
    """Return the expected calibration error: |mean score - share correct|, averaged over bins."""
    values, right = _scores(scores), _flags(correct)
    _check_pairs(values, right)
    place = np.minimum((values * bins).astype(int), bins - 1)
    gaps = np.bincount(place, weights=values - right, minlength=bins)
    return float(np.abs(gaps).sum() / len(values))


def _fit_line(odds: NDArray[np.float64], goal: NDArray[np.float64]) -> tuple[float, float]:
    """Minimise the cross entropy of sigmoid(a x + b) against soft goals: damped Newton steps."""
    design = np.stack([odds, np.ones_like(odds)], axis=1)
    line = np.array([1.0, 0.0])
    loss = _cross_entropy(design @ line, goal)
    for _ in range(_STEPS):
        guess = _sigmoid(design @ line)
        curvature = (design.T * (guess * (1 - guess))) @ design + 1e-9 * np.eye(2)
        step = np.linalg.solve(curvature, design.T @ (goal - guess))
        size = 1.0
        while size > _EDGE and _cross_entropy(design @ (line + size * step), goal) > loss:
            size /= 2
        if size <= _EDGE:
            break
        line = line + size * step
        loss = _cross_entropy(design @ line, goal)
        if np.abs(size * step).max() < 1e-10:
            break
    return float(line[0]), float(line[1])


def _cross_entropy(odds: NDArray[np.float64], goal: NDArray[np.float64]) -> float:
    return float((np.logaddexp(0, odds) - goal * odds).sum())


def _sigmoid(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.exp(-np.logaddexp(0, -odds))


def _log_odds(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    inside = scores.clip(_EDGE, 1 - _EDGE)
    odds: NDArray[np.float64] = np.log(inside) - np.log1p(-inside)
    return odds


def _scores(scores: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(scores, np.float64).ravel()
    if not ((values >= 0) & (values <= 1)).all():  # NaN compares false
        raise GroundingError("Scores to calibrate must be numbers between 0 and 1.")
    return values


def _flags(flags: ArrayLike) -> NDArray[np.bool_]:
    values = np.asarray(flags).ravel()
    if not np.isin(values, (0, 1)).all():
        raise GroundingError("Each score to calibrate needs true or false beside it.")
    return values.astype(bool)


def _check_pairs(scores: NDArray[np.float64], flags: NDArray[np.bool_]) -> None:
    if len(scores) != len(flags) or not len(scores):
        raise GroundingError(
            f"A calibration needs as many answers as scores, got {len(flags)} for {len(scores)}."
        )
