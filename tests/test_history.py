"""Runs and steps: an exact round trip, and the questions they answer."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import env
from focusagent.errors import UserError
from focusagent.history import Evidence, Place, Run, Sight, Step, Usage, sight_of
from focusagent.planner.intents import (
    Click,
    Finish,
    Outcome,
    Read,
    Target,
    Type,
)
from grounding import Box, Candidate, Grounding, Point, Tokens

share = st.floats(0, 1)
number = st.floats(allow_nan=False, allow_infinity=False)
box = st.tuples(share, share, share, share)
place = st.builds(Place, st.tuples(share, share), box, share)
sight = st.builds(
    Sight,
    words=st.text(),
    point=st.none() | st.tuples(share, share),
    box=st.none() | box,
    confidence=share,
    alternatives=st.lists(place, max_size=2).map(tuple),
    tokens=st.none() | st.tuples(*[st.integers(0, 5000)] * 3),
    seconds=st.dictionaries(st.text(), number, max_size=2),
    by=st.sampled_from(["eyes", "selector", "recorded"]),
    note=st.text(),
)
action = st.sampled_from(
    [
        env.Click(1.5, 2.0, count=2, modifiers=("Shift",)),
        env.Type(secret="PW"),
        env.Type("é漢 <>"),
        env.Upload(1, 2, ("/a", "b")),
    ]
)
pixel = st.integers(0, 4000)
result = st.builds(
    env.StepResult,
    action=action,
    outcome=st.sampled_from(["changed", "no change", "navigated", "blocked", "failed"]),
    dispatched=st.booleans(),
    settled=st.booleans(),
    before=st.text(),
    after=st.text(),
    changed_box=st.none() | st.tuples(pixel, pixel, pixel, pixel),
    seconds=number,
    error=st.none() | st.text(),
)
intent = st.sampled_from(
    [
        Click(Target("Save", role="button"), modifiers=("Control",)),
        Type("{PW}", Target("Password")),
        Finish("gave up", "why"),
    ]
)
step = st.builds(
    Step,
    number=st.integers(1, 99),
    intent=intent,
    text=st.text(),
    outcome=st.builds(Outcome, st.booleans(), st.none() | st.text(), st.text()),
    sights=st.lists(sight, max_size=2).map(tuple),
    results=st.lists(result, max_size=2).map(tuple),
    evidence=st.lists(
        st.builds(Evidence, st.text(), st.none() | st.booleans(), st.text()), max_size=2
    ).map(tuple),
    decisions=st.lists(
        st.builds(env.Decision, st.text(), st.booleans(), st.text(), number), max_size=2
    ).map(tuple),
    url=st.text(),
    title=st.text(),
    size=st.tuples(pixel, pixel),
    before=st.text(),
    after=st.text(),
    seconds=st.dictionaries(st.text(), number, max_size=3),
    at=number,
)
run = st.builds(
    Run,
    instruction=st.text(),
    steps=st.lists(step, max_size=3).map(tuple),
    reason=st.sampled_from(["done", "gave up", "out of budget", "refused", "stopped"]),
    status=st.sampled_from(["verified", "unverified", "failed"]),
    message=st.text(),
    data=st.dictionaries(st.text(), st.text() | st.lists(st.lists(st.text()))),
    usage=st.builds(Usage, *[st.integers(0, 10**9)] * 6),
    seconds=number,
    at=number,
    url=st.text(),
    folder=st.none() | st.text(),
)


@given(run)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_run_goes_to_json_text_and_back_exactly(made: Run) -> None:
    assert Run.from_json(json.loads(json.dumps(made.to_json()))) == made


def test_a_run_goes_to_a_file_and_back(tmp_path: Path) -> None:
    made = Run(instruction="x", data={"TOTAL": "1 €", "ROWS": [["a"], ["b"]]}, reason="done")
    assert Run.load(made.save(tmp_path / "run.json")) == made


@pytest.mark.parametrize(
    "damage",
    [
        {"format": 2},
        {"steps": [{}]},
        {"usage": {"cows": 1}},
        {"extra": 1},
        {"steps": None},
    ],
)
def test_a_damaged_run_is_refused_in_one_sentence(damage: dict[str, object]) -> None:
    with pytest.raises(UserError, match="this is no run|this run is damaged"):
        Run.from_json(Run(instruction="x").to_json() | damage)


def test_no_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        Run.load(tmp_path / "none.json")


def _step(**changes: object) -> Step:
    made = Step(number=1, intent=Click(Target("Save")), text="click Save", outcome=Outcome(True))
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


def _result(kind: str = "changed") -> env.StepResult:
    return env.StepResult(
        action=env.Click(1, 1),
        outcome=kind,  # type: ignore[arg-type]
        dispatched=True,
        settled=True,
        before="",
        after="",
        changed_box=None,
        seconds=0,
    )


def test_a_step_is_verified_only_by_evidence() -> None:
    acted = {"results": (_result(),)}
    assert _step(**acted).status == "unverified"
    assert _step(**acted, evidence=(Evidence("a", None),)).status == "unverified"
    assert _step(**acted, evidence=(Evidence("a", True), Evidence("b", True))).status == "verified"
    assert _step(**acted, evidence=(Evidence("a", None), Evidence("b", True))).status == (
        "unverified"
    )
    assert _step(**acted, evidence=(Evidence("a", True), Evidence("b", False))).status == "failed"
    assert _step(**acted, outcome=Outcome(False), evidence=(Evidence("a", True),)).status == (
        "failed"
    )
    assert _step().status == "verified"  # it only looked


def test_success_is_claimed_only_when_done_and_verified() -> None:
    assert Run(instruction="x", reason="gave up", status="verified").is_successful() is None
    assert Run(instruction="x", reason="done", status="unverified").is_successful() is False
    assert Run(instruction="x", reason="done", status="verified").is_successful() is True


def test_the_questions_users_ask() -> None:
    read = Read(Target("Total"), "TOTAL")
    made = Run(
        instruction="x",
        reason="gave up",
        message="no Save anywhere",
        folder="runs/1",
        url="http://h/b",
        seconds=2.5,
        steps=(
            _step(url="http://h/a", before="1-before.png", after="1-after.png"),
            _step(url="http://h/a", intent=read, outcome=Outcome(True, "12"), before="1-after.png"),
            _step(url="http://h/b", outcome=Outcome(False, reason="gone"), results=(_result(),)),
        ),
    )
    assert made.urls() == ["http://h/a", "http://h/b"]
    assert made.errors() == ["gone", "no Save anywhere"]
    assert made.final_result() == "12"
    assert made.screenshots() == ["runs/1/1-before.png", "runs/1/1-after.png"]
    assert made.action_names() == ["click"]
    assert (made.number_of_steps(), made.total_duration_seconds()) == (3, 2.5)
    assert not made.is_done()


def test_a_grounding_becomes_a_sight() -> None:
    found = Grounding(
        "Save",
        Point(0.5, 0.25),
        Box(0, 0, 1, 0.5),
        0.75,
        (Candidate(Point(0.1, 0.2), Box(0, 0, 0.2, 0.4), 0.5),),
        Tokens(100, 30, 5),
        {"model": 0.25},
    )
    assert sight_of(found, note="again") == Sight(
        words="Save",
        point=(0.5, 0.25),
        box=(0, 0, 1, 0.5),
        confidence=0.75,
        alternatives=(Place((0.1, 0.2), (0, 0, 0.2, 0.4), 0.5),),
        tokens=(100, 30, 5),
        seconds={"model": 0.25},
        note="again",
    )
    assert sight_of(Grounding("Save", None, None, 0.9)).point is None
