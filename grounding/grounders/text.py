"""Grounding with a model that writes coordinates: it reads a shortened picture and answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..backbones.compact import Prompt
from ..conversation import ends_of, until
from ..types import Grounding
from .conventions import Convention, check_convention, read_place
from .eyes import Clock, Eyes, ModelGrounder
from .prompts import text_ids

# What the plain models of a family were trained to write.
OWN: dict[str, Convention] = {
    "qwen2_vl": "thousand",
    "qwen2_5_vl": "resized",
    "qwen3_vl": "thousand",
}
LONGEST_ANSWER = 128


class TextGrounder(ModelGrounder):
    """Finds places with a model that answers in text or with a tool call.

    Such a model says nothing about how sure it is: the confidence is 1 where it names a place, and
    0 where it names none, which counts as *nothing there*.
    """

    def __init__(
        self, eyes: Eyes, convention: str | None, longest_answer: int = LONGEST_ANSWER
    ) -> None:
        super().__init__(eyes)
        family = eyes.backbone.model.config.model_type
        self._convention = check_convention(convention, OWN.get(family))
        self._longest = longest_answer

    def _batch(self, items: Sequence[tuple[Any, str]]) -> list[Grounding]:
        clock, eyes = Clock(), self.eyes
        seen = eyes.look(items, clock)
        plans = eyes.plans(seen, items, clock)
        with clock.stage("think"):
            prompts = [
                Prompt(
                    text_ids(eyes.tokenizer, plan.grid.count, instruction, self._convention),
                    (number,),
                )
                for number, (plan, (_, instruction)) in enumerate(zip(plans, items, strict=True))
            ]
            batch = eyes.backbone.compact(
                prompts, seen.encoded.picked(seen.owner), plans, eyes.marker
            )
            made = eyes.backbone.generate(
                batch, max_new_tokens=self._longest, do_sample=False, top_k=None, top_p=None,
                temperature=None,
            )  # fmt: skip
        # Special tokens stay, for some mark boxes; what follows the end is padding of the batch.
        ends = ends_of(eyes.backbone.model.generation_config)
        answers = [eyes.tokenizer.decode(until(row, ends)) for row in made.tolist()]
        seconds = clock.shared(len(items))
        return [
            self._answer(text, plan, instruction, seconds)
            for text, plan, (_, instruction) in zip(answers, plans, items, strict=True)
        ]

    def _answer(
        self, text: str, plan: Any, instruction: str, seconds: dict[str, float]
    ) -> Grounding:
        grid = plan.grid
        resized = (grid.resized_width, grid.resized_height)
        place = read_place(text, self._convention, grid.size, resized)
        return Grounding(
            instruction=instruction,
            point=place.point if place else None,
            box=place.box if place else None,
            confidence=1.0 if place else 0.0,
            tokens=plan.tokens,
            seconds=seconds,
            plan=plan,
            answer=text,
        )
