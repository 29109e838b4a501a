"""The two stages of training, each a module from samples to the parts of a loss.

Stage 1 teaches the patch scorer on top of a frozen vision tower and stops before the language
model. Stage 2 teaches everything, or adapters: each sample keeps a share of its tokens, chosen by
the scores as they are, and always the tokens of its target.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from ..backbones.compact import Compact, Prompt
from ..backbones.tower import TowerOutput
from ..fusion import fuse_scores
from ..grounders.prompts import ANSWERS
from ..plan import VisualPlan, select, share_count
from .losses import (
    TEMPERATURE,
    aim_offsets,
    none_loss,
    offset_loss,
    pointer_loss,
    scorer_loss,
)
from .samples import Sample
from .trainee import Trainee, adapt

# What follows the pointer in an answer.
_END = "<|pointer_end|>)<|im_end|>"


@dataclass(frozen=True)
class Weights:
    """How much each part of stage 2's loss counts; the released code's values."""

    pointer: float = 1.0
    language: float = 1.0
    scorer: float = 0.1
    offset: float = 1.0
    none: float = 1.0


class Stage(nn.Module):
    """What both stages share. ``forward`` returns the parts of the loss of some samples."""

    def __init__(self, trainee: Trainee) -> None:
        super().__init__()
        self.trainee = trainee
        self.backbone = trainee.backbone.model
        self.heads = nn.ModuleDict(trainee.heads())

    def trained(self) -> Iterator[tuple[str, nn.Parameter]]:
        """The names and values of what learns."""
        return ((n, p) for n, p in self.named_parameters() if p.requires_grad)

    def total(self, parts: dict[str, Tensor]) -> Tensor:
        """Return the loss that the parts make together."""
        return torch.stack(list(parts.values())).sum()

    def encode(self, samples: Sequence[Sample]) -> TowerOutput:
        """Look at the samples' pictures."""
        return self.trainee.backbone.encode(
            [sample.pixels for sample in samples], [sample.grid for sample in samples]
        )

    def score(self, tokens: Sequence[Tensor], samples: Sequence[Sample]) -> tuple[Tensor, Tensor]:
        """Return the scorer's scores (B, M) and where they are padding."""
        ids = [self.trainee.tokenizer(sample.instruction).input_ids for sample in samples]
        words, word_pad = padded([self.trainee.backbone.embed(one) for one in ids])
        visual, pad = padded(tokens)
        scores: Tensor = self.trainee.scorer(visual, words.to(visual.device), pad, word_pad)
        return scores, pad


class ScorerStage(Stage):
    """Stage 1: the scorer learns, all else is as it was."""

    def __init__(self, trainee: Trainee, temperature: float = TEMPERATURE) -> None:
        super().__init__(trainee)
        self._temperature = temperature
        self.requires_grad_(False)
        trainee.scorer.requires_grad_(True)

    def forward(self, samples: Sequence[Sample]) -> dict[str, Tensor]:
        """Return the scorer's loss."""
        with torch.no_grad():
            tokens = self.encode(samples).tokens
        scores, pad = self.score(tokens, samples)
        labels = _stacked([sample.labels for sample in samples], scores)
        return {"scorer": scorer_loss(scores, labels, pad, self._temperature)}


