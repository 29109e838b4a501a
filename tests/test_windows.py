"""A screen that is looked at again: the same answer, with only the changed windows computed."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from grounding.backbones.backbone import Backbone
from grounding.errors import GroundingError
from grounding.grid import PatchGrid, Preprocessing, preprocess
from grounding.tiny import TinySizes, tiny_model

HOW = Preprocessing(patch=14, min_pixels=1000, max_pixels=200_000)


@pytest.fixture(scope="module")
def backbone() -> Backbone:
    return Backbone(tiny_model("qwen2.5", seed=1, sizes=TinySizes(vision_layers=4))[0])


def screen(seed: int = 0, size: tuple[int, int] = (308, 420)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)


def prepared(picture: np.ndarray) -> tuple[np.ndarray, PatchGrid]:
    return preprocess(picture, HOW)


@torch.no_grad()
def test_windows_that_did_not_change_are_reused(backbone: Backbone) -> None:
    picture = screen()
    first, memory = backbone.encode_again(*prepared(picture))
    stock = backbone.encode([prepared(picture)[0]], [prepared(picture)[1]])
    assert float((first.tokens[0] - stock.tokens[0]).abs().max()) < 1e-5
    assert memory.computed == memory.windows > 20

    picture = picture.copy()
    picture[10:20, 10:20] = 255  # inside one window of 56 pixels
    again, memory = backbone.encode_again(*prepared(picture), memory)
    pixels, grid = prepared(picture)
    stock = backbone.encode([pixels], [grid])
    assert float((again.tokens[0] - stock.tokens[0]).abs().max()) < 1e-5
    assert memory.computed == 1

    same, memory = backbone.encode_again(pixels, grid, memory)
    assert memory.computed == 0
    assert torch.allclose(same.tokens[0], again.tokens[0], atol=1e-6)


@torch.no_grad()
def test_a_chain_of_changes_does_not_drift(backbone: Backbone) -> None:
    draw, picture, memory = np.random.default_rng(3), screen(), None
    for _ in range(6):
        picture = picture.copy()
        y, x = int(draw.integers(0, 250)), int(draw.integers(0, 350))
        picture[y : y + 50, x : x + 60] = draw.integers(0, 256, 3)
        pixels, grid = prepared(picture)
        found, memory = backbone.encode_again(pixels, grid, memory)
    stock = backbone.encode([pixels], [grid])
    assert float((found.tokens[0] - stock.tokens[0]).abs().max()) < 1e-5


@torch.no_grad()
def test_another_size_is_looked_at_from_nothing(backbone: Backbone) -> None:
    _, memory = backbone.encode_again(*prepared(screen()))
    _, other = backbone.encode_again(*prepared(screen(size=(196, 420))), memory)
    assert other.computed == other.windows


@pytest.mark.parametrize("family", ["qwen2", "qwen3"])
def test_towers_without_windows_say_so(family: str) -> None:
    model = tiny_model(family)[0]  # type: ignore[arg-type]
    how = Preprocessing(patch=model.config.vision_config.patch_size)
    with pytest.raises(GroundingError, match="begin with windows"):
        Backbone(model).encode_again(*preprocess(screen(), how))
