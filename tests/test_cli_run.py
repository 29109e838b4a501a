"""`focusagent run` at the command line: bad use in one sentence, exit codes, rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from drawn_app import Control, DrawnApp, Knowing
from PIL import Image
from typer.testing import CliRunner

from env import Policy, PolicyError
from focusagent import cli_options, cli_run
from focusagent.agent import Request, eyes
from focusagent.errors import UserError
from focusagent.history import Place
from focusagent.trace import load_run

URL = "http://127.0.0.1:9/"


def call(*arguments: str) -> int:
    app = typer.Typer(pretty_exceptions_enable=False)
    cli_run.register(app)
    code = app(args=list(arguments), prog_name="focusagent", standalone_mode=False)
    return code if isinstance(code, int) else 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "say which screen"),
        (["--desktop", "--url", "http://a/"], "--desktop takes neither"),
        (["--url", "http://a/", "--params", "novalue"], "written NAME=VALUE"),
        (["--url", "http://a/", "--params", "1x=2"], "written NAME=VALUE"),
        (["--url", "http://a/", "--secret", "PW=hunter2"], "takes env:VARIABLE"),
        (["--url", "http://a/", "--secret", "PW=env:NOT_SET_AT_ALL"], "is not set"),
        (["--url", "http://a/", "--params-from", "/no/such.csv"], "cannot be read"),
        (["--url", "http://a/", "--storage-state", "/no/such.json"], "is not a file"),
    ],
)
def test_bad_use_is_one_sentence(arguments: list[str], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence) as refused:
        call("click Save", *arguments)
    assert "hunter2" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_secret_needs_a_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_PW", "hunter22")
    with pytest.raises(UserError, match="needs --url"):
        call("click Save", "--cdp", "http://127.0.0.1:9222", "--secret", "PW=env:SOME_PW")


def test_a_wrong_policy_is_refused(tmp_path: Path) -> None:
    policy = tmp_path / "p.toml"
    policy.write_text("[policy]\nallow = 1\n")
    with pytest.raises(PolicyError, match="unknown setting 'allow'"):
        call("click Save", "--url", "http://a/", "--policy", str(policy))


CONTRADICTIONS = [
    ('allowed_domains = ["example.com"]', URL, "does not allow the start page"),
    ('schemes = ["https"]', URL, "scheme http is not in schemes"),
    ("allowed_domains = []", URL, "its allowed_domains is empty"),
    ("allowed_domains = []", None, "its allowed_domains is empty"),
    ('allowed_domains = ["127.0.0.1"]\nschemes = ["file"]', URL, "reach none of them"),
    ('allowed_domains = ["@start"]', None, "there is none: give --url"),
    ('upload_roots = ["/no/such/folder"]', URL, "uploads from /no/such/folder"),
]


@pytest.mark.parametrize(("text", "url", "sentence"), CONTRADICTIONS)
def test_a_policy_that_contradicts_itself_is_a_failed_run(
    text: str, url: str | None, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy, out = tmp_path / "p.toml", tmp_path / "run"
    policy.write_text(f"[policy]\n{text}\n")
    where = ["--url", url] if url else ["--cdp", "http://127.0.0.1:9"]
    arguments = [*where, "--policy", str(policy), "--out", str(out), "--json"]
    assert call("click Save", *arguments) == 1
    answer = json.loads(capsys.readouterr().out)
    assert (answer["status"], answer["reason"], answer["steps"]) == ("failed", "gave up", 0)
    assert sentence in answer["message"]
    assert "\n" not in answer["message"]
    assert load_run(out).message == answer["message"]


def test_a_policy_with_sense_is_none_of_these(tmp_path: Path) -> None:
    for policy, url in (
        (Policy(), URL),
        (Policy(), None),
        (Policy.strict(upload_roots=(str(tmp_path),)), URL),
        (Policy(allowed_domains=("example.com",)), None),
        (Policy.strict(schemes=("file",)), "file:///tmp/page.html"),
    ):
        cli_options.require_sense(policy, url)
    cli_options.require_sense(Policy(allowed_domains=()), None, desktop=True)


@pytest.mark.parametrize(
    ("planner", "sentence"),
    [("/no/such/planner", "cannot be loaded"), ("http://", "http"), (" ", "say which planner")],
)
def test_a_planner_that_cannot_be_loaded_leaves_a_trace(
    planner: str, sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=sentence) as refused:
        call("click Save", "--url", URL, "--planner", planner, "--out", str(tmp_path / "run"))
    assert "\n" not in str(refused.value)
    assert load_run(tmp_path / "run").message == str(refused.value)


@pytest.mark.parametrize(("text", "sentence"), [("{", "is no JSON"), ("[]", "must be an object")])
def test_a_storage_state_that_holds_none_is_refused(
    text: str, sentence: str, tmp_path: Path
) -> None:
    state = tmp_path / "state.json"
    state.write_text(text)
    with pytest.raises(UserError, match=sentence):
        call("click Save", "--url", URL, "--storage-state", str(state))


def test_a_row_that_makes_no_sense_is_that_rows_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = DrawnApp(Control("button", "Save", 20, 40))
    app.named("Save").on_click = lambda: app.messages.append("Saved")
    told: list[Exception | None] = [None, UserError("row 2 makes no sense"), None]

    def opened(_: object) -> DrawnApp:
        if (error := told.pop(0)) is not None:
            raise error
        return app

    monkeypatch.setattr(cli_run, "_opened", opened)
    monkeypatch.setattr(eyes, "shared_grounder", lambda _: Knowing(app))
    rows = tmp_path / "rows.csv"
    rows.write_text("WHAT\nSave\nNo\nSave\n")
    arguments = ["--url", URL, "--params-from", str(rows), "--out", str(tmp_path / "out")]
    assert call("click {WHAT}", *arguments, "--json") == 1
    runs = json.loads(capsys.readouterr().out)["runs"]
    assert [each["reason"] for each in runs] == ["done", "gave up", "done"]
    assert runs[1]["message"] == "row 2 makes no sense"
    assert load_run(tmp_path / "out" / "row-002").message == runs[1]["message"]


def test_the_help_shows_what_a_policy_file_holds(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("--help") == 0
    assert "[policy]" in capsys.readouterr().out


PLACES = (Place((0.1, 0.1), (0, 0, 0.2, 0.2), 0.9), Place((0.5, 0.5), (0.4, 0.4, 0.6, 0.6), 0.9))


@pytest.mark.parametrize(
    ("kind", "typed", "answer"),
    [
        ("policy", "y\n", True),
        ("policy", "\n", False),
        ("ambiguous", "1\n", 0),
        ("ambiguous", "9\nx\n2\n", 1),
        ("ambiguous", "\n", False),
    ],
)
def test_a_person_says_yes_or_which_one(
    kind: Any, typed: str, answer: bool | int, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = Image.new("RGB", (10, 10))
    places = PLACES if kind == "ambiguous" else ()
    request = Request(kind, "use Save", "2 places fit", image, None, places)
    app, given = typer.Typer(), []
    app.command()(lambda: given.append(cli_options._ask(request)))
    shown = CliRunner().invoke(app, input=typed)
    assert shown.exit_code == 0, shown.output
    assert given == [answer]
    assert type(given[0]) is type(answer)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("A,B\n", "hold no row"), ("A,B\n1\n", "line 2"), ("A,B\n1,2,3\n", "line 2"), ("", "no row")],
)
def test_rows_that_make_no_sense_are_refused(tmp_path: Path, text: str, sentence: str) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text(text)
    with pytest.raises(UserError, match=sentence):
        call("click {A}", "--url", "http://a/", "--params-from", str(rows))


def test_an_unparseable_instruction_is_bad_use_and_leaves_a_trace(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="frobnicate"):
        call("frobnicate it", "--url", "http://a/", "--out", str(tmp_path / "run"))
    assert (tmp_path / "run" / "run.jsonl").is_file()


@pytest.mark.browser
def test_a_page_that_cannot_be_reached_is_a_failed_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = "http://127.0.0.1:9/"
    assert call("click Save", "--url", url, "--out", str(tmp_path / "run"), "--json") == 1
    answer = json.loads(capsys.readouterr().out)
    assert (answer["status"], answer["reason"], answer["steps"]) == ("failed", "gave up", 0)
    assert "did not open" in answer["message"]


@pytest.mark.browser
def test_rows_are_runs_and_the_exit_code_tells_the_truth(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from web import serve

    page = "<p style='font:18px sans-serif'>Welcome Alice</p>"
    rows = tmp_path / "rows.csv"
    rows.write_text("WHO\nAlice\nBob\n")
    with serve({"/": page}) as url:
        arguments = ["--url", url, "--params-from", str(rows), "--out", str(tmp_path / "out")]
        arguments += ["--step-timeout", "0.5", "--json"]
        assert call('check that "Welcome {WHO}" is visible', *arguments) == 1
    runs = json.loads(capsys.readouterr().out)["runs"]
    assert [each["status"] for each in runs] == ["verified", "failed"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["row-001", "row-002"]
