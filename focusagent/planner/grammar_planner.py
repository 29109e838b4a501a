"""The planner without a model: walks the program that an instruction parses to."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Collection, Generator, Mapping
from typing import TYPE_CHECKING, Any, cast

from .compare import holds, table_rows
from .conditions import Condition, Seen, Target, ValueIs
from .errors import IntentError
from .grammar import parse
from .intents import NO, YES, Finish, History, Intent, Look, Outcome, ReadTable
from .names import check_names
from .printing import condition_text, test_text
from .program import (
    IT,
    ITEM,
    MAX_ROUNDS,
    ROW,
    Both,
    Do,
    EachRow,
    EachThing,
    Either,
    If,
    Program,
    Repeat,
    Step,
    Test,
    Where,
    While,
)
from .templates import fill, names_in
from .words import ORDINALS

if TYPE_CHECKING:
    from .._siblings import env

Walk = Generator[Intent, Outcome, None]
Values = Mapping[str, str]
_ORDINALS = {place: word for word, place in ORDINALS.items()}


class GrammarPlanner:
    """Follows an instruction word by word; all it knows of a run is in the history.

    `params` and `secrets` are the names whose values the loop will put in; a name that is not
    known is refused before the first step.
    """

    def __init__(self, params: Collection[str] = (), secrets: Collection[str] = ()) -> None:
        self._params = tuple(params)
        self._secrets = tuple(secrets)
        self._program = functools.lru_cache(maxsize=8)(self._parse)

    def program(self, task: str) -> Program:
        """The program of an instruction, its names checked; raises `InstructionError`."""
        return self._program(task)

    def next(self, task: str, history: History, observation: env.Observation | None) -> Intent:
        """The intent after `history`, which must hold the intents as this planner gave them."""
        steps = _walk(self.program(task).steps, {})
        try:
            wanted = next(steps)
            for intent, outcome in history:
                if intent != wanted:
                    return Finish("gave up", "the history is not that of this instruction")
                wanted = steps.send(outcome)
        except StopIteration:
            return Finish("done")
        except _EndError as end:
            return end.finish
        return wanted

    def _parse(self, task: str) -> Program:
        program = parse(task)
        check_names(program, task, self._params, self._secrets)
        return program


class _EndError(Exception):
    """The plan ends here."""

    def __init__(self, finish: Finish) -> None:
        super().__init__(finish.message)
        self.finish = finish


def _gave_up(reason: str) -> _EndError:
    return _EndError(Finish("gave up", reason))


def _walk(steps: tuple[Step, ...], values: Values) -> Walk:
    for step in steps:
        if isinstance(step, Do):
            yield from _do(step.intent, values)
        elif isinstance(step, If):
            yes = yield from _holds(step.test, values)
            yield from _walk(step.then if yes else step.otherwise, values)
        elif isinstance(step, While):
            yield from _while(step, values)
        elif isinstance(step, Repeat):
            for _ in range(step.times):
                yield from _walk(step.body, values)
        elif isinstance(step, EachRow):
            yield from _each_row(step, values)
        elif isinstance(step, EachThing):
            yield from _each_thing(step, values)
        else:
            for value in step.values:
                yield from _walk(step.body, {**values, ITEM: _text(value, values)})


def _do(intent: Intent, values: Values) -> Walk:
    intent = _bound(intent, values)
    if isinstance(intent, Finish):
        raise _EndError(intent)
    outcome = yield intent
    if not outcome.ok:
        raise _gave_up(outcome.reason or f"{intent.kind} did not work")


def _bound(intent: Intent, values: Values) -> Intent:
    """The intent with what the loops around it bind; other names stay for the agent's loop."""
    if IT in values:
        intent = _replaced(intent, values[IT])
    return fill(intent, {name: value for name, value in values.items() if name != IT})


def _replaced(intent: Intent, thing: str) -> Intent:
    """`{IT}` in targets stands for words, not for a quoted name."""
    changes: dict[str, Any] = {}
    for field in dataclasses.fields(intent):
        held = getattr(intent, field.name)
        if isinstance(held, Target):
            changes[field.name] = _renamed(held, thing)
        elif isinstance(getattr(held, "target", None), Target):
            changes[field.name] = dataclasses.replace(held, target=_renamed(held.target, thing))
    made: Intent = dataclasses.replace(cast(Any, intent), **changes)
    return made


