"""Makes instructions of the names and boxes of labelled screens, and measures models on them."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .._siblings import grounding
from ..errors import UserError
from . import places, relations
from .models import Pointing
from .relations import Derived
from .reports import draw_misses, predictions
from .screens import KnownScreen, Thing, folded, speakable, things
from .screenspot import (
    Answer,
    Target,
    evaluate,
    load_targets,
    open_picture,
    summarize_seconds,
)
from .statistics import Share

KINDS = ("relation", "ordinal", "position", "role", "absent")
# Rules whose instructions a model gets right that looks for the name alone.
NAME_TELLS = ("besides", "once")
# How many instructions a set should give that mean something, and how many that mean nothing.
PROMISED = 300
# How many instructions of a kind are kept.
MOST = {"absent": 400}
_MOST_POSITIVE = 150


@dataclass(frozen=True)
class Phrasings:
    """What was derived of a set of rows, and the rows themselves."""

    derived: tuple[Derived, ...]
    rows: tuple[Target, ...]

    @property
    def count(self) -> int:
        """How many instructions there are to answer."""
        return len(self.derived) + len(self.rows)


def derive(
    folder: Path,
    targets: str | None = None,
    seed: int = 0,
    limit: int | None = None,
    progress: Callable[[], None] = lambda: None,
) -> Phrasings:
    """Make instructions of a folder's rows; the same seed makes the same ones."""
    rows = load_targets(folder, targets)
    known = _known_rows(folder, rows)
    reader = grounding.Reader.load()
    found: dict[str, list[list[Derived]]] = {kind: [] for kind in KINDS}
    names = _names(rows)
    vocabulary = {word for thing in things(rows) for word in re.findall(r"\w+", thing.name)}
    wanted = {(row.image, row.box) for row in rows}
    images = list(dict.fromkeys(row.image for row in rows))
    absent = 1 + -(-MOST["absent"] // len(images))
    for image in images:
        pixels = np.asarray(open_picture(folder / "images" / image))
        screen = KnownScreen(pixels, known[image], reader, vocabulary)
        rng = random.Random(f"{seed} {image}")
        others = [thing for thing in names if thing.target.image != image]
        made = [
            *relations.relations(screen, rng),
            *relations.ordinals(screen, rng),
            *places.positions(screen, rng),
            *places.roles(screen, rng),
            *places.absent(screen, others, rng, absent),
        ]
        for kind in KINDS:
            mine = [one for one in made if one.target.kind == kind and _asked_for(one, wanted)]
            rng.shuffle(mine)
            found[kind].append(mine)
        progress()
    chosen = [
        one
        for kind in KINDS
        for one in _choose(found[kind], limit or MOST.get(kind, _MOST_POSITIVE))
    ]
    if not chosen:
        raise UserError(f"{folder}: no instruction can be made of these rows, too few have names")
    own = [row for row in rows if row.box is not None]
    random.Random(seed).shuffle(own)
    return Phrasings(tuple(chosen), tuple(own[:limit]))


def _known_rows(folder: Path, rows: Sequence[Target]) -> dict[str, list[Target]]:
    """Return all rows that are known of each picture: those asked for, then the whole set's."""
    known: dict[str, list[Target]] = {}
    everything = load_targets(folder) if (folder / "targets.jsonl").is_file() else []
    for row in [*rows, *everything]:
        known.setdefault(row.image, []).append(row)
    return known


def _names(rows: Iterable[Target]) -> list[Thing]:
    """Return the things whose names may be asked for where they are not."""
    return [
        thing
        for thing in things(row for row in rows if row.kind != "icon")
        if speakable(thing.name) and not places.ICON_WORDS & set(folded(thing.name).split())
    ]


def _asked_for(one: Derived, wanted: set[tuple[str, Any]]) -> bool:
    return one.target.box is None or (one.target.image, one.target.box) in wanted


def _choose(by_screen: Sequence[Sequence[Derived]], most: int) -> list[Derived]:
    """Take from all screens in turn, seldom the same name; what a name alone tells comes last."""
    rank: dict[int, int] = {}
    seen: Counter[tuple[str, ...]] = Counter()
    made = [one for screen in by_screen for one in screen]
    for one in made:
        rule = one.how if one.target.box else ""  # of absent ones, every rule as often as made
        keys = (("screen", one.target.image, rule), ("name", one.target.name, rule))
        rank[id(one)] = sum(seen[key] for key in keys)
        seen.update(keys)
    ordered = sorted(made, key=lambda one: rank[id(one)])
    telling = [one for one in ordered if one.how not in NAME_TELLS][:most]
    easy = [one for one in ordered if one.how in NAME_TELLS]
    return telling + easy[: min(most - len(telling), most // 3)]


def too_few(made: Phrasings) -> list[str]:
    """Return a sentence for each of the two groups of instructions that is smaller than promised.

    Shares of so few say little; their intervals tell how little.
    """
    meant = sum(one.target.box is not None for one in made.derived)
    groups = {
        "that say where something is": meant,
        "that mean nothing there": len(made.derived) - meant,
    }
    return [
        f"{count} instructions {what}, fewer than {PROMISED}: give a set with more named rows"
        for what, count in groups.items()
        if count < PROMISED
    ]


def measure(
    model: Pointing,
    folder: Path,
    made: Phrasings,
    progress: Callable[[], None] = lambda: None,
    out: tuple[Path, str] | None = None,
) -> dict[str, Any]:
    """Ask a model everything; ``out`` is a folder and the name of what is written there."""
    rows = [one.target for one in made.derived]
    path, name = out or (None, "")
    with predictions(path, name, progress) as keep:
        answers = evaluate(model, folder, [*rows, *made.rows], keep)
    derived, own = answers[: len(rows)], answers[len(rows) :]
    if path is not None:
        draw_misses(path, name, folder, derived)
    groups: dict[str, list[Answer]] = {}
    for one, answer in zip(made.derived, derived, strict=True):
        groups.setdefault(one.target.kind, []).append(answer)
        groups.setdefault(f"{one.target.kind}: {one.how}", []).append(answer)
    errors = sum(a.error is not None for a in answers)
    refusals = Share.of(sum(_refused(a) for a in own), len(own)).as_dict()
    positive = [a for a in derived if a.target.box is not None]
    return {
        "n": len(answers),
        "accuracy": {
            kind: Share.of(sum(a.hit for a in groups[kind]), len(groups[kind])).as_dict()
            for kind in sorted(groups, key=_place_of_kind)
        },
        "false_refusals": {
            **refusals,
            "phrasings": Share.of(sum(map(_refused, positive)), len(positive)).as_dict(),
        },
        "seconds": summarize_seconds(answers),
        **({"errors": errors} if errors else {}),
    }


def _refused(answer: Answer) -> bool:
    return answer.point is None and answer.error is None


def _place_of_kind(kind: str) -> tuple[int, str]:
    return KINDS.index(kind.split(":")[0]), kind


def write_rows(out: Path, derived: Iterable[Derived]) -> None:
    """Write the instructions as rows that `eval screenspot --targets` reads, too."""
    out.mkdir(parents=True, exist_ok=True)
    with (out / "phrasings.jsonl").open("w", encoding="utf-8") as file:
        for one in derived:
            target = one.target
            row = {
                "img_filename": target.image,
                "instruction": target.instruction,
                "bbox": target.box,
                "also_ok": target.also_ok,
                "kind": target.kind,
                "how": one.how,
                "name": target.name,
                "role": target.role,
            }
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
