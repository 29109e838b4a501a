"""The pointer: which visual token is meant (GUI-Actor's head), and two optional refinements.

Keys are the language model's *input* embeddings of the kept visual tokens (the tower's outputs);
the query is its *last* hidden state at the pointer token. Markers of dropped runs are no keys.
Published checkpoints hold `PointerHead` only; `OffsetHead` and `NoneKey` are ours.
"""

from __future__ import annotations

from math import sqrt

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .errors import GroundingError
from .patch_scorer import SelfAttention, check_padding


def _projection(dim: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(dim, dim), nn.GELU(), nn.Linear(dim, dim))


class PointerHead(nn.Module):
    """logits = dec(query) . enc(LN(V + attention(V))) / sqrt(D), names as published."""

    def __init__(self, dim: int, heads: int = 8, dropout: float = 0.1) -> None:
        super().__init__()
        self.projection_enc = _projection(dim)
        self.projection_dec = _projection(dim)
        self.self_attention = SelfAttention(dim, heads)
        self.layer_norm = nn.LayerNorm(dim)
        self.dropout = nn.Dropout(dropout)

    def forward(self, keys: Tensor, query: Tensor, key_pad: Tensor | None = None) -> Tensor:
        """Return logits (B, Q, M) in float32 for keys (B, M, D) and queries (B, Q, D).

        ``key_pad`` (B, M) is true on padding, whose logits are -inf.
        """
        check_padding(key_pad, keys, "visual tokens")
        keys = keys.to(self.layer_norm.weight.dtype)
        keys = self.layer_norm(keys + self.dropout(self.self_attention(keys, key_pad)))
        encoded = self.projection_enc(keys)
        asked = self.project_query(query)
        # In bfloat16 neighbouring tokens would get equal logits, and the peak would be a coin toss.
        with torch.autocast(keys.device.type, enabled=False):
            logits: Tensor = asked.float() @ encoded.float().transpose(1, 2)
            logits = logits / sqrt(keys.shape[-1])
        return logits if key_pad is None else logits.masked_fill(key_pad[:, None, :], -torch.inf)

    def project_query(self, query: Tensor) -> Tensor:
        """Bring queries into the space they are compared with keys in."""
        projected: Tensor = self.projection_dec(query.to(self.layer_norm.weight.dtype))
        return projected


class OffsetHead(nn.Module):
    """Where inside a token to click: (dx, dy) in -0.5..0.5 of a token, from its centre.

    It starts at zero, which is the head without it.
    """

    def __init__(self, dim: int, width: int = 128) -> None:
        super().__init__()
        self.key_norm = nn.LayerNorm(dim)
        self.query_norm = nn.LayerNorm(dim)
        self.key = nn.Linear(dim, width)
        self.query = nn.Linear(dim, width, bias=False)
        self.out = nn.Linear(width, 2)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, keys: Tensor, query: Tensor) -> Tensor:
        """Return offsets (B, Q, M, 2) in float32 for keys (B, M, D) and queries (B, Q, D)."""
        dtype = self.out.weight.dtype
        seen = self.key(self.key_norm(keys.to(dtype)))[:, None]
        asked = self.query(self.query_norm(query.to(dtype)))[:, :, None]
        return 0.5 * torch.tanh(self.out(F.gelu(seen + asked)).float())


class NoneKey(nn.Module):
    """A learned key that stands for "there is no such element", beside the visual tokens.

    ``threshold`` is stored with the weights: the answer is *nothing there* where the key's
    probability reaches it. `calibration.fit_threshold` finds it.
    """

    threshold: Tensor

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.key = nn.Parameter(torch.zeros(dim))
        self.register_buffer("threshold", torch.tensor(0.5))

    def forward(self, head: PointerHead, query: Tensor) -> Tensor:
        """Return the key's logits (B, Q) in float32, on the scale of the head's."""
        asked = head.project_query(query).float()
        return (asked * self.key.float()).sum(-1) / sqrt(self.key.numel())

    def set_threshold(self, threshold: float) -> None:
        """Store a calibrated threshold."""
        if not 0.0 <= threshold <= 1.0:
            raise GroundingError(
                f"The threshold of the none key must lie between 0 and 1, got {threshold}."
            )
        self.threshold.fill_(threshold)

    def says_none(self, none_logits: Tensor, logits: Tensor) -> Tensor:
        """Tell for each query (B, Q) whether the answer is that nothing is there."""
        return none_probability(none_logits, logits) >= self.threshold.float()


def none_margin(none_logits: Tensor, logits: Tensor) -> Tensor:
    """Return the log odds (B, Q) of the none key in a softmax over it and the tokens."""
    return none_logits.float() - logits.float().logsumexp(-1)


def none_probability(none_logits: Tensor, logits: Tensor) -> Tensor:
    """Return the probability (B, Q) of *nothing there*; `logits` (B, Q, M) are the tokens'."""
    return none_margin(none_logits, logits).sigmoid()