def _renamed(target: Target, thing: str) -> Target:
    return dataclasses.replace(target, words=target.words.replace(f"{{{IT}}}", thing))


def _text(value: str, values: Values) -> str:
    return fill(value, values)


def _holds(test: Test, values: Values) -> Generator[Intent, Outcome, bool]:
    if isinstance(test, Both):
        for part in test.tests:
            if not (yield from _look(part, values)):
                return False
        return True
    if isinstance(test, Either):
        for part in test.tests:
            if (yield from _look(part, values)):
                return True
        return False
    return (yield from _look(test, values))


def _look(condition: Condition, values: Values) -> Generator[Intent, Outcome, bool]:
    if isinstance(condition, ValueIs) and condition.name in values:
        return holds(condition.operator, values[condition.name], _text(condition.value, values))
    outcome = yield _bound(Look(condition), values)
    if not outcome.ok or outcome.value not in (YES, NO):
        reason = outcome.reason or f"answered {outcome.value!r}"
        raise _gave_up(f"could not see whether {condition_text(condition)}: {reason}")
    return outcome.value == YES


def _while(step: While, values: Values) -> Walk:
    for _ in range(step.limit):
        if (yield from _holds(step.test, values)) == step.until:
            return
        yield from _walk(step.body, values)
    if (yield from _holds(step.test, values)) == step.until:
        return
    still = "not yet" if step.until else "still"
    raise _gave_up(f"{still} so after {step.limit} rounds: {test_text(step.test)}")


def _each_thing(step: EachThing, values: Values) -> Walk:
    things = fill(Target(step.thing), values).words
    for place in range(1, MAX_ROUNDS + 1):
        thing = f"{_ordinal(place)} {things}"
        if not (yield from _look(Seen(Target(thing)), {})):
            return
        yield from _walk(step.body, {**values, IT: thing})
    raise _gave_up(f"there are more than {MAX_ROUNDS} of: {step.thing}")


def _ordinal(place: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(place % 10 if place % 100 not in (11, 12, 13) else 0)
    return _ORDINALS.get(place) or f"{place}{ending or 'th'}"


def _each_row(step: EachRow, values: Values) -> Walk:
    table = step.table and fill(step.table, values)
    outcome = yield ReadTable(table)
    if not outcome.ok or outcome.value is None:
        raise _gave_up(outcome.reason or "no table could be read")
    try:
        rows = table_rows(outcome.value)
    except IntentError as error:
        raise _gave_up(str(error)) from error
    header, rows = (rows[0] if rows else []), rows[1:]
    meant = [
        (row, label)
        for row, label in zip(rows, _labels(rows), strict=True)
        if step.where is None or _meets(step.where, header, row, values)
    ]
    if len(meant) > MAX_ROUNDS:
        raise _gave_up(f"{len(meant)} rows are too many: a loop takes at most {MAX_ROUNDS}")
    wanted = {name for name in names_in(step.body) if name.startswith(f"{ROW}.")}
    for row, label in meant:
        cells = {name: _cell(name.partition(".")[2], header, row) for name in wanted}
        yield from _walk(step.body, {**values, ROW: label, **cells})


def _cell(column: str, header: list[str], row: list[str]) -> str:
    for name, cell in zip(header, row, strict=False):
        if holds("is", name, column):
            return cell
    raise _gave_up(f"the table has no column {column!r}; it has: {', '.join(header) or 'none'}")


def _meets(where: Where, header: list[str], row: list[str], values: Values) -> bool:
    value = _text(where.value, values)
    if where.column is not None:
        return holds(where.operator, _cell(where.column, header, row), value)
    every = where.operator in ("is not", "does not contain")
    return (all if every else any)(holds(where.operator, cell, value) for cell in row)


def _labels(rows: list[list[str]]) -> list[str]:
    """What each row is called: its cell in the first column that tells all rows apart."""
    for cells in zip(*rows, strict=False):
        if all(cell.strip() for cell in cells) and len(set(cells)) == len(cells):
            return list(cells)
    return [next((cell for cell in row if cell.strip()), "") for row in rows]
