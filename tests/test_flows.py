"""Flows: suites and what is wrong with them, the harness, and the bundled flows' own oracles."""

from __future__ import annotations

import dataclasses
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
from focusagent.evaluation import flows as evaluation_of_flows
from focusagent.evaluation import replaying as replaying_of_flows
from focusagent.evaluation.flows import (
    agent_performer,
    check_scripts,
    evaluate,
    key_of,
    summarize,
    verdict_of,
)
from focusagent.evaluation.limits import run_within
from focusagent.evaluation.replaying import evaluate_replays, summarize_replays
from focusagent.flows import (
    BUNDLED,
    OracleError,
    load_flows,
    open_flow,
    run_script,
    serve,
    state_is_right,
)
from focusagent.flows.script import parse_script
from focusagent.history import Run
from focusagent.planner.grammar import parse

pytestmark = pytest.mark.timeout(900)  # a dozen browsers are started one after the other

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
NO_SUITE = [
    ("{", "not valid YAML"),
    ("just text", "list of flows"),
    ("[]", "list of flows"),
    ("flows: {a: b}", "list of flows"),
]
BROKEN = [
    ("text", "must be a mapping"),
    ({**FLOW, "oracle": []}, "needs the key oracle"),
    ({**FLOW, "oracle": [["a"]]}, "oracle (a JavaScript expression) must be a text"),
    ({**FLOW, "instruction": " "}, "instruction must be a text"),
    ({**FLOW, "start": "none.html"}, "no file 'none.html'"),
    ({**FLOW, "start": "../../../etc/passwd"}, "no file"),
    ({**FLOW, "start": "https://example.com/lamp.html"}, "must be a page of the folder"),
    ({**FLOW, "start": "http://[/lamp.html"}, "must be a page of the folder"),
    ({**FLOW, "files": {"F": "../x"}}, "no file"),
    ({**FLOW, "params": ["x"]}, "params must map names"),
    ({**FLOW, "params": {"A": {"B": "c"}}}, "params must map names"),
]
TOLD = [
    ({**FLOW, "orcale": "x", "notes": "y"}, "orcale, notes"),
    ({**FLOW, "script": "click"}, "list of steps"),
    ({**FLOW, "script": [{"clack": "#a"}]}, "script step 1"),
    ({**FLOW, "script": [{"select": "a"}]}, "needs the key 'in'"),
    ({**FLOW, "script": [{"click": "a", "on": "b"}]}, "unknown key 'on'"),
    ({**FLOW, "script": [{"wait": "long"}]}, "wait takes a number"),
]


@pytest.mark.parametrize(("text", "said"), NO_SUITE, ids=[said for _, said in NO_SUITE])
def test_what_holds_no_flows_is_refused_with_a_sentence(tmp_path, text, said):
    write(tmp_path, text)
    with pytest.raises(UserError, match=re.escape(said)) as caught:
        load_flows(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("flow", "said"), BROKEN, ids=[said for _, said in BROKEN])
def test_a_flow_that_is_not_understood_is_that_flows_failure(tmp_path, flow, said):
    told: list[str] = []
    write(tmp_path, json.dumps([{**FLOW, "name": "good"}, flow]))
    good, bad = load_flows(tmp_path, tell=told.append)
    assert not good.broken
    assert said in bad.broken
    assert told == [bad.broken]
    assert "\n" not in bad.broken


@pytest.mark.parametrize(("flow", "said"), TOLD, ids=[said for _, said in TOLD])
def test_what_is_ignored_is_told(tmp_path, flow, said):
    told: list[str] = []
    write(tmp_path, json.dumps([flow]))
    (made,) = load_flows(tmp_path, tell=told.append)
    assert (made.broken, made.script) == ("", None)
    assert len(told) == 1
    assert said in told[0]


@pytest.mark.parametrize(
    ("start", "meant"),
    [
        ("/lamp.html", "lamp.html"),
        ("./lamp.html?tab=1&x=a%20b#top", "lamp.html?tab=1&x=a%20b#top"),
        ("http://localhost:8000/lamp.html?tab=1", "lamp.html?tab=1"),
        ("http://127.0.0.1/lamp.html", "lamp.html"),
    ],
)
def test_a_start_is_liberal(tmp_path, start, meant):
    write(tmp_path, json.dumps([{**FLOW, "start": start}]))
    (flow,) = load_flows(tmp_path)
    assert (flow.start, flow.broken) == (meant, "")


@pytest.mark.parametrize(
    "params",
    [
        {"A": 1, "B": "x=y"},
        [{"A": 1}, {"B": "x=y"}],
        ["A=1", "B=x=y"],
        [{"name": "A", "value": 1}, {"name": "B", "value": "x=y"}],
    ],
)
def test_params_are_liberal(tmp_path, params):
    write(tmp_path, json.dumps([{**FLOW, "params": params}]))
    assert load_flows(tmp_path)[0].params == {"A": "1", "B": "x=y"}


