"""The report of a run: one file, nothing in it runs, and it shows what happened."""

from __future__ import annotations

import base64
import dataclasses
import io
import json
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image, ImageDraw
from typer.testing import CliRunner

import env
from env.chromium import find_browser, runs_as_root
from focusagent import cli_report
from focusagent.errors import UserError
from focusagent.history import Evidence, Media, Place, Run, Sight, Step, Usage
from focusagent.planner.intents import Click, Outcome, Target
from focusagent.run_figures import Sheet, aimed_at, pictures_of
from focusagent.run_report import page
from focusagent.trace import load_run, open_trace
from grounding import Box, Grounding, Point

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&\u202e\ud800"
SIZE = (480, 320)


def screen(text: str) -> Image.Image:
    image = Image.new("RGB", SIZE, "white")
    pen = ImageDraw.Draw(image)
    pen.rectangle((60, 60, 180, 90), fill="#1c6dd0")
    pen.text((70, 68), text, fill="white")
    return image


def sight(**changes: object) -> Sight:
    made = Sight(
        words="click Save",
        point=(0.25, 0.25),
        box=(0.125, 0.19, 0.375, 0.28),
        confidence=0.8,
        alternatives=(Place((0.7, 0.7), (0.6, 0.6, 0.8, 0.8), 0.41),),
        tokens=(1000, 300, 20),
    )
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


def result(action: env.Action, outcome: str = "changed") -> env.StepResult:
    return env.StepResult(
        action=action,
        outcome=outcome,  # type: ignore[arg-type]
        dispatched=True,
        settled=True,
        before="",
        after="",
        changed_box=(10, 20, 110, 70),
        seconds=0.2,
    )


def step(number: int, text: str = "click Save", **changes: object) -> Step:
    made = Step(
        number=number,
        intent=Click(Target("Save")),
        text=text,
        outcome=Outcome(True),
        sights=(sight(),),
        results=(result(env.Click(120, 80)),),
        evidence=(Evidence("the screen changed", True, "31 x 12 pixels"),),
        decisions=(env.Decision("irreversible: send", True, "approve said so"),),
        url="http://app.test/",
        title="App",
        size=SIZE,
        seconds={"ground": 0.2, "act": 0.3, "total": 0.6},
        at=1.0,
    )
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


def heat() -> Grounding:
    return Grounding(
        "click Save",
        Point(0.25, 0.25),
        Box(0.1, 0.1, 0.4, 0.4),
        0.8,
        heat=np.array([[4, 1], [0, 0]], np.float32),
    )


def kept_run(folder: Path, *steps: Step, **changes: object) -> Run:
    trace = open_trace(folder)
    run = trace.on_start(Run(instruction="click Save twice", at=1.7e9))
    kept = []
    for one in steps:
        images = screen(f"before {one.number}"), screen(f"after {one.number}")
        kept.append(trace.on_step(one, Media(*images, (heat(),))))
    run = dataclasses.replace(run, steps=tuple(kept), reason="done", status="verified")
    run = dataclasses.replace(run, **changes)  # type: ignore[arg-type]
    trace.on_end(run)
    return run


