"""Trains the icon recogniser: pictures and texts of the same icon are drawn together.

Everything that happens at step k follows from (seed, k): a killed run goes on along the same
curve, and the same command on the same machine gives the same weights.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..icons.model import IconConfig, IconNet, likeness, pack
from ..icons.words import Vocabulary, content_words
from .checkpoints import NAME, check_same, load_checkpoint, save_checkpoint
from .digests import sha256_of
from .icon_samples import IconBatches, IconData, as_drawn
from .icon_start import begin_with

# The likeness is sharpened at most this much, so that confidence keeps its meaning.
_MOST_LOG_SCALE = 3.7
REPORT = 25
RATE = 2.5e-3


@dataclass(frozen=True)
class IconTraining:
    """What decides the weights. The learning rate falls in a straight line at the end.

    ``start`` is the digest of the weights that it begins with; `train` sets it.
    """

    steps: int
    seed: int = 0
    icons: int = 320
    negatives: int = 80
    rate: float = RATE
    warm_up: int = 80
    decay: float = 0.7
    weight_decay: float = 0.02
    start: str | None = None


class WordLearner(nn.Module):
    """Words from given vectors, which know synonyms, and what icons add to them.

    What icons add is left out at random, so that words no icon has as a tag are understood too.
    """

    def __init__(self, vectors: Tensor, space: int) -> None:
        super().__init__()
        self.register_buffer("given", vectors, persistent=False)
        self.place = nn.Linear(vectors.shape[1], space, bias=False)
        self.share = nn.Linear(vectors.shape[1], 1)
        nn.init.zeros_(self.share.weight)
        self.added = nn.Parameter(torch.zeros(len(vectors), space))
        self.added_share = nn.Parameter(torch.zeros(len(vectors)))

    given: Tensor

    def forward(self, numbers: Tensor, keep: Tensor) -> tuple[Tensor, Tensor]:
        """Return vectors and log weights of words; ``keep`` (N) tells which use what was added."""
        given = self.given[numbers]
        vectors = self.place(given) + self.added[numbers] * keep[:, None]
        return vectors, self.share(given)[:, 0] + self.added_share[numbers] * keep

    @torch.no_grad()
    def tables(self) -> tuple[Tensor, Tensor]:
        """Return vectors and log weights of all words."""
        everything = torch.arange(len(self.given), device=self.given.device)
        vectors, shares = self(everything, torch.ones(len(everything), device=self.given.device))
        return vectors, shares


class IconTrainee(nn.Module):
    """The network and the words it learns with."""

    def __init__(self, vectors: Tensor, config: IconConfig | None = None) -> None:
        super().__init__()
        self.net = IconNet(0, config)
        self.words = WordLearner(vectors, self.net.config.space)

    def finished(self) -> IconNet:
        """Return the network with its own table of words, ready to be evaluated."""
        vectors, shares = self.words.tables()
        net = IconNet(len(vectors), self.net.config)
        state = self.net.state_dict()
        state.update({"text.table": vectors, "text.weights": shares})
        net.load_state_dict(state)
        return net.eval()


def losses(
    trainee: IconTrainee, batch: tuple[Tensor, list[list[int]], Tensor, Tensor], keep: Tensor
) -> dict[str, Tensor]:
    """Return the parts of the loss: which icon a text means, which text an icon, is it an icon."""
    crops, words, right, unsure = batch
    numbers, offsets = (each.to(crops.device) for each in pack(words))
    seen = trainee.net.image(crops)
    vectors, shares = trainee.words(numbers, keep)
    texts = trainee.net.text.blend(vectors, shares, offsets)
    scores = likeness(seen, texts, trainee.net.log_scale).masked_fill(unsure, -torch.inf)
    count = len(words)
    alike = (texts @ seen.vectors[:count].T * trainee.net.log_scale.exp()).masked_fill(
        unsure[:, :count], -torch.inf
    )
    is_icon = (torch.arange(len(crops), device=crops.device) < count).float()
    return {
        "text_to_icon": _contrast(scores, right),
        "icon_to_text": 0.5 * _contrast(alike.T, right[:, :count].T),
        "iconness": 0.3 * F.binary_cross_entropy_with_logits(seen.iconness, is_icon),
    }


def _contrast(scores: Tensor, right: Tensor) -> Tensor:
    """Return the mean negative log share that the right ones of each row have."""
    best = scores.masked_fill(~right, -torch.inf)
    return (scores.logsumexp(1) - best.logsumexp(1)).mean()


def learning_rate(config: IconTraining, step: int) -> float:
    """Rise over the first steps, stay, fall to nothing in a straight line at the end."""
    rise = min(1.0, (step + 1) / config.warm_up)
    fall = min(1.0, (config.steps - step) / (config.decay * config.steps))
    return config.rate * rise * fall


@dataclass(frozen=True)
class Progress:
    """One line of the training curve; ``top1`` is measured on a set that is never trained on."""

    step: int
    seconds: float
    loss: dict[str, float]
    top1: float


def train(
    data: IconData,
    config: IconTraining,
    out: Path,
    *,
    device: str = "cpu",
    resume: bool = False,
    start: Path | None = None,
) -> Iterator[Progress]:
    """Train to ``config.steps``; yields the curve, writes a checkpoint to ``out`` each minute.

    ``start`` is a file of weights to begin with; without it they are drawn from the seed.
    """
    out.mkdir(parents=True, exist_ok=True)
    trainee = new_trainee(data, config.seed)
    if start is not None:
        begin_with(trainee, data.words, start)
        config = replace(config, start=sha256_of(start))
    going_on = resume and (out / NAME).exists()
    if going_on:
        check_same(out, asdict(config))
    trainee.to(device)
    optimizer = _optimizer(trainee, config)
    first, curve, before = 0, [], 0.0
    if going_on:
        state = load_checkpoint(out, trainee, optimizer)
        first, curve, before = state["step"], state["curve"], state["seconds"]
    batches = IconBatches(data, config.icons, config.negatives)
    sums: dict[str, float] = {}
    started = saved = time.monotonic()
    for step in range(first, config.steps):
        for name, value in _step(trainee, optimizer, batches, (config, step)).items():
            sums[name] = sums.get(name, 0.0) + value
        done = step + 1
        if done % REPORT and done != config.steps:
            continue
        seconds = before + time.monotonic() - started
        count = (done - 1) % REPORT + 1
        means = {name: round(value / count, 4) for name, value in sums.items()}
        point = Progress(done, round(seconds, 1), means, held_out_top1(trainee, data))
        curve.append(asdict(point))
        sums = {}
        if time.monotonic() - saved > 60 or done == config.steps:
            saved = time.monotonic()
            state = {"step": done, "curve": curve, "seconds": seconds, "config": asdict(config)}
            save_checkpoint(out, trainee, optimizer, state)
        yield point


def new_trainee(data: IconData, seed: int) -> IconTrainee:
    """Return an untrained network for the words of some data."""
    torch.manual_seed(seed)
    trainee = IconTrainee(torch.from_numpy(data.vectors.astype(np.float32)))
    return trainee.train()


def _optimizer(trainee: IconTrainee, config: IconTraining) -> torch.optim.Optimizer:
    learnt = [trainee.words.added, trainee.words.added_share, trainee.net.log_scale]
    fixed = {id(parameter) for parameter in learnt}
    rest = [each for each in trainee.parameters() if id(each) not in fixed]
    groups = [
        {"params": rest, "weight_decay": config.weight_decay},
        {"params": learnt, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, config.rate, betas=(0.9, 0.98))


def _step(
    trainee: IconTrainee,
    optimizer: torch.optim.Optimizer,
    batches: IconBatches,
    when: tuple[IconTraining, int],
) -> dict[str, float]:
    config, step = when
    rng = np.random.default_rng([config.seed, step])
    crops, words, right, unsure = batches.make(rng)
    device = trainee.net.log_scale.device
    batch = (crops.to(device), words, right.to(device), unsure.to(device))
    keep = torch.from_numpy(rng.random(sum(len(each) for each in words)) < 0.6)
    for group in optimizer.param_groups:
        group["lr"] = learning_rate(config, step)
    parts = losses(trainee, batch, keep.float().to(device))
    optimizer.zero_grad(set_to_none=True)
    torch.stack(list(parts.values())).sum().backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(trainee.parameters(), 5.0)
    optimizer.step()
    with torch.no_grad():
        trainee.net.log_scale.clamp_(max=_MOST_LOG_SCALE)
    return {name: value.item() for name, value in parts.items()}


@torch.no_grad()
def held_out_scores(net: IconNet, data: IconData, *, tags: bool, count: int = 400) -> Tensor:
    """Return logits (count, 100) on the held-out set: a text's own icon, then others' icons.

    The text is the icon's name, or another of its texts; others never share a text with it.
    """
    rng = np.random.default_rng(1)
    several = [n for n in np.flatnonzero(data.held_out) if len(data.texts[data.label[n]])]
    numbers = rng.choice(several, min(count, len(several)), replace=False)
    vocabulary = Vocabulary(data.words)
    device = net.log_scale.device
    ink = torch.from_numpy(data.ink[numbers].astype(np.float32) / 255)
    seen = net.image(as_drawn(ink).to(device))
    rows, texts = [], []
    for place, number in enumerate(numbers):
        label = data.label[number]
        shares = data.shares[label]
        others = np.flatnonzero(shares < shares.max())
        chosen = rng.choice(others) if tags and len(others) else shares.argmax()
        text = data.texts[label][chosen]
        wrong = [n for n, m in enumerate(numbers) if text not in data.texts[data.label[m]]]
        rows.append([place, *rng.choice(wrong, min(99, len(wrong)), replace=False)])
        texts.append(vocabulary.numbers(content_words(data.all_texts[text])))
    packed = (each.to(device) for each in pack(texts))
    scores = likeness(seen, net.text(*packed), net.log_scale)
    width = min(len(row) for row in rows)
    return scores.gather(1, torch.tensor([row[:width] for row in rows], device=device)).cpu()


def held_out_top1(trainee: IconTrainee, data: IconData) -> float:
    """Return how often a name of the held-out set finds its icon among a hundred."""
    if not data.held_out.any():
        return 0.0
    scores = held_out_scores(trainee.finished(), data, tags=False)
    return round((scores.argmax(1) == 0).float().mean().item(), 4)
