"""A vision-language model small enough for a CPU, fed with what reader and icons know."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import evidence as evidence
    from . import grounder as grounder
    from . import model as model

_MODULES = {"evidence", "grounder", "model"}


def __getattr__(name: str) -> Any:
    """Load a module when it is first used: some of them need torch."""
    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
