"""What an instruction's words say about each patch of a picture."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .reader.reader import Found, Reader, Screen
from .types import Box

# What the features of a patch mean, in order; each lies between 0 and 1.
FEATURES = ("best", "any", "text", "below_best", "right_of_best")

_QUOTED = re.compile(r"[\"“”]([^\"“”]+)[\"“”]|(?<!\w)['‘]((?:[^'‘’]|['’](?=\w))+)['’](?!\w)")
_LEAD = re.compile(
    r"^(please\s+)?(click|press|tap|open|select|choose|check|uncheck|toggle|hover|focus|find|go to)"
    r"(\s+(on|in|over|into))?\s+(the\s+)?",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"\s+(button|link|icon|field|box|input|checkbox|radio button|tab|menu item|menu|option|switch"
    r"|textbox|text field|combobox|dropdown|label|entry|item|row)$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Evidence:
    """Features (rows, columns, len(FEATURES)) of patches, and the places the words stand at."""

    features: NDArray[np.float32]
    spans: tuple[Found, ...]


class EvidenceProvider(Protocol):
    """Anything that can say where the words of an instruction stand."""

    def look(self, image: Any) -> Any:
        """Do the part that needs no instruction; `score` takes the result in place of the image."""

    def score(self, image: Any, instruction: str, grid: tuple[int, int]) -> Evidence:
        """Score the patches of a grid (columns, rows) laid over the image."""


def phrases(instruction: str) -> list[str]:
    """Return the texts an instruction names: what is quoted, else what is left of its verb."""
    quoted = [one or two for one, two in _QUOTED.findall(instruction)]
    if quoted:
        return quoted
    rest = _TAIL.sub("", _LEAD.sub("", instruction.strip()))
    return [rest] if rest else []


class ReaderEvidence:
    """The reader as a provider of evidence."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def look(self, image: Any) -> Screen:
        """Read a picture once."""
        return self._reader.look(image)

    def score(self, image: Any, instruction: str, grid: tuple[int, int]) -> Evidence:
        """Score patches by the places that resemble the instruction's words."""
        screen = image if isinstance(image, Screen) else self.look(image)
        return text_evidence(screen, phrases(instruction), grid)


def text_evidence(screen: Screen, texts: Iterable[str], grid: tuple[int, int]) -> Evidence:
    """Score the patches of a grid by the places of a screen that resemble one of some texts."""
    spans = [span for text in texts for span in screen.find(text)]
    spans.sort(key=lambda span: -span.score)
    return Evidence(
        patch_features(spans, [line.box for line in screen.lines()], grid), tuple(spans)
    )


def patch_features(
    spans: list[Found], lines: list[Box], grid: tuple[int, int]
) -> NDArray[np.float32]:
    """Lay spans and lines over a grid (columns, rows); see FEATURES for what comes out."""
    columns, rows = grid
    features = np.zeros((rows, columns, len(FEATURES)), np.float32)
    for line in lines:
        np.maximum(features[..., 2], coverage(line, grid), out=features[..., 2])
    for span in spans:
        for part in span.parts:
            covered = coverage(part, grid) * span.score
            np.maximum(features[..., 1], covered, out=features[..., 1])
    if not spans:
        return features
    best = spans[0]
    for part in best.parts:
        np.maximum(features[..., 0], coverage(part, grid) * best.score, out=features[..., 0])
    # A field stands below or to the right of its label: nearness falls off over some line heights.
    tall = max(best.parts[0].y2 - best.parts[0].y1, 1e-6)
    below = Box(best.box.x1, best.box.y2, best.box.x2, min(1.0, best.box.y2 + 2.5 * tall))
    right = Box(best.box.x2, best.box.y1, min(1.0, best.box.x2 + 0.25), best.box.y2)
    features[..., 3] = coverage(below, grid) * best.score
    features[..., 4] = coverage(right, grid) * best.score
    return features


def coverage(box: Box, grid: tuple[int, int]) -> NDArray[np.float32]:
    """Return the share (rows, columns) of each patch that a box covers."""
    columns, rows = grid
    across = np.clip(
        np.minimum(box.x2 * columns, np.arange(1, columns + 1))
        - np.maximum(box.x1 * columns, np.arange(columns)),
        0,
        1,
    )
    down = np.clip(
        np.minimum(box.y2 * rows, np.arange(1, rows + 1))
        - np.maximum(box.y1 * rows, np.arange(rows)),
        0,
        1,
    )
    return np.outer(down, across).astype(np.float32)
