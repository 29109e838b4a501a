"""Gymnasium's own conformance check, and what a training loop relies on."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from PIL import Image
from web import serve

gymnasium = pytest.importorskip("gymnasium", reason="the extra `gym` is missing")

from gymnasium.utils.env_checker import check_env, env_render_passive_checker  # noqa: E402

import env.gym as gym  # noqa: E402
from env import Click, Done, Policy, Press, ReplayEnvironment  # noqa: E402

PAGE = """<title>Button</title><body style="margin:0"><button style="width:100px;height:50px"
onclick="this.textContent='pressed'">press</button>"""
KEYS = {
    "goal", "screenshot", "url", "open_pages_urls", "open_pages_titles", "active_page_index",
    "last_action_error", "elapsed_time",
}  # fmt: skip


def replay(score=None, render_mode=None) -> gym.GymEnvironment:
    screens = [Image.new("RGB", (60, 40), color) for color in ("red", "green", "blue")]
    inner = ReplayEnvironment(screens, [(0, 0, 30, 40), Press("Enter")])
    return gym.GymEnvironment(inner, goal="go on", score=score, render_mode=render_mode)


@pytest.fixture
def page():
    with serve({"/": PAGE}) as url:
        yield f"{url}/"


def test_gymnasiums_checker_is_content():
    wrapped = replay(render_mode="rgb_array")
    wrapped.spec = gymnasium.spec(gym.ENV_ID)  # says that two runs need not be equal
    check_env(wrapped, skip_render_check=True, skip_close_check=True)
    env_render_passive_checker(wrapped)


@pytest.mark.browser
@pytest.mark.slow
def test_gymnasiums_checker_is_content_with_a_browser(page):
    made = gymnasium.make(gym.ENV_ID, url=page, viewport=(120, 80), render_mode="rgb_array")
    try:
        check_env(made.unwrapped)
    finally:
        made.close()


@pytest.mark.browser
@pytest.mark.slow
def test_a_loop_through_make(page):
    def score(browser, seen):
        pressed = browser.evaluate("() => document.body.textContent.includes('pressed')")
        return float(pressed), pressed

    made = gymnasium.make(
        "env.gym:focusagent/Browser-v0", url=page, goal="press it", score=score,
        policy=Policy.strict(), viewport=(200, 100), max_episode_steps=3,
    )  # fmt: skip
    try:
        seen, info = made.reset(seed=1)
        assert set(seen) == KEYS
        assert seen["screenshot"].shape == (100, 200, 3)
        assert (seen["goal"], seen["url"], seen["open_pages_urls"]) == ("press it", page, (page,))
        assert seen["open_pages_titles"] == ("Button",)
        seen, reward, terminated, truncated, info = made.step({"kind": "click", "x": 150, "y": 80})
        assert (reward, terminated, truncated, info["result"].outcome) == (
            0,
            False,
            False,
            "no change",
        )
        seen, reward, terminated, truncated, info = made.step('{"kind": "click", "x": 50, "y": 25}')
        assert (reward, terminated, truncated) == (1.0, True, False)
        assert info["observation"].title == "Button"
        made.reset()
        ends = [made.step(Click(150, 80))[3] for _ in range(3)]
        assert ends == [False, False, True]
    finally:
        made.close()


def test_any_environment_can_be_wrapped():
    wrapped = replay(render_mode="rgb_array")
    seen, info = wrapped.reset(seed=3)
    assert wrapped.observation_space.contains(seen)
    assert (info["result"], float(seen["elapsed_time"][0])) == (None, 0.0)
    assert wrapped.render().tolist()[0][0] == [255, 0, 0]
    seen, reward, *ends, info = wrapped.step(Click(5, 5))
    assert wrapped.observation_space.contains(seen)
    assert (reward, ends, info["result"].outcome) == (0.0, [False, False], "changed")
    assert seen["screenshot"][0, 0].tolist() == [0, 128, 0]
    assert seen["elapsed_time"][0] > 0
    assert wrapped.step(Press("Enter"))[0]["last_action_error"] == ""
    assert wrapped.step({"kind": "done"})[2] is True
    wrapped.close()
    wrapped.close()


@pytest.mark.parametrize(
    ("action", "error"),
    [
        ("{", "the action is not valid JSON"),
        ("[]", "an action is a JSON object, not list"),
        ({"kind": "clik", "x": 1, "y": 1}, "did you mean 'click'"),
        ({"kind": "click", "x": 60, "y": 1}, "outside the screen, which is 60 x 40"),
        (Done(), "screen 0 expected a click"),
    ],
)
def test_a_wrong_action_comes_back_as_an_observation(action, error):
    wrapped = replay()
    wrapped.reset()
    seen, reward, *_ = wrapped.step(action)
    assert error in seen["last_action_error"]
    assert reward == 0.0
    wrapped.reset()
    assert wrapped.step(Click(1, 1))[0]["last_action_error"] == ""


def test_the_action_space_takes_every_spelling_and_samples_valid_ones():
    space = replay().action_space
    space.seed(5)
    samples = [space.sample() for _ in range(50)]
    assert all(space.contains(sample) for sample in samples)
    assert {json.loads(sample)["kind"] for sample in samples} == {"click", "scroll"}
    space.seed(5)
    assert samples == [space.sample() for _ in range(50)]
    assert space.contains(Click(59, 39))
    assert not space.contains(Click(60, 39))
    assert not space.contains(7)
    assert space.parse('{"kind": "press", "keys": "Enter"}') == Press("Enter")


def test_the_seed_reaches_environments_that_take_one():
    class Seeded(ReplayEnvironment):
        def reset(self, *, seed: int | None = None):
            self.seed = seed
            return super().reset()

    inner = Seeded([Image.new("RGB", (8, 8))], [])
    gym.GymEnvironment(inner).reset(seed=11)
    assert inner.seed == 11


def test_score_judges_each_step():
    wrapped = replay(score=lambda inner, seen: (0.5, inner.finished))
    wrapped.reset()
    assert wrapped.step(Click(1, 1))[1:3] == (0.5, False)
    assert wrapped.step(Press("Enter"))[1:3] == (0.5, True)


def test_without_gymnasium_the_extra_is_named():
    script = (
        "import sys; sys.modules['gymnasium'] = None\n"
        "import env\n"
        "try:\n import env.gym\n"
        "except env.SetupError as error:\n print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=300, check=True
    )
    assert "pip install 'focusagent[gym]'" in done.stdout
