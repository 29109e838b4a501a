"""Trainers. They read files or streams; nothing here opens a browser."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import checkpoints as checkpoints
    from . import curves as curves
    from . import digests as digests
    from . import export as export
    from . import glyph_samples as glyph_samples
    from . import grounder as grounder
    from . import icon_export as icon_export
    from . import icon_samples as icon_samples
    from . import icons as icons
    from . import lessons as lessons
    from . import line_samples as line_samples
    from . import lines as lines
    from . import loop as loop
    from . import losses as losses
    from . import measure as measure
    from . import nano as nano
    from . import pages as pages
    from . import reader as reader
    from . import records as records
    from . import trainee as trainee

_MODULES = {
    "checkpoints", "curves", "digests", "export", "glyph_samples", "grounder", "icon_export",
    "icon_samples", "icons", "lessons", "line_samples", "lines", "loop", "losses", "measure",
    "nano", "pages", "reader", "records", "trainee",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """Load a module when it is first used: some of them need torch or matplotlib."""
    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
