"""A chat model behind an OpenAI-compatible server: vLLM, llama.cpp, Ollama, or a paid one."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from ..._siblings import grounding
from ...errors import UserError
from .messages import Call, Message, Picture, PlannerError, Reply, Tool
from .tools import answer_schema, in_words

_FORMS: tuple[str, ...] = (
    "tools",
    "schema",
    "words",
)  # how a server is told of the actions, best first
_NOT_KNOWN = frozenset({400, 404, 405, 415, 422, 500, 501})  # answers to what a server cannot do
OPTIONS: Mapping[str, Any] = {"temperature": 0, "max_tokens": 1024}


class ServerChat:
    """Asks `url`/chat/completions; the key is the variable OPENAI_API_KEY unless given.

    Without `model` the server is asked for its only one. Actions are sent as tools; to a server
    that knows none as a JSON schema, and to one that knows neither in words. `options` go into
    each request as they are. With `pictures=True` it is sent the newest screenshot, as PNG. An
    answer may take `timeout` seconds, all tries together.
    """

    def __init__(
        self,
        url: str,
        model: str | None = None,
        *,
        key: str | None = None,
        timeout: float = 120.0,
        tries: int = 3,
        pictures: bool = False,
        options: Mapping[str, Any] = OPTIONS,
    ) -> None:
        _check_address(url)
        if tries < 1:
            raise UserError(f"tries must be at least 1, not {tries}")
        self._server = grounding.model_server.ModelServer(url, key, timeout=timeout, tries=tries)
        self._model, self._options, self._timeout = model, dict(options), timeout
        self._forms = _FORMS  # those that the server may know
        self.pictures = int(pictures)

    def reply(self, messages: Sequence[Message], tools: Sequence[Tool]) -> Reply:
        """The answer of the server's model."""
        try:
            return _read(self._told(messages, tools))
        except grounding.errors.ServerError as error:
            raise PlannerError(f"the planner's server: {error}") from error

    def _told(self, messages: Sequence[Message], tools: Sequence[Tool]) -> Any:
        deadline = time.monotonic() + self._timeout
        if self._model is None:
            self._model = self._server.only_model(deadline=deadline)
        refused = None
        for number, form in enumerate(self._forms):
            body = self._body(form, messages, tools)
            try:
                told = self._server.call("/chat/completions", body, deadline=deadline)
            except grounding.errors.ServerError as error:
                refused = refused or error
                if error.status not in _NOT_KNOWN:
                    raise
            else:
                self._forms = self._forms[number:]
                return told
        assert refused is not None
        raise refused

    def _body(
        self, form: str, messages: Sequence[Message], tools: Sequence[Tool]
    ) -> dict[str, Any]:
        body: dict[str, Any] = {"model": self._model, **self._options}
        told = [{"role": each.role, "content": _content(each)} for each in messages]
        if form == "tools":
            body |= {"tools": [_function(tool) for tool in tools], "tool_choice": "required"}
        else:
            told[0]["content"] = f"{messages[0].text}\n\n{in_words(tools)}"
        if form == "schema":
            schema = {"name": "action", "schema": answer_schema(tools)}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        return body | {"messages": told}


def _check_address(url: str) -> None:
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        known = False
    if not known:
        raise UserError(f"a server's address is like http://localhost:8000/v1, not {url!r}")
    if parts.username is not None or parts.query:
        raise UserError("a server's address holds no key: set the variable OPENAI_API_KEY")


def _content(message: Message) -> str | list[dict[str, Any]]:
    """A message as the protocol has it; one without pictures as plain text, which all know."""
    if not any(isinstance(part, Picture) for part in message.parts):
        return message.text
    return [
        grounding.model_server.picture_part(part.image)
        if isinstance(part, Picture)
        else {"type": "text", "text": part}
        for part in message.parts
    ]


def _function(tool: Tool) -> dict[str, Any]:
    described = {"name": tool.name, "description": tool.description}
    return {"type": "function", "function": {**described, "parameters": tool.parameters}}


def _read(told: Any) -> Reply:
    """The first choice of a chat completion."""
    try:
        message = told["choices"][0]["message"]
        text = message.get("content")
        calls = [each["function"] for each in message.get("tool_calls") or ()]
        made = tuple(Call(str(each["name"]), _arguments(each.get("arguments"))) for each in calls)
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise PlannerError(
            "the planner's server gave an answer that is no chat completion: check its address"
        ) from error
    usage = told.get("usage")
    return Reply(
        text if isinstance(text, str) else "",
        made,
        _count(usage, "prompt_tokens"),
        _count(usage, "completion_tokens"),
    )


def _arguments(given: Any) -> str:
    """Arguments as JSON; some servers have parsed them already."""
    return given if isinstance(given, str) else json.dumps(given or {})


def _count(usage: Any, name: str) -> int:
    found = usage.get(name) if isinstance(usage, dict) else None
    return found if isinstance(found, int) and found > 0 else 0
