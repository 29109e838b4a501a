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
from grounding.errors import BadImage
from grounding.grid import PatchGrid, Preprocessing, resized
from grounding.plan import VisualPlan, make_plan, plan_all
from grounding.types import Box, Candidate, Grounding, Point, Tokens
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


@pytest.mark.parametrize("size", [(1, 1), (3000, 20), (20, 3000), (419, 90), (2000, 1200)])
@pytest.mark.parametrize("text", ["", "Zürich → 日本 “thing”\nof", "word " * 3000, "\ud800\x00💾"])
def test_any_size_and_text_is_drawn(size: Any, text: Any) -> None:
    picture = Image.new("RGB", size, "white")
    _, grid = resized(picture, Preprocessing())
    plan = make_plan(grid, np.arange(grid.count), 0.3)
    found = Grounding(text, Point(1, 0), Box(0.9, 0, 1, 0.1), 1.0, tokens=plan.tokens, plan=plan)
    drawn = draw_grounding(picture, found)
    assert drawn.width >= size[0]
    assert draw_plan(picture, plan).width == drawn.width


SIZE = (700, 420)
GRID = PatchGrid(*SIZE, *SIZE, 14, 2)
WHITE, BLACK = (255, 255, 255), (0, 0, 0)
NOTHING = Grounding("Save", None, None, 0.5)


def gap(one: Image.Image, two: Image.Image) -> NDArray[np.int64]:
    """How much each pixel above the caption differs."""
    above = [np.asarray(side.crop((0, 0, *SIZE)).convert("RGB"), np.int64) for side in (one, two)]
    total: NDArray[np.int64] = np.abs(above[0] - above[1]).sum(axis=2)
    return total


def flat(colour: Any = WHITE) -> Image.Image:
    return Image.new("RGB", SIZE, colour)


@pytest.mark.parametrize("colour", [WHITE, BLACK, (255, 45, 85), (128, 128, 128)])
def test_the_click_is_seen_on_any_page(colour: Any) -> None:
    answer = Grounding("Save", Point(0.5, 0.25), None, 0.8)
    y, x = np.nonzero(gap(draw_grounding(flat(colour), answer), flat(colour)) > 200)
    assert len(y) > 100
    assert max(abs(x.mean() - 350), abs(y.mean() - 105)) < 1.5
    assert 20 < np.ptp(x) < 80


@pytest.mark.parametrize("colour", [WHITE, BLACK])
def test_regions_are_framed_and_their_inside_is_left_alone(colour: Any) -> None:
    other = Candidate(Point(0.7, 0.3), Box(0.6, 0.2, 0.8, 0.4), 0.1)
    box = Box(0.2, 0.4, 0.3, 0.6)
    drawn = draw_grounding(flat(colour), Grounding("Save", None, box, 0.5, (other,)))
    differs = gap(drawn, flat(colour)) > 0
    for place in (box, other.box):
        x1, y1, x2, y2 = (round(side) for side in place.to_pixels(SIZE))
        assert not differs[y1 + 3 : y2 - 3, x1 + 3 : x2 - 3].any()
        for edge in (differs[y1 - 2, x1:x2], differs[y2 + 1, x1:x2], differs[y1:y2, x1 - 2]):
            assert edge[10:-10].all()


def test_the_borders_of_a_graph_are_drawn() -> None:
    pixels = np.full((SIZE[1], SIZE[0], 3), 255, np.uint8)
    pixels[140:280, 280:420] = (20, 90, 60)
    picture = Image.fromarray(pixels)
    drawn = draw_grounding(picture, NOTHING, build_ui_graph(pixels, 28))
    y, x = np.nonzero(gap(drawn, picture))
    assert (x.min(), y.min(), x.max(), y.max()) == (280, 140, 420, 280)
    assert not gap(drawn, picture)[145:275, 285:415].any()


def test_heat_is_densest_at_its_peak() -> None:
    heat = np.zeros((GRID.rows, GRID.columns), np.float32)
    heat[4:7, 10:14] = 0.3
    heat[5, 12] = 1
    glow = gap(draw_grounding(flat(), Grounding("Save", None, None, 0.5, heat=heat)), flat())
    peak, near, far = glow[150:160, 345:355], glow[150:160, 290:300], glow[300:, 400:]
    assert peak.mean() > near.mean() > far.max() == 0


def test_scores_glow_on_the_best_tokens_only() -> None:
    scores = np.zeros(GRID.count, np.float32)
    scores[:200] = 0.1
    scores[161] = 1.0
    plan = make_plan(GRID, scores, 200)
    bare = draw_plan(flat(), VisualPlan(GRID, plan.keep))
    glow = gap(draw_plan(flat(), plan), bare)
    row, column = divmod(161, GRID.columns)
    assert glow[row * 28 + 8 : row * 28 + 20, column * 28 + 8 : column * 28 + 20].mean() > 60
    assert not glow[:28].any()
    assert not glow[280:].any()


def test_what_says_nothing_changes_no_pixel() -> None:
    picture = page(PAGES[0]).crop((0, 0, *SIZE))
    even = np.full(GRID.count, 0.5, np.float32)
    dark = np.zeros((GRID.rows, GRID.columns), np.float32)
    for drawn in (
        plan_all(GRID).draw(picture),
        draw_plan(picture, VisualPlan(GRID, np.ones(GRID.count, bool), even)),
        draw_grounding(picture, NOTHING),
        draw_grounding(picture, Grounding("Save", None, None, 0.5, heat=dark)),
    ):
        assert not gap(drawn, picture).any()


def test_the_caption_tells_what_is_known() -> None:
    place = Point(0.5, 0.5)
    answers = [
        Grounding("Save", place, None, 0.8),
        Grounding("Cancel", place, None, 0.8),
        Grounding("Save", place, None, 0.1),
        Grounding("Save", None, None, 0.8),
        Grounding("Save", place, None, 0.8, tokens=Tokens(375, 180, 15)),
        Grounding("Save", place, None, 0.8, plan=plan_all(GRID)),
    ]
    drawn = [draw_grounding(flat(), answer) for answer in answers]
    captions = {one.crop((0, SIZE[1], *one.size)).tobytes() for one in drawn}
    assert len(captions) == len(answers)
    assert {one.size for one in drawn} == {drawn[0].size}
    assert 30 < drawn[0].height - SIZE[1] < 100


@pytest.mark.parametrize("mode", ["RGBA", "P", "L", "I;16", "1"])
def test_pictures_of_any_mode(mode: str) -> None:
    assert plan_all(GRID).draw(Image.new(mode, SIZE)).mode == "RGB"


def test_a_bad_picture_is_one_sentence() -> None:
    with pytest.raises(BadImage):
        draw_plan(b"no picture", plan_all(GRID))
