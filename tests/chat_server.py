"""A chat server on this machine that answers as told, and keeps every byte it is sent."""

from __future__ import annotations

import base64
import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from PIL import Image

Answer = Any  # a message, raw bytes, a status, (status, headers), or a function of the request


class ChatServer(ThreadingHTTPServer):
    """Gives its answers one after the other, the last one again and again."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[Answer] = []
        self.models = ["planner"]
        self.delay = 0.0
        self.trickle = 0.0  # seconds between the bytes of an answer
        self.received = b""
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def next_answer(self) -> Answer:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def pictures(self) -> list[Image.Image]:
        """Every picture it was sent."""
        found = []
        for body in self.asked:
            for message in body["messages"]:
                for part in message["content"] if isinstance(message["content"], list) else []:
                    if part["type"] == "image_url":
                        data = part["image_url"]["url"].partition(",")[2]
                        with Image.open(io.BytesIO(base64.b64decode(data))) as picture:
                            found.append(picture.convert("RGB"))
        return found


class _Handler(BaseHTTPRequestHandler):
    server: ChatServer

    def do_GET(self) -> None:
        self._send(200, {"data": [{"id": name} for name in self.server.models]})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received += body
        self.server.keys.append(self.headers.get("Authorization", ""))
        asked = json.loads(body)
        self.server.asked.append(asked)
        time.sleep(self.server.delay)
        answer = self.server.next_answer()
        if isinstance(answer, Callable):  # type: ignore[arg-type] # fine at run time
            answer = answer(asked)
        if isinstance(answer, int):
            answer = (answer, {})
        if isinstance(answer, tuple):
            status, headers = answer
            self._send(status, {"error": {"message": f"status {status}"}}, headers)
        elif isinstance(answer, bytes):
            self._send(200, answer)
        else:
            usage = {"prompt_tokens": 100, "completion_tokens": 7}
            choice = {"message": {"role": "assistant", **answer}}
            self._send(200, {"choices": [choice], "usage": usage})

    def _send(self, status: int, made: Any, headers: dict[str, str] | None = None) -> None:
        data = made if isinstance(made, bytes) else json.dumps(made).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        with suppress(ConnectionError):  # who asked did not wait
            pieces = (
                [data[at : at + 1] for at in range(len(data))] if self.server.trickle else [data]
            )
            for piece in pieces:
                time.sleep(self.server.trickle)
                self.wfile.write(piece)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


def call(name: str, **fields: Any) -> dict[str, Any]:
    """A message with one tool call."""
    function = {"name": name, "arguments": json.dumps(fields)}
    return {"content": None, "tool_calls": [{"type": "function", "function": function}]}


@contextmanager
def chatting() -> Iterator[ChatServer]:
    with ChatServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
