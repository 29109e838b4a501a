"""How often a bare name finds its icon on real screens; the reader's text is masked out.

    python benchmarks/icon_quality.py FOLDER [--targets targets_balanced.jsonl] [--weights FILE]
                                             [--sheet OUT.png] [--json]

FOLDER holds rows (JSON lines: img_filename, bbox, name, kind, also_ok) and ``images/``. A place is
right when its middle lies in the box. Coverage: some proposal's middle lies there. Of those places
that are right, the best five are the top-5.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from grounding import Box, Reader
from grounding.icons import IconReader, IconScreen
from grounding.icons.screen import written_boxes


def interval(right: int, count: int) -> tuple[float, float]:
    """Return the 95% interval of a share (Wilson)."""
    z, share = 1.96, right / count
    middle = share + z * z / (2 * count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return (middle - half) / (1 + z * z / count), (middle + half) / (1 + z * z / count)


def is_hit(box: Box, row: dict[str, Any]) -> bool:
    """Tell whether a place's middle lies in the row's box or in another that counts."""
    x, y = box.center.to_pixels(tuple(row["img_size"]))
    boxes = [row["bbox"], *row.get("also_ok", [])]
    return any(x1 <= x <= x2 and y1 <= y <= y2 for x1, y1, x2, y2 in boxes)


def draw(pixels: np.ndarray[Any, Any], screen: IconScreen, out: Path) -> None:
    """Write a picture with every icon framed and named."""
    picture = Image.fromarray(pixels).copy()
    pen = ImageDraw.Draw(picture)
    for box, iconness, name in zip(screen.boxes, screen.iconness, screen.names(), strict=True):
        edges = box.to_pixels(screen.size)
        sure = iconness > 0.5
        pen.rectangle(edges, outline=(220, 0, 80) if sure else (120, 160, 220))
        if sure:
            pen.text((edges[0], edges[3]), name[:14], fill=(0, 130, 0))
    picture.save(out)


def measure(rows: Sequence[dict[str, Any]], folder: Path, weights: Path | None) -> dict[str, Any]:
    """Return the shares over the rows and the time that looking takes."""
    icons, reader = IconReader.load(weights), Reader.load()
    screens: dict[str, IconScreen] = {}
    seconds, top1, top5, covered, missed = [], 0, 0, 0, []
    for row in rows:
        name = row["img_filename"]
        if name not in screens:
            with Image.open(folder / "images" / name) as image:
                pixels = np.asarray(image.convert("RGB"))
            text = written_boxes(reader.look(pixels))
            begun = time.process_time()
            screens[name] = icons.look(pixels, text)
            if pixels.shape[1] == 1280:
                seconds.append(time.process_time() - begun)
        found = screens[name].find(row["name"], 5)
        hits = [is_hit(place.box, row) for place in found]
        top1, top5 = top1 + (hits[:1] == [True]), top5 + any(hits)
        covered += any(is_hit(box, row) for box in screens[name].boxes)
        if hits[:1] != [True]:
            missed.append((row["name"], found[0].text if found else "", round(found[0].score, 2)))
    count = len(rows)
    return {
        "n": count,
        "top1": top1 / count,
        "top1_interval": interval(top1, count),
        "top5": top5 / count,
        "coverage": covered / count,
        "proposals": statistics.mean(len(screen.boxes) for screen in screens.values()),
        "cpu_seconds_1280x800": statistics.median(seconds),
        "missed": missed,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--targets", default="targets_balanced.jsonl")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--picture", type=Path, help="Draw this picture's icons instead.")
    parser.add_argument("--sheet", type=Path, default=Path("icons.png"))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.picture:
        with Image.open(options.picture) as image:
            pixels = np.asarray(image.convert("RGB"))
        text = written_boxes(Reader.load().look(pixels))
        draw(pixels, IconReader.load(options.weights).look(pixels, text), options.sheet)
        return
    lines = (options.folder / options.targets).read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if row["kind"] == "icon"]
    result = measure(rows, options.folder, options.weights)
    if options.json:
        print(json.dumps(result))
        return
    for key, value in result.items():
        print(key, value)


if __name__ == "__main__":
    main()
