"""The optional module that tells visual tokens what reader and icons know of an instruction."""

from __future__ import annotations

from torch import Tensor, nn

from .evidence import SIZE

# Blocks, and how many tokens each way one of them looks: two reach from a label to its field.
BLOCKS, WINDOW = 2, 5


class MixerBlock(nn.Module):
    """Mixes a token with its neighbours, then with itself; starts as the identity."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.around = nn.Conv2d(dim, dim, WINDOW, padding=WINDOW // 2, groups=dim)
        self.mlp = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, 2 * dim), nn.GELU())
        self.out = nn.Linear(2 * dim, dim)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, tokens: Tensor, columns: int) -> Tensor:
        """Mix tokens (B, M, D) of a grid with so many columns."""
        batch, count, dim = tokens.shape
        grid = self.norm(tokens).transpose(1, 2).reshape(batch, dim, count // columns, columns)
        seen = self.around(grid).reshape(batch, dim, count).transpose(1, 2)
        mixed: Tensor = tokens + self.out(self.mlp(tokens + seen))
        return mixed


class EvidenceMixer(nn.Module):
    """Adds evidence to visual tokens and mixes them locally: fields stand beside their labels."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.embed = nn.Sequential(nn.Linear(SIZE, dim), nn.GELU(), nn.Linear(dim, dim))
        self.blocks = nn.ModuleList(MixerBlock(dim) for _ in range(BLOCKS))

    def forward(self, tokens: Tensor, features: Tensor, columns: int) -> Tensor:
        """Return tokens (B, M, D) that know their features (B, M, SIZE)."""
        mixed: Tensor = tokens + self.embed(features.to(tokens))
        for block in self.blocks:
            mixed = block(mixed, columns)
        return mixed
