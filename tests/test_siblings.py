"""Our `env` and `grounding` are found whatever else is called that on the path."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DECOY = "DECOY = 'the user wrote this'\n"
USE = """
from focusagent import Policy, Secret
from focusagent._siblings import env as ours, grounding
assert ours.__distribution__ == grounding.__distribution__ == 'focusagent'
assert Policy(allowed_domains=['example.com']).allowed_domains == ('example.com',)
assert 'hunter2' not in repr(Secret('hunter2', domains=['example.com']))
"""


def run(script: str, *path: Path) -> subprocess.CompletedProcess[str]:
    places = os.pathsep.join(str(place) for place in path)
    return subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"PYTHONPATH": places},
        cwd=path[0],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def succeed(script: str, *path: Path) -> None:
    done = run(script, *path)
    assert done.returncode == 0, done.stderr


def test_the_bare_names_are_ours_where_nothing_else_is_called_that(tmp_path):
    same = "import env, grounding\nassert env is ours and Policy is env.Policy"
    succeed(USE + same, tmp_path, ROOT)


@pytest.mark.parametrize("name", ["env", "grounding"])
@pytest.mark.parametrize("order", ["before", "after"])
def test_a_file_of_the_user_stays_theirs(tmp_path, name, order):
    (tmp_path / f"{name}.py").write_text(DECOY)
    theirs = f"import {name}\nassert {name}.DECOY\n"
    alias = f"\nimport sys\nassert 'focusagent_{name}' in sys.modules\n"
    before, after = (theirs, "") if order == "before" else ("", theirs)
    succeed(before + USE + alias + after, tmp_path, ROOT)


def test_a_package_of_the_user_stays_theirs(tmp_path):
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / "__init__.py").write_text(DECOY)
    (tmp_path / "env" / "policy.py").write_text("raise RuntimeError('imported by mistake')")
    succeed(USE + "import env\nassert env.DECOY and ours is not env", tmp_path, ROOT)


def test_a_virtualenv_called_env_is_in_nobodys_way(tmp_path):
    for folder in ("bin", "lib"):
        (tmp_path / "env" / folder).mkdir(parents=True)
    (tmp_path / "env" / "pyvenv.cfg").write_text("home = /usr/bin\n")
    succeed(USE + "import env\nassert env is ours", tmp_path, ROOT)


def test_a_broken_file_of_the_user_is_not_run(tmp_path):
    (tmp_path / "env.py").write_text("this is not Python")
    succeed(USE, tmp_path, ROOT)


def test_a_module_made_by_hand_stays_where_it_is(tmp_path):
    made = "import sys, types\nmade = sys.modules['env'] = types.ModuleType('env')\n"
    succeed(made + USE + "assert sys.modules['env'] is made", tmp_path, ROOT)


def test_pickles_come_back_under_the_alias_too(tmp_path):
    (tmp_path / "env.py").write_text(DECOY)
    script = """
import pickle
action = ours.action_from_json({'kind': 'drag', 'x': 1, 'y': 2, 'to_x': 3, 'to_y': 4})
for value in (action, Policy.strict(), ours.Tab('u', 't', True)):
    back = pickle.loads(pickle.dumps(value))
    assert back == value and type(back) is type(value)
"""
    succeed(USE + script, tmp_path, ROOT)


@pytest.fixture
def copy(tmp_path):
    for name in ("focusagent", "grounding", "env"):
        ignore = shutil.ignore_patterns("__pycache__", "training", "*.safetensors")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignore)
    return tmp_path


@pytest.mark.parametrize("name", ["env", "grounding"])
def test_an_overwritten_package_is_named(copy, name):
    (copy / name / "__init__.py").write_text("__version__ = '0.2.3'\n")
    done = run("from focusagent import Policy", copy)
    assert done.returncode == 1
    assert "was overwritten by another distribution: use a fresh environment" in done.stderr
    assert str(Path(name, "__init__.py")) in done.stderr


@pytest.mark.parametrize("name", ["env", "grounding"])
def test_a_missing_package_is_named(copy, name):
    (copy / name / "__init__.py").unlink()
    done = run("from focusagent import Policy", copy)
    assert "focusagent is incomplete" in done.stderr
    assert "install it again" in done.stderr
