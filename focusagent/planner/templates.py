"""Strings of intents are templates: `{NAME}` stands for a value, `{{NAME}}` for the word itself.

Whatever comes from a screen is escaped before it enters a template, so that a page which shows
`{PASSWORD}` gets nothing typed but these very letters.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from .conditions import Target
from .errors import IntentError

_NAME = r"[A-Za-z_]\w*(?:\.[^{}]+)?"
_ESCAPED_OR_NAME = re.compile(rf"\{{\{{({_NAME})\}}\}}|\{{({_NAME})\}}")
_ANY_NAME = re.compile(rf"\{{({_NAME})\}}")
T = TypeVar("T")


def escape(text: str) -> str:
    """`text` as a template that stands for exactly these letters."""
    return _ANY_NAME.sub(lambda found: "{" + found[0] + "}", text)


def names_in(value: Any) -> Iterator[str]:
    """The names used in a template, or in all templates of an intent or condition, in order."""
    if isinstance(value, str):
        yield from (found[2] for found in _ESCAPED_OR_NAME.finditer(value) if found[2])
    elif isinstance(value, tuple):
        for item in value:
            yield from names_in(item)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from names_in(getattr(value, field.name))


def sole_name(text: str) -> str | None:
    """`NAME` if the template is `{NAME}` and nothing else: the only way to type a secret."""
    found = _ESCAPED_OR_NAME.fullmatch(text)
    return found[2] if found else None


def fill(value: T, values: Mapping[str, str]) -> T:
    """`value`, an intent or condition, with these names replaced, still a template.

    In the words of a target a value is put in quotes unless the name already stands in some.
    """
    made: T = _mapped(value, lambda text, in_words: _filled(text, values, in_words))
    return made


def resolve(value: T, values: Mapping[str, str]) -> T:
    """`value`, an intent or condition, with every name replaced and every escape undone.

    Look for a secret with `sole_name` before: a name that `values` lacks raises `IntentError`.
    """
    for name in names_in(value):
        if name not in values:
            known = ", ".join(values) or "none"
            raise IntentError(f"{{{name}}} has no value here; known are: {known}")
    made: T = _mapped(value, lambda text, in_words: plain(_filled(text, values, in_words)))
    return made


def plain(text: str) -> str:
    """The letters that a template without open names stands for."""
    return _ESCAPED_OR_NAME.sub(lambda found: f"{{{found[1] or found[2]}}}", text)


def quoted(text: str) -> str:
    """`text` in double quotes, those inside doubled."""
    return '"' + text.replace('"', '""') + '"'


def _filled(text: str, values: Mapping[str, str], in_words: bool) -> str:
    made, last, within = [], 0, False
    for found in _ESCAPED_OR_NAME.finditer(text):
        between = text[last : found.start()]
        within ^= between.count('"') % 2 == 1
        made.append(between)
        last = found.end()
        if found[2] is None or found[2] not in values:
            made.append(found[0])
            continue
        value = escape(values[found[2]])
        if in_words:
            value = value.replace('"', '""') if within else quoted(value)
        made.append(value)
    return "".join((*made, text[last:]))


def _mapped(value: Any, change: Callable[[str, bool], str]) -> Any:
    if isinstance(value, str):
        return change(value, False)
    if isinstance(value, tuple):
        return tuple(_mapped(item, change) for item in value)
    if isinstance(value, Target):
        words = change(value.words, True)
        return dataclasses.replace(value, words=words, quoted=value.quoted or '"' in words)
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    return dataclasses.replace(
        value,
        **{
            field.name: _mapped(getattr(value, field.name), change)
            for field in dataclasses.fields(value)
        },
    )
