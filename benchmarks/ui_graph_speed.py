"""Milliseconds the UI graph of a screen takes, beside a plain double loop in the same run.

    python benchmarks/ui_graph_speed.py [PICTURE] [--size 2560x1440] [--rounds 9] [--json]

Without a picture a drawn page is measured, and a smooth photo with noise, the worst case: there
the bounds that decide most pairs of cells decide none. All take turns, so that they see the same
load; medians of processor time are given. "graph" is a graph and its scores from nothing,
"update" the same after a twentieth of the screen changed, "loop" is the definition written down:
channels in 0..1, distances cell by cell with numpy, regions united in Python. The three must agree
on every cell.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"  # one core: read before numpy is imported

import argparse
import json
import math
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from focusagent.datagen import drawn
from grounding import build_ui_graph
from grounding.ui_graph import RELEASED_TAU, update_ui_graph

FACTORS = (28, 32)


def plain_loop(pixels: NDArray[np.uint8], factor: int) -> NDArray[np.float32]:
    """Return the scores of all cells, found one cell at a time."""
    rows, columns = pixels.shape[0] // factor, pixels.shape[1] // factor
    parent = list(range(rows * columns))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    def cell(row: int, column: int) -> NDArray[np.float64]:
        top, left = row * factor, column * factor
        return pixels[top : top + factor, left : left + factor] / 255.0

    for row in range(rows):
        for column in range(columns):
            for y, x in ((row, column + 1), (row + 1, column)):
                if y < rows and x < columns:
                    gap = cell(row, column) - cell(y, x)
                    if math.sqrt((gap**2).sum()) < RELEASED_TAU:
                        one, two = root(row * columns + column), root(y * columns + x)
                        parent[max(one, two)] = min(one, two)
    roots = np.array([root(node) for node in range(rows * columns)])
    sizes = np.bincount(roots)[roots].reshape(rows, columns)
    scores: NDArray[np.float32] = (1 / np.maximum(1, np.log(sizes + 1))).astype(np.float32)
    return scores


def milliseconds(work: Callable[[], object]) -> float:
    """Return the processor time of one run."""
    start = time.process_time()
    work()
    return 1000 * (time.process_time() - start)


def a_twentieth(size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return a box (x1, y1, x2, y2) in the middle of a screen that covers 5% of it."""
    width, height = size
    return (
        round(0.4 * width),
        round(0.375 * height),
        round(0.6 * width),
        round(0.625 * height),
    )


def measure(picture: Image.Image, factor: int, rounds: int) -> dict[str, object]:
    """Measure one screen, resized to the nearest multiple of a cell's side."""
    size = (round(picture.width / factor) * factor, round(picture.height / factor) * factor)
    before = np.array(picture.resize(size))
    after, box = before.copy(), a_twentieth(size)
    after[box[1] : box[3], box[0] : box[2]] ^= 85
    old = build_ui_graph(before, factor)
    scores = build_ui_graph(after, factor).scores()
    same = np.array_equal(scores, plain_loop(after, factor)) and np.array_equal(
        scores, update_ui_graph(old, after, box).scores()
    )
    work: dict[str, Callable[[], object]] = {
        "graph": lambda: build_ui_graph(after, factor).scores(),
        "update": lambda: update_ui_graph(old, after, box).scores(),
        "loop": lambda: plain_loop(after, factor),
    }
    times: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(rounds):
        for name, one in work.items():
            times[name].append(milliseconds(one))
    medians = {name: statistics.median(values) for name, values in times.items()}
    return {
        "cells": scores.size,
        **{name: round(value, 2) for name, value in medians.items()},
        "faster_than_loop": round(medians["loop"] / medians["graph"], 1),
        "update_faster_than_graph": round(medians["graph"] / medians["update"], 1),
        "identical": bool(same),
    }


def screens(path: Path | None, size: tuple[int, int]) -> dict[str, Image.Image]:
    """Return what to measure, by name."""
    if path is not None:
        return {path.name: Image.open(path).convert("RGB").resize(size)}
    rng = np.random.default_rng(0)
    soft = Image.fromarray(rng.integers(0, 256, (9, 16, 3), dtype=np.uint8)).resize(size)
    grain = rng.normal(0, 3, (size[1], size[0], 3))
    photo = np.clip(np.asarray(soft) + grain, 0, 255).astype(np.uint8)
    return {
        "drawn page": Image.fromarray(drawn.draw_page("bench", "test", size).image),
        "noisy photo": Image.fromarray(photo),
    }


def main() -> None:
    """Measure all screens with the cells of both families."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("picture", nargs="?", type=Path)
    parser.add_argument("--size", default="2560x1440")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    width, height = (int(side) for side in options.size.split("x"))
    results = {
        f"{name}, cells of {factor}": measure(picture, factor, options.rounds)
        for name, picture in screens(options.picture, (width, height)).items()
        for factor in FACTORS
    }
    if options.json:
        print(json.dumps(results))
        return
    for name, result in results.items():
        print(name, json.dumps(result))


if __name__ == "__main__":
    main()
