"""Input events on the desktop: the pointer through pyautogui, the keyboard through ours."""

from __future__ import annotations

import contextlib
import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from .actions import Action, Click, Drag, Hover, Move, Press, Scroll, Type
from .desktop_screen import Frame, Region
from .errors import ActionError
from .keys import parse_chord
from .screen import to_input

NOTCH = 100  # screenshot pixels that one notch of the wheel stands for
_PER_NOTCH = {"win32": 120, "darwin": 10}  # pyautogui's unit: a notch, or on these a part of it
DRAG_SECONDS = 0.3  # programs tell a drag from a click by the moves in between
DOUBLE_CLICK_SECONDS = 0.05
FOCUS_WAIT = 0.5  # seconds after a click within which busy programs take the keyboard focus
CLIPBOARD = (
    "the secret holds characters that only the clipboard could bring, where every program can "
    "read them: use one of ASCII characters"
)


class Keyboard(Protocol):
    """What types and presses."""

    def type(self, text: str, check: Callable[[], None]) -> None:
        """Type text; `check` runs every few characters and may raise."""
        ...

    def needs_clipboard(self, text: str) -> bool:
        """Whether typing `text` takes the clipboard, which other programs read."""
        ...

    def press(self, chord: Sequence[str]) -> None:
        """Strike a parsed chord."""
        ...

    def held(self, modifiers: Sequence[str]) -> AbstractContextManager[None]:
        """Hold modifier keys for a while."""
        ...

    def focus_problem(self, region: Region) -> str | None:
        """Why typed text would be lost or land outside `region`."""
        ...

    def caught_up(self, seconds: float) -> bool:
        """Wait until the focus is where the events before have put it."""
        ...

    def restore(self) -> None:
        """Undo what was changed in order to type."""
        ...


class DesktopInput:
    """Carries actions out; `gui` is pyautogui, `display` the X connection to use or None."""

    def __init__(
        self, gui: Any, keyboard: Keyboard, display: Any, *, failsafe: bool, pause: float
    ) -> None:
        self._gui = gui
        self._keyboard = keyboard
        self._display = display
        self._failsafe = failsafe
        self._pause = pause

    @property
    def stop_error(self) -> type[Exception]:
        """What is raised when a person moves the pointer into a corner."""
        error: type[Exception] = self._gui.FailSafeException
        return error

    @contextlib.contextmanager
    def ready(self, bounds: Region) -> Iterator[None]:
        """Lend pyautogui our settings and display for a while; stop at once in a corner."""
        gui, module = self._gui, self._gui.platformModule
        before = gui.FAILSAFE, gui.PAUSE, gui.FAILSAFE_POINTS
        connection = getattr(module, "_display", None)
        gui.FAILSAFE, gui.PAUSE = self._failsafe, self._pause
        gui.FAILSAFE_POINTS = _corners(bounds)
        if self._display is not None:
            module._display = self._display
        try:
            gui.failSafeCheck()
            yield
        finally:
            gui.FAILSAFE, gui.PAUSE, gui.FAILSAFE_POINTS = before
            if self._display is not None:
                module._display = connection

    def perform(self, action: Action, text: str, frame: Frame, bounds: Region) -> None:
        """Send the events of one action whose points are pixels of `frame`."""
        match action:
            case Move(x, y):
                self._gui.moveTo(*self._target(x, y, frame, bounds))
            case Hover(x, y):
                self._hover(*self._target(x, y, frame, bounds))
            case Click():
                self._click(action, *self._target(action.x, action.y, frame, bounds))
            case Drag():
                start = self._target(action.x, action.y, frame, bounds)
                self._drag(start, self._target(action.to_x, action.to_y, frame, bounds))
            case Scroll():
                self._gui.moveTo(*self._target(action.x, action.y, frame, bounds))
                self._scroll(action)
            case Type():
                self._require_focus(frame)
                if action.secret is not None and self._keyboard.needs_clipboard(text):
                    raise ActionError(CLIPBOARD)
                self._keyboard.type(text, self._gui.failSafeCheck)
            case Press():
                chord = parse_chord(action.keys)
                self._require_focus(frame)
                self._keyboard.press(chord)
            case _:
                raise ActionError(_cannot(action))

    def _target(self, x: float, y: float, frame: Frame, bounds: Region) -> tuple[int, int]:
        """The input pixel under a screenshot point; corners are left to the fail-safe."""
        left, top = (math.floor(value) for value in to_input((x, y), frame.scale, frame.origin))
        if self._failsafe and (left, top) in _corners(bounds):
            left += 1 if left == bounds[0] else -1
            top += 1 if top == bounds[1] else -1
        return left, top

    def _hover(self, x: int, y: int) -> None:
        self._gui.moveTo(x - 1 if x else x + 1, y)  # a pointer that is there already must move
        self._gui.moveTo(x, y)

    def _click(self, action: Click, x: int, y: int) -> None:
        self._gui.moveTo(x, y)
        with self._keyboard.held(action.modifiers):
            self._gui.click(
                clicks=action.count, interval=DOUBLE_CLICK_SECONDS, button=action.button
            )

    def _drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        self._gui.moveTo(*start)
        try:
            self._gui.dragTo(*end, duration=DRAG_SECONDS, button="left")
        except self.stop_error:
            self._gui.FAILSAFE = False  # the button must not stay down
            self._gui.mouseUp(button="left")
            raise

    def _scroll(self, action: Scroll) -> None:
        unit = _PER_NOTCH.get(sys.platform, 1)
        if down := _notches(action.dy):
            self._gui.vscroll(-down * unit)
        if right := _notches(action.dx):
            self._gui.hscroll(right * unit * (-1 if sys.platform == "darwin" else 1))

    def _require_focus(self, frame: Frame) -> None:
        deadline = time.monotonic() + FOCUS_WAIT
        while problem := self._keyboard.focus_problem(frame.bounds):
            if time.monotonic() > deadline:
                raise ActionError(problem)
            time.sleep(0.02)


def _corners(bounds: Region) -> list[tuple[int, int]]:
    left, top, width, height = bounds
    return [(x, y) for x in (left, left + width - 1) for y in (top, top + height - 1)]


def _notches(pixels: float) -> int:
    """Whole notches, one at least unless there is nothing to scroll."""
    if not pixels:
        return 0
    return int(math.copysign(max(1, round(abs(pixels) / NOTCH)), pixels))


def _cannot(action: Action) -> str:
    if action.kind == "select":
        return "a desktop has no select of its own: click the list, then click or type the option"
    if action.kind == "upload":
        return "a desktop has no upload of its own: open the file dialog and type the path there"
    return f"{action.kind} needs a BrowserEnvironment: on a desktop, click and type in the program"
