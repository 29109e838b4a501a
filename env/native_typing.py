"""The keyboard of Windows and macOS: pyautogui, and the clipboard for what it cannot write."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from .desktop_screen import Region
from .errors import ActionError

_NAMES = {
    "Alt": "alt", "Control": "ctrl", "Shift": "shift", "ArrowDown": "down", "ArrowLeft": "left",
    "ArrowRight": "right", "ArrowUp": "up", "ContextMenu": "apps", "Enter": "enter",
    "Escape": "esc", "Space": "space", " ": "space",
}  # fmt: skip
CHECK_EVERY = 16  # characters between two looks at the fail-safe
PASTE_SECONDS = 0.3  # programs read the clipboard some time after the chord


class NativeKeyboard:
    """Types through `gui` (pyautogui) and pastes through `clipboard` (pyperclip)."""

    def __init__(self, gui: Any, clipboard: Any, drain: Callable[[float], object]) -> None:
        self._gui = gui
        self._clipboard = clipboard
        self._drain = drain
        self._mac = sys.platform == "darwin"

    def type(self, text: str, check: Callable[[], None]) -> None:
        """Type `text`; a newline is Enter. What no key writes is pasted."""
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        if not self.needs_clipboard(text):
            for start in range(0, len(text), CHECK_EVERY):
                check()
                self._gui.write(text[start : start + CHECK_EVERY])
            return
        check()
        before = self._clipboard.paste()
        self._clipboard.copy(text)
        try:
            self.press(("Meta" if self._mac else "Control", "v"))
            self._drain(PASTE_SECONDS)
        finally:
            self._clipboard.copy(before)

    def needs_clipboard(self, text: str) -> bool:
        """Whether pyautogui would drop some of `text`."""
        return any(char not in "\r\n\t" and not " " <= char <= "~" for char in text)

    def press(self, chord: Sequence[str]) -> None:
        """Hold all but the last key of a parsed chord, strike the last, let go."""
        *held, last = chord
        if set(held) - {"Shift"}:
            last = last.lower() if len(last) == 1 else last
        key = self._name(last)
        with self.held(held):
            self._gui.press(key)

    @contextlib.contextmanager
    def held(self, modifiers: Sequence[str]) -> Iterator[None]:
        """Hold modifier keys for a while."""
        names = [self._name(name) for name in modifiers]
        try:
            for name in names:
                self._gui.keyDown(name)
            yield
        finally:
            for name in reversed(names):
                self._gui.keyUp(name)

    def restore(self) -> None:
        """Nothing was changed."""

    def caught_up(self, seconds: float) -> bool:
        """The system moves the focus itself: nothing to wait for."""
        return True

    def focus_problem(self, region: Region) -> str | None:
        """Why typed text would be lost; macOS has no way to ask that needs no permission."""
        if sys.platform == "win32":
            import ctypes

            if not ctypes.windll.user32.GetForegroundWindow():
                return "no window has the keyboard focus: click the field first"
        return None

    def _name(self, key: str) -> str:
        if key == "Meta":
            return "command" if self._mac else "win"
        name = _NAMES.get(key, key if len(key) == 1 else key.lower())
        if not self._gui.isValidKey(name):
            raise ActionError(f"this keyboard has no key {key!r}")
        return name
