"""What a replay found elsewhere or looking otherwise than recorded, and putting that right."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from ..agent.eyes import Eyes
from ..history import Run, Step
from .album import spoken
from .from_run import frames, record_step
from .lazy import LazyGrounder
from .recording import Look, Recording


@dataclass(frozen=True)
class Heal:
    """A look of the recording whose picture was not found, and what was found instead.

    `place` and `number` say which look of which step of the recording; `step` is the replay's.
    """

    place: int
    number: int
    step: int
    text: str
    old: Look
    new: Look

    def lines(self) -> list[str]:
        """The difference in words."""
        shown = [f"step {self.place + 1}: {self.text}", f"  looked for: {self.old.words}"]
        for name in ("text", "icon", "role", "box"):
            before, after = getattr(self.old, name), getattr(self.new, name)
            if before != after:
                shown.append(f"  {name}: {_said(before)} -> {_said(after)}")
        return shown


def heals(recording: Recording, run: Run, values: Sequence[str] = ()) -> list[Heal]:
    """The looks that a replay had to ground again, in steps that then worked.

    `values` are texts that new pictures must not show: the params it was replayed with.
    """
    eyes, screens = Eyes(LazyGrounder("default")), frames(run)
    places = _places(recording)
    turns: Counter[str] = Counter()
    found: dict[tuple[int, int], Heal] = {}
    for step, shown in zip(run.steps, screens, strict=True):
        if not step.outcome.ok:
            continue
        known = {name: value for name, value in recording.params.items() if value is not None}
        made = record_step(step, shown, eyes, known, [*known.values(), *values])
        for look in made.looks:
            words = spoken(look, recording.params)
            if words is None or words not in places:
                continue
            place, number = places[words][min(turns[words], len(places[words]) - 1)]
            turns[words] += 1
            if _found_anew(step, words) and look.picture is not None:
                old = recording.steps[place].looks[number]
                new = dataclasses.replace(look, words=old.words, selector=old.selector)
                found[place, number] = Heal(place, number, step.number, step.text, old, new)
    return list(found.values())


def proved(run: Run, changes: Sequence[Heal]) -> list[Heal]:
    """Those that may be written: the run came to its end, and their steps are verified."""
    good = {step.number for step in run.steps if step.status == "verified"}
    return [heal for heal in changes if run.is_done() and heal.step in good]


def healed(recording: Recording, changes: Sequence[Heal]) -> Recording:
    """The recording with what was found anew."""
    steps = list(recording.steps)
    for heal in changes:
        looks = list(steps[heal.place].looks)
        looks[heal.number] = heal.new
        steps[heal.place] = dataclasses.replace(steps[heal.place], looks=tuple(looks))
    return dataclasses.replace(recording, steps=tuple(steps))


def side_by_side(heal: Heal) -> Image.Image:
    """The old picture and the new one, next to each other; what is not compared is hatched."""
    shown = [_on_hatching(look.picture) for look in (heal.old, heal.new)]
    gap = 12
    wide = sum(image.width for image in shown) + gap
    made = Image.new("RGB", (wide, max(image.height for image in shown)), "#8892a0")
    made.paste(shown[0], (0, 0))
    made.paste(shown[1], (shown[0].width + gap, 0))
    return made


def _places(recording: Recording) -> dict[str, list[tuple[int, int]]]:
    """Where in the recording each thing was looked for, by its words."""
    found: dict[str, list[tuple[int, int]]] = {}
    for place, step in enumerate(recording.steps):
        for number, look in enumerate(step.looks):
            words = spoken(look, recording.params)
            if words is not None and look.picture is not None:
                found.setdefault(words, []).append((place, number))
    return found


def _found_anew(step: Step, words: str) -> bool:
    """Whether the place that a step used was not found by its picture."""
    by = [sight.by for sight in step.sights if sight.words == words and sight.point is not None]
    return bool(by) and by[-1] != "recorded"


def _said(value: object) -> str:
    return repr(value) if value not in ("", None) else "none"


def _on_hatching(picture: Image.Image | None) -> Image.Image:
    if picture is None:
        return Image.new("RGB", (24, 24), "#8892a0")
    ground = Image.new("RGB", picture.size, "#c3cad4")
    for x in range(0, picture.width, 8):
        ground.paste("#aeb7c3", (x, 0, min(x + 4, picture.width), picture.height))
    ground.paste(picture, (0, 0), picture)
    return ground
