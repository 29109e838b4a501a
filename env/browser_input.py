"""Turning one action into the browser's own input, by pixels."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from .actions import (
    Action,
    Back,
    Click,
    CloseTab,
    Done,
    Drag,
    Hover,
    Move,
    Navigate,
    NewTab,
    Press,
    Reload,
    Scroll,
    Select,
    SwitchTab,
    Type,
    Upload,
    Wait,
)  # fmt: skip
from .errors import ActionError
from .keys import parse_chord
from .types import PixelBox

if TYPE_CHECKING:
    from playwright.async_api import ElementHandle, Frame, Page

    from .browser_tabs import Tabs, TabState

CHOOSER_SECONDS = 5.0
_DEEPEST = """([x, y]) => {
  let element = document.elementFromPoint(x, y);
  while (element && element.shadowRoot) {
    const inner = element.shadowRoot.elementFromPoint(x, y);
    if (!inner || inner === element) break;
    element = inner;
  }
  return element && element.closest('label')?.control || element;
}"""
_OFFSET = (
    "e => { const b = e.getBoundingClientRect(); return [b.x + e.clientLeft, b.y + e.clientTop] }"
)
_OPTIONS = "e => [...e.options].map(option => option.label || option.text)"


class BrowserInput:
    """Carries actions out on the active tab; each returns once the browser has taken the input."""

    def __init__(self, tabs: Tabs, load_timeout: float) -> None:
        self._tabs = tabs
        self._milliseconds = load_timeout * 1000

    async def perform(self, action: Action, text: str) -> None:
        """Do it. `text` is what `Type` types, any secret already resolved."""
        state = await self._tabs.active()
        if state.crashed:
            action, state = await self._revive(action, state)
        page = state.page
        match action:
            case Move(x, y) | Hover(x, y):
                await page.mouse.move(x, y)
            case Click() | Drag() | Scroll():
                await self._use_mouse(page, action)
            case Type(secret=secret):
                await self._type(page, text, at_once=secret is not None)
            case Press(keys):
                await page.keyboard.press("+".join(parse_chord(keys)))
            case Select(x, y, option):
                await self._select(page, x, y, option)
            case Upload(x, y, paths):
                await self._upload(page, x, y, paths)
            case Wait(seconds):
                await asyncio.sleep(seconds)
            case _:
                await self._go(page, action)

    async def _go(self, page: Page, action: Action) -> None:
        match action:
            case Navigate(url):
                await page.goto(url, wait_until="commit", timeout=self._milliseconds)
            case Back():
                await page.go_back(wait_until="commit", timeout=self._milliseconds)
            case Reload():
                await page.reload(wait_until="commit", timeout=self._milliseconds)
            case NewTab(url):
                page = await self._tabs.open()
                if url != "about:blank":
                    await page.goto(url, wait_until="commit", timeout=self._milliseconds)
            case SwitchTab(index):
                self._tabs.active_index = self._index(index)
                await self._tabs.states[self._tabs.active_index].page.bring_to_front()
            case CloseTab(index):
                at = self._tabs.active_index if index is None else self._index(index)
                await self._tabs.states[at].page.close()

    def _index(self, index: int) -> int:
        count = len(self._tabs.states)
        if not 0 <= index < count:
            raise ActionError(f"there is no tab {index}: {count} are open, counted from 0")
        return index

    async def _revive(self, action: Action, state: TabState) -> tuple[Action, TabState]:
        """A crashed page cannot be driven: a fresh one takes its place when it is to be loaded."""
        if isinstance(action, NewTab | SwitchTab | CloseTab | Wait | Done):
            return action, state
        if not isinstance(action, Navigate | Reload):
            raise ActionError("this page has crashed: reload it or navigate somewhere")
        dead = state.page
        await self._tabs.open()
        await dead.close()
        if isinstance(action, Reload):
            action = Navigate(dead.url)
        return action, await self._tabs.active()

    async def _use_mouse(self, page: Page, action: Click | Drag | Scroll) -> None:
        mouse = page.mouse
        match action:
            case Click(x, y, button, count, modifiers):
                for name in modifiers:
                    await page.keyboard.down(name)
                try:
                    await mouse.click(x, y, button=button, click_count=count)
                finally:
                    for name in reversed(modifiers):
                        await page.keyboard.up(name)
            case Drag(x, y, to_x, to_y):
                await mouse.move(x, y)
                await mouse.down()
                await mouse.move(to_x, to_y, steps=8)
                await mouse.up()
            case Scroll(x, y, dy, dx):
                await mouse.move(x, y)
                await mouse.wheel(dx, dy)

    async def _type(self, page: Page, text: str, at_once: bool) -> None:
        if at_once:  # one event, so that a page cannot move the focus between characters
            await page.keyboard.insert_text(text)
        else:
            await page.keyboard.type(text.replace("\r\n", "\n"))

    async def _select(self, page: Page, x: float, y: float, option: str) -> None:
        element = await element_at(page, x, y)
        if element and await element.evaluate("e => e.tagName") == "SELECT":
            labels = [" ".join(label.split()) for label in await element.evaluate(_OPTIONS)]
            if option not in labels:
                raise ActionError(f"there is no option {option!r}; there are: {', '.join(labels)}")
            await element.select_option(index=labels.index(option))
            return
        await page.mouse.click(x, y)
        await self._choose(page, option)

    async def _choose(self, page: Page, option: str) -> None:
        """Click the entry of a dropdown that the page draws itself."""
        wanted = (
            page.get_by_role("option", name=option, exact=True)
            .or_(page.get_by_role("menuitem", name=option, exact=True))
            .or_(page.get_by_role("menuitemradio", name=option, exact=True))
            .or_(page.get_by_text(option, exact=True))
        )
        for _ in range(20):
            for entry in await wanted.all():
                box = await entry.bounding_box() if await entry.is_visible() else None
                if box:
                    await entry.scroll_into_view_if_needed()
                    box = await entry.bounding_box() or box
                    await page.mouse.click(
                        box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
                    )
                    return
            await asyncio.sleep(0.1)
        raise ActionError(f"no option {option!r} appeared after the click")

    async def _upload(self, page: Page, x: float, y: float, paths: tuple[str, ...]) -> None:
        from playwright.async_api import TimeoutError as PlaywrightTimeout

        try:
            async with page.expect_file_chooser(timeout=CHOOSER_SECONDS * 1000) as waiting:
                await page.mouse.click(x, y)
            chooser = await waiting.value
        except PlaywrightTimeout as error:
            raise ActionError("clicking there opened no file chooser") from error
        if len(paths) > 1 and not chooser.is_multiple():
            raise ActionError(f"this field takes one file, not {len(paths)}")
        await chooser.set_files(list(paths))


async def element_at(page: Page, x: float, y: float) -> ElementHandle | None:
    """The innermost element at a point, through frames and open shadow trees."""
    frame: Frame | None = page.main_frame
    element: ElementHandle | None = None
    while frame is not None:
        handle = await frame.evaluate_handle(_DEEPEST, [x, y])
        element = handle.as_element()
        frame = await element.content_frame() if element else None
        if frame is not None and element is not None:
            left, top = await element.evaluate(_OFFSET)
            x, y = x - left, y - top
    return element


async def box_of(page: Page, selector: str) -> PixelBox | None:
    """Where the first element that a selector names stands, scrolled into view; None if none."""
    element = await page.query_selector(selector)
    if element is None:
        return None
    await element.scroll_into_view_if_needed(timeout=2000)
    box = await element.bounding_box()
    if box is None:
        return None
    x, y = box["x"], box["y"]
    return int(x), int(y), int(x + box["width"]), int(y + box["height"])


async def native_select_at(page: Page, x: float, y: float) -> bool:
    """Whether a dropdown of the browser's own stands at a point."""
    element = await element_at(page, x, y)
    return element is not None and bool(await element.evaluate("e => e.tagName === 'SELECT'"))
