"""The agent's loop on an application that is only pixels: what it does, proves and refuses."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from drawn_app import Control, DrawnApp, Knowing

import env
from focusagent.agent import Agent, Request, Settings, StepFailed
from focusagent.errors import UserError
from focusagent.history import Media, Run, Step
from focusagent.planner.intents import Click, Finish, Intent, Target

QUICK = Settings(step_timeout=0.4, patience=0.3)


class Kept:
    """A trace in memory that fails after some steps, if asked to; `folder` is for the audit."""

    def __init__(self, folder: Path | None = None, fail_at: int | None = None) -> None:
        self.folder, self.fail_at = folder, fail_at
        self.steps: list[Step] = []
        self.media: list[Media] = []
        self.ended: Run | None = None

    def on_start(self, run: Run) -> Run:
        import dataclasses

        return dataclasses.replace(run, folder=str(self.folder) if self.folder else None)

    def on_step(self, step: Step, media: Media) -> Step:
        if self.fail_at is not None and len(self.steps) >= self.fail_at:
            raise OSError(28, "No space left on device")
        self.steps.append(step)
        self.media.append(media)
        return step

    def on_end(self, run: Run) -> None:
        self.ended = run


class Always:
    """A planner that wants the same thing for ever."""

    def __init__(self, intent: Intent) -> None:
        self.intent = intent

    def next(self, task: str, history: Sequence[Any], observation: Any) -> Intent:
        return self.intent


def agent(app: DrawnApp, **options: Any) -> Agent:
    options.setdefault("grounder", Knowing(app))
    return Agent(app, settings=options.pop("settings", QUICK), **options)


def says(app: DrawnApp, text: str) -> Any:
    return lambda: app.messages.append(text)


def form() -> DrawnApp:
    app = DrawnApp(
        Control("textbox", "Username", 20, 40),
        Control("checkbox", "Remember me", 20, 100),
    )
    app.controls.append(Control("button", "Save", 20, 150, says(app, "Saved")))
    return app


def test_a_task_is_done_and_every_step_is_proved() -> None:
    app = form()
    trace = Kept()
    run = agent(app, trace=trace).run(
        'type "alice" into Username, check Remember me, click Save, check that "Saved" is visible'
    )
    assert (run.reason, run.status, run.is_successful()) == ("done", "verified", True)
    assert app.named("Username").value == "alice"
    assert app.named("Remember me").on
    assert [step.status for step in run.steps] == ["verified"] * 4
    assert run.action_names() == ["click", "type", "click", "click"]
    assert trace.ended == run
    assert [step.number for step in trace.steps] == [1, 2, 3, 4]
    assert run.usage.groundings >= 3
    assert all(media.before.size == media.after.size for media in trace.media)
    assert Run.from_json(json.loads(json.dumps(run.to_json()))) == run


def test_typing_replaces_what_the_field_held_and_append_keeps_it() -> None:
    app = form()
    app.named("Username").value = "bob"
    assert agent(app).run('type "alice" into Username').is_successful()
    assert app.named("Username").value == "alice"
    agent(app).type("Username", "xy", append=True)
    assert app.named("Username").value == "alicexy"


def test_a_box_that_is_on_already_is_not_clicked() -> None:
    app = form()
    app.named("Remember me").on = True
    run = agent(app).run("check Remember me")
    assert run.is_successful()
    assert app.done == []
    run = agent(app).run("uncheck Remember me")
    assert run.is_successful()
    assert not app.named("Remember me").on


def test_a_target_that_moves_while_it_is_aimed_at_is_looked_for_again() -> None:
    app = form()
    app.controls.append(Control("button", "Delete", 300, 40, says(app, "Gone")))

    def move() -> None:
        if app.looks == 2:  # after it was grounded, before it is clicked
            app.named("Save").x = 300
            app.named("Save").y = 180

    app.on_look = move
    run = agent(app).run("click Save")
    assert run.is_successful()
    assert app.done == ["Save"]
    assert [sight.note for sight in run.steps[0].sights][1:] == [
        "the screen changed there before the action"
    ]


def test_a_target_that_never_holds_still_is_not_clicked() -> None:
    app = form()

    def move() -> None:
        app.named("Save").y = 120 + 40 * (app.looks % 4)

    app.on_look = move
    run = agent(app).run("click Save")
    assert run.reason == "gave up"
    assert "hold still" in run.message
    assert app.done == []


def two_deletes() -> DrawnApp:
    app = DrawnApp()
    app.controls = [
        Control("button", "Edit", 20, 40, says(app, "one")),
        Control("button", "Edit", 20, 120, says(app, "two")),
    ]
    return app


def test_two_places_that_fit_are_shown_and_neither_is_used() -> None:
    app = two_deletes()
    run = agent(app).run("click Edit")
    assert (run.reason, run.status) == ("gave up", "failed")
    assert "(100, 55), (100, 135)" in run.message
    assert app.done == []


def test_the_one_that_is_picked_is_used() -> None:
    app = two_deletes()
    asked: list[Request] = []

    def pick(request: Request) -> int:
        asked.append(request)
        return 1

    run = agent(app, approve=pick).run("click Edit")
    assert app.messages == ["two"]
    assert run.is_successful()
    assert [request.kind for request in asked] == ["ambiguous"]
    assert len(asked[0].candidates) == 2


def test_a_mere_yes_picks_none_so_nothing_is_claimed() -> None:
    app = two_deletes()
    run = agent(app, approve=lambda _: True).run("click Edit")
    assert (run.reason, run.status, run.is_successful()) == ("done", "unverified", False)


def test_a_click_that_does_nothing_is_not_called_a_success() -> None:
    app = DrawnApp(Control("button", "Save", 20, 150))
    run = agent(app).run("click Save")
    assert (run.reason, run.status) == ("done", "unverified")


def test_an_error_on_the_screen_is_not_called_a_success() -> None:
    app = DrawnApp()
    app.controls = [Control("button", "Save", 20, 150, says(app, "Amount is required"))]
    run = agent(app).run("click Save")
    assert run.status == "unverified"
    assert any("required" in proof.detail for proof in run.steps[0].evidence)


def test_what_is_further_down_is_scrolled_to() -> None:
    app = DrawnApp(height=900)
    app.controls = [
        Control("button", "Top", 20, 40),
        Control("button", "Deep", 20, 700, says(app, "Found")),
    ]
    run = agent(app).run("click Deep")
    assert run.is_successful()
    assert app.done == ["Deep"]
    assert "scroll" in run.action_names()


def test_what_is_nowhere_ends_the_run_with_its_name() -> None:
    run = agent(form()).run("click Frobnicate")
    assert (run.reason, run.status, run.is_successful()) == ("gave up", "failed", None)
    assert "Frobnicate" in run.message
    assert run.errors() == [run.message]


def test_the_same_thing_without_any_effect_ends_the_run() -> None:
    app = DrawnApp(Control("button", "Save", 20, 150))
    run = agent(app, planner=Always(Click(Target("Save")))).run("save for ever")
    assert run.reason == "gave up"
    assert "circles" in run.message
    assert len(run.steps) == 3


def test_a_budget_of_steps_and_of_actions_is_kept() -> None:
    app = form()
    run = agent(app, planner=Always(Click(Target("Save"))), max_steps=2).run("save")
    assert (run.reason, len(run.steps)) == ("out of budget", 2)
    app = form()
    app._policy = env.Policy(max_actions=2)
    app._gate = env.stepping.Gate(app._policy, {})
    run = agent(app, planner=Always(Click(Target("Save")))).run("save")
    assert run.reason == "out of budget"
    assert app.done == ["Save", "Save"]


def test_it_can_be_stopped() -> None:
    app = form()
    made = agent(app, on_step=lambda step: made.stop())
    run = made.run("click Save, click Save")
    assert (run.reason, len(run.steps)) == ("stopped", 1)
    assert app.done == ["Save"]


def test_arun_is_the_same() -> None:
    assert asyncio.run(agent(form()).arun("click Save")).is_successful()


# --- approval and audit


def deleting() -> DrawnApp:
    app = DrawnApp()
    app.controls = [Control("button", "Delete", 20, 40, says(app, "Gone"))]
    return app


def test_what_cannot_be_taken_back_is_asked_about(tmp_path: Path) -> None:
    app = deleting()
    asked: list[Request] = []

    def no(request: Request) -> bool:
        asked.append(request)
        return False

    run = agent(app, approve=no, trace=Kept(tmp_path)).run("click Delete")
    assert (run.reason, run.status) == ("refused", "failed")
    assert app.done == []
    assert asked[0].kind == "irreversible"
    assert isinstance(asked[0].action, env.Click)
    lines = [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text().splitlines()]
    assert [line["allowed"] for line in lines if line["kind"] == "decision"] == [False]
    run = agent(app, approve=lambda _: True).run("click Delete")
    assert run.is_successful()
    assert [decision.allowed for decision in run.steps[0].decisions] == [True]


def test_without_anyone_to_ask_the_instruction_must_name_it() -> None:
    app = deleting()
    assert agent(app).run("click Delete").is_successful()

    class Blind(Knowing):
        def ground(self, image: Any, instruction: str) -> Any:
            return super().ground(image, instruction.replace("blue thing", "Delete"))

    run = agent(app := deleting(), grounder=Blind(app)).run("click the blue thing")
    assert run.reason == "refused"
    assert "give approve=" in run.message
    assert app.done == []


def test_what_the_policy_wants_confirmed_needs_a_person() -> None:
    for confirm in (("save",), ("click",)):
        app = form()
        app._policy = env.Policy(confirm=confirm)
        run = agent(app).run("click Save")
        assert run.reason == "refused"
        assert app.done == []
        assert agent(app, approve=lambda request: request.kind == "policy").run("click Save")
        assert app.done == ["Save"]


def test_an_approve_that_raises_or_babbles_ends_the_run() -> None:
    def broken(request: Request) -> bool:
        raise RuntimeError("no network")

    app = deleting()
    run = agent(app, approve=broken).run("click Delete")
    assert (run.reason, app.done) == ("refused", [])
    assert "no network" in run.message
    run = agent(app, approve=lambda _: "sure").run("click Delete")  # type: ignore[arg-type,return-value]
    assert (run.reason, app.done) == ("refused", [])
    run = agent(app := two_deletes(), approve=lambda _: 7).run("click Edit")
    assert (run.reason, app.done) == ("refused", [])


# --- bad input


def test_words_that_are_no_instruction_end_the_run_with_the_reason() -> None:
    trace = Kept()
    run = agent(form(), trace=trace).run("frobnicate the gizmo")
    assert (run.reason, run.status, run.steps) == ("gave up", "failed", ())
    assert "frobnicate" in run.message
    assert trace.ended == run


def test_a_planner_that_fails_ends_the_run_with_the_reason() -> None:
    class Down:
        def next(self, task: str, history: Any, observation: Any) -> Intent:
            if history:
                raise UserError("the planner's server is down")
            return Click(Target("Save"))

    trace = Kept()
    run = agent(form(), planner=Down(), trace=trace).run("save")
    assert (run.reason, len(run.steps)) == ("gave up", 1)
    assert run.message == "the planner's server is down"
    assert trace.ended == run


def test_a_broken_planner_ends_the_run_and_its_trace() -> None:
    class Broken:
        def next(self, task: str, history: Any, observation: Any) -> Intent:
            raise ZeroDivisionError

    trace = Kept()
    run = agent(form(), planner=Broken(), trace=trace).run("save")
    assert (run.reason, run.message) == ("stopped", "the planner raised ZeroDivisionError()")
    assert trace.ended == run


def test_a_planner_that_gives_up_is_believed() -> None:
    run = agent(form(), planner=Always(Finish("gave up", "no idea"))).run("save")
    assert (run.reason, run.status, run.message) == ("gave up", "failed", "no idea")


def test_a_full_disk_ends_the_run() -> None:
    trace = Kept(fail_at=1)
    run = agent(form(), trace=trace).run("click Save, check Remember me, click Save")
    assert (run.reason, run.status) == ("stopped", "failed")
    assert "No space left" in run.message
    assert len(trace.steps) == 1


def test_an_audit_that_cannot_be_written_ends_the_run(tmp_path: Path) -> None:
    (tmp_path / "audit.jsonl").mkdir()
    app = deleting()
    run = agent(app, trace=Kept(tmp_path), approve=lambda _: True).run("click Delete")
    assert (run.reason, app.done) == ("stopped", [])
    assert "audit" in run.message


def test_on_step_that_raises_ends_the_run() -> None:
    def broken(step: Step) -> None:
        raise KeyError("x")

    run = agent(form(), on_step=broken).run("click Save, click Save")
    assert (run.reason, len(run.steps)) == ("stopped", 1)
    assert "on_step raised" in run.message


def test_an_address_that_cannot_be_reached_is_a_reason() -> None:
    run = agent(form()).run("go to http://nowhere.test/")
    assert run.reason == "gave up"
    assert "cannot be reached" in run.message


def test_a_dry_run_finds_everything_and_does_nothing() -> None:
    app = form()
    app._policy = env.Policy(dry_run=True)
    app._gate = env.stepping.Gate(app._policy, {})
    run = agent(app).run('type "x" into Username, click Save')
    assert (run.reason, run.status, len(run.steps)) == ("done", "unverified", 2)
    assert app.done == []
    assert all(step.sights[0].point is not None for step in run.steps)


def test_wrong_use_is_refused_in_one_sentence() -> None:
    with pytest.raises(UserError, match="max_steps"):
        agent(form(), max_steps=0)
    secret = {"PW": env.Secret("hunter2", domains=["app.test"])}
    with pytest.raises(UserError, match="both a secret and a parameter"):
        agent(form(), secrets=secret, params={"PW": "x"})
    replay = env.ReplayEnvironment([form().draw()], [])
    with pytest.raises(UserError, match="takes no secrets"):
        Agent(replay, secrets=secret)


# --- secrets, parameters, instant actions


def test_a_secret_is_typed_and_never_written(tmp_path: Path) -> None:
    value = "tr0ub4dor&3"
    app = form()
    trace = Kept(tmp_path)
    asked: list[str] = []
    grounder = Knowing(app)
    run = agent(
        app,
        grounder=grounder,
        trace=trace,
        secrets={"PW": env.Secret(value, domains=["app.test"])},
        on_step=lambda step: asked.append(step.summary()),
    ).run("type {PW} into Username, click Save")
    assert app.named("Username").value == value
    assert run.is_successful()
    run_of_instants = agent(app, trace=trace, grounder=grounder)
    run_of_instants.type("Username", "{PW}")
    written = json.dumps(run.to_json()) + json.dumps([step.to_json() for step in trace.steps])
    assert value not in written + " ".join(asked + grounder.asked)
    run = agent(app, trace=trace).run(f"type {value} into Username")
    assert run.reason == "refused"
    assert value not in json.dumps(run.to_json())
    assert "[PW]" in run.instruction
    assert "the secret 'PW'" in (tmp_path / "audit.jsonl").read_text()


def test_parameters_are_put_in_and_secrets_mix_with_nothing() -> None:
    app = form()
    assert agent(app, params={"WHO": "bob"}).run("type {WHO} into Username").is_successful()
    assert app.named("Username").value == "bob"
    secrets = {"PW": env.Secret("hunter22", domains=["app.test"])}
    run = agent(app, secrets=secrets).run('type "x {PW}" into Username')
    assert run.reason == "gave up"
    assert app.named("Username").value == "bob"


def test_instant_actions_return_steps_and_raise_when_they_fail() -> None:
    app = form()
    with agent(app, trace=(trace := Kept())) as made:
        assert made.type("Username", "carol").status == "verified"
        assert made.check("Remember me").status == "verified"
        assert made.click("Save").status == "verified"
        assert made.check_that('"Saved" is visible').outcome.ok
        assert made.locate("Nothing such") is None
        spot = made.locate("Save")
        assert spot is not None
        assert spot.box == (20, 150, 180, 180)
        with pytest.raises(StepFailed, match="Nothing such"):
            made.click("Nothing such")
    assert trace.ended is not None
    assert [step.number for step in trace.steps] == [1, 2, 3, 4, 5]


def test_a_proposal_is_acted_on_without_a_second_look_of_the_model() -> None:
    app = form()
    grounder = Knowing(app)
    made = agent(app, grounder=grounder)
    proposals = made.observe("click Save")
    assert [proposal.text for proposal in proposals] == ["click Save"]
    asked = len(grounder.asked)
    assert made.act(proposals[0]).status == "verified"
    assert (app.done, len(grounder.asked)) == (["Save"], asked)
    app.named("Save").x = 250
    assert made.act(proposals[0]).status == "verified"  # it moved: now the model is asked
    assert (app.done, len(grounder.asked)) == (["Save", "Save"], asked + 1)


def test_values_are_read_and_carried() -> None:
    app = form()
    app.controls.append(Control("text", "Total: 12.50", 260, 40))
    run = agent(app, grounder=Knowing(app)).run("read Total as {TOTAL}, type {TOTAL} into Username")
    assert run.data == {"TOTAL": "12.50"}
    assert app.named("Username").value == "12.50"
