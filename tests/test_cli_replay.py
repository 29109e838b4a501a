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

from focusagent import cli_record, cli_replay
from focusagent.agent import Agent, Settings
from focusagent.errors import UserError
from focusagent.replay import load, save
from focusagent.replay.person import record_person

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
@pytest.mark.timeout(300)
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
    ],
)
def test_bad_use_of_record(
    arguments: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=sentence):
        call(cli_record, *arguments)
    assert not (tmp_path / "f.yaml").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["none.yaml"], "cannot be read"),
        (["flow.yaml", "--params", "WHO=x"], "no param 'WHO'"),
        (["flow.yaml", "--secret", "PW=env:NOT_SET_AT_ALL"], "is not set"),
        (["flow.yaml", "--storage-state", "/no/such.json"], "is not a file"),
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
    with pytest.raises(UserError, match=sentence):
        call(cli_replay, *arguments)
