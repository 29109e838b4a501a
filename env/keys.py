"""Names of keys and chords, spelled as browsers spell them; shared by all environments."""

from __future__ import annotations

import difflib

from .errors import ActionError

MODIFIERS = ("Alt", "Control", "Meta", "Shift")
NAMED = (
    "ArrowDown", "ArrowLeft", "ArrowRight", "ArrowUp", "Backspace", "CapsLock", "ContextMenu",
    "Delete", "End", "Enter", "Escape", "Home", "Insert", "PageDown", "PageUp", "Pause",
    "PrintScreen", "Space", "Tab", *(f"F{number}" for number in range(1, 13)),
)  # fmt: skip
_ALIASES = {
    "alt": "Alt", "cmd": "Meta", "command": "Meta", "control": "Control", "ctrl": "Control",
    "del": "Delete", "down": "ArrowDown", "esc": "Escape", "ins": "Insert", "left": "ArrowLeft",
    "meta": "Meta", "option": "Alt", "pgdn": "PageDown", "pgup": "PageUp", "return": "Enter",
    "right": "ArrowRight", "shift": "Shift", "super": "Meta", "up": "ArrowUp", "win": "Meta",
    "windows": "Meta", " ": "Space",
}  # fmt: skip
_BY_LOWER = {name.lower(): name for name in (*MODIFIERS, *NAMED)} | _ALIASES


def parse_chord(text: str) -> tuple[str, ...]:
    """`"ctrl+s"` -> `("Control", "s")`: modifiers, then exactly one key, which may be `+`."""
    parts = _split(text)
    names = [_canonical(part, text) for part in parts]
    *held, last = names
    wrong = [name for name in held if name not in MODIFIERS]
    if wrong:
        raise ActionError(
            f"{text!r} presses {wrong[0]!r} together with another key: only "
            f"{', '.join(MODIFIERS)} can be held"
        )
    return (*dict.fromkeys(held), last)


def _split(text: str) -> list[str]:
    if text in ("+", " "):
        return [text]
    if text.endswith("++"):
        return [*text[:-2].split("+"), "+"]
    return [part if part == " " else part.strip() for part in text.split("+")]


def _canonical(part: str, text: str) -> str:
    if known := _BY_LOWER.get(part.lower()):
        return known
    if len(part) == 1 and part.isprintable():
        return part
    close = difflib.get_close_matches(part.lower(), _BY_LOWER, n=1, cutoff=0.5)
    guess = f", did you mean {_BY_LOWER[close[0]]!r}?" if close else ":"
    raise ActionError(
        f"unknown key {part!r} in {text!r}{guess} keys are single characters, "
        f"{', '.join(MODIFIERS)}, {', '.join(NAMED[:-12])} and F1 to F12"
    )
