"""Lessons for the nano model: a picture, instructions about it, and the evidence for each.

Evidence costs more than a step of training, so it is made once and kept on disk.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import BadRecord
from ..types import Box


@dataclass(frozen=True)
class Asked:
    """An instruction, the place it means (None: nothing there), and of which kind it is."""

    instruction: str
    box: Box | None
    kind: str


@dataclass(frozen=True, eq=False)
class Lesson:
    """A picture whose sides are whole tokens; ``features`` (asked, tokens, SIZE) in 0..255."""

    image: NDArray[np.uint8]
    asked: tuple[Asked, ...]
    features: NDArray[np.uint8]


def save_lesson(lesson: Lesson, folder: Path, name: str) -> None:
    """Write a lesson as NAME.png and NAME.npz; the latter comes last and marks it whole."""
    Image.fromarray(lesson.image).save(folder / f"{name}.png", compress_level=1)
    rows = [
        [one.instruction, one.box and [one.box.x1, one.box.y1, one.box.x2, one.box.y2], one.kind]
        for one in lesson.asked
    ]
    coded = np.frombuffer(json.dumps(rows).encode(), np.uint8)
    draft = folder / f"{name}.draft"
    with draft.open("wb") as file:
        np.savez_compressed(file, features=lesson.features, asked=coded)
    draft.replace(folder / f"{name}.npz")


def lesson_paths(folder: Path) -> list[Path]:
    """List the lessons of a folder in order."""
    found = sorted(folder.glob("*.npz"))
    if not found:
        raise BadRecord(f"{folder} holds no lessons: make some first")
    return found


@lru_cache(maxsize=4096)
def load_lesson(path: Path) -> Lesson:
    """Read a lesson that `save_lesson` wrote."""
    with Image.open(path.with_suffix(".png")) as picture:
        image = np.asarray(picture.convert("RGB"))
    with np.load(path, allow_pickle=False) as arrays:
        features = arrays["features"]
        rows = json.loads(arrays["asked"].tobytes())
    asked = tuple(Asked(text, Box(*box) if box else None, kind) for text, box, kind in rows)
    return Lesson(image, asked, features)
