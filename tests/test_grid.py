"""Preprocessing equals transformers' own; tokens and places map to each other; bad pictures."""

from __future__ import annotations

import contextlib
import io
import json
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from transformers.models.qwen2_vl import image_processing_pil_qwen2_vl as stock

from grounding import grid as G
from grounding.errors import BadCheckpoint, BadImage
from grounding.types import Box, Point

QWEN25 = G.Preprocessing()
QWEN3 = G.Preprocessing(
    patch=16, min_pixels=65_536, max_pixels=16_777_216, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)
)


def stock_processor(how: G.Preprocessing) -> stock.Qwen2VLImageProcessorPil:
    return stock.Qwen2VLImageProcessorPil(
        patch_size=how.patch,
        merge_size=how.merge,
        temporal_patch_size=how.temporal,
        size={"shortest_edge": how.min_pixels, "longest_edge": how.max_pixels},
        image_mean=list(how.mean),
        image_std=list(how.std),
        resample=how.resample,
    )


def noise(width: int, height: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("how", [QWEN25, QWEN3], ids=["qwen2.5", "qwen3"])
@pytest.mark.parametrize(
    "size", [(1, 1), (15, 17), (17, 500), (57, 56), (224, 224), (333, 251), (640, 96), (97, 801)]
)
def test_preprocessing_equals_transformers(how: G.Preprocessing, size: tuple[int, int]) -> None:
    picture = Image.fromarray(noise(*size, seed=sum(size)))
    theirs = stock_processor(how)(images=[picture], return_tensors="np")
    ours, grid = G.preprocess(picture, how)
    assert ours.dtype == np.float32
    assert ours.flags.c_contiguous
    assert np.array_equal(ours, theirs["pixel_values"])
    assert theirs["image_grid_thw"].tolist() == [list(grid.thw)]
    assert len(ours) == grid.count * how.merge**2


@pytest.mark.parametrize("most", [3136, 20_000, 100_000])
def test_preprocessing_equals_transformers_where_it_shrinks(most: int) -> None:
    how = G.Preprocessing(max_pixels=most)
    picture = Image.open(Path(__file__).parent / "data/reader/000001.png").convert("RGB")
    theirs = stock_processor(how)(images=[picture], return_tensors="np")
    ours, grid = G.preprocess(picture, how)
    assert np.array_equal(ours, theirs["pixel_values"])
    assert grid.resized_width * grid.resized_height <= most


@pytest.mark.parametrize("mode", ["L", "P", "1"])
def test_other_modes_equal_transformers(mode: str) -> None:
    picture = Image.fromarray(noise(150, 90)).convert(mode)
    theirs = stock_processor(QWEN25)(images=[picture], return_tensors="np")
    assert np.array_equal(G.preprocess(picture, QWEN25)[0], theirs["pixel_values"])


def test_four_patches_of_a_token_are_neighbours() -> None:
    pixels = noise(28 * 5, 28 * 3)
    how = G.Preprocessing(min_pixels=1, mean=(0, 0, 0), std=(1, 1, 1))
    patches, grid = G.preprocess(pixels, how)
    again = np.zeros_like(pixels)
    for index, patch in enumerate(patches):
        token, part = divmod(index, 4)
        top = (token // grid.columns) * 28 + (part // 2) * 14
        left = (token % grid.columns) * 28 + (part % 2) * 14
        frames = patch.reshape(3, 2, 14, 14)
        assert np.array_equal(frames[:, 0], frames[:, 1])
        colours = (frames[:, 0] * 255).round().astype(np.uint8)
        again[top : top + 14, left : left + 14] = colours.transpose(1, 2, 0)
    assert np.array_equal(again, pixels)


sides = st.integers(1, 4000)
factors = st.sampled_from([28, 32])


@settings(max_examples=300, deadline=None)
@given(sides, sides, factors, st.integers(1, 10_000), st.integers(20_000, 10**7))
def test_smart_resize_equals_transformers(
    width: int, height: int, factor: int, least: int, most: int
) -> None:
    assume(max(width, height) <= 200 * min(width, height))
    assume(round(min(width, height) / factor) > 0)  # for the others see below
    theirs = stock.smart_resize(height, width, factor, least, most)
    assert G.smart_resize(width, height, factor, least, most) == theirs[::-1]


@settings(max_examples=200, deadline=None)
@given(sides, sides, factors)
def test_smart_resize_keeps_its_bounds(width: int, height: int, factor: int) -> None:
    assume(max(width, height) <= 20 * min(width, height))
    across, down = G.smart_resize(width, height, factor, 80_000, 1_000_000)
    assert across % factor == down % factor == 0
    assert 80_000 <= across * down <= 1_000_000
    assert abs(math.log(across / down / (width / height))) < math.log(2)


def test_a_thin_picture_takes_a_row_of_tokens() -> None:
    # Its height rounds to nothing. Then transformers shrinks the width as well, to 728; FocusUI's
    # training did as we do.
    assert stock.smart_resize(12, 2000, 28, 3136, 10**7) == (28, 728)
    assert G.smart_resize(2000, 12, 28, 3136, 10**7) == (1988, 28)


def test_settings_of_a_folder_written_by_transformers(tmp_path: Path) -> None:
    how = G.Preprocessing(16, 2, 2, 4000, 900_000, (0.1, 0.2, 0.3), (0.4, 0.5, 0.6), 2)
    stock_processor(how).save_pretrained(tmp_path)
    assert G.Preprocessing.from_folder(tmp_path) == how


def test_settings_where_transformers_5_puts_them(tmp_path: Path) -> None:
    stock_processor(QWEN3).save_pretrained(tmp_path)
    own = tmp_path / "preprocessor_config.json"
    whole = {"processor_class": "P", "image_processor": json.loads(own.read_text())}
    (tmp_path / "processor_config.json").write_text(json.dumps(whole))
    own.write_text(json.dumps({"patch_size": 14}))
    assert G.Preprocessing.from_folder(tmp_path) == QWEN3
    own.unlink()
    assert G.Preprocessing.from_folder(tmp_path) == QWEN3


def test_settings_of_an_older_processor_beside_a_chat_template(tmp_path: Path) -> None:
    (tmp_path / "processor_config.json").write_text('{"processor_class": "P"}')
    (tmp_path / "preprocessor_config.json").write_text('{"patch_size": 16}')
    assert G.Preprocessing.from_folder(tmp_path).patch == 16


@pytest.mark.parametrize(
    "spelling",
    [
        {"min_pixels": 3136, "max_pixels": 5_720_064},
        {"size": {"shortest_edge": 3136, "longest_edge": 5_720_064}},
        {"size": {"min_pixels": 3136, "max_pixels": 5_720_064}},
        {"min_pixels": 3136, "max_pixels": 5_720_064, "size": {"shortest_edge": 1}},
    ],
)
def test_every_spelling_of_the_bounds(spelling: dict[str, Any]) -> None:
    how = G.Preprocessing.from_dict(spelling)
    assert (how.min_pixels, how.max_pixels) == (3136, 5_720_064)
    theirs = stock.Qwen2VLImageProcessorPil(**json.loads(json.dumps(spelling)))
    if "min_pixels" not in spelling.get("size", {}):
        assert theirs.size["shortest_edge"] == 3136


@pytest.mark.parametrize("text", [None, "{", "[]", '{"image_mean": 3}', '{"patch_size": "x"}'])
def test_settings_that_cannot_be_used(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "preprocessor_config.json").write_text(text)
    with pytest.raises(BadCheckpoint) as caught:
        G.Preprocessing.from_folder(tmp_path)
    assert "\n" not in str(caught.value)


grids = st.builds(
    lambda columns, rows: G.PatchGrid(777, 555, columns * 28, rows * 28, 14, 2),
    st.integers(1, 60),
    st.integers(1, 60),
)
shares = st.floats(0, 1)


@settings(max_examples=100, deadline=None)
@given(grids)
def test_tokens_and_their_places(grid: G.PatchGrid) -> None:
    for index in range(grid.count):
        place = grid.token_box(index)
        assert grid.token_at(place.center) == index
        assert grid.tokens_in(place).tolist() == [index]
    assert grid.tokens_in(Box(0, 0, 1, 1)).tolist() == list(range(grid.count))


@settings(max_examples=100, deadline=None)
@given(grids, shares, shares, shares, shares)
def test_tokens_in_a_box_equal_a_double_loop(
    grid: G.PatchGrid, x1: float, x2: float, y1: float, y2: float
) -> None:
    box = Box(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
    assume(box.x2 - box.x1 > 1e-4 and box.y2 - box.y1 > 1e-4)
    expected = []
    for row in range(grid.rows):
        for column in range(grid.columns):
            across = min(box.x2 * grid.columns, column + 1) - max(box.x1 * grid.columns, column)
            down = min(box.y2 * grid.rows, row + 1) - max(box.y1 * grid.rows, row)
            if across > 1e-6 and down > 1e-6:
                expected.append(row * grid.columns + column)
    assert grid.tokens_in(box).tolist() == expected


def test_a_box_without_area_is_the_token_at_its_centre() -> None:
    grid = G.PatchGrid(100, 100, 280, 280, 14, 2)
    assert grid.tokens_in(Box(0.55, 0.31, 0.55, 0.31)).tolist() == [35]
    assert grid.tokens_in(Box(1, 1, 1, 1)).tolist() == [99]
    assert grid.token_at(Point(1, 1)) == 99
    with pytest.raises(IndexError):
        grid.token_box(100)


def test_a_grid_survives_json() -> None:
    grid = G.preprocess(noise(300, 200), QWEN25)[1]
    assert G.PatchGrid.from_dict(json.loads(json.dumps(grid.to_dict()))) == grid
    assert grid.size == (300, 200)
    assert (grid.columns, grid.rows) == (11, 7)


GREY = np.linspace(0, 255, 48).round().astype(np.uint8).reshape(6, 8)


@pytest.mark.parametrize(
    "picture",
    [
        GREY,
        GREY.astype(np.uint16) * 257,
        (GREY.astype(np.uint16) * 257).astype(">u2"),
        GREY.astype(np.int64),
        GREY / 255,
        GREY.astype(np.float32),
        np.stack([GREY] * 3, axis=2),
        Image.fromarray(GREY),
        Image.fromarray(GREY.astype(np.uint16) * 257),
        Image.fromarray(GREY.astype(np.int32) * 257),
        Image.fromarray(GREY.astype(np.float32)),
        Image.fromarray(GREY).convert("P"),
        Image.fromarray(GREY).convert("LA"),
        Image.fromarray(GREY).convert("RGBA"),
        Image.fromarray(GREY).convert("RGB").convert("CMYK"),
    ],
    ids=lambda picture: getattr(picture, "mode", None) or str(picture.dtype),
)
def test_grey_of_any_kind_is_the_same_rgb(picture: Any) -> None:
    pixels = np.asarray(G.to_rgb(picture)).astype(int)
    assert pixels.shape == (6, 8, 3)
    assert np.abs(pixels - GREY[:, :, None]).max() <= 1


def test_black_and_white() -> None:
    mask = GREY > 100
    for picture in (mask, Image.fromarray(mask)):
        assert np.array_equal(np.asarray(G.to_rgb(picture))[:, :, 0], mask * np.uint8(255))


def test_transparent_parts_are_white() -> None:
    clear = Image.new("RGBA", (4, 4), (200, 0, 0, 0))
    palette = Image.new("P", (4, 4), 0)
    palette.putpalette([0, 0, 0] * 256)
    palette.info["transparency"] = 0
    for picture in (clear, clear.convert("LA"), np.asarray(clear), palette):
        assert G.to_rgb(picture).getcolors() == [(16, (255, 255, 255))]
    half = G.to_rgb(Image.new("RGBA", (1, 1), (0, 0, 0, 128)))
    assert half.getpixel((0, 0)) == (127, 127, 127)


def encoded(picture: Image.Image, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind)
    return buffer.getvalue()


def test_paths_and_bytes(tmp_path: Path) -> None:
    pixels = noise(9, 5)
    data = encoded(Image.fromarray(pixels))
    path = tmp_path / "a.png"
    path.write_bytes(data)
    for source in (data, path, str(path)):
        assert np.array_equal(np.asarray(G.to_rgb(source)), pixels)


def huge() -> bytes:
    """A file that claims a million pixels a side."""
    data = bytearray(encoded(Image.new("L", (1, 1))))
    data[16:24] = (10**6).to_bytes(4, "big") * 2
    return bytes(data)


def lazy() -> Image.Image:
    """A truncated picture that nobody has decoded yet."""
    return Image.open(io.BytesIO(encoded(Image.fromarray(noise(64, 64)))[:600]))


@pytest.mark.parametrize(
    "make",
    [
        lambda: b"",
        lambda: b"not a picture",
        lambda: "/nowhere/at/all.png",
        lambda: "/",
        lambda: encoded(Image.fromarray(noise(64, 64)))[:600],
        lazy,
        huge,
        lambda: Image.new("RGB", (20_000, 20)),
        lambda: Image.new("L", (20_001, 10_000)),
        lambda: Image.new("RGB", (0, 0)),
        lambda: np.zeros((0, 5, 3), np.uint8),
        lambda: np.zeros((5, 5, 7), np.uint8),
        lambda: np.zeros(5, np.uint8),
        lambda: np.full((5, 5), np.nan),
        lambda: np.full((5, 5), "x"),
        lambda: None,
        lambda: 3,
    ],
)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_bad_pictures_are_refused_in_one_sentence(make: Callable[[], Any]) -> None:
    with pytest.raises(BadImage) as caught:
        G.preprocess(make(), QWEN25)
    assert 10 < len(str(caught.value)) < 250
    assert "\n" not in str(caught.value)


def test_a_picture_of_one_pixel_is_seen() -> None:
    patches, grid = G.preprocess(Image.new("RGB", (1, 1), "red"), QWEN25)
    assert (grid.columns, grid.rows, len(patches)) == (2, 2, 16)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "WEBP", "PPM", "DDS"])
@pytest.mark.filterwarnings("ignore")
def test_damaged_files_raise_nothing_else(kind: str) -> None:
    rng = random.Random(kind)
    whole = encoded(Image.fromarray(noise(24, 16)), kind)
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(rng.choice((1, 3, 10))):
            data[rng.randrange(min(len(data), rng.choice((64, 10**6))))] = rng.randrange(256)
        with contextlib.suppress(BadImage):
            assert G.to_rgb(bytes(data)).mode == "RGB"
