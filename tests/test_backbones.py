"""Compression changes nothing but what it leaves out: the stock models are the reference."""

from __future__ import annotations

import copy
from typing import Any, get_args

import numpy as np
import pytest
import torch
from torch import Tensor
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS
from transformers.vision_utils import get_vision_window_index

from grounding.backbones.backbone import Backbone
from grounding.backbones.compact import Prompt
from grounding.backbones.tower import TowerOutput, run_tower
from grounding.errors import BadCheckpoint, GroundingError
from grounding.grid import Preprocessing, preprocess
from grounding.plan import Share, VisualPlan, make_plan, plan_all
from grounding.tiny import Family, tiny_model

FAMILIES = get_args(Family)
SIZES = ((168, 112), (84, 140), (224, 56))
MARKER = "<|image_drop_end|>"


class Setting:
    """A tiny model with three pictures of different sizes and a prompt for each."""

    def __init__(self, family: Family) -> None:
        self.model, self.tokenizer = tiny_model(family, seed=3)
        self.backbone = Backbone(self.model)
        how = Preprocessing(
            patch=self.model.config.vision_config.patch_size, min_pixels=1000, max_pixels=60000
        )
        draw = np.random.default_rng(0)
        pictures = [draw.integers(0, 256, (h, w, 3), dtype=np.uint8) for w, h in SIZES]
        made = [preprocess(picture, how) for picture in pictures]
        self.pixels, self.grids = [one for one, _ in made], [grid for _, grid in made]
        self.encoded = self.encode(self.pixels, self.grids)
        self.texts = ["click Save", "Cancel", "the third button"]

    def encode(self, pixels: Any, grids: Any) -> TowerOutput:
        with torch.no_grad():
            return self.backbone.encode(pixels, grids)

    def prompt(self, *images: int, text: str = "click Save") -> Prompt:
        middle = "".join(
            "<|vision_start|>" + "<|image_pad|>" * self.grids[image].count + "<|vision_end|>"
            for image in images
        )
        ids = self.tokenizer(f"<|im_start|>user\n{middle}{text}<|im_end|>\n").input_ids
        return Prompt(ids, images)

    def batch(self, plans: list[VisualPlan], prompts: list[Prompt]) -> Any:
        marker = self.tokenizer.convert_tokens_to_ids(MARKER)
        assert isinstance(marker, int)
        return self.backbone.compact(prompts, self.encoded, plans, marker)

    def plans(self, share: float) -> list[VisualPlan]:
        draw = np.random.default_rng(1)
        return [make_plan(grid, draw.random(grid.count), Share(share)) for grid in self.grids]

    def stock(self, prompts: list[Prompt]) -> dict[str, Tensor]:
        """Return what a plain caller would hand to the plain model, left-padded."""
        width = max(len(prompt.ids) for prompt in prompts)
        pad = self.model.config.text_config.pad_token_id
        ids = torch.tensor([[pad] * (width - len(p.ids)) + list(p.ids) for p in prompts])
        mask = torch.tensor([[0] * (width - len(p.ids)) + [1] * len(p.ids) for p in prompts])
        order = [image for prompt in prompts for image in prompt.images]
        return {
            "input_ids": ids,
            "attention_mask": mask,
            "mm_token_type_ids": (ids == self.model.config.image_token_id).int(),
            "pixel_values": torch.from_numpy(np.concatenate([self.pixels[i] for i in order])),
            "image_grid_thw": torch.tensor([self.grids[i].thw for i in order]),
        }


@pytest.fixture(scope="module", params=FAMILIES)
def setting(request: pytest.FixtureRequest) -> Setting:
    return Setting(request.param)


@pytest.mark.parametrize("count", [1, 3])
def test_keeping_all_equals_the_plain_model(setting: Setting, count: int) -> None:
    prompts = [setting.prompt(i, text=setting.texts[i]) for i in range(count)]
    batch = setting.batch([plan_all(grid) for grid in setting.grids], prompts)
    stock = setting.stock(prompts)
    with torch.no_grad():
        expected = setting.model.model(**stock, use_cache=False).last_hidden_state
        found = setting.backbone.hidden(batch)
        assert torch.equal(batch.input_ids, stock["input_ids"])
        real = batch.attention_mask.bool()
        assert torch.equal(found[real], expected[real])
        setting.model.model.rope_deltas = None
        plain = setting.model.generate(**stock, max_new_tokens=5, do_sample=False)
        ours = setting.backbone.generate(batch, max_new_tokens=5, do_sample=False)
    assert torch.equal(ours, plain[:, stock["input_ids"].shape[1] :])


