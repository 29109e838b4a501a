"""Pictures of a plan and of an answer, for people: on light and on dark screens.

What is dropped fades into grey, what is kept stays as it was, small diamonds stand where markers
do. Colours glow where attention is; the click is a cross in a ring, on a white halo.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont, ImageStat

from .grid import to_rgb
from .plan import VisualPlan
from .types import Box, Grounding, Point
from .ui_graph import UIGraph

Colour = tuple[int, int, int]

# What is dropped turns to this: dark pages need a darker fog, or it would outshine what is kept.
_FOG: Colour = (104, 112, 128)
_DARK_FOG: Colour = (58, 63, 76)
_FOG_SHARE = 0.62
_MARKER: Colour = (0, 190, 170)
_ACCENT: Colour = (255, 45, 85)
_OTHERS: Colour = (255, 149, 0)
_REGION: Colour = (88, 130, 255)
_PAPER: Colour = (22, 24, 29)
_INK: Colour = (245, 246, 248)
_FAINT: Colour = (158, 164, 175)
# Heat from weak to strong; none is so light or dark that it drowns in a white or a black page.
_HEAT: tuple[Colour, ...] = ((255, 190, 0), (255, 122, 0), (255, 60, 60), (235, 30, 110))
_HEAT_ALPHA = 140
# Smaller pictures are drawn larger, so that the caption and the marks fit.
_LEAST_WIDTH = 420
_SMOOTH = 4


def draw_plan(image: Any, plan: VisualPlan) -> Image.Image:
    """Return the picture with dropped tokens dimmed, markers, and the scores as heat."""
    canvas, unit = _canvas(image)
    canvas = _with_plan(canvas, plan, unit)
    if plan.scores is not None:
        least = plan.scores[plan.keep].min()
        shown = np.where(plan.keep, plan.scores - least, 0)
        canvas = _with_heat(canvas, shown.reshape(plan.grid.rows, plan.grid.columns), 1.0)
    return _captioned(canvas, plan.provenance or "kept tokens", _told_tokens(plan), None, unit)


def draw_grounding(image: Any, grounding: Grounding, graph: UIGraph | None = None) -> Image.Image:
    """Return the picture with the plan, attention, regions and the click on it, and a caption.

    ``graph`` adds the outlines of the screen's regions.
    """
    canvas, unit = _canvas(image)
    if grounding.plan is not None:
        canvas = _with_plan(canvas, grounding.plan, unit)
    if graph is not None:
        _outline_graph(canvas, graph)
    if grounding.heat is not None:
        canvas = _with_heat(canvas, grounding.heat, 0.5)
    for other in grounding.alternatives:
        if other.box != grounding.box:
            _outline(canvas, other.box, _OTHERS, unit)
    if grounding.box is not None:
        _outline(canvas, grounding.box, _ACCENT, 1.5 * unit)
    if grounding.point is not None:
        _stamp(canvas, _cross(unit), [grounding.point])
    told = [f"confidence {grounding.confidence:.2f}" if grounding.found else "not found"]
    if grounding.plan is not None:
        told.append(_told_tokens(grounding.plan))
    elif grounding.tokens is not None:
        told.append(f"{grounding.tokens.after:,} of {grounding.tokens.before:,} tokens")
    sure = grounding.confidence if grounding.found else 0.0
    return _captioned(canvas, grounding.instruction, "  ·  ".join(told), sure, unit)


def _canvas(image: Any) -> tuple[Image.Image, float]:
    """Return a picture to draw on, and the width of a line that suits its size."""
    canvas = to_rgb(image)
    if canvas.width < _LEAST_WIDTH:
        scale = min(-(-_LEAST_WIDTH // canvas.width), max(1, 4000 // canvas.height))
        size = (canvas.width * scale, canvas.height * scale)
        canvas = canvas.resize(size, Image.Resampling.NEAREST)
    elif canvas is image:
        canvas = canvas.copy()
    return canvas, min(3.0, max(1.0, min(canvas.size) / 700))


def _with_plan(canvas: Image.Image, plan: VisualPlan, unit: float) -> Image.Image:
    grid = plan.grid
    grey = canvas.convert("L")
    fog = _FOG if ImageStat.Stat(grey).mean[0] > 100 else _DARK_FOG
    faded = Image.blend(grey.convert("RGB"), Image.new("RGB", canvas.size, fog), _FOG_SHARE)
    cells = plan.keep.reshape(grid.rows, grid.columns).astype(np.uint8) * 255
    mask = Image.fromarray(cells).resize(canvas.size, Image.Resampling.NEAREST)
    canvas = Image.composite(canvas, faded, mask)
    boxes = [grid.token_box(int(index)) for index in plan.markers]
    cell = min(canvas.width / grid.columns, canvas.height / grid.rows)
    radius = min(max(2.5 * unit, 0.13 * cell), 0.4 * cell)
    _stamp(canvas, _diamond(radius), [box.center for box in boxes])
    return canvas


def _with_heat(canvas: Image.Image, heat: NDArray[np.float32], power: float) -> Image.Image:
    """Lay colours over a picture, denser where ``heat`` (rows, columns) is high.

    A power below 1 keeps the runners-up visible beside a sharp peak.
    """
    most = float(heat.max())
    if not most > 0:
        return canvas
    levels = np.clip(heat / most, 0, 1) ** power * 255
    spread = Image.fromarray(levels.astype(np.uint8)).resize(canvas.size, Image.Resampling.BILINEAR)
    steps = np.linspace(0, 255, len(_HEAT))
    channels = [np.interp(np.arange(256), steps, [c[i] for c in _HEAT]) for i in range(3)]
    colours = Image.merge("RGB", [spread.point(_table(channel)) for channel in channels])
    # What is nearly nothing stays clear.
    alpha = np.interp(np.arange(256), [20, 110, 255], [0, 0.6, 1]) * _HEAT_ALPHA
    return Image.composite(colours, canvas, spread.point(_table(alpha)))


def _table(values: NDArray[np.float64]) -> list[int]:
    return [round(value) for value in values.tolist()]


def _outline_graph(canvas: Image.Image, graph: UIGraph) -> None:
    """Draw the borders between the graph's regions; lone cells next to each other have none."""
    pen = ImageDraw.Draw(canvas, "RGBA")
    labels, large = graph.labels, graph.sizes[graph.labels] > 1
    rows, columns = labels.shape
    across, down = canvas.width / columns, canvas.height / rows
    colour = (*_REGION, 150)
    upright = (labels[:, 1:] != labels[:, :-1]) & (large[:, 1:] | large[:, :-1])
    for row, column in np.argwhere(upright).tolist():
        x = round((column + 1) * across)
        pen.line((x, round(row * down), x, round((row + 1) * down) - 1), colour)
    level = (labels[1:] != labels[:-1]) & (large[1:] | large[:-1])
    for row, column in np.argwhere(level).tolist():
        y = round((row + 1) * down)
        pen.line((round(column * across), y, round((column + 1) * across) - 1, y), colour)


