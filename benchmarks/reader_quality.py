"""Characters and words read right on rendered pages of held-out words, by size and theme.

    python benchmarks/reader_quality.py [--pages FOLDER] [--count 24] [--glyphs]
        [--weights FILE] [--lines FILE] [--json]

Pages that the folder lacks are rendered first (needs Chromium). With --glyphs the glyph map is
measured alone, without the line reader.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from focusagent.cli_training import make_pages
from focusagent.evaluation.reading import Tally, compare
from grounding import Reader
from grounding.training.pages import load_page, page_names

SEED = 999


def main() -> None:
    """Read the pages and print the shares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=Path, default=Path("runs/test-pages"))
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--glyphs", action="store_true")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--lines", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    make_pages(options.pages, options.count, SEED, "test")
    reader = Reader.load(options.weights, options.lines)
    tallies: dict[str, Tally] = {}
    for name in page_names(options.pages)[: options.count]:
        page = load_page(options.pages, name)
        screen = reader.look(page.image)
        compare(screen.found if options.glyphs else screen.read, page, tallies)
    result = {name: tallies[name].as_dict() for name in sorted(tallies)}
    if options.json:
        print(json.dumps(result))
        return
    for name, shares in result.items():
        print(f"{name:<16}", json.dumps(shares))
    worst = sorted(tallies["all"].confusions.items(), key=lambda item: -item[1])[:20]
    print("confusions", {f"{a} -> {b or 'none'}": count for (a, b), count in worst})


if __name__ == "__main__":
    main()