def test_survivors_keep_their_positions(setting: Setting) -> None:
    prompts, plans = [setting.prompt(0, 1), setting.prompt(2)], setting.plans(0.3)
    batch = setting.batch(plans, prompts)
    for row, prompt in enumerate(prompts):
        ids = torch.tensor([list(prompt.ids)])
        full, _ = setting.model.model.get_rope_index(
            ids,
            mm_token_type_ids=(ids == setting.model.config.image_token_id).int(),
            image_grid_thw=torch.tensor([setting.grids[i].thw for i in prompt.images]),
        )
        real = batch.source[row] >= 0
        places = batch.source[row][real]
        assert torch.equal(batch.position_ids[:, row, real], full[:, 0, places])
        marker = setting.tokenizer.convert_tokens_to_ids(MARKER)
        runs = sum(len(plans[image].runs) for image in prompt.images)
        assert int((batch.input_ids[row] == marker).sum()) == runs
        kept = sum(int(plans[image].keep.sum()) for image in prompt.images)
        visual = batch.input_ids[row] == setting.model.config.image_token_id
        assert int(visual.sum()) == kept


def test_batch_equals_single(setting: Setting) -> None:
    prompts, plans = (
        [setting.prompt(i, text=setting.texts[i]) for i in range(3)],
        setting.plans(0.4),
    )
    with torch.no_grad():
        together = setting.backbone.hidden(setting.batch(plans, prompts))
        for row, prompt in enumerate(prompts):
            alone = setting.backbone.hidden(setting.batch(plans, [prompt]))[0]
            gap = (together[row, -alone.shape[0] :] - alone).abs().max()
            assert float(gap) < 1e-5


def test_generation_equals_recomputing_without_a_cache(setting: Setting) -> None:
    prompt, plans = setting.prompt(0, 2), setting.plans(0.3)
    batch = setting.batch(plans, [prompt])
    with torch.no_grad():
        made = setting.backbone.generate(
            batch, max_new_tokens=6, do_sample=False, eos_token_id=None
        )[0]
        ids: list[int] = []
        for _ in range(len(made)):
            longer = Prompt([*prompt.ids, *ids], prompt.images)
            states = setting.backbone.hidden(setting.batch(plans, [longer]))
            ids.append(int(setting.model.lm_head(states[0, -1]).argmax()))
    assert made.tolist() == ids


def test_every_deepstack_layer_follows_the_kept_tokens() -> None:
    setting = Setting("qwen3")
    plans = setting.plans(0.3)
    batch = setting.batch(plans, [setting.prompt(1), setting.prompt(0)])
    assert len(batch.deepstack) == 2
    for layer, whole in zip(batch.deepstack, setting.encoded.deepstack, strict=True):
        for found, image in zip(layer, (1, 0), strict=True):
            assert torch.equal(found, whole[image][torch.from_numpy(plans[image].keep)])
    broken = Backbone(setting.model, one_deepstack_layer=True)
    with torch.no_grad():
        full = setting.batch([plan_all(grid) for grid in setting.grids], [setting.prompt(0)])
        assert torch.equal(broken.hidden(full), setting.backbone.hidden(full))
        assert not torch.allclose(broken.hidden(batch), setting.backbone.hidden(batch))


@pytest.mark.parametrize("attn", ["sdpa", "eager"])
def test_attention_implementations_agree(setting: Setting, attn: str) -> None:
    batch = setting.batch(setting.plans(0.5), [setting.prompt(0), setting.prompt(1)])
    before = setting.model.config._attn_implementation
    with torch.no_grad():
        expected = setting.backbone.hidden(batch)
        setting.model.set_attn_implementation(attn)
        found = setting.backbone.hidden(batch)
        setting.model.set_attn_implementation(before)
    real = batch.attention_mask.bool()
    assert float((found[real] - expected[real]).abs().max()) < 1e-5


def test_half_precision_runs(setting: Setting) -> None:
    half = Backbone(copy.deepcopy(setting.model).to(torch.bfloat16))
    with torch.no_grad():
        encoded = half.encode(setting.pixels, setting.grids)
        batch = half.compact([setting.prompt(0)], encoded, setting.plans(0.5), 0)
        found = half.hidden(batch)
    assert found.dtype == torch.bfloat16
    assert bool(found.isfinite().all())