def _outline(canvas: Image.Image, box: Box, colour: Colour, width: float) -> None:
    """Frame a box in a colour, between two thin white lines that part it from any page."""
    pen = ImageDraw.Draw(canvas)
    x1, y1, x2, y2 = (round(side) for side in box.to_pixels(canvas.size))
    line, rim = max(2, round(1.6 * width)), max(1, round(width / 2))
    for grow, thick, paint in ((line + rim, line + 2 * rim, (255, 255, 255)), (line, line, colour)):
        frame = (x1 - grow, y1 - grow, x2 + grow - 1, y2 + grow - 1)
        pen.rounded_rectangle(frame, radius=3 * width + grow, outline=paint, width=thick)


def _sprite(side: float) -> tuple[Image.Image, ImageDraw.ImageDraw, float]:
    """Return a clear picture to draw a mark on, its pen and centre, all enlarged for smoothness."""
    pixels = 2 * int(np.ceil(side / 2)) + 1
    sprite = Image.new("RGBA", (pixels * _SMOOTH, pixels * _SMOOTH))
    return sprite, ImageDraw.Draw(sprite), pixels * _SMOOTH / 2


def _smooth(sprite: Image.Image) -> Image.Image:
    return sprite.reduce(_SMOOTH)


def _diamond(radius: float) -> Image.Image:
    sprite, pen, middle = _sprite(2 * radius + 2)
    for reach, colour in ((radius + 1, (255, 255, 255, 235)), (radius, (*_MARKER, 255))):
        far = reach * _SMOOTH
        corners = [(middle, middle - far), (middle + far, middle)]
        corners += [(middle, middle + far), (middle - far, middle)]
        pen.polygon(corners, fill=colour)
    return _smooth(sprite)


