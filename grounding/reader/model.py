"""The glyph map: a small convolutional network that knows where glyphs are and which.

The trunk works at a stride of 8 px. From it come a heat map on a grid of 2 x 4 px cells (is the
middle of a glyph here?) and a finer map of features (2 x 8 px). Only where the heat map is warm a
small perceptron names the character and measures it, so the many classes cost next to nothing. It
also looks at the strokes themselves: a window of the first layer's features around the cell.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, TypeVar, cast

import torch
from torch import Tensor, nn

from .alphabet import CLASS_COUNT

Net = TypeVar("Net", bound=nn.Module)

STRIDE = 8
CELL_WIDTH, CELL_HEIGHT = 2, 4
COLUMNS, ROWS = STRIDE // CELL_WIDTH, STRIDE // CELL_HEIGHT
# The window of the first layer's features (2 px each) around a cell: 14 px across, 16 px down.
NEAR_COLUMNS, NEAR_ROWS = range(-3, 4), range(-3, 5)
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


class Maps(NamedTuple):
    """What the trunk makes of images (B, H, W, 3).

    ``heat`` (B, H/4, W/2) logits; ``fine`` (B, H/8, W/2, fine) and ``near`` (B, H/2, W/2, stem)
    features.
    """

    heat: Tensor
    fine: Tensor
    near: Tensor


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
        window = len(NEAR_COLUMNS) * len(NEAR_ROWS) * c.stem
        self.character = nn.Sequential(
            nn.Linear(6 * c.fine + window + 1, c.hidden),
            nn.ReLU(inplace=True),
            nn.Linear(c.hidden, CLASS_COUNT + MEASURES),
        )
        nn.init.constant_(cast(Tensor, self.heat.bias), -3.0)

    def forward(self, images: Tensor) -> Maps:
        """Look at uint8 images (B, H, W, 3) whose sides are multiples of 8."""
        x = images.permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0)
        near = self.stem[0](x.contiguous(memory_format=torch.channels_last))
        x = self.stem[1:](near)
        for block in self.blocks:
            x = x + block(x)
        batch, _, height, width = x.shape
        heat = self.heat(x).view(batch, ROWS, COLUMNS, height, width)
        heat = heat.permute(0, 3, 1, 4, 2).reshape(batch, height * ROWS, width * COLUMNS)
        fine = self.fine(x).view(batch, COLUMNS, -1, height, width)
        fine = fine.permute(0, 3, 4, 1, 2).reshape(batch, height, width * COLUMNS, -1)
        return Maps(heat, fine, near.permute(0, 2, 3, 1))

    def describe(self, maps: Maps, image: Tensor, row: Tensor, column: Tensor) -> Tensor:
        """Name and measure the glyphs at cells of the heat map.

        ``image``, ``row`` and ``column`` (N) say where. Returns (N, CLASS_COUNT + MEASURES). A head
        looks at 3 columns of the cell's own row of fine features and of the vertically nearer
        neighbour row (6 px x 16 px, besides the trunk's wide view) and at its near window.
        """
        lower = row % ROWS
        own = torch.div(row, ROWS, rounding_mode="floor")
        wide = _window(
            maps.fine, image, torch.stack([own, own + 2 * lower - 1], 1), column, (-1, 2)
        )
        rows = 2 * row[:, None] + torch.tensor(NEAR_ROWS, device=row.device)
        reach = (NEAR_COLUMNS.start, NEAR_COLUMNS.stop)
        close = _window(maps.near, image, rows, column, reach)
        inputs = torch.cat([wide, close, lower[:, None].to(wide.dtype)], dim=1)
        return cast(Tensor, self.character(inputs))


def _window(
    features: Tensor, image: Tensor, rows: Tensor, column: Tensor, reach: tuple[int, int]
) -> Tensor:
    """Gather features (B, H, W, C) at rows (N, R) and columns around ``column`` (N): (N, R*K*C).

    Places outside the map give the features of its border.
    """
    _, height, width, depth = features.shape
    columns = (column[:, None] + torch.arange(*reach, device=column.device)).clamp_(0, width - 1)
    rows = image[:, None] * height + rows.clamp(0, height - 1)
    places = (rows[:, :, None] * width + columns[:, None, :]).flatten()
    found = features.reshape(-1, depth).index_select(0, places)
    return found.view(len(column), rows.shape[1] * columns.shape[1] * depth)


def fuse(net: Net) -> Net:
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


def state_to_save(net: nn.Module) -> dict[str, Any]:
    """Return the weights as fp16 tensors, without the counters that only training needs."""
    return {
        name: tensor.detach().to("cpu", torch.float16).contiguous()
        for name, tensor in net.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
