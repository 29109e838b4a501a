"""Which `{NAME}`s a program uses, and whether each is known where it is used."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from . import intents
from .conditions import Condition, ValueIs
from .errors import InstructionError
from .program import (
    IT,
    ITEM,
    ROW,
    Do,
    EachRow,
    EachThing,
    EachValue,
    If,
    Program,
    Step,
    While,
    bodies,
    tests_of,
)
from .templates import names_in, sole_name


def needs(program: Program) -> tuple[str, ...]:
    """The names that must be given from outside: those not read, or bound by a loop, before."""
    return tuple(dict.fromkeys(name for name, _ in _open(program.steps, set())))


def check_names(
    program: Program, text: str, params: Collection[str], secrets: Collection[str]
) -> None:
    """Refuse names that are not known where they are used, and misused secrets."""
    for name in params:
        if name in secrets:
            raise _refused(f"{{{name}}} is both a parameter and a secret", text, name)
    for name, typed in _open(program.steps, set()):
        if name in secrets and not typed:
            raise _refused(
                f"{{{name}}} is a secret: it can only be typed, alone, into a field", text, name
            )
        if name not in secrets and name not in params:
            known = ", ".join([*params, *secrets]) or "none"
            raise _refused(
                f"{{{name}}} has no value: give it as a parameter or secret (known: {known}), or "
                f"read it before with 'read ... as {{{name}}}'",
                text,
                name,
            )
    for name in _read(program.steps):
        if name in secrets:
            raise _refused(f"{{{name}}} is a secret: read the value under another name", text, name)


def _refused(message: str, text: str, name: str) -> InstructionError:
    start = max(text.find(f"{{{name}}}"), 0)
    return InstructionError(message, text, start, start + len(name) + 2)


def _open(steps: tuple[Step, ...], known: set[str]) -> Iterator[tuple[str, bool]]:
    """Each use of a name that nothing before it gives, and whether it is typed alone there."""
    for step in steps:
        for name, typed in _uses(step):
            if name.split(".")[0] not in known:
                yield name, typed
        inner = known
        if isinstance(step, EachRow | EachThing | EachValue):
            bound = {EachRow: ROW, EachThing: IT, EachValue: ITEM}[type(step)]
            inner = known | {bound}
        for body in bodies(step):
            yield from _open(body, inner)
            known |= set(_read(body))
        known |= set(_read((step,)))


def _uses(step: Step) -> Iterator[tuple[str, bool]]:
    if isinstance(step, Do):
        alone = None
        if isinstance(step.intent, intents.Type):
            alone = sole_name(step.intent.text)
        elif isinstance(step.intent, intents.SetValue):
            alone = sole_name(step.intent.value)
        names = list(names_in(step.intent))
        yield from ((name, name == alone and names.count(name) == 1) for name in names)
        yield from _named(getattr(step.intent, "condition", None))
    elif isinstance(step, If | While):
        for test in tests_of(step.test):
            yield from ((name, False) for name in names_in(test))
            yield from _named(test)
    elif isinstance(step, EachRow):
        yield from ((name, False) for name in (*names_in(step.table), *names_in(step.where)))
    elif isinstance(step, EachThing):
        yield from ((name, False) for name in names_in(step.thing))
    elif isinstance(step, EachValue):
        yield from ((name, False) for name in names_in(step.values))


def _named(condition: Condition | None) -> Iterator[tuple[str, bool]]:
    if isinstance(condition, ValueIs):
        yield condition.name, False


def _read(steps: tuple[Step, ...]) -> Iterator[str]:
    for step in steps:
        intent = step.intent if isinstance(step, Do) else None
        if isinstance(intent, intents.Read | intents.ReadTable) and intent.name:
            yield intent.name
        for body in bodies(step):
            yield from _read(body)
