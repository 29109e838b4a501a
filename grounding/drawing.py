"""Pictures of a plan and of an answer, for people: on light and on dark screens.

What is dropped fades into grey, what is kept stays as it was, small diamonds stand where markers
do. Colours glow where attention is; the click is a cross in a ring, on a white halo.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from .grid import to_rgb
from .plan import VisualPlan
from .types import Box, Grounding, Point
from .ui_graph import UIGraph

Colour = tuple[int, int, int]

_FOG: Colour = (104, 112, 128)
_FOG_SHARE = 0.62
_MARKER: Colour = (0, 190, 170)
_ACCENT: Colour = (255, 45, 85)
_OTHERS: Colour = (255, 149, 0)
_REGION: Colour = (88, 130, 255)
_PAPER: Colour = (22, 24, 29)
_INK: Colour = (245, 246, 248)
_FAINT: Colour = (158, 164, 175)
# Heat from weak to strong; none is so light or dark that it drowns in a white or a black page.
_HEAT: tuple[Colour, ...] = ((255, 196, 0), (255, 122, 0), (255, 45, 85), (190, 20, 140))
_HEAT_ALPHA = 175
# Smaller pictures are drawn larger, so that the caption and the marks fit.
_LEAST_WIDTH = 420
_SMOOTH = 4


def draw_plan(image: Any, plan: VisualPlan) -> Image.Image:
    """Return the picture with dropped tokens dimmed, markers, and the scores as heat."""
    canvas, unit = _canvas(image)
    heat = None if plan.scores is None else plan.scores.reshape(plan.grid.rows, plan.grid.columns)
    canvas = _with_plan(canvas, plan, unit)
    if heat is not None:
        shown = np.where(plan.keep.reshape(heat.shape), heat - heat.min(), 0)
        canvas = _with_heat(canvas, shown, strength=0.45)
    return _captioned(canvas, plan.provenance or "kept tokens", _told_tokens(plan), None, unit)


def draw_grounding(
    image: Any, grounding: Grounding, graph: UIGraph | None = None
) -> Image.Image:
    """Return the picture with the plan, attention, regions and the click on it, and a caption.

    ``graph`` adds the outlines of the screen's regions.
    """
    canvas, unit = _canvas(image)
    if grounding.plan is not None:
        canvas = _with_plan(canvas, grounding.plan, unit)
    if graph is not None:
        _outline_graph(canvas, graph)
    if grounding.heat is not None:
        canvas = _with_heat(canvas, grounding.heat)
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
