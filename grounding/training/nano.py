"""Trains the nano model on lessons: many instructions share one pass through the vision tower."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from ..backbones.compact import Compact
from ..backbones.tower import TowerOutput
from ..calibration import Calibration, fit_calibration, fit_threshold
from ..decode import confidence, decode
from ..grid import PatchGrid, Preprocessing, cut_patches
from ..labels import fuse_labels, overlap_by_patch, pointer_target
from ..nano.evidence import without_reader
from ..plan import VisualPlan, plan_all
from ..pointer import none_probability
from ..ui_graph import build_ui_graph
from .grounder import GrounderConfig, run
from .lessons import load_lesson
from .reader import Progress
from .samples import Sample
from .stages import GrounderStage, Weights
from .trainee import Trainee

# The language of an answer is fixed, so it hardly counts; which tokens matter counts more than in
# the big models, whose scorer is trained before.
WEIGHTS = Weights(language=0.05, scorer=0.5)
# How often reading is taken away, so that the model can be measured without it.
BLIND = 0.15
# Positions are moved by up to so many tokens each way: parts of pages stand for parts of screens.
JITTER = 30


@dataclass(frozen=True, eq=False)
class NanoSample(Sample):
    """A sample with its evidence (tokens, SIZE), and the number of its picture in the step."""

    features: NDArray[np.float32]
    picture: int


def samples_of(
    path: Path, how: Preprocessing, picture: int, chance: random.Random, keep: tuple[float, float]
) -> list[NanoSample]:
    """Return the samples of a lesson; chance decides what each keeps, and which cannot read."""
    lesson = load_lesson(path)
    tall, wide = lesson.image.shape[:2]
    grid = PatchGrid(wide, tall, wide, tall, how.patch, how.merge)
    pixels = cut_patches(Image.fromarray(lesson.image), how)
    graph = build_ui_graph(lesson.image, grid.factor).scores().ravel()
    found = []
    for asked, coded in zip(lesson.asked, lesson.features, strict=True):
        overlap = np.zeros((grid.count, grid.merge**2), np.float32)
        target = np.zeros(grid.count, np.float32)
        if asked.box is not None:
            overlap, target = overlap_by_patch(grid, asked.box), pointer_target(grid, asked.box)
        features = coded.astype(np.float32) / 255
        found.append(
            NanoSample(
                asked.instruction,
                pixels,
                grid,
                asked.box,
                graph,
                fuse_labels(overlap, graph),
                target,
                chance.uniform(*keep),
                without_reader(features) if chance.random() < BLIND else features,
                picture,
            )
        )
    return found


class NanoSteps(Dataset[list[Sample]]):
    """The samples of each step of a run, from step ``first`` on, for one of several processes.

    The pictures of a step have one size, so nothing is padded: as many as hold the tokens of
    ``config.batch`` small ones, at least one.
    """

    def __init__(
        self,
        lessons: Sequence[Path],
        how: Preprocessing,
        config: GrounderConfig,
        first: int,
        process: tuple[int, int],
    ) -> None:
        self._how, self._config, self._first, self._process = how, config, first, process
        self._sized = [(path, _size(path)) for path in lessons]
        self._by_size: dict[tuple[int, int], list[Path]] = {}
        for path, size in self._sized:
            self._by_size.setdefault(size, []).append(path)
        self._budget = config.batch * min(wide * tall for wide, tall in self._by_size)

    def __len__(self) -> int:
        return self._config.steps - self._first

    def __getitem__(self, index: int) -> list[Sample]:
        step = self._first + index
        chance = random.Random(f"{self._config.seed}/{step}/{self._process[0]}")
        _, size = chance.choice(self._sized)
        known = self._by_size[size]
        count = min(len(known), max(1, self._budget // (size[0] * size[1])))
        found: list[Sample] = []
        for picture, path in enumerate(chance.sample(known, count)):
            found += samples_of(path, self._how, picture, chance, self._config.keep)
        return found


def _size(path: Path) -> tuple[int, int]:
    with Image.open(path.with_suffix(".png")) as picture:
        return picture.size


class NanoStage(GrounderStage):
    """Stage 2 with evidence: a picture goes through the tower once for all of its instructions."""

    def __init__(self, trainee: Trainee, config: GrounderConfig) -> None:
        super().__init__(trainee, 0, WEIGHTS, config.temperature)

    def encode(self, samples: Sequence[Sample]) -> TowerOutput:
        """Look at each picture, and tell its tokens about each of its instructions."""
        mixer = self.trainee.mixer
        assert mixer is not None
        by_picture: dict[int, list[NanoSample]] = {}
        for sample in samples:
            assert isinstance(sample, NanoSample)
            by_picture.setdefault(sample.picture, []).append(sample)
        first = [group[0] for group in by_picture.values()]
        seen = self.trainee.backbone.encode(
            [sample.pixels for sample in first], [sample.grid for sample in first]
        )
        told: list[Tensor] = []
        for tokens, group in zip(seen.tokens, by_picture.values(), strict=True):
            features = torch.from_numpy(np.stack([sample.features for sample in group]))
            shared = tokens.expand(len(group), -1, -1)
            told += mixer(shared, features, group[0].grid.columns)
        return TowerOutput(told, [])

    def _compact(
        self, samples: Sequence[Sample], encoded: TowerOutput, plans: Sequence[VisualPlan]
    ) -> Compact:
        batch = super()._compact(samples, encoded, plans)
        return moved(batch, self.trainee.marker, self._visual) if self.training else batch

    @torch.no_grad()
    def pointed(self, samples: Sequence[Sample]) -> list[tuple[Tensor, float, Tensor]]:
        """Return for each sample, whole: its tokens' logits, the chance of none, offsets."""
        trainee, found = self.trainee, []
        assert trainee.none is not None
        assert trainee.offset is not None
        encoded, plans = self.encode(samples), [plan_all(one.grid) for one in samples]
        batch = self._compact(samples, encoded, plans)
        states = trainee.backbone.hidden(batch)[:, -1 - len(self._tail), None]
        for keys, asked in zip(encoded.tokens, states[:, None], strict=True):
            logits = trainee.pointer(keys[None], asked)
            chance = none_probability(trainee.none(trainee.pointer, asked), logits)
            offsets = trainee.offset(keys[None], asked)
            found.append((logits[0, 0].cpu(), float(chance), offsets[0, 0].cpu()))
        return found

    @property
    def _visual(self) -> int:
        return int(self.trainee.backbone.model.config.image_token_id)


