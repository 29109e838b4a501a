"""The tabs of a browser context and what happens in them: popups, dialogs, downloads, crashes."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from .policy import Decision, Policy
from .secrets import Secret, redact
from .types import Dialog
from .types import Download as DownloadRecord

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, CDPSession, Download, Frame, Page, Request
    from playwright.async_api import Dialog as PageDialog


# A blinking caret would make equal screens differ. The style sheet is no element of the page.
_HIDE_CARET = """(() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync('* { caret-color: transparent !important }');
  document.adoptedStyleSheets.push(sheet);
})()"""


class TabState:
    """One page with what we must remember of it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._crash = asyncio.Event()
        self.commits = 0  # documents the main frame has shown
        self.pending: Request | None = None  # a navigation that has not been answered yet
        self._session: CDPSession | None = None
        self._target_id = ""
        page.on("crash", lambda _: self._crash.set())
        page.on("framenavigated", self._committed)
        page.on("request", self._requested)
        page.on("requestfailed", self._failed)
        # With a listener Playwright swallows native file choosers, which nobody could close.
        page.on("filechooser", lambda _: None)

    @property
    def crashed(self) -> bool:
        """Whether the page's process has died."""
        return self._crash.is_set()

    async def responds(self) -> bool:
        """Wait until the page answers (True) or turns out to have crashed (False)."""
        session = await self.session()
        answer = asyncio.ensure_future(session.send("Runtime.evaluate", {"expression": "0"}))
        crash = asyncio.ensure_future(self._crash.wait())
        try:
            await asyncio.wait({answer, crash}, return_when=asyncio.FIRST_COMPLETED)
            if not self.crashed:
                await answer  # raises what went wrong, if anything did
            return not self.crashed
        finally:
            answer.cancel()
            crash.cancel()

    def _requested(self, request: Request) -> None:
        if request.is_navigation_request() and self._in_main_frame(request):
            self.pending = request

    def _in_main_frame(self, request: Request) -> bool:
        from playwright.async_api import Error

        try:
            return request.frame == self.page.main_frame
        except Error:  # the frame of a page's first request does not exist yet
            return True

    def _failed(self, request: Request) -> None:
        if request == self.pending:
            self.pending = None

    def _committed(self, frame: Frame) -> None:
        if frame == self.page.main_frame:
            self.commits += 1
            self.pending = None

    async def session(self) -> CDPSession:
        """A protocol session on this page, opened once."""
        if self._session is None:
            self._session = await self.page.context.new_cdp_session(self.page)
        return self._session

    async def target_id(self) -> str:
        """The browser's id of this page."""
        if not self._target_id:
            info = await (await self.session()).send("Target.getTargetInfo")
            self._target_id = info["targetInfo"]["targetId"]
        return self._target_id


class Tabs:
    """All tabs of one context; new ones become the active one, dialogs are answered by policy."""

    def __init__(
        self,
        context: BrowserContext,
        policy: Policy,
        secrets: Mapping[str, Secret],
        downloads_dir: Path | None,
        decisions: list[Decision],
    ) -> None:
        self._context, self._policy, self._secrets = context, policy, secrets
        self._downloads_dir, self._decisions = downloads_dir, decisions
        self._running: set[asyncio.Task[None]] = set()
        self.dialogs: list[Dialog] = []
        self.downloads: list[DownloadRecord] = []
        self.states: list[TabState] = []
        self.active_index = 0
        self.viewport: tuple[int, int] | None = None  # what pages are resized to
        context.on("page", self.add)
        context.on("dialog", self._dialog)

    def add(self, page: Page) -> None:
        """Follow a page; it becomes the active tab."""
        if any(state.page == page for state in self.states):
            return
        self.states.append(TabState(page))
        self.active_index = len(self.states) - 1
        self._spawn(self._prepare(page))
        page.on("close", self._remove)
        page.on("download", lambda download: self._spawn(self._save(download)))

    def unfollow(self) -> None:
        """Take no notice of the context any more."""
        self._context.remove_listener("page", self.add)
        self._context.remove_listener("dialog", self._dialog)
        for state in self.states:
            state.page.remove_listener("close", self._remove)

    def _dialog(self, dialog: PageDialog) -> None:
        self._spawn(self._answer(dialog))

    async def open(self) -> Page:
        """A new, prepared tab; it becomes the active one."""
        page = await self._context.new_page()
        self.add(page)
        await self.finish(timeout=5)
        return page

    async def _prepare(self, page: Page) -> None:
        await page.add_init_script(_HIDE_CARET)
        if self.viewport is not None:
            width, height = self.viewport
            await page.set_viewport_size({"width": width, "height": height})
        await page.evaluate(_HIDE_CARET)

    def _remove(self, page: Page) -> None:
        index = next((i for i, state in enumerate(self.states) if state.page == page), None)
        if index is None:
            return
        del self.states[index]
        if index < self.active_index or self.active_index >= len(self.states):
            self.active_index = max(0, self.active_index - 1)

    async def active(self) -> TabState:
        """The active tab; a blank one is opened when the last was closed."""
        if not self.states:
            await self.open()
        return self.states[self.active_index]

    async def finish(self, timeout: float) -> None:
        """Wait, `timeout` seconds at most, for what is being prepared, answered or saved."""
        if self._running:
            await asyncio.wait(self._running, timeout=timeout)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._running.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # seen: the page went away while it was being answered

    async def _answer(self, dialog: PageDialog) -> None:
        # A leave-page dialog stands in the way of a navigation that was asked for.
        accept = self._policy.dialogs == "accept" or dialog.type == "beforeunload"
        message = redact(dialog.message, self._secrets)
        answer: Literal["accepted", "dismissed"] = "accepted" if accept else "dismissed"
        self.dialogs.append(Dialog(dialog.type, message, answer))
        self._decisions.append(Decision(f"{dialog.type}: {message}", accept, "dialogs"))
        if accept:
            await dialog.accept(dialog.default_value if dialog.type == "prompt" else "")
        else:
            await dialog.dismiss()

    async def _save(self, download: Download) -> None:
        name = re.sub(r"[^\w.() -]", "_", download.suggested_filename).lstrip(".") or "download"
        error = await self._why_not(download)
        path = None
        if error is None:
            target = _unused(self._folder() / name[-120:])
            await download.save_as(target)
            target.chmod(0o600)
            path = str(target)
        else:
            await download.cancel()
            await download.delete()
        self._decisions.append(
            Decision(f"download {name}", error is None, error or "downloads are allowed")
        )
        self.downloads.append(
            DownloadRecord(redact(download.url, self._secrets), name, path, error)
        )

    def _folder(self) -> Path:
        """Where downloads are saved; without a choice, a temporary one from the first on."""
        if self._downloads_dir is None:
            self._downloads_dir = Path(tempfile.mkdtemp(prefix="focusagent-"))
        self._downloads_dir.mkdir(parents=True, exist_ok=True)
        return self._downloads_dir

    async def _why_not(self, download: Download) -> str | None:
        if not self._policy.downloads:
            return "the policy allows no downloads"
        if failure := await download.failure():
            return f"the download failed: {failure}"
        size = (await download.path()).stat().st_size / 1e6
        if size > self._policy.max_download_mb:
            return f"{size:.0f} MB exceed max_download_mb = {self._policy.max_download_mb:g}"
        return None


def _unused(path: Path) -> Path:
    number = 1
    candidate = path
    while candidate.exists():
        candidate = path.with_stem(f"{path.stem} ({number})")
        number += 1
    return candidate
