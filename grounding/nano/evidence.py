"""What reader and icons say of an instruction, for each patch of a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from ..evidence import FEATURES, phrases, text_evidence
from ..query import Query, Target, understand

if TYPE_CHECKING:
    from ..icons import IconReader, IconScreen
    from ..reader.reader import Reader, Screen

# What is known of a patch: where the words of the target stand, those of what it stands beside,
# and the icons that either may be.
READER_CHANNELS = (*FEATURES, "anchor_best", "anchor_any")
ICON_CHANNELS = ("icon_best", "icon_any", "icon", "anchor_icon")
CHANNELS = READER_CHANNELS + ICON_CHANNELS
# Patches of a token: the channels of each stand side by side.
PATCHES = 4
SIZE = PATCHES * len(CHANNELS)
_MOST_TEXTS = 3
_BEST, _ANY, _TEXT = (FEATURES.index(name) for name in ("best", "any", "text"))


class TokenEvidence(Protocol):
    """Anything that says for each token of a screen what is known of it."""

    def features(self, instruction: str, columns: int, rows: int) -> NDArray[np.float32]:
        """Return features (rows * columns, SIZE), in 0..1, of a grid of tokens of 2 x 2 patches."""


@dataclass(frozen=True)
class ScreenEvidence:
    """A picture that was read, once for all instructions."""

    screen: Screen
    icons: IconScreen

    def features(self, instruction: str, columns: int, rows: int) -> NDArray[np.float32]:
        """Lay the places of an instruction's words and icons over a grid of tokens."""
        from ..icons.evidence import icon_evidence

        targets, anchors = named(understand(instruction))
        grid = (2 * columns, 2 * rows)
        written = [text_evidence(self.screen, texts, grid).features for texts in (targets, anchors)]
        drawn = [icon_evidence(self.icons, texts, grid).features for texts in (targets, anchors)]
        channels = np.concatenate(
            [
                written[0],
                written[1][..., [_BEST, _ANY]],
                drawn[0][..., [_BEST, _ANY, _TEXT]],
                drawn[1][..., [_ANY]],
            ],
            axis=-1,
        )
        tokens = channels.reshape(rows, 2, columns, 2, len(CHANNELS)).transpose(0, 2, 1, 3, 4)
        return tokens.reshape(rows * columns, SIZE).clip(0, 1)


def read_screen(image: NDArray[np.uint8], reader: Reader, icons: IconReader) -> ScreenEvidence:
    """Read a picture (H, W, 3): its text, then the icons beside it."""
    from ..icons.screen import written_boxes

    screen = reader.look(image)
    return ScreenEvidence(screen, icons.look(image, written_boxes(screen)))


def without_reader(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return features (M, SIZE) as if nothing could be read."""
    by_patch = features.reshape(len(features), PATCHES, len(CHANNELS)).copy()
    by_patch[..., : len(READER_CHANNELS)] = 0
    return by_patch.reshape(features.shape)


def named(query: Query) -> tuple[list[str], list[str]]:
    """Return the texts that an instruction's target may be called, and those of its anchors."""
    targets: dict[str, None] = {}
    anchors: dict[str, None] = {}

    def note(target: Target, into: dict[str, None]) -> None:
        if target.text:
            into.setdefault(target.text)
        for relation in target.relations:
            note(relation.anchor, anchors)

    for reading in query.readings:
        note(reading.target, targets)
    names = list(targets) or ([] if anchors else phrases(query.instruction))
    return names[:_MOST_TEXTS], list(anchors)[:_MOST_TEXTS]
