"""`focusagent run` at the command line: bad use in one sentence, exit codes, rows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer

from env import PolicyError
from focusagent import cli_run
from focusagent.errors import UserError


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
