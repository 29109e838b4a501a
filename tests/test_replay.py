"""Recording a run, replaying it without a grounder, healing it where the screen has changed."""

from __future__ import annotations

import dataclasses
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawn_app import Control, DrawnApp, Knowing
from PIL import Image

import env
from focusagent.agent import Agent, Settings
from focusagent.errors import UserError
from focusagent.history import Run
from focusagent.planner.intents import Finish
from focusagent.replay import (
    Recording,
    healed,
    heals,
    junit,
    load,
    proved,
    record,
    replay,
    save,
    save_steps,
)
from focusagent.replay.showing import drawn, state_of, write_page
from focusagent.trace import load_run
from grounding import Grounding, Reader

SECRET = "Xylophone77"
INSTRUCTION = 'type {WHO} into Name, type {PW} into Code, check "Urgent" and click "Save"'
QUICK = Settings(step_timeout=0.5, patience=0.4)


class Nobody:
    """A grounder that must not be asked."""

    def ground(self, image: Image.Image, instruction: str) -> Grounding:
        raise AssertionError(f"a model was asked for {instruction!r}")


def app(**changes: Any) -> DrawnApp:
    """A form; `changes` move or rename its controls."""
    made: DrawnApp
    places = {"Name": (20, 40), "Code": (20, 110), "Urgent": (20, 160), "Save": (20, 220)}
    places |= changes
    kinds = {"Name": "textbox", "Code": "textbox", "Urgent": "checkbox", "Save": "button"}
    secrets = {"PW": env.Secret(SECRET, domains=["app.test"])}
    made = DrawnApp(
        *(Control(kinds[name], name, *place, width=140) for name, place in places.items()),
        secrets=secrets,
    )
    made.named("Save").on_click = lambda: made.messages.append("Saved")
    return made


def recorded(trace: Path | None = None, who: str = "Ada Lovelace") -> tuple[Recording, Run]:
    form = app()
    agent = Agent(form, grounder=Knowing(form), params={"WHO": who}, trace=trace, settings=QUICK)
    run = agent.run(INSTRUCTION)
    assert run.is_done(), run.summary()
    return record(run, name="form", params={"WHO": who}), run


@pytest.fixture(scope="module")
def flow() -> Recording:
    return recorded()[0]


def again(form: DrawnApp, flow: Recording, grounder: Any = None, **options: Any) -> Run:
    return replay(form, flow, grounder=grounder or Nobody(), step_timeout=0.5, **options)


def test_nothing_is_grounded_where_nothing_has_changed(flow: Recording):
    form = app()
    run = again(form, flow)
    assert run.is_done(), run.summary()
    assert run.usage.groundings == 0
    assert form.done == ["Name", "Code", "Urgent", "Save"]
    assert form.named("Name").value == "Ada Lovelace"
    assert form.named("Code").value == SECRET
    assert heals(flow, run) == []
    assert flow.plan == "instruction"
    assert dict(flow.params) == {"WHO": "Ada Lovelace"}
    assert flow.secrets == ("PW",)


def test_a_run_and_its_trace_are_the_same_flow(tmp_path: Path):
    flow, run = recorded(tmp_path / "run")
    assert record(load_run(run.folder or ""), name="form", params={"WHO": "Ada Lovelace"}) == flow
    assert load(save(flow, tmp_path / "flow.yaml")) == flow


def test_values_may_change(flow: Recording):
    form = app()
    run = again(form, flow, params={"WHO": "Grace Hopper"})
    assert run.usage.groundings == 0
    assert form.named("Name").value == "Grace Hopper"


def test_things_that_have_moved_are_found(flow: Recording):
    form = app(Save=(250, 60), Urgent=(250, 140), Name=(20, 90), Code=(20, 200))
    run = again(form, flow)
    assert run.usage.groundings == 0
    assert form.done == ["Name", "Code", "Urgent", "Save"]


