"""From what a model answers to one intent: found, checked strictly, never run as code."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from typing import Any

from ..errors import IntentError
from ..intents import Intent
from .messages import Call, Reply
from .tools import intent_of

_THOUGHTS = re.compile(r"\A.*</think>", re.DOTALL)
_MOST_READ = 50_000  # characters of an answer
_MOST_BRACES = 200  # places in it where a call may begin


def intent_in(reply: Reply, known: Collection[str]) -> Intent:
    """The one intent that a reply calls for; `IntentError` says what is wrong with it."""
    calls = reply.calls or tuple(calls_in(reply.text))
    if not calls:
        raise IntentError("it names no action")
    if len(calls) > 1:
        named = ", ".join(call.name for call in calls[:5])
        raise IntentError(f"it names {len(calls)} actions ({named}): one at a time")
    return intent_of(calls[0], known)


def calls_in(text: str) -> Iterator[Call]:
    """The calls that stand in a text as JSON objects: bare, in a fence, or in <tool_call> tags."""
    text = _THOUGHTS.sub("", text).partition("<think>")[0][:_MOST_READ]
    decoder = json.JSONDecoder()
    at = text.find("{")
    for _ in range(_MOST_BRACES):
        if at < 0:
            return
        try:
            data, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            if call := _call(data):
                yield call
        at = text.find("{", end)


def _call(data: Any) -> Call | None:
    """The object as a call: `{"name", "arguments"}`, or some models' word "parameters"."""
    if not isinstance(data, dict) or not isinstance(data.get("name"), str):
        return None
    arguments = data.get("arguments", data.get("parameters", {}))
    return Call(data["name"], arguments if isinstance(arguments, str) else json.dumps(arguments))
