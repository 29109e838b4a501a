"""Milliseconds to turn attention over a screen's tokens into places to click, on one core.

    python benchmarks/decode_speed.py [--columns 100] [--rows 50] [--rounds 200]

Three maps: a peak with a runner-up (what a trained pointer gives), noise, and a chessboard, where
every second token is a region of its own. Medians and the slowest of all rounds.
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np
from numpy.typing import NDArray

from grounding.decode import decode
from grounding.grid import PatchGrid


def attention_maps(grid: PatchGrid) -> dict[str, NDArray[np.float64]]:
    """Return maps (rows, columns) from the usual one to the worst."""
    rows, columns = np.indices((grid.rows, grid.columns))
    main = np.exp(-np.hypot(rows - grid.rows * 0.3, columns - grid.columns * 0.6))
    other = 0.7 * np.exp(-np.hypot(rows - grid.rows * 0.8, columns - grid.columns * 0.2))
    noise = np.random.default_rng(0).random(rows.shape)
    return {"peak": main + other, "noise": noise, "chessboard": (rows + columns) % 2 * 1.0}


def milliseconds(heat: NDArray[np.float64], grid: PatchGrid, rounds: int) -> list[float]:
    """Return the time of each round."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        decode(heat, grid)
        times.append((time.perf_counter() - start) * 1000)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--columns", type=int, default=100)
    parser.add_argument("--rows", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=200)
    given = parser.parse_args()
    factor = 28
    width, height = given.columns * factor, given.rows * factor
    grid = PatchGrid(width, height, width, height, factor // 2, 2)
    print(f"{grid.count} tokens, {given.rounds} rounds")
    for name, heat in attention_maps(grid).items():
        times = milliseconds(heat, grid, given.rounds)
        print(f"{name:12} median {statistics.median(times):.3f} ms, slowest {max(times):.3f} ms")


if __name__ == "__main__":
    main()
