"""Grounding with a model behind an OpenAI-compatible server, such as vLLM."""

from __future__ import annotations

import base64
import http.client
import io
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

from PIL import Image

from ..errors import ServerError
from ..grid import Preprocessing, resized, to_rgb
from ..types import Grounding
from .conventions import check_convention, read_place
from .prompts import TEXT_SYSTEM, check_item, question

# Requests that are under way together: the server makes batches of them.
TOGETHER = 8
LONGEST_ANSWER = 512
_MOST_TOLD = 200


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the key to another host."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """Follow none: the answer is then an HTTPError."""


class ServerGrounder:
    """Asks a server for a place in words; pictures travel as PNG in the request.

    ``url`` is the base that "/chat/completions" is added to. Without ``model`` the server is asked
    for its only one. ``key`` defaults to the variable OPENAI_API_KEY. Servers shrink large
    pictures; for the convention "resized" they are therefore sent in the size that ``how`` (that of
    Qwen2.5-VL) gives, which such a model leaves as it is. The confidence is 1 where a place is
    named and 0 where none is, which counts as *nothing there*.
    """

    def __init__(
        self,
        url: str,
        model: str | None = None,
        *,
        convention: str | None = None,
        key: str | None = None,
        timeout: float = 120.0,
        how: Preprocessing | None = None,
    ) -> None:
        self._convention = check_convention(convention)
        self._url, self._timeout = url.rstrip("/"), timeout
        self._key = (os.environ.get("OPENAI_API_KEY", "") if key is None else key).strip()
        self._opener = urllib.request.build_opener(_NoRedirects)
        self._how = how or Preprocessing()
        self._model = model or self._only_model()

    def ground(self, image: Any, instruction: str) -> Grounding:
        """Answer one instruction about one picture."""
        return self.ground_many([(image, instruction)])[0]

    def ground_many(self, items: Sequence[tuple[Any, str]]) -> list[Grounding]:
        """Answer (picture, instruction) pairs, in order; several requests run together."""
        for image, instruction in items:
            check_item(image, instruction)
        with ThreadPoolExecutor(TOGETHER) as pool:
            return list(pool.map(self._answer, *zip(*items, strict=True))) if items else []

    def _answer(self, image: Any, instruction: str) -> Grounding:
        started = time.perf_counter()
        picture = to_rgb(image)
        sent, grid = resized(picture, self._how)
        if self._convention != "resized":
            sent = picture
        request = self._request(sent, instruction)
        prepared = time.perf_counter()
        text = _content(self._call("/chat/completions", request))
        place = read_place(
            text, self._convention, picture.size, (grid.resized_width, grid.resized_height)
        )
        return Grounding(
            instruction=instruction,
            point=place.point if place else None,
            box=place.box if place else None,
            confidence=1.0 if place else 0.0,
            seconds={
                "prepare": round(prepared - started, 6),
                "answer": round(time.perf_counter() - prepared, 6),
            },
            answer=text,
        )

    def _request(self, picture: Image.Image, instruction: str) -> dict[str, Any]:
        file = io.BytesIO()
        picture.save(file, "PNG")
        address = "data:image/png;base64," + base64.b64encode(file.getvalue()).decode("ascii")
        words = question(instruction, self._convention)
        return {
            "model": self._model,
            "temperature": 0,
            "max_tokens": LONGEST_ANSWER,
            "messages": [
                {"role": "system", "content": TEXT_SYSTEM},
                {
                    "role": "user",
                    "content": [
                        {"type": "image_url", "image_url": {"url": address}},
                        {"type": "text", "text": words},
                    ],
                },
            ],
        }

    def _only_model(self) -> str:
        told = self._call("/models")
        try:
            names = [str(model["id"]) for model in told["data"]]
        except (KeyError, TypeError) as error:
            raise ServerError(f"{self._url} does not say which models it has: name one") from error
        if len(names) != 1:
            listed = ", ".join(names[:5]) or "none"
            raise ServerError(f"{self._url} has {len(names)} models, name one: {listed}")
        return names[0]

    def _call(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Get a path of the server, or post to it; failures are one sentence without the key."""
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        data = None if body is None else json.dumps(body).encode()
        address = self._url + path
        try:
            request = urllib.request.Request(address, data, headers)
            with self._opener.open(request, timeout=self._timeout) as reply:
                return json.load(reply)
        except urllib.error.HTTPError as error:
            with error:
                reason = self._said(error)
            raise ServerError(f"{address} answered {error.code}: {reason}") from None
        except TimeoutError:
            raise ServerError(f"{address} did not answer in {self._timeout:g} seconds") from None
        except (OSError, http.client.HTTPException) as error:
            if isinstance(getattr(error, "reason", None), TimeoutError):
                raise ServerError(f"{address} cannot be reached: it timed out") from None
            raise ServerError(f"{address} cannot be reached: {self._short(str(error))}") from None
        except ValueError:  # no JSON; or no address, or a key that no header can hold
            raise ServerError(
                f"{address} is no OpenAI-compatible server: check the address and the key"
            ) from None

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

    def close(self) -> None:
        """Nothing is held."""

    def __enter__(self) -> Self:
        """Return the grounder."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the grounder."""
        self.close()


def _content(reply: Any) -> str:
    """Return the words of a chat completion; a tool call's arguments count as such."""
    try:
        message = reply["choices"][0]["message"]
        calls = [call["function"]["arguments"] for call in message.get("tool_calls") or []]
        return "\n".join([message.get("content") or "", *calls]).strip()
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise ServerError("the server's answer is no chat completion: check its address") from error
