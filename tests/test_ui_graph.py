"""The UI graph equals a plain double loop, built at once or brought up to date."""

from __future__ import annotations

import math
import random
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from grounding.components import label_regions
from grounding.errors import GroundingError
from grounding.ui_graph import (
    PAPER_TAU,
    RELEASED_TAU,
    UIGraph,
    Weight,
    build_ui_graph,
    update_ui_graph,
)

Pixels = NDArray[np.uint8]
REAL = sorted((Path(__file__).parent / "data/reader").glob("*.png"))


def plain_labels(joined: Any, rows: int, columns: int) -> NDArray[np.int32]:
    """Flood from each cell that has no label yet; ``joined`` compares two cells."""
    labels = np.full((rows, columns), -1, np.int32)
    count = 0
    for row in range(rows):
        for column in range(columns):
            if labels[row, column] >= 0:
                continue
            labels[row, column] = count
            stack = [(row, column)]
            while stack:
                y, x = stack.pop()
                for v, u in ((y, x + 1), (y + 1, x), (y, x - 1), (y - 1, x)):
                    inside = 0 <= v < rows and 0 <= u < columns
                    if inside and labels[v, u] < 0 and joined((y, x), (v, u)):
                        labels[v, u] = count
                        stack.append((v, u))
            count += 1
    return labels


def plain_graph(pixels: Pixels, factor: int, tau: float) -> NDArray[np.int32]:
    """Compare cell by cell: the distance of all their pixels, channels in 0..1."""
    rows, columns = pixels.shape[0] // factor, pixels.shape[1] // factor

    def cell(place: tuple[int, int]) -> NDArray[np.int64]:
        top, left = place[0] * factor, place[1] * factor
        return pixels[top : top + factor, left : left + factor].astype(np.int64)

    @lru_cache(None)
    def joined(one: tuple[int, int], two: tuple[int, int]) -> bool:
        # In whole numbers, so that the limit itself is decided exactly.
        return int(((cell(one) - cell(two)) ** 2).sum()) < round(tau * tau * 255**2, 6)

    return plain_labels(joined, rows, columns)


