"""The icon recogniser as a provider of evidence, beside the reader."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..evidence import FEATURES, Evidence, coverage, phrases
from ..reader.reader import Reader, to_rgb
from .screen import IconReader, IconScreen, written_boxes

# A box with less of it is no icon.
_LEAST_ICONNESS = 0.5


@dataclass(frozen=True)
class IconEvidence:
    """Says where the icons stand that an instruction may mean.

    The features are those of the reader's evidence: ``text`` tells where icons are; what depends on
    a label beside a field stays 0. With a reader, text is not taken for icons.
    """

    icons: IconReader
    reader: Reader | None = None

    def look(self, image: Any) -> IconScreen:
        """Find the icons of a picture once."""
        pixels = to_rgb(image)
        text = written_boxes(self.reader.look(pixels)) if self.reader is not None else []
        return self.icons.look(pixels, text)

    def score(self, image: Any, instruction: str, grid: tuple[int, int]) -> Evidence:
        """Score patches by the icons that the instruction's words may mean."""
        screen = image if isinstance(image, IconScreen) else self.look(image)
        return icon_evidence(screen, phrases(instruction), grid)


def icon_evidence(screen: IconScreen, texts: Iterable[str], grid: tuple[int, int]) -> Evidence:
    """Score the patches of a grid by the icons of a screen that one of some texts may mean."""
    spans = [span for text in texts for span in screen.find(text)]
    spans.sort(key=lambda span: -span.score)
    features = np.zeros((grid[1], grid[0], len(FEATURES)), np.float32)
    best, any_, icon = (FEATURES.index(name) for name in ("best", "any", "text"))
    for box, iconness in zip(screen.boxes, screen.iconness, strict=True):
        if iconness >= _LEAST_ICONNESS:
            np.maximum(features[..., icon], coverage(box, grid), out=features[..., icon])
    for number, span in enumerate(spans):
        covered = coverage(span.box, grid) * span.score
        np.maximum(features[..., any_], covered, out=features[..., any_])
        if number == 0:
            features[..., best] = covered
    return Evidence(features, tuple(spans))
