"""The only way from focusagent to its sibling packages `env` and `grounding`.

Their names are common: a user's own `env.py`, or a folder `env/`, may stand before ours on the
path. So both are taken from the folder that focusagent itself was loaded from. Where the bare name
already means something else, ours is loaded under an alias and the user's stays theirs.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

_ROOT = Path(__file__).resolve().parent.parent


def _bare_name_is(name: str, init: Path) -> bool:
    found = sys.modules.get(name)
    try:
        origin = (
            getattr(found, "__file__", None) if found else _origin(importlib.util.find_spec(name))
        )
    except (ImportError, ValueError):  # a broken module of the user's stands there
        return False
    return origin is not None and Path(origin).resolve() == init


def _origin(spec: object) -> str | None:
    return getattr(spec, "origin", None)


def _sibling(name: str) -> ModuleType:
    init = _ROOT / name / "__init__.py"
    if _bare_name_is(name, init):
        module = importlib.import_module(name)
    else:
        alias = f"focusagent_{name}"
        if alias in sys.modules:
            return sys.modules[alias]
        spec = importlib.util.spec_from_file_location(alias, init)
        if spec is None or spec.loader is None or not init.is_file():
            raise ImportError(f"focusagent is incomplete: {init} is missing; install it again")
        module = sys.modules[alias] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    if getattr(module, "__distribution__", None) != "focusagent":
        raise ImportError(
            f"{init} was overwritten by another distribution: use a fresh environment"
        )
    return module


if TYPE_CHECKING:
    import env as env
    import grounding as grounding
else:
    env, grounding = _sibling("env"), _sibling("grounding")
