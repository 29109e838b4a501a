"""Runs as folders: whole lines or none, whatever happens, and no secret in any byte."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from html import escape
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from drawn_app import Control, DrawnApp, Knowing
from PIL import Image, ImageChops, ImageDraw

import env
from focusagent.agent import Agent, Settings
from focusagent.errors import UserError
from focusagent.history import Evidence, Media, Run, Sight, Step, Usage
from focusagent.planner.intents import Click, Outcome, Read, Target
from focusagent.trace import FolderTrace, load_run, look_name, open_trace
from grounding import Box, Grounding, Point

QUICK = Settings(step_timeout=0.4, patience=0.3)
ODD = 'Zoë 東京 \ud800 </script> "quoted"\n\x00\u2028'  # half a surrogate pair, line ends, a zero


def picture(number: int, size: tuple[int, int] = (64, 40)) -> Image.Image:
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).rectangle((number, 5, number + 10, 20), fill="#1c6dd0")
    return image


def step_of(number: int, **changes: object) -> Step:
    intent = Read(Target("total"), "TOTAL") if number == 2 else Click(Target(f"button {number}"))
    made = Step(
        number=number,
        intent=intent,
        text=f"step {number} {ODD}",
        outcome=Outcome(True, "1 €" if number == 2 else None),
        sights=(
            Sight(
                words="button",
                point=(0.3, 0.3),
                box=(0.1, 0.1, 0.4, 0.5),
                confidence=0.8,
                tokens=(100, 30, 5),
            ),
        ),
        evidence=(Evidence("the screen changed", True),),
        url=f"http://app.test/{number}",
        size=(64, 40),
        seconds={"total": 0.5},
        at=1000.0 + number,
    )
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


def write_run(folder: Path, count: int = 3, *, end: bool = True) -> tuple[Run, Path]:
    trace = open_trace(folder)
    run = trace.on_start(Run(instruction=f"do it {ODD}", at=1000.0))
    steps = []
    for number in range(1, count + 1):
        media = Media(picture(number), picture(number + 1))
        steps.append(trace.on_step(step_of(number), media))
    data = {"TOTAL": "1 €"} if count > 1 else {}
    usage = Usage(groundings=count, visual_tokens=100 * count, visual_tokens_kept=30 * count)
    run = dataclasses.replace(run, steps=tuple(steps), data=data, usage=usage)
    run = dataclasses.replace(run, reason="done", status="verified", seconds=4.0)
    if end:
        trace.on_end(run)
    return run, Path(str(run.folder))


# --- whole runs


def test_a_run_comes_back_exactly_with_its_pictures(tmp_path: Path) -> None:
    run, folder = write_run(tmp_path / "run")
    assert load_run(folder) == run
    assert len(run.screenshots()) == 6
    for number, path in enumerate(run.screenshots()):
        with Image.open(path) as kept:
            wanted = picture(number // 2 + 1 + number % 2)
            assert ImageChops.difference(kept.convert("RGB"), wanted).getbbox() is None
    assert not list(folder.rglob("*.part"))


def test_a_moved_folder_finds_its_pictures(tmp_path: Path) -> None:
    _, folder = write_run(tmp_path / "run")
    moved = folder.rename(tmp_path / "elsewhere")
    assert all(Path(name).is_file() for name in load_run(moved).screenshots())


def test_the_same_screen_is_kept_once(tmp_path: Path) -> None:
    trace = open_trace(tmp_path)
    trace.on_start(Run(instruction="x"))
    still, other = picture(1), picture(2)
    first = trace.on_step(step_of(1), Media(still, still))
    second = trace.on_step(step_of(2), Media(still, other))
    assert first.before == first.after == second.before != second.after
    assert len(list((tmp_path / "screens").iterdir())) == 2


def test_heat_and_kept_tokens_are_kept(tmp_path: Path) -> None:
    trace = open_trace(tmp_path)
    trace.on_start(Run(instruction="x"))
    heat = np.array([[0, 1], [2, 4]], np.float32)
    seen = Grounding("b", Point(0.3, 0.3), Box(0, 0, 1, 1), 0.9, heat=heat)
    trace.on_step(step_of(1), Media(picture(1), picture(2), (seen,)))
    with Image.open(tmp_path / look_name(1, 1, "heat")) as kept:
        assert np.asarray(kept).tolist() == [[0, 64], [128, 255]]
    assert not (tmp_path / look_name(1, 1, "kept")).exists()


def test_no_run_is_overwritten(tmp_path: Path) -> None:
    first, folder = write_run(tmp_path / "run", 1)
    second, other = write_run(tmp_path / "run", 2)
    assert (folder.name, other.name) == ("run", "run-2")
    assert (load_run(folder), load_run(other)) == (first, second)
    trace = open_trace(tmp_path / "again")  # one agent, two runs
    names = [trace.on_start(Run(instruction=str(number))).folder for number in (1, 2)]
    assert [load_run(str(name)).instruction for name in names] == ["1", "2"]


@pytest.mark.parametrize(
    ("lay", "says"),
    [
        (lambda folder: None, "is no folder"),
        (lambda folder: folder.mkdir(), "has no run.jsonl"),
        (lambda folder: write_run(folder / "row-001", 1), "holds 1 runs, not one.*row-001"),
        (lambda folder: (folder.mkdir(), (folder / "run.jsonl").write_text("{}\n")), "is no trace"),
        (lambda folder: (folder.mkdir(), (folder / "run.jsonl").write_text("cow")), "is no trace"),
        (
            lambda folder: (
                folder.mkdir(),
                (folder / "run.jsonl").write_text(
                    '{"kind": "start", "format": 9, "run": {"instruction": "x"}}\n'
                ),
            ),
            "no run of format 1",
        ),
    ],
)
def test_a_folder_without_a_run_is_one_sentence(tmp_path: Path, lay: object, says: str) -> None:
    lay(tmp_path / "x")  # type: ignore[operator]
    with pytest.raises(UserError, match=says) as caught:
        load_run(tmp_path / "x")
    assert "\n" not in str(caught.value)


# --- crashes


def test_a_trace_cut_at_any_byte_has_every_completed_step(tmp_path: Path) -> None:
    run, folder = write_run(tmp_path / "run")
    log = folder / "run.jsonl"
    whole = log.read_bytes()
    ends = [at + 1 for at in range(len(whole)) if whole[at : at + 1] == b"\n"]
    assert len(ends) == 5
    edges = {at + shift for at in (0, *ends) for shift in (-1, 0, 1)}
    cuts = edges | set(random.Random(6).sample(range(len(whole)), 200))
    for cut in sorted(cut for cut in cuts if 0 <= cut <= len(whole)):
        # A lost page of the disk reads as zeros.
        for tail in (b"", b"\0" * 40)[: 2 if cut in edges else 1]:
            log.write_bytes(whole[:cut] + tail)
            loaded = load_run(folder)
            lines = sum(end <= cut for end in ends)
            assert loaded.steps == run.steps[: max(0, lines - 1)][:3], cut
            if lines < 5:
                assert (loaded.reason, loaded.status) == ("stopped", "failed")
                assert "interrupted" in loaded.message
            if 1 <= lines < 5:
                assert loaded.instruction == run.instruction
    log.write_bytes(whole)
    assert load_run(folder) == run


def test_a_run_that_was_cut_off_counts_as_its_recorder_would(tmp_path: Path) -> None:
    run, folder = write_run(tmp_path / "run", end=False)
    loaded = load_run(folder)
    assert loaded.message == "it was interrupted: its trace ends after step 3"
    assert (loaded.data, loaded.usage) == (run.data, run.usage)
    assert (loaded.at, loaded.url, loaded.seconds) == (1000.0, "http://app.test/3", 3.5)


def test_damage_in_the_middle_is_said(tmp_path: Path) -> None:
    run, folder = write_run(tmp_path / "run")
    log = folder / "run.jsonl"
    lines = log.read_bytes().split(b"\n")
    for damage in (b"{", b"\xff", b"[]", b'{"kind": "step", "step": {"number": 2}}', b"[" * 99999):
        log.write_bytes(b"\n".join([*lines[:2], damage, *lines[3:]]))
        loaded = load_run(folder)
        assert loaded.steps == run.steps[:1]
        assert "line 3 of its trace is damaged" in loaded.message


_WRITER = """
import itertools, sys
from pathlib import Path
from PIL import Image
from focusagent.history import Media, Run, Step
from focusagent.planner.intents import Outcome, Wait
from focusagent.trace import open_trace
shots = [Image.effect_noise((300, 200), 90).convert("RGB") for _ in range(6)]
for one in itertools.count():
    trace = open_trace(Path(sys.argv[1]) / str(one))
    trace.on_start(Run(instruction="x", at=1.0))
    print("start", one, flush=True)
    for number in range(1, 6):
        step = Step(number=number, intent=Wait(1), text="wait", outcome=Outcome(True))
        trace.on_step(step, Media(shots[number - 1], shots[number]))
        print("step", one, number, flush=True)
