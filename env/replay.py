"""Recorded screens as an environment: it shows them one by one and checks what is done to each."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self, TypeAlias

from PIL import Image

from .actions import Action, Click, Done, Wait, action_from_json, action_to_json, points_of
from .errors import ActionError, ClosedError, EnvError
from .policy import Policy
from .screen import changed_box, frame_hash, require_inside
from .types import Environment, Observation, Outcome, PixelBox, StepResult

Expectation: TypeAlias = Action | PixelBox | Callable[[Action], bool]
"""An action to compare with, a box that a click must fall into, or a function that decides."""

_FORMAT = 1
_SHAPE = {"format": int, "tolerance": float, "screens": list, "expected": list}
_POINTS = ("x", "y", "to_x", "to_y")


@dataclass(frozen=True)
class Mismatch:
    """An action that was not the expected one: on which screen, and what it should have been."""

    screen: int
    action: Action
    expected: str


class ReplayEnvironment(Environment):
    """Shows recorded screens; each expected action leads to the next, any other one fails.

    There is one expectation between each two screens. A wrong action is a `StepResult` that
    failed, stays in `mismatches`, and leaves the screen as it is. `Wait` is never wrong, nor is
    `Done` at the end. The policy is there for whoever drives it: nothing here can do harm.
    """

    def __init__(
        self,
        screens: Sequence[Image.Image | str | Path],
        expected: Sequence[Expectation],
        *,
        tolerance: float = 3.0,
        policy: Policy | None = None,
    ) -> None:
        """Take screens (images or files) and what must be done to get from each to the next.

        `tolerance` is how many pixels a point may lie from that of an expected action.
        """
        if len(screens) != len(expected) + 1:
            raise EnvError(
                f"a replay needs one screen more than expectations, not {len(screens)} screens "
                f"and {len(expected)} expectations"
            )
        self._screens = tuple(_image(screen) for screen in screens)
        self._expected = tuple(_expectation(each) for each in expected)
        self._tolerance = float(tolerance)
        self._policy = policy or Policy()
        self._closed = False
        self._at = 0
        self._mismatches: list[Mismatch] = []
        self._last: StepResult | None = None

    @property
    def policy(self) -> Policy:
        """The policy it was opened with."""
        return self._policy

    @property
    def finished(self) -> bool:
        """Whether every expected action was taken."""
        return self._at == len(self._expected)

    @property
    def mismatches(self) -> tuple[Mismatch, ...]:
        """The wrong actions since the last reset."""
        return tuple(self._mismatches)

    def require_finished(self) -> None:
        """Raise AssertionError unless every expected action was taken, and no other."""
        for wrong in self._mismatches:
            raise AssertionError(_complaint(wrong))
        if not self.finished:
            raise AssertionError(
                f"the replay stopped on screen {self._at}, waiting for "
                f"{_describe(self._expected[self._at])}"
            )

    def reset(self) -> Observation:
        """Return to the first screen and forget the mismatches."""
        self._at, self._mismatches, self._last = 0, [], None
        return self.observe()

    def observe(self) -> Observation:
        """Look at the present screen."""
        image = self._screen
        return Observation(
            image=image.copy(),
            viewport=(float(image.width), float(image.height)),
            scale=(1.0, 1.0),
            last=self._last,
        )

    def step(self, action: Action) -> StepResult:
        """Go to the next screen if this is the expected action."""
        started, before = time.perf_counter(), self._screen
        error = self._judge(action)
        box = changed_box(before, self._screen)
        outcome: Outcome = "failed" if error else "changed" if box else "no change"
        self._last = StepResult(
            action=action,
            outcome=outcome,
            dispatched=error is None,
            settled=True,
            before=frame_hash(before),
            after=frame_hash(self._screen),
            changed_box=box,
            seconds=time.perf_counter() - started,
            error=error,
        )
        return self._last

    def close(self) -> None:
        """Show nothing from now on; calling it twice is fine."""
        self._closed = True

    def save(self, folder: str | Path) -> None:
        """Write `replay.json` and `screens/*.png`; functions among the expectations cannot be."""
        root = Path(folder)
        names = [f"screens/{index:03}.png" for index in range(len(self._screens))]
        data = {
            "format": _FORMAT,
            "tolerance": self._tolerance,
            "screens": names,
            "expected": [_expectation_to_json(each) for each in self._expected],
        }
        (root / "screens").mkdir(parents=True, exist_ok=True)
        for name, image in zip(names, self._screens, strict=True):
            image.save(root / name)
        text = json.dumps(data, indent=2, ensure_ascii=False)
        (root / "replay.json").write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: str | Path, *, policy: Policy | None = None) -> Self:
        """Read what `save` wrote."""
        root = Path(folder)
        data = _read(root / "replay.json")
        screens = [_inside(root, name) for name in data["screens"]]
        expected = [_expectation_from_json(each) for each in data["expected"]]
        return cls(screens, expected, tolerance=data["tolerance"], policy=policy)

    @property
    def _screen(self) -> Image.Image:
        if self._closed:
            raise ClosedError("this replay was closed: open a new one")
        return self._screens[self._at]

    def _judge(self, action: Action) -> str | None:
        """Go on if the action is right; else say what is wrong with it."""
        try:
            for point in points_of(action):
                require_inside(point, self._screen.size)
        except ActionError as error:
            return str(error)
        if not self.finished and _matches(action, self._expected[self._at], self._tolerance):
            self._at += 1
            return None
        if isinstance(action, Wait) or (isinstance(action, Done) and self.finished):
            return None
        wanted = "nothing more" if self.finished else _describe(self._expected[self._at])
        wrong = Mismatch(self._at, action, wanted)
        self._mismatches.append(wrong)
        return _complaint(wrong)


def _matches(action: Action, expected: Expectation, tolerance: float) -> bool:
    if isinstance(expected, tuple):
        x1, y1, x2, y2 = expected
        return isinstance(action, Click) and x1 <= action.x < x2 and y1 <= action.y < y2
    if not isinstance(expected, Action):
        return bool(expected(action))
    near = all(
        math.dist(point, wanted) <= tolerance
        for point, wanted in zip(points_of(action), points_of(expected), strict=False)
    )
    return type(action) is type(expected) and near and _rest(action) == _rest(expected)


def _rest(action: Action) -> dict[str, Any]:
    """All fields that are not part of a point."""
    values = {field.name: getattr(action, field.name) for field in fields(action)}
    return {name: value for name, value in values.items() if name not in _POINTS}


def _describe(expected: Expectation) -> str:
    if isinstance(expected, tuple):
        return f"a click in the box {expected}"
    if isinstance(expected, Action):
        return json.dumps(action_to_json(expected), ensure_ascii=False)
    return f"what {getattr(expected, '__name__', repr(expected))} accepts"


def _complaint(wrong: Mismatch) -> str:
    return f"screen {wrong.screen} expected {wrong.expected}, not {_describe(wrong.action)}"


def _image(screen: Image.Image | str | Path) -> Image.Image:
    if isinstance(screen, Image.Image):
        return screen.convert("RGB")
    try:
        with Image.open(screen) as image:
            return image.convert("RGB")
    except (OSError, Image.DecompressionBombError) as error:
        raise EnvError(f"the screen {screen} cannot be read: {error}") from error


def _expectation(given: Any) -> Expectation:
    if isinstance(given, Action):
        return given
    if callable(given):
        decide: Callable[[Action], bool] = given
        return decide
    sides = [type(side) for side in given] if isinstance(given, list | tuple) else []
    if len(sides) == 4 and set(sides) <= {int, float}:
        x1, y1, x2, y2 = given
        if x1 < x2 and y1 < y2:
            return x1, y1, x2, y2
    raise EnvError(f"expected is an action, a box (x1, y1, x2, y2) or a function, not {given!r}")


def _expectation_to_json(expected: Expectation) -> dict[str, Any]:
    if isinstance(expected, tuple):
        return {"box": list(expected)}
    if isinstance(expected, Action):
        return {"action": action_to_json(expected)}
    raise EnvError(f"a replay that expects {_describe(expected)} cannot be saved")


def _expectation_from_json(data: Any) -> Expectation:
    if isinstance(data, Mapping) and list(data) == ["action"]:
        return action_from_json(data["action"])
    if isinstance(data, Mapping) and list(data) == ["box"]:
        return _expectation(data["box"])
    raise EnvError(f"an expectation in a replay is {{action}} or {{box}}, not {data!r}")


def _read(path: Path) -> Mapping[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EnvError(f"the replay {path} cannot be read: {error}") from error
    if not isinstance(data, Mapping) or {name: type(data[name]) for name in data} != _SHAPE:
        raise EnvError(f"{path} is not a replay: it must hold {', '.join(_SHAPE)}")
    if data["format"] != _FORMAT:
        raise EnvError(f"{path} has format {data['format']}, this version reads {_FORMAT}")
    return data


def _inside(root: Path, name: Any) -> Path:
    path = root / str(name)
    if not path.resolve().is_relative_to(root.resolve()):
        raise EnvError(f"the screen {name} of a replay lies outside its folder")
    return path
