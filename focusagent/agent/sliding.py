"""Sliders: the knob is dragged until what is shown beside it is the number that was asked for."""

from __future__ import annotations

import dataclasses
import importlib
import re
from typing import TYPE_CHECKING

import numpy as np

from .._siblings import env, grounding
from ..planner.intents import Outcome, Target
from ..planner.words import ENDS
from .acting import act_at
from .desk import Desk
from .errors import Failed
from .evidence import prove_no_complaint, prove_target
from .eyes import middle
from .pixels import grown, holds

if TYPE_CHECKING:
    from .eyes import Seen
    from .pixels import PixelBox
    from .spots import Spot

_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?")
_DRAGS = 4
_MOST_KEYS = 60
# Pixels around a slider in which its number is written.
_BESIDE, _ABOVE = 260, 48
_AT_END = 3  # pixels
Numbers = dict[tuple[int, int], float]


def slide(desk: Desk, target: Target, spot: Spot, wanted: str) -> Outcome:
    """Move the knob of the slider at a spot to a number, a percentage, or an end."""
    end = ENDS.get(wanted.strip().casefold())
    number = _number(wanted) if end is None else None
    if number is None and end is None:
        raise Failed(f"{target.words} is a slider: it takes a number or a percentage")
    element = desk.seen.element_at(spot.point, ("slider",))
    box = desk.seen.pixels(element.box) if element else spot.box
    slider = _Slider(desk, target, dataclasses.replace(spot, box=box))
    prove_target(desk, spot, target)
    before = desk.screen
    if number is None:
        at_end = slider.drag_to_end(end or 0)
        desk.prove(f"it is at its {wanted}", True if at_end else None)
    else:
        shown = slider.drag_to(number)
        if shown is not None and shown != number:
            shown = slider.nudge(number, shown)
        if shown is not None and shown != number:
            raise Failed(f"{target.words} could not be set to {wanted}: it is at {shown:g}")
        none = "" if shown == number else "no number on the screen tells where it is"
        desk.prove(f"it is at {wanted}", None if none else True, none)
    prove_no_complaint(desk, before)
    return Outcome(True)


def _number(text: str) -> float | None:
    """The number that a text is about: `70`, `70 %`, `$1,200`."""
    found = _NUMBER.findall(re.sub(r"(?<=\d),(?=\d{3}\b)", "", text))
    return float(found[0].replace(",", ".")) if len(found) == 1 else None


class _Slider:
    """A slider while it is moved."""

    def __init__(self, desk: Desk, target: Target, spot: Spot) -> None:
        self._desk, self._target, self._spot = desk, target, spot
        self._first = _numbers(desk.seen, spot.box)
        self._at: tuple[int, int] | None = None  # where its number is written

    def _knob(self) -> PixelBox:
        image = self._desk.screen.image
        x1, y1, x2, y2 = self._spot.box
        room = grown((x1, y1, x2, y2), (y2 - y1) / 2, image.size)
        parsing = importlib.import_module(".parsing", grounding.__name__)
        knob: PixelBox | None = parsing.knob_in(
            np.asarray(image.convert("RGB")), (room[0], y1, room[2], y2)
        )
        if knob is None:
            raise Failed(f"{self._target.words} has lost its knob")
        return knob

    def _shown(self) -> float | None:
        """The number that has changed since the knob was first moved; None if there is none."""
        now = _numbers(self._desk.seen, self._spot.box)
        if self._at is None:
            changed = [at for at, number in now.items() if _near(self._first, at) != number]
            at = middle(self._knob())
            self._at = min(
                changed, key=lambda each: abs(each[0] - at[0]) + abs(each[1] - at[1]), default=None
            )
        return _near(now, self._at) if self._at is not None else None

    def _drag(self, to: float) -> None:
        knob = self._knob()
        y = (knob[1] + knob[3]) / 2
        spot = dataclasses.replace(
            self._spot, point=middle(knob), box=knob, image=self._desk.screen.image
        )

        def build(x: float, at: float) -> env.Action:
            return env.Drag(x, at, to, y)

        words = f"drag {self._target.words}"
        act_at(self._desk, self._target, "set_value", spot, build, words)

    def _travel(self) -> tuple[float, float]:
        """Where the middle of the knob is at the left end, and at the right."""
        half = (self._knob()[2] - self._knob()[0]) / 2
        return self._spot.box[0] + half, self._spot.box[2] - half

    def drag_to_end(self, end: int) -> bool:
        """Drag the knob to the left end (0) or the right one (1); whether it is there then."""
        x1, _, x2, _ = self._spot.box
        width = self._desk.screen.image.width
        self._drag(min(max((x1 - _AT_END, x2 + _AT_END)[end], 1), width - 1))
        knob = self._knob()
        return abs((knob[0] - x1, x2 - knob[2])[end]) <= _AT_END

    def drag_to(self, number: float) -> float | None:
        """Drag the knob to where the number must be; what is shown then, None if nothing is."""
        low, high = self._travel()
        known: list[tuple[float, float]] = [(low, 0.0), (high, 100.0)]
        began = middle(self._knob())[0]
        shown: float | None = None
        for _ in range(_DRAGS):
            to = _where(known, number)
            if to is None or abs(middle(self._knob())[0] - to) < 1:
                break
            self._drag(min(max(to, low - 1), high + 1))
            shown = self._shown()
            if shown is None or shown == number or self._at is None:
                break
            first = _near(self._first, self._at)
            known = [(began, first)] if len(known) == 2 and first is not None else known[-1:]
            known.append((middle(self._knob())[0], shown))
        if shown is None and self._at is None:  # it may have been there all the time
            near = [each for each in self._first.values() if each == number]
            at = (began - low) / max(high - low, 1) * 100
            return number if len(near) == 1 and abs(at - number) <= 2 else None
        return shown

    def nudge(self, number: float, shown: float) -> float:
        """Press arrow keys until the number is shown, or they do not bring it closer."""
        key = "ArrowRight" if number > shown else "ArrowLeft"
        for _ in range(_MOST_KEYS):
            self._desk.act(env.Press(key))
            now = self._shown()
            if now is None or abs(now - number) >= abs(shown - number):
                break
            shown = now
            if shown == number:
                break
        return shown


def _where(known: list[tuple[float, float]], number: float) -> float | None:
    """Where a number must be on a line through two known places."""
    (x1, one), (x2, two) = known if len(known) == 2 else (known[0], known[0])
    return x1 + (number - one) * (x2 - x1) / (two - one) if one != two else None


def _numbers(seen: Seen, box: PixelBox) -> Numbers:
    """The numbers written around a slider, by where they stand."""
    x1, y1, x2, y2 = box
    around = (x1 - _BESIDE, y1 - _ABOVE, x2 + _BESIDE, y2 + _ABOVE)
    return {
        (round(middle(where)[0]), round(middle(where)[1])): number
        for text, where in seen.texts()
        if holds(around, middle(where)) and (number := _number(text)) is not None
    }


def _near(numbers: Numbers, at: tuple[int, int]) -> float | None:
    """The number at a place, or close to it: `9` and `10` have not the same middle."""
    close = [each for each in numbers if abs(each[1] - at[1]) <= 6 and abs(each[0] - at[0]) <= 24]
    best = min(close, key=lambda each: abs(each[0] - at[0]), default=None)
    return numbers[best] if best is not None else None
