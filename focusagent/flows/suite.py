"""Suites of flows: a folder of pages with a `flows.yaml` that says what is to be done on them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..errors import UserError
from .script import Script, parse_script

BUNDLED = Path(__file__).parent / "apps"
FILE = "flows.yaml"
_NAME = re.compile(r"[\w.-]+")
_KEYS = (
    "name", "start", "instruction", "params", "secrets", "files", "oracle", "script", "tags",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Flow:
    """One task: the page it starts on, the instruction, its values, and when it is done right.

    `oracle` are JavaScript expressions over the page's final `state`, all of which must hold.
    `files` are absolute paths by name; an agent gets them as parameters.
    """

    name: str
    start: str
    instruction: str
    oracle: tuple[str, ...]
    params: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    files: Mapping[str, str] = field(default_factory=dict)
    script: Script | None = None
    tags: tuple[str, ...] = ()
    folder: Path = BUNDLED

    @property
    def values(self) -> dict[str, str]:
        """What `{NAME}` stands for in the instruction, secrets excepted."""
        return {**self.params, **self.files}

    def digest(self) -> str:
        """A fingerprint of the flow and of every page of its folder."""
        made = hashlib.sha256(json.dumps(asdict(self), default=str, sort_keys=True).encode())
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and path.name != FILE:
                made.update(path.read_bytes())
        return made.hexdigest()[:16]


def load_flows(folder: str | Path = BUNDLED, only: Iterable[str] = ()) -> list[Flow]:
    """Read the flows of a folder, or those named; what is wrong is said in one sentence."""
    import yaml

    root = Path(folder).resolve()
    path = root / FILE
    try:
        # Every scalar stays the text that stands there: `12.50`, `yes` and `0042` are no numbers.
        entries = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{folder} needs a readable {FILE} beside its pages: {error}") from error
    except yaml.YAMLError as error:
        raise UserError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from error
    if isinstance(entries, Mapping):
        entries = entries.get("flows")
    if not isinstance(entries, list) or not entries:
        raise UserError(f"{path} must hold a list of flows, or the key `flows` with such a list")
    flows = [_flow(entry, number, root) for number, entry in enumerate(entries, 1)]
    names = [flow.name for flow in flows]
    if twice := {name for name in names if names.count(name) > 1}:
        raise UserError(f"{path} has two flows named {min(twice)!r}: names must differ")
    wanted = list(only)
    if unknown := [name for name in wanted if name not in names]:
        raise UserError(f"{path} has no flow {unknown[0]!r}; it has: {', '.join(names)}")
    return [flow for flow in flows if not wanted or flow.name in wanted]


def _flow(entry: Any, number: int, root: Path) -> Flow:
    if not isinstance(entry, Mapping):
        raise UserError(f"{FILE}: flow {number} must be a mapping with name, start, instruction")
    name = str(entry.get("name", f"flow-{number}"))
    where = f"{FILE}: flow {name!r}"
    if not _NAME.fullmatch(name):
        raise UserError(f"{where}: a name is made of letters, digits, dots, dashes, underscores")
    if unknown := [key for key in entry if key not in _KEYS]:
        raise UserError(f"{where} has the unknown key {unknown[0]!r}; keys: {', '.join(_KEYS)}")
    if missing := [key for key in ("start", "instruction", "oracle") if not entry.get(key)]:
        raise UserError(f"{where} needs the key {missing[0]}")
    oracle = entry["oracle"]
    checks = oracle if isinstance(oracle, list) else [oracle]
    files = _values(entry, "files", where)
    flow = Flow(
        name=name,
        start=_text(entry["start"], f"{where}: start (a page of the folder)"),
        instruction=_text(entry["instruction"], f"{where}: instruction"),
        oracle=tuple(_text(each, f"{where}: oracle (a JavaScript expression)") for each in checks),
        params=_values(entry, "params", where),
        secrets=_values(entry, "secrets", where),
        files={key: str(_inside(root, value, where)) for key, value in files.items()},
        script=parse_script(entry["script"], where) if entry.get("script") else None,
        tags=tuple(str(tag) for tag in entry.get("tags") or ()),
        folder=root,
    )
    _inside(root, re.split(r"[?#]", flow.start)[0], where)
    return flow


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise UserError(f"{what} must be a text")
    return value.strip()


def _values(entry: Mapping[str, Any], key: str, where: str) -> dict[str, str]:
    values = entry.get(key) or {}
    if not isinstance(values, Mapping) or any(
        not isinstance(value, str) for value in values.values()
    ):
        raise UserError(f"{where}: {key} must map names to texts")
    return {str(name): value for name, value in values.items()}


def _inside(root: Path, name: str, where: str) -> Path:
    path = (root / name).resolve()
    if not path.is_relative_to(root) or not path.is_file():
        raise UserError(f"{where}: there is no file {name!r} in {root}")
    return path
