"""The losses equal their formulas, ignore what does not count, and always have a gradient."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from grounding.errors import GroundingError
from grounding.training.losses import (
    PAPER_TEMPERATURE,
    aim_offsets,
    none_loss,
    offset_loss,
    pointer_loss,
    scorer_loss,
)
from grounding.types import Box


def rand(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def plain_softmax(values: list[float]) -> list[float]:
    powers = [math.exp(value) for value in values]
    return [power / sum(powers) for power in powers]


def plain_kl(goal: list[float], guess: list[float]) -> float:
    return sum(p * (math.log(p) - math.log(q)) for p, q in zip(goal, guess, strict=True) if p > 0)


@pytest.mark.parametrize("temperature", [PAPER_TEMPERATURE, 0.1, 2.5])
def test_the_scorers_loss_equals_the_formula(temperature: float) -> None:
    scores, labels = rand(3, 11).tanh(), rand(3, 11, seed=1).tanh()
    expected = [
        plain_kl(
            plain_softmax([v / temperature for v in label]),
            plain_softmax([v / temperature for v in score]),
        )
        for score, label in zip(scores.tolist(), labels.tolist(), strict=True)
    ]
    got = scorer_loss(scores, labels, temperature=temperature)
    assert float(got) == pytest.approx(sum(expected) / 3, rel=1e-4)
    assert float(scorer_loss(labels, labels, temperature=temperature)) == pytest.approx(0, abs=1e-5)


def test_the_scorers_loss_of_a_padded_batch_is_the_mean_of_single_images() -> None:
    pad = torch.arange(12)[None] >= torch.tensor([12, 5, 1])[:, None]
    scores = rand(3, 12).tanh().masked_fill(pad, -torch.inf).requires_grad_()
    labels = rand(3, 12, seed=1).tanh().masked_fill(pad, torch.nan)
    loss = scorer_loss(scores, labels, pad)
    alone = [
        scorer_loss(s[~p][None], y[~p][None]) for s, y, p in zip(scores, labels, pad, strict=True)
    ]
    torch.testing.assert_close(loss, torch.stack(alone).mean())
    torch.autograd.backward(loss)
    assert scores.grad is not None
    assert torch.isfinite(scores.grad).all()
    assert (scores.grad[pad] == 0).all()


def test_a_low_temperature_states_a_sharp_target() -> None:
    labels = torch.zeros(1, 5000)
    labels[0, 7] = 1.0
    flat, found = torch.zeros(1, 5000), labels.clone()
    # Knowing the answer is worth little at the paper's temperature, and nearly all at ours.
    assert float(scorer_loss(flat, labels, temperature=PAPER_TEMPERATURE)) < 0.001
    assert float(scorer_loss(flat, labels)) > 3
    assert float(scorer_loss(found, labels)) < 1e-4


def test_the_pointers_loss_equals_the_formula() -> None:
    logits, target = rand(2, 3, 9) * 4, (rand(2, 3, 9, seed=1) > 0).float()
    target[0, 0, 4] = 1  # every query has a target: those without are another test's
    assert (target.sum(-1) > 0).all()
    expected = []
    for row, goal in zip(logits.flatten(0, 1).tolist(), target.flatten(0, 1).tolist(), strict=True):
        expected.append(plain_kl([g / (sum(goal) + 1e-8) for g in goal], plain_softmax(row)))
    assert float(pointer_loss(logits, target)) == pytest.approx(sum(expected) / 6, rel=1e-4)
    # The target is normalised here: its scale means nothing.
    torch.testing.assert_close(pointer_loss(logits, target * 7), pointer_loss(logits, target))


def test_the_pointers_loss_leaves_out_padding_and_queries_without_a_target() -> None:
    logits, target = rand(1, 3, 6), torch.zeros(1, 3, 6)
    target[0, 0, 2] = target[0, 1, 3] = 1
    padded = torch.cat([logits, torch.full((1, 3, 4), -torch.inf)], -1).requires_grad_()
    wide = torch.cat([target, torch.zeros(1, 3, 4)], -1)
    loss = pointer_loss(padded, wide)
    torch.testing.assert_close(loss, pointer_loss(logits[:, :2], target[:, :2]))
    torch.autograd.backward(loss)
    assert padded.grad is not None
    assert torch.isfinite(padded.grad).all()
    assert padded.grad[0, 2].abs().max() == 0
    assert padded.grad[..., 6:].abs().max() == 0


def test_nothing_to_learn_from_is_a_loss_of_zero_with_a_gradient() -> None:
    logits, offsets = rand(1, 2, 5).requires_grad_(), rand(1, 2, 5, 2).requires_grad_()
    none = torch.zeros(1, 2, 5)
    for loss in (pointer_loss(logits, none), offset_loss(offsets, torch.zeros(1, 2, 5, 2), none)):
        assert loss.item() == 0
        torch.autograd.backward(loss)
    assert logits.grad is not None
    assert logits.grad.abs().max() == 0


def test_the_offsets_loss_is_the_mean_distance_on_the_targets_tokens() -> None:
    offsets, aim, target = rand(2, 1, 7, 2), rand(2, 1, 7, 2, seed=1), torch.zeros(2, 1, 7)
    target[0, 0, 2] = target[0, 0, 5] = target[1, 0, 0] = 0.3
    places = [(0, 2), (0, 5), (1, 0)]
    expected = [
        abs(float(offsets[b, 0, m, axis]) - float(aim[b, 0, m, axis]))
        for b, m in places
        for axis in (0, 1)
    ]
    assert float(offset_loss(offsets, aim, target)) == pytest.approx(sum(expected) / 6, rel=1e-5)


def test_pointer_and_none_losses_add_up_to_one_softmax_over_tokens_and_key() -> None:
    logits, none_logits = rand(4, 1, 8), rand(4, 1, seed=1)
    target = (rand(4, 1, 8, seed=2) > 0).float()
    joint = torch.cat([logits, none_logits[..., None]], -1)
    goal = torch.cat([target, torch.zeros(4, 1, 1)], -1)
    absent = torch.zeros(4, 1, dtype=torch.bool)
    torch.testing.assert_close(
        pointer_loss(logits, target) + none_loss(none_logits, logits, absent),
        pointer_loss(joint, goal),
    )
    nothing = torch.zeros_like(goal)
    nothing[..., -1] = 1
    torch.testing.assert_close(
        none_loss(none_logits, logits, ~absent), pointer_loss(joint, nothing)
    )


def test_the_none_loss_counts_what_it_is_told_to() -> None:
    logits, none_logits = rand(2, 2, 5), rand(2, 2, seed=1)
    absent = torch.tensor([[True, False], [False, True]])
    counted = torch.tensor([[True, True], [False, False]])
    torch.testing.assert_close(
        none_loss(none_logits, logits, absent, counted),
        none_loss(none_logits[:1], logits[:1], absent[:1]),
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_losses_are_float32(dtype: torch.dtype) -> None:
    logits, target = rand(1, 1, 9).to(dtype), torch.eye(9)[None, :1].to(dtype)
    assert scorer_loss(logits[0], target[0]).dtype == torch.float32
    assert pointer_loss(logits, target).dtype == torch.float32
    assert none_loss(logits[..., 0], logits, target[..., 0].bool()).dtype == torch.float32


def test_wrong_shapes_and_temperatures_are_refused_in_a_sentence() -> None:
    with pytest.raises(GroundingError, match="labels have shape"):
        scorer_loss(rand(2, 5), rand(2, 6))
    with pytest.raises(GroundingError, match="targets have shape"):
        pointer_loss(rand(1, 2, 5), rand(1, 5))
    with pytest.raises(GroundingError, match="aim"):
        offset_loss(rand(1, 1, 5, 2), rand(1, 5, 2), rand(1, 1, 5))
    with pytest.raises(GroundingError, match="absence"):
        none_loss(rand(1, 2), rand(1, 2, 5), rand(2).bool())
    for wrong in (0.0, -1.0, math.nan):
        with pytest.raises(GroundingError, match="above 0"):
            scorer_loss(rand(1, 5), rand(1, 5), temperature=wrong)


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_the_aim_lies_in_the_box_and_in_the_token_nearest_the_boxes_centre(
    data: st.DataObject,
) -> None:
    columns, rows = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 9))
    share = st.floats(0, 1)
    x1, x2 = sorted((data.draw(share), data.draw(share)))
    y1, y2 = sorted((data.draw(share), data.draw(share)))
    box = Box(x1, y1, x2, y2)
    aims = aim_offsets(columns, rows, box)
    assert aims.shape == (rows * columns, 2)
    assert np.abs(aims).max() <= 0.5
    for index, (dx, dy) in enumerate(aims.tolist()):
        row, column = divmod(index, columns)
        left, right = column / columns, (column + 1) / columns
        top, bottom = row / rows, (row + 1) / rows
        x, y = (column + 0.5 + dx) / columns, (row + 0.5 + dy) / rows
        if left < x2 and right > x1 and top < y2 and bottom > y1:  # the token overlaps the box
            assert x1 - 1e-6 <= x <= x2 + 1e-6
            assert y1 - 1e-6 <= y <= y2 + 1e-6
        assert x == pytest.approx(min(max(box.center.x, left), right), abs=1e-6)
        assert y == pytest.approx(min(max(box.center.y, top), bottom), abs=1e-6)
