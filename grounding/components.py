"""Connected regions of a grid, without a loop over its cells."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def label_regions(right: NDArray[np.bool_], down: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Number the regions of a grid (H, W), from 0 in the order of their first cells.

    ``right`` (H, W-1) tells which cells are joined with the one to their right, ``down`` (H-1, W)
    with the one below. Runs of joined cells in a row are found first; runs of neighbouring rows are
    then united, every one taking the least number it can see, until nothing changes.
    """
    height, width = down.shape[0] + 1, right.shape[1] + 1
    starts = np.ones((height, width), bool)
    starts[:, 1:] = ~right
    runs = np.cumsum(starts.ravel()).reshape(height, width) - 1
    above, below = runs[:-1][down], runs[1:][down]
    parent = united(int(runs[-1, -1]) + 1, above, below)
    # A parent is the least run of its region, so counting parents keeps the order of first cells.
    first = parent == np.arange(len(parent))
    number = np.cumsum(first) - 1
    labels: NDArray[np.int32] = number[parent].astype(np.int32)[runs]
    return labels


def united(count: int, one: NDArray[np.int64], two: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each of ``count`` nodes the least node it is connected with."""
    parent = np.arange(count)
    while len(one):
        low, high = np.minimum(one, two), np.maximum(one, two)
        np.minimum.at(parent, high, low)
        while True:  # pointer jumping: every chain ends at its root
            root = parent[parent]
            if np.array_equal(root, parent):
                break
            parent = root
        one, two = parent[one], parent[two]
        apart = one != two
        one, two = one[apart], two[apart]
    return parent
