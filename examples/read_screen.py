"""Read a screenshot and find a button on it: no network, no GPU, no browser.

python examples/read_screen.py SCREENSHOT.png "Sign in"
"""

import sys
from pathlib import Path

from PIL import Image

from grounding import Reader

SAMPLE = Path(__file__).resolve().parent.parent / "tests" / "data" / "reader" / "000001.png"


def main() -> None:
    """Read the picture and look for the text that the command line names."""
    path, wanted = sys.argv[1:3] if len(sys.argv) > 2 else (SAMPLE, "results")
    image = Image.open(path)
    screen = Reader.load().look(image)  # once per screenshot; asking is cheap
    for line in screen.lines():
        print(f"{line.confidence:.2f}  {line.height:4.1f} px  {line.text}")
    for found in screen.find(wanted, limit=3):
        x, y = found.box.center.to_pixels(image.size)
        print(f"{wanted!r}: {found.score:.2f} at {x:.0f}, {y:.0f}, reads {found.text!r}")


if __name__ == "__main__":
    main()
