"""Screens one can look at and act on. Playwright and pyautogui load only when one is opened."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import chromium as chromium
    from . import desktop_setup as desktop_setup
    from . import miniwob as miniwob
    from .actions import Action as Action
    from .actions import Back as Back
    from .actions import Click as Click
    from .actions import CloseTab as CloseTab
    from .actions import Done as Done
    from .actions import Drag as Drag
    from .actions import Hover as Hover
    from .actions import Move as Move
    from .actions import Navigate as Navigate
    from .actions import NewTab as NewTab
    from .actions import Press as Press
    from .actions import Reload as Reload
    from .actions import Scroll as Scroll
    from .actions import Select as Select
    from .actions import SwitchTab as SwitchTab
    from .actions import Type as Type
    from .actions import Upload as Upload
    from .actions import Wait as Wait
    from .actions import action_from_json as action_from_json
    from .actions import action_to_json as action_to_json
    from .actions import points_of as points_of
    from .browser import BrowserEnvironment as BrowserEnvironment
    from .desktop import DesktopEnvironment as DesktopEnvironment
    from .errors import ActionError as ActionError
    from .errors import ClosedError as ClosedError
    from .errors import EnvError as EnvError
    from .errors import PolicyError as PolicyError
    from .errors import SetupError as SetupError
    from .policy import Decision as Decision
    from .policy import Policy as Policy
    from .replay import ReplayEnvironment as ReplayEnvironment
    from .secrets import Secret as Secret
    from .types import Dialog as Dialog
    from .types import Download as Download
    from .types import Environment as Environment
    from .types import Observation as Observation
    from .types import StepResult as StepResult
    from .types import Tab as Tab

__distribution__ = "focusagent"  # lets focusagent notice when another package overwrote this one

_HOMES = {
    "actions": (
        "Action", "Back", "Click", "CloseTab", "Done", "Drag", "Hover", "Move", "Navigate",
        "NewTab", "Press", "Reload", "Scroll", "Select", "SwitchTab", "Type", "Upload", "Wait",
        "action_from_json", "action_to_json", "points_of",
    ),
    "browser": ("BrowserEnvironment",),
    "desktop": ("DesktopEnvironment",),
    "errors": ("ActionError", "ClosedError", "EnvError", "PolicyError", "SetupError"),
    "policy": ("Decision", "Policy"),
    "replay": ("ReplayEnvironment",),
    "secrets": ("Secret",),
    "types": ("Dialog", "Download", "Environment", "Observation", "StepResult", "Tab"),
}  # fmt: skip
_MODULES = ("chromium", "desktop_setup", "miniwob")
_HOME = {name: home for home, names in _HOMES.items() for name in names}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used."""
    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    """List the public names."""
    return list(__all__)
