"""Suites of flows: a folder of pages with a `flows.yaml` that says what is to be done on them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from ..errors import UserError
from .script import Script, parse_script

BUNDLED = Path(__file__).parent / "apps"
FILE = "flows.yaml"
_KEYS = (
    "name", "start", "instruction", "params", "secrets", "files", "oracle", "script", "tags",
)  # fmt: skip
_HERE = ("localhost", "127.0.0.1", "::1", "0.0.0.0")  # hosts that mean: where the pages are served
Tell = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Flow:
    """One task: the page it starts on, the instruction, its values, and when it is done right.

    `oracle` are JavaScript expressions over the page's final `state`, all of which must hold.
    `files` are absolute paths by name; an agent gets them as parameters. `broken` says why the
    entry of the file could not be understood: such a flow is not done, it has failed.
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
    broken: str = ""

    @property
    def slug(self) -> str:
        """The name for files and folders, a different one for every name."""
        plain = re.sub(r"[^\w.-]+", "-", self.name).strip(".-")[:60]
        if plain == self.name:
            return plain
        mark = hashlib.sha256(self.name.encode("utf-8", "replace")).hexdigest()[:6]
        return f"{plain or 'flow'}-{mark}"

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


def load_flows(
    folder: str | Path = BUNDLED, only: Iterable[str] = (), tell: Tell = lambda _: None
) -> list[Flow]:
    """Read the flows of a folder, or those named.

    `tell` hears what is ignored or not understood in the entries; only a file that holds no list of
    flows is refused.
    """
    path = Path(folder).resolve() / FILE
    flows: dict[str, Flow] = {}
    for number, entry in enumerate(_entries(path, folder), 1):
        name, count = _name(entry, number), 2
        if name in flows:
            tell(f"{FILE}: there is a second flow named {name!r}: a number is added")
        while name in flows:
            name, count = f"{_name(entry, number)}-{count}", count + 1
        flows[name] = _flow(entry, name, path.parent, tell)
    wanted = list(only)
    known = {each for flow in flows.values() for each in (flow.name, flow.slug)}
    if unknown := [name for name in wanted if name not in known]:
        raise UserError(f"{path} has no flow {unknown[0]!r}; it has: {', '.join(flows)}")
    return [f for f in flows.values() if not wanted or {f.name, f.slug} & {*wanted}]


def _entries(path: Path, folder: str | Path) -> list[Any]:
    """What the file lists: a list, the key `flows` with one, or flows by their names."""
    import yaml

    try:
        # Every scalar stays the text that stands there: `12.50`, `yes` and `0042` are no numbers.
        entries = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{folder} needs a readable {FILE} beside its pages: {error}") from error
    except yaml.YAMLError as error:
        raise UserError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from error
    if isinstance(entries, Mapping):
        entries = entries.get("flows", entries)
    if isinstance(entries, Mapping) and all(isinstance(e, Mapping) for e in entries.values()):
        entries = [{"name": name, **entry} for name, entry in entries.items()]
    if not isinstance(entries, list) or not entries:
        raise UserError(f"{path} must hold a list of flows, or the key `flows` with such a list")
    return entries


def _name(entry: Any, number: int) -> str:
    given = entry.get("name") if isinstance(entry, Mapping) else None
    return " ".join(str(given or f"flow-{number}").split())


def _flow(entry: Any, name: str, root: Path, tell: Tell) -> Flow:
    try:
        return _understood(entry, name, root, tell)
    except UserError as error:
        tell(str(error))
        return Flow(name=name, start="", instruction="", oracle=(), folder=root, broken=str(error))


def _understood(entry: Any, name: str, root: Path, tell: Tell) -> Flow:
    where = f"{FILE}: flow {name!r}"
    if not isinstance(entry, Mapping):
        raise UserError(f"{where} must be a mapping with start, instruction and oracle")
    if unknown := [str(key) for key in entry if key not in _KEYS]:
        keys = ", ".join(_KEYS)
        tell(f"{where}: ignored, since it is no key of a flow: {', '.join(unknown)} (keys: {keys})")
    if missing := [key for key in ("start", "instruction", "oracle") if not entry.get(key)]:
        raise UserError(f"{where} needs the key {missing[0]}")
    checks, lines, tags = (_list(entry.get(key)) for key in ("oracle", "instruction", "tags"))
    files = _values(entry, "files", where)
    return Flow(
        name=name,
        start=_start(_text(entry["start"], f"{where}: start (a page of the folder)"), root, where),
        instruction="\n".join(_text(line, f"{where}: instruction") for line in lines),
        oracle=tuple(_text(each, f"{where}: oracle (a JavaScript expression)") for each in checks),
        params=_values(entry, "params", where),
        secrets=_values(entry, "secrets", where),
        files={key: str(_inside(root, value, where)) for key, value in files.items()},
        script=_script(entry, where, tell),
        tags=tuple(str(tag) for tag in tags),
        folder=root,
    )


def _script(entry: Mapping[str, Any], where: str, tell: Tell) -> Script | None:
    """The steps; a script that cannot be read is left out, for an agent does not need it."""
    try:
        return parse_script(entry["script"], where) if entry.get("script") else None
    except UserError as error:
        tell(f"{error} (the flow is done without its script)")
        return None


def _start(text: str, root: Path, where: str) -> str:
    """The page with its query and hash; it may be written as an address of this machine."""
    try:
        parts = urlsplit(text)
        elsewhere = (parts.scheme or parts.netloc) and parts.hostname not in _HERE
    except ValueError:
        elsewhere = True
    if elsewhere:
        raise UserError(f"{where}: start must be a page of the folder, not {text!r}")
    page = _inside(root, unquote(parts.path) or "index.html", where).relative_to(root)
    return urlunsplit(("", "", quote(page.as_posix()), parts.query, parts.fragment))


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise UserError(f"{what} must be a text")
    return value.strip()


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


def _values(entry: Mapping[str, Any], key: str, where: str) -> dict[str, str]:
    """Texts by name: a mapping, or a list of mappings, of NAME=TEXT or of name and value."""
    values: dict[str, Any] = {}
    for given in _list(entry.get(key)):
        if isinstance(given, Mapping) and given.keys() == {"name", "value"}:
            values[str(given["name"])] = given["value"]
        elif isinstance(given, Mapping):
            values |= given
        elif (pair := re.fullmatch(r"\s*(\w+)\s*=(.*)", str(given), re.DOTALL)) is not None:
            values[pair[1]] = pair[2]
        else:
            raise UserError(f"{where}: {key} must map names to texts")
    if any(not isinstance(text, str) for text in values.values()):
        raise UserError(f"{where}: {key} must map names to texts")
    return {str(name): value for name, value in values.items()}


def _inside(root: Path, name: str, where: str) -> Path:
    path = (root / name.lstrip("/")).resolve()
    if not path.is_relative_to(root) or not path.is_file():
        raise UserError(f"{where}: there is no file {name!r} in {root}")
    return path
