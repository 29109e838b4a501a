"""The rows of the default model's ablation, and its table (see `default_ablation.py`)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from focusagent.evaluation.statistics import Share
from grounding.types import Box, Point

# What answers without a nano model: parts of the default model, and all of it.
PARTS = ("reader", "icons", "evidence", "no_reader", "rules")
# The rows on which a whole model must beat rule fusion by 20 points.
HARD = ("field", "relation", "ordinal", "absent")
Spot = tuple[float, float] | None


@dataclass(frozen=True)
class Row:
    """An instruction, the boxes (shares of the picture) that are right, and what was answered.

    ``evidence`` is the better of reader and icons; ``no_reader`` the rules without any text.
    """

    of: str
    kind: str
    instruction: str
    boxes: tuple[tuple[float, float, float, float], ...]
    reader: Spot
    icons: Spot
    evidence: Spot
    no_reader: Spot
    rules: Spot
    sure: float

    def hit(self, spot: Spot) -> bool:
        """Tell whether a place is right; where nothing is there, only none is."""
        if spot is None or not self.boxes:
            return spot is None and not self.boxes
        return any(Box(*box).contains(Point(*spot)) for box in self.boxes)


Answers = list[tuple[Row, Spot]]


def load_rows(path: Path) -> list[Row]:
    """Read the rows that `prepare` wrote."""
    rows = json.loads(path.read_text(encoding="utf-8"))
    if not all(row.keys() >= set(PARTS) for row in rows):
        raise SystemExit(f"{path} is of an earlier version: choose another --out")
    for row in rows:
        row["boxes"] = tuple(tuple(box) for box in row["boxes"])
        for name in PARTS:
            row[name] = None if row[name] is None else tuple(row[name])
    return [Row(**row) for row in rows]


def shares(answers: Answers) -> dict[str, dict[str, Any]]:
    """Return the share of hits by kind."""
    groups: dict[str, list[bool]] = {}
    for row, spot in answers:
        names = [row.of, f"{row.of}: {row.kind}"]
        names += ["field, relation, ordinal, absent"] * (row.kind in HARD)
        for group in names:
            groups.setdefault(group, []).append(row.hit(spot))
        if row.boxes:
            groups.setdefault("false refusals", []).append(spot is None)
    return {group: Share.of(sum(hits), len(hits)).as_dict() for group, hits in groups.items()}


def together(nano: Answers, least: float) -> Answers:
    """Return the rules' answers, and the nano model's where they refuse or are less sure."""
    return [
        (row, row.rules if row.rules is not None and row.sure >= least else spot)
        for row, spot in nano
    ]


def markdown(found: dict[str, dict[str, Any]]) -> str:
    """Return the table in Markdown: a row a kind, a column a model."""
    groups = sorted({group for one in found.values() for group in one})
    lines = ["| | " + " | ".join(found) + " |", "|---" * (len(found) + 1) + "|"]
    for group in groups:
        cells = [one.get(group) for one in found.values()]
        told = [
            f"{100 * c['value']:.0f} [{100 * c['low']:.0f}-{100 * c['high']:.0f}] n {c['n']}"
            if c
            else "-"
            for c in cells
        ]
        lines.append(f"| {group} | " + " | ".join(told) + " |")
    return "\n".join(lines)
