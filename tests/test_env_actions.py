"""Actions: strict JSON both ways, and what no action may be."""

from __future__ import annotations

import json
import math
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

import env
from env import ActionError, action_from_json, action_to_json

numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**6), 10**6)
actions = st.one_of(
    st.builds(env.Move, numbers, numbers),
    st.builds(env.Hover, numbers, numbers),
    st.builds(
        env.Click,
        numbers,
        numbers,
        st.sampled_from(["left", "middle", "right"]),
        st.integers(1, 3),
        st.lists(st.sampled_from(["Alt", "Control", "Meta", "Shift"])).map(tuple),
    ),
    st.builds(env.Drag, numbers, numbers, numbers, numbers),
    st.builds(env.Scroll, numbers, numbers, numbers, numbers),
    st.builds(env.Type, st.text()),
    st.builds(env.Type, secret=st.text(min_size=1)),
    st.builds(env.Press, st.text()),
    st.builds(env.Select, numbers, numbers, st.text()),
    st.builds(env.Upload, numbers, numbers, st.lists(st.text()).map(tuple)),
    st.builds(env.Navigate, st.text()),
    st.builds(env.Back),
    st.builds(env.Reload),
    st.builds(env.NewTab, st.text()),
    st.builds(env.SwitchTab, st.integers()),
    st.builds(env.CloseTab, st.none() | st.integers()),
    st.builds(env.Wait, st.floats(0, 600)),
    st.builds(env.Done, st.booleans(), st.text()),
)


@given(actions)
def test_json_round_trip(action: env.Action) -> None:
    assert action_from_json(json.loads(json.dumps(action_to_json(action)))) == action


def test_the_strategy_covers_the_whole_union() -> None:
    assert {cls.kind for cls in get_args(env.Action)} == {
        "move", "hover", "click", "drag", "scroll", "type", "press", "select", "upload",
        "navigate", "back", "reload", "new_tab", "switch_tab", "close_tab", "wait", "done",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("data", "names"),
    [
        ({"kind": "clik", "x": 1, "y": 2}, ["'clik'", "did you mean 'click'", "navigate"]),
        ({"x": 1}, ["unknown action kind None", "click"]),
        ({"kind": ["click"]}, ["unknown action kind"]),
        ({"kind": "click", "x": 1, "y": 2, "buton": "left"}, ["'buton'", "'button'", "count"]),
        ({"kind": "click", "x": 1}, ["click needs the field 'y'"]),
        ({"kind": "click", "x": "1", "y": 2}, ["click.x must be a finite number"]),
        ({"kind": "click", "x": True, "y": 2}, ["click.x must be a finite number"]),
        ({"kind": "click", "x": math.nan, "y": 2}, ["click.x must be a finite number"]),
        ({"kind": "click", "x": math.inf, "y": 2}, ["click.x must be a finite number"]),
        ({"kind": "click", "x": 1, "y": 2, "count": 1.5}, ["click.count must be a whole number"]),
        ({"kind": "click", "x": 1, "y": 2, "count": 9}, ["click.count must be 1, 2 or 3"]),
        ({"kind": "click", "x": 1, "y": 2, "button": "up"}, ["click.button", "'middle'"]),
        ({"kind": "click", "x": 1, "y": 2, "modifiers": "Alt"}, ["click.modifiers must be a list"]),
        ({"kind": "click", "x": 1, "y": 2, "modifiers": ["Hyper"]}, ["click.modifiers", "'Meta'"]),
        ({"kind": "type", "text": 5}, ["type.text must be a string"]),
        ({"kind": "type", "text": "a", "secret": "B"}, ["either text or secret"]),
        ({"kind": "back", "x": 1}, ["back has no field 'x'", "none"]),
        ({"kind": "done", "success": "yes"}, ["done.success must be true or false"]),
        ({"kind": "wait", "seconds": 1e9}, ["wait.seconds must lie between"]),
        ({"kind": "upload", "x": 1, "y": 1, "paths": [1]}, ["upload.paths must be a string"]),
        ("click", ["JSON object", "str"]),
        (None, ["JSON object"]),
        ([], ["JSON object"]),
    ],
)
def test_what_is_wrong_is_named(data: Any, names: list[str]) -> None:
    with pytest.raises(ActionError) as error:
        action_from_json(data)
    for name in names:
        assert name in str(error.value)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["kind", "x", "y", "text", "keys"]) | st.text(), inner | st.sampled_from(["click", "type", "press"])), max_leaves=8))  # fmt: skip
def test_any_json_is_an_action_or_one_clear_error(data: Any) -> None:
    try:
        action = action_from_json(data)
    except ActionError:
        return  # anything else would fail the test
    assert action_from_json(action_to_json(action)) == action


@pytest.mark.parametrize(
    ("text", "chord"),
    [
        ("Enter", ("Enter",)),
        ("ctrl+s", ("Control", "s")),
        ("Control+Shift+ArrowDown", ("Control", "Shift", "ArrowDown")),
        ("cmd + c", ("Meta", "c")),
        ("+", ("+",)),
        ("Control++", ("Control", "+")),
        ("esc", ("Escape",)),
        ("é", ("é",)),
        ("Shift", ("Shift",)),
        (" ", ("Space",)),
        ("f5", ("F5",)),
    ],
)
def test_chords(text: str, chord: tuple[str, ...]) -> None:
    from env.keys import parse_chord

    assert parse_chord(text) == chord


@pytest.mark.parametrize(
    ("text", "says"),
    [("Entr", "'Enter'"), ("a+b", "'a'"), ("", "unknown key"), ("Control+", "unknown key")],
)
def test_unknown_chords_name_the_right_ones(text: str, says: str) -> None:
    from env.keys import parse_chord

    with pytest.raises(ActionError, match=says):
        parse_chord(text)
