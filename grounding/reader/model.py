"""The glyph map: a small convolutional network that knows where glyphs are and which.

The trunk works at a stride of 8 px. From it come a heat map on a grid of 2 x 4 px cells (is the
middle of a glyph here?) and a finer map of features (2 x 8 px). Only where the heat map is warm a
small perceptron names the character and measures it, so the many classes cost next to nothing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from .alphabet import CLASS_COUNT

STRIDE = 8
CELL_WIDTH, CELL_HEIGHT = 2, 4
COLUMNS, ROWS = STRIDE // CELL_WIDTH, STRIDE // CELL_HEIGHT
MEASURES = 5  # dx, dy in cells; log width / 8 px; log font size / 12 px; logit: last of its word


@dataclass(frozen=True)
class GlyphConfig:
    """The widths of the network."""

    stem: int = 24
    middle: int = 48
    trunk: int = 96
    blocks: int = 3
    fine: int = 48
    hidden: int = 256

    def to_dict(self) -> dict[str, int]:
        """Return the widths as a plain dict, for the manifest."""
        return asdict(self)


def _layer(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class GlyphNet(nn.Module):
    """Trunk, heat map and character head."""

    def __init__(self, config: GlyphConfig | None = None) -> None:
        super().__init__()
        self.config = c = config or GlyphConfig()
        self.stem = nn.Sequential(
            _layer(3, c.stem, 2),
            _layer(c.stem, c.middle, 2),
            _layer(c.middle, c.middle),
            _layer(c.middle, c.trunk, 2),
        )
        self.blocks = nn.ModuleList(_layer(c.trunk, c.trunk) for _ in range(c.blocks))
        self.heat = nn.Conv2d(c.trunk, COLUMNS * ROWS, 1)
        self.fine = nn.Conv2d(c.trunk, COLUMNS * c.fine, 1)
        self.character = nn.Sequential(
            nn.Linear(6 * c.fine + 1, c.hidden),
            nn.ReLU(inplace=True),
            nn.Linear(c.hidden, CLASS_COUNT + MEASURES),
        )
        nn.init.constant_(cast(Tensor, self.heat.bias), -3.0)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Map uint8 images (B, H, W, 3), sides multiples of 8, to heat logits and features.

        Heat logits are (B, H/4, W/2); features (B, H/8, W/2, fine).
        """
        x = images.permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0)
        x = self.stem(x.contiguous(memory_format=torch.channels_last))
        for block in self.blocks:
            x = x + block(x)
        batch, _, height, width = x.shape
        heat = self.heat(x).view(batch, ROWS, COLUMNS, height, width)
        heat = heat.permute(0, 3, 1, 4, 2).reshape(batch, height * ROWS, width * COLUMNS)
        fine = self.fine(x).view(batch, COLUMNS, -1, height, width)
        fine = fine.permute(0, 3, 4, 1, 2).reshape(batch, height, width * COLUMNS, -1)
        return heat, fine

    def describe(self, fine: Tensor, image: Tensor, row: Tensor, column: Tensor) -> Tensor:
        """Name and measure the glyphs at cells of the heat map.

        ``fine`` comes from `forward`; ``image``, ``row`` and ``column`` (N) say where. Returns
        (N, CLASS_COUNT + MEASURES). A head looks at 3 columns of the cell's own row of features
        and of the vertically nearer neighbour row: 6 px x 16 px, besides the trunk's wide view.
        """
        _, height, width, _ = fine.shape
        lower = row % ROWS
        own = torch.div(row, ROWS, rounding_mode="floor")
        near = (own + 2 * lower - 1).clamp_(0, height - 1)
        columns = (column[:, None] + torch.arange(-1, 2, device=column.device)).clamp_(0, width - 1)
        rows = torch.stack([own, near], dim=1)
        picked = fine[image[:, None, None], rows[:, :, None], columns[:, None, :]]
        inputs = torch.cat([picked.flatten(1), lower[:, None].to(picked.dtype)], dim=1)
        return cast(Tensor, self.character(inputs))


def fuse(net: GlyphNet) -> GlyphNet:
    """Fold the batch norms into the convolutions, in place, for evaluation."""
    net.eval()
    layers = [module for module in net.modules() if isinstance(module, nn.Sequential)]
    for layer in layers:
        if len(layer) > 1 and isinstance(layer[1], nn.BatchNorm2d):
            conv = cast(nn.Conv2d, layer[0])
            layer[0] = torch.nn.utils.fuse_conv_bn_eval(conv, layer[1])
            layer[1] = nn.Identity()
    return net


def parameter_count(net: nn.Module) -> int:
    """Count the trained numbers of a module."""
    return sum(parameter.numel() for parameter in net.parameters())


def state_to_save(net: GlyphNet) -> dict[str, Any]:
    """Return the weights as fp16 tensors, without the counters that only training needs."""
    return {
        name: tensor.detach().to("cpu", torch.float16).contiguous()
        for name, tensor in net.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
