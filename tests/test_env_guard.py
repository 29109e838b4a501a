"""Nothing leaves for a host that is not allowed, whichever way a page tries.

The same vectors run four times: in a browser that Playwright launched and in one that was running
already, without the guard, where each must get out, and with it, where none may.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest
from leaks import ALLY, GOOD, VECTORS, Sites, Vector, pages
from playwright.async_api import Browser, BrowserContext, Error, async_playwright

from env.chromium import find_browser
from env.errors import PolicyError, SetupError
from env.guard import Guard, launch_arguments
from env.policy import Policy

pytestmark = pytest.mark.browser
DEVNULL = asyncio.subprocess.DEVNULL
T = TypeVar("T")
FLAGS = ["--no-sandbox"]
AT_ONCE = 8
MAY_TAKE = 1.0
POLICY = Policy(allowed_domains=("@start", ALLY))
PRELOADING = "chrome.settingsPrivate.getPref('net.network_prediction_options').then(p => p.value)"


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(asyncio.wait_for(work, 350))


@contextlib.asynccontextmanager
async def launched(arguments: list[str]) -> AsyncIterator[BrowserContext]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find_browser(), args=FLAGS + arguments
        )
        yield await browser.new_context()
        await browser.close()


@contextlib.asynccontextmanager
async def running(profile: Path) -> AsyncIterator[tuple[str, int]]:
    """A browser that somebody else started: its address and process."""
    process = await asyncio.create_subprocess_exec(
        find_browser(), "--headless=new", "--remote-debugging-port=0", *FLAGS, "--no-first-run",
        f"--user-data-dir={profile}", "about:blank",
        stderr=DEVNULL, stdout=DEVNULL, start_new_session=True,
    )  # fmt: skip
    written = profile / "DevToolsActivePort"
    try:
        while not (written.exists() and written.read_text().count("\n")):
            await asyncio.sleep(0.05)
        yield f"http://127.0.0.1:{written.read_text().split()[0]}", process.pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


@contextlib.asynccontextmanager
async def attached(profile: Path) -> AsyncIterator[tuple[Browser, str, int]]:
    async with running(profile) as (url, pid), async_playwright() as playwright:
        yield await playwright.chromium.connect_over_cdp(url), url, pid


async def attempt(context: BrowserContext, sites: Sites, tried: list[tuple[Vector, ...]]) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(vectors: tuple[Vector, ...]) -> None:
        async with gate:
            page = await context.new_page()
            with contextlib.suppress(Error):  # refused, or gone elsewhere already
                await page.goto(sites.url(vectors), wait_until="load", timeout=30000)
                for number in range(len(vectors)):  # each with a user gesture of its own
                    with contextlib.suppress(Error):  # what the guard took away may throw
                        await page.evaluate(f"void window.go?.[{number}]()")
            await asyncio.sleep(MAY_TAKE)
            await page.close()

    await asyncio.gather(*(one(vectors) for vectors in tried))


async def attempt_without_guard(context: BrowserContext, sites: Sites) -> None:
    await attempt(context, sites, pages())
    for _ in range(2):  # what a busy machine was too slow for, once more alone
        await attempt(context, sites, [(v,) for v in VECTORS if v.name not in sites.reached])


def silent(sites: Sites, *, is_attached: bool) -> list[str]:
    fires = [v for v in VECTORS if is_attached or not v.attached_only]
    return [v.name for v in fires if v.name not in sites.reached]


@pytest.mark.slow
def test_without_the_guard_a_launched_browser_leaks_every_vector() -> None:
    async def main() -> None:
        async with Sites() as sites, launched([]) as context:
            await attempt_without_guard(context, sites)
            assert silent(sites, is_attached=False) == []

    run(main())


@pytest.mark.slow
def test_without_the_guard_a_running_browser_leaks_every_vector(tmp_path: Path) -> None:
    async def main() -> None:
        async with Sites() as sites, attached(tmp_path) as (browser, _, _):
            await attempt_without_guard(browser.contexts[0], sites)
            assert silent(sites, is_attached=True) == []

    run(main())


def test_nothing_leaves_a_launched_browser() -> None:
    async def main() -> None:
        async with (
            Sites() as sites,
            launched(launch_arguments(POLICY, sites.start_url)) as context,
        ):
            guard = await Guard.install(context, POLICY, sites.start_url)
            await attempt(context, sites, pages())
            assert sites.reached == {}
            await check_that_the_allowed_works(context, sites)
            check_decisions(guard, sites, tried={vector.name for vector in VECTORS})
            await guard.close()

    run(main())


@pytest.mark.slow
@pytest.mark.parametrize("own_context", [False, True])
def test_nothing_leaves_a_running_browser(own_context: bool, tmp_path: Path) -> None:
    async def main() -> None:
        async with Sites() as sites, attached(tmp_path) as (browser, url, _):
            context = await browser.new_context() if own_context else browser.contexts[0]
            guard = await Guard.install(context, POLICY, sites.start_url, cdp_url=url)
            # A context of its own has no predictors, so the vectors that share pages will do.
            some = [page for page in pages() if len(page) > 1] if own_context else pages()
            await attempt(context, sites, some)
            assert sites.reached == {}
            await check_that_the_allowed_works(context, sites)
            check_decisions(guard, sites, tried={vector.name for page in some for vector in page})
            await guard.close()
            await guard.close()

    run(main())


ASK = "url => fetch(url).then(r => r.ok, e => String(e))"
WORKS = """async ([kind, script]) => {
  const worker = window.kept = new globalThis[kind](script), port = worker.port ?? worker;
  const answer = new Promise((ok, fail) => {
    port.onmessage = e => ok(e.data);
    worker.onerror = fail;
  });
  port.postMessage(1);
  return answer;
}"""
ECHO = "onmessage = () => fetch('GOOD/').then(r => postMessage(r.ok))"
SHARED_ECHO = (
    "onconnect = ({ports: [port]}) => port.onmessage = () =>"
    "fetch('GOOD/').then(r => port.postMessage(r.ok))"
)


async def check_that_the_allowed_works(context: BrowserContext, sites: Sites) -> None:
    page = await context.new_page()
    good, ally = f"http://{GOOD}:{sites.port}", f"http://{ALLY}:{sites.port}"
    await page.goto(f"{good}/hop?to={ally}/")
    assert page.url == f"{ally}/"
    await page.goto(f"{good}/html?code=<iframe src='{ally}/'></iframe>")
    assert [await frame.inner_text("body") for frame in page.frames[1:]] == ["fine"]
    assert await page.evaluate(ASK, f"{ally}/") is True
    assert await page.evaluate(ASK, f"{good}/hop?to={ally}/") is True
    for kind, code in (("Worker", ECHO), ("SharedWorker", SHARED_ECHO)):
        code = code.replace("GOOD", good)
        blob = await page.evaluate("code => URL.createObjectURL(new Blob([code]))", code)
        for script in (f"/script?code={code}", blob):
            works = page.evaluate(WORKS, [kind, script])
            assert await asyncio.wait_for(works, 60) is True, (kind, script)
    connected = sites.sockets
    await page.evaluate("url => void new WebSocket(url)", good.replace("http", "ws"))
    for _ in range(40):
        if sites.sockets > connected:
            break
        await asyncio.sleep(0.05)
    assert sites.sockets > connected
    await page.close()


def check_decisions(guard: Guard, sites: Sites, tried: set[str]) -> None:
    refused = {decision.subject for decision in guard.decisions if not decision.allowed}
    allowed = [decision.subject for decision in guard.decisions if decision.allowed]
    for name in tried & {"img", "redirect img", "redirect navigation", "form post", "websocket"}:
        address = sites.evil(next(v for v in VECTORS if v.name == name)).split("//")[1]
        assert any(address in subject for subject in refused), name
    assert sum(f"http://{GOOD}:{sites.port}" in subject for subject in allowed) == 1


START_WORKERS = """([worker, service]) => {
  const script = code => 'script?code=' + encodeURIComponent(code);
  window.kept = new Worker('/' + script(worker));
  return navigator.serviceWorker.register('/' + script(service))
    .then(() => navigator.serviceWorker.ready).then(() => null);
}"""
USE_WORKERS = """async ([socket, plain]) => {
  fetch(plain).catch(() => 0);
  window.kept.postMessage(1);
  (await navigator.serviceWorker?.getRegistration())?.active.postMessage(1);
  new WebSocket(socket);
}"""


@pytest.mark.slow
@pytest.mark.parametrize("stopped", [False, True])
def test_what_ran_before_we_attached_is_held_too(stopped: bool, tmp_path: Path) -> None:
    async def main() -> None:
        async with Sites() as sites, attached(tmp_path) as (browser, url, _):
            context = browser.contexts[0]
            page = await context.new_page()
            await page.goto(sites.start_url)
            evil = [sites.evil(vector) for vector in VECTORS[2:10]]
            leak = "() => {{ fetch('{0}').catch(() => 0); new WebSocket('{1}') }};"
            sockets = [address.replace("http", "ws") for address in evil]
            worker = "onmessage = " + leak.format(evil[0], sockets[1])
            service = "onmessage = onfetch = " + leak.format(evil[2], sockets[3])
            await page.evaluate(START_WORKERS, [worker, service])
            if stopped:
                session = await context.new_cdp_session(page)
                await session.send("ServiceWorker.enable")
                await session.send("ServiceWorker.stopAllWorkers")
            guard = await Guard.install(context, POLICY, sites.start_url, cdp_url=url)
            await page.evaluate(USE_WORKERS, [sockets[4], evil[5]])
            await asyncio.sleep(MAY_TAKE)
            await page.reload()
            assert await page.inner_text("body") == "fine"
            assert await asyncio.wait_for(page.evaluate(ASK, sites.start_url), 60) is True
            await asyncio.sleep(MAY_TAKE)
            assert sites.reached == {}
            await guard.close()

    run(main())


@pytest.mark.slow
def test_preloading_is_off_while_the_guard_is_up_and_back_afterwards(tmp_path: Path) -> None:
    async def main() -> None:
        async with attached(tmp_path) as (browser, url, _):
            context = browser.contexts[0]
            page = await context.new_page()
            await page.goto("chrome://settings/performance")
            before = await page.evaluate(PRELOADING)
            guard = await Guard.install(context, POLICY, "http://good.test/", cdp_url=url)
            assert await page.evaluate(PRELOADING) == 2 != before
            await guard.close()
            assert await page.evaluate(PRELOADING) == before

    run(main())


@pytest.mark.slow
def test_a_killed_browser_is_noticed_and_closing_still_works(tmp_path: Path) -> None:
    async def main() -> None:
        async with attached(tmp_path) as (browser, url, pid):
            guard = await Guard.install(
                browser.contexts[0], POLICY, "http://good.test/", cdp_url=url
            )
            assert not guard.lost
            os.killpg(pid, signal.SIGKILL)
            for _ in range(40):
                if guard.lost:
                    break
                await asyncio.sleep(0.05)
            assert guard.lost
            await guard.close()

    run(main())


NO_CONTEXT = cast("BrowserContext", None)


def test_where_nobody_listens_there_is_one_sentence() -> None:
    nowhere = "http://127.0.0.1:1"
    with pytest.raises(SetupError, match=f"no browser answers at {nowhere}"):
        run(Guard.install(NO_CONTEXT, POLICY, "http://a.test/", cdp_url=nowhere))


def test_without_websockets_the_message_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "websockets.asyncio.client", None)
    with pytest.raises(SetupError, match=r"pip install 'focusagent\[attach\]'"):
        run(Guard.install(NO_CONTEXT, POLICY, "http://a.test/", cdp_url="http://127.0.0.1:1"))


@pytest.mark.slow
def test_schemes_hold_even_where_every_host_is_allowed(tmp_path: Path) -> None:
    policy = Policy(schemes=("https",))

    async def refused(context: BrowserContext, sites: Sites, url: str | None) -> None:
        guard = await Guard.install(context, policy, "https://a.test/", cdp_url=url)
        page = await context.new_page()
        with pytest.raises(Error, match="ERR_BLOCKED_BY_CLIENT"):
            await page.goto(sites.evil(VECTORS[0]))
        assert [d.rule for d in guard.decisions] == ["scheme http is not in schemes"]
        await guard.close()

    async def main() -> None:
        assert launch_arguments(policy, "https://a.test/") == []
        async with Sites() as sites, launched([]) as context:
            await refused(context, sites, None)
        async with Sites() as sites, attached(tmp_path) as (browser, url, _):
            await refused(browser.contexts[0], sites, url)

    run(main())


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_a_launched_browser_keeps_to_an_origin_that_is_an_address(host: str) -> None:
    async def main() -> None:
        async with Sites() as sites:
            start = f"http://{host}:{sites.port}/"
            async with launched(launch_arguments(Policy.strict(), start)) as context:
                page = await context.new_page()
                await page.goto(start)
                assert await page.inner_text("body") == "fine"
                other = sites.evil_port(VECTORS[0])
                for stranger in (f"{host}:{other}", f"localhost:{other}", f"2130706433:{other}"):
                    with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
                        await page.goto(f"http://{stranger}/")
                assert sites.reached == {}

    run(main())


def test_launch_arguments_name_exact_ports_before_everything_else() -> None:
    policy = Policy(allowed_domains=("@start", "*.example.com", "::1", "b.test:8080"))
    rules, webrtc = launch_arguments(policy, "https://a.test/x")
    assert rules == (
        "--host-resolver-rules=EXCLUDE *.example.com,EXCLUDE ::1,MAP b.test:8080 b.test,"
        "MAP a.test:443 a.test,MAP * ~NOTFOUND"
    )
    assert webrtc == "--force-webrtc-ip-handling-policy=disable_non_proxied_udp"
    assert launch_arguments(Policy(), "https://a.test/") == []


@pytest.mark.parametrize("start", ["http://a,MAP * evil.test/", "http://a.test b/"])
def test_a_start_page_cannot_smuggle_in_resolver_rules(start: str) -> None:
    with pytest.raises(PolicyError, match="is not a host name"):
        launch_arguments(Policy.strict(), start)
