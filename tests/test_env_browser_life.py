"""What is left behind: killed browsers, interrupts, attached browsers, long runs."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from web import serve

from env import BrowserEnvironment, Click, ClosedError, Navigate, Policy, Type
from env.chromium import find_browser, runs_as_root

pytestmark = pytest.mark.browser
PAGES = {
    "/": "<title>Home</title><body style='margin:0'><input id=i style='width:300px'>"
    "<button onclick='this.textContent=Date.now()' style='position:absolute;left:0;top:100px;"
    "width:200px;height:60px'>0</button><script>clicks=[];"
    "onclick=e=>clicks.push([e.clientX,e.clientY])</script>",
}
SCRIPT = """
import sys, time
from env import BrowserEnvironment, Wait
browser = BrowserEnvironment(sys.argv[1])
print("open", flush=True)
with browser:
    browser.step(Wait(60))
"""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with serve(PAGES) as url:
        yield url + "/"


def eventually(what: Callable[[], bool], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def offspring(pid: int | None = None) -> list[psutil.Process]:
    return [p for p in psutil.Process(pid).children(recursive=True) if alive(p)]


def alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != "zombie")
    except psutil.NoSuchProcess:
        return False


def test_close_leaves_no_process(site: str) -> None:
    before = set(offspring())
    browser = BrowserEnvironment(site)
    assert set(offspring()) - before
    browser.close()
    assert eventually(lambda: set(offspring()) <= before)


def test_a_killed_browser_says_so(site: str) -> None:
    before = set(offspring())
    browser = BrowserEnvironment(site)
    for process in set(offspring()) - before:
        with contextlib.suppress(psutil.Error):  # helper processes come and go
            if "--type=" not in " ".join(process.cmdline()) and "chrom" in process.name():
                process.kill()

    def gone() -> bool:
        try:
            browser.step(Click(5, 5))
        except ClosedError as error:
            return "the browser is gone" in str(error)
        return False

    assert eventually(gone)
    with pytest.raises(ClosedError, match="open a new environment"):
        browser.observe()
    browser.close()
    assert eventually(lambda: set(offspring()) <= before)


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_script_leaves_nothing(site: str, how: signal.Signals) -> None:
    script = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, site], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert script.stdout is not None
    assert script.stdout.readline() == b"open\n"
    left = offspring(script.pid)
    assert len(left) > 2
    script.send_signal(how)
    script.wait(timeout=120)
    script.stdout.close()
    assert eventually(lambda: not any(alive(p) for p in left), 15)


@pytest.fixture
def running(tmp_path: Path, site: str) -> Iterator[str]:
    """A browser that somebody else has started, at a device scale of 2."""
    arguments = ["--no-sandbox"] if runs_as_root() else []
    process = subprocess.Popen(
        [
            find_browser(), "--headless", "--remote-debugging-port=0", "--disable-gpu",
            "--force-device-scale-factor=2", "--no-first-run", *arguments,
            f"--user-data-dir={tmp_path}/profile", site,
        ],
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    port_file = tmp_path / "profile" / "DevToolsActivePort"
    try:
        assert eventually(lambda: port_file.is_file() and bool(port_file.read_text()), 20)
        yield f"http://127.0.0.1:{port_file.read_text().split()[0]}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def tabs_of(browser: str) -> list[str]:
    """The tabs that a person sees: the browser's own pages are left out."""
    with urllib.request.urlopen(browser + "/json/list") as answer:
        targets = json.load(answer)
    return [t["url"] for t in targets if t["type"] == "page" and t["url"].startswith("http")]


def test_attached(running: str, site: str) -> None:
    with BrowserEnvironment(site, cdp_url=running, viewport=(1000, 700)) as browser:
        seen = browser.observe()
        assert (seen.image.size, seen.title) == ((1000, 700), "Home")
        assert browser.step(Click(150, 130)).outcome == "changed"
        assert browser.evaluate("clicks") == [[150, 130]]
        assert browser.step(Click(50, 10)).error is None
        assert browser.step(Type("hello")).outcome == "changed"
        assert browser.evaluate("document.getElementById('i').value") == "hello"
        assert len(browser.reset().tabs) == 1
    assert tabs_of(running) == [site]  # still there, with its own tab


@pytest.mark.slow
def test_attached_under_a_policy(running: str, site: str) -> None:
    with BrowserEnvironment(site, cdp_url=running, policy=Policy.strict()) as browser:
        assert browser.step(Click(150, 130)).outcome == "changed"
        elsewhere = site.replace("127.0.0.1", "localhost")
        assert browser.step(Navigate(elsewhere)).outcome == "blocked"
        asked = "url => fetch(url, {mode: 'no-cors'}).then(() => 'leaked', () => 'stopped')"
        assert browser.evaluate(asked, elsewhere) == "stopped"
        assert browser.evaluate(asked, site) == "leaked"
        assert [tab.title for tab in browser.reset().tabs] == ["Home"]
        assert browser.evaluate(asked, elsewhere) == "stopped"
    assert tabs_of(running) == [site]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_five_hundred_steps_leak_nothing(site: str) -> None:
    me = psutil.Process()
    with BrowserEnvironment(site) as browser:

        def count() -> tuple[int, int, float]:
            ours = [me, *(p for p in offspring() if "node" in p.name())]
            memory = sum(p.memory_info().rss for p in ours) / 1e6
            return len(offspring()), sum(p.num_fds() for p in ours), memory

        for _ in range(50):  # caches fill
            browser.step(Click(100, 130))
            browser.observe()
        processes, handles, memory = count()
        for _ in range(250):
            assert browser.step(Click(100, 130)).outcome == "changed"
            browser.step(Click(50, 10))
            browser.observe()
        after = count()
    print("processes, file handles, MB:", (processes, handles, memory), "->", after)
    assert after[0] <= processes + 1  # Chromium keeps a spare renderer, or not
    assert after[1] <= handles + 2
    assert after[2] - memory < 20
