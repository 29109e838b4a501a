"""The scorer equals its formula, batches equal single images, and the names are the published."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from grounding.errors import GroundingError
from grounding.patch_scorer import PatchScorer, Pooling, SelfAttention, heads_for

D = 32


def scorer(dim: int = D, heads: int = 8, pooling: Pooling = "mean", seed: int = 0) -> PatchScorer:
    torch.manual_seed(seed)
    made = PatchScorer(dim, heads, pooling).eval()
    for parameter in made.parameters():  # biases and norms too, or an error in them would not show
        nn.init.normal_(parameter, std=dim**-0.5)
    return made


def tokens(count: int, dim: int = D, seed: int = 0) -> Tensor:
    return torch.randn(count, dim, generator=torch.Generator().manual_seed(seed))


def linear(x: list[float], weight: Tensor, bias: Tensor) -> list[float]:
    rows, offsets = weight.double().tolist(), bias.double().tolist()
    return [
        sum(w * v for w, v in zip(row, x, strict=True)) + b
        for row, b in zip(rows, offsets, strict=True)
    ]


def plain_attention(
    xs: list[list[float]], names: dict[str, Tensor], at: str, heads: int
) -> list[list[float]]:
    """Multi-head self attention as loops over heads, queries and keys."""
    dim = len(xs[0])
    size = dim // heads
    packed = [linear(x, names[f"{at}.in_proj_weight"], names[f"{at}.in_proj_bias"]) for x in xs]
    out = []
    for asked in packed:
        mixed: list[float] = []
        for head in range(heads):
            part = slice(head * size, (head + 1) * size)
            query = asked[:dim][part]
            logits = [
                sum(q * k for q, k in zip(query, other[dim : 2 * dim][part], strict=True))
                / math.sqrt(size)
                for other in packed
            ]
            total = sum(math.exp(value) for value in logits)
            for i in range(size):
                mixed.append(
                    sum(
                        math.exp(v) / total * other[2 * dim :][part][i]
                        for v, other in zip(logits, packed, strict=True)
                    )
                )
        out.append(linear(mixed, names[f"{at}.out_proj.weight"], names[f"{at}.out_proj.bias"]))
    return out


def plain_norm(x: list[float], weight: Tensor, bias: Tensor) -> list[float]:
    mean = sum(x) / len(x)
    deviation = math.sqrt(sum((v - mean) ** 2 for v in x) / len(x) + 1e-5)
    return [
        (v - mean) / deviation * w + b
        for v, w, b in zip(x, weight.double().tolist(), bias.double().tolist(), strict=True)
    ]


def gelu(value: float) -> float:
    return 0.5 * value * (1 + math.erf(value / math.sqrt(2)))


def plain_enhancer(
    xs: list[list[float]], names: dict[str, Tensor], at: str, heads: int
) -> list[list[float]]:
    out = []
    for x, mixed in zip(xs, plain_attention(xs, names, f"{at}.attn", heads), strict=True):
        y = plain_norm(
            [a + b for a, b in zip(x, mixed, strict=True)],
            names[f"{at}.layer_norm.weight"],
            names[f"{at}.layer_norm.bias"],
        )
        y = [gelu(v) for v in linear(y, names[f"{at}.mlp.0.weight"], names[f"{at}.mlp.0.bias"])]
        out.append(linear(y, names[f"{at}.mlp.2.weight"], names[f"{at}.mlp.2.bias"]))
    return out


def plain_scores(
    visual: Tensor, text: Tensor, names: dict[str, Tensor], heads: int, pooling: str
) -> list[float]:
    patches = plain_enhancer(visual.double().tolist(), names, "vision_enhancer", heads)
    words = plain_enhancer(text.double().tolist(), names, "text_enhancer", heads)

    def direction(x: list[float]) -> list[float]:
        bound = [math.tanh(v) for v in x]
        length = math.sqrt(sum(v * v for v in bound))
        return [v / length for v in bound]

    scores = []
    for patch in map(direction, patches):
        cosines = [
            sum(a * b for a, b in zip(patch, word, strict=True)) for word in map(direction, words)
        ]
        scores.append(max(cosines) if pooling == "max" else sum(cosines) / len(cosines))
    return scores


@pytest.mark.parametrize("pooling", ["mean", "max"])
def test_it_equals_plain_loops_over_the_formula(pooling: Pooling) -> None:
    model, visual, text = scorer(16, 4, pooling), tokens(7, 16), tokens(3, 16, seed=1)
    with torch.no_grad():
        got = model(visual[None], text[None])[0]
    expected = plain_scores(visual, text, model.state_dict(), 4, pooling)
    assert got.tolist() == pytest.approx(expected, abs=1e-5)
    assert float(got.std()) > 0.01


def test_attention_equals_torchs_own_with_the_same_tensors() -> None:
    torch.manual_seed(0)
    ours, theirs = SelfAttention(D, 8), nn.MultiheadAttention(D, 8, batch_first=True)
    theirs.load_state_dict(ours.state_dict())  # strict: the names and shapes agree
    x, pad = tokens(12)[None], torch.zeros(1, 12, dtype=torch.bool)
    pad[0, 9:] = True
    expected = theirs(x, x, x, key_padding_mask=pad, need_weights=False)[0]
    torch.testing.assert_close(ours(x, pad), expected, atol=1e-6, rtol=1e-5)


def test_the_tensors_have_the_published_names() -> None:
    leaves = [
        "attn.in_proj_weight",
        "attn.in_proj_bias",
        "attn.out_proj",
        "layer_norm",
        "mlp.0",
        "mlp.2",
    ]
    expected = {
        f"{side}_enhancer.{leaf}{kind}"
        for side in ("vision", "text")
        for leaf in leaves
        for kind in ([""] if "in_proj" in leaf else [".weight", ".bias"])
    }
    assert set(PatchScorer(D).state_dict()) == expected


@pytest.mark.parametrize(("dim", "millions"), [(2048, 50), (3584, 154)])
def test_it_has_twelve_weights_for_each_square_of_the_size(dim: int, millions: int) -> None:
    with torch.device("meta"):
        count = sum(parameter.numel() for parameter in PatchScorer(dim).parameters())
    # Per enhancer: attention 4 D^2 + 4 D, norm 2 D, MLP 2 D^2 + 2 D.
    assert count == 12 * dim**2 + 16 * dim
    assert round(count / 1e6) == millions


@pytest.mark.parametrize("pooling", ["mean", "max"])
def test_a_padded_batch_equals_single_images(pooling: Pooling) -> None:
    model = scorer(pooling=pooling)
    sizes = [(40, 5), (17, 9), (1, 1)]
    visual, text = torch.full((3, 40, D), 1e4), torch.full((3, 9, D), -1e4)
    visual_pad, text_pad = torch.ones(3, 40, dtype=torch.bool), torch.ones(3, 9, dtype=torch.bool)
    for i, (patches, words) in enumerate(sizes):
        # Left padding in one, right padding in the others: only the mask may tell.
        here = slice(40 - patches, 40) if i == 1 else slice(0, patches)
        there = slice(9 - words, 9) if i == 1 else slice(0, words)
        visual[i, here], visual_pad[i, here] = tokens(patches, seed=i), False
        text[i, there], text_pad[i, there] = tokens(words, seed=9 + i), False
    with torch.no_grad():
        together = model(visual, text, visual_pad, text_pad)
        for i, (patches, words) in enumerate(sizes):
            alone = model(tokens(patches, seed=i)[None], tokens(words, seed=9 + i)[None])[0]
            torch.testing.assert_close(together[i][~visual_pad[i]], alone, atol=1e-6, rtol=0)
            assert (together[i][visual_pad[i]] == -torch.inf).all()


def test_the_gradients_of_a_padded_batch_are_finite_and_leave_padding_out() -> None:
    model, pad = scorer(), torch.zeros(2, 6, dtype=torch.bool)
    pad[1, 4:] = True
    visual = torch.stack([tokens(6), tokens(6, seed=1)]).requires_grad_()
    model(visual, tokens(3)[None].expand(2, -1, -1), pad).softmax(-1).square().sum().backward()
    assert visual.grad is not None
    assert torch.isfinite(visual.grad).all()
    assert visual.grad[1, 4:].abs().max() == 0 < visual.grad[1, :4].abs().max()


def test_scores_lie_between_minus_one_and_one_and_do_not_depend_on_the_order_of_patches() -> None:
    model, visual, text = scorer(), tokens(30), tokens(4, seed=1)
    order = torch.randperm(30, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        scores = model(visual[None], text[None])[0]
        shuffled = model(visual[None, order], text[None])[0]
    assert scores.abs().max() <= 1
    torch.testing.assert_close(shuffled, scores[order], atol=1e-6, rtol=0)


def test_bfloat16_weights_and_inputs_give_float32_scores_close_to_the_exact_ones() -> None:
    model, visual, text = scorer(), tokens(200)[None], tokens(6, seed=1)[None]
    pad = torch.zeros(1, 200, dtype=torch.bool)
    pad[0, 190:] = True
    with torch.no_grad():
        exact = model(visual, text, pad)
        mixed = model(visual.bfloat16(), text.bfloat16(), pad)  # a frozen backbone, our own scorer
        half = model.bfloat16()(visual.bfloat16(), text.bfloat16(), pad)
        with torch.autocast("cpu", torch.bfloat16):
            auto = model.float()(visual, text, pad)
    for scores in (mixed, half, auto):
        assert scores.dtype == torch.float32
        assert (scores - exact)[~pad].abs().max() < 0.03
        assert len(scores[~pad].unique()) > 185  # in bfloat16 they would tie


@pytest.mark.parametrize(
    ("dim", "wanted", "heads"),
    [
        (2048, 8, 8),
        (3584, 8, 8),
        (1536, 8, 8),
        (64, 8, 8),
        (100, 8, 5),
        (12, 8, 6),
        (7, 8, 7),
        (13, 8, 1),
        (3, 8, 3),
    ],
)
def test_heads_are_the_most_that_divide_the_size(dim: int, wanted: int, heads: int) -> None:
    assert heads_for(dim, wanted) == heads
    if dim < 1000:
        with torch.no_grad():
            assert scorer(dim)(tokens(4, dim)[None], tokens(2, dim)[None]).isfinite().all()


def test_an_item_without_tokens_is_refused_in_a_sentence() -> None:
    model, pad = scorer(), torch.tensor([[False, False], [True, True]])
    two = torch.stack([tokens(2), tokens(2)])
    with pytest.raises(GroundingError, match="needs visual tokens, but one has none"):
        model(two, two, visual_pad=pad)
    with pytest.raises(GroundingError, match="needs instruction tokens, but one has none"):
        model(two, two, text_pad=pad)
    with pytest.raises(GroundingError, match="needs instruction tokens, but one has none"):
        model(two, two[:, :0])
    with pytest.raises(GroundingError, match="padding mask"):
        model(two, two, visual_pad=pad[:1])
    with pytest.raises(GroundingError, match='"mean" or "max"'):
        PatchScorer(D, pooling="median")  # type: ignore[arg-type]
    with pytest.raises(GroundingError, match="positive"):
        heads_for(0)


def test_dropout_acts_in_training_only() -> None:
    model, visual, text = scorer(), tokens(9)[None], tokens(3)[None]
    with torch.no_grad():
        assert torch.equal(model(visual, text), model(visual, text))
        model.train()
        assert not torch.equal(model(visual, text), model(visual, text))
