"""A chat model that says what it was told to say: for tests, examples and documentation."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from .messages import Call, Message, PlannerError, Reply, Tool

Line = str | Mapping[str, Any] | Reply | Exception
Answer = Line | Callable[[Sequence[Message]], Line]


class ScriptedChat:
    """Answers with the next line each time it is asked, and remembers what it was asked.

    A line is a text, a call as a mapping such as `{"click": {"target": "Save"}}`, a whole `Reply`,
    an exception to raise, or a function that makes one of these from the messages.
    """

    def __init__(self, lines: Iterable[Answer], *, pictures: int = 0) -> None:
        self._lines = iter(lines)
        self.pictures = pictures
        self.asked: list[tuple[Message, ...]] = []

    def reply(self, messages: Sequence[Message], tools: Sequence[Tool]) -> Reply:
        """The next line."""
        self.asked.append(tuple(messages))
        line = next(self._lines, None)
        if line is None:
            raise PlannerError("the script is over: it has no more lines")
        if not isinstance(line, str | Mapping | Reply | Exception):
            line = line(messages)
        if isinstance(line, Exception):
            raise line
        if isinstance(line, Reply):
            return line
        asked = sum(len(message.text.split()) for message in messages)
        if isinstance(line, str):
            return Reply(line, (), asked, len(line.split()))
        calls = tuple(Call(name, json.dumps(fields)) for name, fields in line.items())
        return Reply("", calls, asked, len(calls))