def test_what_appears_late_is_waited_for(flow: Recording):
    form = app()
    save_button = form.controls.pop()

    def late() -> None:
        if form.named("Urgent").on and form.looks > 12 and save_button not in form.controls:
            form.controls.append(save_button)

    form.on_look = late
    run = again(form, flow)
    assert (run.usage.groundings, form.done[-1]) == (0, "Save")


def test_only_what_changed_is_grounded_and_only_heal_writes(flow: Recording, tmp_path: Path):
    path = save(flow, tmp_path / "flow.yaml")
    before = {each: each.read_bytes() for each in tmp_path.rglob("*") if each.is_file()}

    def redesigned() -> DrawnApp:
        form = app()
        button = form.named("Save")
        button.x, button.width, button.name = 200, 220, "Save changes"
        return form

    flow = load(path)
    # The name that the instruction knows it by is part of the new one.
    form = redesigned()
    knowing = _ByPart(form, {"save": "Save changes"})
    run = again(form, flow, knowing)
    assert run.is_done(), run.summary()
    assert form.done[-1] == "Save changes"
    assert set(knowing.asked) == {'click "Save"'}
    changes = heals(flow, run)
    assert [(each.place, each.old.box != each.new.box) for each in changes] == [(3, True)]
    assert {each: each.read_bytes() for each in before} == before, "nothing is written by itself"
    save_steps(healed(flow, changes), path, {3})
    changed = {each.name for each, data in before.items() if each.read_bytes() != data}
    assert changed == {"flow.yaml", "04-1.png"}
    run = again(redesigned(), load(path))
    assert run.usage.groundings == 0


@pytest.mark.slow  # three replays, each with something that is waited for in vain
def test_only_what_is_proved_may_be_written(flow: Recording):
    def renamed() -> tuple[DrawnApp, Knowing]:
        form = app()
        form.named("Urgent").name = "Very urgent"
        form.named("Save").name = "Save changes"
        return form, _ByPart(form, {"urgent": "Very urgent", "save": "Save changes"})

    form, knowing = renamed()
    run = again(form, flow, knowing)
    changes = heals(flow, run)
    assert {each.place for each in changes} == {2, 3}
    assert proved(run, changes) == changes
    form, knowing = renamed()
    form.named("Save changes").on_click = None  # nothing shows that it was the right one
    run = again(form, flow, knowing)
    assert (run.reason, run.status) == ("done", "unverified")
    assert [each.place for each in proved(run, heals(flow, run))] == [2]
    form, knowing = renamed()
    form.controls.pop()  # there is nothing to save with
    run = again(form, flow, knowing)
    assert not run.is_done()
    changes = heals(flow, run)
    assert [each.place for each in changes] == [2]
    assert proved(run, changes) == []
    assert state_of(changes, 0, 0) == "1 not to be written, since the replay did not prove them"
    assert state_of([*changes, *changes], 1, 2) == (
        "1 written to the flow; 1 not written: --heal writes them"
    )


def test_a_flow_without_a_page_is_one_of_the_desktop(tmp_path: Path):
    form = app()
    form.url = ""
    run = Agent(form, grounder=Knowing(form), settings=QUICK).run('click "Save"')
    made = record(run)
    assert (made.screen, made.start) == ("desktop", "")
    path = save(made, tmp_path / "flow.yaml")
    assert "screen: desktop" in path.read_text()
    assert load(path) == made
    path.write_text(path.read_text().replace("screen: desktop", "screen: phone"))
    with pytest.raises(UserError, match="screen is browser or desktop, not 'phone'"):
        load(path)


class _ByPart(Knowing):
    """Knows controls by other names as well."""

    def __init__(self, form: DrawnApp, names: dict[str, str]) -> None:
        super().__init__(form)
        self._names = names

    def ground(self, image: Image.Image, instruction: str) -> Grounding:
        said = instruction.casefold()
        for part, name in self._names.items():
            said = said.replace(part, name)
        found = super().ground(image, said)
        self.asked[-1] = instruction
        return dataclasses.replace(found, instruction=instruction)


