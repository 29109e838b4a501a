"""What learns: a backbone with its scorer and pointer head, and its loss on a batch of records."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..backbones.backbone import Backbone
from ..backbones.compact import Prompt
from ..backbones.tower import TowerOutput
from ..grid import PatchGrid, Preprocessing, cut_patches, resized
from ..grounders.eyes import Eyes
from ..grounders.prompts import PointerPrompt
from ..labels import Preset, fuse_labels, overlap_labels, pointer_target
from ..patch_scorer import PatchScorer
from ..plan import VisualPlan, select, share_count
from ..pointer import PointerHead
from ..types import Box
from ..ui_graph import build_ui_graph
from .losses import TEMPERATURE, pointer_loss, scorer_loss
from .records import Record

Stage = Literal["scorer", "all"]


@dataclass(frozen=True)
class LossConfig:
    """How the parts of the loss are made; see `losses`.

    In stage "all" the share of kept tokens is drawn for each sample between ``keep``'s ends. The
    scorer counts a tenth there, as in the released code.
    """

    stage: Stage = "all"
    keep: tuple[float, float] = (0.1, 1.0)
    preset: Preset = "paper"
    temperature: float = TEMPERATURE
    scorer_weight: float = 0.1


@dataclass(frozen=True, eq=False)
class Lesson:
    """A record that was prepared for the tower."""

    pixels: NDArray[np.float32]
    grid: PatchGrid
    graph: NDArray[np.float32]
    instruction: str
    box: Box | None


@lru_cache(maxsize=64)
def _prepared(
    path: Path, how: Preprocessing
) -> tuple[NDArray[np.float32], PatchGrid, NDArray[np.float32]]:
    picture, grid = resized(path, how)
    graph = build_ui_graph(np.asarray(picture), grid.factor).scores().ravel()
    return cut_patches(picture, how), grid, graph


def prepare(record: Record, how: Preprocessing) -> Lesson:
    """Open a record's picture; the last ones are remembered."""
    return Lesson(*_prepared(record.image, how), record.instruction, record.box)


class Trainee(nn.Module):
    """All that learns, in one module, so that it can be spread over processes."""

    def __init__(
        self, eyes: Eyes, pointer: PointerHead, scorer: PatchScorer, prompt: PointerPrompt
    ) -> None:
        super().__init__()
        self.model = eyes.backbone.model
        self.patch_scorer, self.multi_patch_pointer_head = scorer, pointer
        self._eyes, self._prompt = eyes, prompt
        self._query = eyes.tokenizer.convert_tokens_to_ids("<|pointer_pad|>")

    @property
    def how(self) -> Preprocessing:
        """How the model wants its pictures."""
        return self._eyes.how

    def forward(
        self, lessons: Sequence[Lesson], config: LossConfig, rng: random.Random
    ) -> dict[str, Tensor]:
        """Return the parts of the loss on a batch; ``rng`` draws how much is kept."""
        backbone = Backbone(self.model)
        frozen = config.stage == "scorer"
        with torch.set_grad_enabled(not frozen):
            encoded = backbone.encode(
                [one.pixels for one in lessons], [one.grid for one in lessons]
            )
        scores = [
            self._score(backbone, tokens, lesson)
            for tokens, lesson in zip(encoded.tokens, lessons, strict=True)
        ]
        scorer = self._scorer_loss(scores, lessons, config)
        if frozen:
            return {"scorer": scorer}
        plans = [
            plan_lesson(lesson, score.detach().float().cpu().numpy(), rng.uniform(*config.keep))
            for lesson, score in zip(lessons, scores, strict=True)
        ]
        pointer = self._pointer_loss(backbone, encoded, lessons, plans)
        return {"pointer": pointer, "scorer": config.scorer_weight * scorer}

    def _score(self, backbone: Backbone, tokens: Tensor, lesson: Lesson) -> Tensor:
        words = backbone.embed(self._eyes.tokenizer(lesson.instruction).input_ids)[None].detach()
        scores: Tensor = self.patch_scorer(tokens.detach()[None], words)[0]
        return scores

    def _scorer_loss(
        self, scores: Sequence[Tensor], lessons: Sequence[Lesson], config: LossConfig
    ) -> Tensor:
        parts = []
        for score, lesson in zip(scores, lessons, strict=True):
            if lesson.box is not None:  # nothing is relevant to an element that is not there
                overlap = overlap_labels(lesson.grid, lesson.box)
                labels = torch.from_numpy(fuse_labels(overlap, lesson.graph, config.preset))
                goal = labels.to(score.device)[None]
                parts.append(scorer_loss(score[None], goal, None, config.temperature))
        return torch.stack(parts).mean() if parts else scores[0].sum() * 0

    def _pointer_loss(
        self,
        backbone: Backbone,
        encoded: TowerOutput,
        lessons: Sequence[Lesson],
        plans: Sequence[VisualPlan],
    ) -> Tensor:
        prompts = [
            Prompt(self._prompt.ids(self._eyes.tokenizer, one.grid.count, one.instruction), (at,))
            for at, one in enumerate(lessons)
        ]
        batch = backbone.compact(prompts, encoded, plans, self._eyes.marker)
        states = backbone.hidden(batch)
        parts = []
        for row, (lesson, plan, kept) in enumerate(zip(lessons, plans, batch.kept, strict=True)):
            if lesson.box is None:
                continue
            query = states[row][batch.input_ids[row] == self._query][-1:]
            logits = self.multi_patch_pointer_head(kept[None], query[None])
            target = torch.from_numpy(pointer_target(lesson.grid, lesson.box)[plan.keep])
            parts.append(pointer_loss(logits, target.to(logits.device)[None, None]))
        return torch.stack(parts).mean() if parts else states.sum() * 0


def plan_lesson(lesson: Lesson, scores: NDArray[Any], share: float) -> VisualPlan:
    """Keep a share of the tokens, those of the target among them whatever their scores."""
    ranked = scores.astype(np.float32).copy()
    count = share_count(share, lesson.grid.count)
    if lesson.box is not None:
        target = lesson.grid.tokens_in(lesson.box)
        ranked[target] = ranked.max() + 1
        count = max(count, len(target))
    return VisualPlan(lesson.grid, select(ranked, count), None, "training")