class Reader(HTMLParser):
    """Tags, their attributes and the text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_everything_from_outside_is_escaped() -> None:
    one = step(
        1,
        EVIL,
        outcome=Outcome(False, EVIL, EVIL),
        sights=(sight(words=EVIL, note=EVIL),),
        results=(
            dataclasses.replace(result(env.Type(EVIL)), error=EVIL),
            result(env.Navigate("http://x/")),
        ),
        evidence=(Evidence(EVIL, None, EVIL),),
        decisions=(env.Decision(EVIL, False, EVIL),),
        url="javascript:" + EVIL,
        title=EVIL,
        seconds={EVIL: 1.0},
    )
    data = {EVIL: EVIL, "T": [[EVIL, EVIL]]}
    run = Run(instruction=EVIL, steps=(one,), message=EVIL, data=data, url=EVIL)
    text = page(run)
    plain = page(Run(instruction="x", steps=(step(1),), message="y", data={"T": [["a", "b"]]}))
    found = Reader(text)
    assert {tag for tag, _ in found.tags} <= {tag for tag, _ in Reader(plain).tags} | {"q", "svg"}
    assert not found.all("script")
    assert not [name for _, each in found.tags for name in each if name.startswith("on")]
    assert found.text.count("alert(1)") >= 12  # it is told, as words


def test_it_is_one_file_that_loads_and_runs_nothing(tmp_path: Path) -> None:
    found = Reader(page(kept_run(tmp_path / "run", step(1), step(2))))
    policy = next(each for each in found.all("meta") if each.get("http-equiv"))
    assert policy["http-equiv"] == "Content-Security-Policy"
    assert str(policy["content"]).startswith("default-src 'none'; img-src data:;")
    first = [tag for tag, _ in found.tags].index("style")
    assert found.tags.index(("meta", policy)) < first
    links = [each.get("href") for tag, each in found.tags if "href" in each or "src" in each]
    assert links
    assert all(str(link).startswith(("#", "data:image/")) for link in links)
    names = {each["id"] for _, each in found.tags if "id" in each}
    assert {str(link)[1:] for link in links if str(link).startswith("#")} <= names


def test_each_picture_is_in_it_once_and_the_click_is_where_it_was(tmp_path: Path) -> None:
    run = kept_run(tmp_path / "run", step(1), step(2))
    found = Reader(page(run))
    pictures = [each for each in found.all("image") if "webp" in str(each["href"])]
    assert len(pictures) == len(run.screenshots()) == 4
    assert len(found.all("use")) == 8  # close-up, before, where it looked, after; two steps
    with Image.open(
        io.BytesIO(base64.b64decode(str(pictures[0]["href"]).partition(",")[2]))
    ) as got:
        difference = np.asarray(got.convert("RGB"), int) - np.asarray(screen("before 1"), int)
    assert np.abs(difference).mean() < 3
    rings = [each for each in found.all("circle") if each["class"] == "ring"]
    assert {(each["cx"], each["cy"]) for each in rings} == {("120", "80")}
    others = [each for each in found.all("rect") if each["class"] == "other"]
    assert {(each["x"], each["width"]) for each in others} == {("288", "96")}
    changed = next(each for each in found.all("rect") if each["class"] == "changed")
    assert (changed["x"], changed["y"], changed["width"]) == ("10", "20", "100")


def test_what_happened_is_told(tmp_path: Path) -> None:
    usage = Usage(2, 2000, 600, 3, 1234, 56)
    refused = step(2, evidence=(Evidence("the file arrived", None),), decisions=())
    run = kept_run(tmp_path / "run", step(1), refused, usage=usage, data={"TOTAL": "99 €"})
    told = Reader(page(run)).text
    for words in (
        "click Save twice", "verified", "unverified", "600 of 2,000 (30%)", "1,234 + 56", "99 €",
        "the screen changed", "the file arrived", "confidence 0.80", "1 other candidate",
        "300 of 1,000 tokens and 20 markers", "irreversible: send", "approve said so",
        "agent 100 ms", "2023-11-14",
    ):  # fmt: skip
        assert words in told, words


def test_the_audit_trail_is_shown_but_for_torn_lines(tmp_path: Path) -> None:
    run = kept_run(tmp_path / "run", step(1))
    lines = [{"subject": f"host {each}", "allowed": False, "rule": "domains"} for each in "aab"]
    text = "\n".join(json.dumps(line) for line in lines) + '\n{"subject": "to'
    (tmp_path / "run" / "audit.jsonl").write_text(text)
    told = Reader(page(run)).text
    assert "3 decisions, 3 refused" in told
    assert told.count("host a") == 1
    assert "2×" in told


def test_pictures_that_are_missing_torn_or_elsewhere_are_left_out(tmp_path: Path) -> None:
    run = kept_run(tmp_path / "run", step(1), step(2), step(3))
    (tmp_path / "run" / run.steps[0].before).unlink()
    torn = tmp_path / "run" / run.steps[1].before
    torn.write_bytes(torn.read_bytes()[:100])
    screen("private").save(tmp_path / "private.png")
    away = dataclasses.replace(run.steps[2], before="../private.png", after=str(torn))
    run = dataclasses.replace(run, steps=(*run.steps[:2], away))
    assert [pictures_of(run, index).before for index in range(3)] == [None] * 3
    assert pictures_of(run, 0).after is not None
    assert "No picture of this step was kept" in page(run)


def test_a_run_without_a_folder_shows_the_pictures_it_holds() -> None:
    media = Media(screen("one"), screen("two"), (heat(),))
    run = Run(instruction="x", steps=(step(1), step(2)), kept=(media,))
    assert pictures_of(run, 0).before is None
    shown = pictures_of(run, 1)
    assert shown.before is not None
    assert shown.before.image is media.before
    assert "heat" in shown.looks[1]
    assert len(Reader(page(run)).all("use")) == 4


def test_after_scrolling_the_marks_are_on_the_screen_that_was_aimed_at() -> None:
    media = Media(screen("one"), screen("two"))
    run = Run(instruction="x", kept=(media,))
    scrolled = (result(env.Scroll(10, 10, dy=300)), result(env.Click(120, 80)))
    for results, caption in ((scrolled, "after the screen had moved"), (scrolled[1:], ">before<")):
        one = step(1, results=results)
        shown = pictures_of(dataclasses.replace(run, steps=(one,)), 0)
        assert caption in Sheet().figures(one, shown)


def test_what_was_aimed_at_is_the_last_place_found() -> None:
    first, again, none = sight(), sight(point=(0.5, 0.5)), sight(words="other", point=None)
    assert aimed_at(step(1, sights=(first, again, none))) == [again]
    assert aimed_at(step(1, sights=(none,))) == []


@pytest.mark.parametrize("steps", [(), (step(1, sights=(), results=(), evidence=()),)])
def test_a_run_with_nothing_in_it_is_a_report(steps: tuple[Step, ...]) -> None:
    assert Reader(page(Run(instruction="", steps=steps))).all("header")


# --- the command


def app() -> typer.Typer:
    made = typer.Typer()
    cli_report.register(made)
    made.callback()(lambda: None)  # with one command alone, it would have no name
    return made


def test_the_command_writes_the_report_of_a_run_that_was_cut_off(tmp_path: Path) -> None:
    run = kept_run(tmp_path / "run", step(1), step(2))
    log = tmp_path / "run" / "run.jsonl"
    log.write_bytes(log.read_bytes()[: -len(log.read_bytes().splitlines()[-1]) - 20])
    done = CliRunner().invoke(app(), ["report", str(tmp_path / "run")])
    assert done.exit_code == 0, done.output
    text = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "its trace ends after step 1" in text
    out = tmp_path / "new" / "r.html"
    done = CliRunner().invoke(app(), ["report", str(tmp_path / "run"), "--out", str(out)])
    assert out.read_text(encoding="utf-8") == text
    assert run.report(tmp_path / "all.html").stat().st_size > out.stat().st_size


def test_the_command_refuses_in_one_sentence(tmp_path: Path) -> None:
    def refused(*arguments: object) -> str:
        done = CliRunner().invoke(app(), ["report", *map(str, arguments)])
        assert isinstance(done.exception, UserError)
        return str(done.exception)

    assert "has no run.jsonl" in refused(tmp_path)
    kept_run(tmp_path / "run", step(1))
    assert "is a folder" in refused(tmp_path / "run", "--out", tmp_path)
    (tmp_path / "file").write_text("")
    assert "cannot be written" in refused(tmp_path / "run", "--out", tmp_path / "file" / "r.html")
    log = tmp_path / "run" / "run.jsonl"
    whole = log.read_text()
    for right, wrong in (
        ('"confidence": 0.8', '"confidence": "<i>"'),
        ('"number": 1', '"number": "<i>"'),
        ('"point": [0.25', '"point": ["<i>"'),
    ):
        log.write_text(whole.replace(right, wrong))
        assert "makes no sense" in refused(tmp_path / "run")


@pytest.mark.browser
def test_in_a_browser_it_is_quiet_and_fits_a_phone(tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    long = "click the button " + "Wwwwwwww" * 60
    kept_run(tmp_path / "run", step(1), step(2, long, url="http://x/" + "y" * 400))
    report = load_run(tmp_path / "run").report(tmp_path / "report.html")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(), chromium_sandbox=not runs_as_root()
        )
        page = browser.new_page(viewport={"width": 390, "height": 800})
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("request", lambda request: said.append(request.url))
        page.goto(report.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        shot = Image.open(io.BytesIO(page.locator("#step-1 figure.screen svg").first.screenshot()))
        blue = np.abs(np.asarray(shot.convert("RGB"), int) - (28, 109, 208)).sum(-1) < 40
        assert blue.mean() > 0.005  # the embedded picture is drawn
        page.locator("#step-1 figure.screen a").first.click()
        assert page.locator("figure:target").count() == 1
        page.locator("figure:target .back").click()
        assert page.locator("figure:target").count() == 0
        browser.close()
    assert [each for each in said if not each.startswith(("file:", "data:"))] == []
