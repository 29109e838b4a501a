"""Finding a Chromium, Chrome or Edge to drive."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from .errors import SetupError

_NAMES = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome",
    "microsoft-edge", "microsoft-edge-stable", "msedge",
)  # fmt: skip
_MAC = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
_WINDOWS = (
    r"Google\Chrome\Application\chrome.exe",
    r"Microsoft\Edge\Application\msedge.exe",
)
MISSING = (
    "no Chromium, Chrome or Edge was found: run `playwright install chromium`, or install one "
    "(Debian: `apt-get install chromium`) so that it is on PATH"
)


def find_installed() -> str | None:
    """The first browser on PATH or at its system's usual place."""
    for name in _NAMES:
        if path := shutil.which(name):
            return path
    places: list[Path] = []
    if sys.platform == "darwin":
        places = [Path(place) for place in _MAC]
    elif sys.platform == "win32":
        roots = [os.environ.get(name) for name in ("PROGRAMFILES", "PROGRAMFILES(X86)")]
        places = [Path(root) / place for root in roots if root for place in _WINDOWS]
    return next((str(place) for place in places if place.is_file()), None)


def find_browser() -> str:
    """The browser an environment would launch: an installed one, else Playwright's own."""
    if installed := find_installed():
        return installed
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        bundled = playwright.chromium.executable_path
    if not Path(bundled).is_file():
        raise SetupError(MISSING)
    return bundled


def runs_as_root() -> bool:
    """Whether we are root on a Unix, where Chromium refuses to start its sandbox."""
    return hasattr(os, "geteuid") and os.geteuid() == 0
