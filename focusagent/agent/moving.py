"""Intents that move: scroll, wait, addresses and tabs."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from .._siblings import env
from ..planner.intents import (
    Back,
    CloseTab,
    Forward,
    GoTo,
    NewTab,
    Outcome,
    Reload,
    Scroll,
    SwitchTab,
    Wait,
)
from .answers import is_seen
from .desk import Desk
from .errors import Failed
from .locate import locate
from .wheel import Point, turn

SHARE = 0.85  # of the screen that "one screen" scrolls, so that nothing is skipped
FAR = 60  # screens that "to the end" gives up after
# What most screens hold one of: no words on them say so.
_PARTS = (
    *("page", "screen", "window", "view", "list", "table", "grid", "feed", "panel"),
    *("content", "contents", "results", "rows", "items"),
)


def scroll(desk: Desk, intent: Scroll) -> Outcome:
    """Scroll by some amount, to the end, or until a target is seen."""
    at = None
    if intent.area is not None and intent.area.words.casefold() not in _PARTS:
        at = locate(desk, intent.area, "scroll").point
    if intent.until is not None:
        return _scroll_until(desk, intent, at)
    if not intent.to_end:
        moved = _turn(desk, intent, intent.screens, at)
        desk.prove("the screen moved", True if moved else None, "" if moved else "it is at its end")
        return Outcome(True)
    for _ in range(FAR):
        moved = _turn(desk, intent, 3.0, at)
        if moved is None:
            desk.prove("the end is reached", True)
            return Outcome(True)
        at = moved
    raise Failed(f"there is no end to scroll to: still going after {FAR} times")


def _scroll_until(desk: Desk, intent: Scroll, at: Point | None) -> Outcome:
    assert intent.until is not None
    for _ in range(FAR):
        if is_seen(desk, intent.until):
            desk.prove(f"{intent.until.words} is on the screen", True)
            return Outcome(True)
        moved = _turn(desk, intent, intent.screens, at)
        if moved is None:
            break
        at = moved
    if is_seen(desk, intent.until):
        desk.prove(f"{intent.until.words} is on the screen", True)
        return Outcome(True)
    raise Failed(f"scrolled to the end, and {intent.until.words} was not there")


def _turn(desk: Desk, intent: Scroll, screens: float, at: Point | None) -> Point | None:
    """Turn the wheel at a point, or where it moves something; None if nothing moved."""
    width, height = desk.screen.image.size
    upright = intent.direction in ("up", "down")
    by = screens * SHARE * (height if upright else width)
    by = by if intent.pixels is None else float(intent.pixels)
    by = -by if intent.direction in ("up", "left") else by
    return turn(desk, by, at=at) if upright else turn(desk, 0.0, by, at)


def wait(desk: Desk, intent: Wait) -> Outcome:
    """Let time pass; no time at all is a look once the screen holds still."""
    if intent.seconds:
        deadline = intent.seconds
        if desk.stopping.wait(deadline):
            pass
    desk.look()
    return Outcome(True)


def go_to(desk: Desk, intent: GoTo) -> Outcome:
    """Open an address."""
    here = desk.screen.url
    url = intent.url if urlsplit(intent.url).scheme else urljoin(here, intent.url)
    if not urlsplit(url).scheme:
        url = f"https://{url}"
    result = desk.act(env.Navigate(url))
    desk.prove("the page was opened", result.outcome == "navigated" or None, desk.screen.url)
    return Outcome(True)


def history_step(desk: Desk, intent: Back | Forward | Reload) -> Outcome:
    """Go back, forward, or load again."""
    actions: dict[str, env.Action] = {"back": env.Back(), "reload": env.Reload()}
    action = actions.get(intent.kind, env.Press("Alt+ArrowRight"))
    before = desk.screen
    result = desk.act(action)
    if intent.kind == "forward" and desk.screen.url == before.url:
        raise Failed("there is no page to go forward to")
    moved = result.outcome == "navigated" or desk.screen.url != before.url
    desk.prove("another page is shown", moved or None, desk.screen.url)
    return Outcome(True)


def tabs(desk: Desk, intent: NewTab | SwitchTab | CloseTab) -> Outcome:
    """Open, switch to, or close a tab."""
    before = desk.screen.tabs
    if isinstance(intent, NewTab):
        desk.act(env.NewTab(urljoin(desk.screen.url, intent.url) if intent.url else "about:blank"))
        desk.prove("there is a tab more", len(desk.screen.tabs) > len(before))
    elif isinstance(intent, CloseTab):
        desk.act(env.CloseTab())
        desk.prove("there is a tab less", len(desk.screen.tabs) < len(before) or len(before) == 1)
    else:
        index = _tab_index(desk, intent)
        desk.act(env.SwitchTab(index))
        desk.prove("that tab is shown", desk.screen.tabs[index].active)
    return Outcome(True)


def _tab_index(desk: Desk, intent: SwitchTab) -> int:
    tabs_now = desk.screen.tabs
    if not tabs_now:
        raise Failed("this screen has no tabs")
    active = next((i for i, tab in enumerate(tabs_now) if tab.active), 0)
    if intent.step is not None:
        return (active + intent.step) % len(tabs_now)
    if intent.place is not None:
        index = intent.place - 1 if intent.place > 0 else len(tabs_now) + intent.place
        if not 0 <= index < len(tabs_now):
            raise Failed(f"there is no tab {intent.place}: {len(tabs_now)} are open")
        return index
    title = (intent.title or "").casefold()
    for index, tab in enumerate(tabs_now):
        if title in tab.title.casefold() or title in tab.url.casefold():
            return index
    shown = ", ".join(repr(tab.title) for tab in tabs_now)
    raise Failed(f"no tab is called {intent.title!r}; open are: {shown}")
