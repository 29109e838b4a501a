"""The default model's parts as models of their own: evidence alone, and everything but text.

What they would keep of a model's visual tokens is drawn by their own evidence, as the default
model's is by all it knows.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from .._siblings import grounding

if TYPE_CHECKING:
    from grounding.evidence import Evidence  # noqa: TID251 - a type only
    from grounding.grounders.default import DefaultGrounder  # noqa: TID251 - a type only
    from grounding.icons import IconReader  # noqa: TID251 - a type only
    from grounding.plan import Budget  # noqa: TID251 - a type only
    from grounding.reader.reader import Reader, Screen  # noqa: TID251 - a type only
    from grounding.types import Tokens  # noqa: TID251 - a type only


def _module(name: str) -> Any:
    return importlib.import_module(f".{name}", grounding.__name__)


@dataclass(frozen=True)
class FusedEvidence:
    """Reader and icons side by side, without parser and rules."""

    reader: Reader
    icons: IconReader

    def look(self, image: Any) -> tuple[Any, Any]:
        """Read a picture and find its icons, once."""
        screen = self.reader.look(image)
        pixels = _module("reader.reader").to_rgb(image)
        return screen, self.icons.look(pixels, _module("icons.screen").written_boxes(screen))

    def score(self, image: Any, instruction: str, grid: tuple[int, int]) -> Evidence:
        """Score patches by what either knows of the instruction's words."""
        screen, icons = image if isinstance(image, tuple) else self.look(image)
        texts = grounding.evidence.phrases(instruction)
        written = grounding.evidence.text_evidence(screen, texts, grid)
        return fused([written, _module("icons.evidence").icon_evidence(icons, texts, grid)])


def fused(told: Sequence[Evidence]) -> Evidence:
    """Return several providers' evidence as one; whoever is surer of a place comes first."""
    spans = sorted((span for one in told for span in one.spans), key=lambda span: -span.score)
    features = np.maximum.reduce([one.features for one in told])
    return grounding.evidence.Evidence(features, tuple(spans))


class EvidenceTokens:
    """Which tokens of a picture a model would get by evidence alone; the UI graph is made once."""

    def __init__(self, image: Any, budget: Budget) -> None:
        how = _module("grounders.evidence_plan").TOKENS
        picture, self._grid = grounding.grid.resized(image, how)
        self._graph = grounding.build_ui_graph(np.asarray(picture), self._grid.factor).scores()
        self._budget = budget

    @property
    def grid(self) -> tuple[int, int]:
        """Tokens across and down."""
        return self._grid.columns, self._grid.rows

    def count(self, evidence: Evidence) -> Tokens:
        """Return how many tokens there are, and how many stay."""
        said = grounding.fusion.evidence_scores(evidence)
        scores = grounding.fusion.fuse_scores(None, self._graph, said)
        return grounding.plan.make_plan(self._grid, scores, self._budget).tokens


class NoReader:
    """Stands in the reader's place and sees no text at all."""

    def look(self, image: Any) -> Screen:
        """Return a screen without a letter."""
        glyphs, classes = _module("reader.glyphs").Glyphs, _module("reader.alphabet").CLASS_COUNT
        none = np.zeros(0, np.float32)
        empty = glyphs(none, none, none, none, np.zeros((0, classes), np.float32), none, none)
        pixels = _module("reader.reader").to_rgb(image)
        size = (pixels.shape[1], pixels.shape[0])
        screen: Screen = _module("reader.reader").Screen(empty, size, lambda found: found)
        return screen


def without_reader(budget: Budget | None = None) -> DefaultGrounder:
    """Return the default model without text: icons, parsed controls and the rules over them."""
    default: type[DefaultGrounder] = _module("grounders.default").DefaultGrounder
    return default(reader=cast("Reader", NoReader()), keep=budget)