def test_wrong_inputs_are_refused(setting: Setting) -> None:
    short = Prompt(setting.prompt(0).ids[:-20], (0, 1))
    with pytest.raises(GroundingError, match="visual tokens"):
        setting.batch(setting.plans(0.5), [short])
    with pytest.raises(GroundingError, match="no image"):
        setting.backbone.encode([], [])
    with pytest.raises(BadCheckpoint, match="cannot be driven"):
        Backbone(torch.nn.Module.__new__(_Other))


class _Other(torch.nn.Module):
    class config:
        model_type = "llama"


# The tower


def test_the_whole_tower_equals_the_stock_one(setting: Setting) -> None:
    pixels = torch.from_numpy(np.concatenate(setting.pixels))
    thw = torch.tensor([grid.thw for grid in setting.grids])
    with torch.no_grad():
        stock = setting.model.model.get_image_features(pixels, thw, return_dict=True)
    for expected, found in zip(stock.pooler_output, setting.encoded.tokens, strict=True):
        assert torch.equal(expected, found)


def window_order(setting: Setting, image: int) -> Tensor:
    """Return the patches of an image in the order the tower's layers see them."""
    visual, thw = setting.model.model.visual, torch.tensor([setting.grids[image].thw])
    if not hasattr(visual, "window_size"):
        return torch.arange(int(thw.prod()))
    index, _ = get_vision_window_index(
        thw, visual.spatial_merge_size, visual.window_size, visual.patch_size
    )
    unit = visual.spatial_merge_size**2
    return (index[:, None] * unit + torch.arange(unit)).flatten()


def watched(setting: Setting, image: int, seen: Tensor) -> tuple[Tensor, Tensor]:
    """Run the stock tower with attention from patches that are not ``seen`` blocked.

    Returns its output and the weights (heads, N, N) of the last layer.
    """
    visual, order = setting.model.model.visual, window_order(setting, image)
    at, last = 0, torch.zeros(0)

    def attend(_: Any, query: Tensor, key: Tensor, value: Tensor, *__: Any, **how: Any) -> Any:
        nonlocal at, last
        size = key.shape[2]
        here = seen[order][at : at + size]
        at = (at + size) % len(seen)
        weights = query @ key.transpose(2, 3) * how["scaling"]
        last = weights.masked_fill(~here[None, None, None], -1e30).softmax(-1)
        return (last @ value).transpose(1, 2), None

    before = visual.config._attn_implementation
    ALL_ATTENTION_FUNCTIONS["watched"] = attend
    visual.config._attn_implementation = "watched"
    try:
        with torch.no_grad():
            out = visual(
                torch.from_numpy(setting.pixels[image]),
                grid_thw=torch.tensor([setting.grids[image].thw]),
                return_dict=True,
            )
    finally:
        visual.config._attn_implementation = before
        del ALL_ATTENTION_FUNCTIONS["watched"]  # type: ignore[no-untyped-call]
    output: Tensor = out.pooler_output
    weights: Tensor = last[0]
    return output, weights


@pytest.mark.parametrize("image", [0, 1, 2])
def test_a_subset_equals_the_stock_tower_that_cannot_see_the_rest(
    setting: Setting, image: int
) -> None:
    keep = torch.rand(setting.grids[image].count, generator=torch.manual_seed(image)) < 0.5
    keep[0] = True
    visual = setting.model.model.visual
    expected, _ = watched(setting, image, keep.repeat_interleave(visual.spatial_merge_size**2))
    with torch.no_grad():
        found = run_tower(
            visual,
            torch.from_numpy(setting.pixels[image]),
            torch.tensor([setting.grids[image].thw]),
            [keep],
        )
    assert float((found.tokens[0] - expected[keep]).abs().max()) < 1e-5


def test_statistics_equal_the_full_matrix(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grounding.backbones.tower._BLOCK", 7)
    with torch.no_grad():
        found = setting.backbone.encode(setting.pixels, setting.grids, statistics=True)
    assert found.received is not None
    for image, received in enumerate(found.received):
        order = window_order(setting, image)
        _, weights = watched(setting, image, torch.ones(len(order), dtype=torch.bool))
        by_patch = torch.zeros(len(order))
        by_patch[order] = weights.mean((0, 1))
        expected = by_patch.view(len(received), -1).sum(1)
        assert float((received - expected).abs().max()) < 1e-5
