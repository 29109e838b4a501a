"""The agent in a real browser with the default grounder, on the bundled application."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from web import serve

from env import BrowserEnvironment, Policy, Secret
from focusagent.agent import Agent, Settings, StepFailed
from focusagent.agent.eyes import shared_grounder
from focusagent.demo.server import serve_app
from focusagent.history import Media, Run, Step
from grounding import Reader

pytestmark = pytest.mark.browser

VALUE = "Xylophone77"
PATIENT = Settings(step_timeout=10, patience=5)


class Pictures:
    """A trace that keeps pictures and text as files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0

    def on_start(self, run: Run) -> Run:
        return Run(instruction=run.instruction, at=run.at, folder=str(self.folder))

    def on_step(self, step: Step, media: Media) -> Step:
        for picture in (media.before, media.after):
            self.count += 1
            picture.save(self.folder / f"{self.count:03}.png")
        with (self.folder / "steps.jsonl").open("a") as file:
            file.write(json.dumps(step.to_json()) + "\n")
        return step

    def on_end(self, run: Run) -> None:
        run.save(self.folder / "run.json")


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load()


@pytest.fixture(scope="module")
def browser() -> Iterator[BrowserEnvironment]:
    with serve_app() as url, BrowserEnvironment(url, viewport=(1000, 640)) as opened:
        yield opened


def shows(reader: Reader, folder: Path, value: str) -> list[str]:
    """The stored pictures in which a value can be read."""
    found = []
    for path in sorted(folder.glob("*.png")):
        with Image.open(path) as picture:
            hits = reader.find(picture.convert("RGB"), value)
        if hits and hits[0].score > 0.8:
            found.append(path.name)
    return found


def in_files(folder: Path, value: str) -> list[str]:
    return [
        path.name
        for path in sorted(folder.rglob("*"))
        if path.is_file() and value.encode() in path.read_bytes()
    ]


def test_signing_in_with_a_secret_that_nothing_stored_shows(
    browser: BrowserEnvironment, reader: Reader, tmp_path: Path
) -> None:
    hidden, plain = tmp_path / "hidden", tmp_path / "plain"
    hidden.mkdir(), plain.mkdir()
    browser.reset()
    secrets = {"PW": Secret(VALUE, domains=["127.0.0.1"])}
    # The secret goes into a field that shows its letters, and the page repeats it at the top.
    instruction = 'type {PW} into Username, type "x" into Password, click the "Sign in" button'
    with_secret = Agent(browser, secrets=secrets, trace=Pictures(hidden), settings=PATIENT)
    run = with_secret.run(instruction)
    assert run.status == "verified", run.summary()
    assert in_files(hidden, VALUE) == []
    assert shows(reader, hidden, VALUE) == []
    assert VALUE not in repr(run) + "".join(run.errors())
    # The same checks find the value where it is none, so they can find one.
    other = VALUE[::-1]
    browser.reset()
    agent = Agent(browser, params={"WHO": other}, trace=Pictures(plain), settings=PATIENT)
    agent.type("Username", "{WHO}")
    agent.finish()
    assert in_files(plain, other) != []
    assert shows(reader, plain, other) != []


BOARD = """<body style="margin:0;font:20px sans-serif;user-select:none"><p id=said>Nothing moved yet</p>
<div id=card style="width:160px;height:60px;background:#cde;margin:20px"></div>
<div id=done style="width:300px;height:200px;background:#eee;margin:20px"></div>
<script>card.onmousedown=()=>document.onmouseup=e=>{if(done.contains(e.target)){
done.append(card);said.textContent='Card moved'}};</script>"""


def test_things_without_names_are_found_and_dragged_by_selectors() -> None:
    with serve({"/": BOARD}) as url, BrowserEnvironment(url + "/") as opened:
        agent = Agent(opened, settings=PATIENT)
        spot = agent.locate("the first card", selector="#card")
        assert spot is not None
        assert spot.selector == "#card"
        assert (spot.box[2] - spot.box[0], spot.box[3] - spot.box[1]) == (160, 60)
        step = agent.drag("card", "done", selector="#card", onto_selector="#done")
        assert step.status == "verified"
        assert opened.evaluate("said.textContent") == "Card moved"


