"""What the agent itself costs a step: all but the grounder, the reader, the planner and the screen.

    python benchmarks/agent_overhead.py [--steps 60] [--json]

Screens are drawn, the grounder knows the places, and the environment shows one screen after the
other: what is left is the loop, the patch check, the evidence and the record.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Sequence

from PIL import Image, ImageDraw

import env
from focusagent.agent import Agent
from focusagent.agent.loop import WORKING
from focusagent.history import Step
from focusagent.planner.intents import Click, Finish, History, Intent, Target
from grounding import Box, Grounding, Point

SIZE = (1280, 800)
BUTTONS = 10


class Places:
    """A grounder that knows where everything is."""

    def ground(self, image: Image.Image, instruction: str) -> Grounding:
        """Answer by the number in the words."""
        number = int(instruction.split()[-1]) % BUTTONS
        box = _box(number)
        return Grounding(
            instruction,
            Point.from_pixels((box[0] + box[2]) / 2, (box[1] + box[3]) / 2, image.size),
            Box.from_pixels(*box, image.size),
            0.9,
        )

    def ground_many(self, items: Sequence[tuple[Image.Image, str]]) -> list[Grounding]:
        """Answer many."""
        return [self.ground(*item) for item in items]

    def close(self) -> None:
        """Hold nothing."""


class Script:
    """A planner that clicks one button after the other."""

    def __init__(self, steps: int) -> None:
        self._steps = steps

    def next(self, task: str, history: History, observation: env.Observation | None) -> Intent:
        """Click the next button."""
        done = len(history)
        return Click(Target(f"button {done}")) if done < self._steps else Finish("done")


def _box(number: int) -> tuple[int, int, int, int]:
    return 40, 40 + 70 * number, 240, 80 + 70 * number


def _screen(number: int) -> Image.Image:
    image = Image.new("RGB", SIZE, "white")
    draw = ImageDraw.Draw(image)
    for place in range(BUTTONS):
        draw.rectangle(_box(place), outline="black", fill="#1c6dd0")
        draw.text((60, 52 + 70 * place), f"button {place}", fill="white")
    draw.text((600, 300), f"clicked {number} times", fill="black", font_size=32)
    return image


def overhead(step: Step) -> float:
    """Seconds of a step that neither a model nor the screen took."""
    return step.seconds["total"] - sum(step.seconds.get(name, 0.0) for name in WORKING)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    screens = [_screen(number) for number in range(options.steps + 1)]
    expected = [_box(number % BUTTONS) for number in range(options.steps)]
    with env.ReplayEnvironment(screens, expected) as screen:
        agent = Agent(screen, grounder=Places(), planner=Script(options.steps))
        run = agent.run("click all buttons")
    spent = sorted(1000 * overhead(step) for step in run.steps)
    found = {
        "steps": len(spent),
        "status": run.status,
        "median_ms": round(statistics.median(spent), 2),
        "p90_ms": round(spent[int(0.9 * len(spent))], 2),
    }
    print(json.dumps(found) if options.json else found)


if __name__ == "__main__":
    main()
