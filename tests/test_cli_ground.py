"""`focusagent ground`, as it is called from a shell."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from focusagent import cli
from grounding.tiny import write_tiny

PICTURE = Path(__file__).parent / "data" / "reader" / "000001.png"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_tiny(tmp_path_factory.mktemp("tiny")))


def ground(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.run(["ground", *map(str, arguments)])
    return subprocess.CompletedProcess([], code, out.getvalue(), err.getvalue())


def ground_as_a_process(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "focusagent", "ground", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )


@pytest.mark.slow
def test_json_and_overlay(checkpoint: str, tmp_path: Path) -> None:
    overlay = tmp_path / "overlay.png"
    done = ground_as_a_process(
        PICTURE, "Save", "--model", checkpoint, "--keep", "0.3", "--json", "--overlay", overlay
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert list(told) == [
        "found", "point", "box", "confidence", "alternatives", "tokens", "seconds",
    ]  # fmt: skip
    with Image.open(PICTURE) as picture:
        width, height = picture.size
    x, y = told["point"]
    assert 0 <= x <= width
    assert 0 <= y <= height
    assert told["box"][0] <= x <= told["box"][2]
    assert set(told["tokens"]) == {"before", "after", "markers"}
    assert told["tokens"]["after"] == int(0.3 * told["tokens"]["before"])
    with Image.open(overlay) as picture:
        assert picture.width >= width
    with Image.open(PICTURE) as before, Image.open(overlay) as after:
        assert before.convert("RGB").tobytes() != after.convert("RGB").tobytes()


def test_plain_text(checkpoint: str) -> None:
    done = ground(PICTURE, "Save", "--model", checkpoint)
    assert done.returncode == 0, done.stderr
    assert "confidence" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--keep", "0"], "at least 1"),
        (["--keep", "1.5"], "1.5"),
        (["--keep", "0.3", "--compress", "focus:0.3"], "budget"),
        (["--compress", "magic"], "magic"),
        (["--dtype", "int3"], "dtype must be"),
    ],
)
def test_options_that_make_no_sense(checkpoint: str, arguments: list[str], says: str) -> None:
    done = ground(PICTURE, "Save", "--model", checkpoint, *arguments)
    assert done.returncode == 2
    assert says in done.stderr.strip().splitlines()[-1]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("what", ["empty", "broken", "long", "missing model"])
def test_inputs_that_make_no_sense(checkpoint: str, what: str, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"\x89PNG nonsense")
    Image.new("RGB", (20000, 20)).save(tmp_path / "long.png")
    arguments = {
        "empty": (PICTURE, " ", "--model", checkpoint),
        "broken": (tmp_path / "broken.png", "Save", "--model", checkpoint),
        "long": (tmp_path / "long.png", "Save", "--model", checkpoint),
        "missing model": (PICTURE, "Save", "--model", str(tmp_path / "nothing")),
    }[what]
    done = ground(*arguments)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr
