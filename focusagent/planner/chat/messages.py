"""What is said to a chat model and what it answers; the protocol that every chat speaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from ...errors import UserError

if TYPE_CHECKING:
    from PIL import Image


class PlannerError(UserError):
    """A planner's model cannot be asked, or what it answers is of no use."""


@dataclass(frozen=True, eq=False)
class Picture:
    """A screenshot in a message; whoever shortens it keeps what matters to the words `about`."""

    image: Image.Image
    about: str
    newest: bool = True


Part = str | Picture


@dataclass(frozen=True)
class Message:
    """One turn of a chat: texts and pictures, in order."""

    role: Literal["system", "user"]
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """All its texts."""
        return "\n".join(part for part in self.parts if isinstance(part, str))


@dataclass(frozen=True)
class Tool:
    """An action that a model may call; `parameters` is a JSON schema."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Call:
    """An action that a model calls; `arguments` is JSON as it wrote it, not yet checked."""

    name: str
    arguments: str = "{}"


@dataclass(frozen=True)
class Reply:
    """What a model answers: calls, or words in which one may stand, and what that cost."""

    text: str = ""
    calls: tuple[Call, ...] = ()
    prompt_tokens: int = 0
    completion_tokens: int = 0


class Chat(Protocol):
    """A model that answers messages; `pictures` is how many it can be shown, the newest first."""

    @property
    def pictures(self) -> int:
        """How many screenshots it takes; 0 for a model that only reads."""
        ...

    def reply(self, messages: Sequence[Message], tools: Sequence[Tool]) -> Reply:
        """The answer; `PlannerError` if there is none."""
        ...
