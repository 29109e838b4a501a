"""Grounding with a pointer head: one pass, and the model's attention says where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from torch import Tensor

from ..backbones.compact import Prompt
from ..calibration import Calibration
from ..decode import confidence, decode
from ..errors import BadCheckpoint
from ..plan import VisualPlan
from ..pointer import NoneKey, OffsetHead, PointerHead, none_probability
from ..types import Candidate, Grounding
from .eyes import Clock, Eyes, ModelGrounder, Seen
from .prompts import PointerPrompt


@dataclass(frozen=True, eq=False)
class Heads:
    """What stands on top of the language model; published checkpoints have the pointer alone."""

    pointer: PointerHead
    offset: OffsetHead | None = None
    none: NoneKey | None = None


class PointerGrounder(ModelGrounder):
    """Finds places with a pointer head over the kept visual tokens."""

    def __init__(
        self,
        eyes: Eyes,
        heads: Heads,
        prompt: PointerPrompt,
        calibration: Calibration | None = None,
    ) -> None:
        super().__init__(eyes)
        self._heads, self._prompt = heads, prompt
        self._calibration = calibration or Calibration()
        self._query = eyes.tokenizer.convert_tokens_to_ids("<|pointer_pad|>")
        if self._query is None:
            raise BadCheckpoint("the tokenizer has no <|pointer_pad|>: this is no pointer model")

    @property
    def parts(self) -> tuple[Eyes, Heads, PointerPrompt]:
        """What the grounder is made of, for training."""
        return self.eyes, self._heads, self._prompt

    def _see(self, items: Sequence[tuple[Any, str]], clock: Clock) -> Seen:
        return self.eyes.look(items, clock)

    def _batch(self, items: Sequence[tuple[Any, str]]) -> list[Grounding]:
        clock, eyes = Clock(), self.eyes
        seen = self._see(items, clock)
        plans = eyes.plans(seen, items, clock)
        with clock.stage("think"):
            prompts = [
                Prompt(self._prompt.ids(eyes.tokenizer, plan.grid.count, instruction), (number,))
                for number, (plan, (_, instruction)) in enumerate(zip(plans, items, strict=True))
            ]
            asked = seen.encoded.picked(seen.owner)
            batch = eyes.backbone.compact(prompts, asked, plans, eyes.marker)
            states = eyes.backbone.hidden(batch)
        with clock.stage("point"):
            answers = [
                self._answer(plan, kept, states[row][batch.input_ids[row] == self._query])
                for row, (plan, kept) in enumerate(zip(plans, batch.kept, strict=True))
            ]
        seconds = clock.shared(len(items))
        return [
            replace(answer, instruction=instruction, seconds=seconds)
            for answer, (_, instruction) in zip(answers, items, strict=True)
        ]

    def _answer(self, plan: VisualPlan, kept: Tensor, query: Tensor) -> Grounding:
        device = next(self._heads.pointer.parameters()).device
        keys, asked = kept[None].to(device), query[None, -1:].to(device)
        logits = self._heads.pointer(keys, asked)
        attention = np.zeros(plan.grid.count, np.float32)
        attention[plan.keep] = logits[0, 0].softmax(-1).cpu().numpy()
        offsets = None
        if self._heads.offset is not None:
            offsets = np.zeros((plan.grid.count, 2), np.float32)
            offsets[plan.keep] = self._heads.offset(keys, asked)[0, 0].cpu().numpy()
        candidates = decode(attention, plan.grid, offsets=offsets)
        absent, missing = self._absence(asked, logits)
        sure = self._calibration(missing if absent else (1 - missing) * confidence(candidates))
        best: Candidate | None = None if absent else candidates[0]
        return Grounding(
            instruction="",
            point=best.point if best else None,
            box=best.box if best else None,
            confidence=sure,
            alternatives=candidates if absent else candidates[1:],
            tokens=plan.tokens,
            plan=plan,
            heat=attention.reshape(plan.grid.rows, plan.grid.columns),
        )

    def _absence(self, asked: Tensor, logits: Tensor) -> tuple[bool, float]:
        """Tell whether nothing is there, and how likely that is."""
        none = self._heads.none
        if none is None:
            return False, 0.0
        odds = none(self._heads.pointer, asked)
        return bool(none.says_none(odds, logits)[0, 0]), float(none_probability(odds, logits)[0, 0])
