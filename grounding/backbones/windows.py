"""Looks at a screen again: windows whose pixels did not change are not computed again.

A Qwen2.5-VL tower looks at windows on their own until its first layer that sees the whole image, so
up to there a window's states follow from its own pixels. Later layers are computed anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad
from transformers.vision_utils import get_vision_position_ids, get_vision_window_index

from ..errors import GroundingError
from .tower import TowerOutput


@dataclass(frozen=True, eq=False)
class WindowMemory:
    """What a tower saw of an image: its patches and their states before the first whole layer.

    Both are in the order of windows. ``computed`` tells how many windows of ``windows`` were not
    taken from an earlier memory.
    """

    pixels: Tensor
    states: Tensor
    thw: Tensor
    computed: int
    windows: int


def run_windows(
    visual: Any, pixels: Tensor, thw: Tensor, memory: WindowMemory | None = None
) -> tuple[TowerOutput, WindowMemory]:
    """Run a stock tower on one image (patches N, C) and remember its windows.

    With the memory of an image of the same size, only changed windows go through the first layers.
    The output equals the tower's own up to rounding.
    """
    first = min(getattr(visual, "fullatt_block_indexes", None) or [0])
    if not hasattr(visual, "window_size") or first == 0:
        raise GroundingError("only towers that begin with windows (Qwen2.5-VL) can reuse them")
    unit = visual.spatial_merge_size**2
    index, edges = get_vision_window_index(
        thw, visual.spatial_merge_size, visual.window_size, visual.patch_size
    )
    index, lengths = index.to(pixels.device), edges.diff().to(pixels.device)
    order = (index[:, None] * unit + torch.arange(unit, device=pixels.device)).flatten()
    pixels = pixels[order]
    positions = get_vision_position_ids(thw, visual.spatial_merge_size)[order]
    known = memory is not None and torch.equal(memory.thw, thw)
    changed = _changed(pixels, memory.pixels, lengths) if memory and known else lengths > 0
    fresh = changed.repeat_interleave(lengths)
    states = memory.states.clone() if memory and known else None
    if bool(changed.any()):
        found = visual.patch_embed(pixels[fresh].type(visual.dtype))
        found = _layers(visual, slice(first), found, positions[fresh], lengths[changed])
        states = found if states is None else states.index_put((fresh,), found)
    assert states is not None
    seen = WindowMemory(pixels, states, thw, int(changed.sum()), int((lengths > 0).sum()))
    out = _layers(visual, slice(first, None), states, positions, lengths, first)
    return TowerOutput([visual.merger(out)[torch.argsort(index)]], []), seen


def _changed(pixels: Tensor, before: Tensor, lengths: Tensor) -> Tensor:
    """Tell of each window whether one of its patches differs."""
    owner = torch.arange(len(lengths), device=pixels.device).repeat_interleave(lengths)
    differs = (pixels != before).any(1)
    return torch.zeros(len(lengths), dtype=torch.bool, device=pixels.device).index_put(
        (owner[differs],), torch.tensor(True, device=pixels.device)
    )


def _layers(
    visual: Any, part: slice, states: Tensor, positions: Tensor, lengths: Tensor, first: int = 0
) -> Tensor:
    """Run some of a tower's blocks on whole windows."""
    rotary = visual.rotary_pos_emb(states, positions)
    windows = pad(lengths.cumsum(0), (1, 0)).to(torch.int32)
    whole = windows[[0, -1]]
    for number, block in enumerate(visual.blocks[part], first):
        edges = whole if number in visual.fullatt_block_indexes else windows
        states = block(
            states,
            cu_seqlens=edges,
            max_seqlen=int(edges.diff().max()),
            position_embeddings=rotary,
        )
    return states