def test_a_field_that_its_label_leaves_out_of_sight_is_scrolled_to() -> None:
    page = (
        "<body style='font:18px sans-serif'><div style='height:560px'>Request leave</div>"
        "<p style='margin:0'>Staff number</p><p style='color:#666'>8 characters</p>"
        "<input id=staff style='font:inherit;padding:8px;width:200px'><div style='height:600px'>"
    )
    with (
        serve({"/": page}) as url,
        BrowserEnvironment(url + "/", viewport=(1000, 640)) as opened,
    ):
        assert Agent(opened, settings=PATIENT).type("Staff number", "4411").status == "verified"
        assert opened.evaluate("staff.value") == "4411"


@pytest.mark.slow
def test_a_table_a_dropdown_and_a_box(browser: BrowserEnvironment) -> None:
    browser.reset()
    agent = Agent(browser, settings=PATIENT)
    agent.type("Username", "alice", selector="#user")
    agent.type("Password", "x", selector="#nothing-such")  # eyes take over
    assert agent.click("Sign in", selector="#sign-in").status == "verified"
    rows = agent.read_table()
    assert rows[0][:3] == ["Number", "Customer", "Due"]
    assert [row[0] for row in rows[1:]] == ["2041", "2042", "2043"]
    assert agent.read("status of 2042") == "Paid"
    assert agent.click("New invoice").status == "verified"
    assert agent.select("Currency", "GBP").status == "verified"
    assert agent.check("Urgent").status == "verified"
    states = browser.evaluate(
        "() => [document.getElementById('currency').value,"
        " document.getElementById('urgent').checked]"
    )
    assert states == ["GBP", True]
    with pytest.raises(StepFailed, match="there are: EUR, USD, GBP"):
        agent.select("Currency", "CHF")
    run = agent.finish()
    assert run is not None
    assert [step.sights[0].by for step in run.steps[:3]] == ["selector"] * 3
    assert [sight.by for sight in run.steps[1].sights] == ["selector", "eyes"]


@pytest.mark.slow
def test_a_file_that_arrives_is_evidence(browser: BrowserEnvironment) -> None:
    browser.reset()
    browser.evaluate(
        "() => { login.hidden = true; document.getElementById('top').hidden = false;"
        " document.getElementById('main').hidden = false; list(); show('invoices');"
        " document.getElementById('menu').hidden = false }"
    )
    run = Agent(browser, settings=PATIENT).run(
        'click "Export as CSV", check that invoices.csv was downloaded'
    )
    assert run.status == "verified", run.summary()
    assert any("invoices.csv arrived" in proof.detail for proof in run.steps[0].evidence)


POPUP = """<body style="margin:40px;font:16px sans-serif">
<button style="padding:10px 30px" onclick="out.textContent='Report opened'">Open report</button>
<p id=out></p><div id=bar style="position:fixed;left:0;right:0;bottom:0;padding:20px;
background:#234;color:#fff">We use cookies. <button onclick="bar.remove()">Reject all</button>
<button onclick="bar.remove();out.textContent='sold'">Accept all</button></div>"""


@pytest.mark.slow
def test_a_banner_is_answered_as_told_and_only_if_it_is_there() -> None:
    with serve({"/": POPUP}) as url, BrowserEnvironment(url, viewport=(700, 400)) as opened:
        run = Agent(opened, settings=PATIENT).run(
            "If a cookie banner appears, decline it. Click Open report. "
            'Check that "Report opened" is visible.'
        )
        assert run.status == "verified", run.summary()
        assert "Reject all" not in opened.evaluate("() => document.body.innerText")


@pytest.mark.slow
def test_an_unreachable_start_and_a_crash_end_the_run() -> None:
    with BrowserEnvironment("about:blank", policy=Policy(), viewport=(600, 400)) as opened:
        run = Agent(opened, settings=PATIENT).run("go to http://127.0.0.1:9/")
        assert (run.reason, run.status) == ("gave up", "failed")
        assert "127.0.0.1:9" in run.message or "REFUSED" in run.message.upper()
    run = Agent(opened).run("click Save")
    assert (run.reason, run.status) == ("stopped", "failed")
    assert "closed" in run.message


def test_the_grounder_is_loaded_once() -> None:
    assert shared_grounder("default") is shared_grounder("default")