"""


_AGENT = """
import itertools, sys
from drawn_app import Control, DrawnApp, Knowing
from focusagent.agent import Agent, Settings
app = DrawnApp()
app.controls = [Control("button", "Save", 20, 150, lambda: app.messages.append("Saved"))]
for one in itertools.count():
    def said(step):
        print("step", one, step.number, flush=True)
    print("start", one, flush=True)
    app.messages.clear()
    quick = Settings(step_timeout=0.4, patience=0.1)
    agent = Agent(app, grounder=Knowing(app), trace=f"{sys.argv[1]}/{one}", settings=quick,
                  on_step=said)
    agent.run("click Save, click Save, click Save")
"""


def _killed(script: str, folder: Path, seconds: float) -> tuple[int, int]:
    """Kill a process that writes traces; which trace and step it had said were kept."""
    with subprocess.Popen(
        [sys.executable, "-c", script, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])},
    ) as writer:
        assert writer.stdout is not None
        first = writer.stdout.readline()
        time.sleep(seconds)
        os.kill(writer.pid, signal.SIGKILL)
        said = [first, *writer.stdout.readlines()]
    words = [line.split() for line in said if line.endswith("\n")][-1]
    return int(words[1]), int(words[2]) if words[0] == "step" else 0


def _check_killed(script: str, folder: Path, seconds: float) -> None:
    trace, step = _killed(script, folder, seconds)
    if (folder / str(trace) / "run.jsonl").exists() or step:
        assert len(load_run(folder / str(trace)).steps) in (step, step + 1)
    for log in folder.glob("*/run.jsonl"):  # it may have begun another
        for name in load_run(log.parent).screenshots():
            with Image.open(name) as kept:
                kept.load()


@pytest.mark.parametrize("times", [2, pytest.param(50, marks=pytest.mark.slow)])
def test_killed_at_random_moments_it_loads(tmp_path: Path, times: int) -> None:
    for turn in range(times):
        _check_killed(_WRITER, tmp_path / str(turn), random.Random(turn).uniform(0, 0.3))


@pytest.mark.slow
def test_an_agent_killed_at_random_moments_leaves_whole_steps(tmp_path: Path) -> None:
    for turn in range(6):
        _check_killed(_AGENT, tmp_path / str(turn), random.Random(turn).uniform(0.5, 6.0))
    logs = [load_run(log.parent) for log in tmp_path.glob("*/*/run.jsonl")]
    assert any(run.steps for run in logs)
    assert any("interrupted" in run.message for run in logs)


# --- a full disk


@contextlib.contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file may grow beyond this size: writes are cut short and then fail, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_leaves_whole_lines_and_room_for_the_end(tmp_path: Path) -> None:
    trace = open_trace(tmp_path / "run")
    run = trace.on_start(Run(instruction="x", at=1000.0))
    kept = trace.on_step(step_of(1), Media(picture(1), picture(2)))
    log = tmp_path / "run" / "run.jsonl"
    with room_for(log.stat().st_size + 300), pytest.raises(OSError, match="too large"):
        trace.on_step(step_of(2), Media(picture(2), picture(3)))
    assert log.read_bytes().endswith(b"\n")
    ended = dataclasses.replace(run, steps=(kept,), message="the trace cannot be written")
    trace.on_end(ended)
    assert load_run(tmp_path / "run") == ended


def test_a_picture_that_does_not_fit_costs_only_the_picture(tmp_path: Path) -> None:
    trace = open_trace(tmp_path / "run")
    trace.on_start(Run(instruction="x", at=1000.0))
    noise = Image.effect_noise((200, 200), 90)
    with room_for(4000), pytest.raises(OSError, match="too large"):
        trace.on_step(step_of(1), Media(noise, noise))
    assert load_run(tmp_path / "run").steps == (step_of(1),)
    assert [path.name for path in (tmp_path / "run" / "screens").iterdir()] == []


def test_an_agent_on_a_full_disk_ends_with_a_reason(tmp_path: Path) -> None:
    app = form()
    trace = open_trace(tmp_path / "run")
    agent = Agent(app, grounder=Knowing(app), trace=trace, settings=QUICK)
    log = tmp_path / "run" / "run.jsonl"
    full = contextlib.ExitStack()
    agent._on_step = lambda step: full.enter_context(room_for(log.stat().st_size + 100))
    with full:
        run = agent.run("check Remember me, click Save, click Save")
    assert (run.reason, run.status) == ("stopped", "failed")
    assert "the trace cannot be written" in run.message
    assert load_run(tmp_path / "run").steps == run.steps[:1]


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_folder_that_cannot_be_made_ends_the_run(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("")
    app = form()
    agent = Agent(app, grounder=Knowing(app), trace=tmp_path / place, settings=QUICK)
    run = agent.run("click Save")
    assert (run.reason, app.done) == ("stopped", [])
    assert "the trace cannot be written" in run.message


# --- an agent's run, and secrets


def form() -> DrawnApp:
    app = DrawnApp(
        Control("textbox", "Username", 20, 40),
        Control("checkbox", "Remember me", 20, 100),
    )
    save = Control("button", "Save", 20, 150, lambda: app.messages.append("Saved"))
    app.controls.append(save)
    return app


def found_in(folder: Path, value: str) -> list[str]:
    """The files that hold a value, in any of the ways in which text is written down."""
    forms = {
        value.encode(),
        value.encode("utf-16-le"),
        base64.b64encode(value.encode()).rstrip(b"="),
        quote(value).encode(),
        json.dumps(value)[1:-1].encode(),
        escape(value).encode(),
    }
    paths = [path for path in folder.rglob("*") if path.is_file()]
    assert paths
    return [path.name for path in paths if any(form in path.read_bytes() for form in forms)]


def _typed(folder: Path, value: str, *, secret: bool) -> tuple[Run, list[Image.Image]]:
    app = form()
    known = {"PW": value}
    options = (
        {"secrets": {"PW": env.Secret(value, domains=["app.test"])}}
        if secret
        else {"params": known}
    )
    trace: FolderTrace = open_trace(folder)
    agent = Agent(app, grounder=Knowing(app), trace=trace, settings=QUICK, **options)  # type: ignore[arg-type]
    run = agent.run("type {PW} into Username, click Save")
    run.report(folder / "report.html")
    assert app.named("Username").value == value
    return run, [Image.open(path).convert("RGB") for path in run.screenshots()]


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_no_byte_and_no_pixel_of_a_secret_is_kept(tmp_path: Path) -> None:
    one, two = "tr0ub4dör&3", "c0rrect h0rse"
    _, open_pictures = _typed(tmp_path / "open-1", one, secret=False)
    _, other_pictures = _typed(tmp_path / "open-2", two, secret=False)
    assert {"run.jsonl", "report.html"} <= set(found_in(tmp_path / "open-1", one))
    pairs = zip(open_pictures, other_pictures, strict=True)
    assert any(ImageChops.difference(*pair).getbbox() for pair in pairs)
    # The checks can find a value; of a secret there is none, and no picture depends on it.
    run, pictures = _typed(tmp_path / "hidden-1", one, secret=True)
    _, others = _typed(tmp_path / "hidden-2", two, secret=True)
    assert run.is_successful()
    assert found_in(tmp_path / "hidden-1", one) == []
    assert found_in(tmp_path / "hidden-2", two) == []
    pairs = zip(pictures, others, strict=True)
    assert not any(ImageChops.difference(*pair).getbbox() for pair in pairs)


def test_an_agents_run_loads_as_it_was(tmp_path: Path) -> None:
    app = form()
    agent = Agent(app, grounder=Knowing(app), trace=tmp_path / "run", settings=QUICK)
    run = agent.run("check Remember me, click Save")
    assert run.is_successful()
    assert load_run(tmp_path / "run") == run
    assert all(Path(name).is_file() for name in run.screenshots())
