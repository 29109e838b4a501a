"""Runs a family's vision tower, on all patches or on those of some tokens only.

The towers of transformers take rotary positions, window indices and lengths from their caller, if
given: patches can be left out before the tower without touching its code, and what is left is
computed as if the others could not be seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers.vision_utils import (
    get_vision_interpolation_indices_and_weights,
    get_vision_position_ids,
    get_vision_window_index,
)

from ..errors import GroundingError

# Queries compared with all keys at a time when attention is measured.
_BLOCK = 256


@dataclass(frozen=True, eq=False)
class TowerOutput:
    """What a tower makes of images: for each, its tokens (n, D) after merging.

    ``deepstack`` holds such a list for each DeepStack layer; ``received`` (n) for each image is how
    much attention each token receives in the last layer that sees the whole image.
    """

    tokens: list[Tensor]
    deepstack: list[list[Tensor]]
    received: list[Tensor] | None = None

    def picked(self, images: Sequence[int]) -> TowerOutput:
        """Return the output as if these images had been encoded, in this order."""
        layers = [[layer[image] for image in images] for layer in self.deepstack]
        return TowerOutput([self.tokens[image] for image in images], layers)


def run_tower(
    visual: Any,
    pixels: Tensor,
    thw: Tensor,
    kept: Sequence[Tensor] | None = None,
    *,
    statistics: bool = False,
) -> TowerOutput:
    """Run a stock vision tower on patches (N, C) of images of ``thw`` (images, 3).

    ``kept`` has a mask over the tokens of each image; the patches of others never enter the tower.
    """
    unit = visual.spatial_merge_size**2
    counts = [int(count) // unit for count in thw.prod(-1).tolist()]
    if kept is None:
        extra: dict[str, Any] = {}
    else:
        if [len(mask) for mask in kept] != counts or not all(bool(mask.any()) for mask in kept):
            raise GroundingError("each image needs a mask over its tokens that keeps at least one")
        mask = torch.cat(list(kept)).to(pixels.device)
        counts = [int(image.sum()) for image in kept]
        patches = mask.repeat_interleave(unit)
        pixels = pixels[patches]
        extra = _gathered(visual, thw, mask, patches, counts)
    seen: list[Tensor] = []
    with _measured(visual, seen) if statistics else _unmeasured():
        out = visual(pixels.type(visual.dtype), grid_thw=thw, return_dict=True, **extra)
    layers = getattr(out, "deepstack_features", None) or []
    return TowerOutput(
        list(out.pooler_output.split(counts)),
        [list(layer.split(counts)) for layer in layers],
        _per_image(visual, thw, seen[0], counts, extra) if statistics else None,
    )


def _gathered(
    visual: Any, thw: Tensor, mask: Tensor, patches: Tensor, counts: list[int]
) -> dict[str, Any]:
    """Return what the tower needs to know of the kept patches."""
    unit = visual.spatial_merge_size**2
    extra: dict[str, Any] = {
        "position_ids": get_vision_position_ids(thw, visual.spatial_merge_size)[patches],
        "cu_seqlens": _cumulative(torch.tensor(counts) * unit, thw.device),
    }
    if hasattr(visual, "window_size"):
        index, edges = get_vision_window_index(
            thw, visual.spatial_merge_size, visual.window_size, visual.patch_size
        )
        stays = mask[index.to(mask.device)]
        places = torch.cumsum(mask, 0) - 1  # of a kept token among the kept ones
        owner = torch.repeat_interleave(
            torch.arange(len(edges) - 1, device=mask.device), (edges.diff() // unit).long()
        )
        sizes = torch.bincount(owner[stays], minlength=len(edges) - 1)
        extra["window_index"] = places[index.to(mask.device)[stays]]
        extra["cu_window_seqlens"] = _cumulative(sizes[sizes > 0] * unit, thw.device)
    if hasattr(visual, "pos_embed"):
        indices, weights = get_vision_interpolation_indices_and_weights(
            thw,
            num_grid_per_side=visual.num_grid_per_side,
            mode=visual.interpolation_mode,
            align_corners=visual.interpolation_align_corners,
            spatial_merge_size=visual.spatial_merge_size,
        )
        extra["interp_indices"], extra["interp_weights"] = indices[patches], weights[patches]
    return extra


def _cumulative(lengths: Tensor, device: torch.device) -> Tensor:
    sums = torch.nn.functional.pad(lengths.cumsum(0), (1, 0))
    return sums.to(device, torch.int32)


@contextmanager
def _unmeasured() -> Iterator[None]:
    yield


@contextmanager
def _measured(visual: Any, seen: list[Tensor]) -> Iterator[None]:
    """Note how much attention each patch receives in the last layer that sees whole images."""
    full = getattr(visual, "fullatt_block_indexes", None) or [len(visual.blocks) - 1]
    attention = visual.blocks[max(full)].attn

    def note(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        states = args[0] if args else kwargs["hidden_states"]
        seen.append(_received(module, states, kwargs["cu_seqlens"], kwargs["position_embeddings"]))

    handle = attention.register_forward_pre_hook(note, with_kwargs=True)
    try:
        yield
    finally:
        handle.remove()


@torch.no_grad()
def _received(
    attention: Any, states: Tensor, edges: Tensor, rotary: tuple[Tensor, Tensor]
) -> Tensor:
    """Return the mean attention each patch receives, computed a block of queries at a time."""
    count = states.shape[0]
    shape = (count, 3, attention.num_heads, -1)
    query, key, _ = attention.qkv(states).reshape(shape).permute(1, 0, 2, 3).unbind(0)
    query, key = (_rotated(part, *rotary).transpose(0, 1) for part in (query, key))
    sums = torch.zeros(count, dtype=torch.float32, device=states.device)
    bounds = edges.tolist()
    for start, end in zip(bounds, bounds[1:], strict=False):
        keys = key[:, start:end].float().transpose(1, 2) * attention.scaling
        for first in range(start, end, _BLOCK):
            block = query[:, first : min(first + _BLOCK, end)].float() @ keys
            sums[start:end] += block.softmax(-1).sum((0, 1))
        sums[start:end] /= attention.num_heads * (end - start)
    return sums


def _rotated(part: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    wide = part.float()
    half = wide.shape[-1] // 2
    turned = torch.cat([-wide[..., half:], wide[..., :half]], dim=-1)
    rotated: Tensor = wide * cos[:, None].float() + turned * sin[:, None].float()
    return rotated


def _per_image(
    visual: Any, thw: Tensor, seen: Tensor, counts: list[int], extra: dict[str, Any]
) -> list[Tensor]:
    """Sum patches to tokens and undo the order of windows."""
    tokens = seen.view(-1, visual.spatial_merge_size**2).sum(1)
    if hasattr(visual, "window_size"):
        index = extra.get("window_index")
        if index is None:
            index, _ = get_vision_window_index(
                thw, visual.spatial_merge_size, visual.window_size, visual.patch_size
            )
        tokens = tokens[torch.argsort(index.to(tokens.device))]
    return list(torch.split(tokens, counts))
