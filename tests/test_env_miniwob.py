"""MiniWoB++ through our browser: what a brute-force search found wins when we click it."""

from __future__ import annotations

import json
import runpy
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from env import Click, Drag, EnvError, Environment, Observation, Scroll, SetupError, Type
from env.miniwob import AREA, ONECLICK, MiniwobEnvironment, task_url, tasks
from env.screen import to_screen

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(find_spec("miniwob") is None, reason="the extra `miniwob` is missing"),
]

ROOT = Path(__file__).resolve().parent.parent
CLICKS = json.loads((ROOT / "tests/data/miniwob_oracle.json").read_text("utf-8"))["clicks"]
SAMPLE = ("click-button", "click-tab-2-hard", "email-inbox-delete", "grid-coordinate")
MIDDLE = runpy.run_path(str(ROOT / "benchmarks/miniwob_oracle.py"))["MIDDLE"]
LOG = """() => {
  window.log = [];
  for (const kind of ['mousedown', 'mouseup', 'wheel'])
    addEventListener(kind, e => log.push([kind, e.clientX, e.clientY, e.deltaY ?? 0]));
}"""


@pytest.fixture(scope="module")
def env() -> Iterator[MiniwobEnvironment]:
    with MiniwobEnvironment("click-test") as opened:
        yield opened


@pytest.fixture(scope="module")
def env_at_2() -> Iterator[MiniwobEnvironment]:
    with MiniwobEnvironment("click-test", device_scale=2.0) as opened:
        yield opened


@pytest.fixture(params=["env", pytest.param("env_at_2", marks=pytest.mark.slow)])
def scaled(request) -> MiniwobEnvironment:
    return request.getfixturevalue(request.param)


def middle(env: MiniwobEnvironment, seen: Observation, element: int) -> tuple[float, float]:
    """Where an element of the page stands in the picture."""
    return to_screen(env.browser.evaluate(MIDDLE, element), seen.scale, seen.origin)


def wins(env: MiniwobEnvironment, click: dict) -> bool:
    seen = env.reset(task=click["task"], seed=click["seed"])
    before = (env.utterance, env.reward, env.done)
    result = env.step(Click(*middle(env, seen, click["element"])))
    after = (result.error, env.reward, env.done)
    return before == (click["utterance"], 0.0, False) and after == (None, 1.0, True)


def losers(env: MiniwobEnvironment, clicks: list[dict]) -> list[tuple[str, int]]:
    return [(click["task"], click["seed"]) for click in clicks if not wins(env, click)]


def test_the_fixture_is_complete():
    assert len(ONECLICK) == 24
    assert set(ONECLICK) <= set(tasks())
    assert sorted(click["task"] for click in CLICKS) == sorted(3 * ONECLICK)
    assert len({(click["task"], click["seed"]) for click in CLICKS}) == 72


def test_the_oracle_wins_a_sample(scaled):
    assert not losers(scaled, [c for c in CLICKS if c["task"] in SAMPLE and c["seed"] == 0])


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_oracle_wins_everywhere(scaled):
    assert not losers(scaled, CLICKS)


def test_the_picture_is_the_task_area_twice_as_large(scaled):
    seen = scaled.reset(task="click-test", seed=0)
    assert isinstance(scaled, Environment)
    assert seen.image.size == (320, 420)
    assert (seen.scale, seen.viewport, seen.origin) == ((2.0, 2.0), (160.0, 210.0), (0.0, 0.0))
    plain = scaled.browser.observe().image.crop((0, 0, *AREA))
    assert seen.image.tobytes() == plain.resize((320, 420), Image.Resampling.LANCZOS).tobytes()


def test_the_instruction_is_told_but_not_shown(env):
    seen = env.reset(task="click-test", seed=0)
    assert env.utterance == "Click the button."
    assert env.fields == {}
    strip = seen.image.crop((0, 0, 320, 100))
    assert strip.getextrema() == ((255, 255), (255, 255), (255, 255))
    assert seen.image.getextrema() != strip.getextrema()


