"""The text that names how visual tokens are compressed, as ``--compress`` takes it.

    spec   = stage { "+" stage }          "focus", "uigraph:400", "focus:mass:0.9:0.05-0.5"
    stage  = name [ ":" budget ]

A stage works before the vision tower (it drops pixels) or after it (it scores tokens, and the best
stay). A stage that names no budget takes the one of ``keep``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .errors import BadBudget
from .plan import Budget, Share, parse_budget

# What a compressor keeps when nobody says: the published models lose 0.1 to 1.8 points there.
DEFAULT_BUDGET = Share(0.5)
EVERYTHING = Share(1.0)


@dataclass(frozen=True, slots=True)
class Stage:
    """What a name in a spec stands for; ``budgeted`` stages choose as many tokens as told."""

    place: Literal["before", "after"]
    budgeted: bool
    meaning: str


# A later stage is one more line here, and its code where its place is.
STAGES = {
    "focus": Stage("after", True, "learned scores, evidence and the UI graph, fused"),
    "uigraph": Stage("after", True, "the UI graph alone, which needs no training"),
    "none": Stage("after", False, "every token stays"),
}


@dataclass(frozen=True, slots=True)
class Compression:
    """What a spec asks for: stages before the tower, then a scorer and how much of it to keep."""

    scorer: str = "none"
    budget: Budget = EVERYTHING
    before: tuple[str, ...] = ()


def parse_compress(
    spec: str | None = None, keep: float | str | Budget | None = None
) -> Compression:
    """Read a spec and the budget for a stage that names none; ``keep`` alone means "focus"."""
    if spec is None:
        return Compression() if keep is None else Compression("focus", parse_budget(keep))
    stages = [_parse_stage(part, spec) for part in spec.split("+")]
    own = [budget for _, budget in stages if budget is not None]
    if own and keep is not None:
        raise BadBudget(f'"{spec}" names its own budget: leave out keep, or the budget.')
    names = [name for name, _ in stages]
    before = tuple(name for name in names if STAGES[name].place == "before")
    after = names[len(before) :]
    if names != [*before, *after] or len(after) > 1 or len(set(before)) < len(before):
        raise BadBudget(
            f'"{spec}" must name stages before the vision tower once each, then at most one after '
            "it."
        )
    scorer = after[0] if after else "none"
    if not STAGES[scorer].budgeted:
        if keep is not None:
            raise BadBudget(
                f'"{spec}" keeps every token: leave out keep, or compress with "focus".'
            )
        return Compression(scorer, EVERYTHING, before)
    if own:
        return Compression(scorer, own[0], before)
    return Compression(scorer, DEFAULT_BUDGET if keep is None else parse_budget(keep), before)


def _parse_stage(part: str, spec: str) -> tuple[str, Budget | None]:
    name, colon, budget = part.strip().partition(":")
    if name not in STAGES:
        known = "; ".join(f"{known} ({stage.meaning})" for known, stage in STAGES.items())
        raise BadBudget(f'"{spec}" names no known compressor "{name}": there are {known}.')
    if not colon:
        return name, None
    if not STAGES[name].budgeted:
        raise BadBudget(f'"{name}" takes no budget, got "{part.strip()}".')
    return name, parse_budget(budget)
