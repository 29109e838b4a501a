"""The instruction-conditioned score of every visual token (FocusUI's PatchScorer).

    s_i = pool over the instruction's tokens j of cos(tanh(V'_i), tanh(E'_j))

with V' and E' the visual tokens and the instruction's input embeddings, each after its own enhancer
MLP(LN(x + attention(x))). Tensor names are those of the published checkpoints. The attention is
computed without its full matrix, so that 16,000 tokens cost time but not gigabytes.
"""

from __future__ import annotations

from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .errors import GroundingError

Pooling = Literal["mean", "max"]


def heads_for(dim: int, wanted: int = 8) -> int:
    """Return the largest number of heads, ``wanted`` at most, that divides ``dim``.

    Every published size divides by 8. No tensor's shape depends on the number of heads, so a
    checkpoint of another number would load and be silently wrong: the rule must not vary.
    """
    if dim < 1 or wanted < 1:
        raise GroundingError(
            f"Attention needs a positive size and number of heads, got {dim} and {wanted}."
        )
    return next(heads for heads in range(min(wanted, dim), 0, -1) if dim % heads == 0)


def check_padding(pad: Tensor | None, tokens: Tensor, what: str) -> None:
    """Refuse an item without a single token: attention over nothing is NaN."""
    if pad is not None and pad.shape != tokens.shape[:2]:
        raise GroundingError(
            f"The padding mask of the {what} has shape {tuple(pad.shape)}, but the {what} need "
            f"{tuple(tokens.shape[:2])}."
        )
    if tokens.shape[1] == 0 or (pad is not None and bool(pad.all(dim=1).any())):
        raise GroundingError(f"Every item of a batch needs {what}, but one has none.")


class SelfAttention(nn.Module):
    """Multi-head self attention with the tensor names of ``torch.nn.MultiheadAttention``."""

    def __init__(self, dim: int, heads: int = 8) -> None:
        super().__init__()
        self.heads = heads_for(dim, heads)
        self.in_proj_weight = nn.Parameter(torch.empty(3 * dim, dim))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * dim))
        self.out_proj = nn.Linear(dim, dim)
        nn.init.xavier_uniform_(self.in_proj_weight)
        nn.init.zeros_(self.out_proj.bias)

    def forward(self, x: Tensor, pad: Tensor | None = None) -> Tensor:
        """Mix tokens (B, N, D); ``pad`` (B, N) is true where a slot holds no token."""
        batch, count, dim = x.shape
        projected = F.linear(x, self.in_proj_weight, self.in_proj_bias)
        query, key, value = projected.view(batch, count, 3, self.heads, dim // self.heads).permute(
            2, 0, 3, 1, 4
        )
        seen = None if pad is None else ~pad[:, None, None, :]
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=seen)
        out: Tensor = self.out_proj(mixed.transpose(1, 2).reshape(batch, count, dim))
        return out


class Enhancer(nn.Module):
    """One modality's encoder. The paper puts no residual around the MLP."""

    def __init__(self, dim: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.attn = SelfAttention(dim, heads)
        self.layer_norm = nn.LayerNorm(dim)
        self.mlp = nn.Sequential(nn.Linear(dim, dim), nn.GELU(), nn.Linear(dim, dim))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, pad: Tensor | None) -> Tensor:
        """Encode tokens (B, N, D)."""
        x = x.to(self.layer_norm.weight.dtype)
        out: Tensor = self.mlp(self.layer_norm(x + self.dropout(self.attn(x, pad))))
        return out


class PatchScorer(nn.Module):
    """Score visual tokens by an instruction: 12 D^2 weights, an answer in -1..1."""

    def __init__(
        self, dim: int, heads: int = 8, pooling: Pooling = "mean", dropout: float = 0.1
    ) -> None:
        super().__init__()
        if pooling not in get_args(Pooling):
            raise GroundingError(f'Pooling must be "mean" or "max", got {pooling!r}.')
        self.pooling = pooling
        self.vision_enhancer = Enhancer(dim, heads, dropout)
        self.text_enhancer = Enhancer(dim, heads, dropout)

    def forward(
        self,
        visual: Tensor,
        text: Tensor,
        visual_pad: Tensor | None = None,
        text_pad: Tensor | None = None,
    ) -> Tensor:
        """Score (B, M) visual tokens (B, M, D) by instruction embeddings (B, T, D), in float32.

        Each batch item is one image with its instruction. The masks are true on padding; a padded
        visual token scores -inf, which neither top-K nor softmax will choose.
        """
        check_padding(visual_pad, visual, "visual tokens")
        check_padding(text_pad, text, "instruction tokens")
        patches = self.vision_enhancer(visual, visual_pad)
        words = self.text_enhancer(text, text_pad)
        # Cosines in bfloat16 would tie thousands of patches that the budget has to rank.
        with torch.autocast(visual.device.type, enabled=False):
            scores = self._compare(_directions(patches), _directions(words), text_pad)
        return scores if visual_pad is None else scores.masked_fill(visual_pad, -torch.inf)

    def _compare(self, patches: Tensor, words: Tensor, text_pad: Tensor | None) -> Tensor:
        """Pool the cosines of every patch with every word, over the words."""
        if self.pooling == "max":
            cosines = patches @ words.transpose(1, 2)
            if text_pad is not None:
                cosines = cosines.masked_fill(text_pad[:, None, :], -torch.inf)
            return cosines.amax(-1)
        # The mean of dot products is the dot product with the mean: no M x T matrix.
        if text_pad is None:
            mean = words.mean(1)
        else:
            real = (~text_pad).to(words.dtype)[..., None]
            mean = (words * real).sum(1) / real.sum(1)
        return (patches @ mean[..., None]).squeeze(-1)


def _directions(tokens: Tensor) -> Tensor:
    """Bound every coordinate, then keep the direction only (section 3.2 of the paper)."""
    return F.normalize(torch.tanh(tokens).float(), dim=-1)
