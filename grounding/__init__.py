"""From a picture and an instruction to a point."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__distribution__ = "focusagent"

if TYPE_CHECKING:
    from . import align as align
    from . import errors as errors
    from . import evidence as evidence
    from . import reader as reader
    from . import training as training
    from . import types as types
    from .reader.reader import Reader
    from .types import Box, Point

_MODULES = {"align", "errors", "evidence", "reader", "training", "types"}
_NAMES = {"Box": "types", "Point": "types", "Reader": "reader.reader"}

__all__ = ["Box", "Point", "Reader"]


def __getattr__(name: str) -> Any:
    """Load a module or a public name when it is first used."""
    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    if name in _NAMES:
        return getattr(importlib.import_module(f".{_NAMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
