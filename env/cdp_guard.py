"""The network guard for a browser that somebody else started: a protocol connection of our own.

`Fetch`, switched on for the browser as a whole, pauses what any page, frame or worker asks for,
every redirect hop included, and we let it through or fail it. Four things never reach `Fetch`, and
each is stopped where it can be:

* web sockets and WebTransport: a content security policy, which blob and data documents and
  workers inherit; put into documents before their first script, into responses of worker scripts;
* WebRTC: its constructor is taken away before the first script;
* connections and look-ups ahead of need (preconnect, dns-prefetch, and Chrome's own at the start
  of every navigation): the browser's setting "Preload pages" is off while the guard is up;
* service workers that were there before: pages bypass them and cannot reach them.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

from .cdp_client import CdpClient, Json
from .errors import SetupError

_PAGE_KINDS = frozenset({"page", "iframe", "webview"})
# Once per global object, which a popup or frame keeps when its first page replaces the blank one:
# hence the policy, which belongs to the document, is also put in place ahead of what needs it.
_RUNS_FIRST = """(() => {
  const {apply, construct} = Reflect, held = new WeakSet();
  const has = held.has.bind(held), add = held.add.bind(held);
  const {createElementNS} = Document.prototype, {setAttribute} = Element.prototype;
  const {appendChild, removeChild} = Node.prototype, xhtml = 'http://www.w3.org/1999/xhtml';
  const getRoot = Object.getOwnPropertyDescriptor(Document.prototype, 'documentElement').get;
  const protect = () => {
    const page = document, make = (name) => apply(createElementNS, page, [xhtml, name]);
    if (has(page)) return;
    add(page);
    const head = make('head'), meta = make('meta'), root = apply(getRoot, page, []);
    apply(setAttribute, meta, ['http-equiv', 'Content-Security-Policy']);
    apply(setAttribute, meta, ['content', POLICY]);
    apply(appendChild, head, [meta]);
    const top = root ? head : make('html'), parent = root ?? page;
    if (!root) apply(appendChild, top, [head]);
    apply(appendChild, parent, [top]);
    apply(removeChild, parent, [top]);
  };
  const withoutWebRTC = (scope) => {
    delete scope.RTCPeerConnection;
    delete scope.webkitRTCPeerConnection;
  };
  protect();
  withoutWebRTC(globalThis);
  delete Navigator.prototype.serviceWorker;
  for (const name of ['WebSocket', 'WebSocketStream', 'WebTransport', 'Worker', 'SharedWorker']) {
    const Native = globalThis[name];
    if (!Native) continue;
    const Guarded = new Proxy(Native, {
      construct: (target, values, made) => (protect(), construct(target, values, made)),
    });
    Object.defineProperty(Native.prototype, 'constructor', {value: Guarded});
    Object.defineProperty(globalThis, name, {value: Guarded});
  }
  globalThis.open = new Proxy(open, {
    apply: (target, scope, values) => {
      protect();
      const opened = apply(target, scope, values);
      try { if (opened) withoutWebRTC(opened); } catch { /* another origin's */ }
      return opened;
    },
  });
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
    """Holds a running browser to what `allows(url)` says."""

    def __init__(self, client: CdpClient, allows: Callable[[str], bool], sources: str) -> None:
        self._client = client
        self._allows = allows
        self._content_policy = f"connect-src 'self' data: blob: {sources}"
        self._preloading: int | None = None
        self._targets: dict[str, str] = {}
        self._prepared: dict[str, asyncio.Future[Json]] = {}
        client.on_event = self._event

    @classmethod
    async def install(cls, cdp_url: str, allows: Callable[[str], bool], sources: str) -> CdpGuard:
        """Guard the browser; returns once what is open already is guarded."""
        guard = cls(await CdpClient.connect(cdp_url), allows, sources)
        try:
            guard._preloading = await guard._set_preloading(_NO_PRELOADING)
            if guard._preloading is None:
                raise SetupError(
                    "this browser's setting 'Preload pages' could not be turned off, so it would "
                    "connect to hosts outside allowed_domains: let BrowserEnvironment launch the "
                    "browser itself, or leave allowed_domains out"
                )
            await guard._client.call("Fetch.enable", _FETCH)
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
            self._attached(params)
        elif method == "Target.detachedFromTarget":
            self._prepared.pop(self._targets.pop(params["sessionId"], ""), None)
        elif method == "Fetch.requestPaused":
            self._paused(params, session)
        elif method == "Audits.issueAdded":
            details = params["issue"]["details"].get("contentSecurityPolicyIssueDetails", {})
            self._allows(details.get("blockedURL") or "about:blank")

    def _attached(self, params: Json) -> None:
        session, kind = params["sessionId"], params["targetInfo"]["type"]
        self._client.post("Network.enable", {}, session)  # without it a bypass has no effect
        self._client.post("Network.setBypassServiceWorker", {"bypass": True}, session)
        if not params["waitingForDebugger"]:
            # What runs already got its way to the network before ours was switched on.
            self._client.post("Fetch.enable", _FETCH, session)
        if kind in _PAGE_KINDS:
            source = _RUNS_FIRST.replace("POLICY", json.dumps(self._content_policy))
            script = {"source": source, "runImmediately": True}
            self._client.post("Audits.enable", {}, session)
            self._client.post("Page.enable", {}, session)
            self._targets[session] = target = params["targetInfo"]["targetId"]
            self._prepared[target] = self._client.post(
                "Page.addScriptToEvaluateOnNewDocument", script, session
            )
        elif not params["waitingForDebugger"]:
            self._client.post("Runtime.evaluate", {"expression": _RUNNING_WORKER}, session)
        self._client.post("Target.setAutoAttach", _AUTO_ATTACH, session)
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
        elif not self._allows(params["request"]["url"]):
            request["errorReason"] = "BlockedByClient"
            self._client.post("Fetch.failRequest", request, session)
        elif prepared := self._prepared.get(params.get("frameId", "")):
            # Whoever else is attached may have set a popup free before our script was in place.
            prepared.add_done_callback(
                lambda _: self._client.post("Fetch.continueRequest", request, session)
            )
        else:
            self._client.post("Fetch.continueRequest", request, session)


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
