"""From a picture and an instruction to a point."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__distribution__ = "focusagent"

if TYPE_CHECKING:
    from . import align as align
    from . import backbones as backbones
    from . import calibration as calibration
    from . import checkpoints as checkpoints
    from . import compress as compress
    from . import conversation as conversation
    from . import decode as decode
    from . import drawing as drawing
    from . import errors as errors
    from . import evidence as evidence
    from . import folders as folders
    from . import fusion as fusion
    from . import grid as grid
    from . import grounders as grounders
    from . import icons as icons
    from . import labels as labels
    from . import loading as loading
    from . import model_server as model_server
    from . import nano as nano
    from . import parsing as parsing
    from . import patch_scorer as patch_scorer
    from . import plan as plan
    from . import pointer as pointer
    from . import query as query
    from . import reader as reader
    from . import resolve as resolve
    from . import tiny as tiny
    from . import training as training
    from . import types as types
    from . import ui_graph as ui_graph
    from . import values as values
    from .grid import PatchGrid
    from .loading import load_grounder
    from .parsing.scene import parse
    from .plan import VisualPlan
    from .reader.reader import Reader
    from .types import Box, Candidate, Element, Grounder, Grounding, Point, Tokens
    from .ui_graph import UIGraph, build_ui_graph

_MODULES = {
    "align",
    "backbones",
    "calibration",
    "checkpoints",
    "compress",
    "conversation",
    "decode",
    "drawing",
    "errors",
    "evidence",
    "folders",
    "fusion",
    "grid",
    "grounders",
    "icons",
    "labels",
    "loading",
    "model_server",
    "nano",
    "parsing",
    "patch_scorer",
    "plan",
    "pointer",
    "query",
    "reader",
    "resolve",
    "tiny",
    "training",
    "types",
    "ui_graph",
    "values",
}
_NAMES = {
    "Box": "types",
    "Candidate": "types",
    "Element": "types",
    "Grounder": "types",
    "Grounding": "types",
    "PatchGrid": "grid",
    "Point": "types",
    "Reader": "reader.reader",
    "Tokens": "types",
    "UIGraph": "ui_graph",
    "VisualPlan": "plan",
    "build_ui_graph": "ui_graph",
    "load_grounder": "loading",
    "parse": "parsing.scene",
}

__all__ = [
    "Box",
    "Candidate",
    "Element",
    "Grounder",
    "Grounding",
    "PatchGrid",
    "Point",
    "Reader",
    "Tokens",
    "UIGraph",
    "VisualPlan",
    "build_ui_graph",
    "load_grounder",
    "parse",
]


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
