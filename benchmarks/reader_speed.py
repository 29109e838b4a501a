"""Seconds the reader takes for a screen and one query, and for its lines, beside RapidOCR.

    python benchmarks/reader_speed.py [PICTURE] [--rounds 5] [--json]

Without a picture a drawn page is read. Reader and RapidOCR take turns, so that both see the same
load; medians of wall clock and of processor time (all threads) are given, and the peak memory of
a process that does nothing but read.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from PIL import Image
from timing import SIZES, median, peak_memory, ratio, timed

from focusagent.datagen import drawn
from focusagent.errors import UserError
from focusagent.evaluation.models import RapidEvidence
from grounding import Reader

QUERY = "Save draft"
READ = """
import sys
from PIL import Image
from grounding import Reader
screen = Reader.load().look(Image.open(sys.argv[1]))
screen.find("Save draft")
screen.lines()
"""


def measure(picture: Image.Image, rounds: int) -> dict[str, object]:
    """Measure one size."""
    reader = Reader.load()
    try:
        rapid = RapidEvidence() if picture.width == SIZES[0][0] else None
    except UserError:
        rapid = None
    screen = reader.look(picture)
    screen.find(QUERY)
    ours, theirs, queries, lines = [], [], [], []
    for _ in range(rounds):
        ours.append(timed(lambda: reader.look(picture).find(QUERY)))
        fresh = reader.look(picture)
        lines.append(timed(fresh.lines))
        queries.append(timed(lambda: screen.find(QUERY)))
        if rapid is not None:
            theirs.append(timed(lambda: rapid.look(picture)))
    result: dict[str, object] = {
        "glyphs": len(screen.glyphs),
        "reader": median(ours),
        "next_query": median(queries),
        "lines_too": median(lines),
        "peak_mib": peak_memory(READ, picture),
    }
    if theirs:
        result["rapidocr"] = median(theirs)
        result["ratio"] = ratio(median(ours), median(theirs))
    return result


def main() -> None:
    """Measure all sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("picture", nargs="?", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    results = {}
    for size in SIZES:
        if options.picture:
            picture = Image.open(options.picture).convert("RGB").resize(size)
        else:
            picture = Image.fromarray(drawn.draw_page("bench", "test", size).image)
        results["x".join(map(str, size))] = measure(picture, options.rounds)
    if options.json:
        print(json.dumps(results))
        return
    for name, result in results.items():
        print(name, json.dumps(result))


if __name__ == "__main__":
    main()
