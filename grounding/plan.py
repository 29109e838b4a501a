"""Which visual tokens of a picture survive, and where markers stand for those that do not.

A budget counts tokens of the original grid. PosPad (FocusUI, section 3.3): every run of dropped
tokens, in raster order and across the ends of grid rows, leaves one marker at its last index. Kept
tokens and markers keep the positions they had.
"""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass
from functools import cached_property
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import BadBudget, GroundingError
from .grid import PatchGrid
from .types import Tokens

if TYPE_CHECKING:
    from PIL import Image

_EXAMPLES = '0.3 (a share), 400 (tokens) or "mass:0.9" (a share of the scores)'
# 0.1 * 1000 must give 100 and 0.7 * 10 must give 7: products may lie a hair under a whole number.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Share:
    """Keep this share of the tokens, above 0 and at most 1."""

    value: float

    def __post_init__(self) -> None:
        """Refuse what is no share."""
        _check_share(self.value, "a share of the tokens")


@dataclass(frozen=True, slots=True)
class Count:
    """Keep this many tokens, or all where the picture has fewer."""

    value: int

    def __post_init__(self) -> None:
        """Refuse what is no number of tokens."""
        if isinstance(self.value, bool) or not isinstance(self.value, Integral) or self.value < 1:
            raise BadBudget(
                f"A count of tokens is a whole number of at least 1, got {self.value}: "
                f"a budget is {_EXAMPLES}."
            )


@dataclass(frozen=True, slots=True)
class Mass:
    """Keep the fewest best tokens that hold this share of the scores' sum.

    A screen with one bright spot then costs less than one with many. ``least`` and ``most`` are
    shares of the tokens; scores below 0 count as 0.
    """

    mass: float
    least: float = 0.05
    most: float = 1.0

    def __post_init__(self) -> None:
        """Refuse shares that make no sense."""
        _check_share(self.mass, "a share of the scores")
        _check_share(self.least, "the least share of the tokens")
        _check_share(self.most, "the greatest share of the tokens")
        if self.least > self.most:
            raise BadBudget(
                f"The least share of the tokens must not be above the greatest, got {self.least} "
                f"and {self.most}."
            )


Budget = Share | Count | Mass


def _check_share(value: float, what: str) -> None:
    if not 0 < value <= 1:  # NaN compares false
        raise BadBudget(
            f"Expected {what} above 0 and at most 1, got {value}: a budget is {_EXAMPLES}."
        )


def parse_budget(keep: float | str | Budget) -> Budget:
    """Read a budget: 0.3, "0.3", 400, "400", "mass:0.9" or "mass:0.9:0.05-0.5" (least-most).

    Whole numbers above 1 count tokens; 1, "1" and 1.0 mean everything. `Count(1)` is one token.
    """
    if isinstance(keep, Share | Count | Mass):
        return keep
    if isinstance(keep, str):
        return _parse_text(keep.strip())
    if isinstance(keep, bool) or not isinstance(keep, Real):
        raise BadBudget(f"A budget is {_EXAMPLES}, got {keep!r}.")
    if isinstance(keep, Integral) and keep != 1:
        return Count(int(keep))
    return Share(float(keep))


def _parse_text(text: str) -> Budget:
    try:
        if text.startswith("mass:"):
            mass, _, bounds = text.removeprefix("mass:").partition(":")
            if not bounds:
                return Mass(float(mass))
            least, _, most = bounds.partition("-")
            return Mass(float(mass), float(least), float(most))
        return parse_budget(int(text) if text.isdecimal() else float(text))
    except ValueError:
        raise BadBudget(f"A budget is {_EXAMPLES}, got {text!r}.") from None


def tokens_to_keep(budget: Budget, scores: ArrayLike) -> int:
    """Return how many tokens a budget keeps: at least 1, at most as many as there are scores."""
    values = _checked(scores)
    total = len(values)
    if isinstance(budget, Count):
        return min(budget.value, total)
    if isinstance(budget, Share):
        return share_count(budget.value, total)
    least, most = share_count(budget.least, total), share_count(budget.most, total)
    weights = np.sort(np.maximum(values, 0))[::-1]
    # Without any score, all tokens weigh the same.
    weights = weights / weights[0] if weights[0] > 0 else np.ones(total)
    reached = np.cumsum(weights)
    needed = int(np.searchsorted(reached, budget.mass * reached[-1] * (1 - _ROUNDING))) + 1
    return min(max(needed, least), most)


def share_count(share: float, total: int) -> int:
    """Return how many of ``total`` tokens a share is: rounded down, at least 1."""
    return min(max(1, math.floor(share * total + _ROUNDING)), total)


def rank(scores: ArrayLike) -> NDArray[np.int64]:
    """Return the tokens from the best to the worst; of equal ones the first comes first."""
    return np.argsort(-_checked(scores), kind="stable")


