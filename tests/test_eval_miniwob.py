"""MiniWoB++ as a measure: one look, one click, chance and oracle beside it, and it goes on."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

import env
from env.miniwob import ONECLICK, MiniwobEnvironment
from focusagent import cli
from focusagent.errors import UserError
from focusagent.evaluation import miniwob

needs_pages = pytest.mark.skipif(find_spec("miniwob") is None, reason="the extra `miniwob`")
BUTTONS = [(40.0, 40.0), (120.0, 40.0), (200.0, 40.0)]


class World:
    """Three buttons, of which one wins, or none; every click but the first does nothing."""

    def __init__(self, right: int | None = 1) -> None:
        self.right, self.resets, self.clicks = right, 0, []
        self.browser = SimpleNamespace(
            evaluate=lambda _script, _size: [(x / 2, y / 2) for x, y in BUTTONS]
        )

    def reset(self, task: str | None = None, seed: int | None = None) -> SimpleNamespace:
        self.resets += 1
        self.utterance, self.done, self.reward = "Click it.", False, 0.0
        return SimpleNamespace(
            image=Image.new("RGB", (320, 420)), viewport=(160.0, 210.0), scale=(2.0, 2.0)
        )

    def step(self, click: env.Click) -> None:
        assert not self.done
        assert self.resets > len(self.clicks), "an episode takes one click"
        self.clicks.append((click.x, click.y))
        places = [abs(click.x - x) < 20 and abs(click.y - y) < 20 for x, y in BUTTONS]
        self.done = any(places)
        self.reward = 1.0 if self.right is not None and places[self.right] else -1.0


class Pointer:
    """Points at one place whatever it is told."""

    def __init__(self, x: float | None, y: float = 0.0) -> None:
        self.spot = None if x is None else (x, y)
        self.told: list[str] = []

    def look(self, image: Image.Image) -> tuple[int, int]:
        return image.size

    def point(self, seen: tuple[int, int], instruction: str) -> tuple[float, float] | None:
        assert seen == (320, 420)
        self.told.append(instruction)
        return self.spot


@pytest.mark.parametrize("right", [0, 1, 2])
def test_the_oracle_finds_the_one_click_and_chance_is_now_and_then_lucky(right):
    rows = [miniwob.baselines(World(right), "t", seed) for seed in range(60)]
    assert all(row["oracle"] for row in rows)
    lucky = sum(row["chance_elements"] for row in rows)
    assert 8 <= lucky <= 34  # a third of 60; binomial, outside by less than one in a thousand
    assert sum(row["chance"] for row in rows) < 10


def test_what_no_click_solves_the_oracle_does_not_solve():
    world = World(None)
    row = miniwob.baselines(world, "t", 0)
    assert (row["oracle"], row["chance"], row["chance_elements"]) == (False, False, False)
    assert set(BUTTONS) <= set(world.clicks)


@pytest.mark.parametrize(
    ("spot", "success"), [((120 / 320, 40 / 420), True), ((200 / 320, 40 / 420), False)]
)
def test_one_click_where_the_model_points(spot, success, tmp_path):
    world, model = World(), Pointer(*spot)
    row = miniwob.play(model, world, "t", 3, tmp_path / "misses")
    assert row["success"] is success
    assert len(world.clicks) == 1
    assert model.told == ["Click it."]
    assert (tmp_path / "misses" / "t-3.png").is_file() is not success


def test_a_refusal_clicks_nowhere_and_fails():
    world = World()
    row = miniwob.play(Pointer(None), world, "t", 0)
    assert (row["success"], row["point"], world.clicks) == (False, None, [])


def test_the_far_border_is_inside_the_picture():
    world = World()
    miniwob.play(Pointer(1.0, 1.0), world, "t", 0)
    assert world.clicks == [(319, 419)]


def test_an_interrupted_run_goes_on_and_models_share_the_baselines(tmp_path):
    episodes = [("a", 0), ("a", 1), ("b", 0)]
    right = Pointer(120 / 320, 40 / 420)
    miniwob.evaluate(right, "m", World(), episodes[:2], tmp_path)
    world = World()
    result = miniwob.evaluate(right, "m", world, episodes, tmp_path)
    assert len(right.told) == 3
    assert (result["n"], result["success"]["value"], result["oracle"]["value"]) == (3, 1, 1)
    assert {task: row["n"] for task, row in result["tasks"].items()} == {"a": 2, "b": 1}
    resets = world.resets
    other = miniwob.evaluate(Pointer(None), "o", world, episodes, tmp_path)
    assert world.resets == resets + 3
    assert (other["refused"], other["success"]["value"]) == (3, 0)
    assert other["chance"] == result["chance"]
    assert len((tmp_path / "baselines.jsonl").read_text().splitlines()) == 3


def test_results_of_another_model_under_the_same_name_are_not_taken(tmp_path):
    right, wrong = Pointer(120 / 320, 40 / 420), Pointer(0.0, 0.0)
    episodes = [("a", 0), ("a", 1)]
    before = miniwob.evaluate(wrong, "m", World(), episodes, tmp_path, fingerprint="old")
    after = miniwob.evaluate(right, "m", World(), episodes, tmp_path, fingerprint="new")
    assert (before["success"]["value"], after["success"]["value"]) == (0, 1)
    again = Pointer(None)
    same = miniwob.evaluate(again, "m", World(), episodes, tmp_path, fingerprint="new")
    assert (again.told, same["success"]) == ([], after["success"])
    rows = [json.loads(line) for line in (tmp_path / "m.jsonl").read_text().splitlines()]
    assert [row["fingerprint"] for row in rows] == ["old", "old", "new", "new"]


def test_results_that_do_not_say_what_they_are_of_are_measured_anew(tmp_path):
    old = {"task": "a", "seed": 0, "utterance": "", "point": None, "success": True, "seconds": 1}
    (tmp_path / "m.jsonl").write_text(json.dumps(old) + "\n")
    result = miniwob.evaluate(Pointer(0.0), "m", World(), [("a", 0)], tmp_path, fingerprint="new")
    assert result["success"]["value"] == 0


@pytest.mark.parametrize("line", ["{", "[]", '{"task": "a"}'])
def test_a_damaged_result_is_one_sentence(tmp_path, line):
    (tmp_path / "m.jsonl").write_text(line)
    with pytest.raises(UserError, match="m.jsonl, line 1"):
        miniwob.evaluate(Pointer(None), "m", World(), [("a", 0)], tmp_path)


@needs_pages
def test_names_of_tasks():
    assert miniwob.task_names("oneclick") == ONECLICK
    assert miniwob.task_names("click-link, click-test,click-link") == ("click-link", "click-test")
    assert len(miniwob.task_names("oneclick,use-slider")) == 25


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = cli.run(["eval", "miniwob", *map(str, arguments)])
    out = capsys.readouterr()
    return code, out.out, out.err


@needs_pages
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--tasks", "click-buton"], "did you mean 'click-button'"),
        (["--tasks", ","], "name a task"),
        (["--model", "oracle"], "unknown model"),
        (["--episodes", "0"], "episodes"),
    ],
)
def test_wrong_requests_are_one_sentence(capsys, arguments, message):
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


@pytest.mark.slow
@needs_pages
@pytest.mark.browser
def test_the_verb_answers_in_json(capsys, tmp_path):
    command = ("--tasks", "click-test", "--episodes", 1, "--model", "chance", "--json")
    code, out, _ = run(capsys, *command, "--out", tmp_path)
    result = json.loads(out)
    assert code == 0
    assert set(result) >= {"n", "success", "chance", "oracle", "tasks"}
    assert (result["n"], result["oracle"]["value"]) == (1, 1.0)


@pytest.mark.slow
@needs_pages
@pytest.mark.browser
def test_real_pages_pay_for_the_oracles_click_and_not_for_others():
    oracle = Path(__file__).parent / "data" / "miniwob_oracle.json"
    told = {
        (c["task"], c["seed"]): c["utterance"] for c in json.loads(oracle.read_text())["clicks"]
    }
    with MiniwobEnvironment("click-button") as world:
        row = miniwob.baselines(world, "click-button", 1)
        assert (row["oracle"], row["utterance"]) == (True, told["click-button", 1])
        missed = miniwob.play(Pointer(0.01, 0.99), world, "click-button", 1)
        assert (missed["success"], missed["utterance"]) == (False, told["click-button", 1])
