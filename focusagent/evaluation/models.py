"""The models that the evaluation knows by name."""

from __future__ import annotations

import difflib
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from PIL import Image

from .._siblings import grounding
from ..errors import UserError
from .parts import EvidenceTokens, FusedEvidence, without_reader

if TYPE_CHECKING:
    from grounding.plan import Budget  # noqa: TID251 - a type only
    from grounding.types import Grounder, Grounding, Tokens  # noqa: TID251 - a type only

Spot = tuple[float, float]
# The default model's parts, and models that no visual tokens can be drawn for.
PARTS = ("no-reader", "evidence", "reader", "icons")
TOKENLESS = ("rapidocr", "chance")
NAMES = ("default", *PARTS, *TOKENLESS)


class Pointing(Protocol):
    """A model under test: looks at a picture once, then answers instructions."""

    def look(self, image: Image.Image) -> Any:
        """Do what can be done before the instruction is known."""

    def point(self, seen: Any, instruction: str) -> Spot | None:
        """Return a place, 0..1 each way, or None: nothing there."""


class ByGrounder:
    """A grounder under test; ``tokens`` are those of its latest answer.

    Without a method ``screen``, it looks at the picture for every instruction anew.
    """

    def __init__(self, name: str, grounder: Grounder, keep: str | None = None) -> None:
        self._name, self._grounder, self._keep = name, grounder, keep
        self.looks_once = hasattr(grounder, "screen")
        self.tokens: Tokens | None = None

    def look(self, image: Image.Image) -> Any:
        """Let the grounder look, if it can do that before it knows the instruction."""
        return self._grounder.screen(image) if self.looks_once else image  # type: ignore[attr-defined]

    def point(self, seen: Any, instruction: str) -> Spot | None:
        """Return the point of the grounder's answer."""
        if self.looks_once:
            found: Grounding = seen.ground(instruction)
        else:
            found = self._grounder.ground(seen, instruction)
        if self._keep is not None and found.tokens is None:
            raise UserError(_no_tokens(self._name))
        self.tokens = found.tokens
        return None if found.point is None else (found.point.x, found.point.y)

    def close(self) -> None:
        """Close the grounder."""
        self._grounder.close()


class ByEvidence:
    """Answers with the middle of the best span of a provider of evidence.

    With ``keep``, ``tokens`` are those that a model would get of the latest evidence.
    """

    def __init__(self, provider: Any, keep: Budget | None = None) -> None:
        self._provider, self._keep = provider, keep
        self.tokens: Tokens | None = None

    def look(self, image: Image.Image) -> tuple[Any, EvidenceTokens | None]:
        """Let the provider read the picture."""
        seen = self._provider.look(image)
        return seen, None if self._keep is None else EvidenceTokens(image, self._keep)

    def point(self, seen: tuple[Any, EvidenceTokens | None], instruction: str) -> Spot | None:
        """Return the middle of the first line of the best span."""
        read, tokens = seen
        told = self._provider.score(read, instruction, (1, 1) if tokens is None else tokens.grid)
        self.tokens = None if tokens is None else tokens.count(told)
        if not told.spans:
            return None
        middle = told.spans[0].parts[0].center
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


def make_model(name: str, keep: str | None = None) -> Pointing:
    """Return the model of a name, or the grounder that `load_grounder` makes of it."""
    if name in TOKENLESS:
        if keep is not None:
            raise UserError(_no_tokens(name))
        return Chance() if name == "chance" else ByEvidence(RapidEvidence())
    budget = None if keep is None else grounding.plan.parse_budget(keep)
    if name == "no-reader":
        return ByGrounder(name, without_reader(budget))
    if name in PARTS:
        return ByEvidence(_provider(name), budget)
    _check(name)
    return ByGrounder(name, grounding.load_grounder(name, keep=keep), keep)


def _provider(name: str) -> Any:
    """Return the default model's own evidence: of its reader, its icons, or both."""
    reader = grounding.Reader.load()
    if name == "reader":
        return grounding.evidence.ReaderEvidence(reader)
    icons: Any = grounding.icons
    seen = icons.IconReader.load()
    return FusedEvidence(reader, seen) if name == "evidence" else icons.IconEvidence(seen, reader)


def _check(name: str) -> None:
    """Complain of a name that neither the evaluation nor `load_grounder` can know."""
    known = name in (*NAMES, "tiny") or "/" in name or ":" in name or Path(name).exists()
    if not known:
        raise UserError(
            f"unknown model {name!r}: choose from {', '.join(NAMES)}, or give a checkpoint's "
            "folder, a hub id or module:Class"
        )


@contextmanager
def opened(name: str, keep: str | None = None) -> Iterator[Pointing]:
    """Make the model of a name, and free what it holds afterwards."""
    model = make_model(name, keep)
    try:
        yield model
    finally:
        if isinstance(model, ByGrounder):
            model.close()


def _no_tokens(name: str) -> str:
    return f"--keep needs a model with visual tokens: {name} has none"


def all_models(names: str, keeps: str | None = None) -> dict[str, tuple[str, str | None]]:
    """Return, by the name of its row in a report, each model and how much of its tokens to keep.

    Both are lists with commas; every model is measured at every ``keep``.
    """
    chosen = [name.strip() for name in names.split(",") if name.strip()]
    if not chosen:
        raise UserError("name a model: --model reader")
    shares = [keep.strip() for keep in keeps.split(",") if keep.strip()] if keeps else [None]
    if not shares:
        raise UserError("--keep needs a value: --keep 0.5, or several with commas")
    for name in chosen:
        _check(name)
        if shares != [None] and name in TOKENLESS:
            raise UserError(_no_tokens(name))
    for keep in shares:
        if keep is not None:
            grounding.plan.parse_budget(keep)  # complains before anything is measured
    return {
        name if keep is None else f"{name} keep={keep}": (name, keep)
        for name in chosen
        for keep in shares
    }
