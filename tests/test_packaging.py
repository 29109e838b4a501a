"""The wheel as users get it: built, installed beside their own `env`, and used."""

from __future__ import annotations

import site
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

import focusagent

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {"focusagent", "grounding", "env"}
USE = """
import pickle
import sys
{before}
import focusagent
from focusagent import Policy, Secret
from focusagent._siblings import env as ours, grounding
{after}
assert focusagent.Policy is Policy
assert ours.__distribution__ == grounding.__distribution__ == "focusagent"
policy = Policy(allowed_domains=["example.com"], max_actions=3)
secret = Secret("hunter2", domains=["example.com"])
assert secret.allowed_on("example.com") and "hunter2" not in repr(secret)
click = ours.action_from_json({{"kind": "click", "x": 3, "y": 4}})
for value in (policy, secret, click, ours.Tab("u", "t", True)):
    back = pickle.loads(pickle.dumps(value))
    assert back == value and type(back) is type(value)
heavy = {{"torch", "playwright", "pyautogui"}} & set(sys.modules)
assert not heavy, heavy
print(focusagent.__file__)
"""
BROWSE = """
import env
from focusagent import BrowserEnvironment, Policy
from focusagent._siblings import env as ours
page = "data:text/html,<body style='margin:0'><button onclick='document.title=`pressed`'>A"
with BrowserEnvironment(page, policy=Policy(schemes=("data",)), viewport=(200, 100)) as browser:
    assert isinstance(browser, ours.Environment) and env.DECOY
    browser.reset()
    print(browser.step(ours.Click(10, 10)).outcome, browser.observe().title)
"""
BESIDE = {
    "nothing": ("", "import env, grounding; assert env is ours"),
    "env.py, imported after": ("", "import env; assert env.DECOY and env is not ours"),
    "env.py, imported before": ("import env", "assert env.DECOY and env is not ours"),
    "a virtualenv env/": ("", "import env; assert env is ours"),
    "grounding.py": ("import grounding as mine", "assert mine.DECOY and grounding is not mine"),
}


def run(*command: object, cwd: Path) -> str:
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, ROOT, cwd=out)
    (built,) = out.iterdir()
    return built


class Fresh:
    """A new virtual environment that borrows the dependencies, not focusagent, from this one."""

    def __init__(self, root: Path) -> None:
        venv.create(root / ".venv", with_pip=False, symlinks=True)
        scripts = root / ".venv" / ("Scripts" if sys.platform == "win32" else "bin")
        self.python = scripts / "python"
        where = "import sysconfig; print(sysconfig.get_path('purelib'))"
        self.packages = Path(run(self.python, "-c", where, cwd=root).strip())
        self.home = self.packages  # where focusagent is to be found
        (self.packages / "borrowed.pth").write_text("\n".join(site.getsitepackages()))

    def install(self, *what: object) -> None:
        pip = (sys.executable, "-m", "pip", "--python", self.python, "--disable-pip-version-check")
        run(*pip, "install", "--no-index", "--no-deps", "--no-build-isolation", *what, cwd=ROOT)


@pytest.fixture(scope="module", params=["wheel", "editable"])
def installed(request, wheel, tmp_path_factory) -> Fresh:
    fresh = Fresh(tmp_path_factory.mktemp(request.param))
    if request.param == "wheel":
        fresh.install(wheel)
    else:
        fresh.install("--editable", ROOT)
        fresh.home = ROOT
    return fresh


def test_the_wheel_holds_our_three_packages_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.split("/")[0] for name in names}
    (info,) = tops - PACKAGES
    assert info.endswith(".dist-info")
    assert tops > PACKAGES
    for package in PACKAGES:
        assert {f"{package}/__init__.py", f"{package}/py.typed"} <= set(names)
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


def test_the_wheel_holds_every_file(wheel):
    written = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with zipfile.ZipFile(wheel) as archive:
        missing = written - set(archive.namelist())
    assert not missing


@pytest.mark.parametrize("beside", BESIDE)
def test_it_runs_beside_the_users_own_names(installed, beside, tmp_path):
    if "env/" in beside:
        (tmp_path / "env" / "bin").mkdir(parents=True)
        (tmp_path / "env" / "pyvenv.cfg").write_text("home = /usr/bin\n")
    elif beside != "nothing":
        (tmp_path / beside.split(",")[0]).write_text("DECOY = True\n")
    before, after = BESIDE[beside]
    script = tmp_path / "script.py"
    script.write_text(USE.format(before=before, after=after))
    origin = Path(run(installed.python, script, cwd=tmp_path).strip())
    assert origin.resolve() == (installed.home / "focusagent" / "__init__.py").resolve()


def test_the_command_is_installed(installed, tmp_path):
    said = run(installed.python.with_name("focusagent"), "--version", cwd=tmp_path)
    assert focusagent.__version__ in said


@pytest.mark.browser
def test_a_browser_opens_beside_the_users_env(installed, tmp_path):
    (tmp_path / "env.py").write_text("DECOY = True\n")
    script = tmp_path / "script.py"
    script.write_text(BROWSE)
    assert run(installed.python, script, cwd=tmp_path).split() == ["changed", "pressed"]


def test_another_distributions_grounding_is_noticed(wheel, tmp_path):
    fresh = Fresh(tmp_path)
    fresh.install(wheel)
    (fresh.packages / "grounding" / "__init__.py").write_text("__version__ = '0.2.3'\n")
    script = "import focusagent\ntry:\n focusagent.Policy\nexcept ImportError as e:\n print(e)"
    said = run(fresh.python, "-c", script, cwd=tmp_path)
    assert "was overwritten by another distribution: use a fresh environment" in said
    assert "grounding" in said
