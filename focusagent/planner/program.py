"""A parsed instruction: a tree of frozen dataclasses, strict JSON both ways."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from . import codec
from .conditions import Condition, Operator, Target
from .intents import Intent

MAX_ROUNDS = 100  # of any loop; one that would go on after this many rounds gives up
# Names that loops bind in their bodies: the row, the value, the thing it is about.
ROW, ITEM, IT = "ROW", "ITEM", "IT"


@dataclass(frozen=True)
class Both:
    """All of these hold; they are looked at in order until one does not."""

    kind: ClassVar = "both"
    tests: tuple[Condition, ...]


@dataclass(frozen=True)
class Either:
    """One of these holds; they are looked at in order until one does."""

    kind: ClassVar = "either"
    tests: tuple[Condition, ...]


Test = Condition | Both | Either


@dataclass(frozen=True)
class Do:
    """One thing to do."""

    kind: ClassVar = "do"
    intent: Intent


@dataclass(frozen=True)
class If:
    """Steps to take if the test holds, and others if not."""

    kind: ClassVar = "if"
    test: Test
    then: tuple[Step, ...]
    otherwise: tuple[Step, ...] = ()


@dataclass(frozen=True)
class While:
    """Steps to take again while the test holds (`until=True`: until it does), looked at first."""

    kind: ClassVar = "while"
    test: Test
    body: tuple[Step, ...]
    until: bool = False
    limit: int = MAX_ROUNDS


@dataclass(frozen=True)
class Repeat:
    """Steps to take a number of times."""

    kind: ClassVar = "repeat"
    times: int
    body: tuple[Step, ...]


@dataclass(frozen=True)
class Where:
    """Which rows: those whose cell in `column` (None: any cell) compares so with `value`."""

    operator: Operator
    value: str
    column: str | None = None


@dataclass(frozen=True)
class EachRow:
    """Steps for each row of a table, as it is when the loop begins; they name the row `{ROW}`."""

    kind: ClassVar = "each_row"
    body: tuple[Step, ...]
    table: Target | None = None
    where: Where | None = None


@dataclass(frozen=True)
class EachThing:
    """Steps for the first, second ... of things that look alike; they name it `{IT}`."""

    kind: ClassVar = "each_thing"
    thing: str
    body: tuple[Step, ...]


@dataclass(frozen=True)
class EachValue:
    """Steps for each of some given values; they name it `{ITEM}`."""

    kind: ClassVar = "each_value"
    values: tuple[str, ...]
    body: tuple[Step, ...]


Step = Do | If | While | Repeat | EachRow | EachThing | EachValue


@dataclass(frozen=True)
class Program:
    """A whole instruction."""

    steps: tuple[Step, ...]

    def __str__(self) -> str:
        """The parse, readable, and itself an instruction that parses to the same program."""
        from .printing import program_text

        return program_text(self)


def program_to_json(program: Program) -> dict[str, Any]:
    """The program as plain JSON values; fields at their default are left out."""
    data: dict[str, Any] = codec.to_json(program)
    return data


def program_from_json(data: Any) -> Program:
    """Build the program that `data` describes; anything unknown or of a wrong type is refused."""
    program: Program = codec.from_json(Program, data, "a program")
    return program


def bodies(step: Step) -> tuple[tuple[Step, ...], ...]:
    """The lists of steps inside a step."""
    if isinstance(step, Do):
        return ()
    if isinstance(step, If):
        return (step.then, step.otherwise)
    return (step.body,)


def with_bodies(step: Step, made: tuple[tuple[Step, ...], ...]) -> Step:
    """`step` with other lists of steps inside."""
    if isinstance(step, Do):
        return step
    if isinstance(step, If):
        return dataclasses.replace(step, then=made[0], otherwise=made[1])
    return dataclasses.replace(step, body=made[0])


def tests_of(test: Test) -> tuple[Condition, ...]:
    """The single conditions of a test."""
    return test.tests if isinstance(test, Both | Either) else (test,)


def walk(steps: tuple[Step, ...]) -> Iterator[Step]:
    """All steps, each before those inside it, as written."""
    for step in steps:
        yield step
        for body in bodies(step):
            yield from walk(body)
