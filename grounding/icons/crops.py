"""What the network sees of a box: how much each pixel differs from what surrounds the icon."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .proposals import Boxes

SIDE = 32
# The side of the square around a box, in terms of the box's longer side.
ROOM = 1.2
# The background is the median colour of a frame this wide, in pixels of the crop.
_FRAME = 2


def crops(pixels: NDArray[np.uint8], boxes: Boxes) -> NDArray[np.float32]:
    """Return crops (N, 32, 32), 0 where the background's colour is, 1 where it differs most."""
    if not len(boxes):
        return np.zeros((0, SIDE, SIDE), np.float32)
    longer = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
    margin = int(np.ceil(ROOM * longer.max() / 2)) + 1
    frame = ((margin, margin), (margin, margin), (0, 0))
    picture = Image.fromarray(np.pad(pixels, frame, mode="edge"))
    cut = np.empty((len(boxes), SIDE, SIDE, 3), np.uint8)
    for number, (box, long) in enumerate(zip(boxes, longer, strict=True)):
        x, y = (box[0] + box[2]) / 2 + margin, (box[1] + box[3]) / 2 + margin
        half = ROOM * long / 2
        square = (x - half, y - half, x + half, y + half)
        cut[number] = np.asarray(
            picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR, box=square)
        )
    return contrast(cut)


def contrast(colours: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return how far the pixels of crops (N, H, W, 3) are from the colour of their border."""
    inner = np.ones(colours.shape[1:3], bool)
    inner[_FRAME:-_FRAME, _FRAME:-_FRAME] = False
    ground = np.median(colours[:, inner], axis=1).astype(np.float32)
    apart = np.abs(colours.astype(np.float32) - ground[:, None, None]).max(axis=3) / 255
    strongest = apart.max(axis=(1, 2), keepdims=True).clip(0.1)
    scaled: NDArray[np.float32] = (apart / strongest).astype(np.float32)
    return scaled
