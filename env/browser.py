"""A browser as an environment: seen as pixels, driven by pixels."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any, TypeVar

from . import stepping
from .actions import (
    Action,
    CloseTab,
    Done,
    Navigate,
    NewTab,
    SwitchTab,
    points_of,
)  # fmt: skip
from .browser_frame import Frame, reason
from .browser_input import box_of, native_select_at
from .browser_launch import BrowserOptions
from .browser_session import BrowserSession
from .errors import ActionError, ClosedError, EnvError, PolicyError
from .loop_thread import LoopThread
from .policy import Decision, Policy
from .screen import changed_box, require_inside, stirred
from .secrets import KeepsSecrets, Secret, redact
from .types import Environment, Observation, Outcome, PixelBox, StepResult

T = TypeVar("T")


class BrowserEnvironment(KeepsSecrets, Environment):
    """A Chromium, Chrome or Edge that is looked at and acted on by pixels.

    Opens `url` under `policy`, in a browser of its own or in the one at `cdp_url`. Screenshots
    are in CSS pixels whatever the device scale. Works in scripts and under a running event loop.
    """

    def __init__(  # noqa: PLR0913 - keyword-only options, each a thing users set on its own
        self,
        url: str = "about:blank",
        *,
        policy: Policy | None = None,
        secrets: Mapping[str, Secret] | None = None,
        headless: bool = True,
        viewport: tuple[int, int] = (1280, 800),
        device_scale: float = 1.0,
        executable: str | None = None,
        storage_state: str | None = None,
        video_dir: str | None = None,
        downloads_dir: str | None = None,
        cdp_url: str | None = None,
        browser_args: Iterable[str] = (),
        load_timeout: float = 15.0,
    ) -> None:
        self._policy = policy or Policy()
        self._secrets = dict(secrets or {})
        self._options = BrowserOptions(
            url=url,
            headless=headless,
            viewport=viewport,
            device_scale=device_scale,
            executable=executable,
            storage_state=storage_state,
            video_dir=video_dir,
            downloads_dir=downloads_dir,
            cdp_url=cdp_url,
            browser_args=tuple(browser_args),
            load_timeout=load_timeout,
        )
        start = self._policy.check_url(url, url)
        if not start.allowed:
            raise PolicyError(f"the policy does not allow the start page {url}: {start.rule}")
        self._gate = stepping.Gate(self._policy, self._secrets, url)
        self._last: StepResult | None = None
        self._shown: Frame | None = None
        self._observed: Frame | None = None
        self._closed = False
        self._loop = LoopThread("focusagent-browser")
        self._session = BrowserSession(
            self._options, self._policy, self._secrets, self._gate.decisions
        )
        try:
            self._loop.run(self._session.open())
        except BaseException:
            self.close()
            raise

    @property
    def policy(self) -> Policy:
        """The policy it was opened with."""
        return self._policy

    @property
    def decisions(self) -> list[Decision]:
        """What the policy has decided, the network's part included, in the order it was taken."""
        return list(self._gate.decisions)

    def reset(self) -> Observation:
        """A fresh context on the start page: no cookies, tabs, dialogs or downloads of before."""
        self._last = None
        self._gate.restart()
        self._run(self._session.restart())
        return self.observe()

    def observe(self) -> Observation:
        """Look, once the screen holds still; typed secrets are painted over."""
        return self._run(self._observe())

    def step(self, action: Action) -> StepResult:
        """Act, wait until the screen holds still, and say what happened."""
        self._last = self._run(self._step(action))
        return self._last

    def evaluate(self, expression: str, argument: Any = None) -> Any:
        """Run a script in the active tab: for fixtures and tests, never for agents."""
        return self._run(self._session.evaluate(expression, argument))

    def box_of(self, selector: str) -> PixelBox | None:
        """Where the first element that a selector names stands, scrolled into view; None if none.

        Selectors are Playwright's: CSS, `text=Save`, `role=button[name="Save"]` ...
        """
        return self._run(self._on_page(box_of, selector))

    def native_select_at(self, x: float, y: float) -> bool:
        """Whether the browser itself draws the dropdown at a point: `Select` can choose in it."""
        return self._run(self._on_page(native_select_at, x, y))

    def save_storage_state(self, path: str) -> None:
        """Write cookies and local storage to a file that `storage_state=` takes."""
        self._run(self._session.save_storage_state(path))

    def close(self) -> None:
        """Close the browser (or our tabs in it); calling it twice is fine."""
        if self._closed:
            return
        self._closed = True
        try:
            self._loop.run(self._session.close())
        finally:
            self._loop.stop()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        """The one seam between callers and Playwright: its errors become ours."""
        from playwright.async_api import Error

        gone = "this environment was closed: open a new one" if self._closed else self._session.gone
        if gone:
            work.close()
            raise ClosedError(gone)
        try:
            return self._loop.run(work)
        except Error as error:
            self._session.require_alive()
            raise EnvError(redact(reason(error), self._secrets)) from error

    async def _on_page(self, work: Callable[..., Coroutine[Any, Any, T]], *values: Any) -> T:
        return await work(await self._session.page(), *values)

    async def _observe(self) -> Observation:
        _, frame = await self._session.settle()
        self._observed = frame
        image = await self._session.masked(frame)
        url, title, tabs = await self._session.describe()
        return Observation(
            image=image,
            viewport=(float(image.width), float(image.height)),
            scale=(1.0, 1.0),
            url=url,
            title=title,
            tabs=tabs,
            dialogs=tuple(self._session.tabs.dialogs),
            downloads=tuple(self._session.tabs.downloads),
            last=self._last,
        )

    async def _step(self, action: Action) -> StepResult:
        record = functools.partial(stepping.result, action, time.perf_counter(), self._secrets)
        if refusal := self._gate.refusal(action):
            return record(outcome="blocked", error=refusal)
        if isinstance(action, Done):
            return record(outcome="no change", dispatched=False)
        try:
            return await self._act(action, record)
        except ClosedError:
            raise
        except EnvError as error:
            return record(outcome="failed", error=str(error))

    async def _act(self, action: Action, record: functools.partial[StepResult]) -> StepResult:
        session = self._session
        try:
            before = await session.frame()
        except EnvError:
            if not isinstance(action, Navigate | NewTab | SwitchTab | CloseTab):
                raise
            before = session.blank()  # a page that hangs can still be left
        tab = await session.active()
        commits, error = tab.commits, None
        points = points_of(action)
        for point in points:
            require_inside(point, before.size)
        seen = self._observed or before
        try:
            await session.perform(action)
        except ActionError as problem:
            error = str(problem)
        settled, after = await session.settle()
        now = await session.active()
        box = self._difference(before, after)
        outcome: Outcome = "changed" if box else "no change"
        if now is not tab or now.commits != commits:
            outcome = "navigated"
        return record(
            outcome="failed" if error else outcome,
            error=error,
            settled=settled,
            before=before.digest,
            after=after.digest,
            changed_box=box,
            stirred=seen != before and stirred(seen.image(), before.image(), points),
        )

    def _difference(self, before: Frame, after: Frame) -> PixelBox | None:
        # The last frame of a step, decoded already, is usually the first one of the next.
        first = self._shown if before == self._shown else before
        self._shown = after
        return None if first == after else changed_box(first.image(), after.image())
