"""What an agent answers, claims and writes down: conditions, approval, audit, and how runs end."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import threading
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from chat_server import chatting
from drawn_app import Control, DrawnApp, Knowing
from web import serve

import env
from focusagent.agent import Agent, Settings, StepFailed
from focusagent.agent.approval import IRREVERSIBLE, words_in
from focusagent.history import Media, Run, Step
from focusagent.planner.chat import Message, ModelPlanner, PlannerError, ServerChat
from focusagent.planner.chat.tools import intent_tools
from focusagent.planner.intents import Click, Intent, Target
from focusagent.trace import load_run, open_trace

QUICK = Settings(step_timeout=0.4, patience=0.3)


class Kept:
    """A trace in memory; `folder` is for the audit, `full` says when the disk is."""

    def __init__(self, folder: Path | None = None, full: str = "") -> None:
        self.folder, self.full = folder, full
        self.ended: Run | None = None

    def on_start(self, run: Run) -> Run:
        return dataclasses.replace(run, folder=str(self.folder) if self.folder else None)

    def on_step(self, step: Step, media: Media) -> Step:
        if self.full == "step":
            raise OSError(28, "No space left on device")
        return step

    def on_end(self, run: Run) -> None:
        if self.full == "end":
            raise OSError(28, "No space left on device")
        self.ended = run


def agent(app: DrawnApp, **options: Any) -> Agent:
    options.setdefault("grounder", Knowing(app))
    return Agent(app, settings=options.pop("settings", QUICK), **options)


def says(app: DrawnApp, text: str) -> Any:
    return lambda: app.messages.append(text)


def buttons(*names: str) -> DrawnApp:
    app = DrawnApp()
    app.controls = [
        Control("button", name, 20, 40 + 50 * row, says(app, f"{name} done"))
        for row, name in enumerate(names)
    ]
    return app


def audit(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "audit.jsonl").read_text().splitlines()]


# --- approval


@pytest.mark.parametrize(("answer", "goes"), [(True, True), (False, False), (0, False), (1, False)])
def test_only_true_is_a_yes(answer: bool | int, goes: bool, tmp_path: Path) -> None:
    app = buttons("Delete")
    run = agent(app, approve=lambda _: answer, trace=Kept(tmp_path)).run("click Delete")
    assert (run.reason, app.done) == (("done", ["Delete"]) if goes else ("refused", []))
    assert [line["allowed"] for line in audit(tmp_path)] == [goes]
    app = buttons("Save")
    app._policy = env.Policy(confirm=("save",))
    assert (agent(app, approve=lambda _: answer).run("click Save").reason == "done") is goes


def test_a_number_picks_a_candidate() -> None:
    app = buttons("Edit", "Edit")
    assert agent(app, approve=lambda _: 1).run("click Edit").is_successful()
    assert app.looks
    run = agent(app := buttons("Edit", "Edit"), approve=lambda _: 0).run("click Edit")
    assert run.is_successful()
    assert app.messages == ["Edit done"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Place order", ["place order"]),
        ("Placing your order", ["place order"]),
        ("Checkout", ["checkout"]),
        ("Check out now", ["check out"]),
        ("Revoke access", ["revoke"]),
        ("Reset", ["reset"]),
        ("Cancel my subscription", ["cancel subscription"]),
        ("Cancel order #1045", ["cancel order"]),
        ("Cancel the booking", ["cancel booking"]),
        ("Cancel", []),
        ("Cancel and close", []),
        ("Orders in place", []),
        ("Presets", []),
        ("Order cancelled", []),
    ],
)
def test_what_cannot_be_taken_back_is_known_by_its_words(text: str, found: list[str]) -> None:
    assert words_in(text, IRREVERSIBLE) == found


# --- the audit trail

FETCHING = """<body style="margin:40px;font:18px sans-serif">
<button style="padding:10px 30px" onclick="n = (window.n || 0) + 1; out.textContent = 'Round ' + n;
fetch('http://net' + n + '.test/').catch(() => 0)">Go</button><p id=out>-</p>"""


class Button:
    """Finds the one button of that page."""

    def __getattr__(self, name: str) -> Any:
        return getattr(Knowing(DrawnApp(Control("button", "Go", 45, 45, width=60))), name)


