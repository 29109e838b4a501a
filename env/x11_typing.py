"""The X11 keyboard: text exactly as given, and chords, whatever the layout.

A character that stands on the layout is typed with its key; any other is put on a key that the
layout leaves free. Those keys stay ours until `restore`: taking one back while a program still
reads its input would change what that program sees.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from .desktop_screen import Region
from .errors import ActionError
from .x11_manager import ManagerQueue

_KEYSYMS = {
    "Alt": 0xFFE9, "Control": 0xFFE3, "Meta": 0xFFEB, "Shift": 0xFFE1, "ArrowDown": 0xFF54,
    "ArrowLeft": 0xFF51, "ArrowRight": 0xFF53, "ArrowUp": 0xFF52, "Backspace": 0xFF08,
    "CapsLock": 0xFFE5, "ContextMenu": 0xFF67, "Delete": 0xFFFF, "End": 0xFF57, "Enter": 0xFF0D,
    "Escape": 0xFF1B, "Home": 0xFF50, "Insert": 0xFF63, "PageDown": 0xFF56, "PageUp": 0xFF55,
    "Pause": 0xFF13, "PrintScreen": 0xFF61, "Space": 0x0020, "Tab": 0xFF09,
    **{f"F{number}": 0xFFBD + number for number in range(1, 13)},
}  # fmt: skip
_HELD = {"Shift": 1 << 0, "Control": 1 << 2, "Alt": 1 << 3, "Meta": 1 << 6, "AltGr": 1 << 7}
_CAPS = 1 << 1
_GROUPS = 3 << 13  # layouts beyond the first, in the pointer mask of the core protocol
CHECK_EVERY = 16  # characters between two looks at the fail-safe
LATCH_SECONDS = 0.03  # programs read a changed layout before the keys that follow it

Key = tuple[int, bool]  # keycode, with Shift


class X11Keyboard:
    """Types on the X server of `display`; `drain` waits until programs have read their input."""

    def __init__(self, display: Any, drain: Callable[[], object]) -> None:
        self._display = display
        self._drain = drain
        self._manager = ManagerQueue(display)
        self._ours: set[int] = set()
        self._width = 1

    def type(self, text: str, check: Callable[[], None]) -> None:
        """Type `text`; a newline is Enter. `check` runs every few characters and may raise."""
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        keysyms = [_keysym(char) for char in text]
        with self._plain_state() as layouts_differ:
            keys: dict[int, Key] = {}
            for index, keysym in enumerate(keysyms):
                if index % CHECK_EVERY == 0:
                    check()
                if keysym not in keys:
                    keys = self._keys_for(keysyms[index:], layouts_differ, index > 0)
                self._strike(keys[keysym])

    def needs_clipboard(self, text: str) -> bool:
        """Never: every character has a keysym."""
        return False

    def press(self, chord: Sequence[str]) -> None:
        """Hold all but the last key of a parsed chord, strike the last, let go."""
        *held, last = chord
        if set(held) - {"Shift"}:
            last = last.lower() if len(last) == 1 else last
        keysym = _KEYSYMS[last] if last in _KEYSYMS else _keysym(last)
        key = self._keys_for([keysym], False, False)[keysym]
        with self.held(held):
            self._strike((key[0], key[1] and "Shift" not in held))

    @contextlib.contextmanager
    def held(self, modifiers: Sequence[str]) -> Iterator[None]:
        """Hold modifier keys for a while."""
        from Xlib import X

        codes = [self._display.keysym_to_keycode(_KEYSYMS[name]) for name in modifiers]
        try:
            for code in codes:
                self._send(X.KeyPress, code)
            yield
        finally:
            for code in reversed(codes):
                self._send(X.KeyRelease, code)

    def restore(self) -> None:
        """Give the layout its free keys back."""
        for code in self._ours:
            self._display.change_keyboard_mapping(code, [[0] * self._width])
        self._ours.clear()
        self._display.sync()

    def caught_up(self, seconds: float) -> bool:
        """Wait until the window manager has handled clicks and layout changes."""
        return self._manager.caught_up(seconds)

    def focus_problem(self, region: Region) -> str | None:
        """Why typed text would be lost or land outside `region`; None when it would arrive."""
        from Xlib import X, error

        root = self._display.screen().root
        focus = self._display.get_input_focus().focus
        try:
            window = root.query_pointer().child if focus == X.PointerRoot else focus
            if isinstance(window, int) or window == root:
                return "no window has the keyboard focus: click the field first"
            while (parent := window.query_tree().parent) not in (root, 0):
                window = parent
            place = window.get_geometry()
            shown = window.get_attributes().map_state == X.IsViewable
        except error.XError:  # the window closed while it was asked
            return "the window that had the keyboard focus is gone: click the field first"
        left, top, width, height = region
        across = place.x < left + width and place.x + place.width > left
        down = place.y < top + height and place.y + place.height > top
        if shown and across and down:
            return None
        return "the keyboard focus lies outside what is seen here: click the field first"

    @contextlib.contextmanager
    def _plain_state(self) -> Iterator[bool]:
        """Caps Lock off for a while; says whether another layout than the first is active."""
        mask = self._display.screen().root.query_pointer().mask
        down = [name for name, bit in _HELD.items() if mask & bit]
        if down:
            raise ActionError(f"{' and '.join(down)} is held down on the keyboard: let go of it")
        caps = (self._display.keysym_to_keycode(_KEYSYMS["CapsLock"]), False)
        if mask & _CAPS:
            self._strike(caps)
        try:
            yield bool(mask & _GROUPS)
        finally:
            if mask & _CAPS:
                self._strike(caps)

    def _keys_for(self, keysyms: Sequence[int], spare_only: bool, typing: bool) -> dict[int, Key]:
        """Keys for as many of `keysyms`, in order, as the layout and its free keys can hold."""
        first = self._display.display.info.min_keycode
        last = self._display.display.info.max_keycode
        rows = self._display.get_keyboard_mapping(first, last - first + 1)
        self._width = len(rows[0])
        keys: dict[int, Key] = {}
        free = []
        for code, row in enumerate(rows, first):
            if not any(row):
                free.append(code)
            elif not spare_only or code in self._ours or 0xFF00 < row[0] <= 0xFFFF:
                for shift, keysym in enumerate(row[:2]):
                    keys.setdefault(keysym, (code, bool(shift)))
        missing = [keysym for keysym in dict.fromkeys(keysyms) if keysym not in keys]
        if not missing:
            return keys
        if not free:
            free = self._reclaim(typing, keys)
        for code, start in zip(free, range(0, len(missing), 2), strict=False):
            pair = missing[start : start + 2]  # without and with Shift
            row = (pair * self._width)[: self._width]
            self._display.change_keyboard_mapping(code, [row])
            self._ours.add(code)
            keys.update({keysym: (code, bool(shift)) for shift, keysym in enumerate(pair)})
        self._display.sync()
        time.sleep(LATCH_SECONDS)
        return keys

    def _reclaim(self, typing: bool, keys: dict[int, Key]) -> list[int]:
        if not self._ours:
            raise ActionError("the keyboard layout has no key left for what it lacks: use another")
        if typing:
            self._drain()
        for keysym in [keysym for keysym, key in keys.items() if key[0] in self._ours]:
            del keys[keysym]
        return sorted(self._ours)

    def _strike(self, key: Key) -> None:
        from Xlib import X

        code, shift = key
        with self.held(["Shift"] if shift else []):
            self._send(X.KeyPress, code)
            self._send(X.KeyRelease, code)

    def _send(self, kind: int, code: int) -> None:
        from Xlib.ext.xtest import fake_input

        fake_input(self._display, kind, code)
        self._display.sync()


def _keysym(char: str) -> int:
    """The X keysym of a character: Latin-1 is itself, the rest of Unicode has its own range."""
    if char in "\n\t":
        return _KEYSYMS["Enter" if char == "\n" else "Tab"]
    code = ord(char)
    if code < 0x20 or 0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000:
        raise ActionError(f"the text holds the control character U+{code:04X}, which no key types")
    return code if code < 0x100 else 0x01000000 + code