def test_texts_may_be_lists_and_lists_texts(tmp_path):
    flow = {**FLOW, "instruction": ["click Lamp", "click Lamp"], "tags": "icon"}
    write(tmp_path, json.dumps([flow, {**FLOW, "oracle": ["state.on", "1"]}]))
    first, second = load_flows(tmp_path)
    assert (first.instruction, first.tags) == ("click Lamp\nclick Lamp", ("icon",))
    assert (first.oracle, second.oracle) == (("state.on",), ("state.on", "1"))


def test_names_are_what_they_are_and_folders_differ(tmp_path):
    told: list[str] = []
    names = ["a", "a b", "a-b", "a", "../x", "日本", "", "a" * 300, "a" * 299]
    write(tmp_path, json.dumps([{**FLOW, "name": name} for name in names]))
    flows = load_flows(tmp_path, tell=told.append)
    assert [flow.name for flow in flows[:5]] == ["a", "a b", "a-b", "a-2", "../x"]
    slugs = [flow.slug for flow in flows]
    assert len({*slugs}) == len(names)
    assert all(re.fullmatch(r"\w[\w.-]{0,70}", slug) for slug in slugs)
    assert (slugs[0], slugs[2]) == ("a", "a-b")
    assert "second flow named 'a'" in told[0]
    assert load_flows(tmp_path, ["a b"]) == load_flows(tmp_path, [slugs[1]])


def test_flows_may_stand_under_their_names(tmp_path):
    entry = {key: value for key, value in FLOW.items() if key != "name"}
    for made in ({"on": entry, "off": entry}, {"flows": {"on": entry, "off": entry}}):
        write(tmp_path, json.dumps(made))
        assert [flow.name for flow in load_flows(tmp_path)] == ["on", "off"]


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


def test_kept_results_are_of_one_version(monkeypatch):
    (flow,) = load_flows(only=["login-secret"])
    first = key_of(flow, "default", None)
    assert first != key_of(flow, "default", "b")
    monkeypatch.setattr(evaluation_of_flows, "__version__", "0")
    assert key_of(flow, "default", None) != first


def test_the_server_serves_the_folder_only_and_late_on_request(tmp_path):
    folder = tmp_path / "pages"
    folder.mkdir()
    write(folder)
    (tmp_path / "outside.html").write_text("secret")
    (folder / "index.html").write_text("home")
    with serve(folder) as address:
        with urllib.request.urlopen(f"{address}/") as answer:
            assert answer.read() == b"home"
        began = time.monotonic()
        with urllib.request.urlopen(f"{address}/lamp.html?delay=0.3") as answer:
            assert answer.read() == PAGE.encode()
            assert answer.headers["Content-Type"] == "text/html"
        assert time.monotonic() - began >= 0.3
        for path in ("../outside.html", "%2e%2e/outside.html", "flows.yaml", "none"):
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


def test_a_claim_that_nobody_can_judge_is_unverified():
    assert verdict_of(done(), False, judged=False) == "unverified"
    assert verdict_of(done(status="failed"), False, judged=False) == "failed"


# --- the harness, with agents that do or pretend ------------------------------------------------


def performer(calls: list[str]):
    def perform(browser, flow, _trace) -> Run:
        calls.append(flow.name)
        if flow.name == "broken":
            raise UserError("no eyes")
        data = run_script(browser, flow.script or (), flow.values, flow.secrets)
        return done(status="unverified" if flow.name == "modest" else "verified", data=data)

    return perform


def clicker(browser, flow, _trace) -> Run:
    run_script(browser, flow.script or (), {}, {})
    return done()


HIDDEN = """<!doctype html><title>Lamp</title><button style="width:200px;height:80px">Lamp</button>
<script type="module">const state = {on: false};
window.lamp = state; document.querySelector('button').onclick = () => {
  state.on = true; document.title = 'Lit'; localStorage.lamp = 'on'; window.open('other.html');
};</script>"""
JUDGED = {
    "lamp.html": [
        ("state.on;", True, ""),
        ("state => state.on", True, ""),
        ("Promise.resolve(!state.on)", False, ""),
        ("state.never.was", False, ""),  # not there yet: it does not hold
    ],
    "strict.html": [("secret.on // forbids eval, and its state has another name", True, "")],
    "hidden.html": [
        ("lamp.on && document.title === 'Lit'", True, ""),  # not in the active tab
        ("localStorage.lamp === 'on' && typeof state === 'undefined'", True, ""),
        ("location.pathname === '/other.html'", True, ""),
        ("state.on", False, "state is not defined"),
        ("lamp.on and true", False, "lamp.on and true"),
    ],
}


