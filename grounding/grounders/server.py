"""Grounding with a model behind an OpenAI-compatible server, such as vLLM."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

from PIL import Image

from ..errors import ServerError
from ..grid import Preprocessing, resized, to_rgb
from ..model_server import ModelServer, picture_part
from ..types import Grounding
from .conventions import check_convention, read_place
from .prompts import TEXT_SYSTEM, check_item, question

# Requests that are under way together: the server makes batches of them.
TOGETHER = 8
LONGEST_ANSWER = 512


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
        self._server = ModelServer(url, key, timeout=timeout)
        self._how = how or Preprocessing()
        self._model = model or self._server.only_model()

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
        text = _content(self._server.call("/chat/completions", request))
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
                        picture_part(picture),
                        {"type": "text", "text": words},
                    ],
                },
            ],
        }

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
