"""Overlays: what is kept stays as it was, what is dropped fades, marks stand where they should."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from grounding.decode import decode
from grounding.drawing import draw_grounding, draw_plan
from grounding.grid import Preprocessing, resized
from grounding.plan import VisualPlan, make_plan
from grounding.types import Box, Grounding, Point, Tokens
from grounding.ui_graph import build_ui_graph

DATA = Path(__file__).parent / "data" / "reader"
PAGES = ("000001", "000003")  # a dark and a light one


def page(name: str) -> Image.Image:
    with Image.open(DATA / f"{name}.png") as picture:
        return picture.convert("RGB")


def planned(picture: Image.Image) -> tuple[VisualPlan, NDArray[np.float64]]:
    """A plan that keeps a quarter around the middle, and attention there."""
    _, grid = resized(picture, Preprocessing())
    rows, columns = np.indices((grid.rows, grid.columns))
    far = np.hypot(rows - grid.rows // 2, columns - grid.columns // 2)
    plan = make_plan(grid, -far, 0.25, "focus")
    return VisualPlan(grid, plan.keep), np.exp(-far)


def contrast(pixels: NDArray[np.uint8]) -> float:
    return float(pixels.astype(float).std())


@pytest.mark.parametrize("name", PAGES)
def test_kept_tokens_stay_and_dropped_ones_fade(name: Any) -> None:
    picture = page(name)
    plan, _ = planned(picture)
    drawn = np.asarray(plan.draw(picture))
    original = np.asarray(picture)
    shown = np.asarray(
        Image.fromarray(plan.keep.reshape(plan.grid.rows, -1).astype(np.uint8) * 255).resize(
            picture.size, Image.Resampling.NEAREST
        )
    )
    drawn, kept = drawn[: picture.height], shown > 0
    assert (drawn[kept] == original[kept]).all(axis=-1).mean() > 0.97  # all but a few markers' tips
    assert contrast(drawn[~kept]) < 0.6 * contrast(original[~kept])


@pytest.mark.parametrize("name", PAGES)
def test_a_marker_stands_at_each_runs_end(name: Any) -> None:
    picture = page(name)
    plan, _ = planned(picture)
    drawn = np.asarray(plan.draw(picture))
    for index in plan.markers:
        x, y = plan.grid.token_box(int(index)).center.to_pixels(picture.size)
        red, green, blue = (int(value) for value in drawn[round(y), round(x)])
        assert green > 120 > red
        assert blue > 100


@pytest.mark.parametrize("name", PAGES)
def test_an_answer_is_drawn_with_everything(name: Any) -> None:
    picture = page(name)
    plan, heat = planned(picture)
    pixels, grid = resized(picture, Preprocessing())
    best, *others = decode(heat, grid)
    answer = Grounding(
        "Click it",
        best.point,
        best.box,
        0.8,
        tuple(others),
        plan.tokens,
        plan=plan,
        heat=heat.astype(np.float32),
    )
    graph = build_ui_graph(np.asarray(pixels), grid.factor)
    before = picture.copy()
    drawn = draw_grounding(picture, answer, graph)
    assert picture.tobytes() == before.tobytes()
    assert drawn.mode == "RGB"
    assert drawn.width == picture.width
    assert drawn.height > picture.height
    x, y = best.point.to_pixels(picture.size)
    red, green, blue = np.asarray(drawn)[int(y), int(x)]
    assert red > 200 > max(green, blue)
    plain = draw_grounding(picture, answer)
    assert plain.tobytes() != drawn.tobytes()


def test_an_answer_without_a_plan_or_a_place_is_drawn() -> None:
    picture = Image.new("L", (500, 300), 200)
    missing = Grounding("The moon", None, None, 0.9, tokens=Tokens(180, 60, 7))
    drawn = np.asarray(draw_grounding(picture, missing))
    assert (drawn[:300] == 200).all()
    words = Grounding("Save", Point(0.5, 0.5), None, 0.5, answer="(0.5, 0.5)")
    assert draw_grounding(picture, words).size == drawn.shape[1::-1]


@pytest.mark.parametrize("size", [(1, 1), (3000, 20), (20, 3000), (2000, 1200)])
@pytest.mark.parametrize("text", ["", "Zürich → 日本 “thing”\nof", "word " * 3000])
def test_any_size_and_text_is_drawn(size: Any, text: Any) -> None:
    picture = Image.new("RGB", size, "white")
    _, grid = resized(picture, Preprocessing())
    plan = make_plan(grid, np.arange(grid.count), 0.3)
    found = Grounding(text, Point(1, 0), Box(0.9, 0, 1, 0.1), 1.0, tokens=plan.tokens, plan=plan)
    drawn = draw_grounding(picture, found)
    assert drawn.width >= size[0]
    assert draw_plan(picture, plan).width == drawn.width
