"""Which visual tokens survive, and where markers keep the places of those that do not (PosPad).

Tokens are counted in raster order. Every maximal run of dropped tokens leaves one marker, at the
place of the run's last token (FocusUI, section 3.3); runs go on from one row of the grid to the
next. Kept tokens and markers keep the positions they had in the full sequence.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import BadBudget, GroundingError
from .grid import PatchGrid
from .types import Tokens


@dataclass(frozen=True, slots=True)
class Share:
    """Keep this share of the tokens, rounded down."""

    value: float

    def __post_init__(self) -> None:
        """Refuse what is no share."""
        if not 0 < self.value <= 1:
            raise BadBudget(f"keep must be a share above 0 and at most 1, got {self.value:g}")


@dataclass(frozen=True, slots=True)
class Count:
    """Keep this many tokens; all, if there are fewer."""

    value: int

    def __post_init__(self) -> None:
        """Refuse what is no count."""
        if self.value < 1:
            raise BadBudget(f"keep must be at least 1 token, got {self.value}")


@dataclass(frozen=True, slots=True)
class Mass:
    """Keep the best tokens until they hold this share of all scores, within bounds."""

    value: float
    least: float = 0.05
    most: float = 1.0

    def __post_init__(self) -> None:
        """Refuse bounds that cannot be met."""
        if not (0 < self.value <= 1 and 0 < self.least <= self.most <= 1):
            raise BadBudget(
                "an adaptive budget is mass:SHARE or mass:SHARE:LEAST-MOST with shares above 0 and "
                f"at most 1, got mass:{self.value:g}:{self.least:g}-{self.most:g}"
            )


Budget = Share | Count | Mass


def parse_budget(keep: float | str | Budget) -> Budget:
    """Read a budget: 0.3 (a share), 400 (tokens), "mass:0.9" or "mass:0.9:0.05-0.5".

    1 and 1.0 both keep everything; whole numbers above 1 are counts.
    """
    if isinstance(keep, Share | Count | Mass):
        return keep
    if isinstance(keep, str) and keep.strip().startswith("mass:"):
        return _parse_mass(keep.strip())
    try:
        number = float(keep)
    except (TypeError, ValueError):
        number = math.nan
    if number > 1 and number == int(min(number, 1e12)):
        return Count(int(number))
    if 0 < number <= 1:
        return Share(number)
    raise BadBudget(
        "keep is a share above 0 and at most 1 (0.3), a number of tokens (400) or mass:0.9, "
        f"got {keep!r}"
    )


def _parse_mass(text: str) -> Mass:
    try:
        _, value, *bounds = text.split(":")
        if not bounds:
            return Mass(float(value))
        (both,) = bounds
        least, most = both.split("-")
        return Mass(float(value), float(least), float(most))
    except ValueError as error:
        raise BadBudget(
            f"an adaptive budget is mass:SHARE or mass:SHARE:LEAST-MOST, got {text!r}"
        ) from error


def tokens_to_keep(budget: Budget, scores: ArrayLike) -> int:
    """Return how many of the scored tokens a budget keeps: at least one, exactly K = floor(rM)."""
    values = _checked(scores)
    total = len(values)
    if isinstance(budget, Count):
        return min(budget.value, total)
    if isinstance(budget, Share):
        return _floor(budget.value, total)
    order = np.sort(values - min(0.0, float(values.min())))[::-1]
    mass = np.cumsum(order)
    if not mass[-1] > 0:
        return _floor(
            budget.most, total
        )  # scores that say nothing do not justify dropping anything
    needed = int(np.searchsorted(mass, budget.value * mass[-1] * (1 - 1e-12))) + 1
    return min(max(needed, _floor(budget.least, total)), _floor(budget.most, total))


def _floor(share: float, total: int) -> int:
    # Floating point must not turn 0.9 * 100 into 89.
    return max(1, math.floor(share * total + 1e-9))


def select(scores: ArrayLike, count: int) -> NDArray[np.bool_]:
    """Return which tokens are the ``count`` best; among equals the first ones."""
    values = _checked(scores)
    keep = np.zeros(len(values), bool)
    keep[np.argsort(-values, kind="stable")[:count]] = True
    return keep


def _checked(scores: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(scores, np.float64).ravel()
    if not values.size or not np.isfinite(values).all():
        raise GroundingError("the scores of the tokens hold NaN or infinity, or there are none")
    return values


def dropped_runs(keep: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the maximal runs (R, 2) of dropped tokens: first and last of each."""
    edges = np.diff(np.concatenate([[False], ~keep, [False]]).astype(np.int8))
    runs = np.stack([np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1], axis=1)
    return runs.astype(np.int64)


@dataclass(frozen=True, eq=False)
class VisualPlan:
    """What happens to the tokens of one image; ``keep`` (M) tells which survive."""

    grid: PatchGrid
    keep: NDArray[np.bool_]
    scores: NDArray[np.float32] | None = None
    provenance: str = ""

    def __post_init__(self) -> None:
        """Refuse masks and scores that do not fit the grid."""
        for values in (self.keep, self.scores):
            if values is not None and values.shape != (self.grid.count,):
                raise GroundingError(
                    f"a plan for {self.grid.count} tokens got an array of shape {values.shape}"
                )

    @cached_property
    def runs(self) -> NDArray[np.int64]:
        """The runs of dropped tokens: first and last of each."""
        return dropped_runs(self.keep)

    @property
    def markers(self) -> NDArray[np.int64]:
        """The places of the markers: the last token of each run."""
        return self.runs[:, 1]

    @cached_property
    def survivors(self) -> NDArray[np.int64]:
        """The places that stay in the sequence: kept tokens and markers, in order."""
        stays = self.keep.copy()
        stays[self.markers] = True
        return np.flatnonzero(stays).astype(np.int64)

    @property
    def tokens(self) -> Tokens:
        """How many tokens there were, are kept, and stand as markers."""
        return Tokens(self.grid.count, int(self.keep.sum()), len(self.runs))

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold; `from_dict` gives the same plan back."""
        return {
            "grid": self.grid.to_dict(),
            "dropped": self.runs.tolist(),
            "scores": None if self.scores is None else [float(score) for score in self.scores],
            "provenance": self.provenance,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> VisualPlan:
        """Read what `to_dict` wrote."""
        grid = PatchGrid.from_dict(data["grid"])
        keep = np.ones(grid.count, bool)
        for first, last in data["dropped"]:
            keep[first : last + 1] = False
        scores = None if data["scores"] is None else np.array(data["scores"], np.float32)
        return cls(grid, keep, scores, data["provenance"])

    def draw(self, image: Any) -> Any:
        """Return the picture with dropped tokens dimmed and markers shown."""
        from .drawing import draw_plan

        return draw_plan(image, self)


def make_plan(
    grid: PatchGrid,
    scores: ArrayLike,
    budget: Budget,
    *,
    forced: Sequence[int] = (),
    provenance: str = "",
) -> VisualPlan:
    """Plan which tokens of an image survive; ``forced`` ones do, within the same budget."""
    values = _checked(scores)
    ranked = values.copy()
    ranked[list(forced)] = values.max() + 1
    keep = select(ranked, tokens_to_keep(budget, values))
    return VisualPlan(grid, keep, values.astype(np.float32), provenance)


def keep_all(grid: PatchGrid) -> VisualPlan:
    """Plan that every token survives."""
    return VisualPlan(grid, np.ones(grid.count, bool), None, "all")
