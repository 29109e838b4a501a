"""Watching a person in a browser: what is clicked, typed, chosen, as messages and pictures."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import importlib
import io
import json
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from PIL import Image

from .._siblings import env
from ..errors import UserError
from .deeds import Deed, recording_of
from .recording import Recording

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Frame, Page, Playwright

KEPT = 150  # newest pictures of a page that are kept; there is a new one when anything changes
LATE = 0.3  # seconds a picture may arrive after the message about what was done on it
SAW = "focusagentSaw"


def record_person(  # noqa: PLR0913 - keyword-only options, each a thing users set on its own
    url: str,
    *,
    name: str = "flow",
    secrets: Mapping[str, env.Secret] | None = None,
    headless: bool = False,
    viewport: tuple[int, int] = (1280, 800),
    policy: env.Policy | None = None,
    storage_state: str | None = None,
    until: Callable[[Page], Awaitable[None]] | None = None,
) -> Recording:
    """Open a browser and record what is done in it, until it is closed or Ctrl-C is pressed.

    What is typed into password fields, or equals one of `secrets`, is never kept. The policy holds
    the browser to its domains and schemes. `until` ends the recording when it returns.
    """
    watcher, window = (
        Watcher(),
        _Window(url, viewport, headless, policy or env.Policy(), storage_state),
    )
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_watch(watcher, window, until))
    deeds = watcher.deeds
    if not deeds:
        raise UserError("nothing was done in the browser, so there is nothing to record")
    values = {key: secret.reveal() for key, secret in (secrets or {}).items()}
    return recording_of(deeds, name=name, start=url, window=viewport, secrets=values)


class Watcher:
    """Collects what is done on the pages of a browser context, in order."""

    def __init__(self) -> None:
        self.deeds: list[Deed] = []
        self._pages: list[Page] = []
        self._frames: dict[Page, deque[tuple[float, bytes]]] = {}
        self._waiting: set[asyncio.Task[None]] = set()

    async def attach(self, context: BrowserContext) -> None:
        """Watch every page of a context, those it opens later included."""
        await context.expose_binding(SAW, self._saw)
        script = files(__package__).joinpath("person.js").read_text(encoding="utf-8")
        await context.add_init_script(script)
        context.on("page", lambda page: self._task(self._look(page)))
        for page in context.pages:
            await self._look(page)

    async def finish(self) -> None:
        """Wait for the pictures of the last deeds."""
        while self._waiting:
            await asyncio.wait(self._waiting)

    async def _look(self, page: Page) -> None:
        """Get a picture of a page whenever it changes."""
        from playwright.async_api import Error

        if page in self._frames:
            return
        self._pages.append(page)
        frames = self._frames[page] = deque(maxlen=KEPT)
        with contextlib.suppress(Error):  # it was closed at once
            session = await page.context.new_cdp_session(page)

            async def acknowledge(number: int) -> None:
                with contextlib.suppress(Error):
                    await session.send("Page.screencastFrameAck", {"sessionId": number})

            def shown(event: Mapping[str, Any]) -> None:
                when = float(event["metadata"].get("timestamp", 0.0)) * 1000
                frames.append((when, base64.b64decode(event["data"])))
                self._task(acknowledge(event["sessionId"]))

            async def start() -> None:
                with contextlib.suppress(Error):
                    await session.send("Page.stopScreencast")
                    await session.send("Page.startScreencast", {"format": "png"})

            def opened(frame: Frame) -> None:
                if frame is page.main_frame:  # another page in this tab may send no pictures
                    self._task(start())

            session.on("Page.screencastFrame", shown)
            page.on("framenavigated", opened)
            await start()

    def _task(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def _saw(self, source: Mapping[str, Any], text: str) -> None:
        told = json.loads(text)
        page = source["page"]
        tab = self._pages.index(page) if page in self._pages else 0
        deed = Deed(told, tab)
        self.deeds.append(deed)
        self._task(self._picture(deed, page, source["frame"]))

    async def _picture(self, deed: Deed, page: Page, frame: Any) -> None:
        """The screen as it was when this was done, and before the pointer came there."""
        from playwright.async_api import Error

        if deed.told["framed"]:
            with contextlib.suppress(Error):
                box = await (await frame.frame_element()).bounding_box()
                deed.move(box["x"], box["y"])
        await asyncio.sleep(LATE)
        frames = [*self._frames.get(page, ())]
        deed.screen = _newest(frames, float(deed.told["time"]))
        if deed.told["entered"]:
            deed.untouched = _newest(frames, float(deed.told["entered"]))


def _newest(frames: list[tuple[float, bytes]], time: float) -> Image.Image | None:
    """The last picture that was shown before; else the first one there is."""
    earlier = [data for when, data in frames if when <= time]
    data = earlier[-1] if earlier else frames[0][1] if frames else None
    if data is None:
        return None
    with Image.open(io.BytesIO(data)) as image:
        return image.convert("RGB")


@dataclass(frozen=True)
class _Window:
    """The browser window that a person works in."""

    url: str
    viewport: tuple[int, int]
    headless: bool
    policy: env.Policy
    storage_state: str | None

    async def launch(self, playwright: Playwright) -> Browser:
        """Start the browser; every reason why it does not is one sentence."""
        from playwright.async_api import Error

        path = env.chromium.find_installed() or playwright.chromium.executable_path
        # Letters are drawn as in a browser without a window, where they are replayed.
        looks = ["--disable-lcd-text", "--force-device-scale-factor=1"]
        try:
            return await playwright.chromium.launch(
                executable_path=path,
                headless=self.headless,
                args=[*looks, *_guard().launch_arguments(self.policy, self.url)],
                chromium_sandbox=not env.chromium.runs_as_root(),
            )
        except Error as error:
            raise env.SetupError(
                f"the browser {path} did not start: is there a display? ({_first_line(error)})"
            ) from error

    async def context(self, browser: Browser) -> BrowserContext:
        """A context with the cookies to start with, held to the policy."""
        from playwright.async_api import Error

        width, height = self.viewport
        free = self.policy.allowed_domains is None
        try:
            made = await browser.new_context(
                viewport={"width": width, "height": height},
                accept_downloads=True,
                service_workers="allow" if free else "block",
                storage_state=self.storage_state,
            )
        except (Error, ValueError, OSError) as error:
            raise env.SetupError(
                f"the storage state {self.storage_state} cannot be used: {_first_line(error)}"
            ) from error
        await _guard().Guard.install(made, self.policy, self.url)
        return made


def _guard() -> Any:
    return importlib.import_module(".guard", env.__name__)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]


async def _watch(
    watcher: Watcher, window: _Window, until: Callable[[Page], Awaitable[None]] | None
) -> None:
    from playwright.async_api import Error, async_playwright

    start = window.policy.check_url(window.url, window.url)
    if not start.allowed:
        raise env.PolicyError(f"the policy does not allow the page {window.url}: {start.rule}")
    async with async_playwright() as playwright:
        browser = await window.launch(playwright)
        try:
            context = await window.context(browser)
            await watcher.attach(context)
            page = await context.new_page()
            await watcher.finish()
            await _go_to(page, window.url)
            if until is not None:
                await until(page)
            else:
                await _closed(context, browser)
        finally:
            with contextlib.suppress(Error):
                await watcher.finish()
                await browser.close()


async def _go_to(page: Page, url: str) -> None:
    from playwright.async_api import Error

    try:
        await page.goto(url)
    except Error as error:
        raise env.SetupError(f"{url} cannot be opened: {_first_line(error)}") from error


async def _closed(context: BrowserContext, browser: Browser) -> None:
    """Wait until the last window is closed."""
    gone = asyncio.Event()

    def check(*_: object) -> None:
        if not context.pages or not browser.is_connected():
            gone.set()

    browser.on("disconnected", lambda _: gone.set())
    context.on("close", lambda _: gone.set())
    for page in context.pages:
        page.on("close", check)
    context.on("page", lambda page: page.on("close", check))
    await gone.wait()