def _cross(unit: float) -> Image.Image:
    """A ring with four arms and a dot, the accent on a white halo with a dark rim."""
    ring, arm, gap = 11 * unit, 20 * unit, 5 * unit
    sprite, pen, middle = _sprite(2 * arm + 10 * unit)
    layers = ((5.6 * unit, (10, 10, 14, 110)), (4.6 * unit, (255, 255, 255, 255)))
    for width, colour in (*layers, (2.6 * unit, (*_ACCENT, 255))):
        half = width / 2 * _SMOOTH
        outer, inner = ring * _SMOOTH + half, round(width * _SMOOTH)
        pen.ellipse(
            (middle - outer, middle - outer, middle + outer, middle + outer),
            outline=colour,
            width=inner,
        )
        near, far = gap * _SMOOTH - half, arm * _SMOOTH + half
        for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            ends = sorted((middle + x * near - abs(y) * half, middle + x * far + abs(y) * half))
            rows = sorted((middle + y * near - abs(x) * half, middle + y * far + abs(x) * half))
            pen.rounded_rectangle((ends[0], rows[0], ends[1], rows[1]), half, fill=colour)
        dot = half * 1.1
        pen.ellipse((middle - dot, middle - dot, middle + dot, middle + dot), fill=colour)
    return _smooth(sprite)


def _stamp(canvas: Image.Image, sprite: Image.Image, places: Sequence[Point]) -> None:
    for place in places:
        x, y = place.to_pixels(canvas.size)
        corner = (round(x - sprite.width / 2), round(y - sprite.height / 2))
        canvas.paste(sprite, corner, sprite)


def _told_tokens(plan: VisualPlan) -> str:
    tokens = plan.tokens
    share = f"{tokens.after / tokens.before:.0%}"
    marks = f"  ·  {tokens.markers:,} marker{'s' * (tokens.markers != 1)}"
    return f"{tokens.after:,} of {tokens.before:,} tokens ({share})" + marks * bool(tokens.markers)


def _captioned(
    canvas: Image.Image, title: str, facts: str, confidence: float | None, unit: float
) -> Image.Image:
    """Add a dark strip below a picture: what was asked, what was found, a bar of confidence."""
    size, pad = round(15 * unit), round(12 * unit)
    large, small = ImageFont.load_default(size), ImageFont.load_default(round(size * 0.86))
    room = canvas.width - 2 * pad
    height = round(2 * pad + size * 2.35)
    sheet = Image.new("RGB", (canvas.width, canvas.height + height), _PAPER)
    sheet.paste(canvas, (0, 0))
    pen = ImageDraw.Draw(sheet)
    top = canvas.height
    if confidence is not None:
        bar = max(2, round(3 * unit))
        pen.rectangle((0, top, canvas.width, top + bar - 1), fill=(52, 56, 66))
        if confidence > 0:
            pen.rectangle((0, top, round(canvas.width * confidence), top + bar - 1), fill=_ACCENT)
    pen.text((pad, top + pad), _fitting(title, large, room), fill=_INK, font=large)
    below = top + pad + round(size * 1.35)
    pen.text((pad, below), _fitting(facts, small, room), fill=_FAINT, font=small)
    return sheet


def _fitting(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, room: float) -> str:
    """Return the text on one line, cut where it does not fit."""
    # Longer than any picture is wide; measuring a novel would take minutes.
    line = " ".join(text.split())[:2000]
    # Pillow's font has no accented letters.
    line = "".join(c for c in unicodedata.normalize("NFKD", line) if not unicodedata.combining(c))
    if font.getlength(line) <= room:
        return line
    while line and font.getlength(line + "…") > room:
        line = line[: int(len(line) * 0.9) if len(line) > 200 else -1]
    return line + "…"
