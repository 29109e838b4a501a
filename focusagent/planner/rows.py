"""Words of place that belong to more than they stand beside: a loop's row, `In the row of X, ...`.

In a loop over rows whose steps never name the row, the first thing acted on is in the row; and so
is what a condition before it reads.
"""

from __future__ import annotations

import dataclasses
from typing import Any, cast

from . import intents
from .conditions import Condition, InState, Reads, Seen, Target
from .intents import Intent
from .lexer import lex
from .pieces import IN_ROW, Scope, Tokens, is_word, target_of, written
from .program import ROW, Both, Do, Either, If, Step, Test, While, bodies, walk, with_bodies
from .templates import names_in
from .words import POPUPS

_ASKING = intents.CheckThat | intents.WaitFor | intents.Look


def with_row(steps: list[Step]) -> list[Step]:
    """The body of a loop over rows with the row spelled out."""
    acts = [step.intent for step in walk(tuple(steps)) if isinstance(step, Do)]
    named = any(_names_row(intent) for intent in acts if not isinstance(intent, _ASKING))
    return _attached(steps, named)[0]


def placed(intent: Intent, place: str) -> Intent | None:
    """The intent with `place` after the words of its first target; None if it has no target."""
    if isinstance(intent, intents.Drag):
        return dataclasses.replace(intent, source=_with_place(intent.source, place))
    targets = intents.targets_of(intent)
    if not targets:
        return None
    made: Intent = dataclasses.replace(cast(Any, intent), target=_with_place(targets[0], place))
    return made


def fronted(intent: Intent, place: Tokens, scope: Scope, *, choosing: bool) -> Intent | None:
    """The intent after `In the row of Bob`; after `In the Name field` what is typed goes there.

    So does what is chosen (`choosing`), if the words name a list to choose from. None if unfit.
    """
    if isinstance(intent, intents.Type) and intent.target is None:
        return dataclasses.replace(intent, target=target_of(place[1:], scope, "textbox"))
    named = target_of(place[1:], scope, "combobox" if is_word(place[-1], "list") else None)
    if choosing and isinstance(intent, intents.Click) and named.role == "combobox":
        (token,) = lex(intent.target.words)[1:-1][:1]
        return intents.Select(token.text if token.kind == "quoted" else intent.target.words, named)
    if is_word(place[0], "from"):
        return None
    return placed(intent, f"{place[0].low} {written(place[1:])}")


def _names_row(value: Any) -> bool:
    return any(name.split(".")[0] == ROW for name in names_in(value))


def _attached(steps: list[Step], named: bool) -> tuple[list[Step], bool]:
    """The steps up to the first that acts with the row in them, and whether one acts."""
    made: list[Step] = []
    for place, step in enumerate(steps):
        step, acts = _attach(step, named)
        made.append(step)
        if acts:
            return [*made, *steps[place + 1 :]], True
    return made, False


def _attach(step: Step, named: bool) -> tuple[Step, bool]:
    if isinstance(step, Do):
        return _attach_intent(step, named)
    if isinstance(step, If | While):
        step = dataclasses.replace(step, test=_attach_test(step.test, named))
    parts, acts = [], False
    for body in bodies(step):
        steps, found = _attached(list(body), named)
        parts.append(tuple(steps))
        acts |= found
    return with_bodies(step, tuple(parts)), acts


def _attach_intent(step: Do, named: bool) -> tuple[Step, bool]:
    intent = step.intent
    if isinstance(intent, intents.CheckThat | intents.WaitFor):
        condition = _attach_condition(intent.condition, named)
        return Do(dataclasses.replace(intent, condition=condition)), False
    made = placed(intent, IN_ROW)
    if made is None:
        return step, False
    return (step if named else Do(made)), True


def _attach_test(test: Test, named: bool) -> Test:
    if isinstance(test, Both | Either):
        return type(test)(tuple(_attach_condition(part, named) for part in test.tests))
    return _attach_condition(test, named)


def _attach_condition(condition: Condition, named: bool) -> Condition:
    """What is read is in the row; what is seen may be, unless it is a popup or says otherwise."""
    if not isinstance(condition, Seen | Reads | InState) or _names_row(condition):
        return condition
    popup = set(condition.target.words.lower().split()) & POPUPS
    if isinstance(condition, Seen) and (named or popup):
        return condition
    return dataclasses.replace(condition, target=_with_place(condition.target, IN_ROW))


def _with_place(target: Target, place: str) -> Target:
    words = f"{target.words} {place}"
    return dataclasses.replace(target, words=words, quoted='"' in words)
