"""Grounding through a server: a real one on this machine that speaks the protocol, or fails to."""

from __future__ import annotations

import base64
import io
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from PIL import Image

from grounding.errors import BadBudget, BadImage, BadInstruction, GroundingError, ServerError
from grounding.grid import Preprocessing
from grounding.grounders.server import ServerGrounder
from grounding.loading import load_grounder

KEY = "sk-very-secret"
PICTURE = Image.new("RGB", (640, 400), "white")


class Recorded(ThreadingHTTPServer):
    """Answers chat completions as told, and remembers what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer: Any = "(500, 250)"
        self.models = ["qwen"]
        self.status, self.delay, self.raw = 200, 0.0, b""
        self.now, self.at_once = 0, 0  # how many requests are being answered, and were at most
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Recorded

    def do_GET(self) -> None:
        self._send({"data": [{"id": name} for name in self.server.models]})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(asked)
        self.server.headers.append(dict(self.headers.items()))
        self.server.now += 1
        self.server.at_once = max(self.server.at_once, self.server.now)
        time.sleep(self.server.delay)
        self.server.now -= 1
        answer = self.server.answer
        if callable(answer):
            answer = answer(asked)
        message = answer if isinstance(answer, dict) else {"content": answer}
        self._send({"choices": [{"message": {"role": "assistant", **message}}]})

    def _send(self, made: Any) -> None:
        data = self.server.raw or json.dumps(made).encode()
        self.send_response(self.server.status)
        if self.server.status == 302:
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        with suppress(BrokenPipeError):  # who asked did not wait
            self.wfile.write(data)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[Recorded]:
    with Recorded() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorded]:
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with serving() as made:
        yield made


def sent_picture(asked: dict[str, Any]) -> Image.Image:
    address = asked["messages"][-1]["content"][0]["image_url"]["url"]
    kind, _, data = address.partition(",")
    assert kind == "data:image/png;base64"
    return Image.open(io.BytesIO(base64.b64decode(data)))


def words(asked: dict[str, Any]) -> str:
    return str(asked["messages"][-1]["content"][1]["text"])


def test_a_question_and_its_answer(server: Recorded) -> None:
    with load_grounder(server.url, convention="thousand") as grounder:
        found = grounder.ground(PICTURE, "the Save button")
    assert found.point is not None
    assert (found.point.x, found.point.y) == (0.5, 0.25)
    assert (found.confidence, found.answer, found.instruction) == (
        1.0,
        "(500, 250)",
        "the Save button",
    )
    assert set(found.seconds) == {"prepare", "answer"}
    (asked,) = server.asked
    assert (asked["model"], asked["temperature"]) == ("qwen", 0)
    assert "the Save button" in words(asked)
    assert "0 to 1000" in words(asked)
    assert sent_picture(asked).size == PICTURE.size
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("convention", "answer"),
    [("unit", "(0.25, 0.5)"), ("pixels", "(160, 200)"), ("resized", "(161, 196)")],
)
def test_every_convention(server: Recorded, convention: str, answer: str) -> None:
    server.answer = answer
    found = ServerGrounder(server.url, "qwen", convention=convention).ground(PICTURE, "Save")
    assert found.point is not None
    assert (found.point.x, found.point.y) == pytest.approx((0.25, 0.5))
    # A server with Qwen2.5-VL would shrink or stretch it to this size itself.
    size = (644, 392) if convention == "resized" else PICTURE.size
    assert sent_picture(server.asked[0]).size == size


def test_large_pictures_stay_in_the_model_s_bounds(server: Recorded) -> None:
    how = Preprocessing(max_pixels=100 * 28 * 28)
    server.answer = "(0, 0)"
    grounder = ServerGrounder(server.url, "qwen", convention="resized", how=how)
    grounder.ground(PICTURE, "Save")
    width, height = sent_picture(server.asked[0]).size
    assert width * height <= how.max_pixels
    assert (width % 28, height % 28) == (0, 0)


def test_tool_calls_and_refusals(server: Recorded) -> None:
    grounder = ServerGrounder(server.url, "qwen", convention="thousand")
    call = {"function": {"name": "click", "arguments": '{"coordinate": [100, 200]}'}}
    server.answer = {"content": None, "tool_calls": [call]}
    found = grounder.ground(PICTURE, "Save")
    assert found.point is not None
    assert (found.point.x, found.point.y) == (0.1, 0.2)
    server.answer = "There is no such button."
    found = grounder.ground(PICTURE, "Save")
    assert (found.found, found.confidence, found.answer) == (False, 0.0, server.answer)


def test_many_keep_their_order_and_run_together(server: Recorded) -> None:
    server.delay = 0.2
    server.answer = lambda asked: f"({words(asked).split('number ')[1].split()[0]}, 0)"
    with ServerGrounder(server.url, "qwen", convention="pixels") as grounder:
        found = grounder.ground_many([(PICTURE, f"number {index}") for index in range(8)])
        assert server.at_once > 1
        assert grounder.ground_many([]) == []
    points = [answer.point for answer in found if answer.point]
    assert [round(point.x * 640) for point in points] == list(range(8))


def test_the_only_model_is_found_and_several_are_listed(server: Recorded) -> None:
    server.models = ["one", "two"]
    with pytest.raises(ServerError, match="has 2 models, name one: one, two"):
        ServerGrounder(server.url, convention="unit")
    load_grounder(f"{server.url} two", convention="unit").ground(PICTURE, "Save")
    assert server.asked[0]["model"] == "two"


@pytest.mark.parametrize(
    ("status", "raw", "says"),
    [
        (401, b'{"error": {"message": "bad key sk-very-secret"}}', r"answered 401: bad key \*\*\*"),
        (404, b'{"detail": "Not Found"}', "answered 404: Not Found"),
        (500, b"<html>\n  oops</html>", "answered 500: <html> oops</html>"),
        (503, b"[1]", r"answered 503: \[1\]"),
        (302, b"moved", "answered 302: moved"),
        (200, b"<html>hello</html>", "is no OpenAI-compatible server"),
        (200, b"\xff\xfe", "is no OpenAI-compatible server"),
        (200, b'{"choices": []}', "is no chat completion"),
        (200, b'{"choices": [{"message": null}]}', "is no chat completion"),
    ],
)
def test_failures_are_one_sentence_without_the_key(
    server: Recorded, status: int, raw: bytes, says: str
) -> None:
    server.status, server.raw = status, raw
    grounder = ServerGrounder(server.url, "qwen", convention="unit")
    with pytest.raises(ServerError, match=says) as caught:
        grounder.ground(PICTURE, "Save")
    assert "\n" not in str(caught.value)
    assert KEY not in str(caught.value) + repr(grounder)


def test_slow_absent_and_nonsensical_servers(server: Recorded) -> None:
    server.delay = 1.0
    slow = ServerGrounder(server.url, "qwen", convention="unit", timeout=0.1)
    with pytest.raises(ServerError, match="did not answer in 0.1 seconds"):
        slow.ground(PICTURE, "Save")
    with pytest.raises(ServerError, match="cannot be reached"):
        ServerGrounder("http://127.0.0.1:9/v1", convention="unit")
    for url in ("http://", "http://[", "http://127.0.0.1:port"):
        with pytest.raises(ServerError):
            ServerGrounder(url, convention="unit")
    with pytest.raises(ServerError) as caught:
        ServerGrounder(server.url, convention="unit", key="in\nside")
    assert "side" not in str(caught.value)


def test_items_that_make_no_sense(server: Recorded) -> None:
    grounder = ServerGrounder(server.url, "qwen", convention="unit")
    with pytest.raises(BadInstruction, match="empty"):
        grounder.ground(PICTURE, " ")
    with pytest.raises(BadImage, match="one has none"):
        grounder.ground_many([(PICTURE, "Save"), (None, "Save")])
    with pytest.raises(BadImage, match="cannot be read"):
        grounder.ground(b"nonsense", "Save")
    assert not server.asked
    with pytest.raises(GroundingError, match="name the convention"):
        load_grounder(server.url)
    with pytest.raises(BadBudget, match="weights"):
        load_grounder(server.url, convention="unit", keep=0.3)
