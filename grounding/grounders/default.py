"""The default grounder: what the reader, the icons and the parser see, ranked by a grammar."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from ..evidence import coverage
from ..grid import to_rgb
from ..parsing import Scene, look
from ..plan import Budget
from ..query import understand
from ..resolve import resolve
from ..types import Candidate, Grounding
from .evidence_plan import EvidencePlanner
from .prompts import check_item

if TYPE_CHECKING:
    from ..icons import IconReader
    from ..reader.reader import Reader

# The heat map's cells, in pixels of the picture.
CELL = 32
_MOST_CELLS = 128


class DefaultScreen:
    """A screenshot that was looked at once: ask it as often as you like."""

    def __init__(self, scene: Scene, seconds: float, keep: Budget | None = None) -> None:
        self.scene, self._seconds = scene, seconds
        self._planner = None if keep is None else EvidencePlanner(scene, keep)

    def ground(self, instruction: str) -> Grounding:
        """Answer one instruction; the first answer's seconds hold those of looking, too."""
        check_item(self.scene, instruction)
        seconds = {"look": round(self._seconds, 6)} if self._seconds else {}
        self._seconds = 0.0
        started = time.perf_counter()
        query = understand(instruction)
        understood = time.perf_counter()
        found = resolve(query, self.scene)
        resolved = time.perf_counter()
        seconds |= {
            "understand": round(understood - started, 6),
            "resolve": round(resolved - understood, 6),
        }
        plan, heat = None, _heat(found, self.scene.size)
        if self._planner is not None:
            plan, heat = self._planner.plan(query, found)
            seconds["plan"] = round(time.perf_counter() - resolved, 6)
        return Grounding(
            instruction,
            point=found[0].point if found else None,
            box=found[0].box if found else None,
            confidence=found[0].score if found else 0.0,
            alternatives=tuple(found[1:]),
            tokens=None if plan is None else plan.tokens,
            seconds=seconds,
            plan=plan,
            heat=heat,
            answer=None if found else _reason(self.scene),
        )


class DefaultGrounder:
    """Grounds on a plain CPU, with the weights that come with the package.

    Without readers given, the packaged ones are loaded when the first picture is looked at. With
    ``keep``, answers hold what `evidence_plan` draws: all evidence as heat, and the tokens that a
    model behind it would get. Points are the same, some milliseconds later.
    """

    def __init__(
        self,
        reader: Reader | None = None,
        icons: IconReader | None = None,
        keep: Budget | None = None,
    ) -> None:
        self._reader, self._icons, self._keep = reader, icons, keep

    def screen(self, image: Any) -> DefaultScreen:
        """Look at a picture once, for many instructions."""
        started = time.perf_counter()
        scene = look(to_rgb(image), self._reader, self._icons)
        return DefaultScreen(scene, time.perf_counter() - started, self._keep)

    def ground(self, image: Any, instruction: str) -> Grounding:
        """Answer one instruction about one picture."""
        check_item(image, instruction)
        return self.screen(image).ground(instruction)

    def ground_many(self, items: Sequence[tuple[Any, str]]) -> list[Grounding]:
        """Answer (picture, instruction) pairs, in order; a picture is looked at once."""
        for image, instruction in items:
            check_item(image, instruction)
        last = {id(image): number for number, (image, _) in enumerate(items)}
        screens: dict[int, DefaultScreen] = {}
        answers = []
        for number, (image, instruction) in enumerate(items):
            if id(image) not in screens:
                screens[id(image)] = self.screen(image)
            answers.append(screens[id(image)].ground(instruction))
            if last[id(image)] == number:
                del screens[id(image)]
        return answers

    def close(self) -> None:
        """Let go of the readers; a grounder that is used again loads the packaged ones."""
        self._reader = self._icons = None

    def __enter__(self) -> Self:
        """Return the grounder."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the grounder."""
        self.close()


def _heat(found: Sequence[Candidate], size: tuple[int, int]) -> NDArray[np.float32]:
    """Return the candidates' weight on cells (rows, columns); it sums to 1 if there are any."""
    columns, rows = (min(_MOST_CELLS, -(-side // CELL)) for side in size)
    heat = np.zeros((rows, columns), np.float32)
    for candidate in found:
        covered = coverage(candidate.box, (columns, rows))
        if covered.sum() > 0:
            np.maximum(heat, covered / covered.max() * candidate.score, out=heat)
    total = float(heat.sum())
    return heat / np.float32(total) if total > 0 else heat


def _reason(scene: Scene) -> str:
    """Say why nothing was found."""
    lines = scene.screen.lines()
    if not lines and not scene.elements:
        return "the picture shows no text and no control"
    if lines and 2 * sum(line.unknown_script for line in lines) > len(lines):
        return "most of the screen is in a script that the reader does not know"
    return "nothing on the screen fits the instruction"
