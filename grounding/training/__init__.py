"""Trainers. They read files or streams; nothing here opens a browser."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import curves as curves
    from . import export as export
    from . import glyph_samples as glyph_samples
    from . import pages as pages
    from . import reader as reader

_MODULES = {"curves", "export", "glyph_samples", "pages", "reader"}


def __getattr__(name: str) -> Any:
    """Load a module when it is first used: some of them need torch or matplotlib."""
    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
