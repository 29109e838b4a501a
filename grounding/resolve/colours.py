"""What colour a part of a screen has."""

from __future__ import annotations

import colorsys

import numpy as np
from numpy.typing import NDArray

# Where a colour's name fits: its hue from and to (turns), and the same of its brightness.
_HUES = {
    "red": (-0.04, 0.03, 0.55, 1), "maroon": (-0.04, 0.03, 0, 0.6), "orange": (0.03, 0.115, 0.6, 1),
    "yellow": (0.115, 0.19, 0.7, 1), "olive": (0.12, 0.22, 0, 0.65), "brown": (0.0, 0.12, 0, 0.7),
    "green": (0.20, 0.505, 0, 1), "lime": (0.20, 0.40, 0.7, 1), "cyan": (0.43, 0.55, 0.6, 1),
    "teal": (0.43, 0.55, 0, 0.65), "blue": (0.53, 0.70, 0, 1), "navy": (0.56, 0.70, 0, 0.6),
    "purple": (0.635, 0.84, 0, 1), "magenta": (0.81, 0.92, 0.7, 1), "pink": (0.81, 1.0, 0.55, 1),
}  # fmt: skip
_SOFT = 0.03  # a hue this far outside still fits a little
_DIM = 0.15  # and so does a brightness
# Some names mean a pale colour rather than a vivid one, and some the other way round.
_PALE = {"pink"}
_DEEP = {"magenta", "lime"}


def colour_fit(name: str, pixels: NDArray[np.uint8]) -> float:
    """Return from 0 to 1 how well a colour's name fits a part (H, W, 3): its ground or its ink."""
    if not pixels.size:
        return 0.0
    flat = pixels.reshape(-1, 3).astype(np.int32)
    # The commonest colour, coarsely, is the ground; what differs most from it is ink.
    coarse = flat >> 4
    keys = (coarse[:, 0] << 8) | (coarse[:, 1] << 4) | coarse[:, 2]
    values, counts = np.unique(keys, return_counts=True)
    ground = np.median(flat[keys == values[counts.argmax()]], axis=0)
    away = np.abs(flat - ground).max(axis=1)
    fit = _named(name, ground)
    if away.max() > 48:
        ink = np.median(flat[away > 0.6 * away.max()], axis=0)
        fit = max(fit, 0.9 * _named(name, ink))
    return fit


def _named(name: str, colour: NDArray[np.float64]) -> float:
    red, green, blue = (float(value) / 255 for value in colour)
    hue, saturation, value = colorsys.rgb_to_hsv(red, green, blue)
    vivid = min(1.0, max(0.0, (saturation - 0.15) / 0.2)) * min(1.0, value / 0.3)
    if name == "white":
        return float(saturation < 0.08 and value > 0.9)
    if name == "black":
        return float(value < 0.25)
    if name == "grey":
        return (1 - vivid) * float(0.25 <= value <= 0.93)
    low, high, dark, light = _HUES[name]
    off = min(max(low - turn, turn - high, 0.0) for turn in (hue - 1, hue, hue + 1))
    dim = max(dark - value, value - light, 0.0)
    near = max(0.0, 1 - off / _SOFT) * max(0.0, 1 - dim / _DIM)
    if name in _PALE:
        vivid = min(1.0, 2.5 * vivid) * (1.0 if saturation < 0.75 else 0.85)
    if name in _DEEP:
        vivid *= 1.0 if saturation > 0.75 else 0.75
    return vivid * near
