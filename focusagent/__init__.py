"""focusagent: let a script use any screen by looking at it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from env import (  # noqa: TID251 - for type checkers alone
        BrowserEnvironment,
        DesktopEnvironment,
        Policy,
        Secret,
    )

    from .agent import Agent

__all__ = ["Agent", "BrowserEnvironment", "DesktopEnvironment", "Policy", "Secret", "__version__"]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used."""
    if name == "Agent":
        from .agent import Agent

        return Agent
    if name in __all__:
        from ._siblings import env

        return getattr(env, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
