"""Sources of training pages, by name and seed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import drawn

if TYPE_CHECKING:
    from grounding.training.pages import LabelledPage  # noqa: TID251 - a type only


@dataclass(frozen=True)
class DrawnSource:
    """Pages drawn with Pillow, never the same twice; can travel to a worker process."""

    split: str = "train"

    def __call__(self, rng: random.Random) -> LabelledPage:
        """Return one page; the same state of ``rng`` gives the same page."""
        return drawn.draw_page(f"{self.split}/{rng.getrandbits(40)}", self.split)