@pytest.mark.browser
def test_every_decision_of_a_browser_is_written_once_and_in_order(tmp_path: Path) -> None:
    with (
        serve({"/": FETCHING}) as url,
        env.BrowserEnvironment(
            url, policy=env.Policy.strict(max_actions=50), viewport=(480, 320)
        ) as browser,
    ):

        def late(step: Step) -> None:
            browser.evaluate("() => fetch('http://late.test/').catch(() => 0)")

        made = Agent(browser, grounder=Button(), trace=Kept(tmp_path), settings=QUICK)
        assert made.run("click Go, click Go").reason == "done"
        first = audit(tmp_path)
        made._on_step = late
        made.run("click Go")
        lines = [line for line in audit(tmp_path) if line["kind"] == "policy"]
        wanted = [(each.subject, each.allowed, each.at) for each in browser.decisions]
    assert [(line["subject"], line["allowed"], line["at"]) for line in lines] == wanted
    assert [at for _, _, at in wanted] == sorted(at for _, _, at in wanted)
    names = [
        next((part for part in ("127", "net1", "net2", "click") if part in line["subject"]), "")
        for line in first
    ]
    assert [name for name in names if name] == ["127", "click", "net1", "click", "net2"]
    assert "late.test" in lines[-1]["subject"]


@pytest.mark.browser
def test_a_run_without_steps_tells_what_opening_the_start_page_asked_for(tmp_path: Path) -> None:
    with serve({"/": FETCHING}) as url, env.BrowserEnvironment(url) as browser:
        run = Agent(browser, grounder=Button(), trace=Kept(tmp_path)).run("frobnicate the gizmo")
        assert run.reason == "gave up"
        assert [line["at"] for line in audit(tmp_path)] == [d.at for d in browser.decisions]
    assert audit(tmp_path)


def test_decisions_of_other_environments_are_written_too(tmp_path: Path) -> None:
    app = buttons("Save")
    app._policy = env.Policy(max_actions=9)
    app._gate = env.stepping.Gate(app._policy, {})
    made = agent(app, trace=Kept(tmp_path))
    made.run("click Save, click Save")
    made.run("click Save")
    assert [line["at"] for line in audit(tmp_path)] == [each.at for each in app.decisions]
    replay = env.ReplayEnvironment([app.draw()], [])
    seen = Agent(replay, grounder=Knowing(app), trace=Kept(tmp_path)).run(
        'if "Nope" appears, go back'
    )
    assert seen.is_successful()


# --- answers and their proof


@pytest.mark.parametrize(
    ("instruction", "status"),
    [
        ("if the Archive icon is shown, click it", "unverified"),
        ('if the "Archive" icon is shown, click it', "unverified"),
        ("if the big red thing is shown, click Save", "unverified"),
        ('if "Archive" is shown, click it', "verified"),
        ('if the "Archive" button is shown, click it', "verified"),
        ("if a cookie banner appears, accept it", "verified"),
        ('unless "Save" is shown, click Save', "verified"),
        ("unless the Archive icon is shown, click Save", "unverified"),
        ("for each trash icon, click it", "unverified"),
        ('for each "Remind" button, click it', "verified"),
        ("check that the spinner is not visible", "unverified"),
        ('check that the "Spin" button is not visible', "verified"),
        ('check that "Spinning" is not visible', "verified"),
        ("wait until the spinner disappears", "unverified"),
        ("check that the Amount is not 5", "failed"),
        ("check that the page title contains App", "verified"),
    ],
)
def test_a_no_of_the_grounder_alone_proves_nothing(instruction: str, status: str) -> None:
    run = agent(buttons("Save", "Close")).run(instruction)
    assert run.status == status, [step.evidence for step in run.steps]
    assert all(step.evidence for step in run.steps)


def test_a_yes_is_acted_on_and_proved() -> None:
    app = buttons("Save")
    assert agent(app).run("if the Save button is shown, click it").is_successful()
    assert app.done == ["Save"]


def test_what_comes_a_moment_later_is_there() -> None:
    class Late(DrawnApp):
        def observe(self) -> env.Observation:
            if self.looks == 1:
                self.messages.append("Failed to save")
            return super().observe()

    app = Late(Control("button", "Retry", 20, 40))
    run = agent(app).run('check that "Failed to save" is not visible')
    assert run.status == "failed"
    app = Late(Control("button", "Retry", 20, 40))
    agent(app).run('if "Failed to save" is visible, click Retry')
    assert app.done == ["Retry"]


