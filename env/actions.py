"""Everything one can do to a screen: a closed union of frozen dataclasses, strict JSON both ways.

Points are pixels of the screenshot that the action answers; the environment alone turns them into
input pixels. Nothing here is ever executed as code.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Union, get_args, get_origin, get_type_hints

from .errors import ActionError

Button = Literal["left", "middle", "right"]
Modifier = Literal["Alt", "Control", "Meta", "Shift"]


@dataclass(frozen=True)
class Move:
    """Move the pointer, pressing nothing."""

    kind: ClassVar = "move"
    x: float
    y: float


@dataclass(frozen=True)
class Hover:
    """Move the pointer to a point and let the screen react to it (menus, tooltips)."""

    kind: ClassVar = "hover"
    x: float
    y: float


@dataclass(frozen=True)
class Click:
    """Press and release a mouse button; `count=2` is a double click."""

    kind: ClassVar = "click"
    x: float
    y: float
    button: Button = "left"
    count: int = 1
    modifiers: tuple[Modifier, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a click that is none."""
        if not 1 <= self.count <= 3:
            raise ActionError(f"click.count must be 1, 2 or 3, not {self.count}")


@dataclass(frozen=True)
class Drag:
    """Press the left button at one point, move, release at another."""

    kind: ClassVar = "drag"
    x: float
    y: float
    to_x: float
    to_y: float


@dataclass(frozen=True)
class Scroll:
    """Turn the wheel over a point, by pixels; positive `dy` shows what is further down."""

    kind: ClassVar = "scroll"
    x: float
    y: float
    dy: float
    dx: float = 0.0


@dataclass(frozen=True)
class Type:
    """Type text, or the secret of that name, into whatever has the focus."""

    kind: ClassVar = "type"
    text: str = ""
    secret: str | None = None

    def __post_init__(self) -> None:
        """Refuse text beside a secret: a secret is typed alone."""
        if self.text and self.secret is not None:
            raise ActionError("type takes either text or secret, not both")


@dataclass(frozen=True)
class Press:
    """Press a key or a chord such as `Enter`, `Control+S`, `Shift+Tab`."""

    kind: ClassVar = "press"
    keys: str


@dataclass(frozen=True)
class Select:
    """Choose an option, by its visible text, of the dropdown at a point."""

    kind: ClassVar = "select"
    x: float
    y: float
    option: str


@dataclass(frozen=True)
class Upload:
    """Click what opens a file chooser and hand it these files."""

    kind: ClassVar = "upload"
    x: float
    y: float
    paths: tuple[str, ...]


@dataclass(frozen=True)
class Navigate:
    """Open a URL in the current tab."""

    kind: ClassVar = "navigate"
    url: str


@dataclass(frozen=True)
class Back:
    """Go back one page in the current tab."""

    kind: ClassVar = "back"


@dataclass(frozen=True)
class Reload:
    """Load the current page again."""

    kind: ClassVar = "reload"


@dataclass(frozen=True)
class NewTab:
    """Open a tab and switch to it."""

    kind: ClassVar = "new_tab"
    url: str = "about:blank"


@dataclass(frozen=True)
class SwitchTab:
    """Switch to the tab at this index of `Observation.tabs`."""

    kind: ClassVar = "switch_tab"
    index: int


@dataclass(frozen=True)
class CloseTab:
    """Close the tab at this index, or the current one."""

    kind: ClassVar = "close_tab"
    index: int | None = None


@dataclass(frozen=True)
class Wait:
    """Let time pass; the screen may change meanwhile."""

    kind: ClassVar = "wait"
    seconds: float = 1.0

    def __post_init__(self) -> None:
        """Refuse waits that would look like a hang."""
        if not 0 <= self.seconds <= 600:
            raise ActionError(f"wait.seconds must lie between 0 and 600, not {self.seconds}")


@dataclass(frozen=True)
class Done:
    """Say that the task is over; nothing is done to the screen."""

    kind: ClassVar = "done"
    success: bool = True
    message: str = ""


Action = (
    Move | Hover | Click | Drag | Scroll | Type | Press | Select | Upload | Navigate | Back
    | Reload | NewTab | SwitchTab | CloseTab | Wait | Done
)  # fmt: skip

KINDS: Mapping[str, type[Any]] = {cls.kind: cls for cls in get_args(Action)}


def points_of(action: Action) -> list[tuple[float, float]]:
    """The screenshot points an action touches, in order."""
    if isinstance(action, Drag):
        return [(action.x, action.y), (action.to_x, action.to_y)]
    if isinstance(action, Move | Hover | Click | Scroll | Select | Upload):
        return [(action.x, action.y)]
    return []


def action_to_json(action: Action) -> dict[str, Any]:
    """The action as plain JSON values; fields at their default are left out."""
    data: dict[str, Any] = {"kind": action.kind}
    for field in dataclasses.fields(action):
        value = getattr(action, field.name)
        if value != field.default:
            data[field.name] = list(value) if isinstance(value, tuple) else value
    return data


def action_from_json(data: Any) -> Action:
    """Build the action that `data` describes; anything unknown or of a wrong type is refused."""
    if not isinstance(data, Mapping):
        raise ActionError(f"an action is a JSON object, not {type(data).__name__}")
    kind = data.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise ActionError(f"unknown action kind {kind!r}{_hint(kind, KINDS)}")
    cls = KINDS[kind]
    hints = get_type_hints(cls)
    fields = {field.name: field for field in dataclasses.fields(cls)}
    for name in data:
        if name != "kind" and name not in fields:
            raise ActionError(f"{kind} has no field {name!r}{_hint(name, fields)}")
    for name, field in fields.items():
        if name not in data and field.default is dataclasses.MISSING:
            raise ActionError(f"{kind} needs the field {name!r}")
    values = {
        name: _checked(data[name], hints[name], f"{kind}.{name}") for name in fields if name in data
    }
    action: Action = cls(**values)
    return action


def _hint(name: Any, known: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(str(name), known, n=1)
    guess = f" (did you mean {close[0]!r}?)" if close else ""
    return f"{guess}; it must be one of: {', '.join(known) or 'none'}"


_SCALARS: Mapping[Any, tuple[str, Callable[[Any], bool]]] = {
    str: ("a string", lambda value: isinstance(value, str)),
    bool: ("true or false", lambda value: isinstance(value, bool)),
    int: ("a whole number", lambda value: isinstance(value, int) and not isinstance(value, bool)),
    float: (
        "a finite number",
        lambda value: (
            isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        ),
    ),
}


def _checked(value: Any, hint: Any, where: str) -> Any:
    """`value` as the annotation `hint` wants it, or an error that names the field."""
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):  # only `X | None` occurs in the union above
        if value is None:
            return None
        return _checked(value, get_args(hint)[0], where)
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise ActionError(f"{where} must be a list, not {value!r}")
        return tuple(_checked(item, get_args(hint)[0], where) for item in value)
    if origin is Literal:
        if value not in get_args(hint):
            raise ActionError(f"{where} must be one of {list(get_args(hint))}, not {value!r}")
        return value
    wanted, fits = _SCALARS[hint]
    if not fits(value):
        raise ActionError(f"{where} must be {wanted}, not {value!r}")
    return value
