"""ReplayEnvironment: goes on after the right action, stays after any other, survives its files."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from env import (
    Click,
    ClosedError,
    Done,
    Drag,
    EnvError,
    Environment,
    Policy,
    Press,
    ReplayEnvironment,
    Type,
    Wait,
)


def screen(text: str, box=(40, 20, 80, 40)) -> Image.Image:
    image = Image.new("RGB", (200, 100), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle(box, outline="black")
    draw.text((45, 25), text, fill="black")
    return image


SCREENS = [screen("one"), screen("two"), screen("three"), screen("four")]
EXPECTED = [(40, 20, 80, 40), Type(secret="PASSWORD"), Click(60, 30, modifiers=("Shift",))]


@pytest.fixture
def env():
    with ReplayEnvironment(SCREENS, EXPECTED) as opened:
        yield opened


def test_it_is_an_environment(env):
    assert isinstance(env, Environment)
    assert env.policy == Policy()
    seen = env.reset()
    assert (seen.image.size, seen.viewport, seen.scale) == ((200, 100), (200.0, 100.0), (1.0, 1.0))


def test_the_right_actions_lead_through(env):
    first = env.step(Click(41, 21))
    assert (first.outcome, first.dispatched, first.error) == ("changed", True, None)
    assert first.before != first.after
    assert first.changed_box is not None
    assert env.observe().image.tobytes() == SCREENS[1].tobytes()
    assert env.observe().last is first
    env.step(Type(secret="PASSWORD"))
    env.step(Click(58.5, 32, modifiers=("Shift",)))
    assert env.finished
    assert env.step(Done()).error is None
    env.require_finished()


@pytest.mark.parametrize(
    ("action", "complaint"),
    [
        (Click(80, 30), "screen 0 expected a click in the box (40, 20, 80, 40)"),
        (Press("Enter"), 'not {"kind": "press", "keys": "Enter"}'),
        (Done(), '"kind": "done"'),
        (Click(500, 30), "outside the screen, which is 200 x 100"),
    ],
)
def test_a_wrong_action_fails_and_the_screen_stays(env, action, complaint):
    result = env.step(action)
    assert (result.outcome, result.dispatched, result.changed_box) == ("failed", False, None)
    assert result.before == result.after
    assert complaint in result.error
    assert env.observe().image.tobytes() == SCREENS[0].tobytes()
    assert not env.finished


def test_mismatches_are_kept_until_reset(env):
    env.step(Press("Enter"))
    env.step(Click(60, 30))
    assert [(wrong.screen, wrong.action) for wrong in env.mismatches] == [(0, Press("Enter"))]
    with pytest.raises(AssertionError, match="screen 0 expected a click"):
        env.require_finished()
    env.reset()
    assert env.mismatches == ()
    with pytest.raises(AssertionError, match="stopped on screen 0, waiting for a click"):
        env.require_finished()


def test_waiting_is_never_wrong_and_nothing_follows_the_end():
    env = ReplayEnvironment(SCREENS[:2], [Click(5, 5)])
    assert env.step(Wait(0)).outcome == "no change"
    assert env.step(Click(5, 5)).outcome == "changed"
    assert "expected nothing more" in env.step(Click(5, 5)).error
    assert len(env.mismatches) == 1


def test_a_function_decides():
    env = ReplayEnvironment(SCREENS[:2], [lambda action: isinstance(action, Press)])
    assert "<lambda> accepts" in env.step(Done()).error
    assert env.step(Press("F5")).outcome == "changed"


@given(dx=st.floats(-6, 6), dy=st.floats(-6, 6))
def test_tolerance_is_a_distance(dx, dy):
    env = ReplayEnvironment(SCREENS[:2], [Click(50, 50)], tolerance=4)
    result = env.step(Click(50 + dx, 50 + dy))
    near = ((50 + dx - 50) ** 2 + (50 + dy - 50) ** 2) ** 0.5 <= 4
    assert (result.error is None) == near == env.finished


def test_everything_but_the_point_must_be_equal():
    for wrong in (Click(5, 5, count=2), Click(5, 5, button="right"), Drag(5, 5, 5, 5)):
        assert ReplayEnvironment(SCREENS[:2], [Click(5, 5)]).step(wrong).error
    env = ReplayEnvironment(SCREENS[:2], [Drag(5, 5, 90, 9)])
    assert env.step(Drag(6, 5, 99, 9)).error
    assert env.step(Drag(6, 5, 91, 9)).error is None


def test_closed_says_so(env):
    env.close()
    env.close()
    with pytest.raises(ClosedError, match="open a new one"):
        env.observe()


def test_round_trip_through_a_folder(env, tmp_path):
    env.save(tmp_path / "flow")
    loaded = ReplayEnvironment.load(tmp_path / "flow", policy=Policy(max_actions=5))
    assert loaded.policy.max_actions == 5
    for action, image in zip(
        [Click(60, 30), Type(secret="PASSWORD"), Click(60, 30, modifiers=("Shift",))],
        SCREENS,
        strict=False,
    ):
        assert loaded.observe().image.tobytes() == image.tobytes()
        assert loaded.step(action).outcome == "changed"
    loaded.require_finished()
    files = sorted(
        path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()
    )
    assert files == ["flow/replay.json", *(f"flow/screens/00{i}.png" for i in range(4))]


def test_screens_may_be_files(tmp_path):
    SCREENS[0].save(tmp_path / "a.png")
    env = ReplayEnvironment([tmp_path / "a.png", str(tmp_path / "a.png")], [Wait(1)])
    assert env.step(Wait(1)).outcome == "no change"
    assert env.finished


def test_a_function_cannot_be_saved(tmp_path):
    with pytest.raises(EnvError, match="cannot be saved"):
        ReplayEnvironment(SCREENS[:2], [callable]).save(tmp_path)


@pytest.mark.parametrize(
    ("screens", "expected", "message"),
    [
        (SCREENS, [], "one screen more than expectations, not 4 screens and 0"),
        (SCREENS[:2], [(1, 2, 3)], "expected is an action, a box"),
        (SCREENS[:2], [(9, 2, 3, 4)], "expected is an action, a box"),
        (SCREENS[:2], ["click"], "expected is an action, a box"),
        (["nowhere.png"], [], "the screen nowhere.png cannot be read"),
    ],
)
def test_bad_input_is_one_sentence(screens, expected, message):
    with pytest.raises(EnvError, match=message):
        ReplayEnvironment(screens, expected)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "has format 2, this version reads 1"),
        ({"screens": "all"}, "is not a replay: it must hold format, tolerance"),
        ({"extra": 1}, "is not a replay"),
        ({"screens": ["../../secret.png", "screens/001.png"]}, "lies outside its folder"),
        ({"expected": [{"eval": "1"}]}, "is {action} or {box}"),
        ({"expected": [{"action": {"kind": "clack"}}]}, "did you mean 'click'"),
    ],
)
def test_a_broken_file_is_one_sentence(tmp_path, change, message):
    ReplayEnvironment(SCREENS[:2], [Click(5, 5)]).save(tmp_path)
    data = json.loads((tmp_path / "replay.json").read_text())
    (tmp_path / "replay.json").write_text(json.dumps(data | change))
    with pytest.raises(EnvError, match=message):
        ReplayEnvironment.load(tmp_path)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(EnvError, match="cannot be read"):
        ReplayEnvironment.load(tmp_path)
    (tmp_path / "replay.json").write_text("{")
    with pytest.raises(EnvError, match="cannot be read"):
        ReplayEnvironment.load(tmp_path)
    ReplayEnvironment(SCREENS[:2], [Click(5, 5)]).save(tmp_path)
    (tmp_path / "screens" / "001.png").write_bytes(b"not a picture")
    with pytest.raises(EnvError, match="001.png cannot be read"):
        ReplayEnvironment.load(tmp_path)
