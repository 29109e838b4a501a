"""The models that the evaluation knows by name."""

from __future__ import annotations

import difflib
import random
from typing import Any, Protocol

import numpy as np
from PIL import Image

from .._siblings import grounding
from ..errors import UserError

Spot = tuple[float, float]


class Pointing(Protocol):
    """A model under test: looks at a picture once, then answers instructions."""

    def look(self, image: Image.Image) -> Any:
        """Do what can be done before the instruction is known."""

    def point(self, seen: Any, instruction: str) -> Spot | None:
        """Return a place, 0..1 each way, or None: nothing there."""


class ByEvidence:
    """Answers with the middle of the best span of a provider of evidence."""

    def __init__(self, provider: Any) -> None:
        self._provider = provider

    def look(self, image: Image.Image) -> Any:
        """Let the provider read the picture."""
        return self._provider.look(image)

    def point(self, seen: Any, instruction: str) -> Spot | None:
        """Return the middle of the first line of the best span."""
        spans = self._provider.score(seen, instruction, (1, 1)).spans
        if not spans:
            return None
        middle = spans[0].parts[0].center
        return middle.x, middle.y


class Chance:
    """Answers with a random place: the floor that every model has to beat."""

    def __init__(self, seed: int = 0) -> None:
        self._rng = random.Random(seed)

    def look(self, image: Image.Image) -> None:
        """See nothing."""

    def point(self, seen: None, instruction: str) -> Spot | None:
        """Return any place."""
        return self._rng.random(), self._rng.random()


class RapidEvidence:
    """RapidOCR with fuzzy matching behind the protocol of evidence, for comparison only."""

    def __init__(self) -> None:
        try:
            from rapidocr import RapidOCR
        except ImportError as error:
            raise UserError(
                "RapidOCR is not installed: pip install rapidocr onnxruntime"
            ) from error
        self._engine = RapidOCR(
            params={
                "Global.log_level": "critical",
                "EngineConfig.onnxruntime.intra_op_num_threads": 2,
            }
        )

    def look(self, image: Any) -> list[tuple[str, Any]]:
        """Return the lines of a picture: text and box."""
        pixels = np.asarray(image.convert("RGB"))
        size = (pixels.shape[1], pixels.shape[0])
        result: Any = self._engine(np.ascontiguousarray(pixels[:, :, ::-1]))
        lines = []
        for text, corners in zip(result.txts or (), _none_empty(result.boxes), strict=True):
            x1, y1 = np.clip(np.min(corners, axis=0), 0, size)
            x2, y2 = np.clip(np.max(corners, axis=0), 0, size)
            lines.append((text, grounding.types.Box.from_pixels(x1, y1, x2, y2, size)))
        return lines

    def score(self, image: Any, instruction: str, grid: tuple[int, int]) -> Any:
        """Score lines by the similarity of their text to the instruction's words."""
        lines = image if isinstance(image, list) else self.look(image)
        evidence = grounding.evidence
        spans = [
            grounding.reader.reader.Found(box, (box,), round(similarity(phrase, text), 4), text)
            for phrase in evidence.phrases(instruction)
            for text, box in lines
        ]
        spans.sort(key=lambda span: -span.score)
        return evidence.Evidence(
            evidence.patch_features(spans[:5], [box for _, box in lines], grid), tuple(spans[:5])
        )


def _none_empty(boxes: Any) -> Any:
    return () if boxes is None else boxes


def similarity(query: str, text: str) -> float:
    """Return how alike a query and a line are: equal 1, contained 0.95, else by common parts.

    Spaces do not count, since text recognition often loses them.
    """
    one, two = ("".join(side.lower().split()) for side in (query, text))
    if one == two:
        return 1.0
    ratio = difflib.SequenceMatcher(None, one, two).ratio()
    if one and one in two:
        # Among lines that contain the query, the one with least besides it.
        return 0.9 + 0.05 * len(one) / len(two)
    return min(ratio, 0.95)


def make_model(name: str) -> Pointing:
    """Return the model of a name."""
    if name == "reader":
        return ByEvidence(grounding.evidence.ReaderEvidence(grounding.Reader.load()))
    if name == "rapidocr":
        return ByEvidence(RapidEvidence())
    if name == "chance":
        return Chance()
    raise UserError(f"unknown model {name!r}: choose from reader, rapidocr, chance")
