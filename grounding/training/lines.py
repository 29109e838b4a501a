"""Trains the line reader from labelled pages.

Everything that happens at step k follows from (seed, k), as with the glyph map.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import Dataset

from ..reader.line_model import BLANK, LineNet
from ..reader.network import load_weights
from ..reader.strips import GAP, HEIGHT, STEP, lay_out, pack
from .digests import sha256_of
from .line_samples import LabelledLine, LineSample, choose, lines_of
from .loop import Progress, loaded, run
from .pages import LabelledPage, load_page, page_names

RATE = 3e-3
_FILLED = 0.93  # of the rows: strips do not fill them without gaps
_DRAWN_AGAIN = 6  # batches that share a drawn page: drawing takes longer than learning from it
_NEAR = 1.5  # steps around the middle of a letter where either of two answers is right


@dataclass(frozen=True)
class LineTraining:
    """What decides the weights. The learning rate falls in a straight line at the end.

    ``start`` is the digest of the weights that it begins with; `train` sets it.
    """

    steps: int
    seed: int = 0
    rows: int = 16
    row: int = 640
    pages: int = 3
    drawn: float = 0.3
    rate: float = RATE
    warm_up: int = 200
    decay: float = 0.7
    weight_decay: float = 0.02
    places: float = 0.3
    start: str | None = None


@dataclass(frozen=True)
class Pages:
    """Where pages come from: a folder of rendered ones, and a way to draw more."""

    folder: Path
    draw: Callable[[random.Random], LabelledPage]


class _Batches(Dataset[dict[str, Tensor]]):
    """Batch k of a run: strips of some rendered pages of a folder and of a drawn one."""

    def __init__(self, pages: Pages, config: LineTraining, first: int) -> None:
        self._names = page_names(pages.folder)
        if not self._names:
            raise ValueError(f"{pages.folder} holds no pages")
        self._config, self._first, self._pages = config, first, pages
        # Cut once, learnt from often: about 1.5 MB of pictures for each page of a screen's size.
        self._rendered = lru_cache(maxsize=2000)(self._of_page)
        self._drawn = lru_cache(maxsize=2)(self._of_drawing)

    def _of_page(self, name: str) -> list[LabelledLine]:
        return lines_of(load_page(self._pages.folder, name), random.Random(name))

    def _of_drawing(self, number: int) -> list[LabelledLine]:
        rng = random.Random(f"drawn/{self._config.seed}/{number}")
        return lines_of(self._pages.draw(rng), rng)

    def __len__(self) -> int:
        return self._config.steps - self._first

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        config, step = self._config, self._first + index
        rng = random.Random(f"{config.seed}/{step}")
        room = _FILLED * config.rows * config.row
        samples = choose(self._drawn(step // _DRAWN_AGAIN), rng, int(config.drawn * room))
        for _ in range(config.pages):
            lines = self._rendered(rng.choice(self._names))
            samples += choose(lines, rng, int((1 - config.drawn) * room / config.pages))
        return collate(samples, config)


def collate(samples: Sequence[LineSample], config: LineTraining) -> dict[str, Tensor]:
    """Lay strips in rows. What finds no room is left out.

    ``spans`` (N, 2) are first step (of all rows, one after the other) and steps of a strip,
    ``labels`` (N, S) the classes of its text, BLANK in front and behind, ``counts`` (N) how many.
    ``places`` are the steps of all rows: a class where the middle of a letter lies, BLANK where
    none is near, -1 in between.
    """
    widest = config.row - GAP
    samples = [s for s in samples if s.strip.shape[1] <= widest and _has_time(s)]
    places = pack([sample.strip.shape[1] for sample in samples], config.row)
    kept = [(s, place) for s, place in zip(samples, places, strict=True) if place[0] < config.rows]
    rows = np.zeros((config.rows, HEIGHT, config.row, 2), np.uint8)
    laid = lay_out([s.strip for s, _ in kept], [place for _, place in kept], config.row)
    rows[: len(laid)] = laid
    across = config.row // STEP
    goals = np.full(config.rows * across, BLANK, np.int64)
    spans = []
    for sample, (row, column) in kept:
        first = row * across + column // STEP
        spans.append((first, sample.strip.shape[1] // STEP))
        middles = first + sample.steps
        grid = np.arange(first, first + spans[-1][1])
        if len(middles):
            away = np.abs(grid[:, None] + 0.5 - middles).min(axis=1)
            goals[grid[away < _NEAR]] = -1
        at = np.floor(middles).astype(np.int64)
        inside = (at >= first) & (at < first + spans[-1][1])
        goals[at[inside]] = sample.classes[inside]
    counts = [len(sample.classes) for sample, _ in kept]
    labels = np.full((len(kept), 2 + max(counts, default=0)), BLANK, np.int64)
    for number, (sample, _) in enumerate(kept):
        labels[number, 1 : 1 + counts[number]] = sample.classes
    return {
        "rows": torch.from_numpy(rows),
        "places": torch.from_numpy(goals),
        "spans": torch.tensor(spans, dtype=torch.int64).view(-1, 2),
        "labels": torch.from_numpy(labels),
        "counts": torch.tensor(counts),
    }


def _has_time(sample: LineSample) -> bool:
    """Tell whether a text fits in its strip: two equal letters need a step between them."""
    again = int((sample.classes[1:] == sample.classes[:-1]).sum())
    return bool(len(sample.classes) + again <= sample.strip.shape[1] // STEP)


def losses(net: LineNet, batch: dict[str, Tensor], places: float) -> dict[str, Tensor]:
    """Return the parts of the loss: the text of each strip, and the place of each letter."""
    scores = net(batch["rows"]).float().log_softmax(-1).flatten(0, 1)
    goals = batch["places"]
    told = F.nll_loss(scores, goals, ignore_index=-1, reduction="none")
    letter, empty = (goals >= 0) & (goals != BLANK), goals == BLANK
    here = (told * letter).sum() / letter.sum().clamp(min=1)
    nowhere = (told * empty).sum() / empty.sum().clamp(min=1)
    text = text_loss(scores, batch["spans"], batch["labels"], batch["counts"])
    return {"text": text, "place": places * (here + nowhere)}


def text_loss(scores: Tensor, spans: Tensor, labels: Tensor, counts: Tensor) -> Tensor:
    """Return the connectionist temporal classification loss a letter.

    ``scores`` (T, OUTPUTS) are log-probabilities of all steps. Only the columns of a strip's own
    letters take part in the search; its posteriors then weigh them, which has the same gradient as
    the whole loss and takes a fraction of its time.
    """
    if not len(spans):
        return scores.new_zeros(())
    first, steps = spans.unbind(1)
    classes = scores.shape[1]
    reach = torch.arange(int(steps.max()), device=scores.device)[:, None]
    at = (first + reach.clamp(max=steps - 1)) * classes
    own = scores.flatten().take(at[:, :, None] + labels)
    # Equal letters share the column of the first of them.
    columns = (labels[:, :, None] == labels[:, None, :]).int().argmax(dim=2)
    with torch.enable_grad():
        fixed = own.detach().requires_grad_()
        loss = F.ctc_loss(
            fixed, columns[:, 1:-1], steps, counts, blank=0, reduction="sum", zero_infinity=True
        )
        (slope,) = torch.autograd.grad(loss, fixed)
    posterior = (fixed.detach().exp() - slope) * (reach < steps)[:, :, None]
    weighed = -(posterior * own).sum()
    total: Tensor = (weighed + (loss.detach() - weighed.detach())) / counts.sum().clamp(min=1)
    return total


def train(
    pages: Pages,
    config: LineTraining,
    out: Path,
    *,
    device: str = "cpu",
    resume: bool = False,
    workers: int = 1,
    start: Path | None = None,
) -> Iterator[Progress]:
    """Train on the pages of a folder and on drawn ones; yields the curve.

    ``start`` is a file of weights to begin with; without it they are drawn from the seed.
    """
    torch.manual_seed(config.seed)
    net = LineNet()
    if start is not None:
        load_weights(net, start)
        config = replace(config, start=sha256_of(start))
    yield from run(
        net,
        lambda net, batch: losses(net, batch, config.places),
        lambda first: loaded(_Batches(pages, config, first), workers),
        config,
        out,
        device=device,
        resume=resume,
    )
