"""The reader: finds and reads the text of any screen."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import alphabet as alphabet
    from . import glyphs as glyphs
    from . import line_model as line_model
    from . import line_reader as line_reader
    from . import lines as lines
    from . import model as model
    from . import network as network
    from . import places as places
    from . import reader as reader
    from . import strips as strips

_MODULES = {
    "alphabet", "glyphs", "line_model", "line_reader", "lines", "model", "network", "places",
    "reader", "strips",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """Load a module when it is first used: some of them need torch."""
    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
