"""The network guard for a browser that somebody else started: a protocol connection of our own.

Each page, frame and worker of the guarded browser context is attached to before it runs. What it
then asks for is paused by `Fetch`, every redirect hop included, and let through or failed. Four
things never reach `Fetch`, and each is stopped where it can be:

* web sockets and WebTransport: a content security policy, which blob and data documents and
  workers inherit; put into documents before their first script, into responses of worker scripts;
* WebRTC: its constructor is taken away before the first script;
* connections and look-ups ahead of need (preconnect, dns-prefetch, and Chrome's own at the start
  of every navigation): the browser's setting "Preload pages" is off while the guard is up;
* workers whose script comes from elsewhere than a page, that is service workers and workers that
  a worker starts from a URL: they are held before their first line.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .cdp_client import CdpClient, Json
from .errors import SetupError

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext

_PAGE_KINDS = frozenset({"page", "iframe", "webview"})
_OWN_KINDS = frozenset({"browser_ui", "background_page", "other"})  # parts of the browser itself
_RUNS_FIRST = """(() => {
  delete globalThis.RTCPeerConnection;
  delete globalThis.webkitRTCPeerConnection;
  delete Navigator.prototype.serviceWorker;
  const make = (name) => document.createElementNS('http://www.w3.org/1999/xhtml', name);
  const head = make('head'), meta = make('meta');
  meta.httpEquiv = 'Content-Security-Policy';
  meta.content = POLICY;
  head.append(meta);
  const top = document.documentElement ? head : make('html');
  if (top !== head) top.append(head);
  (document.documentElement ?? document).append(top);
  top.remove();
})()"""
_RUNNING_WORKER = "delete globalThis.WebSocket; delete globalThis.WebTransport"
_PRELOADING = "net.network_prediction_options"
_NO_PRELOADING = 2
_SETTINGS_PAGE = "chrome://settings/performance"
_SET_PREFERENCE = """(async () => {
  if (!globalThis.chrome?.settingsPrivate) return null;
  const {value} = await chrome.settingsPrivate.getPref(NAME);
  if (value !== VALUE && !await chrome.settingsPrivate.setPref(NAME, VALUE)) return null;
  return value;
})()"""
_PATIENCE = 5.0


class CdpGuard:
    """Holds one browser context of a running browser to what `allows(url)` says."""

    def __init__(self, client: CdpClient, allows: Callable[[str], bool], sources: str) -> None:
        self._client = client
        self._allows = allows
        self._content_policy = f"connect-src 'self' data: blob: {sources}"
        self._context_id: str | None = None
        self._kinds: dict[str, str] = {}
        self._preloading: int | None = None
        client.on_event = self._event

    @classmethod
    async def install(
        cls, context: BrowserContext, cdp_url: str, allows: Callable[[str], bool], sources: str
    ) -> CdpGuard:
        """Guard all that lives in this context; returns once what is open already is guarded."""
        guard = cls(await CdpClient.connect(cdp_url), allows, sources)
        try:
            guard._context_id = await _context_id(context)
            guard._preloading = await guard._set_preloading(_NO_PRELOADING)
            if guard._preloading is None:
                raise SetupError(
                    "this browser's setting 'Preload pages' could not be turned off, so it would "
                    "connect to hosts outside allowed_domains: let BrowserEnvironment launch the "
                    "browser itself, or leave allowed_domains out"
                )
            await guard._client.call("Target.setAutoAttach", _AUTO_ATTACH)
            await guard._client.answered(_PATIENCE)
        except BaseException:
            await guard.close()
            raise
        return guard

    @property
    def lost(self) -> bool:
        """Whether the connection broke, so that nothing is guarded any more."""
        return self._client.lost

    async def close(self) -> None:
        """Put the browser's setting back and let go; calling it twice is fine."""
        previous, self._preloading = self._preloading, None
        if previous not in (None, _NO_PRELOADING) and not self.lost:
            await self._set_preloading(previous)
        await self._client.close()

    async def _set_preloading(self, value: int) -> int | None:
        """Change the setting in a background tab; the value before, or None where it cannot be."""
        created = await self._client.call(
            "Target.createTarget", {"url": _SETTINGS_PAGE, "background": True}
        )
        target = created.get("targetId")
        attached = await self._client.call(
            "Target.attachToTarget", {"targetId": target, "flatten": True}
        )
        script = _SET_PREFERENCE.replace("NAME", json.dumps(_PRELOADING))
        question = {
            "expression": script.replace("VALUE", str(value)),
            "awaitPromise": True,
            "returnByValue": True,
        }
        before = None
        for _ in range(int(_PATIENCE / 0.1)):
            if "sessionId" not in attached:
                break
            answer = await self._client.call("Runtime.evaluate", question, attached["sessionId"])
            before = answer.get("result", {}).get("value")
            if before is not None:
                break
            await asyncio.sleep(0.1)
        await self._client.call("Target.closeTarget", {"targetId": target})
        return int(before) if before is not None else None

    def _event(self, method: str, params: Json, session: str | None) -> None:
        if method == "Target.attachedToTarget":
            self._attached(params, session)
        elif method == "Target.detachedFromTarget":
            self._kinds.pop(params["sessionId"], None)
        elif method == "Fetch.requestPaused":
            self._paused(params, session)
        elif method == "Audits.issueAdded":
            details = params["issue"]["details"].get("contentSecurityPolicyIssueDetails", {})
            self._allows(details.get("blockedURL") or "about:blank")

    def _attached(self, params: Json, parent: str | None) -> None:
        session, target = params["sessionId"], params["targetInfo"]
        kind, url = target["type"], target["url"]
        foreign = parent is None and target.get("browserContextId") != self._context_id
        if (
            foreign
            or kind in _OWN_KINDS
            or (kind not in _PAGE_KINDS and url.startswith("chrome-extension:"))
        ):
            self._client.post("Runtime.runIfWaitingForDebugger", {}, session)
            return
        self._kinds[session] = kind
        self._client.post("Fetch.enable", _FETCH, session)
        self._client.post("Network.enable", {}, session)  # without it a bypass has no effect
        self._client.post("Network.setBypassServiceWorker", {"bypass": True}, session)
        if kind in _PAGE_KINDS:
            source = _RUNS_FIRST.replace("POLICY", json.dumps(self._content_policy))
            script = {"source": source, "runImmediately": True}
            self._client.post("Audits.enable", {}, session)
            self._client.post("Page.enable", {}, session)
            self._client.post("Page.addScriptToEvaluateOnNewDocument", script, session)
        elif not params["waitingForDebugger"]:
            self._client.post("Runtime.evaluate", {"expression": _RUNNING_WORKER}, session)
        self._client.post("Target.setAutoAttach", _AUTO_ATTACH, session)
        inherits = urlsplit(url).scheme in ("blob", "data")
        nested = kind == "worker" and self._kinds.get(parent or "") == "worker"
        if kind != "service_worker" and (inherits or not nested):
            self._client.post("Runtime.runIfWaitingForDebugger", {}, session)

    def _paused(self, params: Json, session: str | None) -> None:
        request = {"requestId": params["requestId"]}
        status = params.get("responseStatusCode")
        if "responseErrorReason" in params or status is not None:
            if status is not None and not 300 <= status < 400:
                request |= {
                    "responseCode": status,
                    "responseHeaders": [
                        *params["responseHeaders"],
                        {"name": "Content-Security-Policy", "value": self._content_policy},
                    ],
                }
            self._client.post("Fetch.continueResponse", request, session)
        elif self._allows(params["request"]["url"]):
            self._client.post("Fetch.continueRequest", request, session)
        else:
            request["errorReason"] = "BlockedByClient"
            self._client.post("Fetch.failRequest", request, session)


_AUTO_ATTACH: Mapping[str, Any] = {
    "autoAttach": True,
    "waitForDebuggerOnStart": True,
    "flatten": True,
}
_FETCH: Mapping[str, Any] = {
    "patterns": [
        {"urlPattern": "*", "requestStage": "Request"},
        # Chromium files the scripts that workers start with under Other.
        {"urlPattern": "*", "requestStage": "Response", "resourceType": "Other"},
    ]
}


async def _context_id(context: BrowserContext) -> str:
    borrowed = None if context.pages else await context.new_page()
    session = await context.new_cdp_session(borrowed or context.pages[0])
    info = await session.send("Target.getTargetInfo")
    await session.detach()
    if borrowed is not None:
        await borrowed.close()
    return str(info["targetInfo"]["browserContextId"])
