"""An OpenAI-compatible server over HTTP: keys, redirects, time limits and failures in one place."""

from __future__ import annotations

import base64
import http.client
import io
import json
import os
import time
import urllib.error
import urllib.request
from typing import Any

from PIL import Image

from .errors import ServerError

_PASSING = frozenset({408, 429, 500, 502, 503, 504, 529})  # answers that another try may change
_FIRST_PAUSE = 0.5  # seconds before the second try; doubled before each further one
_LONGEST_PAUSE = 20.0
_MOST_BYTES = 50_000_000
_MOST_TOLD = 200
_LEAST_KEY = 8  # characters; servers without keys are given words such as EMPTY


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the key to another host."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """Follow none: the answer is then an HTTPError."""


class ModelServer:
    """Gets and posts JSON; whatever fails is a `ServerError` of one sentence without the key.

    ``url`` is the base that paths are added to. ``key`` defaults to the variable OPENAI_API_KEY.
    A server that is down, busy or broken is asked ``tries`` times in all, with growing pauses; one
    that is too slow is not asked again. ``timeout`` is for all tries of a call together.
    """

    def __init__(
        self, url: str, key: str | None = None, *, timeout: float = 120.0, tries: int = 1
    ) -> None:
        self.url = url.rstrip("/")
        self._timeout, self._tries = timeout, tries
        self._key = (os.environ.get("OPENAI_API_KEY", "") if key is None else key).strip()
        self._opener = urllib.request.build_opener(_NoRedirects)

    def only_model(self, *, deadline: float | None = None) -> str:
        """The name of the one model that the server has."""
        told = self.call("/models", deadline=deadline)
        try:
            names = [str(model["id"]) for model in told["data"]]
        except (KeyError, TypeError) as error:
            raise ServerError(f"{self.url} does not say which models it has: name one") from error
        if len(names) != 1:
            listed = ", ".join(names[:5]) or "none"
            raise ServerError(f"{self.url} has {len(names)} models, name one: {listed}")
        return names[0]

    def call(
        self, path: str, body: dict[str, Any] | None = None, *, deadline: float | None = None
    ) -> Any:
        """Get a path of the server, or post to it; the deadline is one of `time.monotonic`."""
        if deadline is None:
            deadline = time.monotonic() + self._timeout
        pause = _FIRST_PAUSE
        for left in reversed(range(self._tries)):
            try:
                return self._once(self.url + path, body, deadline)
            except ServerError as error:
                wait = min(max(pause, error.pause), _LONGEST_PAUSE)
                if not left or not error.passing or time.monotonic() + wait >= deadline:
                    raise
                time.sleep(wait)
                pause *= 2
        raise ValueError("tries must be at least 1")

    def _once(self, address: str, body: dict[str, Any] | None, deadline: float) -> Any:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        data = None if body is None else json.dumps(body).encode()
        try:
            request = urllib.request.Request(address, data, headers)
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            with self._opener.open(request, timeout=left) as reply:
                return json.loads(self._read(reply, deadline))
        except urllib.error.HTTPError as error:
            with error:
                told = f"{address} answered {error.code}: {self._said(error)}"
                raise ServerError(
                    told,
                    status=error.code,
                    passing=error.code in _PASSING,
                    pause=_seconds(error.headers.get("Retry-After")),
                ) from None
        except TimeoutError:
            raise ServerError(f"{address} did not answer in {self._timeout:g} seconds") from None
        except (OSError, http.client.HTTPException) as error:
            if isinstance(getattr(error, "reason", None), TimeoutError):
                raise ServerError(f"{address} cannot be reached: it timed out") from None
            why = f"{address} cannot be reached: {self._short(str(error))}"
            raise ServerError(why, passing=True) from None
        except (ValueError, RecursionError):  # no JSON; or no address, or a key no header can hold
            raise ServerError(
                f"{address} is no OpenAI-compatible server: check the address and the key"
            ) from None

    def _read(self, reply: http.client.HTTPResponse, deadline: float) -> str:
        """Read an answer; one that trickles in or never ends is given up, a repeated key masked."""
        parts: list[bytes] = []
        size = 0
        while part := reply.read1(65536):
            parts.append(part)
            size += len(part)
            if time.monotonic() > deadline:
                raise TimeoutError
            if size > _MOST_BYTES:
                raise ValueError("the answer is too long")
        text = b"".join(parts).decode()
        return text.replace(self._key, "***") if len(self._key) >= _LEAST_KEY else text

    def _said(self, error: urllib.error.HTTPError) -> str:
        """Return what a server says is wrong, in the form of OpenAI, of FastAPI, or as text."""
        try:
            text = error.read(100_000).decode("utf-8", "replace")
        except (OSError, http.client.HTTPException):
            text = ""
        try:
            told = json.loads(text)
            inner = told.get("error", told)
            text = str(inner.get("message") or inner.get("detail") or text)
        except (ValueError, AttributeError):
            pass
        return self._short(text) or str(error.reason)

    def _short(self, text: str) -> str:
        if self._key:  # some servers repeat it
            text = text.replace(self._key, "***")
        return " ".join(text.split())[:_MOST_TOLD]


def picture_part(picture: Image.Image) -> dict[str, Any]:
    """A picture as a part of a chat message, as PNG."""
    file = io.BytesIO()
    picture.save(file, "PNG")
    address = "data:image/png;base64," + base64.b64encode(file.getvalue()).decode("ascii")
    return {"type": "image_url", "image_url": {"url": address}}


def _seconds(text: str | None) -> float:
    """What a Retry-After header says, if it says seconds."""
    return float(text) if text is not None and text.isdecimal() else 0.0
