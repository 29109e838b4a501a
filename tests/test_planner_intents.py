"""Intents as JSON, templates, and what compares as equal."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from focusagent.planner.compare import holds, number_in, table_rows, table_value
from focusagent.planner.conditions import Operator, Seen, Target
from focusagent.planner.errors import IntentError
from focusagent.planner.intents import (
    INTENT_KINDS,
    CheckThat,
    Click,
    Drag,
    Intent,
    Look,
    SwitchTab,
    Type,
    intent_from_json,
    intent_to_json,
    targets_of,
)
from focusagent.planner.printing import intent_text
from focusagent.planner.program import program_from_json
from focusagent.planner.templates import escape, fill, names_in, plain, resolve, sole_name


def of(kind: str) -> st.SearchStrategy[Any]:
    if kind == "switch_tab":
        return st.builds(SwitchTab, place=st.integers(1, 9))
    words = st.text(min_size=1).filter(str.strip)
    st.register_type_strategy(Target, st.builds(Target, words=words))
    return st.from_type(INTENT_KINDS[kind])


@pytest.mark.parametrize("kind", INTENT_KINDS)
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_every_intent_survives_json_and_can_be_said(kind: str, data: st.DataObject) -> None:
    intent: Intent = data.draw(of(kind).filter(_finite))
    assert intent_from_json(json.loads(json.dumps(intent_to_json(intent)))) == intent
    assert intent_text(intent)


def _finite(intent: Any) -> bool:
    numbers = [getattr(intent, name, None) for name in ("seconds", "screens")]
    return all(number is None or abs(number) < 1e300 for number in numbers)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (3, "an intent must be a JSON object, not 3"),
        ({}, "unknown kind None"),
        ({"kind": "clik"}, "unknown kind 'clik' .did you mean 'click'?"),
        ({"kind": "click"}, "click needs the field 'target'"),
        ({"kind": "click", "target": "Save"}, "click.target must be a JSON object"),
        ({"kind": "click", "target": {"words": 1}}, "words must be a string"),
        ({"kind": "click", "target": {"words": " "}}, "a target needs words"),
        ({"kind": "click", "target": {"words": "a"}, "x": 1}, "click has no field 'x'"),
        ({"kind": "click", "target": {"words": "a"}, "modifiers": ["Q"]}, "must be one of"),
        ({"kind": "wait", "seconds": True}, "wait.seconds must be a finite number"),
        ({"kind": "wait", "seconds": float("nan")}, "wait.seconds must be a finite number"),
        ({"kind": "upload", "paths": "a"}, "upload.paths must be a list"),
        ({"kind": "look", "condition": {"kind": "seem"}}, "did you mean 'seen'"),
        ({"kind": "switch_tab"}, "exactly one of place, step and title"),
        ({"kind": "switch_tab", "place": 0}, "counts from 1"),
        ({"kind": "finish", "reason": "bored"}, "finish.reason must be one of"),
    ],
)
def test_what_is_no_intent_is_refused(data: Any, message: str) -> None:
    with pytest.raises(IntentError, match=message):
        intent_from_json(data)


def test_a_program_is_checked_to_its_leaves() -> None:
    deep = {"steps": [{"kind": "repeat", "times": 1, "body": [{"kind": "do", "intent": {}}]}]}
    with pytest.raises(IntentError, match="do.intent has the unknown kind None"):
        program_from_json(deep)


def test_the_targets_of_an_intent() -> None:
    a, b = Target("a"), Target("b")
    assert targets_of(Drag(a, b)) == (a, b)
    assert targets_of(Type("x")) == ()
    assert targets_of(Look(Seen(a))) == ()


@settings(deadline=None)
@given(st.text(alphabet='{}AB_.1 "', max_size=20))
def test_escaped_text_stands_for_itself(text: str) -> None:
    assert plain(escape(text)) == text
    assert list(names_in(escape(text))) == []
    assert resolve(Type("{V}"), {"V": text}) == Type(text)
    assert resolve(fill(Type("<{V}>"), {"V": text}), {}) == Type(f"<{text}>")


def test_values_are_put_in_once_and_quoted_in_words() -> None:
    click = Click(Target('{A} next to "x {A}"'))
    assert fill(click, {"A": 'q"{A}'}).target == Target('"q""{{A}}" next to "x q""{{A}}"', True)
    assert resolve(click, {"A": "{B}"}).target.words == '"{B}" next to "x {B}"'
    with pytest.raises(IntentError, match="{B} has no value here; known are: A"):
        resolve(CheckThat(Seen(Target("{B}"))), {"A": "x"})
    assert sole_name("{A}") == "A"
    assert sole_name("{{A}}") is sole_name("{A} ") is sole_name("{A B}") is None
    assert sole_name("{ROW.Due date}") == "ROW.Due date"


@pytest.mark.parametrize(
    ("operator", "found", "wanted", "answer"),
    [
        ("is", " Saved\n", "saved", True), ("is", "12.50", "12.5", True),
        ("is", "€ 12.50", "12.5", True), ("is", "12.50", "€12.50", True),
        ("is", "Room 12", "12", False), ("is", "1,200", "1200", True),
        ("is", "1.200,00 EUR", "1200", True), ("is not", "a", "b", True),
        ("contains", "Total: 5", "total", True), ("does not contain", "a", "b", True),
        ("starts with", "Dr. No", "dr.", True), ("ends with", "Dr. No", "no", True),
        ("more than", "€ 1,200.00", "1000", True), ("less than", "none", "5", False),
        ("at least", "5", "5", True), ("at most", "-3", "0", True), ("more than", "5 of 7", "1", False),
        ("is", "2026-03-12", "20260312", False), ("is", "Sat 10\u201312", "sat 10-12", True),
        ("is", "Don\u2019t", "Don't", True), ("contains", "Loading\u2026", "loading...", True),
        ("is", "5\u00a0\u20ac", "5 \u20ac", True), ("less than", "\u22125.00", "0", True),
        ("is", "10\u201312", "1012", False),
    ],
)  # fmt: skip
def test_what_was_read_compares(operator: Operator, found: str, wanted: str, answer: bool) -> None:
    assert holds(operator, found, wanted) is answer


def test_numbers_and_tables() -> None:
    assert number_in("1'234.5") == 1234.5
    assert number_in("a") is number_in("1 and 2") is None
    assert table_rows(table_value([["a", 'b"'], ["é"]])) == [["a", 'b"'], ["é"]]