def screenshot(seed: int, rows: int, columns: int, factor: int) -> Pixels:
    """Draw boxes, words and soft shades, with or without the noise of a lossy picture."""
    rng = random.Random(seed)
    width, height = columns * factor, rows * factor

    def colour() -> tuple[int, int, int]:
        return rng.randrange(256), rng.randrange(256), rng.randrange(256)

    picture = Image.new("RGB", (width, height), colour())
    if seed % 3 == 0:
        shade = Image.linear_gradient("L").resize((width, height))
        picture = Image.merge("RGB", [shade.point(lambda v, k=k: v * k // 4) for k in (1, 2, 3)])
    draw = ImageDraw.Draw(picture)
    for _ in range(rng.randrange(12)):
        x, y = rng.randrange(width), rng.randrange(height)
        draw.rectangle((x, y, x + rng.randrange(200), y + rng.randrange(120)), fill=colour())
        draw.text((x + 5, y + 5), rng.choice(["Save", "Cancel", "Sign in"]), fill=colour())
    pixels = np.array(picture)
    if seed % 4 == 1:
        grain = np.random.default_rng(seed).normal(0, rng.uniform(1, 9), pixels.shape)
        pixels = np.clip(pixels + grain, 0, 255).astype(np.uint8)
    return pixels


def assert_same(one: UIGraph, two: UIGraph) -> None:
    for name in ("right", "down", "cell_colours", "labels", "sizes", "boxes", "colours"):
        assert np.array_equal(getattr(one, name), getattr(two, name)), name
    assert np.array_equal(one.adjacency, two.adjacency)
    assert np.array_equal(one.scores(), two.scores())


def crop(pixels: Pixels, factor: int) -> Pixels:
    height, width = (side // factor * factor for side in pixels.shape[:2])
    return pixels[:height, :width]


@pytest.mark.parametrize("part", range(4))
def test_graphs_of_200_screens_equal_a_double_loop(part: int) -> None:
    for seed in range(part, 200, 4):
        rng = random.Random(seed)
        factor, tau = rng.choice([28, 32]), rng.choice([RELEASED_TAU, PAPER_TAU, 0.3])
        pixels = screenshot(seed, rng.randint(1, 9), rng.randint(1, 12), factor)
        graph = build_ui_graph(pixels, factor, tau=tau)
        assert np.array_equal(graph.labels, plain_graph(pixels, factor, tau)), seed


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
@pytest.mark.parametrize("factor", [28, 32])
def test_graphs_of_real_pages_equal_a_double_loop(path: Path, factor: int) -> None:
    pixels = crop(np.array(Image.open(path).convert("RGB")), factor)
    for tau in (RELEASED_TAU, PAPER_TAU):
        expected = plain_graph(pixels, factor, tau)
        assert 1 < expected.max() < expected.size - 1
        assert np.array_equal(build_ui_graph(pixels, factor, tau=tau).labels, expected)


@pytest.mark.parametrize("seed", range(40))
def test_a_graph_brought_up_to_date_equals_a_new_one(seed: int) -> None:
    rng = random.Random(seed)
    factor, rows, columns = rng.choice([28, 32]), rng.randint(1, 9), rng.randint(1, 12)
    pixels = screenshot(seed, rows, columns, factor)
    graph = build_ui_graph(pixels, factor, tau=RELEASED_TAU)
    for step in range(4):
        height, width = pixels.shape[:2]
        x1, x2 = sorted(rng.sample(range(width + 1), 2))
        y1, y2 = sorted(rng.sample(range(height + 1), 2))
        pixels = pixels.copy()
        pixels[y1:y2, x1:x2] = screenshot(seed + step + 1, rows, columns, factor)[y1:y2, x1:x2]
        graph = update_ui_graph(graph, pixels, (x1, y1, x2, y2))
        assert_same(graph, build_ui_graph(pixels, factor, tau=RELEASED_TAU))


def test_a_change_may_lie_outside_or_be_empty() -> None:
    pixels = screenshot(5, 6, 6, 28)
    graph = build_ui_graph(pixels, 28)
    assert_same(update_ui_graph(graph, pixels, (-50, -50, 900, 900)), graph)
    for nothing in ((0, 0, 0, 0), (500, 500, 600, 600), (-30, -30, -5, -5), (40, 40, 40, 90)):
        assert update_ui_graph(graph, pixels, nothing) is graph


def test_the_limit_is_exact() -> None:
    """One and the other side of tau, where the bounds of a quick comparison cannot decide."""
    pixels = np.zeros((28, 56, 3), np.uint8)
    flat = pixels[:, 28:].reshape(28, -1)
    flat[0, :2] = 255  # 2 * 255^2: the distance is sqrt(2), exactly
    pixels[:, 28:] = flat.reshape(28, 28, 3)
    assert build_ui_graph(pixels, 28, tau=RELEASED_TAU).sizes.tolist() == [1, 1]
    pixels[0, 28, 0] = 254
    assert build_ui_graph(pixels, 28, tau=RELEASED_TAU).sizes.tolist() == [2]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 5), st.integers(1, 5), st.floats(0.05, 40))
def test_any_pixels_equal_a_double_loop(seed: int, rows: int, columns: int, tau: float) -> None:
    rng = np.random.default_rng(seed)
    spread = int(rng.integers(1, 128))
    pixels = rng.integers(128 - spread, 128 + spread, (rows * 28, columns * 28, 3), np.uint8)
    pixels[rng.random(pixels.shape) < rng.random()] = 128
    assert np.array_equal(build_ui_graph(pixels, 28, tau=tau).labels, plain_graph(pixels, 28, tau))


@pytest.mark.parametrize("factor", [1, 3, 130])
@pytest.mark.parametrize("tau", [0.002, RELEASED_TAU, 90.0, 10_000.0])
def test_cells_of_any_side(factor: int, tau: float) -> None:
    """Sums of squares of large black and white cells need more than 32 bits."""
    rng = np.random.default_rng(factor)
    cells = 255 * (rng.random((3, 4, 3)) < 0.5).astype(np.uint8)
    pixels = cells.repeat(factor, axis=0).repeat(factor, axis=1)
    expected = plain_graph(pixels, factor, tau)
    assert np.array_equal(build_ui_graph(pixels, factor, tau=tau).labels, expected)


def test_the_released_code_is_the_paper_s_equation_with_a_smaller_tau() -> None:
    """It stacks a frame twice, which makes every distance sqrt(2) times larger."""
    pixels = screenshot(9, 8, 10, 28)
    cells = pixels.reshape(8, 28, 10, 28, 3).transpose(0, 2, 1, 3, 4).reshape(8, 10, -1)
    doubled = np.concatenate([cells, cells], axis=2) / 255

    def joined(one: tuple[int, int], two: tuple[int, int]) -> bool:
        return bool(np.linalg.norm(doubled[one] - doubled[two]) < 2.0)

    graph = build_ui_graph(pixels, 28, tau=RELEASED_TAU)
    assert np.array_equal(graph.labels, plain_labels(joined, 8, 10))


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 12), st.integers(1, 12), st.floats(0, 1), st.integers(0, 2**32))
def test_regions_equal_a_flood(rows: int, columns: int, share: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    right = rng.random((rows, columns - 1)) < share
    down = rng.random((rows - 1, columns)) < share

    def joined(one: tuple[int, int], two: tuple[int, int]) -> bool:
        (y, x), (v, u) = sorted([one, two])
        return bool(right[y, x] if y == v else down[y, x])

    labels = label_regions(right, down)
    assert labels.dtype == np.int32
    assert np.array_equal(labels, plain_labels(joined, rows, columns))


def test_a_long_winding_region_is_one() -> None:
    side = 301
    right, down = np.ones((side, side - 1), bool), np.zeros((side - 1, side), bool)
    right[1::2] = False
    down[0::4, -1] = down[1::4, -1] = down[2::4, 0] = down[3::4, 0] = True
    labels = label_regions(right, down)
    assert np.all(labels[::2] == 0)
    assert labels.max() == (side // 2) * (side - 1)


def test_what_a_graph_tells_equals_plain_counts() -> None:
    pixels = crop(np.array(Image.open(REAL[0]).convert("RGB")), 28)
    graph = build_ui_graph(pixels, 28)
    rows, columns = graph.labels.shape
    touching = set()
    for row in range(rows):
        for column in range(columns):
            for v, u in ((row, column + 1), (row + 1, column)):
                if v < rows and u < columns and graph.labels[row, column] != graph.labels[v, u]:
                    pair = sorted((int(graph.labels[row, column]), int(graph.labels[v, u])))
                    touching.add((pair[0], pair[1]))
    assert [tuple(pair) for pair in graph.adjacency.tolist()] == sorted(touching)
    assert len(graph.sizes) == len(graph.boxes) == len(graph.colours) == graph.labels.max() + 1
    for number, size in enumerate(graph.sizes):
        y, x = np.nonzero(graph.labels == number)
        assert size == len(y)
        assert graph.boxes[number].tolist() == [x.min(), y.min(), x.max() + 1, y.max() + 1]
        mean = graph.cell_colours[y, x].mean(axis=0)
        assert np.allclose(graph.colours[number], mean, atol=1e-3)
    nodes = graph.to_networkx()
    assert nodes.number_of_nodes() == len(graph.sizes)
    assert {(min(edge), max(edge)) for edge in nodes.edges} == touching
    assert nodes.nodes[0]["size"] == graph.sizes[0]
    assert nodes.nodes[0]["box"] == tuple(graph.boxes[0].tolist())


def test_colours_are_near_the_mean_of_all_pixels() -> None:
    flat = np.full((56, 84, 3), (10, 200, 90), np.uint8)
    assert build_ui_graph(flat, 28).colours.tolist() == [[10, 200, 90]]
    pixels = crop(np.array(Image.open(REAL[0]).convert("RGB")), 28)
    graph = build_ui_graph(pixels, 28)
    rows, columns = graph.labels.shape
    means = pixels.reshape(rows, 28, columns, 28, 3).mean(axis=(1, 3))
    assert np.abs(graph.cell_colours - means).mean() < 6


@pytest.mark.parametrize("weight", ["log", "sqrt", "inverse"])
def test_scores_fall_with_the_size_of_a_region(weight: Weight) -> None:
    pixels = screenshot(2, 9, 12, 28)
    graph = build_ui_graph(pixels, 28, weight=weight)
    scores, plain = graph.scores(), np.zeros(graph.labels.shape)
    for place, number in np.ndenumerate(graph.labels):
        size = int((graph.labels == number).sum())
        plain[place] = {
            "log": 1 / max(1, math.log(size + 1)),
            "sqrt": 1 / math.sqrt(size),
            "inverse": 1 / size,
        }[weight]
    assert scores.dtype == np.float32
    assert np.allclose(scores, plain, rtol=1e-6)
    assert 0 < scores.min() <= scores.max() <= 1


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 500))
def test_flipping_a_screen_flips_its_scores(seed: int) -> None:
    pixels = screenshot(seed, 6, 8, 28)
    scores = build_ui_graph(pixels, 28).scores()
    for flip in (np.flipud, np.fliplr):
        assert np.array_equal(build_ui_graph(flip(pixels), 28).scores(), flip(scores))


