"""The pictures of a run's report: each is embedded once, and marks are drawn over it as SVG.

A close-up is the same picture again through a smaller window, so it costs no bytes.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import numpy as np
from PIL import Image

from ._siblings import env
from .history import Run, Sight, Step
from .trace import look_name, look_pictures

_WIDEST = 1600  # pixels of an embedded picture; it is shown at the size of the screen anyway
_HEAT = ((255, 190, 0), (255, 122, 0), (255, 60, 60), (235, 30, 110))  # from weak to strong
_FOG = (88, 96, 112, 170)  # over tokens that were dropped
_CLOSE_UP = (420, 240)
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Picture:
    """A screenshot, and a name by which the same one is known again."""

    key: str
    image: Image.Image


@dataclass(frozen=True)
class Pictures:
    """What is left of what a step saw; `looks` are heat and kept tokens by number of the look."""

    before: Picture | None = None
    after: Picture | None = None
    looks: Mapping[int, Mapping[str, Image.Image]] = field(default_factory=dict)


def pictures_of(run: Run, index: int) -> Pictures:
    """The pictures of a step: from the run's folder, else those that the run still holds."""
    step = run.steps[index]
    if run.folder is not None and (step.before or step.after):
        root = Path(run.folder)
        looks = {}
        for number, _ in enumerate(_looks(step), start=1):
            files = {kind: look_name(step.number, number, kind) for kind in ("heat", "kept")}
            found = {kind: _open(root, name) for kind, name in files.items()}
            looks[number] = {kind: each.image for kind, each in found.items() if each}
        return Pictures(_open(root, step.before), _open(root, step.after), looks)
    at = index - (len(run.steps) - len(run.kept))
    if not 0 <= at < len(run.kept):
        return Pictures()
    media = run.kept[at]
    before, after = (Picture(str(id(each)), each) for each in (media.before, media.after))
    looks = {number: look_pictures(each) for number, each in enumerate(media.groundings, start=1)}
    return Pictures(before, after, looks)


class Sheet:
    """Collects figures; `defs` is what must stand in the page once for all of them."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}  # of the embedded pictures, by key
        self._images: list[str] = []
        self._count = 0

    def figures(self, step: Step, pictures: Pictures) -> str:
        """All figures of a step: close-up, the screen before, where it looked, the screen after."""
        before, after = pictures.before, pictures.after
        if before is None and after is None:
            return '<p class="quiet">No picture of this step was kept.</p>'
        aimed = aimed_at(step)
        moved = _moved(step)
        screen = after if moved and after else before or after
        assert screen is not None
        size = screen.image.size
        marks = _marks(aimed, size)
        made = []
        if aimed and aimed[-1].point and min(size) > 0:
            window = _window(aimed[-1], size)
            made.append(self._figure(step, "close-up", screen, marks, window))
        caption = "before" if screen is before else "where it aimed, after the screen had moved"
        made.append(self._figure(step, caption, screen, marks))
        if look := _look(step, pictures):
            made.append(self._figure(step, _told(look), screen, _glow(look, size) + marks))
        same = before is not None and after is not None and before.key == after.key
        if same:
            made.append('<p class="quiet">The screen was the same after.</p>')
        elif after is not None and after is not screen:
            made.append(
                self._figure(step, "after: the frame is what changed", after, _changed(step))
            )
        return f'<div class="figures">{"".join(made)}</div>'

    def defs(self) -> str:
        """The pictures themselves."""
        images = "".join(self._images)
        return (
            f'<svg class="defs" width="0" height="0" aria-hidden="true"><defs>{images}</defs></svg>'
        )

    def _figure(
        self,
        step: Step,
        caption: str,
        screen: Picture,
        marks: str,
        window: Box | None = None,
    ) -> str:
        """A figure; a click on it fills the window with it, another one goes back."""
        self._count += 1
        width, height = screen.image.size
        box = " ".join(_number(each) for each in window or (0, 0, width, height))
        said = escape(caption)
        here = f"f{self._count}"
        return (
            f'<figure id="{here}" class="{"close-up" if window else "screen"}">'
            f'<a href="#{here}"><svg viewBox="{box}" role="img" aria-label="{said}">'
            f'<use href="#{self._embed(screen)}"/>{marks}</svg></a>'
            f'<a class="back" href="#step-{step.number:d}" aria-label="back"></a>'
            f"<figcaption>{said}</figcaption></figure>"
        )

    def _embed(self, picture: Picture) -> str:
        if picture.key not in self._names:
            name = self._names[picture.key] = f"p{len(self._names) + 1}"
            width, height = picture.image.size
            self._images.append(
                f'<image id="{name}" width="{width}" height="{height}" '
                f'preserveAspectRatio="none" href="{_data(picture.image)}"/>'
            )
        return self._names[picture.key]


def aimed_at(step: Step) -> list[Sight]:
    """The places that the step acted on: the last look for its target, or both ends of a drag."""
    found = {sight.words: sight for sight in step.sights if sight.point is not None}
    return list(found.values())[-2 if step.intent.kind == "drag" else -1 :]


def _looks(step: Step) -> list[Sight]:
    return [sight for sight in step.sights if sight.by == "eyes"]


def _look(step: Step, pictures: Pictures) -> Mapping[str, Image.Image]:
    """Heat and kept tokens of the look that decided."""
    kept = [look for number in sorted(pictures.looks) if (look := pictures.looks[number])]
    return kept[-1] if kept else {}


def _told(look: Mapping[str, Image.Image]) -> str:
    heat = "colour is attention" if "heat" in look else ""
    kept = "grey tokens were dropped" if "kept" in look else ""
    return "where it looked: " + ", ".join(filter(None, (heat, kept)))


def _moved(step: Step) -> bool:
    """Whether the screen was scrolled before the step's last action, so `before` is not it."""
    return any(
        result.outcome == "changed" and isinstance(result.action, env.Scroll)
        for result in step.results[:-1]
    )


