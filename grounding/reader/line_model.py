"""The line reader's network: from strips of text to a character for every two pixels.

Two-dimensional convolutions look at the strokes, one-dimensional ones with growing reach at the
neighbouring letters. It says *nothing here* (BLANK) between the middles of the letters, so that
each letter comes out once (connectionist temporal classification).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import cast

import torch
from torch import Tensor, nn

from .alphabet import CLASS_COUNT
from .strips import CHANNELS, GROUND, HEIGHT, INK

# After the classes of the alphabet come the space between words and *nothing here*.
SPACE, BLANK = CLASS_COUNT, CLASS_COUNT + 1
OUTPUTS = CLASS_COUNT + 2


@dataclass(frozen=True)
class LineConfig:
    """The widths of the network and the reach of its one-dimensional layers in steps."""

    stem: int = 16
    strokes: int = 32
    shapes: int = 64
    width: int = 128
    reach: tuple[int, ...] = (1, 2, 4, 8, 4, 1)

    def to_dict(self) -> dict[str, int | tuple[int, ...]]:
        """Return the widths as a plain dict, for the manifest."""
        return asdict(self)


def _layer(
    inputs: int,
    outputs: int,
    kernel: tuple[int, int],
    stride: tuple[int, int] = (1, 1),
    reach: int = 1,
) -> nn.Sequential:
    padding = (kernel[0] // 2 if kernel[0] == 3 else 0, reach * (kernel[1] // 2))
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, padding, (1, reach), bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class LineNet(nn.Module):
    """Strokes, shapes, neighbours, names."""

    def __init__(self, config: LineConfig | None = None) -> None:
        super().__init__()
        self.config = c = config or LineConfig()
        self.strokes = nn.Sequential(
            _layer(CHANNELS, c.stem, (3, 3), (2, 2)),
            _layer(c.stem, c.strokes, (3, 3), (2, 1)),
            _layer(c.strokes, c.shapes, (3, 3), (2, 1)),
        )
        self.shapes = _layer(c.shapes, c.shapes, (3, 3))
        self.column = _layer(c.shapes, c.width, (HEIGHT // 8, 1))
        self.neighbours = nn.ModuleList(
            _layer(c.width, c.width, (1, 3), reach=reach) for reach in c.reach
        )
        self.names = nn.Linear(c.width, OUTPUTS)

    def forward(self, rows: Tensor) -> Tensor:
        """Return logits (B, W / 2, OUTPUTS) for rows of strips (B, HEIGHT, W, CHANNELS), bytes."""
        x = rows.permute(0, 3, 1, 2).float()
        x = x.sub_(torch.tensor([GROUND, 0.0], device=x.device).view(1, 2, 1, 1))
        x = self.strokes(x.mul_(1 / (INK - GROUND)))
        x = self.column(x + self.shapes(x))
        for layer in self.neighbours:
            x = x + layer(x)
        return cast(Tensor, self.names(x[:, :, 0].transpose(1, 2)))
