"""What the grounder is trained with.

    scorer_loss    which tokens matter            (stage 1, and beside the pointer in stage 2)
    pointer_loss   which token is meant           (stage 2)
    offset_loss    where inside that token        (stage 2, optional head)
    none_loss      whether it is there at all     (stage 2, optional key)

Each is a mean over samples or queries, in float32, differentiable also where nothing counts.
"""

from __future__ import annotations

import numpy as np
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from ..errors import GroundingError
from ..pointer import none_margin
from ..types import Box

# The paper compares softmax(label) with softmax(score) as they are. Both lie in -1..1, so the
# sharpest target it can state favours a token e^2 = 7.4 times, among thousands: nearly flat. At 0.1
# a fully covered token outweighs 22,000 empty ones (labels 0..1), and cosines can still express it.
PAPER_TEMPERATURE = 1.0
TEMPERATURE = 0.1


def scorer_loss(
    scores: Tensor, labels: Tensor, pad: Tensor | None = None, temperature: float = TEMPERATURE
) -> Tensor:
    """KL(softmax(labels / t) || softmax(scores / t)) over (B, M) tokens, averaged over images.

    ``pad`` is true on padding. Labels are on the scale of the scores (`labels.fuse_labels`).
    """
    _same_shape(scores, labels, "labels")
    if not temperature > 0:
        raise GroundingError(f"The scorer's temperature must be above 0, got {temperature}.")
    guess, goal = scores.float() / temperature, labels.float() / temperature
    if pad is not None:
        guess, goal = guess.masked_fill(pad, float("-inf")), goal.masked_fill(pad, float("-inf"))
    return _divergence(guess, goal.softmax(-1)).mean()


def pointer_loss(logits: Tensor, target: Tensor) -> Tensor:
    """KL(target / sum(target) || softmax(logits)) over (B, Q, M) tokens.

    ``target`` is 0 on padding and on dropped tokens. A query whose target is empty (its element is
    absent, or the slot is padding) does not count; the published code averages a silent 0 in.
    """
    _same_shape(logits, target, "targets")
    mass = target.float().sum(-1)
    counts = mass > 0
    share = target.float() / mass.clamp_min(1e-8)[..., None]
    return _mean_where(_divergence(logits.float(), share), counts)


def offset_loss(offsets: Tensor, aim: Tensor, target: Tensor) -> Tensor:
    """Mean L1 of offsets (B, Q, M, 2) to where to click in each of the target's tokens.

    ``target`` (B, Q, M) is above 0 on them; ``aim`` comes from `aim_offsets`.
    """
    _same_shape(offsets, aim, "places to aim at")
    _same_shape(offsets[..., 0], target, "targets")
    return _mean_where((offsets.float() - aim.float()).abs().mean(-1), target > 0)


def none_loss(
    none_logits: Tensor, logits: Tensor, absent: Tensor, counted: Tensor | None = None
) -> Tensor:
    """Cross entropy of the none key (B, Q) against whether the element is absent (B, Q).

    For a query that has a target, pointer_loss + none_loss is the KL over the tokens and the key
    together, so the key can be added to a trained head without moving it. ``counted`` is false on
    padded queries.
    """
    _same_shape(none_logits, absent, "flags of absence")
    margin = none_margin(none_logits, logits)
    loss = F.binary_cross_entropy_with_logits(margin, absent.to(margin.dtype), reduction="none")
    return loss.mean() if counted is None else _mean_where(loss, counted)


def aim_offsets(columns: int, rows: int, box: Box) -> NDArray[np.float32]:
    """Return for each token (M, 2) the offset from its centre, in tokens, that hits the box best.

    That is the box's centre, moved into the token. In every token that the box overlaps, the place
    lies in the box: it is the token's nearest to the centre.
    """
    center = box.center
    x = (center.x * columns - np.arange(columns) - 0.5).clip(-0.5, 0.5)
    y = (center.y * rows - np.arange(rows) - 0.5).clip(-0.5, 0.5)
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2).astype(np.float32)


def _divergence(logits: Tensor, goal: Tensor) -> Tensor:
    """KL(goal || softmax(logits)) over the last axis; logits may be -inf where the goal is 0."""
    # A log probability of -inf, times a goal of 0, would be NaN.
    chances = logits.log_softmax(-1).masked_fill(goal == 0, 0.0)
    return F.kl_div(chances, goal, reduction="none").sum(-1)


def _mean_where(values: Tensor, counted: Tensor) -> Tensor:
    """Mean of the values that count; 0, still with a gradient, where none does."""
    return values.where(counted, 0.0).sum() / counted.sum().clamp_min(1)


def _same_shape(one: Tensor, other: Tensor, what: str) -> None:
    if one.shape != other.shape:
        raise GroundingError(
            f"The {what} have shape {tuple(other.shape)}, but what they are compared with has "
            f"{tuple(one.shape)}."
        )