def test_what_is_read_doubtfully_proves_no_condition(monkeypatch: pytest.MonkeyPatch) -> None:
    app = DrawnApp(Control("text", "Total: 120.00", 20, 40))
    instruction = 'check that the Total is not "130.00"'
    assert agent(app).run(instruction).status == "verified"
    assert agent(app).run("check that the Total is less than 130").status == "verified"
    from focusagent.agent import closer, values

    def doubtful(*_: Any) -> closer.Reading:
        return closer.Reading("Total: 120.00", False, ("Total: 120.00", "Total: 130.00"))

    monkeypatch.setattr(values, "read_closely", doubtful)
    for task in (instruction, "check that the Total is less than 130", 'if Total is "1", go back'):
        run = agent(app).run(task)
        assert (run.reason, run.status) == ("done", "unverified")


def test_more_than_twenty_are_counted() -> None:
    app = DrawnApp(
        *(Control("text", "Paid", 20 + 80 * (at % 5), 30 + 50 * (at // 5)) for at in range(25))
    )
    assert agent(app).run('check that the number of "Paid" is 25').is_successful()
    assert agent(app).run('check that the number of "Paid" is 20').reason == "gave up"


# --- instant actions


def test_a_proposal_that_was_not_needed_is_forgotten() -> None:
    app = buttons("Cookie banner", "Accept all", "Save")
    made = agent(app)
    (proposal,) = made.observe("accept the cookie banner")
    made.act(proposal)  # the button is found by its words, so the proposal's place is not used
    made.run("click Save")
    made.act(proposal)
    made.click("Save")
    assert app.done == ["Accept all", "Save", "Accept all", "Save"]


def test_a_proposal_is_for_its_own_words_only() -> None:
    app = buttons("Save", "Close")
    made = agent(app, params={"NAME": "Save"})
    (proposal,) = made.observe('click "{NAME}"')
    desk = made._desk
    desk.given = spot = made.locate("Close")
    assert desk.take_given("Save") is None
    assert desk.take_given("Close") is spot
    assert desk.take_given("Close") is None
    asked = len(made._desk.eyes.grounder.asked)  # type: ignore[attr-defined]
    made.act(proposal)
    assert app.done == ["Save"]
    assert len(made._desk.eyes.grounder.asked) == asked  # type: ignore[attr-defined]


def test_what_failed_on_the_way_is_no_success() -> None:
    app = buttons("Save")
    made = agent(app)
    with pytest.raises(StepFailed):
        made.click("Nothing such")
    made.click("Save")
    run = made.finish()
    assert run is not None
    assert (run.reason, run.status) == ("done", "unverified")


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("broken", ["step", "audit", "callback", "screen"])
def test_instant_actions_raise_nothing_else_and_show_no_secret(broken: str, tmp_path: Path) -> None:
    value = "tr0ub4dor"
    app = buttons("Delete")
    trace = Kept(tmp_path, full=broken)
    if broken == "audit":
        (tmp_path / "audit.jsonl").mkdir()

    def on_step(step: Step) -> None:
        if broken == "callback":
            raise KeyError(value)

    def look() -> None:
        if broken == "screen" and app.looks > 2:
            raise env.ClosedError(f"the page {value} is gone")

    secrets = {"PW": env.Secret(value, domains=["app.test"])}
    made = agent(app, trace=trace, approve=lambda _: True, secrets=secrets, on_step=on_step)
    app.on_look = look
    with pytest.raises(StepFailed) as caught:
        made.click("Delete")
    told = "".join(traceback.format_exception(caught.value))
    assert caught.value.__cause__ is caught.value.__context__ is None
    assert value not in told
    assert caught.value.step.outcome.reason
    run = made.finish()
    assert run is not None
    assert run.status != "verified"


# --- how runs end


class Crashing(DrawnApp):
    """The program dies while something is done to it."""

    gone = False

    def observe(self) -> env.Observation:
        if self.gone:
            raise env.ClosedError("the browser is gone: open a new environment")
        return super().observe()

    def step(self, action: env.Action) -> env.StepResult:
        before = self.draw()
        self.gone = True
        return self._result(action, before, "failed", "the page crashed")


def test_a_screen_that_is_lost_during_a_step_ends_the_run(tmp_path: Path) -> None:
    class Steady:
        def next(self, task: str, history: Sequence[Any], observation: Any) -> Intent:
            return Click(Target("Save"))

    app = Crashing(Control("button", "Save", 20, 40))
    made = agent(app, trace=open_trace(tmp_path / "run"), planner=Steady())
    run = made.run("click Save for ever")
    assert (run.reason, run.status, len(run.steps)) == ("stopped", "failed", 1)
    assert "browser is gone" in run.message
    assert "crashed" in run.steps[0].outcome.reason
    assert load_run(tmp_path / "run") == run


@pytest.mark.browser
@pytest.mark.slow
def test_a_browser_that_dies_during_a_step_ends_the_run(tmp_path: Path) -> None:
    with serve({"/": FETCHING}) as url, env.BrowserEnvironment(url, viewport=(480, 320)) as browser:

        def die(step: Step) -> None:
            browser._loop.run(browser._session._close_browser())

        made = Agent(browser, grounder=Button(), trace=tmp_path / "run", on_step=die)
        run = made.run("click Go, click Go")
    assert (run.reason, run.status, len(run.steps)) == ("stopped", "failed", 2)
    assert "gone" in run.message
    assert load_run(tmp_path / "run") == run


def test_eyes_that_fail_between_steps_end_the_run() -> None:
    from grounding.errors import GroundingError

    class Blind:
        def next(self, task: str, history: Sequence[Any], observation: Any) -> Intent:
            return Click(Target("Save"))

    app = buttons("Save")
    made = agent(app, planner=Blind(), trace=(trace := Kept()))

    def lost() -> Any:
        raise GroundingError("the grounder's server is down")

    made._desk.begin = lost  # type: ignore[method-assign]
    run = made.run("save")
    assert (run.reason, run.message) == ("stopped", "the grounder's server is down")
    assert trace.ended == run


def test_a_disk_that_is_full_at_the_end_is_no_success() -> None:
    run = agent(buttons("Save"), trace=Kept(full="end")).run("click Save")
    assert (run.reason, run.status, run.is_successful()) == ("stopped", "failed", None)
    assert "No space left" in run.message
    made = agent(buttons("Save"), trace=Kept(full="step"))
    with pytest.raises(StepFailed, match="No space left"):
        made.click("Save")
    ended = made.finish()
    assert ended is not None
    assert (ended.reason, ended.status) == ("stopped", "failed")


def test_a_run_that_is_cancelled_stops() -> None:
    clicked, over = threading.Event(), threading.Event()

    class Endless:
        def next(self, task: str, history: Sequence[Any], observation: Any) -> Intent:
            clicked.set()
            return Click(Target("Save"))

    class Ending(Kept):
        def on_end(self, run: Run) -> None:
            super().on_end(run)
            over.set()

    app = DrawnApp()
    app.controls = [
        Control("button", "Save", 20, 40, lambda: app.messages.append(f"{len(app.done)}"))
    ]
    trace = Ending()

    async def give_up() -> None:
        work = asyncio.ensure_future(agent(app, planner=Endless(), trace=trace).arun("save"))
        await asyncio.to_thread(clicked.wait)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work

    asyncio.run(give_up())
    assert over.wait(60)
    assert trace.ended is not None
    assert trace.ended.reason == "stopped"


def test_a_model_that_is_thinking_does_not_hold_up_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with chatting() as server:
        server.answers, server.delay = [500], 15
        made = agent(buttons("Save"), planner=ModelPlanner(ServerChat(server.url, "planner")))
        stopping = threading.Timer(0.5, made.stop)
        stopping.start()
        began = time.monotonic()
        run = made.run("save")
        assert time.monotonic() - began < 60
    assert (run.reason, run.status, run.message) == ("stopped", "failed", "stop() was called")


def test_a_server_that_is_always_busy_has_only_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    hello = [Message("system", ("You plan.",)), Message("user", ("Which action?",))]
    with chatting() as server:
        server.answers = [(503, {"Retry-After": "60"})]  # longer than there is time
        began = time.monotonic()
        with pytest.raises(PlannerError, match="answered 503"):
            ServerChat(server.url, "planner", timeout=15.0, tries=9).reply(hello, intent_tools())
        assert time.monotonic() - began < 15
        server.answers, server.delay = [500], 0.3  # each of the three forms is tried
        began = time.monotonic()
        with pytest.raises(PlannerError):
            ServerChat(server.url, timeout=0.5, tries=9).reply(hello, intent_tools())
        assert time.monotonic() - began < 30
