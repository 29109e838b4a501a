"""A small client of the Chrome DevTools protocol: one web socket, flat sessions, sent in order."""

from __future__ import annotations

import asyncio
import contextlib
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .errors import SetupError

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

Json = dict[str, Any]
_UNREAD = '{"method":"Network.'


class CdpClient:
    """Sends commands in the order they are posted and hands events to `on_event`."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._outbox: asyncio.Queue[str] = asyncio.Queue()
        self._waiting: dict[int, tuple[str | None, asyncio.Future[Json]]] = {}
        self._last = 0
        self.lost = False
        self.on_event: Callable[[str, Json, str | None], None] = lambda *_: None
        self._tasks = [
            asyncio.create_task(self._send_all()),
            asyncio.create_task(self._receive_all()),
        ]

    @classmethod
    async def connect(cls, cdp_url: str) -> CdpClient:
        """Open a browser-level connection to `http://host:port` or a browser's `ws://` address."""
        try:
            from websockets.asyncio.client import connect
            from websockets.exceptions import WebSocketException
        except ImportError as error:
            raise SetupError(
                "guarding a browser that is already running needs: pip install 'focusagent[attach]'"
            ) from error
        try:
            address = await asyncio.to_thread(_socket_address, cdp_url)
            socket = await connect(
                address, max_size=None, compression=None, proxy=None, ping_interval=None
            )
        except (OSError, ValueError, WebSocketException) as error:
            raise SetupError(f"no browser answers at {cdp_url}: {error}") from error
        return cls(socket)

    def post(
        self, method: str, params: Mapping[str, Any], session: str | None = None
    ) -> asyncio.Future[Json]:
        """Queue a command; the future holds its reply, empty where it failed or got lost."""
        self._last += 1
        message: Json = {"id": self._last, "method": method, "params": dict(params)}
        if session is not None:
            message["sessionId"] = session
        reply: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        if self.lost:
            reply.set_result({})
            return reply
        self._waiting[self._last] = session, reply
        self._outbox.put_nowait(json.dumps(message))
        return reply

    async def call(
        self, method: str, params: Mapping[str, Any], session: str | None = None
    ) -> Json:
        """Send a command and wait for its reply."""
        return await self.post(method, params, session)

    async def answered(self, timeout: float) -> None:
        """Wait until every command has its reply, those that replies give rise to included."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while self._waiting:
                    await asyncio.wait([reply for _, reply in self._waiting.values()])

    async def close(self) -> None:
        """Close the socket; calling it twice is fine."""
        self._lose()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._socket.close()

    async def _send_all(self) -> None:
        from websockets.exceptions import ConnectionClosed

        with contextlib.suppress(ConnectionClosed):
            while True:
                await self._socket.send(await self._outbox.get())

    async def _receive_all(self) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            while isinstance(text := await self._socket.recv(), str):
                # The many reports of what loads are of no use here, and would cost time to read.
                if not text.startswith(_UNREAD):
                    self._receive(json.loads(text))
        except ConnectionClosed:
            pass
        finally:
            self._lose()

    def _receive(self, message: Json) -> None:
        if "id" in message:
            _, reply = self._waiting.pop(message["id"], (None, None))
            if reply is not None and not reply.done():
                reply.set_result(message.get("result", {}))
            return
        if message["method"] == "Target.detachedFromTarget":
            self._forget(message["params"]["sessionId"])
        self.on_event(message["method"], message["params"], message.get("sessionId"))

    def _forget(self, session: str) -> None:
        """Answer what was asked of a target that is gone."""
        for key in [key for key, (asked, _) in self._waiting.items() if asked == session]:
            _, reply = self._waiting.pop(key)
            if not reply.done():
                reply.set_result({})

    def _lose(self) -> None:
        self.lost = True
        for _, reply in self._waiting.values():
            if not reply.done():
                reply.set_result({})
        self._waiting.clear()


def _socket_address(cdp_url: str) -> str:
    if urlsplit(cdp_url).scheme in ("ws", "wss"):
        return cdp_url
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(cdp_url.rstrip("/") + "/json/version", timeout=10) as answer:
        address = urlsplit(json.load(answer)["webSocketDebuggerUrl"])
    # The browser names itself as it sees itself, which a tunnel or container does not reach.
    return str(address._replace(netloc=urlsplit(cdp_url).netloc).geturl())
