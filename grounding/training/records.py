"""What a grounder is trained on: pictures, instructions and boxes, from files of any length.

Two kinds of rows, in files that are one JSON array or have one JSON object a line:

    {"image": "a.png", "instruction": "Save", "bbox": [x1, y1, x2, y2]}      pixels; null: not there
    {"image": "a.png", "conversations": [{"from": "human", "value": "<image>Save"},
                                         {"from": "gpt", "bbox_gt": [x1, y1, x2, y2]}]}   0 to 1

The second is FocusUI's; each answer with a box makes a record. Files are read as streams, and of
each record only its place in the file is remembered. A row that cannot be used is told in one
sentence with its file and line.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import BadRecord
from ..types import Box
from .json_rows import Row, read_row, scan_rows

# Boxes may overshoot the picture by this share of it, as rounding makes them do; they are cut.
_OVERSHOOT = 0.01


@dataclass(frozen=True, slots=True)
class Record:
    """One thing to learn. ``box`` is None where the element is not in the picture."""

    image: Path
    instruction: str
    box: Box | None
    where: str


class Records(Sequence[Record]):
    """The records of some files, in their order; a record is read when it is asked for.

    Pictures are looked for in ``images``, or else beside the file that names them. Without
    ``complain`` the first unusable row is an error; with it, each is told and left out.
    """

    def __init__(
        self,
        files: Sequence[Path],
        images: Path | None = None,
        complain: Callable[[str], None] | None = None,
    ) -> None:
        self._files, self._images = [Path(file) for file in files], images
        places = [place for number in range(len(self._files)) for place in self._scan(number)]
        told: list[str] = []
        kept = []
        for number, row, problem in places:
            if problem is None:
                kept.append((number, row.start, row.length, row.line))
                continue
            if complain is None:
                raise BadRecord(problem)
            told.append(problem)
        self._places = kept
