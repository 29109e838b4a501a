"""The pointer equals its formula, batches equal single images, and its extras change nothing new."""

from __future__ import annotations

import math

import pytest
import torch
from test_patch_scorer import gelu, linear, plain_attention, plain_norm, tokens
from torch import Tensor, nn

from grounding.errors import GroundingError
from grounding.pointer import NoneKey, OffsetHead, PointerHead, none_probability

D = 32


def head(dim: int = D, heads: int = 8) -> PointerHead:
    torch.manual_seed(0)
    made = PointerHead(dim, heads).eval()
    for parameter in made.parameters():
        nn.init.normal_(parameter, std=dim**-0.5)
    return made


def plain_logits(
    keys: Tensor, query: Tensor, names: dict[str, Tensor], heads: int
) -> list[list[float]]:
    """The published formula, one key and one query at a time."""

    def projected(x: list[float], at: str) -> list[float]:
        inner = linear(x, names[f"{at}.0.weight"], names[f"{at}.0.bias"])
        return linear([gelu(v) for v in inner], names[f"{at}.2.weight"], names[f"{at}.2.bias"])

    rows = keys.double().tolist()
    encoded = []
    for x, mixed in zip(rows, plain_attention(rows, names, "self_attention", heads), strict=True):
        total = [a + b for a, b in zip(x, mixed, strict=True)]
        encoded.append(
            projected(
                plain_norm(total, names["layer_norm.weight"], names["layer_norm.bias"]),
                "projection_enc",
            )
        )
    return [
        [
            sum(a * b for a, b in zip(asked, key, strict=True)) / math.sqrt(keys.shape[-1])
            for key in encoded
        ]
        for asked in (projected(x, "projection_dec") for x in query.double().tolist())
    ]


def test_it_equals_plain_loops_over_the_formula() -> None:
    model, keys, query = head(16, 4), tokens(7, 16), tokens(2, 16, seed=1)
    with torch.no_grad():
        got = model(keys[None], query[None])[0]
    expected = plain_logits(keys, query, model.state_dict(), 4)
    torch.testing.assert_close(got, torch.tensor(expected), atol=1e-5, rtol=0)
    assert float(got.std()) > 0.01


def test_the_tensors_have_the_published_names() -> None:
    ends = (".weight", ".bias")
    linears = [
        "projection_enc.0",
        "projection_enc.2",
        "projection_dec.0",
        "projection_dec.2",
        "layer_norm",
        "self_attention.out_proj",
    ]
    names = {name + end for name in linears for end in ends}
    names |= {"self_attention.in_proj_weight", "self_attention.in_proj_bias"}
    assert set(PointerHead(D).state_dict()) == names


def test_it_has_eight_weights_for_each_square_of_the_size() -> None:
    with torch.device("meta"):
        count = sum(parameter.numel() for parameter in PointerHead(2048).parameters())
    assert count == 8 * 2048**2 + 10 * 2048


def test_a_padded_batch_equals_single_images() -> None:
    model, sizes = head(), (40, 17, 1)
    keys, pad = torch.full((3, 40, D), 1e4), torch.ones(3, 40, dtype=torch.bool)
    for i, count in enumerate(sizes):
        here = slice(40 - count, 40) if i == 1 else slice(0, count)
        keys[i, here], pad[i, here] = tokens(count, seed=i), False
    query = torch.stack([tokens(2, seed=9 + i) for i in range(3)])
    with torch.no_grad():
        together = model(keys, query, pad)
        for i, count in enumerate(sizes):
            alone = model(tokens(count, seed=i)[None], query[i : i + 1])[0]
            torch.testing.assert_close(together[i][:, ~pad[i]], alone, atol=1e-6, rtol=0)
            assert (together[i][:, pad[i]] == -torch.inf).all()
            assert together[i].softmax(-1)[:, pad[i]].sum() == 0


def test_bfloat16_gives_float32_logits_close_to_the_exact_ones() -> None:
    model, keys, query = head(), tokens(300)[None], tokens(1, seed=1)[None]
    with torch.no_grad():
        exact = model(keys, query)
        mixed = model(keys.bfloat16(), query.bfloat16())
        half = model.bfloat16()(keys.bfloat16(), query.bfloat16())
        with torch.autocast("cpu", torch.bfloat16):
            auto = model.float()(keys, query)
    for logits in (mixed, half, auto):
        assert logits.dtype == torch.float32
        assert (logits - exact).abs().max() < 0.05 * exact.abs().max()
        assert len(logits.unique()) > 290


@pytest.mark.parametrize("dim", [100, 13, 7])
def test_sizes_that_eight_does_not_divide_work(dim: int) -> None:
    with torch.no_grad():
        assert head(dim)(tokens(5, dim)[None], tokens(1, dim)[None]).isfinite().all()


def test_an_image_without_tokens_is_refused_in_a_sentence() -> None:
    with pytest.raises(GroundingError, match="needs visual tokens, but one has none"):
        head()(tokens(0)[None], tokens(1)[None])


def test_a_new_offset_head_says_the_centre_and_a_trained_one_stays_in_the_token() -> None:
    torch.manual_seed(0)
    model, keys, query = OffsetHead(D, width=8), tokens(5)[None], tokens(3, seed=1)[None]
    assert model(keys, query).shape == (1, 3, 5, 2)
    assert model(keys, query).abs().max() == 0
    nn.init.normal_(model.out.weight, std=30)
    got = model.bfloat16()(keys, query)
    assert got.dtype == torch.float32
    assert 0.1 < got.abs().max() <= 0.5


def test_the_offset_of_a_pair_depends_on_that_key_and_query_only() -> None:
    torch.manual_seed(0)
    model, keys, query = OffsetHead(D), tokens(5)[None], tokens(3, seed=1)[None]
    nn.init.normal_(model.out.weight)
    together = model(keys, query)
    for q in range(3):
        for m in range(5):
            alone = model(keys[:, m : m + 1], query[:, q : q + 1])[0, 0, 0]
            torch.testing.assert_close(together[0, q, m], alone, atol=1e-6, rtol=0)


def test_the_none_key_is_one_more_key_in_the_softmax() -> None:
    model, keys, query = head(), tokens(6)[None], tokens(2, seed=1)[None]
    none = NoneKey(D)
    nn.init.normal_(none.key)
    with torch.no_grad():
        logits, extra = model(keys, query), none(model, query)
        asked = model.projection_dec(query)
        expected = (asked @ none.key) / math.sqrt(D)
        torch.testing.assert_close(extra, expected)
        joint = torch.cat([logits, extra[..., None]], -1).softmax(-1)
        torch.testing.assert_close(none_probability(extra, logits), joint[..., -1])
        padded = torch.cat([logits, torch.full((1, 2, 3), -torch.inf)], -1)
        torch.testing.assert_close(none_probability(extra, padded), joint[..., -1])


def test_a_new_none_key_leaves_a_sure_pointer_alone_and_its_threshold_travels_with_it() -> None:
    none, other = NoneKey(D), NoneKey(D)
    logits = torch.tensor([[[20.0, 0.0, 1.0], [-9.0, -8.0, -9.0]]])
    extra = none(head(), tokens(2)[None])
    assert none.says_none(extra, logits).tolist() == [[False, True]]
    none.set_threshold(0.9999)
    other.load_state_dict(none.state_dict())
    assert other.says_none(extra, logits).tolist() == [[False, False]]
    for wrong in (-0.1, 1.5, math.nan):
        with pytest.raises(GroundingError, match="between 0 and 1"):
            none.set_threshold(wrong)
