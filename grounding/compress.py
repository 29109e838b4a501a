"""Compressors by name: what ranks the visual tokens, and how many survive."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import BadBudget
from .plan import Budget, Share, parse_budget

# What ranks the tokens after the vision tower.
COMPRESSORS = {
    "focus": "the learned scorer, fused with the UI graph and the reader's evidence where present",
    "uigraph": "the UI graph alone; needs no training",
    "none": "nothing: every token survives",
}


@dataclass(frozen=True, slots=True)
class Compression:
    """A compressor's name and its budget."""

    name: str
    budget: Budget


def parse_compress(spec: str | None, keep: float | str | Budget | None = None) -> Compression:
    """Read a compressor's spec, NAME or NAME:BUDGET, with ``keep`` for one that names none.

    Without a spec it is "focus"; without any budget everything survives.
    """
    name, _, own = (spec or "focus").strip().partition(":")
    if name not in COMPRESSORS:
        known = ", ".join(COMPRESSORS)
        raise BadBudget(f"unknown compressor {name!r}: choose from {known}")
    if own and keep is not None:
        raise BadBudget(
            f"the compressor {spec!r} has its own budget: leave keep out, or the budget"
        )
    if name == "none" and (own or keep is not None):
        raise BadBudget("the compressor none keeps everything: leave the budget out")
    chosen = own or keep
    return Compression(name, Share(1.0) if chosen is None else parse_budget(chosen))
