"""From a picture to its controls: frames, text and icons, told apart by rule."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .labels import label_of
    from .scene import Scene, look, parse
    from .sliders import knob_in

_NAMES = {"Scene": "scene", "knob_in": "sliders", "label_of": "labels"}
_NAMES |= {"look": "scene", "parse": "scene"}

__all__ = ["Scene", "knob_in", "label_of", "look", "parse"]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used."""
    if name in _NAMES:
        return getattr(importlib.import_module(f".{_NAMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
