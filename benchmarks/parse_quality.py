"""How much of what is on screens `parse` finds: targets covered, roles told right, seconds.

    python benchmarks/parse_quality.py FOLDER [--targets targets_balanced.jsonl] [--json]

FOLDER holds a targets file with an `images` folder beside it, or pages of the generator (PNG and
JSON). A target counts as covered if an element's box overlaps its box by IoU >= 0.5.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from focusagent.evaluation.statistics import Share
from grounding import Reader
from grounding.parsing import Scene, look
from grounding.parsing.scene import find_elements
from grounding.reader.reader import to_rgb
from grounding.types import Box, Element

LEAST_IOU = 0.5
# A role of the accessibility tree counts as told right if the element has one of these.
ALIKE = {
    "spinbutton": {"textbox"},
    "searchbox": {"textbox"},
    "menuitem": {"menuitem", "link", "button"},
    "tab": {"tab", "link", "button"},
}
SIZES = ((1280, 800), (1920, 1080), (2560, 1440))


@dataclass(frozen=True)
class Target:
    """Something that stands on a screen: box in 0..1, role, and its group in the report."""

    box: Box
    role: str
    group: str


@dataclass
class Tally:
    """Counts of one group."""

    targets: int = 0
    covered: int = 0
    right_role: int = 0
    as_text: int = 0
    roles: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """Return shares, that of what was covered with its 95% interval."""
        return {
            "covered": Share.of(self.covered, self.targets).as_dict(),
            "right_role": round(self.right_role / max(self.covered, 1), 4),
            "seen_as_text": round(self.as_text / max(self.covered, 1), 4),
            "roles": dict(sorted(self.roles.items(), key=lambda item: -item[1])),
        }


def iou(one: Box, two: Box) -> float:
    """Return the overlap of two boxes as a share of their union."""
    across = min(one.x2, two.x2) - max(one.x1, two.x1)
    down = min(one.y2, two.y2) - max(one.y1, two.y1)
    if across <= 0 or down <= 0:
        return 0.0
    both = across * down
    areas = sum((box.x2 - box.x1) * (box.y2 - box.y1) for box in (one, two))
    return both / (areas - both)


def real_screens(folder: Path, targets: str) -> Iterator[tuple[Path, list[Target]]]:
    """Yield pictures and targets of a folder of rows."""
    by_picture: dict[str, list[Target]] = {}
    with (folder / targets).open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            width, height = row["img_size"]
            x1, y1, x2, y2 = row["bbox"]
            box = Box.from_pixels(x1, y1, x2, y2, (width, height))
            target = Target(box, row["role"], f"{row['kind']}")
            by_picture.setdefault(row["img_filename"], []).append(target)
    for name in sorted(by_picture):
        yield folder / "images" / name, by_picture[name]


def made_screens(folder: Path) -> Iterator[tuple[Path, list[Target]]]:
    """Yield pictures and controls of pages of the generator."""
    for meta in sorted(folder.glob("[0-9]*.json")):
        picture = meta.with_suffix(".png")
        with Image.open(picture) as image:
            size = image.size
        targets = []
        for control in json.loads(meta.read_text(encoding="utf-8"))["controls"]:
            x1, y1, x2, y2 = control["box"]
            inside = x1 >= 0 and y1 >= 0 and x2 <= size[0] and y2 <= size[1]
            if inside and control["role"] != "dialog" and x2 - x1 > 2 < y2 - y1:
                role = control["role"]
                targets.append(Target(Box.from_pixels(x1, y1, x2, y2, size), role, role))
        yield picture, targets


def score(elements: Sequence[Element], targets: Sequence[Target], into: dict[str, Tally]) -> None:
    """Count which targets are covered, and whether the best element has their role."""
    for target in targets:
        best = max(elements, key=lambda e: iou(e.box, target.box), default=None)
        hit = best is not None and iou(best.box, target.box) >= LEAST_IOU
        for name in ("all", target.group, f"role {target.role}"):
            tally = into.setdefault(name, Tally())
            tally.targets += 1
            tally.covered += hit
            role = best.role if best is not None and hit else "(none)"
            tally.roles[role] = tally.roles.get(role, 0) + 1
            tally.as_text += role == "text"
            tally.right_role += role in ALIKE.get(target.role, {target.role})


def timed(scenes: Sequence[Scene], size: tuple[int, int], rounds: int) -> dict[str, object]:
    """Return median seconds of wall clock and processor for pictures resized to one size."""
    reader = Reader.load()
    reading, parsing = [], []
    for scene in scenes:
        pixels = to_rgb(Image.fromarray(scene.pixels).resize(size))
        for _ in range(rounds):
            start = time.perf_counter(), time.process_time()
            screen = reader.look(pixels)
            middle = time.perf_counter(), time.process_time()
            find_elements(pixels, screen)
            end = time.perf_counter(), time.process_time()
            reading.append((middle[0] - start[0], middle[1] - start[1]))
            parsing.append((end[0] - middle[0], end[1] - middle[1]))
    names = ("wall", "processor")
    return {
        f"{part}_{name}": round(statistics.median(pair[clock] for pair in pairs), 4)
        for part, pairs in (("reader", reading), ("rest", parsing))
        for clock, name in enumerate(names)
    }


def main() -> None:
    """Parse the screens and print the shares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--targets", default="targets_balanced.jsonl")
    parser.add_argument("--rounds", type=int, default=3, help="of timing; 0 for none")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    real = (options.folder / options.targets).exists()
    screens = (
        real_screens(options.folder, options.targets) if real else made_screens(options.folder)
    )
    tallies: dict[str, Tally] = {}
    counts: list[int] = []
    samples: list[Scene] = []
    for path, targets in screens:
        with Image.open(path) as picture:
            scene = look(picture)
        counts.append(len(scene.elements))
        score(scene.elements, targets, tallies)
        if len(samples) < 3 and scene.size == SIZES[0]:
            samples.append(scene)
    result: dict[str, object] = {
        "screens": len(counts),
        "elements_per_screen": round(statistics.mean(counts), 1),
        **{name: tallies[name].as_dict() for name in sorted(tallies)},
    }
    if options.rounds and samples:
        result["seconds"] = {
            f"{width}x{height}": timed(samples, (width, height), options.rounds)
            for width, height in SIZES
        }
    print(
        json.dumps(result)
        if options.json
        else "\n".join(f"{name:<20} {json.dumps(value)}" for name, value in result.items())
    )


if __name__ == "__main__":
    main()
