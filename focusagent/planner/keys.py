"""Keys and chords as people say them: `Ctrl+Shift+K`, `page down`, `the Delete key`."""

from __future__ import annotations

import importlib
from typing import Any

from .._siblings import env
from .pieces import Tokens, is_word, without_articles
from .words import MODIFIER_NAMES

_keys: Any = importlib.import_module(f"{env.__name__}.keys")
_SPOKEN = {
    "page down": "PageDown", "page up": "PageUp", "arrow down": "ArrowDown",
    "arrow up": "ArrowUp", "arrow left": "ArrowLeft", "arrow right": "ArrowRight",
    "down arrow": "ArrowDown", "up arrow": "ArrowUp", "left arrow": "ArrowLeft",
    "right arrow": "ArrowRight", "space bar": "Space", "spacebar": "Space",
    "back space": "Backspace", "caps lock": "CapsLock", "print screen": "PrintScreen",
    "return": "Enter", "plus": "+", "minus": "-", "comma": ",", "period": ".",
}  # fmt: skip
# Keys that are also common names of buttons: in quotes it is unclear which is meant.
BUTTON_NAMES = {"Delete", "Home", "End", "Insert", "Space", "Pause"}


def chord_of(tokens: Tokens) -> str | None:
    """The chord that these tokens name, spelled as environments spell it; None if they name none.

    Raises the environment's error where a chord is surely meant but a key in it is unknown.
    """
    tokens = without_articles(tokens)
    if len(tokens) > 1 and is_word(tokens[-1], "key", "keys", "shortcut"):
        tokens = tokens[:-1]
    said = " ".join(token.text for token in tokens)
    if said.lower() in _SPOKEN:
        return _SPOKEN[said.lower()]
    if len(tokens) == 3 and tokens[1].text == "and" and tokens[0].low in MODIFIER_NAMES:
        said = f"{tokens[0].text}+{tokens[2].text}"
    said = "+".join(part.strip() for part in said.split(" + "))
    if " " in said.strip():
        return None
    first, dash, rest = said.partition("-")
    if dash and rest and first.lower() in MODIFIER_NAMES:  # Ctrl-S
        said = said.replace("-", "+")
    try:
        return "+".join(_SPOKEN.get(key, key) for key in _keys.parse_chord(said))
    except env.ActionError:
        head = said.split("+", maxsplit=1)[0]
        if "+" in said and head.lower() in MODIFIER_NAMES:
            raise
        return None
