"""What a planner may want: a closed union of frozen dataclasses, strict JSON both ways.

The loop executes one intent at a time and answers with an `Outcome`. Strings are templates: the
loop puts values in for `{NAME}` (see `templates`), so that no planner ever holds a secret.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, get_args

from . import codec
from .conditions import Condition as Condition
from .conditions import Counted as Counted
from .conditions import Downloaded as Downloaded
from .conditions import InState as InState
from .conditions import Operator as Operator
from .conditions import PageIs as PageIs
from .conditions import Reads as Reads
from .conditions import Seen as Seen
from .conditions import State as State
from .conditions import Target as Target
from .conditions import ValueIs as ValueIs
from .page_intents import Back as Back
from .page_intents import CloseTab as CloseTab
from .page_intents import Forward as Forward
from .page_intents import GoTo as GoTo
from .page_intents import NewTab as NewTab
from .page_intents import Reload as Reload
from .page_intents import SwitchTab as SwitchTab

if TYPE_CHECKING:
    from .._siblings import env

YES, NO = "yes", "no"  # the two answers of a `Look`
PROOFS = ("check_that", "wait_for", "read", "read_table")  # kinds that tell what the screen shows
Modifier = Literal["Alt", "Control", "Meta", "Shift"]


@dataclass(frozen=True)
class Click:
    """Click the target, holding the modifiers.

    `unfolds`: what lies below it is to be shown (False: hidden) by that, as in a tree.
    """

    kind: ClassVar = "click"
    target: Target
    modifiers: tuple[Modifier, ...] = ()
    unfolds: bool | None = None


@dataclass(frozen=True)
class DoubleClick:
    """Double-click the target."""

    kind: ClassVar = "double_click"
    target: Target


@dataclass(frozen=True)
class RightClick:
    """Click the target with the right button."""

    kind: ClassVar = "right_click"
    target: Target


@dataclass(frozen=True)
class Hover:
    """Move the pointer onto the target and let it rest there."""

    kind: ClassVar = "hover"
    target: Target


@dataclass(frozen=True)
class Type:
    """Make `text` the content of the target, or type it where the focus is.

    `append` keeps what the field holds; `submit` presses Enter afterwards.
    """

    kind: ClassVar = "type"
    text: str
    target: Target | None = None
    append: bool = False
    submit: bool = False


@dataclass(frozen=True)
class Press:
    """Press a key or chord such as `Enter` or `Control+S`, in the target if there is one."""

    kind: ClassVar = "press"
    keys: str
    target: Target | None = None


@dataclass(frozen=True)
class Select:
    """Choose an option, by its visible text, in a dropdown or list."""

    kind: ClassVar = "select"
    option: str
    target: Target


@dataclass(frozen=True)
class SetValue:
    """Give the target a value, by whatever it is: type into a field, choose in a dropdown."""

    kind: ClassVar = "set_value"
    target: Target
    value: str


@dataclass(frozen=True)
class Check:
    """See to it that the box or switch is on."""

    kind: ClassVar = "check"
    target: Target


@dataclass(frozen=True)
class Uncheck:
    """See to it that the box or switch is off."""

    kind: ClassVar = "uncheck"
    target: Target


@dataclass(frozen=True)
class Drag:
    """Drag one target onto another."""

    kind: ClassVar = "drag"
    source: Target
    destination: Target


@dataclass(frozen=True)
class Scroll:
    """Scroll by `screens` (or by `pixels`, or to the end), in the page or in `area`.

    With `until` it goes on until that target is seen, and does not move if it is seen already.
    """

    kind: ClassVar = "scroll"
    direction: Literal["up", "down", "left", "right"] = "down"
    screens: float = 1.0
    pixels: int | None = None
    to_end: bool = False
    area: Target | None = None
    until: Target | None = None


@dataclass(frozen=True)
class Upload:
    """Hand files to the target, or to the one file control of the screen."""

    kind: ClassVar = "upload"
    paths: tuple[str, ...]
    target: Target | None = None


@dataclass(frozen=True)
class Answer:
    """Accept, decline or close a banner, dialog or popup, by the button it offers for that."""

    kind: ClassVar = "answer"
    reply: Literal["accept", "decline", "close"]
    target: Target


@dataclass(frozen=True)
class WaitFor:
    """Wait until the condition holds, at most `seconds` (None: the step timeout of the loop)."""

    kind: ClassVar = "wait_for"
    condition: Condition
    seconds: float | None = None


@dataclass(frozen=True)
class Wait:
    """Let time pass; 0 seconds wait until the screen holds still."""

    kind: ClassVar = "wait"
    seconds: float


@dataclass(frozen=True)
class Read:
    """Read the text or value at the target and keep it as `name`."""

    kind: ClassVar = "read"
    target: Target
    name: str


@dataclass(frozen=True)
class ReadTable:
    """Read a table (None: the one of the screen) and keep it as `name`, if there is one.

    The outcome's value is `table_value(rows)`, the header row first.
    """

    kind: ClassVar = "read_table"
    target: Target | None = None
    name: str | None = None


@dataclass(frozen=True)
class CheckThat:
    """Assert a condition: the run fails if it does not hold within the step timeout."""

    kind: ClassVar = "check_that"
    condition: Condition


@dataclass(frozen=True)
class Look:
    """Find out whether a condition holds now; the outcome's value is `YES` or `NO`."""

    kind: ClassVar = "look"
    condition: Condition


@dataclass(frozen=True)
class Finish:
    """The plan is over: everything was done, or it cannot go on."""

    kind: ClassVar = "finish"
    reason: Literal["done", "gave up"]
    message: str = ""


Intent = (
    Click | DoubleClick | RightClick | Hover | Type | Press | Select | SetValue | Check | Uncheck
    | Drag | Scroll | Upload | Answer | WaitFor | Wait | GoTo | Back | Forward | Reload | NewTab
    | SwitchTab | CloseTab | Read | ReadTable | CheckThat | Look | Finish
)  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """What became of an intent: whether it worked, what was read or answered, and why not."""

    ok: bool
    value: str | None = None
    reason: str = ""


History = Sequence[tuple[Intent, Outcome]]


class Planner(Protocol):
    """Says what to do next; knows the screen only through history and observation."""

    def next(self, task: str, history: History, observation: env.Observation | None) -> Intent:
        """The intent that follows `history`; ends with `Finish`."""
        ...


INTENT_KINDS: dict[str, type[Any]] = {cls.kind: cls for cls in get_args(Intent)}
CONDITION_KINDS: dict[str, type[Any]] = {cls.kind: cls for cls in get_args(Condition)}


def intent_to_json(intent: Intent) -> dict[str, Any]:
    """The intent as plain JSON values; fields at their default are left out."""
    data: dict[str, Any] = codec.to_json(intent)
    return data


def intent_from_json(data: Any) -> Intent:
    """Build the intent that `data` describes; anything unknown or of a wrong type is refused."""
    intent: Intent = codec.from_json(Intent, data, "an intent")
    return intent


def targets_of(intent: Intent) -> tuple[Target, ...]:
    """The things on the screen an intent acts on, in order (not those of its conditions)."""
    if isinstance(intent, Drag):
        return (intent.source, intent.destination)
    target = getattr(intent, "target", None)
    return (target,) if isinstance(target, Target) else ()
