"""What grounders that hold a model's weights share: looking at pictures and dropping tokens."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from types import TracebackType
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ..backbones.backbone import Backbone
from ..backbones.tower import TowerOutput
from ..compress import Compression
from ..evidence import EvidenceProvider
from ..fusion import FusionWeights, evidence_scores, fuse_scores
from ..grid import PatchGrid, Preprocessing, cut_patches, resized, to_rgb
from ..patch_scorer import PatchScorer
from ..plan import Share, VisualPlan, make_plan, plan_all
from ..types import Grounding
from ..ui_graph import build_ui_graph
from .prompts import check_item

# Samples that go through the language model together.
BATCH = 8


@dataclass(frozen=True)
class Look:
    """A picture that was prepared for the model."""

    original: Image.Image
    picture: Image.Image
    grid: PatchGrid

    @cached_property
    def distinctive(self) -> NDArray[np.float32]:
        """The UI graph's scores (M)."""
        graph = build_ui_graph(np.asarray(self.picture), self.grid.factor)
        return graph.scores().ravel()


@dataclass
class Clock:
    """Seconds by stage."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a block of code under a name."""
        started = time.perf_counter()
        yield
        spent = time.perf_counter() - started
        self.seconds[name] = self.seconds.get(name, 0.0) + spent

    def shared(self, count: int) -> dict[str, float]:
        """Return the share of each of ``count`` items of a batch."""
        return {name: round(spent / count, 6) for name, spent in self.seconds.items()}


@dataclass(frozen=True)
class Seen:
    """A batch: its pictures, each once, the output of the tower, which picture each item has."""

    looks: list[Look]
    encoded: TowerOutput
    owner: list[int]


@dataclass(frozen=True, eq=False)
class Eyes:
    """A backbone, how it wants its pictures, and what ranks its visual tokens."""

    backbone: Backbone
    tokenizer: Any
    how: Preprocessing
    compression: Compression
    marker: int
    scorer: PatchScorer | None = None
    evidence: EvidenceProvider | None = None
    weights: FusionWeights = field(default_factory=FusionWeights)

    def look(self, items: Sequence[tuple[Any, str]], clock: Clock) -> Seen:
        """Look at the pictures of a batch; one that comes several times is looked at once."""
        numbers: dict[int, int] = {}
        looks: list[Look] = []
        with clock.stage("prepare"):
            for image, instruction in items:
                check_item(image, instruction)
                if id(image) not in numbers:
                    numbers[id(image)] = len(looks)
                    original = to_rgb(image)
                    looks.append(Look(original, *resized(original, self.how)))
            pixels = [cut_patches(look.picture, self.how) for look in looks]
        with clock.stage("encode"):
            encoded = self.backbone.encode(pixels, [look.grid for look in looks])
        return Seen(looks, encoded, [numbers[id(image)] for image, _ in items])

    def plans(self, seen: Seen, items: Sequence[tuple[Any, str]], clock: Clock) -> list[VisualPlan]:
        """Plan for each item which tokens of its picture survive its instruction."""
        noticed: dict[int, Any] = {}
        with clock.stage("score"):
            return [
                self._plan(seen, number, instruction, noticed)
                for number, (_, instruction) in zip(seen.owner, items, strict=True)
            ]

    def _plan(
        self, seen: Seen, number: int, instruction: str, noticed: dict[int, Any]
    ) -> VisualPlan:
        look, budget = seen.looks[number], self.compression.budget
        if budget == Share(1.0) or self.compression.scorer == "none":
            return plan_all(look.grid)
        if self.compression.scorer == "uigraph":
            return make_plan(look.grid, look.distinctive, budget, "uigraph")
        learned = evidence = None
        if self.scorer is not None:
            learned = self._learned(seen.encoded.tokens[number], instruction)
        if self.evidence is not None:
            if number not in noticed:
                noticed[number] = self.evidence.look(look.original)
            grid = (look.grid.columns, look.grid.rows)
            evidence = evidence_scores(self.evidence.score(noticed[number], instruction, grid))
        scores = fuse_scores(learned, look.distinctive, evidence, self.weights)
        return make_plan(look.grid, scores, budget, "focus")

    def _learned(self, tokens: Tensor, instruction: str) -> NDArray[np.float32]:
        assert self.scorer is not None
        ids = self.tokenizer(instruction).input_ids
        words = self.backbone.embed(ids)[None].to(tokens.device)
        scores: NDArray[np.float32] = self.scorer(tokens[None], words)[0].float().cpu().numpy()
        return scores


class ModelGrounder:
    """Base of the grounders that hold a model: batches, and letting go of it."""

    def __init__(self, eyes: Eyes) -> None:
        self.eyes = eyes

    def ground(self, image: Any, instruction: str) -> Grounding:
        """Answer one instruction about one picture."""
        return self.ground_many([(image, instruction)])[0]

    def ground_many(self, items: Sequence[tuple[Any, str]]) -> list[Grounding]:
        """Answer (picture, instruction) pairs, in order, a batch at a time."""
        answers: list[Grounding] = []
        for start in range(0, len(items), BATCH):
            with torch.inference_mode():
                answers += self._batch(items[start : start + BATCH])
        return answers

    def _batch(self, items: Sequence[tuple[Any, str]]) -> list[Grounding]:
        raise NotImplementedError

    def close(self) -> None:
        """Let go of the model's memory; the grounder answers nothing any more."""
        self.__dict__.pop("eyes", None)

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
