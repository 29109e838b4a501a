"""A pointer model that is told what reader and icons know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from ..backbones.tower import TowerOutput
from ..calibration import Calibration
from ..grounders.eyes import Clock, Eyes, Look, Seen
from ..grounders.pointer import Heads, PointerGrounder
from ..grounders.prompts import PointerPrompt, check_item
from ..loading import load_readers
from ..types import Grounding
from .evidence import TokenEvidence, read_screen, without_reader
from .mixer import EvidenceMixer

if TYPE_CHECKING:
    from ..icons import IconReader
    from ..reader.reader import Reader


@dataclass(frozen=True, eq=False)
class NanoScreen:
    """A screenshot that was looked at once: ask it as often as you like."""

    grounder: NanoGrounder
    look: Look
    tokens: Tensor
    evidence: TokenEvidence

    def ground(self, instruction: str) -> Grounding:
        """Answer one instruction."""
        return self.grounder.ground(self, instruction)


class NanoGrounder(PointerGrounder):
    """Grounds with visual tokens that know the evidence; its eyes are ``readers``, or the packaged.

    ``blind`` leaves out what was read: it measures what reading is worth.
    """

    def __init__(
        self,
        eyes: Eyes,
        heads: Heads,
        prompt: PointerPrompt,
        mixer: EvidenceMixer,
        calibration: Calibration | None = None,
        *,
        readers: tuple[Reader, IconReader] | None = None,
        blind: bool = False,
    ) -> None:
        super().__init__(eyes, heads, prompt, calibration)
        self._mixer, self._blind, self._given = mixer, blind, readers

    def variant(self, eyes: Eyes, *, blind: bool = False) -> NanoGrounder:
        """Return the same model with other eyes (another budget, say), or one that cannot read."""
        _, heads, prompt = self.parts
        known = (eyes, heads, prompt, self._mixer, self._calibration)
        return NanoGrounder(*known, readers=self._given, blind=blind)

    @cached_property
    def _readers(self) -> tuple[Reader, IconReader]:
        return load_readers() if self._given is None else self._given

    def screen(self, image: Any) -> NanoScreen:
        """Look at a picture once, for many instructions."""
        with torch.inference_mode():
            return self._looked(image, Clock())

    def _looked(self, image: Any, clock: Clock) -> NanoScreen:
        seen = self.eyes.look([(image, "look")], clock)
        with clock.stage("read"):
            evidence = read_screen(np.asarray(seen.looks[0].original), *self._readers)
        return NanoScreen(self, seen.looks[0], seen.encoded.tokens[0], evidence)

    def _see(self, items: Sequence[tuple[Any, str]], clock: Clock) -> Seen:
        """Look at each picture once, and tell its tokens about each of its instructions."""
        screens: dict[int, NanoScreen] = {}
        for image, instruction in items:
            check_item(image, instruction)
            if id(image) not in screens:
                known = isinstance(image, NanoScreen)
                screens[id(image)] = image if known else self._looked(image, clock)
        asked = [(screens[id(image)], instruction) for image, instruction in items]
        with clock.stage("evidence"):
            told = [self._told(screen, instruction) for screen, instruction in asked]
        looks = [screen.look for screen, _ in asked]
        return Seen(looks, TowerOutput(told, []), list(range(len(items))))

    def _told(self, screen: NanoScreen, instruction: str) -> Tensor:
        grid = screen.look.grid
        features = screen.evidence.features(instruction, grid.columns, grid.rows)
        if self._blind:
            features = without_reader(features)
        told: Tensor = self._mixer(
            screen.tokens[None], torch.from_numpy(features)[None], grid.columns
        )
        return told[0]
