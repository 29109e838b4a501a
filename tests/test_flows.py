"""Flows: suites and what is wrong with them, the harness, and the bundled flows' own oracles."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from focusagent import cli_eval_flows
from focusagent.errors import UserError
from focusagent.evaluation.flows import (
    check_scripts,
    evaluate,
    summarize,
    verdict_of,
)
from focusagent.flows import BUNDLED, load_flows, run_script, serve
from focusagent.history import Run
from focusagent.planner.grammar import parse

pytestmark = pytest.mark.timeout(300)  # a dozen browsers are started one after the other

PAGE = """<!doctype html><title>Lamp</title><body style="margin:0;font:20px sans-serif">
<button style="width:200px;height:80px" onclick="state.on = !state.on">Lamp</button>
<input style="width:200px;height:80px" oninput="state.text = this.value">
<script>var state = {on: false, text: ''}</script>"""
SUITE = """
- {name: honest, start: lamp.html, instruction: click Lamp, oracle: state.on, script: [{click: button}]}
- {name: liar, start: lamp.html, instruction: click Lamp, oracle: state.on}
- {name: modest, start: lamp.html, instruction: click Lamp, oracle: state.on, script: [{click: button}]}
- {name: broken, start: lamp.html, instruction: click Lamp, oracle: state.on}
"""


def write(folder: Path, flows: str = SUITE, page: str = PAGE) -> Path:
    (folder / "lamp.html").write_text(page)
    (folder / "flows.yaml").write_text(flows)
    return folder


def done(**values) -> Run:
    return Run(**{"instruction": "", "reason": "done", "status": "verified", **values})


# --- suites -------------------------------------------------------------------------------------


def test_the_bundled_suite_covers_what_it_promises():
    flows = load_flows()
    tags = Counter(tag for flow in flows for tag in flow.tags)
    assert len(flows) == 40
    assert tags["icon"] >= 10
    assert tags["relation"] >= 8
    assert tags["table"] >= 8
    needed = {
        "select", "upload", "download", "date", "drag", "canvas", "popup", "iframe", "shadow",
        "scroll", "secret", "wait", "moving", "paging", "loop", "condition", "dialog", "switch",
    }  # fmt: skip
    assert needed <= set(tags)
    assert all(flow.script for flow in flows)


def test_the_bundled_pages_are_small_and_of_many_looks():
    pages = [path for path in BUNDLED.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in pages) < 250_000
    heads = [
        re.search(r'data-a="(\w+)" data-b="(\w+)"', p.read_text())
        for p in pages
        if p.suffix == ".html"
    ]
    assert all(head and head[1] != head[2] for head in heads), "a redesign must look different"
    assert len({head[1] for head in heads}) >= 5
    assert not any(
        "//" in line for p in pages for line in re.findall(r'(?:src|href)="([^"]*)"', p.read_text())
    )


def test_the_bundled_pages_use_no_icon_that_is_not_drawn():
    drawn = re.findall(r"^  (\w+): '<", (BUNDLED / "ui.js").read_text(), re.MULTILINE)
    for path in BUNDLED.glob("*.html"):
        used = re.findall(r"icon(?:Button)?\('(\w+)'", path.read_text())
        assert set(used) <= set(drawn), path.name


@pytest.mark.parametrize("flow", load_flows(), ids=lambda flow: flow.name)
def test_instructions_can_be_planned_without_a_model_and_use_their_values(flow):
    parse(flow.instruction)
    for name in [*flow.values, *flow.secrets]:
        assert f"{{{name}}}" in flow.instruction


FLOW = {"name": "a", "start": "lamp.html", "instruction": "click Lamp", "oracle": "state.on"}
BAD = [
    ("{", "not valid YAML"),
    ("just text", "list of flows"),
    ("[]", "list of flows"),
    ("- text", "must be a mapping"),
    ([{**FLOW, "orcale": "x"}], "unknown key 'orcale'"),
    ([{**FLOW, "oracle": []}], "needs the key oracle"),
    ([{**FLOW, "oracle": [["a"]]}], "oracle (a JavaScript expression) must be a text"),
    ([{**FLOW, "instruction": " "}], "instruction must be a text"),
    ([{**FLOW, "start": "none.html"}], "no file 'none.html'"),
    ([{**FLOW, "start": "../../../etc/passwd"}], "no file"),
    ([{**FLOW, "files": {"F": "../x"}}], "no file"),
    ([{**FLOW, "name": "a b"}], "letters"),
    ([FLOW, FLOW], "two flows named 'a'"),
    ([{**FLOW, "params": ["x"]}], "params must map names"),
    ([{**FLOW, "script": "click"}], "list of steps"),
    ([{**FLOW, "script": [{"clack": "#a"}]}], "script step 1"),
    ([{**FLOW, "script": [{"select": "a"}]}], "needs the key 'in'"),
    ([{**FLOW, "script": [{"click": "a", "on": "b"}]}], "unknown key 'on'"),
    ([{**FLOW, "script": [{"wait": "long"}]}], "wait takes a number"),
]


@pytest.mark.parametrize(("flows", "said"), BAD, ids=[said for _, said in BAD])
def test_a_bad_suite_is_refused_with_a_sentence(tmp_path, flows, said):
    write(tmp_path, flows if isinstance(flows, str) else json.dumps(flows))
    with pytest.raises(UserError, match=re.escape(said)) as caught:
        load_flows(tmp_path)
    assert "\n" not in str(caught.value)


def test_flows_are_chosen_by_name_and_may_stand_under_a_key(tmp_path):
    write(tmp_path, json.dumps({"flows": [FLOW, {**FLOW, "name": "b"}]}))
    assert [flow.name for flow in load_flows(tmp_path, ["b"])] == ["b"]
    with pytest.raises(UserError, match=r"no flow 'c'; it has: a, b"):
        load_flows(tmp_path, ["c"])
    with pytest.raises(UserError, match=r"flows\.yaml"):
        load_flows(tmp_path / "nowhere")


def test_values_are_the_text_that_stands_in_the_file(tmp_path):
    write(tmp_path, SUITE.replace("start:", "params: {A: 12.50, B: yes, C: 0042}, start:", 1))
    assert load_flows(tmp_path)[0].values == {"A": "12.50", "B": "yes", "C": "0042"}


def test_a_repr_shows_no_secret():
    (flow,) = load_flows(only=["login-secret"])
    assert flow.secrets["PASSWORD"] not in repr(flow)


def test_a_digest_changes_with_the_flow_and_its_pages(tmp_path):
    def digest() -> str:
        return load_flows(tmp_path)[0].digest()

    write(tmp_path)
    first = digest()
    assert digest() == first
    write(tmp_path, page=PAGE + " ")
    assert digest() != first
    write(tmp_path, SUITE.replace("click Lamp", "press Lamp"))
    assert digest() != first


def test_the_server_serves_the_folder_only_and_late_on_request(tmp_path):
    folder = tmp_path / "pages"
    folder.mkdir()
    write(folder)
    (tmp_path / "outside.html").write_text("secret")
    with serve(folder) as address:
        began = time.monotonic()
        with urllib.request.urlopen(f"{address}/lamp.html?delay=0.3") as answer:
            assert answer.read() == PAGE.encode()
            assert answer.headers["Content-Type"] == "text/html"
        assert time.monotonic() - began >= 0.3
        for path in ("../outside.html", "%2e%2e/outside.html", "flows.yaml", "none", ""):
            with pytest.raises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(f"{address}/{path}")
            caught.value.close()
            assert caught.value.code == 404


# --- verdicts -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("run", "right", "verdict"),
    [
        (done(), True, "verified"),
        (done(), False, "false_success"),
        (done(status="unverified"), True, "unverified"),
        (done(status="unverified"), False, "unverified"),
        (done(status="failed"), True, "failed"),
        (Run(instruction="", reason="gave up", status="failed"), False, "failed"),
    ],
)
def test_a_claim_counts_only_if_the_state_is_right(run, right, verdict):
    assert verdict_of(run, right) == verdict


# --- the harness, with agents that do or pretend ------------------------------------------------


def performer(calls: list[str]):
    def perform(browser, flow, _trace) -> Run:
        calls.append(flow.name)
        if flow.name == "broken":
            raise UserError("no eyes")
        data = run_script(browser, flow.script or (), flow.values, flow.secrets)
        return done(status="unverified" if flow.name == "modest" else "verified", data=data)

    return perform


@pytest.mark.slow
@pytest.mark.browser
def test_every_verdict_is_counted_kept_and_resumed(tmp_path):
    pages, out = tmp_path / "pages", tmp_path / "out"
    pages.mkdir()
    flows = load_flows(write(pages))
    calls: list[str] = []
    results = evaluate(flows, performer(calls), out=out)
    assert {result.name: (result.verdict, result.right) for result in results} == {
        "honest": ("verified", True),
        "liar": ("false_success", False),
        "modest": ("unverified", True),
        "broken": ("failed", False),
    }
    assert results[3].wrong == "no eyes"
    assert results[1].wrong == "state.on"
    summary = summarize(results)
    assert list(summary) == ["n", "verified", "false_success", "unverified", "failed", "seconds"]
    assert [summary[key] for key in list(summary)[:5]] == [4, 1, 1, 1, 1]

    kept = out / "flows.jsonl"  # interrupted within the last line
    kept.write_text(kept.read_text()[:-20])
    assert [r.verdict for r in evaluate(flows, performer(calls), out=out)] == [
        result.verdict for result in results
    ]
    assert calls == ["honest", "liar", "modest", "broken", "broken"]
    evaluate(flows[:1], performer(calls), out=out, label="other")
    assert calls[5:] == ["honest"], "another model's results are others"


@pytest.mark.slow
@pytest.mark.browser
def test_scripts_that_prove_nothing_are_found_out(tmp_path):
    flows = [
        {**FLOW, "name": "idle", "oracle": "!state.on", "script": [{"press": "Tab"}]},
        {
            **FLOW,
            "name": "misspelt",
            "oracle": "state.on and true",
            "script": [{"click": "button"}],
        },
        {
            **FLOW,
            "name": "typed",
            "oracle": ["state.text === 'x{y}'", "data.SEEN === 'x{y}'"],
            "script": [{"type": "{T}", "into": "input"}, {"read": "input", "as": "SEEN"}],
            "params": {"T": "x{y}"},
        },
    ]
    results = check_scripts(load_flows(write(tmp_path, json.dumps(flows))))
    assert [result.passed for result in results] == [False, False, True]
    assert "before anything was done" in results[0].message
    assert "this does not hold: state.on and true" in results[1].message


# --- the bundled flows --------------------------------------------------------------------------

QUICK = ["checkout-pay", "survey-feedback"]  # a secret in a frame, nested shadow trees


@pytest.mark.slow
@pytest.mark.browser
def test_oracles_reach_through_frames_and_shadow_trees():
    results = check_scripts(load_flows(only=QUICK))
    assert [(result.name, result.message) for result in results if not result.passed] == []


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("design", [None, "b"])
def test_all_bundled_oracles_reach_their_state(design):
    results = check_scripts(load_flows(), design=design)
    assert len(results) == 40
    assert [(result.name, result.message) for result in results if not result.passed] == []


# --- the command --------------------------------------------------------------------------------


def command() -> typer.Typer:
    group = typer.Typer()
    group.callback()(lambda: None)
    cli_eval_flows.register(group)
    return group


@pytest.mark.browser
def test_the_command_runs_the_scripts_and_prints_one_object():
    answer = CliRunner().invoke(
        command(), ["flows", "--only", "files-download", "--scripts-only", "--json"]
    )
    assert answer.exit_code == 0, answer.output
    told = json.loads(answer.stdout)
    assert (told["n"], told["passed"]) == (1, 1)


def test_the_command_refuses_a_folder_without_flows(tmp_path):
    answer = CliRunner().invoke(command(), ["flows", str(tmp_path)])
    assert isinstance(answer.exception, UserError)
    assert "flows.yaml" in str(answer.exception)
