"""Pictures that were blown up: a zoomed view, a remote screen scaled to the window."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..reader.reader import Screen

Pixels = NDArray[np.uint8]

# Steps across two pixels of at least this in some channel are edges.
_EDGE, _FEWEST = 60, 50
# On a screen as it was drawn, most edges are one pixel wide: one step makes up all of it.
_SHARP = 0.87
# Smaller text, in pixels, is not halved.
_LEAST_TEXT = 16.0


def as_drawn(pixels: Pixels, screen: Screen) -> tuple[Pixels, Screen] | None:
    """Return a picture and its text in half the size if it was blown up to twice that, else None.

    Borders are thin and even again, as the rules for frames expect; shares of the size stay.
    """
    sizes = [line.size for line in screen.raw_lines]
    large = not sizes or float(np.median(sizes)) >= _LEAST_TEXT
    if not large or min(pixels.shape[:2]) < 4 or not is_soft(pixels):
        return None
    height, width = pixels.shape[0] // 2 * 2, pixels.shape[1] // 2 * 2
    quarters = pixels[:height, :width].reshape(height // 2, 2, width // 2, 2, 3)
    half = quarters.mean(axis=(1, 3), dtype=np.float32).round().astype(np.uint8)
    return half, screen.scaled(0.5, (width // 2, height // 2))


def is_soft(pixels: Pixels) -> bool:
    """Tell whether edges are two pixels wide, as after blowing a picture up to twice its size."""
    rows = pixels[:: max(1, pixels.shape[0] // 400)].astype(np.int16)
    one = np.abs(np.diff(rows, axis=1)).max(axis=2)
    two = np.abs(rows[:, 2:] - rows[:, :-2]).max(axis=2)
    edges = two > _EDGE
    if int(edges.sum()) < _FEWEST:
        return False
    steepest = np.maximum(one[:, 1:], one[:, :-1])[edges] / two[edges]
    return float(np.median(steepest)) < _SHARP
