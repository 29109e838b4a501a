"""Starting a browser, or attaching to one, and opening a context in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .chromium import MISSING, find_installed, runs_as_root
from .errors import SetupError
from .guard import launch_arguments
from .policy import Policy

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Playwright


@dataclass(frozen=True, kw_only=True)
class BrowserOptions:
    """How a browser is opened; see `BrowserEnvironment`."""

    url: str
    headless: bool = True
    viewport: tuple[int, int] = (1280, 800)
    device_scale: float = 1.0
    executable: str | None = None
    storage_state: str | None = None
    video_dir: str | None = None
    downloads_dir: str | None = None
    cdp_url: str | None = None
    browser_args: tuple[str, ...] = ()
    load_timeout: float = 15.0


async def start_browser(playwright: Playwright, options: BrowserOptions, policy: Policy) -> Browser:
    """The browser to drive; every reason why there is none is one sentence."""
    from playwright.async_api import Error

    if options.cdp_url:
        try:
            return await playwright.chromium.connect_over_cdp(options.cdp_url, timeout=10_000)
        except Error as error:
            raise SetupError(
                f"no browser answers at {options.cdp_url}: start one with "
                f"--remote-debugging-port and give its address as cdp_url ({_first_line(error)})"
            ) from error
    path = options.executable or find_installed() or playwright.chromium.executable_path
    if not Path(path).is_file():
        raise SetupError(f"there is no browser at {path}" if options.executable else MISSING)
    arguments = [*options.browser_args, *launch_arguments(policy, options.url)]
    try:
        return await playwright.chromium.launch(
            executable_path=path,
            headless=options.headless,
            args=arguments,
            chromium_sandbox=not runs_as_root() and "--no-sandbox" not in arguments,
        )
    except Error as error:
        hint = ""
        if not options.headless:
            hint = ": is there a display? (headless=True needs none)"
        elif "sandbox" in str(error).lower():
            hint = ": if its sandbox cannot start here, pass browser_args=('--no-sandbox',)"
        raise SetupError(f"{path} did not start{hint} ({_first_line(error)})") from error


async def open_context(browser: Browser, options: BrowserOptions, policy: Policy) -> BrowserContext:
    """A fresh context, or the one of the browser we attached to."""
    if options.cdp_url and browser.contexts:
        return browser.contexts[0]
    wanted: dict[str, Any] = {}
    if options.storage_state:
        if not Path(options.storage_state).is_file():
            raise SetupError(f"there is no storage state at {options.storage_state}")
        wanted["storage_state"] = options.storage_state
    if options.video_dir:
        wanted["record_video_dir"] = options.video_dir
    width, height = options.viewport
    return await browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=options.device_scale,
        accept_downloads=True,
        service_workers="allow" if policy.allowed_domains is None else "block",
        **wanted,
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
