"""Seconds and memory of the default grounder, beside RapidOCR with fuzzy matching.

    python benchmarks/default_speed.py [PICTURE] [--rounds 5] [--sizes 1280x800,...] [--json]

Without a picture a drawn page is grounded. Both take turns in one run, and who begins changes with
each round, so that both see the same load; medians of wall clock and of processor time (all
threads). `first` is an instruction on a screen not seen before, `further` another one on the same
screen. Both ratios are to RapidOCR's `first`, which is what every instruction costs there without
anything kept. Peak memory and the seconds to a first answer are those of fresh processes that do
nothing but ground.
"""

from __future__ import annotations

import argparse
import json
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image
from timing import SIZES, first_answer, median, peak_memory, ratio, timed

from focusagent.datagen import drawn
from focusagent.evaluation.models import RapidEvidence
from grounding.grounders.default import DefaultGrounder

# One of each kind that people give: a text, a field by its label, an icon, a place, something
# misspelt, something that is not there.
INSTRUCTIONS = (
    'click the "Save draft" button',
    "the field right of Email",
    "search",
    "the button in the top right corner",
    "open the setings link",
    "delete in the row of Alice",
)
GROUND = """
import sys
from grounding import load_grounder
print(load_grounder("default").ground(sys.argv[1], "click the Save draft button").point)
"""


class Ours:
    """The default grounder."""

    def __init__(self) -> None:
        self._grounder = DefaultGrounder()

    def first(self, picture: Image.Image, instruction: str) -> None:
        """Look at a picture and answer."""
        self._screen = self._grounder.screen(picture)
        self._screen.ground(instruction)

    def further(self, instruction: str) -> None:
        """Answer about the same picture."""
        self._screen.ground(instruction)


class Theirs:
    """RapidOCR, then the line that is most alike."""

    def __init__(self) -> None:
        self._rapid = RapidEvidence()

    def first(self, picture: Image.Image, instruction: str) -> None:
        """Read a picture and answer."""
        self._lines = self._rapid.look(picture)
        self.further(instruction)

    def further(self, instruction: str) -> None:
        """Answer from the same lines."""
        self._rapid.score(self._lines, instruction, (1, 1))


def measure(picture: Image.Image, rounds: int) -> dict[str, Any]:
    """Measure one picture."""
    sides: dict[str, Ours | Theirs] = {"default": Ours(), "rapidocr": Theirs()}
    times: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for name, side in sides.items():
        side.first(picture, INSTRUCTIONS[0])
        times[name] = {"first": [], "further": []}
    for number in range(rounds):
        one, *others = INSTRUCTIONS[number % len(INSTRUCTIONS) :] + INSTRUCTIONS
        turn = list(sides.items())[:: 1 if number % 2 else -1]
        for name, side in turn:
            times[name]["first"].append(timed(partial(side.first, picture, one)))
            for other in others[: len(INSTRUCTIONS) - 1]:
                times[name]["further"].append(timed(partial(side.further, other)))
    found: dict[str, Any] = {
        name: {what: median(spent) for what, spent in kinds.items()}
        for name, kinds in times.items()
    }
    whole = found["rapidocr"]["first"]
    found["ratio"] = {what: ratio(spent, whole) for what, spent in found["default"].items()}
    found["peak_mib"] = peak_memory(GROUND, picture)
    found["fresh_process_seconds"] = first_answer(GROUND, picture)
    return found


def size_of(text: str) -> tuple[int, int]:
    """Read a size like 1280x800."""
    width, height = map(int, text.split("x"))
    return width, height


def main() -> None:
    """Measure the chosen sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("picture", nargs="?", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sizes", default=",".join(f"{wide}x{high}" for wide, high in SIZES))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    results = {}
    for name in options.sizes.split(","):
        size = size_of(name)
        if options.picture:
            with Image.open(options.picture) as opened:
                picture = opened.convert("RGB").resize(size)
        else:
            picture = Image.fromarray(drawn.draw_page("bench", "test", size).image)
        results[name] = measure(picture, options.rounds)
    if options.json:
        print(json.dumps(results))
        return
    for name, result in results.items():
        print(name)
        for what, figures in result.items():
            print(f"  {what}: {json.dumps(figures)}")


if __name__ == "__main__":
    main()
