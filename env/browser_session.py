"""The asynchronous half of `BrowserEnvironment`: everything that talks to Playwright."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from .actions import Action, Type, Wait
from .browser_frame import Frame, blank, reason
from .browser_input import BrowserInput
from .browser_launch import BrowserOptions, open_context, start_browser
from .browser_secrets import SecretKeeper
from .browser_tabs import Tabs, TabState
from .errors import ActionError, ClosedError, EnvError, SetupError
from .guard import Guard
from .masking import boxes_on_page, hull, masked
from .policy import Decision, Policy
from .secrets import Secret, redact
from .types import Tab

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Page, Playwright

SETTLE_MIN, SETTLE_MAX = 0.05, 2.0  # seconds
DOWNLOAD_SECONDS = 5.0


class BrowserSession:
    """A browser, one context in it, its tabs."""

    def __init__(
        self,
        options: BrowserOptions,
        policy: Policy,
        secrets: Mapping[str, Secret],
        decisions: list[Decision],
    ) -> None:
        self._options, self._policy = options, policy
        self._secrets, self._decisions = secrets, decisions
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None
        self._context: BrowserContext | None = None
        self._guard: Guard | None = None
        self._keeper = SecretKeeper(secrets, decisions, recorded=options.video_dir is not None)
        self._downloads = Path(options.downloads_dir) if options.downloads_dir else None
        self.tabs: Tabs
        self._input: BrowserInput

    async def open(self) -> None:
        """Start or attach, then show the start page."""
        from playwright.async_api import async_playwright

        self._playwright = await async_playwright().start()
        self._browser = await start_browser(self._playwright, self._options, self._policy)
        await self.restart()
        await self.settle()

    async def restart(self) -> None:
        """A fresh context on the start page; when attached, a new tab in the user's context."""
        browser = self.require_alive()
        if self._context is not None:
            await self._leave_context()
        self._context = await open_context(browser, self._options, self._policy)
        self._guard = await Guard.install(
            self._context,
            self._policy,
            self._options.url,
            decisions=self._decisions,
            cdp_url=self._options.cdp_url,
        )
        self.tabs = Tabs(
            self._context, self._policy, self._secrets, self._downloads, self._decisions
        )
        if self._options.cdp_url:  # contexts of our own have the viewport from the start
            self.tabs.viewport = self._options.viewport
        self._input = BrowserInput(self.tabs, self._options.load_timeout)
        self._keeper.typed.clear()
        await self._open_start_page()

    async def _open_start_page(self) -> None:
        from playwright.async_api import Error

        url = self._options.url
        try:
            page = await self.tabs.open()
            if url != "about:blank":
                await page.goto(url, wait_until="commit", timeout=self._options.load_timeout * 1000)
        except Error as error:
            if "ffmpeg" in str(error):
                raise SetupError(
                    "video needs Playwright's ffmpeg: `playwright install ffmpeg`"
                ) from error
            raise SetupError(f"the start page {url} did not open: {reason(error)}") from error

    async def _leave_context(self) -> None:
        if self._context is None:
            return
        context, self._context = self._context, None
        self.tabs.unfollow()
        if self._options.cdp_url:  # the context is the user's: only our tabs go
            for state in self.tabs.states:
                await state.page.close()
        else:
            await context.close()
        if self._guard is not None:
            await self._guard.close()
            self._guard = None

    async def close(self) -> None:
        """Close what was opened, whatever state it is in."""
        from playwright.async_api import Error

        for leave in (self._leave_context, self._close_browser, self._stop_playwright):
            try:
                await asyncio.wait_for(leave(), timeout=10)
            except (Error, TimeoutError):
                continue  # it is gone already; the next step ends what is left of it

    async def _close_browser(self) -> None:
        if self._browser is not None:
            await self._browser.close()

    async def _stop_playwright(self) -> None:
        if self._playwright is not None:
            await self._playwright.stop()

    @property
    def gone(self) -> str | None:
        """Why nothing can be done here any more; None while something can."""
        if self._browser is None or not self._browser.is_connected():
            return "the browser is gone: open a new environment"
        if self._guard is not None and self._guard.lost:
            return "the connection that guards the network broke: open a new environment"
        return None

    def require_alive(self) -> Browser:
        """The live, guarded browser, or `ClosedError`."""
        if self._browser is None or self.gone:
            raise ClosedError(self.gone or "no browser was opened")
        return self._browser

    async def frame(self) -> Frame:
        """One screenshot of the active tab, in CSS pixels, carets hidden."""
        from playwright.async_api import Error

        state = await self.tabs.active()
        try:
            png = await asyncio.wait_for(_capture(state), timeout=self._options.load_timeout)
        except TimeoutError as error:
            seconds = self._options.load_timeout
            raise EnvError(f"the page did not draw for {seconds:g} s: it may hang") from error
        except Error as error:
            self.require_alive()
            if state.crashed or state.page.is_closed():
                return await self.frame()
            raise EnvError(f"the page could not be drawn: {reason(error)}") from error
        # A browser that somebody else started draws in the device pixels of its real screen.
        return Frame(png, self.tabs.viewport) if png else self.blank()

    def blank(self) -> Frame:
        """What is shown of a page that cannot show itself."""
        return blank(self._options.viewport)

    async def settle(self) -> tuple[bool, Frame]:
        """Wait for a pending load and then for two equal frames; both waits are bounded."""
        loaded = await self._loaded()
        await asyncio.sleep(SETTLE_MIN)
        deadline = time.monotonic() + SETTLE_MAX
        last = await self.frame()
        while True:
            decoding = asyncio.to_thread(last.image)  # while the browser draws the next one
            frame, _ = await asyncio.gather(self.frame(), decoding)
            if frame == last:
                break
            last = frame
            if time.monotonic() > deadline:
                return False, frame
        await self.tabs.finish(DOWNLOAD_SECONDS)
        return loaded, last

    async def _loaded(self) -> bool:
        from playwright.async_api import Error

        deadline = time.monotonic() + self._options.load_timeout
        await asyncio.sleep(0.01)  # lets the input's first consequences arrive
        state = await self.tabs.active()
        while state.pending is not None and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
            state = await self.tabs.active()
        if state.crashed:
            return True
        left = max(1.0, (deadline - time.monotonic()) * 1000)
        try:
            await state.page.wait_for_load_state("load", timeout=min(left, 5000))
        except Error:
            return False
        return state.pending is None

    async def perform(self, action: Action) -> None:
        """Dispatch one action; what the browser refuses becomes an `ActionError`."""
        from playwright.async_api import Error

        text = action.text if isinstance(action, Type) else ""
        if isinstance(action, Type) and action.secret is not None:
            text = await self._keeper.resolve(action.secret, (await self.tabs.active()).page)
        seconds = self._options.load_timeout + (action.seconds if isinstance(action, Wait) else 5)
        try:
            await asyncio.wait_for(self._input.perform(action, text), timeout=seconds)
        except TimeoutError as error:
            await self._stop_loading()
            raise ActionError(f"the page took no input for {seconds:g} s: it may hang") from error
        except Error as error:
            self.require_alive()
            await self._stop_loading()
            raise ActionError(reason(error)) from error

    async def _stop_loading(self) -> None:
        """Give up a navigation that did not come; a page that hangs cannot even do that."""
        from playwright.async_api import Error

        state = await self.tabs.active()
        state.pending = None
        with contextlib.suppress(Error, TimeoutError):
            session = await state.session()
            await asyncio.wait_for(session.send("Page.stopLoading"), timeout=1)

    async def masked(self, frame: Frame) -> Image.Image:
        """The frame's pixels; once a secret was typed, those of a new frame with it painted over.

        The layout is read before and after that frame: where it moved meanwhile, all of the area
        between is painted.
        """
        state = await self.tabs.active()
        values = sorted(self._keeper.typed)
        if not values or state.crashed:
            return frame.image().copy()
        session = await state.session()
        before = await boxes_on_page(session, state.page.frames, values)
        frame = await self.frame()
        after = await boxes_on_page(session, state.page.frames, values)
        return masked(frame.image(), after if after == before else hull([*before, *after]))

    async def describe(self) -> tuple[str, str, tuple[Tab, ...]]:
        """URL and title of the active tab, and all tabs, without asking the pages themselves."""
        active = await self.tabs.active()
        session = await active.session()
        infos = (await session.send("Target.getTargets"))["targetInfos"]
        titles = {info["targetId"]: info["title"] for info in infos}
        tabs = []
        for state in self.tabs.states:
            title = "this page has crashed: reload it"
            if not state.crashed:
                title = titles.get(await state.target_id(), "")
            tabs.append(Tab(self._clean(state.page.url), self._clean(title), state is active))
        here = tabs[self.tabs.states.index(active)]
        return here.url, here.title, tuple(tabs)

    def _clean(self, text: str) -> str:
        return redact(text, self._secrets)

    async def evaluate(self, expression: str, argument: Any) -> Any:
        """Run a script in the active tab."""
        return await (await self.tabs.active()).page.evaluate(expression, argument)

    async def page(self) -> Page:
        """The page of the active tab."""
        return (await self.tabs.active()).page

    async def save_storage_state(self, path: str) -> None:
        """Write cookies and local storage."""
        if self._context is None:
            raise ClosedError(self.gone or "there is no context")
        await self._context.storage_state(path=path)

    async def active(self) -> TabState:
        """The active tab."""
        return await self.tabs.active()


async def _capture(state: TabState) -> bytes | None:
    """A screenshot as PNG; None of a page that has crashed.

    The page is asked for a sign of life first: a screenshot of one that has just crashed takes the
    whole browser down with it (Chromium 156).
    """
    if state.crashed or not await state.responds():
        return None
    session = await state.session()
    options = {"format": "png", "optimizeForSpeed": True}
    return base64.b64decode((await session.send("Page.captureScreenshot", options))["data"])
