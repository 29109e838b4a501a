"""Icons as screens show them: drawings in any size, stroke, shade and company, and their texts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from ..icons.crops import ROOM, SIDE
from ..icons.words import Vocabulary, content_words

# The canvas of a drawing and the longer side of its ink, in px.
CANVAS, INK = 64, 56
# Sizes in px at which screens show icons.
_SIZES = (9, 10, 11, 12, 13, 14, 15, 16, 18, 20, 22, 24, 28, 32, 36, 48)
# What instructions say around a name, learnt to count for little.
_BEFORE = (
    *("open", "show", "toggle", "go to", "use", "switch", "select", "insert", "find the", "do"),
    *("click the", "click on the", "i want to", "i need the", "can you", "choose", "on"),
)
_AFTER = ("icon", "button", "", "action", "tool", "control", "function", "option", "now")


@dataclass(frozen=True)
class IconData:
    """Drawings and everything they may be called.

    ``ink`` (N, 64, 64) uint8, ``label`` (N) the number of a drawing's label, ``held_out`` (N) those
    that measure; ``texts``: per label the numbers of its texts, ``shares`` how often each is taken,
    ``related`` texts that neither name it nor do not; ``negatives`` (M, 32, 32) are crops of text.
    """

    ink: NDArray[np.uint8]
    label: NDArray[np.int64]
    held_out: NDArray[np.bool_]
    negatives: NDArray[np.uint8]
    vectors: NDArray[np.float16]
    words: tuple[str, ...]
    names: tuple[str, ...]
    sets: tuple[str, ...]
    all_texts: tuple[str, ...]
    texts: tuple[NDArray[np.int64], ...]
    shares: tuple[NDArray[np.float64], ...]
    related: tuple[NDArray[np.int64], ...]

    @classmethod
    def load(cls, folder: Path) -> IconData:
        """Read what was built in a folder; the drawings stay on disk until they are used."""
        about = json.loads((folder / "data.json").read_text(encoding="utf-8"))
        labels = about["labels"]
        with np.load(folder / "data.npz") as file:
            arrays = {name: file[name] for name in file.files}
        return cls(
            ink=np.load(folder / "ink.npy", mmap_mode="r"),
            label=arrays["label"],
            held_out=arrays["held_out"],
            negatives=arrays["negatives"],
            vectors=arrays["vectors"],
            words=tuple(about["words"]),
            names=tuple(label["name"] for label in labels),
            sets=tuple(label["set"] for label in labels),
            all_texts=tuple(about["texts"]),
            texts=tuple(np.array([int(t) for t in label["texts"]], np.int64) for label in labels),
            shares=tuple(np.array(list(label["texts"].values()), float) for label in labels),
            related=tuple(np.array(label["related"], np.int64) for label in labels),
        )


class IconBatches:
    """Batch k of a run: crops, texts and which of them belong together."""

    def __init__(self, data: IconData, icons: int, negatives: int) -> None:
        self._data, self._icons, self._negatives = data, icons, negatives
        vocabulary = Vocabulary(data.words)
        self._numbers = [vocabulary.numbers(content_words(text)) for text in data.all_texts]
        self._vocabulary = vocabulary
        self._share = _sampling(data)
        self._twins = _twins(data)

    def make(self, rng: np.random.Generator) -> tuple[Tensor, list[list[int]], Tensor, Tensor]:
        """Return crops (the icons first), words of a text an icon, who is right, who is unsure."""
        chosen = self._choose(rng)
        labels = self._data.label[chosen]
        texts = np.array([self._pick_text(label, rng) for label in labels])
        ink = torch.from_numpy(self._data.ink[chosen].astype(np.float32) / 255)
        crops = torch.cat([show(ink, rng), self._no_icons(ink, rng)])
        right = torch.zeros(len(chosen), len(crops), dtype=torch.bool)
        unsure = torch.zeros_like(right)
        for column, label in enumerate(labels):
            right[:, column] = torch.from_numpy(np.isin(texts, self._data.texts[label]))
            unsure[:, column] = torch.from_numpy(np.isin(texts, self._data.related[label]))
        words = [self._phrase(text, rng) for text in texts]
        return crops, words, right, unsure & ~right

    def _choose(self, rng: np.random.Generator) -> NDArray[np.int64]:
        chosen = np.searchsorted(self._share, rng.random(self._icons))
        for place in range(0, self._icons - 1, 4):  # every fourth icon meets one that is near it
            twins = self._twins.get(int(chosen[place]))
            if twins is not None:
                chosen[place + 1] = rng.choice(twins)
        return chosen

    def _pick_text(self, label: int, rng: np.random.Generator) -> int:
        shares = self._data.shares[label]
        return int(rng.choice(self._data.texts[label], p=shares / shares.sum()))

    def _phrase(self, text: int, rng: np.random.Generator) -> list[int]:
        if rng.random() < 0.8:
            return self._numbers[text]
        before = rng.choice(_BEFORE) if rng.random() < 0.8 else ""
        phrase = f"{before} {self._data.all_texts[text]} {rng.choice(_AFTER)}"
        return self._vocabulary.numbers(content_words(phrase)) or self._numbers[text]

    def _no_icons(self, ink: Tensor, rng: np.random.Generator) -> Tensor:
        """Return crops of what is no icon: text, textures, frames, parts of icons."""
        count = self._negatives
        written = rng.choice(len(self._data.negatives), count // 2, replace=False)
        text = torch.from_numpy(self._data.negatives[written].astype(np.float32) / 255)
        rest = [_texture(rng) for _ in range(count // 6)]
        rest += [_frame(rng) for _ in range(count // 6)]
        left = count - len(text) - len(rest)
        parts = [_part(ink[int(rng.integers(len(ink)))], rng) for _ in range(left)]
        shaded = text ** float(np.exp(rng.uniform(-0.5, 0.5)))
        return torch.cat([shaded, show(torch.stack(rest + parts), rng)])


def _sampling(data: IconData) -> NDArray[np.float64]:
    """Return running shares: names many sets know more often, many drawings of a name less."""
    known: dict[str, set[str]] = {}
    for name, origin in zip(data.names, data.sets, strict=True):
        known.setdefault(name, set()).add(origin)
    drawings = np.bincount(data.label, minlength=len(data.names))
    share = np.zeros(len(data.label))
    for number, label in enumerate(data.label):
        if not data.held_out[number] and len(data.texts[label]):
            popular = min(8, len(known[data.names[label]])) ** 0.8
            share[number] = popular / drawings[label] ** 0.5
    running: NDArray[np.float64] = np.cumsum(share) / share.sum()
    return running


def _twins(data: IconData) -> dict[int, NDArray[np.int64]]:
    """Return for drawings those of the same set whose name begins alike."""
    groups: dict[tuple[str, str], list[int]] = {}
    for number, label in enumerate(data.label):
        if not data.held_out[number] and len(data.texts[label]):
            first = data.names[label].split(" ")[0]
            groups.setdefault((data.sets[label], first), []).append(number)
    twins = {}
    for group in groups.values():
        members = np.array(group)
        for number in group:
            others = members[data.label[members] != data.label[number]]
            if len(others):
                twins[number] = others
    return twins


def show(ink: Tensor, rng: np.random.Generator) -> Tensor:
    """Return crops (N, 32, 32) of drawings (N, 64, 64) as a screen might show them."""
    count = len(ink)
    ink = _shaded(_plated(_stroked(ink, rng), rng), rng)
    ink = _crowded(F.pad(ink, (16, 16, 16, 16)), rng)
    wide = ink.shape[-1]
    side = INK / wide * ROOM * rng.uniform(0.88, 1.14, count)
    tilt = rng.normal(0, 0.05, count) * (rng.random(count) < 0.4)
    stretch = np.exp(rng.uniform(-0.07, 0.07, count))
    moved = rng.uniform(-0.06, 0.06, (count, 2)) * INK / wide
    turn = np.zeros((count, 2, 3), np.float32)
    turn[:, 0, 0], turn[:, 0, 1] = side * np.cos(tilt) * stretch, -side * np.sin(tilt)
    turn[:, 1, 0], turn[:, 1, 1] = side * np.sin(tilt), side * np.cos(tilt) / stretch
    turn[:, :, 2] = moved
    crops = torch.empty(count, 1, SIDE, SIDE)
    for part in np.array_split(rng.permutation(count), min(8, count)):
        size = int(rng.choice(_SIZES))
        # Sampled twice as fine and averaged: what anti-aliasing does at this size.
        grid = F.affine_grid(
            torch.from_numpy(turn[part]), [len(part), 1, 2 * size, 2 * size], align_corners=False
        )
        seen = F.avg_pool2d(F.grid_sample(ink[part, None], grid, align_corners=False), 2)
        crops[part] = F.interpolate(
            seen, (SIDE, SIDE), mode="bilinear", antialias=size > SIDE, align_corners=False
        )
    noise = rng.random((count, 1, 1, 1)) * rng.standard_normal((count, 1, SIDE, SIDE)) * 0.025
    crops = (crops + torch.from_numpy(noise.astype(np.float32))).clamp(0, 1)
    return crops[:, 0] / crops.amax((1, 2, 3))[:, None, None].clamp(min=0.1)


def as_drawn(ink: Tensor) -> Tensor:
    """Return crops (N, 32, 32) of drawings as they are, 24 px wide."""
    side = INK / CANVAS * ROOM
    turn = torch.tensor([[side, 0.0, 0.0], [0.0, side, 0.0]]).expand(len(ink), 2, 3)
    grid = F.affine_grid(turn, [len(ink), 1, 48, 48], align_corners=False)
    seen = F.avg_pool2d(F.grid_sample(ink[:, None], grid, align_corners=False), 2)
    crops = F.interpolate(seen, (SIDE, SIDE), mode="bilinear", align_corners=False)[:, 0]
    return crops / crops.amax((1, 2))[:, None, None].clamp(min=0.1)


def _some(count: int, share: float, rng: np.random.Generator) -> NDArray[np.int64]:
    return np.flatnonzero(rng.random(count) < share)


def _stroked(ink: Tensor, rng: np.random.Generator) -> Tensor:
    """Make some strokes bolder, some thinner."""
    ink = ink.clone()
    bold, thin = _some(len(ink), 0.2, rng), _some(len(ink), 0.1, rng)
    ink[bold] = F.max_pool2d(ink[bold, None], 3, 1, 1)[:, 0]
    thinner = -F.max_pool2d(-ink[thin, None], 3, 1, 1)[:, 0]
    # A hairline would vanish.
    keeps = thinner.sum((1, 2)) > 0.4 * ink[thin].sum((1, 2))
    ink[thin] = torch.where(keeps[:, None, None], thinner, ink[thin])
    return ink


def _plated(ink: Tensor, rng: np.random.Generator) -> Tensor:
    """Put some icons on a plate of another colour: a round or square button."""
    across = torch.linspace(-1, 1, CANVAS)
    x, y = across[None, :].abs(), across[:, None].abs()
    for number in _some(len(ink), 0.1, rng):
        half = INK / CANVAS
        power = float(rng.choice([2.0, 4.0, 12.0]))
        plate = ((x / half) ** power + (y / half) ** power <= 1).float() * rng.uniform(0.2, 1)
        size = int(CANVAS * rng.uniform(0.45, 0.75)) // 2 * 2
        small = F.interpolate(ink[number][None, None], (size, size), mode="area")[0, 0]
        icon = F.pad(small, ((CANVAS - size) // 2,) * 4)
        high = plate.max()
        other = 0.0 if rng.random() < 0.5 else float(rng.uniform(0, 1))
        if abs(other - high) > 0.2:  # what nobody could see teaches nothing
            ink[number] = plate * (1 - icon) + other * icon * (plate > 0)
    return ink


def _shaded(ink: Tensor, rng: np.random.Generator) -> Tensor:
    """Change how ink fades, and let some of it shade off."""
    power = np.exp(rng.uniform(-0.6, 0.6, (len(ink), 1, 1))).astype(np.float32)
    ink = ink.clamp(0, 1) ** torch.from_numpy(power)
    shades = torch.from_numpy(rng.random((len(ink), 1, 3, 3)).astype(np.float32))
    smooth = F.interpolate(shades, (CANVAS, CANVAS), mode="bilinear", align_corners=True)[:, 0]
    depth = (rng.random((len(ink), 1, 1)) < 0.3) * 0.6
    return ink * (1 - torch.from_numpy(depth.astype(np.float32)) * smooth)


def _crowded(ink: Tensor, rng: np.random.Generator) -> Tensor:
    """Let neighbours and lines reach into the room around some icons."""
    wide, edge = ink.shape[-1], (ink.shape[-1] - INK) // 2
    ink = ink.clone()
    for number in _some(len(ink), 0.3, rng):
        shade, near = float(rng.uniform(0.1, 1)), edge - int(rng.integers(4, 9))
        quarters = int(rng.integers(4))
        turned = torch.rot90(ink[number], quarters, (0, 1)).clone()
        if rng.random() < 0.5:
            other = ink[int(rng.integers(len(ink)))]
            turned[:, :near] = torch.maximum(turned[:, :near], shade * other[:, edge : edge + near])
        else:
            turned[:, near - int(rng.integers(1, 4)) : near] = shade
        ink[number] = torch.rot90(turned, -quarters, (0, 1))
    return ink.reshape(-1, wide, wide)


def _texture(rng: np.random.Generator) -> Tensor:
    """A piece of a photo or an avatar."""
    rows, columns = (int(n) for n in rng.integers(3, 14, 2))
    rough = torch.from_numpy(rng.random((1, 1, rows, columns)).astype(np.float32))
    patch = F.interpolate(rough, (CANVAS, CANVAS), mode="bicubic")[0, 0].clamp(0, 1)
    if rng.random() < 0.6:
        across = torch.linspace(-1, 1, CANVAS)
        patch = patch * (across[:, None] ** 2 + across[None] ** 2 < 0.72)
    return patch


def _frame(rng: np.random.Generator) -> Tensor:
    """A box, a bar or an outline."""
    shape = torch.zeros(CANVAS, CANVAS)
    long, short = INK, int(rng.integers(6, INK + 1))
    wide, high = (long, short) if rng.random() < 0.5 else (short, long)
    x, y, line = (CANVAS - wide) // 2, (CANVAS - high) // 2, int(rng.integers(1, 5))
    shape[y : y + high, x : x + wide] = float(rng.uniform(0.3, 1))
    if rng.random() < 0.6:
        shape[y + line : y + high - line, x + line : x + wide - line] = float(rng.uniform(0, 0.3))
    return shape


def _part(ink: Tensor, rng: np.random.Generator) -> Tensor:
    """An icon that is cut off."""
    moved = torch.zeros_like(ink)
    gone = int(rng.integers(20, 34))
    moved[:, : CANVAS - gone] = ink[:, gone:]
    return torch.rot90(moved, int(rng.integers(4)), (0, 1))
