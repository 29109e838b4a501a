"""Second opinions: grounders that stand around another one and ask it, or somebody else, again."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..decode import confidence, decode
from ..errors import GroundingError
from ..grid import to_rgb
from ..types import Box, Candidate, Grounder, Grounding, Point
from .prompts import check_item

# How sure (0 to 1) somebody is that a candidate is what the instruction means in a picture.
Judge = Callable[[Image.Image, str, Candidate], float]
Paraphraser = Callable[[str], Sequence[str]]


class _Around:
    """A grounder around another one, which it closes."""

    def __init__(self, grounder: Grounder) -> None:
        self._inner = grounder

    def ground(self, image: Any, instruction: str) -> Grounding:
        """Answer one instruction about one picture."""
        return self.ground_many([(image, instruction)])[0]

    def ground_many(self, items: Sequence[tuple[Any, str]]) -> list[Grounding]:
        raise NotImplementedError

    def close(self) -> None:
        """Close the grounder inside."""
        self._inner.close()

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


class Verified(_Around):
    """Lets a judge choose among a grounder's candidates, and reject them all.

    The candidate the judge finds likeliest becomes the answer, its score the confidence; of equal
    ones the grounder's own favourite. If none reaches ``least``, nothing is there.
    """

    def __init__(self, grounder: Grounder, judge: Judge, *, least: float = 0.0) -> None:
        super().__init__(grounder)
        self._judge, self._least = judge, least

    def ground_many(self, items: Sequence[tuple[Any, str]]) -> list[Grounding]:
        """Answer (picture, instruction) pairs, in order."""
        return [
            self._judged(image, answer) if answer.found else answer
            for (image, _), answer in zip(items, self._inner.ground_many(items), strict=True)
        ]

    def _judged(self, image: Any, answer: Grounding) -> Grounding:
        started = time.perf_counter()
        picture = to_rgb(image)
        judged = [
            replace(candidate, score=float(self._judge(picture, answer.instruction, candidate)))
            for candidate in _candidates(answer)
        ]
        if not all(0 <= candidate.score <= 1 for candidate in judged):
            raise GroundingError("a judge must answer between 0 and 1, and this one did not")
        judged.sort(key=lambda candidate: -candidate.score)
        best = judged[0]
        seconds = answer.seconds | {"verify": round(time.perf_counter() - started, 6)}
        if best.score < self._least:
            return replace(
                answer, point=None, box=None, confidence=1 - best.score,
                alternatives=tuple(judged), seconds=seconds,
            )  # fmt: skip
        return replace(
            answer, point=best.point, box=best.box, confidence=best.score,
            alternatives=tuple(judged[1:]), seconds=seconds,
        )  # fmt: skip


class Zoomed(_Around):
    """Looks again, at a part of the picture around the answer, where the confidence is low.

    The part is ``share`` of each side. The second answer counts if the grounder is surer of it; the
    plan, the heat map and the tokens stay those of the whole picture.
    """

    def __init__(self, grounder: Grounder, *, below: float = 0.5, share: float = 0.4) -> None:
        super().__init__(grounder)
        if not 0 < share < 1:
            raise GroundingError(f"the share of the picture to zoom in on is 0 to 1, got {share}")
        self._below, self._share = below, share

    def ground_many(self, items: Sequence[tuple[Any, str]]) -> list[Grounding]:
        """Answer (picture, instruction) pairs, in order; the second looks are a batch too."""
        answers = self._inner.ground_many(items)
        started = time.perf_counter()
        unsure = [
            number
            for number, answer in enumerate(answers)
            if answer.found and answer.confidence < self._below
        ]
        if not unsure:
            return answers
        looks = [self._closer(items[number][0], answers[number]) for number in unsure]
        asked = [(cut, items[number][1]) for number, (cut, _) in zip(unsure, looks, strict=True)]
        seconds = self._inner.ground_many(asked)
        spent = round((time.perf_counter() - started) / len(unsure), 6)
        for number, (_, part), second in zip(unsure, looks, seconds, strict=True):
            chosen = _second(answers[number], second, part)
            answers[number] = replace(chosen, seconds=chosen.seconds | {"zoom": spent})
        return answers

    def _closer(self, image: Any, answer: Grounding) -> tuple[Image.Image, Box]:
        """Cut out the part of a picture to look at again."""
        assert answer.point is not None
        picture = to_rgb(image)
        part = _around(answer.point, self._share, picture.size)
        x1, y1, x2, y2 = (round(side) for side in part.to_pixels(picture.size))
        return picture.crop((x1, y1, x2, y2)), part


def _second(first: Grounding, second: Grounding, part: Box) -> Grounding:
    """Return the surer of two answers, the second of which is about a part of the picture."""
    if second.point is None or second.confidence <= first.confidence:
        return first
    others = [
        Candidate(_point_in(part, other.point), _box_in(part, other.box), other.score)
        for other in second.alternatives
    ]
    return replace(
        first,
        point=_point_in(part, second.point),
        box=second.box and _box_in(part, second.box),
        confidence=second.confidence,
        alternatives=tuple(others),
        answer=second.answer,
    )


class Averaged(_Around):
    """Averages a pointer model's attention over views of an instruction: it and its paraphrases.

    The picture goes through the vision tower once for all of them. Where most views find nothing,
    nothing is there.
    """

    def __init__(self, grounder: Grounder, paraphrases: Paraphraser) -> None:
        super().__init__(grounder)
        self._paraphrases = paraphrases

    def ground_many(self, items: Sequence[tuple[Any, str]]) -> list[Grounding]:
        """Answer (picture, instruction) pairs, in order."""
        asked: list[tuple[Any, str]] = []
        counts: list[int] = []
        for image, instruction in items:
            check_item(image, instruction)
            views = list(dict.fromkeys([instruction, *self._paraphrases(instruction)]))
            asked += [(image, view) for view in views]
            counts.append(len(views))
        seen = iter(self._inner.ground_many(asked))
        return [_averaged([next(seen) for _ in range(count)]) for count in counts]


def _averaged(views: list[Grounding]) -> Grounding:
    """Decode the mean attention of views of the same picture."""
    first = views[0]
    if len(views) == 1:
        return first
    heats = [view.heat for view in views if view.heat is not None]
    if first.plan is None or len(heats) < len(views):
        raise GroundingError("only a pointer model's attention can be averaged over views")
    seconds: dict[str, float] = {}
    for view in views:
        for name, spent in view.seconds.items():
            seconds[name] = seconds.get(name, 0.0) + spent
    heat: NDArray[np.float32] = np.mean(np.stack(heats), axis=0, dtype=np.float32)
    candidates = decode(heat, first.plan.grid)
    absent = [view.confidence for view in views if not view.found]
    if 2 * len(absent) > len(views):
        return replace(
            first, point=None, box=None, confidence=sum(absent) / len(views),
            alternatives=candidates, heat=heat, seconds=seconds,
        )  # fmt: skip
    return replace(
        first, point=candidates[0].point, box=candidates[0].box,
        confidence=confidence(candidates), alternatives=candidates[1:], heat=heat, seconds=seconds,
    )  # fmt: skip


def _candidates(answer: Grounding) -> list[Candidate]:
    assert answer.point is not None
    point = answer.point
    box = answer.box or Box(point.x, point.y, point.x, point.y)
    return [Candidate(point, box, answer.confidence), *answer.alternatives]


def _around(point: Point, share: float, size: tuple[int, int]) -> Box:
    """Return a part of the picture around a point, on whole pixels, all of it in the picture."""
    edges: list[tuple[int, int]] = []
    for middle, whole in ((point.x, size[0]), (point.y, size[1])):
        wide = min(whole, max(1, round(share * whole)))
        start = min(max(0, round(middle * whole - wide / 2)), whole - wide)
        edges.append((start, start + wide))
    (x1, x2), (y1, y2) = edges
    return Box.from_pixels(x1, y1, x2, y2, size)


def _point_in(part: Box, point: Point) -> Point:
    """Return where a point of a part lies in the whole."""
    return Point(
        part.x1 + point.x * (part.x2 - part.x1),
        part.y1 + point.y * (part.y2 - part.y1),
    )


def _box_in(part: Box, box: Box) -> Box:
    one, two = _point_in(part, Point(box.x1, box.y1)), _point_in(part, Point(box.x2, box.y2))
    return Box(one.x, one.y, two.x, two.y)
