"""Frozen dataclasses as plain JSON values and back; whatever is not expected is refused.

A union of dataclasses is told apart by `kind`, as the actions of an environment are.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import math
import types
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from .errors import IntentError

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
_hints = functools.cache(get_type_hints)


def to_json(value: Any) -> Any:
    """`value` as plain JSON values; fields at their default are left out."""
    if isinstance(value, tuple):
        return [to_json(item) for item in value]
    if not dataclasses.is_dataclass(value):
        return value
    kind = getattr(value, "kind", None)
    data: dict[str, Any] = {} if kind is None else {"kind": kind}
    for field in dataclasses.fields(value):
        held = getattr(value, field.name)
        if held != field.default:
            data[field.name] = to_json(held)
    return data


def from_json(wanted: Any, data: Any, where: str) -> Any:
    """`data` as the type `wanted`, or an `IntentError` that names the field by `where`."""
    origin = get_origin(wanted)
    if origin in (Union, types.UnionType):
        return _one_of(get_args(wanted), data, where)
    if origin is tuple:
        if not isinstance(data, list | tuple):
            raise IntentError(f"{where} must be a list, not {data!r}")
        (item, _) = get_args(wanted)
        return tuple(
            from_json(item, value, f"{where}[{index}]") for index, value in enumerate(data)
        )
    if origin is Literal:
        if data not in get_args(wanted):
            raise IntentError(f"{where} must be one of {list(get_args(wanted))}, not {data!r}")
        return data
    if dataclasses.is_dataclass(wanted):
        return _build(wanted, data, where)
    name, fits = _SCALARS[wanted]
    if not fits(data):
        raise IntentError(f"{where} must be {name}, not {data!r}")
    return float(data) if wanted is float else data


def _one_of(choices: tuple[Any, ...], data: Any, where: str) -> Any:
    if types.NoneType in choices:
        if data is None:
            return None
        choices = tuple(choice for choice in choices if choice is not types.NoneType)
    if len(choices) == 1:
        return from_json(choices[0], data, where)
    kinds = {choice.kind: choice for choice in choices}
    if not isinstance(data, Mapping):
        raise IntentError(f"{where} must be a JSON object, not {data!r}")
    kind = data.get("kind")
    if not isinstance(kind, str) or kind not in kinds:
        raise IntentError(f"{where} has the unknown kind {kind!r}{hint(kind, kinds)}")
    return _build(kinds[kind], data, where)


def _build(cls: Any, data: Any, where: str) -> Any:
    if not isinstance(data, Mapping):
        raise IntentError(f"{where} must be a JSON object, not {data!r}")
    kind = getattr(cls, "kind", None)
    if kind is not None and data.get("kind") != kind:
        raise IntentError(f"{where} must have the kind {kind!r}, not {data.get('kind')!r}")
    fields = {field.name: field for field in dataclasses.fields(cls)}
    called = kind or where
    for name in data:
        if name not in fields and not (name == "kind" and kind is not None):
            raise IntentError(f"{called} has no field {name!r}{hint(name, fields)}")
    for name, field in fields.items():
        if name not in data and field.default is dataclasses.MISSING:
            raise IntentError(f"{called} needs the field {name!r}")
    hints = _hints(cls)
    return cls(
        **{
            name: from_json(hints[name], data[name], f"{called}.{name}")
            for name in fields
            if name in data
        }
    )


def hint(name: Any, known: Iterable[str]) -> str:
    """The end of a sentence that refuses `name`: a likely word and all that is known."""
    known = list(known)
    close = difflib.get_close_matches(str(name), known, n=1)
    guess = f" (did you mean {close[0]!r}?)" if close else ""
    return f"{guess}; it must be one of: {', '.join(known) or 'none'}"
