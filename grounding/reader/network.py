"""Runs the reader's network on a picture, with bounded memory."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from ..errors import BadWeights
from .alphabet import CLASS_COUNT
from .glyphs import Glyphs, merge_scales, suppress, warm_cells
from .model import CELL_HEIGHT, CELL_WIDTH, STRIDE, GlyphNet, fuse

# Warmth at which a cell is looked at. A glyph's own middle lies between 0.6 and 1.
LEAST_WARMTH = 0.25
# Font size in px above which the half-size picture reads better.
LARGE_TYPE = 27.0
# Rows of pixels looked at in one go and the rows that neighbouring strips share.
_STRIP, _SHARED = 1088, 64
_AT_ONCE = 4096  # glyphs named in one go


def load_weights(net: nn.Module, path: Path) -> None:
    """Fill a network with the weights of a safetensors file."""
    try:
        state = net.state_dict()
        state.update({name: value.float() for name, value in load_file(path).items()})
        net.load_state_dict(state)
    except (OSError, SafetensorError, RuntimeError) as error:
        raise BadWeights(f"{path} is no weights file of this reader: {error}") from error


def load_network(path: Path) -> GlyphNet:
    """Load a network from safetensors, ready to be evaluated."""
    net = GlyphNet()
    load_weights(net, path)
    return fuse(net).to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def read_glyphs(net: GlyphNet, image: NDArray[np.uint8]) -> Glyphs:
    """Find the glyphs of an RGB picture (H, W, 3), at full size and at half size."""
    full = _read_strips(net, image)
    half = _read_strips(net, _halved(image))
    return merge_scales(full, half.scaled(2), LARGE_TYPE)


def _halved(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(image).reduce(2))


def _read_strips(net: GlyphNet, image: NDArray[np.uint8]) -> Glyphs:
    """Read a picture strip by strip; a glyph belongs to the strip whose middle part holds it."""
    height, width = image.shape[:2]
    columns = max(1, math.ceil(width / 2000))
    across = math.ceil(width / columns / STRIDE) * STRIDE
    parts = []
    for top in range(0, height, _STRIP):
        for left in range(0, width, across):
            y1, x1 = max(0, top - _SHARED), max(0, left - _SHARED)
            y2, x2 = min(height, top + _STRIP + _SHARED), min(width, left + across + _SHARED)
            found = _read_part(net, image[y1:y2, x1:x2])
            x, y = found.x + x1, found.y + y1
            own = (y >= top) & (y < top + _STRIP) & (x >= left) & (x < left + across)
            moved = Glyphs(x, y, found.width, found.size, found.scores, found.warmth, found.last)
            parts.append(moved.take(own))
    return Glyphs.joined(parts)


@torch.inference_mode()
def _read_part(net: GlyphNet, image: NDArray[np.uint8]) -> Glyphs:
    height, width = image.shape[:2]
    frame = ((0, -height % STRIDE), (0, -width % STRIDE), (0, 0))
    pixels = np.pad(image, frame, mode="edge") if any(sum(side) for side in frame) else image
    maps = net(torch.from_numpy(np.array(pixels[None])))
    warmth = maps.heat[0].numpy()
    rows, columns = warm_cells(warmth, math.log(LEAST_WARMTH / (1 - LEAST_WARMTH)))
    # What a glyph is told from takes 6 kB: of a page of small type they do not fit all at once.
    places = torch.from_numpy(np.stack([np.zeros_like(rows), rows, columns]))
    parts = [net.describe(maps, *some) for some in torch.split(places, _AT_ONCE, dim=1)]
    out = torch.cat(parts)
    scores = out[:, :CLASS_COUNT].log_softmax(-1).numpy()
    measures = out[:, CLASS_COUNT:].numpy()
    found = Glyphs(
        x=(columns + 0.5 + measures[:, 0]).astype(np.float32) * CELL_WIDTH,
        y=(rows + 0.5 + measures[:, 1]).astype(np.float32) * CELL_HEIGHT,
        width=8 * np.exp(measures[:, 2].clip(-3, 3)),
        size=12 * np.exp(measures[:, 3].clip(-2, 2)),
        scores=scores,
        warmth=1 / (1 + np.exp(-warmth[rows, columns])),
        last=1 / (1 + np.exp(-measures[:, 4])),
    )
    return found.take(suppress(found, rows, columns, (warmth.shape[0], warmth.shape[1])))