def moved(batch: Compact, marker: int, visual: int) -> Compact:
    """Move the pictures of a batch to other places of a larger screen, by torch's own chance.

    Rows and columns of visual tokens and markers grow; the words after them count on from there.
    """
    ids, count = batch.input_ids, len(batch.input_ids)
    shown = (ids == visual) | (ids == marker)
    after = shown.int().cumsum(1).bool() & ~shown
    by = torch.randint(0, JITTER + 1, (2, count, 1), device=ids.device)
    positions = batch.position_ids.clone()
    positions[1:] += by * shown
    positions += by.amax(0) * after
    return replace(batch, position_ids=positions)


def train_nano(
    trainee: Trainee,
    lessons: Sequence[Path],
    config: GrounderConfig,
    out: Path,
    *,
    resume: bool = False,
    every: int = 10,
) -> Iterator[Progress]:
    """Train on lessons; yields the curve. ``config.batch`` counts lessons."""

    def samples(first: int, processes: tuple[int, int]) -> Dataset[list[Sample]]:
        return NanoSteps(lessons, trainee.how, config, first, processes)

    yield from run(
        lambda: NanoStage(trainee, config), samples, config, out, resume=resume, every=every
    )


def calibrated(
    trainee: Trainee, lessons: Sequence[Path], seed: int = 0
) -> tuple[float, Calibration]:
    """Fit, on lessons that were not trained on, when nothing is there and how sure an answer is.

    Sets the threshold of the none key; returns it, and the calibration of the confidence.
    """
    stage = NanoStage(trainee, GrounderConfig(1)).eval()
    chances, absent, sure, right = [], [], [], []
    for path in lessons:
        samples = samples_of(path, trainee.how, 0, random.Random(seed), (1.0, 1.0))
        for sample, (logits, chance, offsets) in zip(samples, stage.pointed(samples), strict=True):
            chances.append(chance)
            absent.append(sample.box is None)
            best = decode(logits.softmax(-1).numpy(), sample.grid, offsets=offsets.numpy())
            sure.append((1 - chance) * confidence(best))
            right.append(sample.box is not None and sample.box.contains(best[0].point))
    threshold = fit_threshold(chances, absent)
    assert trainee.none is not None
    trainee.none.set_threshold(threshold)
    answered = [number for number, chance in enumerate(chances) if chance < threshold]
    calibration = fit_calibration(
        [sure[number] for number in answered], [right[number] for number in answered]
    )
    return threshold, calibration
