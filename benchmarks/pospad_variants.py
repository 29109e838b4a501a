"""What can stand in the place of dropped visual tokens: the treatments of the PosPad ablation.

    direct-shifted   nothing; the kept tokens move up and fill the grid from its first place
    direct           nothing; the kept tokens keep their positions
    full             a marker for every dropped token
    first, middle    a marker for every run of dropped tokens, at the run's first or middle index
    end              a marker for every run, at its last index: PosPad, what the product does

Only the last one lives in the product (`grounding.plan`, `grounding.backbones`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers.models.qwen3_vl.modeling_qwen3_vl import BaseModelOutputWithDeepstackFeatures

from grounding.backbones.compact import Compact, Prompt, compact
from grounding.backbones.tower import TowerOutput
from grounding.plan import VisualPlan, plan_all

Treatment = Literal["direct-shifted", "direct", "full", "first", "middle", "end"]
TREATMENTS: tuple[Treatment, ...] = get_args(Treatment)


def markers(plan: VisualPlan, treatment: Treatment) -> NDArray[np.int64]:
    """Return the indices, in raster order, at which a treatment puts a marker."""
    first, last = plan.runs[:, 0], plan.runs[:, 1]
    places: dict[str, NDArray[np.int64]] = {
        "full": np.flatnonzero(~plan.keep),
        "first": first,
        "middle": (first + last) // 2,
        "end": last,
    }
    nowhere = np.empty(0, np.int64)
    return places.get(treatment, nowhere)


def treated(
    model: Any,
    prompts: Sequence[Prompt],
    encoded: TowerOutput,
    plans: Sequence[VisualPlan],
    marker: int,
    treatment: Treatment,
) -> Compact:
    """Shorten prompts as a treatment does; for "end" equal to the product's `compact`.

    The prompts are of one layout: each has one image, all of one size, at the same place.
    """
    whole = compact(model, prompts[:1], encoded, [plan_all(plan.grid) for plan in plans], marker)
    is_visual = whole.input_ids[0].cpu() == model.config.image_token_id
    visual = np.flatnonzero(is_visual.numpy())
    rows = []
    for prompt, plan in zip(prompts, plans, strict=True):
        ids, at = np.array(prompt.ids), whole.position_ids[:, 0].clone()
        marked = markers(plan, treatment)
        ids[visual[marked]] = marker
        stays = plan.keep.copy()
        stays[marked] = True
        if treatment == "direct-shifted":
            at[:, visual[stays]] = at[:, visual[: stays.sum()]]
        left = np.delete(np.arange(len(ids)), visual[~stays])
        rows.append((torch.from_numpy(ids[left]), torch.from_numpy(left), at[:, left]))
    masks = [torch.from_numpy(plan.keep) for plan in plans]
    source = _left_padded([places for _, places, _ in rows], -1)
    return Compact(
        input_ids=_left_padded([ids for ids, _, _ in rows], model.config.text_config.pad_token_id),
        attention_mask=(source >= 0).long(),
        position_ids=_left_padded([at for _, _, at in rows], 0).transpose(0, 1),
        rope_deltas=torch.tensor([[int(at.max()) + 1 - at.shape[1]] for _, _, at in rows]),
        source=source,
        kept=[tokens[mask] for tokens, mask in zip(encoded.tokens, masks, strict=True)],
        deepstack=[],
        grids=[plan.grid for plan in plans],
    )


def _left_padded(rows: Sequence[Tensor], value: int) -> Tensor:
    width = max(row.shape[-1] for row in rows)
    return torch.stack(
        [torch.nn.functional.pad(row, (width - row.shape[-1], 0), value=value) for row in rows]
    )


def states(model: Any, batch: Compact) -> tuple[Tensor, ...]:
    """Return the language model's states (B, L', D): embeddings, after each layer, normed last."""
    features = BaseModelOutputWithDeepstackFeatures(
        pooler_output=list(batch.kept),  # type: ignore[arg-type] # a list, as the towers
        deepstack_features=[],
    )
    out = model.model(
        input_ids=batch.input_ids,
        attention_mask=batch.attention_mask,
        position_ids=batch.position_ids,
        mm_encoder_outputs={"image": features},
        use_cache=False,
        output_hidden_states=True,
    )
    found: tuple[Tensor, ...] = out.hidden_states
    return found
