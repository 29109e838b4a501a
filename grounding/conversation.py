"""Chats with a model that is loaded here; each picture is compressed for words of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from .backbones.compact import Prompt
from .compress import Compression
from .errors import GroundingError
from .grounders.eyes import Clock, Eyes, Seen
from .grounders.prompts import LONGEST_INSTRUCTION
from .plan import Budget, Share, VisualPlan

PAD = "<|image_pad|>"
PICTURE = f"<|vision_start|>{PAD}<|vision_end|>"  # where a picture stands in a prompt
_GREEDY: dict[str, Any] = {"do_sample": False, "top_k": None, "top_p": None, "temperature": None}


@dataclass(frozen=True, eq=False)
class Shown:
    """A picture of a chat: the words it is looked at for, and how many of its tokens they get."""

    image: Any
    about: str
    budget: Budget = Share(1.0)


@dataclass(frozen=True, eq=False)
class Said:
    """What a model went on with, and what it cost; a plan for each picture."""

    text: str
    prompt_tokens: int
    completion_tokens: int
    plans: tuple[VisualPlan, ...] = ()


def go_on(model: Any, tokenizer: Any, prompt: str, longest: int) -> Said:
    """Let a language model go on with a prompt, always with its likeliest word."""
    ids = tokenizer(prompt, add_special_tokens=False, return_tensors="pt").input_ids
    ids = ids.to(model.get_input_embeddings().weight.device)
    with torch.inference_mode():
        made = model.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=longest, **_GREEDY
        )
    return _said(model, tokenizer, ids.shape[1], made[0, ids.shape[1] :].tolist())


def go_on_seeing(eyes: Eyes, prompt: str, pictures: Sequence[Shown], longest: int) -> Said:
    """Let a vision-language model go on with a prompt in which each picture stands as `PICTURE`."""
    model, tokenizer = eyes.backbone.model, eyes.tokenizer
    if prompt.count(PAD) != len(pictures):
        raise GroundingError(
            f"the prompt has room for {prompt.count(PAD)} pictures, not {len(pictures)}"
        )
    if not pictures:
        return go_on(model, tokenizer, prompt, longest)
    with torch.inference_mode():
        items = [(shown.image, shown.about[:LONGEST_INSTRUCTION]) for shown in pictures]
        seen = eyes.look(items, Clock())
        plans = [
            _plan(eyes, seen, number, item, shown.budget)
            for number, (item, shown) in enumerate(zip(items, pictures, strict=True))
        ]
        first, *rest = prompt.split(PAD)
        whole = first + "".join(
            PAD * plan.grid.count + text for plan, text in zip(plans, rest, strict=True)
        )
        ids = tokenizer(whole, add_special_tokens=False).input_ids
        asked = seen.encoded.picked(seen.owner)
        batch = eyes.backbone.compact(
            [Prompt(ids, tuple(range(len(plans))))], asked, plans, eyes.marker
        )
        made = eyes.backbone.generate(batch, max_new_tokens=longest, **_GREEDY)
    return _said(model, tokenizer, batch.input_ids.shape[1], made[0].tolist(), tuple(plans))


def _plan(eyes: Eyes, seen: Seen, number: int, item: tuple[Any, str], budget: Budget) -> VisualPlan:
    """The tokens of one picture that its words leave."""
    scorer = "none" if budget == Share(1.0) else "focus"
    mine = replace(eyes, compression=Compression(scorer, budget))
    alone = Seen(seen.looks, seen.encoded, [seen.owner[number]])
    return mine.plans(alone, [item], Clock())[0]


def _said(
    model: Any, tokenizer: Any, asked: int, made: list[int], plans: tuple[VisualPlan, ...] = ()
) -> Said:
    made = until(made, ends_of(model.generation_config))
    return Said(tokenizer.decode(made, skip_special_tokens=True), asked, len(made), plans)


def ends_of(config: Any) -> frozenset[int]:
    """Return the tokens that end an answer, by a model's settings."""
    ends = config.eos_token_id
    return frozenset() if ends is None else frozenset([ends] if isinstance(ends, int) else ends)


def until(ids: list[int], ends: frozenset[int]) -> list[int]:
    """Return the tokens before the first that ends an answer."""
    return ids[: next((place for place, token in enumerate(ids) if token in ends), len(ids))]
