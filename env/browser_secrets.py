"""Handing out the values of secrets, and only where they belong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .errors import ActionError
from .policy import Decision
from .secrets import Secret

if TYPE_CHECKING:
    from playwright.async_api import Frame, Page


class SecretKeeper:
    """Knows all values, gives one out for typing, and remembers what may now be on a page."""

    def __init__(
        self, secrets: Mapping[str, Secret], decisions: list[Decision], *, recorded: bool
    ) -> None:
        self.typed: set[str] = set()
        self._secrets, self._decisions, self._recorded = secrets, decisions, recorded

    async def resolve(self, name: str, page: Page) -> str:
        """The value, if the page and the frame that has the focus are both on its domains.

        Both are asked for: only a page on the right domain can be believed about its focus.
        """
        if name not in self._secrets:
            known = ", ".join(sorted(self._secrets)) or "none"
            raise ActionError(f"there is no secret {name!r}; this environment knows: {known}")
        if self._recorded:
            raise ActionError("secrets are not typed while video is recorded: it would show them")
        secret = self._secrets[name]
        for url in (page.url, (await focused_frame(page)).url):
            host = urlsplit(url).hostname or ""
            allowed = bool(host) and secret.allowed_on(host)
            self._decisions.append(Decision(f"secret {name} on {host}", allowed, "Secret.domains"))
            if not allowed:
                raise ActionError(f"the secret {name!r} may not be typed on {host or url[:40]}")
        self.typed.add(secret.reveal())
        return secret.reveal()


async def focused_frame(page: Page) -> Frame:
    """The frame that would receive what is typed now."""
    frame = page.main_frame
    while True:
        handle = await frame.evaluate_handle("document.activeElement")
        element = handle.as_element()
        inner = await element.content_frame() if element else None
        if inner is None:
            return frame
        frame = inner