def _marks(aimed: Sequence[Sight], size: tuple[int, int]) -> str:
    """Candidates with their scores, the chosen box, and the click as a cross in a ring."""
    made = []
    for sight in aimed:
        for other in sight.alternatives:
            if sight.box is None or tuple(other.box) != tuple(sight.box):
                made.append(_frame(_pixels(other.box, size), "other", f"{float(other.score):.2f}"))
        if sight.box is not None:
            made.append(_frame(_pixels(sight.box, size), "chosen"))
    points = [
        (sight.point[0] * size[0], sight.point[1] * size[1]) for sight in aimed if sight.point
    ]
    if len(points) == 2:
        ends = " ".join(f"{_number(x)},{_number(y)}" for x, y in points)
        made.append(f'<polyline class="way" points="{ends}"/>')
    unit = _unit(size)
    for x, y in points:
        place = f'cx="{_number(x)}" cy="{_number(y)}"'
        for kind in ("halo", "ring"):
            made.append(f'<circle class="{kind}" {place} r="{_number(13 * unit)}"/>')
        made.append(f'<circle class="dot" {place} r="{_number(2.5 * unit)}"/>')
    return "".join(made)


def _changed(step: Step) -> str:
    """What the step's actions changed."""
    boxes = [result.changed_box for result in step.results if result.changed_box]
    return "".join(_frame(tuple(float(side) for side in box), "changed") for box in boxes)  # type: ignore[arg-type]


def _frame(box: Box, kind: str, label: str = "") -> str:
    x1, y1, x2, y2 = box
    place = (
        f'x="{_number(x1)}" y="{_number(y1)}" width="{_number(x2 - x1)}" '
        f'height="{_number(y2 - y1)}" rx="3"'
    )
    text = (
        f'<text x="{_number(x1)}" y="{_number(max(12.0, y1 - 5))}">{escape(label)}</text>'
        if label
        else ""
    )
    return f'<rect class="under" {place}/><rect class="{kind}" {place}/>{text}'


def _glow(look: Mapping[str, Image.Image], size: tuple[int, int]) -> str:
    """Fog over dropped tokens, and colours where attention is."""
    made = []
    if "kept" in look:
        dropped = np.asarray(look["kept"].convert("L")) < 128
        fog = np.zeros((*dropped.shape, 4), np.uint8)
        fog[dropped] = _FOG
        made.append(_stretched(Image.fromarray(fog), size, "fog"))
    if "heat" in look:
        levels = np.asarray(look["heat"].convert("L")).astype(np.float64) / 255
        levels = levels**0.5  # runners-up stay visible beside a sharp peak
        steps = np.linspace(0, 1, len(_HEAT))
        channels = [np.interp(levels, steps, [colour[i] for colour in _HEAT]) for i in range(3)]
        channels.append(np.interp(levels, [0.08, 0.45, 1], [0, 90, 170]))
        made.append(_stretched(Image.fromarray(np.stack(channels, -1).astype(np.uint8)), size, ""))
    return "".join(made)


def _stretched(image: Image.Image, size: tuple[int, int], kind: str) -> str:
    return (
        f'<image class="{kind}" width="{size[0]}" height="{size[1]}" preserveAspectRatio="none" '
        f'href="{_data(image)}"/>'
    )


def _window(sight: Sight, size: tuple[int, int]) -> Box:
    """A part of the screen around a place, with all of its box if that is not too large."""
    assert sight.point is not None
    x, y = sight.point[0] * size[0], sight.point[1] * size[1]
    x1, y1, x2, y2 = _pixels(sight.box, size) if sight.box else (x, y, x, y)
    scale = max(1.0, size[0] / 1600)
    scale = min(
        2.2 * scale, max(scale, (x2 - x1 + 60) / _CLOSE_UP[0], (y2 - y1 + 60) / _CLOSE_UP[1])
    )
    width, height = (min(side * scale, whole) for side, whole in zip(_CLOSE_UP, size, strict=True))
    left = min(max(0.0, x - width / 2), size[0] - width)
    top = min(max(0.0, y - height / 2), size[1] - height)
    return left, top, width, height


def _pixels(box: Box, size: tuple[int, int]) -> Box:
    return box[0] * size[0], box[1] * size[1], box[2] * size[0], box[3] * size[1]


def _unit(size: tuple[int, int]) -> float:
    return min(3.0, max(1.0, min(size) / 700))


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _open(root: Path, name: str) -> Picture | None:
    """A picture of a folder; None if it is missing, torn, or lies outside of it."""
    path = root / name
    if not name or not path.resolve().is_relative_to(root.resolve()):
        return None
    try:
        with Image.open(path) as image:
            image.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None
    return Picture(name, image)


def _data(image: Image.Image) -> str:
    """A picture as a data address, small enough to be sent around."""
    buffer = io.BytesIO()
    if image.mode == "RGBA":
        image.save(buffer, "PNG", optimize=True)
        kind = "png"
    else:
        small = image.convert("RGB")
        small.thumbnail((_WIDEST, _WIDEST * 8))
        small.save(buffer, "WEBP", quality=82, method=3)
        kind = "webp"
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"
