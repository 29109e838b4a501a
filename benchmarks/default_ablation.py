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
import torch
from default_table import PARTS, Answers, Row, Spot, load_rows, markdown, shares, together
from PIL import Image
from pospad_variants import treated

from focusagent.datagen.instructions import choose, instructions
from focusagent.evaluation.parts import fused, without_reader
from focusagent.evaluation.screenspot import Target, load_targets, open_picture
from grounding.backbones.backbone import Backbone
from grounding.backbones.compact import Compact, Prompt
from grounding.backbones.tower import TowerOutput
from grounding.compress import parse_compress
from grounding.evidence import phrases, text_evidence
from grounding.grid import Preprocessing, resized
from grounding.grounders.default import DefaultGrounder
from grounding.grounders.eyes import Clock
from grounding.icons.evidence import icon_evidence
from grounding.loading import load_grounder
from grounding.nano.evidence import ScreenEvidence
from grounding.nano.grounder import NanoGrounder, NanoScreen
from grounding.nano.model import MOST_TOKENS
from grounding.plan import VisualPlan
from grounding.training.lessons import Asked, Lesson, load_lesson, save_lesson
from grounding.training.pages import load_page, page_names
from grounding.types import Box, Point

KEEPS = (1.0, 0.5, 0.3)
# Below this confidence the rules count as unsure.
UNSURE = (0.0, 0.5, 0.7)
# How nano models look at pictures.
HOW = Preprocessing(patch=16, temporal=1, max_pixels=MOST_TOKENS * 32**2)


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


def prepare(out: Path, every: Iterator[Any]) -> list[Path]:
    """Read each screen once, ask the parts that need no VLM, keep all; returns the files."""
    out.mkdir(parents=True, exist_ok=True)
    made = []
    with DefaultGrounder() as rules, without_reader() as wordless:
        for name, picture, targets in every:
            path = out / f"{name}.json"
            made.append(path)
            if not path.exists():
                rows, lesson = _prepared(rules, wordless, picture(), targets)
                save_lesson(lesson, out, name)
                path.write_text(json.dumps([asdict(row) for row in rows]), encoding="utf-8")
                print(f"read {name}: {len(rows)} rows", flush=True)
    return made


def _prepared(
    rules: DefaultGrounder,
    wordless: DefaultGrounder,
    image: Image.Image,
    targets: list[tuple[str, Target]],
) -> tuple[list[Row], Lesson]:
    screen, unread = rules.screen(image), wordless.screen(image)
    scene = screen.scene
    assert scene.icons is not None
    evidence = ScreenEvidence(scene.screen, scene.icons)
    small, grid = resized(image, HOW)
    rows, asked, features = [], [], []
    for of, target in targets:
        text = target.instruction
        found = screen.ground(text)
        sides = [] if target.box is None else [target.box, *target.also_ok]
        boxes = [Box.from_pixels(*box, image.size) for box in sides]
        told = [
            text_evidence(scene.screen, phrases(text), (1, 1)),
            icon_evidence(scene.icons, phrases(text), (1, 1)),
        ]
        told.append(fused(told))
        rows.append(
            Row(
                of,
                target.kind,
                text,
                tuple((box.x1, box.y1, box.x2, box.y2) for box in boxes),
                *(_spot(one.spans[0].parts[0].center if one.spans else None) for one in told),
                _spot(unread.ground(text).point),
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


def ask(name: str, nano: NanoGrounder, out: Path, paths: Sequence[Path]) -> None:
    """Ask a variant everything that WORK does not hold its answers to, and keep them there."""
    folder = out / "answers" / name.replace(" ", "_")
    folder.mkdir(parents=True, exist_ok=True)
    for path in paths:
        kept = folder / path.name
        if kept.exists():
            continue
        rows, lesson = load_rows(path), load_lesson(path.with_suffix(".npz"))
        known = {
            row.instruction: coded.astype(np.float32) / 255
            for row, coded in zip(rows, lesson.features, strict=True)
        }
        started = time.process_time()
        with torch.inference_mode():
            seen = nano.eyes.look([(Image.fromarray(lesson.image), "look")], Clock())
        screen = NanoScreen(nano, seen.looks[0], seen.encoded.tokens[0], KnownEvidence(known))
        spots = [_spot(screen.ground(row.instruction).point) for row in rows]
        spent = (time.process_time() - started) / len(rows)
        kept.write_text(json.dumps(spots), encoding="utf-8")
        print(f"{name}, {path.stem}: {spent:.3f} CPU seconds a row", flush=True)


def answered(name: str, out: Path, paths: Sequence[Path]) -> Answers:
    """Return what a variant answered: pairs of row and place."""
    found: Answers = []
    for path in paths:
        kept = out / "answers" / name.replace(" ", "_") / path.name
        if kept.exists():
            spots = json.loads(kept.read_text(encoding="utf-8"))
            pairs = zip(load_rows(path), spots, strict=True)
            found += [(row, None if spot is None else tuple(spot)) for row, spot in pairs]
    return found


def report(names: Sequence[str], out: Path, paths: Sequence[Path]) -> dict[str, dict[str, Any]]:
    """Return the shares of all models, over the rows that the nano model at keep 1 answered too.

    Where it answered none, over all rows.
    """
    whole = answered(names[0], out, paths) if names else []
    rows = [row for row, _ in whole] or [row for path in paths for row in load_rows(path)]
    found = {name: shares([(row, getattr(row, name)) for row in rows]) for name in PARTS}
    for name in names:
        if answers := answered(name, out, paths):
            found[name] = shares(answers)
    for least in UNSURE if whole else ():
        name = f"rules, nano below {least:g}" if least else "rules, nano where they refuse"
        found[name] = shares(together(whole, least))
    return found


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
    every = screens(chosen.real, chosen.phrasings, chosen.pages, chosen.screens, chosen.seed)
    paths = prepare(chosen.out, every)
    # What an interrupted run has answered is then a fair part of all.
    random.Random(chosen.seed).shuffle(paths)
    names: list[str] = []
    if chosen.nano is not None:
        nano = load_grounder(str(chosen.nano))
        assert isinstance(nano, NanoGrounder)
        names = list(variants(nano))
        for name, variant in variants(nano).items():
            ask(name, variant, chosen.out, paths)
    found = report(names, chosen.out, paths)
    (chosen.out / "table.json").write_text(json.dumps(found, indent=1), encoding="utf-8")
    print(markdown(found))


if __name__ == "__main__":
    main()