@pytest.mark.browser
@pytest.mark.parametrize(
    "start",
    [pytest.param(at, marks=[] if at == "lamp.html" else pytest.mark.slow) for at in JUDGED],
)
def test_an_oracle_is_an_expression_over_any_open_page(tmp_path, start):
    write(tmp_path, json.dumps([{**FLOW, "start": start}]))
    (tmp_path / "hidden.html").write_text(HIDDEN)
    (tmp_path / "other.html").write_text("<title>Other</title>")
    policy = "<meta http-equiv=Content-Security-Policy content=\"script-src 'unsafe-inline'\">"
    strict = PAGE.replace("var state", "let secret").replace("state.", "secret.")
    (tmp_path / "strict.html").write_text(policy + strict)
    (flow,) = load_flows(tmp_path)
    with serve(tmp_path) as address, open_flow(flow, address, tmp_path / "got") as browser:
        run_script(browser, parse_script([{"click": "button"}], ""), {}, {})
        for oracle, right, unknown in JUDGED[start]:
            judged = dataclasses.replace(flow, oracle=(oracle,))
            if unknown:
                with pytest.raises(OracleError, match=unknown):
                    state_is_right(browser, judged, {})
            else:
                assert state_is_right(browser, judged, {})[0] is right, oracle


@pytest.mark.slow
@pytest.mark.browser
def test_a_flow_that_hangs_or_breaks_costs_itself_only(tmp_path, monkeypatch):
    monkeypatch.setattr(evaluation_of_flows, "GRACE", 0.5)
    hanging = "<title>H</title><script>onclick = () => { for (;;); }</script>"
    (tmp_path / "hanging.html").write_text(hanging)
    flows = [
        {**FLOW, "name": "hangs", "start": "hanging.html", "oracle": "new Promise(() => {})"},
        {**FLOW, "name": "broken", "start": "none.html"},
        {**FLOW, "name": "honest", "script": [{"click": "button"}]},
    ]
    write(tmp_path, json.dumps(flows))
    began = time.monotonic()
    results = evaluate(load_flows(tmp_path), clicker, out=tmp_path / "out", flow_timeout=10)
    assert time.monotonic() - began < 200, "it would never end"
    assert [result.verdict for result in results] == ["unverified", "failed", "verified"]
    assert "cannot be evaluated" in results[0].broken
    assert "no file 'none.html'" in results[1].broken
    assert results[1].wrong == results[1].broken


def test_an_agent_is_stopped_in_time():
    class Sleeper:
        stopped = False

        def stop(self) -> None:
            self.stopped = True

        def run(self, _: str) -> Run:
            while not self.stopped:
                time.sleep(0.01)
            return Run(instruction="", reason="stopped", message="stop() was called")

    assert run_within(Sleeper(), "", 0.1).message == "it took longer than 0.1 s"


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
    assert "cannot be evaluated: state.on and true" in results[1].message


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


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.timeout(5400)
def test_the_agent_does_most_bundled_flows_and_claims_none_falsely(tmp_path):
    with agent_performer("default") as perform:
        results = evaluate(load_flows(), perform, out=tmp_path)
    told = summarize(results)
    doubtful = [(each.name, each.wrong) for each in results if each.verdict == "false_success"]
    assert (told["n"], told["false_success"], doubtful) == (40, 0, [])
    assert told["verified"] >= 30, [(r.name, r.message, r.wrong) for r in results]
    assert not any(result.broken for result in results)


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.timeout(10_800)
def test_bundled_flows_are_replayed_without_a_model_and_most_heal(tmp_path):
    results = evaluate_replays(load_flows(), design="b", out=tmp_path)
    told = summarize_replays(results)
    recorded = [each for each in results if each.recorded]
    missed = [(each.name, each.message) for each in recorded if not each.replayed]
    assert (told["groundings"], missed) == (0, [])
    assert told["replayed"] == told["recorded"]
    assert told["false_success"] == 0
    assert told["healed"] >= 28, [(each.name, each.message) for each in results if not each.healed]


# A flow without a script is recorded from the agent's own run; a crash in one loses no other.
@pytest.mark.slow
@pytest.mark.browser
def test_replays_are_measured_without_scripts_and_survive_a_crash(tmp_path, monkeypatch):
    flows = [
        {**FLOW, "name": "crash", "script": [{"click": "button"}]},
        {**FLOW, "name": "a b"},
        {**FLOW, "name": "broken", "start": "none.html"},
    ]
    eyes = replaying_of_flows.ScriptEyes

    def crashing(*_: object) -> None:
        raise RuntimeError("an odd crash")

    monkeypatch.setattr(eyes, "ground", crashing)
    page = PAGE.replace(
        "state.on = !state.on", "state.on = true; document.title = textContent = 'Lit'"
    )
    write(tmp_path, json.dumps(flows), page)
    crash, plain, broken = evaluate_replays(load_flows(tmp_path), out=tmp_path / "out")
    assert not crash.recorded
    assert "an odd crash" in crash.message
    assert (plain.recorded, plain.replayed, plain.groundings) == (True, True, 0), plain
    assert (broken.recorded, "no file 'none.html'" in broken.message) == (False, True)
    assert (tmp_path / "out" / "recordings" / f"{load_flows(tmp_path)[1].slug}.yaml").is_file()


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
