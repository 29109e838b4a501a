"""The desktop flows as data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import UserError

FILE = Path(__file__).parent / "flows.yaml"


@dataclass(frozen=True, kw_only=True)
class DesktopFlow:
    """One task: a bundled program, an instruction, and what the program must hold in the end."""

    name: str
    program: str
    instruction: str
    expect: Mapping[str, Any]
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    def wrong(self, state: Mapping[str, Any]) -> str:
        """The first value that is not as expected, in words; nothing if all are."""
        for key, value in self.expect.items():
            if state.get(key) != value:
                return f"{key} is {state.get(key)!r}, not {value!r}"
        return ""


def load_desktop_flows(only: Iterable[str] = ()) -> list[DesktopFlow]:
    """The bundled flows, or those named."""
    import yaml

    entries = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    flows = [DesktopFlow(**entry) for entry in entries]
    names = [flow.name for flow in flows]
    wanted = list(only)
    if unknown := [name for name in wanted if name not in names]:
        raise UserError(f"there is no desktop flow {unknown[0]!r}; there are: {', '.join(names)}")
    return [flow for flow in flows if not wanted or flow.name in wanted]
