"""What can be drawn of the default grounder: its evidence, and the tokens a model would get of it.

The default grounder answers without visual tokens. Laid over the tokens of a vision-language model
(28 pixels, as of Qwen2.5-VL), all that it knows of an instruction ranks them just as in front of
such a model: text and icons that may be meant, the places it chose, the UI graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..evidence import coverage, text_evidence
from ..fusion import evidence_scores, fuse_scores
from ..grid import PatchGrid, Preprocessing, resized
from ..plan import Budget, VisualPlan, make_plan
from ..query import Query, Target
from ..types import Candidate
from ..ui_graph import build_ui_graph

if TYPE_CHECKING:
    from ..parsing import Scene

PROVENANCE = "evidence, and the tokens a model behind it would get"
TOKENS = Preprocessing()
# That there is text at all, or words a little alike, ranks tokens but would drown the rest as heat.
_FAINT = 0.3
# Texts of an instruction that are looked for; each takes some milliseconds.
MOST_TEXTS = 6


class EvidencePlanner:
    """Plans for one screen which tokens a model would get; the UI graph is made once."""

    def __init__(self, scene: Scene, budget: Budget) -> None:
        self._scene, self._budget = scene, budget

    @cached_property
    def _seen(self) -> tuple[PatchGrid, NDArray[np.float32]]:
        """The grid of tokens and the UI graph's score of each."""
        picture, grid = resized(Image.fromarray(self._scene.pixels), TOKENS)
        return grid, build_ui_graph(np.asarray(picture), grid.factor).scores()

    def plan(
        self, query: Query, found: Sequence[Candidate]
    ) -> tuple[VisualPlan, NDArray[np.float32]]:
        """Rank the tokens by an instruction, what was found for it, and the UI graph.

        Beside the plan stands the evidence alone (rows, columns): what is worth drawing as heat.
        """
        grid, graph = self._seen
        shape = (grid.columns, grid.rows)
        evidence = np.zeros(grid.count, np.float32)
        for text in texts_of(query):
            told = [text_evidence(self._scene.screen, [text], shape)]
            if self._scene.icons is not None:
                from ..icons.evidence import icon_evidence

                told.append(icon_evidence(self._scene.icons, [text], shape))
            for one in told:
                np.maximum(evidence, evidence_scores(one), out=evidence)
        for candidate in found:
            covered = coverage(candidate.box, shape).ravel()
            if covered.max() > 0:
                np.maximum(evidence, covered / covered.max() * candidate.score, out=evidence)
        plan = make_plan(grid, fuse_scores(None, graph, evidence), self._budget, PROVENANCE)
        heat = np.where(evidence > _FAINT, evidence, 0).astype(np.float32)
        return plan, heat.reshape(grid.rows, grid.columns)


def texts_of(query: Query) -> list[str]:
    """Return the texts that an instruction names, of targets and of what they stand beside."""
    named: dict[str, None] = {}

    def add(target: Target) -> None:
        if target.text:
            named.setdefault(target.text)
        for relation in target.relations:
            add(relation.anchor)

    for reading in query.readings:
        add(reading.target)
    return list(named)[:MOST_TEXTS]
