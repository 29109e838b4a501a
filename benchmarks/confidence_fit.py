"""How far the default grounder's confidence can be believed, and the calibration that fits best.

    python benchmarks/confidence_fit.py [--pages FOLDER] [--count 40] [--json]

Instructions of all kinds are made for rendered pages of held-out words (rendered first where the
folder lacks them). Printed: how often answers of a confidence were right, the expected calibration
error, and the fit that would take the place of CONFIDENCE in grounding/resolve/answers.py.
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from focusagent.cli_training import make_pages
from focusagent.datagen import instructions
from focusagent.evaluation.screenspot import is_hit
from grounding import load_grounder
from grounding.calibration import Calibration, fit_calibration
from grounding.resolve.answers import CONFIDENCE
from grounding.training.pages import load_page, page_names

SEED = 999
A_PAGE = 25  # instructions
BINS = 10

Floats = NDArray[np.float64]


def answers(folder: Path, count: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Return how sure each answer was, and whether it was right; refusals are no answers."""
    sure, right = [], []
    with load_grounder("default") as grounder:
        for name in page_names(folder)[:count]:
            page = load_page(folder, name)
            made = instructions.instructions(page, name)
            chosen = instructions.choose(made, A_PAGE, random.Random(name))
            size = (page.image.shape[1], page.image.shape[0])
            asked = [(page.image, one.target.instruction) for one in chosen]
            for one, found in zip(chosen, grounder.ground_many(asked), strict=True):
                if found.point is not None:
                    sure.append(found.confidence)
                    right.append(is_hit(found.point.to_pixels(size), one.target))
    return np.array(sure), np.array(right)


def calibration_error(sure: Floats, right: NDArray[np.bool_]) -> float:
    """Return how far confidence and the share of right answers lie apart, on average."""
    which = np.minimum((sure * BINS).astype(int), BINS - 1)
    parts = [which == number for number in range(BINS) if (which == number).any()]
    gaps = [part.sum() * abs(sure[part].mean() - right[part].mean()) for part in parts]
    return float(sum(gaps) / len(sure))


def main() -> None:
    """Ask, compare, fit, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=Path, default=Path("runs/test-pages"))
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    make_pages(options.pages, options.count, SEED, "test")
    sure, right = answers(options.pages, options.count)
    again = fit_calibration(sure, right)
    # One calibration after the other is one calibration.
    fit = Calibration(again.slope * CONFIDENCE.slope, again.slope * CONFIDENCE.bias + again.bias)
    result = {
        "n": len(sure),
        "right": round(float(right.mean()), 4),
        "error": round(calibration_error(sure, right), 4),
        "error_fitted": round(calibration_error(again.apply(sure), right), 4),
        "fit": {"slope": round(fit.slope, 2), "bias": round(fit.bias, 2)},
    }
    if options.json:
        print(json.dumps(result))
        return
    for low in np.arange(0, 1, 1 / BINS):
        part = (sure >= low) & (sure < low + 1 / BINS)
        if part.any():
            print(f"{low:.1f}  n {part.sum():4}  right {right[part].mean():.2f}")
    print(result)


if __name__ == "__main__":
    main()