@pytest.mark.parametrize(
    ("pixels", "options"),
    [
        (np.zeros((28, 30, 3), np.uint8), {}),
        (np.zeros((0, 28, 3), np.uint8), {}),
        (np.zeros((28, 28), np.uint8), {}),
        (np.zeros((28, 28, 4), np.uint8), {}),
        (np.zeros((28, 28, 3), np.float32), {}),
        (np.zeros((28, 28, 3), np.uint8), {"tau": math.nan}),
        (np.zeros((28, 28, 3), np.uint8), {"tau": 0.0}),
        (np.zeros((28, 28, 3), np.uint8), {"weight": "cube"}),
        (np.zeros((28, 28, 3), np.uint8), {"factor": 0}),
    ],
)
def test_bad_screens_are_refused_in_one_sentence(pixels: Any, options: dict[str, Any]) -> None:
    with pytest.raises(GroundingError) as caught:
        build_ui_graph(pixels, **{"factor": 28, **options})
    assert 10 < len(str(caught.value)) < 250
    assert "\n" not in str(caught.value)


def test_a_graph_of_another_size_is_refused() -> None:
    graph = build_ui_graph(np.zeros((56, 56, 3), np.uint8), 28)
    with pytest.raises(GroundingError, match="another size"):
        update_ui_graph(graph, np.zeros((56, 84, 3), np.uint8), (0, 0, 9, 9))
