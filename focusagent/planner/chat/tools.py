"""Intents as tools: the one place where dataclasses become JSON schemas, and calls intents.

A target is one string for a model, in the words an instruction would use; the grammar reads it.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import json
import types
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

from .. import codec
from ..conditions import Target
from ..errors import InstructionError, IntentError
from ..intents import INTENT_KINDS, Intent, Read, ReadTable, intent_from_json
from ..lexer import lex
from ..pieces import Scope, target_of
from ..templates import names_in
from .messages import Call, Tool

_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number"}
_TARGET = {"type": "string", "description": "A thing on the screen, in words."}
_hints = functools.cache(get_type_hints)
# For a question about a screen; nothing is done with it.
ANSWER = Tool(
    "answer",
    "What the screen shows of what is wanted, null where it shows nothing.",
    {"type": "object", "properties": {"data": {}}, "required": ["data"]},
)


@functools.cache
def intent_tools() -> tuple[Tool, ...]:
    """A tool for each kind of intent."""
    return tuple(
        Tool(name, " ".join((inspect.getdoc(cls) or "").split()), _object(cls, {}))
        for name, cls in INTENT_KINDS.items()
    )


def in_words(tools: Sequence[Tool]) -> str:
    """The tools as text, for models and servers that know no tools."""
    lines = [json.dumps(dataclasses.asdict(tool)) for tool in tools]
    return "\n".join(
        [
            'Answer with one JSON object {"name": ..., "arguments": {...}} and nothing else: the '
            "name of one of these actions, and arguments that fit its parameters.",
            *lines,
        ]
    )


def answer_schema(tools: Sequence[Tool]) -> dict[str, Any]:
    """The JSON schema of that object."""
    return {
        "anyOf": [
            {
                "type": "object",
                "properties": {"name": {"enum": [tool.name]}, "arguments": tool.parameters},
                "required": ["name", "arguments"],
                "additionalProperties": False,
            }
            for tool in tools
        ]
    }


def intent_of(call: Call, known: Collection[str]) -> Intent:
    """The intent that a call means; `IntentError` says what is wrong with it.

    `known` are the names that stand for values.
    """
    if call.name not in INTENT_KINDS:
        raise IntentError(f"there is no action {call.name!r}{codec.hint(call.name, INTENT_KINDS)}")
    cls = INTENT_KINDS[call.name]
    try:
        given = json.loads(call.arguments or "{}")
    except (ValueError, RecursionError):
        raise IntentError(f"the arguments of {call.name} are no JSON") from None
    if not isinstance(given, Mapping) or "kind" in given:
        raise IntentError(f"the arguments of {call.name} must be a JSON object of its fields")
    intent = intent_from_json({"kind": call.name, **_unfolded(cls, given)})
    for name in names_in(intent):
        if name not in known:
            names = ", ".join(f"{{{each}}}" for each in known) or "none"
            raise IntentError(
                f"{{{name}}} stands for no value; known are: {names}. Write {{{{{name}}}}} for "
                "these very letters"
            )
    if isinstance(intent, Read | ReadTable) and intent.name and not intent.name.isidentifier():
        raise IntentError(f"{call.name}.name must be one word such as TOTAL, not {intent.name!r}")
    return intent


def _object(cls: Any, fixed: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of a dataclass; `fixed` are fields that it does not have itself."""
    fields = dataclasses.fields(cls)
    required = [each.name for each in fields if each.default is dataclasses.MISSING]
    return {
        "type": "object",
        "properties": {
            **fixed,
            **{each.name: _schema(_hints(cls)[each.name]) for each in fields},
        },
        "required": [*fixed, *required],
        "additionalProperties": False,
    }


def _schema(wanted: Any) -> dict[str, Any]:
    origin = get_origin(wanted)
    if origin in (Union, types.UnionType):
        choices = [_schema(choice) for choice in _choices(wanted)]
        return choices[0] if len(choices) == 1 else {"anyOf": choices}
    if origin is tuple:
        return {"type": "array", "items": _schema(get_args(wanted)[0])}
    if origin is Literal:
        values = list(get_args(wanted))
        return {"type": _TYPES[type(values[0])], "enum": values}
    if wanted is Target:
        return _TARGET
    if wanted in _TYPES:
        return {"type": _TYPES[wanted]}
    return _object(wanted, {"kind": {"type": "string", "enum": [wanted.kind]}})


def _unfolded(wanted: Any, data: Any) -> Any:
    """The data with each target's words taken apart; what does not fit stays as it is."""
    if wanted is Target:
        return _target(data)
    if get_origin(wanted) in (Union, types.UnionType) and data is not None:
        kinds = {getattr(choice, "kind", None): choice for choice in _choices(wanted)}
        kind = data.get("kind") if isinstance(data, Mapping) else None
        cls = kinds.get(kind) if isinstance(kind, str | None) else None
        return _unfolded(cls, data) if cls is not None else data
    if dataclasses.is_dataclass(wanted) and isinstance(data, Mapping):
        hints: Mapping[str, Any] = _hints(cast(Any, wanted))
        return {
            name: _unfolded(hints[name], value) if name in hints else value
            for name, value in data.items()
        }
    return data


def _choices(union: Any) -> list[Any]:
    return [choice for choice in get_args(union) if choice is not types.NoneType]


def _target(words: Any) -> dict[str, Any]:
    if not isinstance(words, str):
        raise IntentError(f"a target is one string of words, not {words!r}")
    try:
        tokens = lex(words)[1:-1]
        if not tokens:
            raise IntentError("a target needs words")
        made: dict[str, Any] = codec.to_json(target_of(tokens, Scope(words)))
    except InstructionError as error:
        raise IntentError(f"the target {words!r} is unclear: {error.message}") from None
    return made
