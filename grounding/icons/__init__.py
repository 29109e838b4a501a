"""The icon recogniser: finds icon-only controls on any screen and knows what they mean."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import crops as crops
    from . import evidence as evidence
    from . import model as model
    from . import network as network
    from . import proposals as proposals
    from . import screen as screen
    from . import words as words
    from .evidence import IconEvidence
    from .screen import IconReader, IconScreen

_MODULES = {"crops", "evidence", "model", "network", "proposals", "screen", "words"}
_NAMES = {"IconEvidence": "evidence", "IconReader": "screen", "IconScreen": "screen"}

__all__ = ["IconEvidence", "IconReader", "IconScreen"]


def __getattr__(name: str) -> Any:
    """Load a module when it is first used: some of them need torch."""
    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    if name in _NAMES:
        return getattr(importlib.import_module(f".{_NAMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
