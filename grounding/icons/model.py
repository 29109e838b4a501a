"""Two sides that meet in one space: what an icon looks like, and what it is called."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .crops import SIDE


@dataclass(frozen=True)
class IconConfig:
    """The widths of the network; ``space`` is where pictures and words meet."""

    stem: int = 32
    middle: int = 64
    trunk: int = 160
    space: int = 128
    hidden: int = 256

    def to_dict(self) -> dict[str, int]:
        """Return the widths as a plain dict, for the manifest."""
        return asdict(self)


class Seen(NamedTuple):
    """What the network makes of crops: unit vectors (N, space), logits (N) of being an icon."""

    vectors: Tensor
    iconness: Tensor


def _layer(inputs: int, outputs: int, kernel: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _layer(width, width, 3, 1)
        self.second = nn.Sequential(
            nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width)
        )

    def forward(self, features: Tensor) -> Tensor:
        return F.relu(features + self.second(self.first(features)))


class ImageSide(nn.Module):
    """Crops (N, 32, 32) as `crops` makes them to vectors and iconness."""

    def __init__(self, config: IconConfig) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            _layer(1, config.stem, 5, 2),
            _Residual(config.stem),
            _layer(config.stem, config.middle, 3, 2),
            _Residual(config.middle),
            _layer(config.middle, config.trunk, 3, 2),
            _Residual(config.trunk),
        )
        features = config.trunk * (SIDE // 8) ** 2
        self.head = nn.Linear(features, config.space)
        self.iconness = nn.Linear(features, 1)
        nn.init.zeros_(self.iconness.weight)
        nn.init.zeros_(self.iconness.bias)

    def forward(self, crops: Tensor) -> Seen:
        """Look at crops with values from 0 to 1."""
        inputs = ((crops - 0.25) / 0.35)[:, None]
        if crops.device.type == "cpu":
            inputs = inputs.to(memory_format=torch.channels_last)
        features = self.trunk(inputs).flatten(1)
        return Seen(F.normalize(self.head(features), dim=-1), self.iconness(features)[:, 0])


class TextSide(nn.Module):
    """A table of words (vectors, and how much each counts) and what their mean stands for."""

    def __init__(self, config: IconConfig, words: int) -> None:
        super().__init__()
        self.register_buffer("table", torch.zeros(words, config.space))
        self.register_buffer("weights", torch.zeros(words))
        self.mix = nn.Sequential(
            nn.Linear(config.space, config.hidden),
            nn.ReLU(inplace=True),
            nn.Linear(config.hidden, config.space),
        )

    table: Tensor
    weights: Tensor

    def forward(self, numbers: Tensor, offsets: Tensor) -> Tensor:
        """Return unit vectors of texts; ``offsets`` tell where the words of each begin."""
        return self.blend(self.table[numbers], self.weights[numbers], offsets)

    def blend(self, vectors: Tensor, weights: Tensor, offsets: Tensor) -> Tensor:
        """Return unit vectors of texts from those of their words and how much each counts."""
        counts = offsets.diff()
        text = torch.repeat_interleave(torch.arange(len(counts), device=offsets.device), counts)
        share = weights.exp()
        total = torch.zeros(len(counts), device=vectors.device).index_add(0, text, share)
        mean = torch.zeros(len(counts), vectors.shape[1], device=vectors.device)
        mean = mean.index_add(0, text, vectors * share[:, None])
        mean = mean / total.clamp(min=1e-6)[:, None]
        return F.normalize(mean + self.mix(mean), dim=-1)


class IconNet(nn.Module):
    """Both sides and the scale of their likeness."""

    def __init__(self, words: int, config: IconConfig | None = None) -> None:
        super().__init__()
        self.config = config or IconConfig()
        self.image = ImageSide(self.config)
        self.text = TextSide(self.config, words)
        self.log_scale = nn.Parameter(torch.tensor(2.3))


def pack(lists: list[list[int]]) -> tuple[Tensor, Tensor]:
    """Return word numbers of texts in one row, and where each text begins."""
    flat = [number for numbers in lists for number in numbers]
    offsets = torch.zeros(len(lists) + 1, dtype=torch.long)
    offsets[1:] = torch.tensor([len(numbers) for numbers in lists]).cumsum(0)
    return torch.tensor(flat, dtype=torch.long), offsets


def likeness(seen: Seen, texts: Tensor, log_scale: Tensor) -> Tensor:
    """Return logits (texts, crops): how well a text names a crop, and that it is an icon at all."""
    scores: Tensor = texts @ seen.vectors.T * log_scale.exp() + F.logsigmoid(seen.iconness)
    return scores


def compact(net: IconNet) -> dict[str, Any]:
    """Return the weights to ship: fp16, the table of words in bytes with a scale a row."""
    tensors = {
        name: tensor.detach().to("cpu", torch.float16).contiguous()
        for name, tensor in net.state_dict().items()
        if not name.endswith("num_batches_tracked") and name != "text.table"
    }
    table = net.text.table.detach().cpu().float()
    steps = table.abs().amax(1).clamp(min=1e-6) / 127
    tensors["text.table"] = (table / steps[:, None]).round().to(torch.int8)
    tensors["text.steps"] = steps.half()
    return tensors
