"""`focusagent record` and `focusagent replay` at the command line, on a real page."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import typer
from drawn_app import Control, DrawnApp, Knowing
from web import serve

from env import PolicyError
from focusagent import cli_record, cli_replay
from focusagent.agent import Agent, Settings
from focusagent.errors import UserError
from focusagent.flows.desktop import Program, virtual_screen
from focusagent.replay import lazy, load, record, save
from focusagent.replay.person import record_person
from focusagent.trace import load_run

URL = ["--url", "http://127.0.0.1:9/"]
FORM = """<title>Order</title><style>body{{font:18px sans-serif;margin:40px}}
button{{{style};font:18px sans-serif;padding:10px 30px}}</style>
<label>Customer <input id=customer></label>
<p><button onclick="out.textContent = 'Saved ' + customer.value">Save</button><p id=out></p>"""


def call(verb: Any, *arguments: str) -> int:
    app = typer.Typer(pretty_exceptions_enable=False)
    verb.register(app)
    code = app(args=list(arguments), prog_name="focusagent", standalone_mode=False)
    return code if isinstance(code, int) else 0


async def order(page: Any) -> None:
    await page.click("#customer")
    await page.keyboard.type("Ann Lee")
    await page.click("button")


@pytest.mark.slow  # three browsers one after the other
@pytest.mark.browser
@pytest.mark.timeout(900)
def test_a_flow_is_replayed_told_and_healed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flow, out = tmp_path / "order.yaml", tmp_path / "run"
    pages = {"/": FORM.format(style="")}
    with serve(pages) as url:
        made = record_person(f"{url}/", name="order", headless=True, until=order)
        # By their pictures alone: what a person did has selectors, too.
        save(_without_selectors(made), flow)
        first = flow.read_bytes()
        report = tmp_path / "junit.xml"
        code = call(cli_replay, str(flow), "--json", "--out", str(out), "--junit", str(report))
        told = json.loads(capsys.readouterr().out)
        assert (code, told["status"], told["usage"]["groundings"]) == (0, "verified", 0)
        assert [case.get("name") for case in ET.parse(report).iter("testcase")] == [
            '1. type "{CUSTOMER}" into "Customer"', '2. click "Save"',
        ]  # fmt: skip

        pages["/"] = FORM.format(style="margin-left:300px;background:#0a7a3c;color:white")
        call(cli_replay, str(flow), "--json", "--out", str(out))
        told = json.loads(capsys.readouterr().out)
        assert told["usage"]["groundings"] >= 1
        assert [(each["step"], each["words"]) for each in told["changed"]] == [(2, 'click "Save"')]
        assert (told["healed"], flow.read_bytes()) == (False, first)
        assert (Path(told["folder"]) / "healed.html").is_file()

        call(
            cli_replay, str(flow), "--json", "--out", str(out), "--heal", "--params", "CUSTOMER=Bo"
        )
        told = json.loads(capsys.readouterr().out)
        assert told["healed"]
        assert flow.read_bytes() != first
        code = call(cli_replay, str(flow), "--json", "--out", str(out))
        told = json.loads(capsys.readouterr().out)
        assert (code, told["usage"]["groundings"], told["changed"]) == (0, 0, [])


def _without_selectors(made: Any) -> Any:
    import dataclasses

    steps = [
        dataclasses.replace(
            step, looks=tuple(dataclasses.replace(look, selector=None) for look in step.looks)
        )
        for step in made.steps
    ]
    return dataclasses.replace(made, steps=tuple(steps))


def run_of(folder: Path) -> Path:
    app = DrawnApp(Control("button", "Save", 20, 40))
    app.named("Save").on_click = lambda: app.messages.append("Saved")
    agent = Agent(app, grounder=Knowing(app), trace=folder, settings=Settings(patience=0.3))
    run = agent.run('click "Save"')
    assert run.is_done()
    return Path(run.folder or "")


def test_a_run_of_before_is_recorded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, flow = run_of(tmp_path / "run"), tmp_path / "save.yaml"
    assert call(cli_record, str(flow), "--from", str(folder), "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["steps"], told["plan"], told["proved"]) == (1, "instruction", True)
    assert load(flow).name == "save"
    with pytest.raises(UserError, match="--force overwrites it"):
        call(cli_record, str(flow), "--from", str(folder))
    assert call(cli_record, str(flow), "--from", str(folder), "--force") == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["f.yaml"], "give one of"),
        (["f.yaml", "click Save", "--person"], "give one of"),
        (["f.yaml", "--person"], "say where to start"),
        (["f.txt", "click Save"], "a flow is a YAML file: f.yaml"),
        (["f.yaml", "--from", "no/such/run"], "is no folder"),
        (["f.yaml", "--from", "no/such/run", "--desktop"], "unknown option or argument"),
        (["f.yaml", "click Save"], "say which screen"),
        (["f.yaml", "click Save", "--params", "x"], "written NAME=VALUE"),
        (["f.yaml", "--person", *URL, "--storage-state", "/no/such.json"], "is not a file"),
        (["f.yaml", "click Save", *URL, "--storage-state", "/no/such.json"], "is not a file"),
    ],
)
def test_bad_use_of_record(
    arguments: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=sentence):
        call(cli_record, *arguments)
    assert not (tmp_path / "f.yaml").exists()


@pytest.mark.parametrize("what", ["--person", "click Save"])
def test_a_policy_of_a_recording_is_read(what: str, tmp_path: Path) -> None:
    policy, flow = tmp_path / "p.toml", tmp_path / "f.yaml"
    policy.write_text("[policy]\nallow = 1\n")
    with pytest.raises(PolicyError, match="unknown setting 'allow'"):
        call(cli_record, str(flow), what, *URL, "--policy", str(policy))
    assert not flow.exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["none.yaml"], "cannot be read"),
        (["flow.yaml", "--params", "WHO=x"], "no param 'WHO'"),
        (["flow.yaml", "--secret", "PW=env:NOT_SET_AT_ALL"], "is not set"),
        (["flow.yaml", "--storage-state", "/no/such.json"], "is not a file"),
        (["desktop.yaml", "--url", "http://127.0.0.1:9/"], "recorded on a desktop"),
        (["pageless.yaml"], "no start page"),
        (["secret.yaml"], "give --secret PW=env:VARIABLE"),
    ],
)
def test_bad_use_of_replay(
    arguments: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = "format: 1\nname: x\nstart: http://127.0.0.1:9/\ninstruction: x\nsteps: []\n"
    (tmp_path / "flow.yaml").write_text(text)
    (tmp_path / "secret.yaml").write_text(text + "secrets: [PW]\n")
    pageless = text.replace("start: http://127.0.0.1:9/\n", "")
    (tmp_path / "pageless.yaml").write_text(pageless)
    (tmp_path / "desktop.yaml").write_text(pageless + "screen: desktop\n")
    with pytest.raises(UserError, match=sentence):
        call(cli_replay, *arguments)


def flow_of(run: Path, folder: Path) -> Path:
    """The run of before as a flow that no page is needed for."""
    return save(record(load_run(run), name="save"), folder / "save.yaml")


@pytest.mark.browser
def test_a_page_that_cannot_be_reached_is_a_failed_replay(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flow, report = flow_of(run_of(tmp_path / "run"), tmp_path), tmp_path / "junit.xml"
    arguments = ["--url", "http://127.0.0.1:9/", "--out", str(tmp_path / "again")]
    assert call(cli_replay, str(flow), *arguments, "--junit", str(report), "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["status"], told["reason"], told["steps"]) == ("failed", "gave up", 0)
    assert "did not open" in told["message"]
    assert load_run(tmp_path / "again").message == told["message"]
    root = ET.parse(report).getroot()
    assert (root.get("tests"), root.get("failures")) == ("1", "1")
    assert "did not open" in (root.findall(".//failure")[0].text or "")


def test_a_policy_that_forbids_the_start_is_a_failed_replay(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flow, policy = flow_of(run_of(tmp_path / "run"), tmp_path), tmp_path / "p.toml"
    policy.write_text('[policy]\nallowed_domains = ["example.com"]\n')
    arguments = ["--policy", str(policy), "--out", str(tmp_path / "again"), "--json"]
    assert call(cli_replay, str(flow), *arguments) == 1
    told = json.loads(capsys.readouterr().out)
    assert "does not allow the start page" in told["message"]
    assert (tmp_path / "again" / "run.jsonl").is_file()


@pytest.mark.parametrize(
    ("reacts", "healed", "code"), [(True, True, 0), (False, False, 1)], ids=["proved", "not proved"]
)
def test_only_a_proved_step_is_healed(
    reacts: bool, healed: bool, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    flow = flow_of(run_of(tmp_path / "run"), tmp_path)
    before = flow.read_bytes()
    app = DrawnApp(Control("button", "Save", 200, 140, width=220))
    if reacts:
        app.named("Save").on_click = lambda: app.messages.append("Saved")
    monkeypatch.setattr(cli_replay, "_opened", lambda *_, **__: app)
    monkeypatch.setattr(lazy, "shared_grounder", lambda _: Knowing(app))
    arguments = ["--heal", "--json", "--step-timeout", "0.5", "--out", str(tmp_path / "again")]
    assert call(cli_replay, str(flow), *arguments) == code
    shown = capsys.readouterr()
    told = json.loads(shown.out)
    assert [each["step"] for each in told["changed"]] == [1]
    assert (told["healed"], flow.read_bytes() != before) == (healed, healed)
    assert ("did not prove" in shown.err) is not healed


@pytest.mark.slow
@pytest.mark.desktop
def test_a_flow_of_the_desktop_is_replayed_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flow = tmp_path / "remove.yaml"
    said = 'click "Edsger Dijkstra", click "Remove"'
    with virtual_screen():
        with Program("contacts") as program:
            options = ["--desktop", "--out", str(tmp_path / "run")]
            assert call(cli_record, str(flow), said, *options) == 0
            people = program.state()["people"]
        assert "Edsger Dijkstra" not in people
        with Program("contacts") as program:
            capsys.readouterr()
            code = call(cli_replay, str(flow), "--json", "--out", str(tmp_path / "again"))
            told = json.loads(capsys.readouterr().out)
            assert (code, told["usage"]["groundings"]) == (0, 0), told
            assert program.state()["people"] == people