def test_a_thing_named_by_a_changed_value_is_looked_for_anew(tmp_path: Path):
    def people() -> DrawnApp:
        form = DrawnApp(*(Control("button", name, 20, 40 + 60 * n) for n, name in enumerate(("Ada", "Bob"))))  # fmt: skip
        form.on_look = lambda: form.messages.__setitem__(slice(None), form.done)
        return form

    form = people()
    run = Agent(form, grounder=Knowing(form), params={"WHO": "Ada"}, settings=QUICK).run(
        "click {WHO}"
    )
    flow = record(run, params={"WHO": "Ada"})
    assert flow.steps[0].looks[0].words == "click {WHO}"
    form = people()
    assert again(form, flow).usage.groundings == 0
    form = people()
    run = again(form, flow, Knowing(form), params={"WHO": "Bob"})
    assert (form.done, run.usage.groundings) == (["Bob"], 1)
    assert heals(flow, run) == [], "another value is no change of the screen"


def test_the_screen_decides_conditions_and_loops_anew():
    def banner(shown: bool) -> DrawnApp:
        form = app()
        if shown:
            form.controls.append(Control("button", "Dismiss", 250, 40))
            form.named("Dismiss").on_click = form.controls.pop
        return form

    said = 'if "Dismiss" appears, click "Dismiss". Click "Save" 2 times'
    form = banner(True)
    run = Agent(form, grounder=Knowing(form), settings=QUICK).run(said)
    assert form.done == ["Dismiss", "Save", "Save"]
    flow = record(run)
    assert flow.plan == "instruction"
    for shown, done in ((True, ["Dismiss", "Save", "Save"]), (False, ["Save", "Save"])):
        form = banner(shown)
        assert again(form, flow).usage.groundings == 0
        assert form.done == done


class Model:
    """Stands for a planner that is a model: the same clicks whatever is said."""

    def next(self, task: str, history: Any, observation: Any) -> Any:
        from focusagent.planner.grammar_planner import GrammarPlanner

        said = 'check "Urgent", click "Save"'
        made = GrammarPlanner().next(said, history, observation)
        return Finish("done", "that was it") if isinstance(made, Finish) else made


@pytest.mark.slow
def test_what_a_model_planned_is_replayed_step_by_step():
    form = app()
    run = Agent(form, grounder=Knowing(form), planner=Model(), settings=QUICK).run("do the usual")
    flow = record(run)
    assert flow.plan == "steps"
    form = app()
    assert again(form, flow).is_done()
    assert form.done == ["Urgent", "Save"]
    broken = app()
    broken.controls.pop()
    run = again(broken, flow, Knowing(broken))
    assert (run.reason, broken.done) == ("gave up", ["Urgent"])


@pytest.mark.slow
def test_a_reaction_that_does_not_come_again_is_not_called_verified(flow: Recording):
    form = app()
    form.named("Save").on_click = None
    run = again(form, flow)
    assert run.status == "unverified"
    assert run.steps[-1].status == "unverified"


def shows(pictures: list[Image.Image], value: str) -> int:
    """In how many pictures a value can be read, or a part of it that was left."""
    reader = Reader.load()
    parts = [value, value[:6], value[-6:]]
    return sum(
        any((hits := reader.find(picture, part)) and hits[0].score > 0.8 for part in parts)
        for picture in pictures
        if min(picture.size) >= 16
    )


def everything(folder: Path) -> bytes:
    return b"\n".join(each.read_bytes() for each in sorted(folder.rglob("*")) if each.is_file())


def pictures(folder: Path) -> list[Image.Image]:
    found = []
    for path in sorted(folder.rglob("*.png")):
        with Image.open(path) as image:
            found.append(image.convert("RGB"))
    return found