def select(scores: ArrayLike, count: int) -> NDArray[np.bool_]:
    """Return the mask (M,) of the ``count`` best tokens; of equal ones the first are kept."""
    order = rank(scores)
    if not 1 <= count <= len(order):
        raise BadBudget(f"Between 1 and {len(order)} tokens can be kept, got {count}.")
    keep = np.zeros(len(order), bool)
    keep[order[:count]] = True
    return keep


def _checked(scores: ArrayLike) -> NDArray[np.float64]:
    """Return scores, of shape (M,) or (rows, columns), as (M,) numbers."""
    try:
        values = np.asarray(scores, np.float64).ravel()
    except (TypeError, ValueError):
        raise GroundingError("Scores must be numbers, one for each visual token.") from None
    if not values.size:
        raise GroundingError("There are no scores: a picture has at least one visual token.")
    if not np.isfinite(values).all():
        raise GroundingError(
            "The scores hold NaN or infinity: look at the model or the picture they come from."
        )
    return values


def dropped_runs(keep: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the first and last index (R, 2) of each run of dropped tokens."""
    steps = np.diff(np.concatenate([[True], keep.ravel(), [True]]).astype(np.int8))
    first, behind = np.flatnonzero(steps == -1), np.flatnonzero(steps == 1)
    return np.stack([first, behind - 1], axis=1).astype(np.int64)


def survivors(keep: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the indices that stay (kept tokens and markers, ascending), and which are markers."""
    stays = keep.ravel().copy()
    stays[dropped_runs(keep)[:, 1]] = True
    order = np.flatnonzero(stays).astype(np.int64)
    return order, ~keep.ravel()[order]


@dataclass(frozen=True, eq=False)
class VisualPlan:
    """The tokens of a picture that are kept: ``keep`` (M,) in raster order.

    ``scores`` (M,) is what they were chosen by, ``provenance`` who chose them.
    """

    grid: PatchGrid
    keep: NDArray[np.bool_]
    scores: NDArray[np.float32] | None = None
    provenance: str = ""

    def __post_init__(self) -> None:
        """Refuse a mask or scores of another grid."""
        if self.keep.shape != (self.grid.count,) or self.keep.dtype != np.bool_:
            raise GroundingError(
                f"A plan needs true or false for each of the {self.grid.count} tokens, got "
                f"{self.keep.dtype} of shape {self.keep.shape}."
            )
        if not self.keep.any():
            raise GroundingError("A plan must keep at least one token.")
        if self.scores is not None and self.scores.shape != self.keep.shape:
            raise GroundingError(
                f"A plan needs a score for each of the {self.grid.count} tokens, got shape "
                f"{self.scores.shape}."
            )

    @cached_property
    def runs(self) -> NDArray[np.int64]:
        """The first and last index (R, 2) of each run of dropped tokens."""
        return dropped_runs(self.keep)

    @property
    def markers(self) -> NDArray[np.int64]:
        """The indices at which a marker stands for a run."""
        return self.runs[:, 1]

    @cached_property
    def survivors(self) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """The indices that stay (kept tokens and markers, ascending), and which are markers."""
        return survivors(self.keep)

    @property
    def tokens(self) -> Tokens:
        """How many tokens there were, are kept, and the markers beside them."""
        return Tokens(self.grid.count, int(self.keep.sum()), len(self.runs))

    def draw(self, image: Any) -> Image.Image:
        """Return the picture with what is dropped dimmed and the markers on it."""
        from .drawing import draw_plan

        return draw_plan(image, self)

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold: the runs, and the scores' bytes (float32, little-endian)."""
        scores = None if self.scores is None else self.scores.astype("<f4").tobytes()
        return {
            "grid": self.grid.to_dict(),
            "dropped": self.runs.tolist(),
            "scores": None if scores is None else base64.b64encode(scores).decode("ascii"),
            "provenance": self.provenance,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> VisualPlan:
        """Read what `to_dict` wrote."""
        try:
            grid, packed = PatchGrid.from_dict(data["grid"]), data["scores"]
            keep = np.ones(grid.count, bool)
            for first, last in data["dropped"]:
                if not 0 <= first <= last < grid.count:
                    raise ValueError(f"tokens {first} to {last} of {grid.count}")
                keep[first : last + 1] = False
            scores = None
            if packed is not None:
                raw = np.frombuffer(base64.b64decode(packed, validate=True), "<f4")
                scores = raw.astype(np.float32)
            return cls(grid, keep, scores, str(data["provenance"]))
        except (KeyError, TypeError, ValueError, ArithmeticError) as error:
            raise GroundingError(f"This is no plan that was saved: {error!r}.") from error


def make_plan(
    grid: PatchGrid, scores: ArrayLike, budget: float | str | Budget, provenance: str = ""
) -> VisualPlan:
    """Keep the best tokens of a grid, exactly as many as the budget allows."""
    count = tokens_to_keep(parse_budget(budget), scores)
    keep = select(scores, count)
    return VisualPlan(grid, keep, np.asarray(scores, np.float32).ravel(), provenance)


def plan_all(grid: PatchGrid) -> VisualPlan:
    """Keep every token of a grid."""
    return VisualPlan(grid, np.ones(grid.count, bool))
