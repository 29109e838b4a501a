"""The command line: one error style, one JSON object, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def focusagent(
    *arguments: str, seconds: float = 300, **variables: str
) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    return subprocess.run(
        [sys.executable, "-c", "from focusagent.cli import main; main()", *arguments],
        env=environment | variables,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def test_version_and_help() -> None:
    assert focusagent("--version").stdout.startswith("focusagent 0.")
    bare = focusagent()
    assert (bare.returncode, "doctor" in bare.stdout) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["dcotor"], "No such command 'dcotor'"),
        (["demo", "--speed"], "No such option: --speed"),
        (["demo", "--out"], "requires an argument"),
        (["demo", "--out", __file__], "File exists"),
    ],
)
def test_wrong_usage_is_one_sentence(arguments: list[str], says: str) -> None:
    done = focusagent(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert done.stderr.splitlines()[-1].startswith("focusagent: ")
    assert "Traceback" not in done.stderr


def test_doctor_without_a_display() -> None:
    done = focusagent("doctor", "--json")
    told = json.loads(done.stdout)
    assert done.returncode == (0 if told["healthy"] else 1)
    checks = {check["name"]: check for check in told["checks"]}
    assert {"python", "packages", "browser", "display", "gpu", "weights"} <= set(checks)
    if sys.platform == "linux":
        assert checks["display"]["status"] == "optional"
        assert "xvfb-run" in checks["display"]["fix"]


def test_doctor_says_what_is_missing(tmp_path: Path) -> None:
    done = focusagent("doctor", PATH=str(tmp_path), PLAYWRIGHT_BROWSERS_PATH=str(tmp_path))
    assert done.returncode == 1
    assert "missing" in done.stdout
    assert "playwright install chromium" in done.stdout


@pytest.mark.desktop
def test_doctor_with_a_display() -> None:
    from xvfb import xvfb

    with xvfb("800x600") as (name, _):
        told = json.loads(focusagent("doctor", "--json", DISPLAY=name).stdout)
    checks = {check["name"]: check for check in told["checks"]}
    assert checks["screen"]["found"].startswith("800 x 600")
    assert checks["screenshot"]["status"] == "ok"
    assert checks["window manager"]["status"] == "optional"


@pytest.mark.browser
@pytest.mark.timeout(1000)
def test_demo(tmp_path: Path) -> None:
    done = focusagent("demo", "--out", str(tmp_path / "out"), "--json", seconds=900)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert (told["status"], told["reason"], told["steps"]) == ("verified", "done", 19)
    assert told["data"] == {"AMOUNT": "310.50 EUR"}
    report = Path(told["report"]).read_text(encoding="utf-8")
    assert 'src="http' not in report
    written = [p for p in (tmp_path / "out").rglob("*") if p.is_file()]
    assert [p.name for p in written if "heat" in p.name]
    assert not [p for p in written if b"correct horse" in p.read_bytes()]
    (table,) = (p for p in written if p.suffix == ".csv")
    assert table.read_text(encoding="utf-8").splitlines() == [
        "2042;Brandt & Sons;310.50 EUR",
        "2043;Clara Oduya;86.20 GBP",
        "2044;Zoë Müller, 東京;99.90 GBP",
    ]