def test_no_secret_in_anything_that_is_written(tmp_path: Path):
    flow, _ = recorded()
    path = save(flow, tmp_path / "flow" / "flow.yaml")
    form = app(Code=(20, 116))
    form.named("Save").name = "Save it"
    run = again(form, flow, _ByPart(form, {"save": "save it"}), trace=tmp_path / "flow" / "run")
    changes = heals(flow, run)
    assert changes
    save_steps(healed(flow, changes), path, {each.place for each in changes})
    write_page("form", changes, tmp_path / "flow", state_of(changes, 1, 1))
    (tmp_path / "flow" / "out.xml").write_text(junit("form", run, changes))
    said = "".join(line for each in changes for line in each.lines()) + drawn(changes[0]).plain
    assert SECRET.encode() not in everything(tmp_path / "flow") + said.encode()
    assert shows(pictures(tmp_path / "flow"), SECRET) == 0
    code = next(step for step in flow.steps if "Code" in step.text)
    inside = np.asarray(code.looks[0].picture)
    x, y = code.looks[0].at or (0, 0)
    box = code.looks[0].box or (0, 0, 0, 0)
    assert not inside[box[1] - y : box[3] - y, box[0] - x : box[2] - x].any(), "no ink at all"
    # The same checks find a value that is no secret: they can find one.
    bare = DrawnApp(
        Control("textbox", "Name", 20, 40, value=SECRET), Control("text", SECRET, 250, 100)
    )
    agent = Agent(bare, grounder=Knowing(bare), trace=tmp_path / "bare" / "run", settings=QUICK)
    agent.click(SECRET)
    run = agent.finish()
    assert run is not None
    save(record(run), tmp_path / "bare" / "flow.yaml")
    assert SECRET.encode() in everything(tmp_path / "bare")
    assert shows(pictures(tmp_path / "bare" / "flow.patches"), SECRET) == 1


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda flow: again(app(), flow, params={"WHOM": "x"}), "no param 'WHOM'; it has: WHO"),
        (lambda flow: again(DrawnApp(), flow), "secret 'PW'"),
        (lambda flow: record(Run(instruction="x")), "only a run that was done"),
    ],
)
def test_bad_use_is_one_sentence(
    flow: Recording, make: Callable[[Recording], object], sentence: str
):
    with pytest.raises(UserError, match=sentence):
        make(flow)


def test_a_value_that_nobody_kept_has_to_be_given():
    flow = record(recorded()[1])
    assert dict(flow.params) == {"WHO": None}
    with pytest.raises(UserError, match="'WHO' of this flow has no value"):
        again(app(), flow)
    form = app()
    assert again(form, flow, params={"WHO": "Eve"}).usage.groundings == 0
    assert form.named("Name").value == "Eve"


@pytest.mark.slow
def test_junit_is_read_by_others(flow: Recording):
    good, form = again(app(), flow), app()
    form.controls.pop()
    bad = again(form, flow, Knowing(form))
    odd = Run(instruction="x", message="no <page> & \x00 \ud800 ]]>")
    root = ET.fromstring(junit("a <flow>", good))
    suite = root.find("testsuite")
    assert suite is not None
    cases = suite.findall("testcase")
    failed = [case for case in cases if case.find("failure") is not None]
    assert (suite.get("name"), suite.get("tests")) == ("a <flow>", "4")
    assert len(cases) == 4
    assert (
        int(suite.get("failures") or -1)
        == len(failed)
        == sum(step.status != "verified" for step in good.steps)
    )
    held = {each.get("name"): each.get("value") for each in suite.iter("property")}
    assert held["groundings"] == "0"
    root = ET.fromstring(junit("a", bad))
    assert root.get("failures") == str(len(root.findall(".//failure")))
    assert any("Save" in (each.get("message") or "") for each in root.iter("failure"))
    root = ET.fromstring(junit("a", odd))
    assert [case.get("name") for case in root.iter("testcase")] == ["the end"]
    assert "no <page> & \ufffd" in (root.findall(".//failure")[0].text or "")
