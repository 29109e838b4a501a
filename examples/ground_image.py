"""Find things on a screenshot: no network, no GPU, no key.

python examples/ground_image.py SCREENSHOT.png "the Delete button"
"""

import sys
from pathlib import Path

from PIL import Image

from grounding import load_grounder
from grounding.drawing import draw_grounding

SAMPLE = Path(__file__).resolve().parent.parent / "docs" / "demo.png"
ASKED = ("Keep", "Delete invoice?", "the red button", "Archive")


def main() -> None:
    """Ask for what the command line names, and draw the first answer."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLE
    asked = sys.argv[2:] or ASKED
    picture = Image.open(path)
    with load_grounder("default") as grounder:
        screen = grounder.screen(picture)  # once per screenshot; asking is cheap
        answers = [screen.ground(instruction) for instruction in asked]
    for answer in answers:
        if answer.point is None:
            print(f"{answer.instruction!r}: {answer.answer}")
        else:
            x, y = answer.point.to_pixels(picture.size)
            print(f"{answer.instruction!r}: {x:.0f}, {y:.0f}, confidence {answer.confidence:.2f}")
    draw_grounding(picture, answers[0]).save("answer.png")


if __name__ == "__main__":
    main()
