"""What each part of the default model is worth, and whether a nano VLM would add anything.

    python benchmarks/default_ablation.py REALPAGES PHRASINGS PAGES --nano MODEL --out WORK

REALPAGES is a folder with images and targets_balanced.jsonl, PHRASINGS the file that `focusagent
eval phrasings REALPAGES --out` writes, PAGES a folder of generated test pages, MODEL a nano model's
folder (`focusagent train nano`). Screens are read once and kept in WORK, so that the next run is
quick; --screens says how many real ones. Prints a table in Markdown, and writes WORK/table.json.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

try:
    from .pospad_variants import treated
except ImportError:  # run as a script
    from pospad_variants import treated  # type: ignore[no-redef]

from focusagent.datagen.instructions import choose, instructions
from focusagent.evaluation.screenspot import Target, load_targets, open_picture
from focusagent.evaluation.statistics import Share
from grounding.backbones.backbone import Backbone
from grounding.backbones.compact import Compact, Prompt
from grounding.backbones.tower import TowerOutput
from grounding.compress import parse_compress
from grounding.evidence import phrases, text_evidence
from grounding.grid import Preprocessing, resized
from grounding.grounders.default import DefaultGrounder
from grounding.grounders.eyes import Clock, Look
from grounding.icons.evidence import icon_evidence
from grounding.loading import load_grounder
from grounding.nano.evidence import ScreenEvidence
from grounding.nano.grounder import NanoGrounder, NanoScreen
from grounding.plan import VisualPlan
from grounding.training.lessons import Asked, Lesson, load_lesson, save_lesson
from grounding.training.pages import load_page, page_names
from grounding.types import Box, Point

SETS = ("real pages", "phrasings", "generated")
# The rows on which a whole model must beat rule fusion by 20 points.
HARD = ("field", "relation", "ordinal", "absent")
KEEPS = (1.0, 0.5, 0.3)
# Below this confidence the rules count as unsure.
UNSURE = (0.0, 0.5, 0.7)
Spot = tuple[float, float] | None


@dataclass(frozen=True)
class Row:
    """An instruction, the boxes (shares of the picture) that are right, and what rules answered."""

    of: str
    kind: str
    instruction: str
    boxes: tuple[tuple[float, float, float, float], ...]
    reader: Spot
    icons: Spot
    rules: Spot
    sure: float

    def hit(self, spot: Spot) -> bool:
        """Tell whether a place is right; where nothing is there, only none is."""
        if spot is None or not self.boxes:
            return spot is None and not self.boxes
        return any(Box(*box).contains(Point(*spot)) for box in self.boxes)


@dataclass(frozen=True)
class KnownEvidence:
    """Features that were made before, by instruction."""

    known: dict[str, np.ndarray]

    def features(self, instruction: str, columns: int, rows: int) -> np.ndarray:
        """Return those of an instruction."""
        return self.known[instruction]


class Direct(Backbone):
    """A backbone that leaves nothing in the place of dropped tokens: no PosPad."""

    def compact(
        self,
        prompts: Sequence[Prompt],
        encoded: TowerOutput,
        plans: Sequence[VisualPlan],
        marker: int,
    ) -> Compact:
        """Make the shortened sequence of one prompt."""
        return treated(self.model, prompts, encoded, plans, marker, "direct")


def screens(
    real: Path, phrasings: Path, pages: Path, count: int, seed: int
) -> Iterator[tuple[str, Callable[[], Image.Image], list[tuple[str, Target]]]]:
    """Yield name, picture and rows of each screen."""
    rows = [("real pages", row) for row in load_targets(real, "targets_balanced.jsonl")]
    rows += [("phrasings", row) for row in load_targets(real, str(phrasings))]
    images = sorted({row.image for _, row in rows})
    for image in random.Random(seed).sample(images, min(count, len(images))):
        mine = [(of, row) for of, row in rows if row.image == image]
        yield Path(image).stem, partial(open_picture, real / "images" / image), mine
    for name in page_names(pages):
        page = load_page(pages, name)
        chosen = choose(instructions(page, f"{seed}/{name}"), 11, random.Random(seed))
        picture = Image.fromarray(page.image)
        made = [("generated", one.target) for one in chosen]
        yield f"page-{name}", partial(Image.Image.copy, picture), made


def prepare(out: Path, how: Preprocessing, every: Iterator[Any]) -> list[Path]:
    """Read each screen once, ask the parts that need no VLM, keep all; returns the files."""
    out.mkdir(parents=True, exist_ok=True)
    made = []
    with DefaultGrounder() as rules:
        for name, picture, targets in every:
            path = out / f"{name}.json"
            made.append(path)
            if not path.exists():
                rows, lesson = _prepared(rules, how, picture(), targets)
                save_lesson(lesson, out, name)
                path.write_text(json.dumps([asdict(row) for row in rows]), encoding="utf-8")
                print(f"read {name}: {len(rows)} rows", flush=True)
    return made


def _prepared(
    rules: DefaultGrounder,
    how: Preprocessing,
    image: Image.Image,
    targets: list[tuple[str, Target]],
) -> tuple[list[Row], Lesson]:
    screen = rules.screen(image)
    scene = screen.scene
    assert scene.icons is not None
    evidence = ScreenEvidence(scene.screen, scene.icons)
    small, grid = resized(image, how)
    rows, asked, features = [], [], []
    for of, target in targets:
        text = target.instruction
        found = screen.ground(text)
        sides = [] if target.box is None else [target.box, *target.also_ok]
        boxes = [Box.from_pixels(*box, image.size) for box in sides]
        written = text_evidence(scene.screen, phrases(text), (1, 1)).spans
        drawn = icon_evidence(scene.icons, phrases(text), (1, 1)).spans
        rows.append(
            Row(
                of,
                target.kind,
                text,
                tuple((box.x1, box.y1, box.x2, box.y2) for box in boxes),
                _spot(written[0].parts[0].center if written else None),
                _spot(drawn[0].parts[0].center if drawn else None),
                _spot(found.point),
                found.confidence,
            )
        )
        asked.append(Asked(text, boxes[0] if boxes else None, target.kind))
        coded = evidence.features(text, grid.columns, grid.rows) * 255
        features.append(np.rint(coded).astype(np.uint8))
    return rows, Lesson(np.asarray(small), tuple(asked), np.stack(features))


def _spot(point: Point | None) -> Spot:
    return None if point is None else (point.x, point.y)


def load_rows(path: Path) -> list[Row]:
    """Read the rows that `prepare` wrote."""
    rows = json.loads(path.read_text(encoding="utf-8"))
    for row in rows:
        row["boxes"] = tuple(tuple(box) for box in row["boxes"])
        for name in ("reader", "icons", "rules"):
            row[name] = None if row[name] is None else tuple(row[name])
    return [Row(**row) for row in rows]


def variants(nano: NanoGrounder) -> dict[str, NanoGrounder]:
    """Return the nano model at every budget, with and without PosPad, and without reading."""
    eyes, _, _ = nano.parts
    found = {}
    for keep in KEEPS:
        kept = replace(eyes, compression=parse_compress(keep=keep))
        found[f"nano, keep {keep:g}"] = nano.variant(kept)
        if keep < 1:
            direct = replace(kept, backbone=Direct(eyes.backbone.model))
            found[f"nano, keep {keep:g}, no PosPad"] = nano.variant(direct)
    found["nano, keep 1, no reader"] = nano.variant(eyes, blind=True)
    return found


def ask(nano: NanoGrounder, paths: Sequence[Path]) -> tuple[dict[str, list[Spot]], float]:
    """Ask every variant everything; returns answers and CPU seconds of an answer (keep 1)."""
    asked = variants(nano)
    answers: dict[str, list[Spot]] = {name: [] for name in asked}
    spent, eyes = 0.0, nano.parts[0]
    for path in paths:
        rows, lesson = load_rows(path), load_lesson(path.with_suffix(".npz"))
        image = Image.fromarray(lesson.image)
        known = {
            row.instruction: coded.astype(np.float32) / 255
            for row, coded in zip(rows, lesson.features, strict=True)
        }
        seen = eyes.look([(image, "look")], Clock())
        look: Look = seen.looks[0]
        for name, variant in asked.items():
            tokens = seen.encoded.tokens[0].detach()
            screen = NanoScreen(variant, look, tokens, KnownEvidence(known))
            started = time.process_time()
            answers[name] += [_spot(screen.ground(row.instruction).point) for row in rows]
            spent += (time.process_time() - started) * (name == "nano, keep 1")
        print(f"asked {path.stem}", flush=True)
    return answers, spent / max(1, sum(len(found) for found in answers.values()) / len(answers))


def table(rows: Sequence[Row], answers: dict[str, list[Spot]]) -> dict[str, dict[str, Any]]:
    """Return for each model its share of hits by kind."""
    found: dict[str, dict[str, Any]] = {}
    for name, spots in answers.items():
        groups: dict[str, list[bool]] = {}
        for row, spot in zip(rows, spots, strict=True):
            hit = row.hit(spot)
            names = [row.of, f"{row.of}: {row.kind}"]
            names += ["field, relation, ordinal, absent"] * (row.kind in HARD)
            for group in names:
                groups.setdefault(group, []).append(hit)
            if row.boxes:
                groups.setdefault("false refusals", []).append(spot is None)
        found[name] = {
            group: Share.of(sum(hits), len(hits)).as_dict() for group, hits in groups.items()
        }
    return found


def together(rows: Sequence[Row], nano: Sequence[Spot], least: float) -> list[Spot]:
    """Return the rules' answers, and the nano model's where they refuse or are less sure."""
    return [
        row.rules if row.rules is not None and row.sure >= least else spot
        for row, spot in zip(rows, nano, strict=True)
    ]


def markdown(found: dict[str, dict[str, Any]]) -> str:
    """Return the table in Markdown: a row a kind, a column a model."""
    groups = sorted({group for one in found.values() for group in one})
    lines = ["| | n | " + " | ".join(found) + " |", "|---" * (len(found) + 2) + "|"]
    for group in groups:
        cells = [one[group] for one in found.values()]
        told = [
            f"{100 * c['value']:.0f} [{100 * c['low']:.0f}-{100 * c['high']:.0f}]" for c in cells
        ]
        lines.append(f"| {group} | {cells[0]['n']} | " + " | ".join(told) + " |")
    return "\n".join(lines)


def main() -> None:
    """Measure what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("real", type=Path)
    parser.add_argument("phrasings", type=Path)
    parser.add_argument("pages", type=Path)
    parser.add_argument("--nano", type=Path, help="without it, screens are only read")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--screens", type=int, default=45)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    how = Preprocessing(patch=16, temporal=1, max_pixels=2100 * 32**2, min_pixels=4 * 32**2)
    every = screens(chosen.real, chosen.phrasings, chosen.pages, chosen.screens, chosen.seed)
    paths = prepare(chosen.out, how, every)
    rows = [row for path in paths for row in load_rows(path)]
    answers: dict[str, list[Spot]] = {
        name: [getattr(row, name) for row in rows] for name in ("reader", "icons", "rules")
    }
    if chosen.nano is not None:
        nano = load_grounder(str(chosen.nano))
        assert isinstance(nano, NanoGrounder)
        asked, seconds = ask(nano, paths)
        answers |= asked
        for least in UNSURE:
            name = f"rules, nano below {least:g}" if least else "rules, nano where they refuse"
            answers[name] = together(rows, asked["nano, keep 1"], least)
        print(f"CPU seconds of a further instruction, nano at keep 1: {seconds:.3f}")
    found = table(rows, answers)
    (chosen.out / "table").with_suffix(".json").write_text(json.dumps(found, indent=1))
    print(markdown(found))


if __name__ == "__main__":
    main()
