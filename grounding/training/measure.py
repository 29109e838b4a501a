"""How well a grounder in training does: points that hit, and tokens that survive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..labels import full_coverage_budget, recall_at
from ..plan import Share
from .records import Record
from .trainee import Trainee

SHARES = (0.1, 0.3, 0.5)


@dataclass(frozen=True)
class Measured:
    """Means over records. ``accuracy`` and ``recall`` are by the share of tokens that is kept.

    ``recall`` is the part of the target's tokens among the best of the fused scores, ``budget`` the
    least share that loses none of them; both count the ``present`` records, whose element is there.
    """

    records: int
    present: int
    accuracy: dict[str, float]
    recall: dict[str, float]
    budget: float


def measure(
    trainee: Trainee, records: Sequence[Record], keeps: Sequence[float] = (1.0, 0.5, 0.3)
) -> Measured:
    """Ask the model, as it is now, for every record at every share of tokens."""
    accuracy: dict[str, float] = {}
    recalls: dict[str, list[float]] = {f"{share:g}": [] for share in SHARES}
    budgets: list[float] = []
    for keep in keeps:
        grounder = trainee.grounder(Share(keep))
        hits = 0
        for record in records:
            answer = grounder.ground(record.image, record.instruction)
            if record.box is None:
                hits += not answer.found
                continue
            hits += answer.point is not None and record.box.contains(answer.point)
            plan = answer.plan
            if plan is None or plan.scores is None or keep != min(keeps):
                continue
            wanted = np.zeros(plan.grid.count, bool)
            wanted[plan.grid.tokens_in(record.box)] = True
            budgets.append(full_coverage_budget(plan.scores, wanted))
            for share, found in zip(SHARES, recalls.values(), strict=True):
                found.append(recall_at(plan.scores, wanted, share))
        accuracy[f"{keep:g}"] = round(hits / len(records), 4)
    return Measured(
        len(records),
        len(budgets),
        accuracy,
        {share: round(float(np.mean(found)), 4) for share, found in recalls.items() if found},
        round(float(np.mean(budgets)), 4) if budgets else 1.0,
    )
