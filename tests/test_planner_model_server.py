"""Planning with a chat server: a real one on this machine, as it should be and as it should not."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import typer
from chat_server import ChatServer, call, chatting
from drawn_app import Control, DrawnApp, Knowing
from PIL import Image
from web import serve

import env
import grounding
from focusagent import cli_run
from focusagent.agent import Agent, Settings
from focusagent.history import Run
from focusagent.planner.chat import (
    Message,
    ModelPlanner,
    Picture,
    PlannerError,
    ServerChat,
    load_planner,
)
from focusagent.planner.chat.tools import intent_tools
from focusagent.trace import load_run

KEY = "sk-very-secret-key"
SAVE = call("click", target="Save button")
SAVED = call("check_that", condition={"kind": "seen", "target": '"Saved"'})
DONE = call("finish", reason="done")
QUICK = Settings(step_timeout=0.4, patience=0.3)
HELLO = [Message("system", ("You plan.",)), Message("user", ("Which action?",))]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setattr(grounding.model_server, "_FIRST_PAUSE", 0.01)
    with chatting() as made:
        yield made


def form() -> DrawnApp:
    app = DrawnApp()
    app.controls = [Control("button", "Save", 20, 150, lambda: app.messages.append("Saved"))]
    return app


def pursue(planner: Any, **options: Any) -> Run:
    app = form()
    return Agent(app, grounder=Knowing(app), planner=planner, settings=QUICK, **options).run("save")


def test_a_server_plans_a_run(server: ChatServer) -> None:
    server.answers = [SAVE, SAVED, DONE]
    run = pursue(server.url)
    assert (run.reason, run.status) == ("done", "verified")
    assert run.usage.planner_calls == 3
    assert (run.usage.prompt_tokens, run.usage.completion_tokens) == (300, 21)
    first = server.asked[0]
    assert (first["model"], first["temperature"], first["tool_choice"]) == (
        "planner",
        0,
        "required",
    )
    assert [tool["function"]["name"] for tool in first["tools"]] == [
        tool.name for tool in intent_tools()
    ]
    assert [message["role"] for message in first["messages"]] == ["system", "user"]
    assert server.keys == [f"Bearer {KEY}"] * 3
    assert server.pictures() == []


def test_a_server_that_sees_is_sent_the_newest_screen(server: ChatServer) -> None:
    server.answers = [SAVE, SAVED, DONE]
    run = pursue(f"{server.url} planner +pictures")
    assert run.is_successful()
    assert [picture.size for picture in server.pictures()] == [(480, 320)] * 3
    first, second, _ = (picture.tobytes() for picture in server.pictures())
    assert first == form().draw().tobytes()
    assert first != second


def test_a_server_without_tools_is_asked_for_json_then_in_words(server: ChatServer) -> None:
    text = {"content": '{"name": "back", "arguments": {}}'}
    server.answers = [400, text, text]
    chat = ServerChat(server.url, "planner")
    assert chat.reply(HELLO, intent_tools()).text == text["content"]
    assert "tools" in server.asked[0]
    schema = server.asked[1]["response_format"]["json_schema"]["schema"]
    assert len(schema["anyOf"]) == len(intent_tools())
    assert '"name": "click"' in server.asked[1]["messages"][0]["content"]
    chat.reply(HELLO, intent_tools())  # what it does not know is not tried again
    assert "response_format" in server.asked[2]
    server.answers = [422, text]
    chat.reply(HELLO, intent_tools())
    assert not {"tools", "response_format"} & set(server.asked[-1])
    assert server.asked[-1]["messages"][0]["content"].startswith("You plan.\n\nAnswer with one")
    planner = ModelPlanner(chat)
    assert planner.next("go back", [], None).kind == "back"


def test_the_first_complaint_is_the_one_that_is_told(server: ChatServer) -> None:
    server.answers = [(400, {"X": "1"})]
    with pytest.raises(PlannerError, match="answered 400: status 400"):
        ServerChat(server.url, "planner").reply(HELLO, intent_tools())
    assert len(server.asked) == 3


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again(server: ChatServer, status: int) -> None:
    server.answers = [status, (status, {"Retry-After": "0"}), SAVE]
    reply = ServerChat(server.url, "planner").reply(HELLO, intent_tools())
    assert reply.calls[0].name == "click"
    assert len(server.asked) == 3
    server.answers = [status]
    with pytest.raises(PlannerError, match=f"answered {status}"):
        ServerChat(server.url, "planner", tries=2).reply(HELLO, intent_tools())


def test_retry_after_is_kept(server: ChatServer) -> None:
    server.answers = [(429, {"Retry-After": "1"}), SAVE]
    began = time.monotonic()
    ServerChat(server.url, "planner").reply(HELLO, intent_tools())
    assert time.monotonic() - began >= 1


def test_a_server_that_is_not_up_yet_is_waited_for(server: ChatServer) -> None:
    address = "http://127.0.0.1:9/v1"
    began = time.monotonic()
    with pytest.raises(PlannerError, match="cannot be reached"):
        ServerChat(address, "planner", tries=3).reply(HELLO, intent_tools())
    assert 0.03 <= time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (401, "answered 401"),
        (b"<html>hello</html>", "is no OpenAI-compatible server"),
        (b"\xff\xfe", "is no OpenAI-compatible server"),
        (b"[" * 200_000, "is no OpenAI-compatible server"),
        (b"[]", "no chat completion"),
        (b'{"choices": []}', "no chat completion"),
        (b'{"choices": [{"message": {"tool_calls": [5]}}]}', "no chat completion"),
        ({"content": f"The key is {KEY}."}, "gave no action that can be used"),
        ({"content": None}, "gave no action that can be used"),
        (call("fly", to="the moon"), "there is no action 'fly'"),
        ({"tool_calls": [{"function": {"name": "click", "arguments": "{]"}}]}, "are no JSON"),
        ({"content": ["not", "text"], "tool_calls": None}, "gave no action that can be used"),
    ],
)
def test_a_server_that_misbehaves_ends_the_run(
    server: ChatServer, answer: Any, why: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.answers = [SAVE, answer]
    run = pursue(server.url, trace=tmp_path / "run")
    assert (run.reason, run.status, len(run.steps)) == ("gave up", "failed", 1)
    assert why in run.message
    assert "\n" not in run.message
    assert load_run(tmp_path / "run") == run
    assert KEY.encode() not in b"".join(
        path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()
    )
    assert KEY not in caplog.text + run.message


def test_slow_and_absent_servers_end_the_run(server: ChatServer, tmp_path: Path) -> None:
    server.answers, server.delay = [SAVE], 1.0
    chat = ServerChat(server.url, "planner", timeout=0.1)
    run = pursue(ModelPlanner(chat), trace=tmp_path / "slow")
    assert (run.reason, run.steps) == ("gave up", ())
    assert "did not answer in 0.1 seconds" in run.message
    assert run.usage.planner_calls == 1
    assert KEY not in repr(vars(chat)) + str(chat)
    run = pursue("http://127.0.0.1:9/v1", trace=tmp_path / "absent")
    assert (run.reason, run.status) == ("gave up", "failed")
    assert "cannot be reached" in run.message
    assert load_run(tmp_path / "absent") == run


def test_an_answer_that_trickles_in_is_given_up(server: ChatServer) -> None:
    server.answers, server.trickle = [SAVE], 0.02
    began = time.monotonic()
    with pytest.raises(PlannerError, match="did not answer in 0.3 seconds"):
        ServerChat(server.url, "planner", timeout=0.3).reply(HELLO, intent_tools())
    assert time.monotonic() - began < 3


def test_several_models_are_listed(server: ChatServer) -> None:
    server.models = ["one", "two"]
    run = pursue(server.url)
    assert "has 2 models, name one: one, two" in run.message


def test_strange_counts_are_no_tokens(server: ChatServer) -> None:
    message = {"message": {"content": "x"}}
    for usage in (None, 5, {"prompt_tokens": "many", "completion_tokens": -3}):
        server.answers = [json.dumps({"choices": [message], "usage": usage}).encode()]
        reply = ServerChat(server.url, "planner").reply(HELLO, intent_tools())
        assert (reply.prompt_tokens, reply.completion_tokens) == (0, 0)


def test_a_picture_travels_unchanged(server: ChatServer) -> None:
    picture = Image.linear_gradient("L").convert("RGB")
    server.answers = [SAVE]
    message = Message("user", ("Look:", Picture(picture, "all of it")))
    ServerChat(server.url, "planner").reply([HELLO[0], message], intent_tools())
    (sent,) = server.pictures()
    assert sent.tobytes() == picture.tobytes()


@pytest.mark.slow
@pytest.mark.browser
def test_the_command_line_plans_with_a_server(
    server: ChatServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers = [
        call("check_that", condition={"kind": "seen", "target": '"Welcome Alice"'}),
        call("finish", reason="done", message="seen"),
    ]
    app = typer.Typer(pretty_exceptions_enable=False)
    cli_run.register(app)
    with serve({"/": "<p style='font:18px sans-serif'>Welcome Alice</p>"}) as url:
        arguments = ["make sure it is all fine", "--url", url, "--planner", server.url, "--json"]
        arguments += ["--out", str(tmp_path / "run"), "--step-timeout", "2"]
        code = app(args=arguments, prog_name="focusagent", standalone_mode=False)
    answer = json.loads(capsys.readouterr().out)
    assert (code, answer["status"], answer["message"]) == (0, "verified", "seen")
    assert answer["usage"]["planner_calls"] == 2
    assert "Welcome Alice" in server.asked[0]["messages"][1]["content"]


ECHO = """<body style="font: 20px sans-serif"><label>Password <input id=p></label>
<h1 id=t style="height: 40px">-</h1><script>p.oninput = () => {
  t.textContent = p.value; document.title = 'is ' + p.value;
  history.replaceState(0, '', '?q=' + encodeURIComponent(p.value));
}</script>"""
VALUE = 'Xylo<77>"phone'


def everything(server: ChatServer) -> str:
    """All that the server was sent: the bytes as they came, and as they read."""
    return (
        server.received.decode()
        + json.dumps(server.asked, ensure_ascii=False)
        + "\n".join(str(part) for body in server.asked for part in body["messages"][1]["content"])
    )


@pytest.mark.browser
@pytest.mark.parametrize("secret", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_a_server_is_never_sent_a_secret(server: ChatServer, secret: bool) -> None:
    """A page that repeats it everywhere; what is no secret is sent, which proves the search."""
    server.answers = [
        call("type", text="{PW}", target="Password field"),
        call("look", condition={"kind": "page", "part": "title", "operator": "contains",
                                "value": "is"}),
        {"content": f"I saw {VALUE}."},
        call("finish", reason="gave up"),
    ]  # fmt: skip
    named: dict[str, Any] = (
        {"secrets": {"PW": env.Secret(VALUE, domains=["127.0.0.1"])}}
        if secret
        else {"params": {"PW": VALUE}}
    )
    with serve({"/": ECHO}) as url, env.BrowserEnvironment(url, viewport=(640, 300)) as browser:
        agent = Agent(browser, planner=load_planner(f"{server.url} +pictures"), **named)
        run = agent.run(f"type {VALUE} into Password")
        page = browser.evaluate("document.querySelector('#t').textContent")
    assert page == VALUE
    assert run.usage.planner_calls == 4
    sent = everything(server)
    found = [
        spelling
        for spelling in ("Xylo", "phone", VALUE, quote(VALUE), json.dumps(VALUE)[1:-1])
        if spelling in sent
    ]
    reader = grounding.Reader.load()
    shown = [
        number
        for number, picture in enumerate(server.pictures())
        if any(place.score > 0.75 for place in reader.look(picture).find("Xylo<77>", limit=1))
    ]
    assert len(server.pictures()) == 4
    if secret:
        assert (found, shown) == ([], [])
        assert "[PW]" in sent
    else:
        assert "Xylo" in found
        assert shown == [1, 2, 3]
