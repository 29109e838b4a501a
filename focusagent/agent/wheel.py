"""Turning the wheel where it moves something."""

from __future__ import annotations

from .._siblings import env
from .desk import Desk

# Shares of the screen where the pointer may be over something that scrolls, likeliest first.
PLACES = ((0.5, 0.5), (0.25, 0.5), (0.75, 0.5), (0.5, 0.8))

Point = tuple[float, float]


def turn(
    desk: Desk, down: float, right: float = 0.0, at: Point | None = None, *, late: bool = True
) -> Point | None:
    """Turn by some pixels, at a point or wherever it moves something; where it did, if it did.

    What moves `late`, as a list that loads more, is waited for.
    """
    width, height = desk.screen.image.size
    points = [(x * width, y * height) for x, y in PLACES] if at is None else [at]
    before = desk.screen

    def moved() -> bool:
        return desk.screen.image is not before.image

    for x, y in points:
        desk.act(env.Scroll(x, y, down, right))
        if moved():
            return x, y
    if late and desk.wait_until(moved, desk.settings.patience / 2):
        return points[0]
    return None
