"""A program as text that reads as English and parses to the same program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import intents
from .conditions import (
    Condition,
    Counted,
    Downloaded,
    InState,
    PageIs,
    Reads,
    Seen,
)
from .intents import Intent
from .program import (
    MAX_ROUNDS,
    Both,
    Do,
    EachRow,
    EachThing,
    EachValue,
    Either,
    If,
    Program,
    Repeat,
    Step,
    Test,
    Where,
    While,
)
from .spoken import spoken
from .templates import quoted

_INDENT = "    "


def program_text(program: Program) -> str:
    """The whole program, one step a line, the steps of conditions and loops indented."""
    return "\n".join(line for step in program.steps for line in _lines(step, ""))


def intent_text(intent: Intent) -> str:
    """One intent in words, as an instruction would say it."""
    say = _SAID.get(type(intent))
    if say is not None:
        return say(intent)
    if isinstance(intent, intents.Look):
        return f"look whether {condition_text(intent.condition)}"
    if isinstance(intent, intents.Finish):
        return "stop" if intent.reason == "done" else f"fail with {quoted(intent.message)}"
    return _page_text(intent)


def condition_text(condition: Condition) -> str:
    """One condition in words."""
    if isinstance(condition, Seen):
        verb = "appears" if condition.wanted else "does not appear"
        return f"{spoken(condition.target, subject=True)} {verb}"
    if isinstance(condition, InState):
        verb = "is" if condition.wanted else "is not"
        return f"{spoken(condition.target, subject=True)} {verb} {condition.state}"
    if isinstance(condition, Downloaded):
        file = f"the file {quoted(condition.name)}" if condition.name else "a file"
        return f"{file} is downloaded"
    if isinstance(condition, Counted):
        said = f"{_verb(condition.operator)} {condition.number}"
        return f"the number of {spoken(condition.target, subject=True)} {said}"
    if isinstance(condition, Reads):
        subject = spoken(condition.target, subject=True)
    elif isinstance(condition, PageIs):
        subject = "the URL" if condition.part == "url" else "the page title"
    else:
        subject = f"{{{condition.name}}}"
    return f"{subject} {_verb(condition.operator)} {quoted(condition.value)}"


def test_text(test: Test) -> str:
    """A test in words."""
    if isinstance(test, Both | Either):
        joint = " and " if isinstance(test, Both) else " or "
        return joint.join(condition_text(part) for part in test.tests)
    return condition_text(test)


def _verb(operator: str) -> str:
    return operator if operator.split()[0] in _OPERATOR_VERBS else f"is {operator}"


_OPERATOR_VERBS = {"is", "contains", "does", "starts", "ends"}


def _typed(intent: intents.Type) -> str:
    verb = "append" if intent.append else "type"
    where = f" into {spoken(intent.target)}" if intent.target else ""
    if intent.append and where:
        where = f" to {spoken(intent.target)}" if intent.target else ""
    return f"{verb} {quoted(intent.text)}{where}{' and submit' if intent.submit else ''}"


def _switched(intent: intents.Check | intents.Uncheck, box: str, switch: str) -> str:
    verb = switch if intent.target.role == "switch" else box
    return f"{verb} {spoken(intent.target, sentence=True)}"


def _scrolled(intent: intents.Scroll) -> str:
    area = f" in {spoken(intent.area)}" if intent.area else ""
    if intent.to_end:
        end = {"down": "bottom", "up": "top", "right": "right", "left": "left"}[intent.direction]
        of = f" of {spoken(intent.area)}" if intent.area else ""
        return f"scroll to the {end}{of}"
    if intent.until is not None:
        return f"scroll {intent.direction}{area} until {spoken(intent.until, subject=True)} appears"
    if intent.pixels is not None:
        return f"scroll {intent.direction} {intent.pixels} pixels{area}"
    if intent.screens != 1.0:
        return f"scroll {intent.direction} {_number(intent.screens)} screens{area}"
    return f"scroll {intent.direction}{area}"


def _waited(intent: intents.WaitFor) -> str:
    limit = "" if intent.seconds is None else f", at most {_number(intent.seconds)} seconds"
    return f"wait until {condition_text(intent.condition)}{limit}"


def _number(value: float) -> str:
    return f"{value:.10f}".rstrip("0").rstrip(".")


def _clicked(intent: intents.Click) -> str:
    if intent.unfolds is not None:
        return f"{'expand' if intent.unfolds else 'collapse'} {spoken(intent.target)}"
    held = f" while holding {' and '.join(intent.modifiers)}" if intent.modifiers else ""
    return f"click {spoken(intent.target)}{held}"


def _read_table(intent: intents.ReadTable) -> str:
    table = "the table" if intent.target is None else spoken(intent.target)
    return f"read {table}" + (f" as {{{intent.name}}}" if intent.name else "")


def _uploaded(intent: intents.Upload) -> str:
    files = ", ".join(quoted(path) for path in intent.paths)
    return f"upload {files}" + (f" to {spoken(intent.target)}" if intent.target else "")


def _page_text(intent: Intent) -> str:
    """What needs no words of a target."""
    if isinstance(intent, intents.Wait):
        if intent.seconds == 0:
            return "wait for the page to load"
        return f"wait {_number(intent.seconds)} second{'s' * (intent.seconds != 1)}"
    if isinstance(intent, intents.NewTab):
        return "open a new tab" + (f" at {intent.url}" if intent.url else "")
    if isinstance(intent, intents.SwitchTab):
        if intent.title is not None:
            return f"switch to browser tab {quoted(intent.title)}"
        if intent.step is not None:
            return f"switch to the {'next' if intent.step == 1 else 'previous'} tab"
        last = intent.place is not None and intent.place < 0
        return "switch to the last tab" if last else f"switch to tab {intent.place}"
    plain: dict[type[Any], str] = {
        intents.Back: "go back", intents.Forward: "go forward", intents.Reload: "reload the page",
        intents.CloseTab: "close the tab",
    }  # fmt: skip
    return plain[type(intent)]


_SAID: dict[type[Any], Callable[[Any], str]] = {
    intents.Click: _clicked,
    intents.DoubleClick: lambda intent: f"double-click {spoken(intent.target)}",
    intents.RightClick: lambda intent: f"right-click {spoken(intent.target)}",
    intents.Hover: lambda intent: f"hover over {spoken(intent.target)}",
    intents.Type: _typed,
    intents.Press: lambda intent: (
        f"press {intent.keys}" + (f" in {spoken(intent.target)}" if intent.target else "")
    ),
    intents.Select: lambda intent: f"select {quoted(intent.option)} in {spoken(intent.target)}",
    intents.SetValue: lambda intent: f"set {spoken(intent.target)} to {quoted(intent.value)}",
    intents.Check: lambda intent: _switched(intent, "tick", "turn on"),
    intents.Uncheck: lambda intent: _switched(intent, "untick", "turn off"),
    intents.Drag: lambda intent: f"drag {spoken(intent.source)} to {spoken(intent.destination)}",
    intents.Scroll: _scrolled,
    intents.Upload: _uploaded,
    intents.Answer: lambda intent: f"{intent.reply} {spoken(intent.target)}",
    intents.WaitFor: _waited,
    intents.GoTo: lambda intent: f"go to {intent.url}",
    intents.Read: lambda intent: f"read {spoken(intent.target)} as {{{intent.name}}}",
    intents.ReadTable: _read_table,
    intents.CheckThat: lambda intent: f"check that {condition_text(intent.condition)}",
}


def _lines(step: Step, indent: str) -> list[str]:
    if isinstance(step, Do):
        return [indent + intent_text(step.intent)]
    if isinstance(step, If):
        if step.otherwise and not step.then:
            return [f"{indent}unless {test_text(step.test)}:", *_inside(step.otherwise, indent)]
        made = [f"{indent}if {test_text(step.test)}:", *_inside(step.then, indent)]
        if step.otherwise:
            made += [f"{indent}otherwise:", *_inside(step.otherwise, indent)]
        return made
    return [f"{indent}{_loop(step)}:", *_inside(step.body, indent)]


def _inside(steps: tuple[Step, ...], indent: str) -> list[str]:
    if not steps:
        return [f"{indent}{_INDENT}do nothing"]
    return [line for step in steps for line in _lines(step, indent + _INDENT)]


def _loop(step: Step) -> str:
    if isinstance(step, While):
        limit = "" if step.limit == MAX_ROUNDS else f", at most {step.limit} times"
        return f"{'until' if step.until else 'while'} {test_text(step.test)}{limit}"
    if isinstance(step, Repeat):
        return f"repeat {step.times} times"
    if isinstance(step, EachThing):
        return f"for each {step.thing}"
    if isinstance(step, EachValue):
        return "for each of " + ", ".join(quoted(value) for value in step.values)
    if isinstance(step, EachRow):
        table = f" in {spoken(step.table)}" if step.table else ""
        return f"for each row{table}{_where(step.where)}"
    raise TypeError(f"{type(step).__name__} is no loop")


def _where(where: Where | None) -> str:
    if where is None:
        return ""
    said = f"{_verb(where.operator)} {quoted(where.value)}"
    return f" that {said}" if where.column is None else f" where {quoted(where.column)} {said}"