class GrounderStage(Stage):
    """Stage 2: the pointer, the language model and, unless ``rank`` asks for adapters, the tower.

    What a part of the loss is weighted with 0 still takes part in the gradient, as processes that
    train together expect.
    """

    def __init__(
        self,
        trainee: Trainee,
        rank: int = 0,
        weights: Weights | None = None,
        temperature: float = TEMPERATURE,
    ) -> None:
        if rank and trainee.adapted is None:
            adapt(trainee, rank)
        super().__init__(trainee)
        if rank:
            self.heads.requires_grad_(True)
        else:
            self.requires_grad_(True)
        self._weights, self._temperature = weights or Weights(), temperature
        self._tail: list[int] = trainee.tokenizer(_END).input_ids
        self._answer = len(trainee.tokenizer(ANSWERS[trainee.prompt.family]).input_ids)
        self._closing = trainee.tokenizer.convert_tokens_to_ids("<|pointer_end|>")

    def total(self, parts: dict[str, Tensor]) -> Tensor:
        """Return the weighted sum."""
        weights = asdict(self._weights)
        return torch.stack([weights[name] * part for name, part in parts.items()]).sum()

    def forward(self, samples: Sequence[Sample]) -> dict[str, Tensor]:
        """Return the parts of the loss."""
        encoded = self.encode(samples)
        scores, pad = self.score(encoded.tokens, samples)
        labels = _stacked([sample.labels for sample in samples], scores)
        known = scores.detach().float().cpu().numpy()
        plans = [
            training_plan(sample, one[: sample.grid.count])
            for sample, one in zip(samples, known, strict=True)
        ]
        batch = self._compact(samples, encoded, plans)
        states = self.trainee.backbone.hidden(batch)
        return {
            **self._point(samples, plans, batch.kept, states[:, -1 - len(self._tail), None]),
            "language": self._language(batch, states),
            "scorer": scorer_loss(scores, labels, pad, self._temperature),
        }

    def _compact(
        self, samples: Sequence[Sample], encoded: TowerOutput, plans: Sequence[VisualPlan]
    ) -> Compact:
        trainee = self.trainee
        prompts = [
            Prompt(
                trainee.prompt.ids(trainee.tokenizer, sample.grid.count, sample.instruction)
                + self._tail,
                (number,),
            )
            for number, sample in enumerate(samples)
        ]
        return trainee.backbone.compact(prompts, encoded, plans, trainee.marker)

    def _point(
        self,
        samples: Sequence[Sample],
        plans: Sequence[VisualPlan],
        kept: Sequence[Tensor],
        query: Tensor,
    ) -> dict[str, Tensor]:
        """Return the losses of the heads that look at the kept tokens."""
        keys, pad = padded(kept)
        logits = self.trainee.pointer(keys, query, pad)
        pairs = list(zip(samples, plans, strict=True))
        target = _stacked([one.target[plan.keep] for one, plan in pairs], logits[:, 0])[:, None]
        parts = {"pointer": pointer_loss(logits, target)}
        if self.trainee.offset is not None:
            aims = [_aims(one)[plan.keep] for one, plan in pairs]
            aim = pad_sequence([torch.from_numpy(one) for one in aims], batch_first=True)
            found = self.trainee.offset(keys, query)
            parts["offset"] = offset_loss(found, aim.to(found.device)[:, None], target)
        if self.trainee.none is not None:
            absent = torch.tensor([[one.box is None] for one in samples], device=logits.device)
            odds = self.trainee.none(self.trainee.pointer, query)
            parts["none"] = none_loss(odds, logits, absent)
        return parts

    def _language(self, batch: Compact, states: Tensor) -> Tensor:
        """Cross entropy of the answer's tokens, which end every (left-padded) sequence."""
        count = self._answer + len(self._tail)
        goal = batch.input_ids[:, -count:]
        # The token after the pointer is forced, so nothing is learnt from it (as released).
        goal = goal.masked_fill(goal == self._closing, -100)
        logits = self.backbone.get_output_embeddings()(states[:, -count - 1 : -1])
        return F.cross_entropy(logits.float().flatten(0, 1), goal.flatten(), ignore_index=-100)


def training_plan(sample: Sample, learned: NDArray[np.float32]) -> VisualPlan:
    """Keep a sample's share of its tokens, those of its target first."""
    scores = fuse_scores(learned, sample.graph)
    wanted = sample.target > 0
    scores[wanted] += 2  # fused scores lie in 0..1
    count = max(share_count(sample.share, sample.grid.count), int(wanted.sum()))
    return VisualPlan(sample.grid, select(scores, count), scores, "training")


def padded(rows: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Return rows (n_i, D) as (B, N, D), and where that is padding."""
    lengths = torch.tensor([len(row) for row in rows], device=rows[0].device)
    whole = pad_sequence(list(rows), batch_first=True)
    return whole, torch.arange(whole.shape[1], device=whole.device) >= lengths[:, None]


def _stacked(rows: Sequence[NDArray[np.float32]], like: Tensor) -> Tensor:
    """Return numbers (n_i) of each sample as (B, N), zero on padding."""
    whole = pad_sequence([torch.from_numpy(row) for row in rows], batch_first=True)
    return whole.to(like.device)


def _aims(sample: Sample) -> NDArray[np.float32]:
    if sample.box is None:
        return np.zeros((sample.grid.count, 2), np.float32)
    return aim_offsets(sample.grid.columns, sample.grid.rows, sample.box)
