"""A run as a flow: each thing that was used, cut out of the screen it was seen on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from .._siblings import env
from ..agent.eyes import Eyes, Seen, middle
from ..agent.locate import FIELDS, MARKS, PHRASES
from ..agent.pixels import grown, holds, pixels_of
from ..errors import FocusagentError, UserError
from ..history import Place, Run, Sight, Step
from ..planner.grammar_planner import GrammarPlanner
from ..planner.intents import Finish, Read, ReadTable, Target, targets_of
from ..planner.templates import names_in, resolve
from ..trace import screen_name
from .lazy import LazyGrounder
from .naming import context
from .pictures import Cut, cut
from .recording import Look, Plan, RecordedStep, Recording

RING = 4  # pixels around a field or mark that the ring of the focus may change
SHORT = 2  # letters of a value that is blotted out of pictures only if it is longer


def record(run: Run, *, name: str = "flow", params: Mapping[str, str] | None = None) -> Recording:
    """The flow that a finished run was; `params` are the values it was given.

    The run needs its pictures: its trace, or the run as `Agent.run` returned it.
    """
    if not run.is_done() or not run.steps:
        raise UserError(f"only a run that was done can be recorded; this one {run.summary()}")
    given = {key: str(value) for key, value in (params or {}).items()}
    screens, eyes = frames(run), Eyes(LazyGrounder("default"))
    values = [*given.values(), *(text for text in run.data.values() if isinstance(text, str))]
    steps = tuple(
        record_step(step, screens[place], eyes, given, values)
        for place, step in enumerate(run.steps)
    )
    secrets, open_names = _names(run, given)
    return Recording(
        name=name,
        instruction=run.instruction,
        start=run.steps[0].url,
        screen="browser" if run.steps[0].url else "desktop",
        window=run.steps[0].size,
        plan=_plan(run, {*given, *open_names}, secrets),
        params={**given, **dict.fromkeys(open_names)},
        secrets=secrets,
        steps=steps,
    )


def record_step(
    step: Step,
    screens: Sequence[Image.Image],
    eyes: Eyes,
    params: Mapping[str, str],
    values: Sequence[str],
) -> RecordedStep:
    """What a flow keeps of a step; of several looks for one thing, the last."""
    last: dict[str, Look] = {}
    for sight, screen in zip(step.sights, screens, strict=True):
        look = look_of(step, sight, eyes.see(screen), params, values)
        if look.words in last and look.point is None and last[look.words].point is not None:
            continue
        last.pop(look.words, None)
        last[look.words] = look
    # A selector that was tried first is told with the place that was found.
    looks = [look for look in last.values() if look.point is not None or look.absent_on]
    proof = tuple(each.what for each in step.evidence if each.ok)
    answer = (step.outcome.value or "") if step.intent.kind == "look" else ""
    return RecordedStep(
        text=step.text, intent=step.intent, answer=answer, looks=tuple(looks), proof=proof
    )


def look_of(
    step: Step,
    sight: Sight,
    seen: Seen,
    params: Mapping[str, str],
    values: Sequence[str],
) -> Look:
    """One look, with the picture of what it found."""
    phrases, screen = _phrases(step, params), seen.image
    selector = sight.words if sight.by == "selector" and sight.words not in phrases else None
    said = next(iter(phrases), sight.words) if selector else sight.words
    words = phrases.get(said, said)
    place = _used(step, sight, screen.size)
    if place is None:
        absent = digest(screen) if selector is None and sight.by == "eyes" else ""
        return Look(words=words, absent_on=absent)
    box = _whole(pixels_of(place.box, screen.size))
    point = round(place.point[0] * screen.width), round(place.point[1] * screen.height)
    made, fixed = picture_of(seen, box, said, values)
    element = seen.element_at(point)
    return Look(
        words=words,
        text=element.text if element is not None and element.role not in FIELDS else "",
        role=element.role if element is not None else "",
        icon=element.icon if element is not None else "",
        point=point,
        box=box,
        at=made.at,
        fixed=fixed or not made.unique,
        scrolled="scrolled" in sight.note,
        selector=selector,
        picture=made.image,
    )


def frames(run: Run) -> list[list[Image.Image]]:
    """The screens that the sights of each step were on."""
    if run.folder is None and len(run.kept) != len(run.steps):
        raise UserError("this run has no pictures to record from: run it with trace=FOLDER")
    if run.folder is None:
        return [list(media.screens) for media in run.kept]
    return [list(_files(Path(run.folder), step)) for step in run.steps]


def digest(screen: Image.Image) -> str:
    """A fingerprint of exactly these pixels."""
    return hashlib.sha256(screen.convert("RGB").tobytes()).hexdigest()[:16]


def _files(folder: Path, step: Step) -> Iterator[Image.Image]:
    before: Image.Image | None = None
    for number in range(1, len(step.sights) + 1):
        other = folder / screen_name(step.number, number)
        if other.is_file():
            yield _open(other)
            continue
        before = before or _open(folder / step.before)
        yield before


def _open(path: Path) -> Image.Image:
    try:
        with Image.open(path) as image:
            return image.convert("RGB")
    except OSError as error:
        raise UserError(f"the picture {path} of this run cannot be read: {error}") from error


def _phrases(step: Step, params: Mapping[str, str]) -> dict[str, str]:
    """What a grounder is asked for the targets of a step, and that with `{NAME}` in it."""
    found: dict[str, str] = {}
    for target in _targets(step.intent):
        try:
            asked = resolve(target, params).words
        except FocusagentError:  # a name whose value only the run knew
            continue
        for phrase in PHRASES.values():
            found.setdefault(phrase.format(asked), phrase.format(target.words))
    kind = step.intent.kind
    if kind in PHRASES:  # the phrase of its own verb comes first
        own = PHRASES[kind].partition("{}")[0]
        found = dict(sorted(found.items(), key=lambda each: not each[0].startswith(own)))
    return found


def _targets(intent: Any) -> Iterator[Target]:
    yield from targets_of(intent)
    for name in ("area", "until"):
        if isinstance(target := getattr(intent, name, None), Target):
            yield target
    if isinstance(target := getattr(getattr(intent, "condition", None), "target", None), Target):
        yield target


def _used(step: Step, sight: Sight, size: tuple[int, int]) -> Place | None:
    """The candidate that was acted on; the first one if none was."""
    if sight.point is None or sight.box is None:
        return None
    first = Place(sight.point, sight.box, sight.confidence)
    points = [
        (x / size[0], y / size[1])
        for result in step.results
        if result.dispatched
        for x, y in env.points_of(result.action)
    ]
    for place in (first, *sight.alternatives):
        if any(holds(place.box, point) for point in points):
            return place
    return first


def picture_of(
    seen: Seen,
    box: Sequence[int],
    words: str,
    values: Iterable[str],
    holes: Sequence[Sequence[float]] = (),
) -> tuple[Cut, bool]:
    """The picture that shows a place and what it is named by; whether it counts only there.

    `values` that the words do not name, and fields and marks, are left out of it.
    """
    size, here, meant = seen.image.size, middle(box), context(words)
    around: tuple[float, float, float, float] = (box[0], box[1], box[2], box[3])
    fixed = meant.by_place
    for name in meant.anchors:
        near = min(seen.places(name), key=lambda one: _far(middle(one), here), default=None)
        if near is None:  # it cannot be read: it is somewhere on this row, or nowhere near
            around, fixed = (0.0, around[1], float(size[0]), around[3]), True
        else:
            around = _union(around, near)
    empty = [*holes]
    for element in seen.scene.elements:
        if element.role in (*FIELDS, *MARKS):
            empty.append(grown(seen.pixels(element.box), RING, size))
    for value in values:
        if len(value.strip()) > SHORT and value not in words:
            empty += [grown(place, 1, size) for place in seen.places(value)]
    return cut(seen.image, around, empty), fixed


def _names(run: Run, params: Mapping[str, str]) -> tuple[tuple[str, ...], list[str]]:
    """The secrets that a run typed, and the names in it whose values nobody gave."""
    typed = [
        result.action.secret
        for step in run.steps
        for result in step.results
        if isinstance(result.action, env.Type) and result.action.secret
    ]
    read = {step.intent.name for step in run.steps if isinstance(step.intent, Read | ReadTable)}
    used = [name for step in run.steps for name in names_in(step.intent)]
    known = {*params, *typed, *read, *run.data}
    secrets = tuple(dict.fromkeys(typed))
    return secrets, [name for name in dict.fromkeys(used) if name not in known]


def _plan(run: Run, params: Iterable[str], secrets: Iterable[str]) -> Plan:
    """Whether the instruction, parsed anew, leads through these very steps."""
    planner = GrammarPlanner(tuple(params), tuple(secrets))
    try:
        end = planner.next(
            run.instruction, [(step.intent, step.outcome) for step in run.steps], None
        )
    except UserError:
        return "steps"
    return "instruction" if isinstance(end, Finish) and end.reason == "done" else "steps"


def _whole(box: Sequence[float]) -> tuple[int, int, int, int]:
    return round(box[0]), round(box[1]), round(box[2]), round(box[3])


def _far(one: Sequence[float], two: Sequence[float]) -> float:
    """How far apart two points are; what lies on the same row is nearer."""
    return abs(one[0] - two[0]) / 4 + abs(one[1] - two[1])


def _union(one: Sequence[float], two: Sequence[float]) -> tuple[float, float, float, float]:
    return min(one[0], two[0]), min(one[1], two[1]), max(one[2], two[2]), max(one[3], two[3])