def test_fields_come_from_the_page(env):
    env.reset(task="email-inbox-nl-turk", seed=0)
    assert env.utterance
    assert env.fields["by"]


def test_a_seed_is_an_episode(env):
    first = env.reset(task="click-button", seed=7)
    told = env.utterance
    assert env.reset().image.tobytes() == first.image.tobytes()
    assert (env.utterance, env.seed) == (told, 7)
    assert env.reset(seed=8).image.tobytes() != first.image.tobytes()


def test_a_wrong_click_ends_the_episode_and_reset_begins_the_next(env):
    click = next(c for c in CLICKS if c["task"] == "click-test-2")
    seen = env.reset(task="click-test-2", seed=click["seed"])
    buttons = env.browser.evaluate(
        "() => { const all = [...document.querySelectorAll('body *')];"
        "return [...document.querySelectorAll('#area button')].map(b => all.indexOf(b)); }"
    )
    wrong = next(button for button in buttons if button != click["element"])
    env.step(Click(*middle(env, seen, wrong)))
    assert (env.reward, env.done) == (-1.0, True)
    env.reset()
    assert (env.reward, env.done) == (0.0, False)


def test_points_and_wheel_are_pixels_of_the_picture(env):
    env.reset(task="click-test", seed=0)
    env.browser.evaluate(LOG)
    drag, scroll = Drag(20, 300, 101, 400), Scroll(60, 200, dy=90)
    assert env.step(drag).action == drag
    assert env.step(scroll).action == scroll
    assert env.browser.evaluate("() => log") == [
        ["mousedown", 10, 150, 0],
        ["mouseup", 50, 200, 0],  # 50.5: the DOM reports whole pixels
        ["wheel", 30, 100, 45],
    ]


def test_evidence_is_in_pixels_of_the_picture(env):
    click = next(c for c in CLICKS if c["task"] == "focus-text")
    seen = env.reset(task="focus-text", seed=click["seed"])
    x, y = middle(env, seen, click["element"])
    result = env.step(Click(x, y))
    assert result.outcome == "changed"
    left, top, right, bottom = result.changed_box
    assert left <= x < right
    assert top <= y < bottom
    after = env.observe()
    assert after.last == result
    difference = [
        (column, row)
        for row in range(0, 420, 2)
        for column in range(0, 320, 2)
        if seen.image.getpixel((column, row)) != after.image.getpixel((column, row))
    ]
    assert difference
    assert all(left - 8 <= c < right + 8 and top - 8 <= r < bottom + 8 for c, r in difference)


def test_a_point_outside_the_picture_fails_and_the_task_goes_on(env):
    env.reset(task="click-test", seed=0)
    result = env.step(Click(320, 10))
    assert (result.outcome, result.dispatched) == ("failed", False)
    assert "outside the screen, which is 320 x 420" in result.error
    assert env.observe().last is result
    assert env.step(Type("x")).error is None
    assert not env.done


def test_slow_models_have_time(env):
    env.reset(task="click-test", seed=0)
    assert env.browser.evaluate("() => core.EPISODE_MAX_TIME") == 3_600_000


@pytest.mark.parametrize(
    ("wrong", "message"),
    [("click-buton", "no task 'click-buton' .did you mean 'click-button'"), ("../x", "no task")],
)
def test_an_unknown_task_is_one_sentence(wrong, message):
    with pytest.raises(EnvError, match=message):
        task_url(wrong)


@pytest.mark.parametrize("spec", [None, SimpleNamespace(submodule_search_locations=["/nowhere"])])
def test_a_missing_package_names_the_extra(monkeypatch, spec):
    monkeypatch.setattr("env.miniwob.find_spec", lambda name: spec)
    with pytest.raises(SetupError, match=r"pip install 'focusagent\[miniwob\]'"):
        MiniwobEnvironment("click-test")


def test_enlarge_is_at_least_one():
    with pytest.raises(EnvError, match="enlarge must be 1 or more, not 0"):
        MiniwobEnvironment("click-test", enlarge=0)
