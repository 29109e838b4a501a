"""`extract` in words: what a vision-language model reads off the screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from drawn_app import Control, DrawnApp, Knowing

import env
from focusagent.agent import Agent
from focusagent.errors import UserError
from focusagent.planner.chat import (
    Call,
    Message,
    ModelPlanner,
    Picture,
    PlannerError,
    Reply,
    ScriptedChat,
)

ROWS = [{"item": "Bolt", "quantity": 4}, {"item": "Nut", "quantity": None}]


def agent(planner: Any, **options: Any) -> Agent:
    app = DrawnApp(Control("text", "Bolt 4", 20, 40))
    return Agent(app, grounder=Knowing(app), planner=planner, **options)


@pytest.mark.parametrize(
    "line",
    [
        {"answer": {"data": ROWS}},
        'Here it is: {"name": "answer", "arguments": {"data": [{"item": "Bolt", "quantity": 4}, '
        '{"item": "Nut", "quantity": null}]}}',
    ],
)
def test_a_model_that_sees_is_shown_the_screen_and_asked_once(line: Any) -> None:
    chat = ScriptedChat([line], pictures=1)
    planner = ModelPlanner(chat)
    asking = agent(planner)
    assert asking.extract("each item and its quantity") == ROWS
    (messages,) = chat.asked
    shown = [part for part in messages[-1].parts if isinstance(part, Picture)]
    assert [picture.image.size for picture in shown] == [asking.env.observe().image.size]
    assert "each item and its quantity" in messages[-1].text
    assert planner.usage.planner_calls == 1


def test_secrets_are_not_asked_about() -> None:
    asked: list[Sequence[Message]] = []

    def answer(messages: Sequence[Message]) -> Any:
        asked.append(messages)
        return Reply("", (Call("answer", '{"data": 1}'),))

    planner = ModelPlanner(ScriptedChat([answer], pictures=1))
    asking = agent(planner, secrets={"PW": env.Secret("hunter2horse", domains=["app.test"])})
    assert asking.extract("is hunter2horse shown?") == 1
    assert "hunter2horse" not in asked[0][-1].text


@pytest.mark.parametrize("line", ["I see nothing.", {"click": {"target": "Save"}}, {"answer": {}}])
def test_what_is_no_data_is_an_error(line: Any) -> None:
    with pytest.raises(PlannerError, match="gave no data"):
        agent(ModelPlanner(ScriptedChat([line], pictures=1))).extract("the total")


def test_without_eyes_it_says_what_it_needs() -> None:
    with pytest.raises(PlannerError, match="sees no pictures"):
        agent(ModelPlanner(ScriptedChat([]))).extract("the total")
    with pytest.raises(UserError, match="give their names"):
        agent(None).extract("the total")
