"""The network guard: what a page asks for reaches allowed hosts only, whatever way it asks.

A browser that we launch gets resolver rules, so that no other name or address resolves, for
anything. A browser that was running already cannot be given any; `cdp_guard` explains what holds
it. Playwright's own routes would not do: they never see where a redirect leads.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from .cdp_guard import CdpGuard
from .errors import PolicyError
from .hosts import HostPattern
from .policy import Decision, Policy

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Page, Request, Route, WebSocket, WebSocketRoute

_NETWORK = ("http", "https", "ws", "wss", "file")  # the others carry what the page holds already
_SOCKETS = {"http": "ws", "https": "wss"}
_MOST = 10_000  # decisions kept
_LONGEST = 2_000  # characters of a URL kept


def launch_arguments(policy: Policy, start_url: str) -> list[str]:
    """The switches that hold a Chromium we launch to the allowed domains."""
    patterns = policy.patterns(start_url)
    if patterns is None:
        return []
    rules = ",".join([*map(_rule, patterns), "MAP * ~NOTFOUND"])
    return [
        f"--host-resolver-rules={rules}",
        "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    ]


def _rule(pattern: HostPattern) -> str:
    if not re.fullmatch(r"[a-z0-9_.:-]+", pattern.host):
        raise PolicyError(f"{pattern.host!r} is not a host name")
    if pattern.subdomains:
        return f"EXCLUDE *.{pattern.host}"
    if pattern.port is None:
        return f"EXCLUDE {pattern.host}"
    # EXCLUDE knows no ports; a name mapped to itself does, and the first rule that fits wins.
    host = f"[{pattern.host}]" if ":" in pattern.host else pattern.host
    return f"MAP {host}:{pattern.port} {host}"


class Guard:
    """Watches one browser context; adds to `decisions` what is refused, and allowed origins once.

    Attached (with `cdp_url`), it holds the whole browser, tabs that somebody else has open
    included, keeps "Preload pages" switched off meanwhile, and pages have neither service workers
    nor WebRTC.
    """

    def __init__(self, policy: Policy, start_url: str, decisions: list[Decision]) -> None:
        self._policy, self._start_url, self.decisions = policy, start_url, decisions
        self._cdp: CdpGuard | None = None
        self._origins: set[str] = set()

    @classmethod
    async def install(
        cls,
        context: BrowserContext,
        policy: Policy,
        start_url: str,
        *,
        decisions: list[Decision] | None = None,
        cdp_url: str | None = None,
    ) -> Guard:
        """Guard `context`, before a page of ours is opened in it."""
        guard = cls(policy, start_url, [] if decisions is None else decisions)
        restricted = [s for s in _SOCKETS if s not in policy.schemes]
        if cdp_url is None:
            await guard._watch(context, restricted)
        elif restricted or policy.allowed_domains is not None:
            guard._cdp = await CdpGuard.install(cdp_url, guard.allows, guard._connect_sources())
        return guard

    @property
    def lost(self) -> bool:
        """Whether the guard of a running browser lost its connection: stop driving then."""
        return self._cdp is not None and self._cdp.lost

    async def close(self) -> None:
        """Let go; calling it twice, or after the browser went away, is fine."""
        if self._cdp is not None:
            await self._cdp.close()

    def allows(self, url: str) -> bool:
        """Whether a request may go out; the answer is kept in `decisions`."""
        scheme, _, rest = url.partition(":")
        if scheme.lower() not in _NETWORK:
            return True
        decision = self._policy.check_url(url, self._start_url)
        origin = f"{scheme}://{rest.lstrip('/').partition('/')[0]}"
        if not decision.allowed or origin not in self._origins:
            self._keep(decision, origin)
        return decision.allowed

    def _keep(self, decision: Decision, origin: str) -> None:
        if decision.allowed and len(self._origins) < _MOST:
            self._origins.add(origin)
        self.decisions.append(replace(decision, subject=decision.subject[:_LONGEST]))
        del self.decisions[:-_MOST]

    async def _watch(self, context: BrowserContext, restricted: list[str]) -> None:
        def asked(request: Request) -> None:
            self.allows(request.url)

        def connected(socket: WebSocket) -> None:
            self.allows(socket.url)

        def opened(page: Page) -> None:
            page.on("websocket", connected)

        context.on("request", asked)
        context.on("page", opened)
        for page in context.pages:
            opened(page)
        for scheme in restricted:
            await context.route(f"{scheme}://**", _refuse)
            await context.route_web_socket(f"{_SOCKETS[scheme]}://**", _refuse_socket)

    def _connect_sources(self) -> str:
        """The allowed hosts as sources of a content security policy."""
        schemes = [s for s in _SOCKETS if s in self._policy.schemes]
        schemes += [_SOCKETS[s] for s in schemes]
        patterns = self._policy.patterns(self._start_url)
        if patterns is None:
            return " ".join(f"{scheme}:" for scheme in schemes)
        return " ".join(
            f"{scheme}://{'*.' if p.subdomains else ''}{p.host}:{p.port or '*'}"
            for p in patterns
            if ":" not in p.host  # such a policy cannot name IPv6; 'self' covers the start page
            for scheme in schemes
        )


async def _refuse(route: Route) -> None:
    await route.abort("blockedbyclient")


async def _refuse_socket(socket: WebSocketRoute) -> None:
    await socket.close(code=1008, reason="the policy does not allow this scheme")
