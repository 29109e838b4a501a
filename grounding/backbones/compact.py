"""Sequences with fewer visual tokens: ids and positions of the survivors, side by side in a batch.

Positions are those of the full sequence, so the language model sees kept tokens, markers and words
where they always were.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..errors import GroundingError
from ..grid import PatchGrid
from ..plan import VisualPlan
from .tower import TowerOutput


@dataclass(frozen=True, eq=False)
class Prompt:
    """One sample: token ids with a run of image tokens for each image, in full length.

    ``images`` are the numbers of the encoded images, in the order they stand in the sequence.
    """

    ids: Sequence[int]
    images: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Compact:
    """A left-padded batch (B, L') for the language model, and where its tokens came from.

    ``source`` is the place of each token in its full sequence, -1 on padding; ``kept`` has for
    each image, in the order of the batch, the tower's output of its kept tokens.
    """

    input_ids: Tensor
    attention_mask: Tensor
    position_ids: Tensor
    rope_deltas: Tensor
    source: Tensor
    kept: list[Tensor]
    deepstack: list[list[Tensor]]
    grids: list[PatchGrid]


def compact(
    model: Any,
    prompts: Sequence[Prompt],
    encoded: TowerOutput,
    plans: Sequence[VisualPlan],
    marker: int,
) -> Compact:
    """Shorten prompts by the plans of their images; dropped runs leave the token ``marker``.

    ``plans`` has one for each encoded image.
    """
    config, device = model.config, encoded.tokens[0].device
    rows = [_shorten(config, prompt, plans, marker) for prompt in prompts]
    width = max(len(short) for short, _, _ in rows)
    padding = config.text_config.pad_token_id
    if padding is None or padding == config.image_token_id:
        padding = 0
    shape = (len(rows), width)
    ids = torch.full(shape, padding, dtype=torch.long, device=device)
    source = torch.full(shape, -1, dtype=torch.long, device=device)
    positions = torch.zeros(3, *shape, dtype=torch.long, device=device)
    deltas = []
    for number, (short, places, sizes) in enumerate(rows):
        start = width - len(short)
        ids[number, start:] = torch.tensor(short, device=device)
        source[number, start:] = torch.from_numpy(places).to(device)
        at = _positions(model, prompts[number], sizes)
        positions[:, number, start:] = at[:, torch.from_numpy(places)].to(device)
        # Generation counts on from the length of the shortened sequence.
        deltas.append(int(at.max()) + 1 - len(short))
    order = [image for prompt in prompts for image in prompt.images]
    masks = [torch.from_numpy(plans[image].keep).to(device) for image in order]
    pairs = list(zip(order, masks, strict=True))
    return Compact(
        input_ids=ids,
        attention_mask=(source >= 0).long(),
        position_ids=positions,
        rope_deltas=torch.tensor(deltas, device=device)[:, None],
        source=source,
        kept=[encoded.tokens[image][mask] for image, mask in pairs],
        deepstack=[[layer[image][mask] for image, mask in pairs] for layer in encoded.deepstack],
        grids=[plans[image].grid for image in order],
    )


def _shorten(
    config: Any, prompt: Prompt, plans: Sequence[VisualPlan], marker: int
) -> tuple[list[int], NDArray[np.int64], Tensor]:
    """Return short ids, their places in the full sequence, and the sizes of the grids."""
    ids = np.asarray(prompt.ids, np.int64)
    visual = np.flatnonzero(ids == config.image_token_id)
    mine = [plans[image] for image in prompt.images]
    if len(visual) != sum(plan.grid.count for plan in mine):
        raise GroundingError(
            f"a prompt has room for {len(visual)} visual tokens, but its images have "
            f"{sum(plan.grid.count for plan in mine)}"
        )
    stays = np.ones(len(ids), bool)
    ids = ids.copy()
    start = 0
    for plan in mine:
        places = visual[start : start + plan.grid.count]
        stays[places] = False
        stays[places[plan.survivors[0]]] = True
        ids[places[plan.markers]] = marker
        start += plan.grid.count
    left = np.flatnonzero(stays).astype(np.int64)
    sizes = torch.tensor([plan.grid.thw for plan in mine], dtype=torch.long).view(-1, 3)
    return ids[left].tolist(), left, sizes


def _positions(model: Any, prompt: Prompt, sizes: Tensor) -> Tensor:
    """Return the positions (3, L) of a full sequence, from the model's own rule."""
    ids = torch.tensor([list(prompt.ids)])
    kinds = (ids == model.config.image_token_id).int()
    positions: Tensor = model.model.get_rope_index(
        ids, mm_token_type_ids=kinds, image_grid_thw=sizes if len(sizes) else None
    )[0]
    return positions[:, 0]
