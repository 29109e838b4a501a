"""Trains a grounder in FocusUI's two stages: the scorer alone, then everything (or adapters).

What happens at step k follows from (seed, k): a killed run goes on along the same curve. Runs in
one process, or in several through `accelerate launch`, which share each batch.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from ..errors import BadRecord
from ..labels import Preset
from .checkpoints import NAME, check_same, load_checkpoint, save_checkpoint
from .losses import TEMPERATURE
from .reader import Progress
from .records import Record
from .samples import Order, Sample, Steps
from .stages import GrounderStage, ScorerStage, Stage, Weights
from .trainee import Trainee

SAVE_SECONDS = 60.0


@dataclass(frozen=True)
class GrounderConfig:
    """What decides the weights.

    ``keep`` is the range that each sample's share of kept tokens is drawn from, ``lora`` the rank
    of adapters on the language model (0 trains everything); both are for the second stage.
    """

    steps: int
    stage: Literal["scorer", "all"] = "all"
    seed: int = 0
    batch: int = 4
    rate: float = 1e-4
    warm_up: float = 0.03
    clip: float = 1.0
    keep: tuple[float, float] = (0.1, 1.0)
    lora: int = 0
    preset: Preset = "paper"
    temperature: float = TEMPERATURE
    weights: Weights = field(default_factory=Weights)


def make_stage(trainee: Trainee, config: GrounderConfig) -> Stage:
    """Make the module that learns, in the mode it learns in."""
    if config.stage == "scorer":
        return ScorerStage(trainee, config.temperature)
    with torch.random.fork_rng():
        torch.manual_seed(config.seed)
        return GrounderStage(trainee, config.lora, config.weights, config.temperature)


def learning_rate(config: GrounderConfig, step: int) -> float:
    """Rise over the first steps, then fall along a cosine."""
    rise = max(1, round(config.warm_up * config.steps))
    if step < rise:
        return config.rate * (step + 1) / rise
    done = (step - rise) / max(1, config.steps - rise)
    return config.rate * 0.5 * (1 + math.cos(math.pi * done))


def train(
    trainee: Trainee,
    records: Sequence[Record],
    config: GrounderConfig,
    out: Path,
    *,
    resume: bool = False,
    every: int = 10,
    save_seconds: float = SAVE_SECONDS,
) -> Iterator[Progress]:
    """Train on records; yields the curve every ``every`` steps.

    The trained weights and the optimizer's memory go to ``out`` when ``save_seconds`` have passed
    and at the end. Runs where the trainee was loaded: on a GPU, ask for ``device="cuda"`` there.
    """
    order = Order(config.seed, config.steps, config.batch, config.keep)

    def samples(first: int, processes: tuple[int, int]) -> Dataset[list[Sample]]:
        return Steps(records, trainee.how, order, config.preset, first, processes)

    yield from run(
        lambda: make_stage(trainee, config),
        samples,
        config,
        out,
        resume=resume,
        every=every,
        save_seconds=save_seconds,
    )


def run(
    make: Callable[[], Stage],
    samples_from: Callable[[int, tuple[int, int]], Dataset[Any]],
    config: GrounderConfig,
    out: Path,
    *,
    resume: bool = False,
    every: int = 10,
    save_seconds: float = SAVE_SECONDS,
) -> Iterator[Progress]:
    """Train the stage that ``make`` makes; see `train`.

    ``samples_from`` takes the first step and (number, count) of this process and its siblings; item
    k of what it returns are the samples of the step k places later.
    """
    from accelerate import Accelerator

    out.mkdir(parents=True, exist_ok=True)
    going_on = resume and (out / NAME).exists()
    if going_on:
        check_same(out, asdict(config))
    plain = make()
    accelerator = Accelerator(cpu=plain.trainee.backbone.device.type == "cpu")
    processes = (accelerator.process_index, accelerator.num_processes)
    if config.batch % processes[1]:
        raise BadRecord(f"a batch of {config.batch} cannot be shared by {processes[1]} processes")
    learning = nn.ParameterList(value for _, value in plain.trained())
    optimizer = torch.optim.AdamW(learning, config.rate, weight_decay=0.0)
    first, curve, before = 0, [], 0.0
    if going_on:
        state = load_checkpoint(out, learning, optimizer)
        first, curve, before = state["step"], state["curve"], state["seconds"]
    stage, stepper = accelerator.prepare(plain, optimizer)
    steps = samples_from(first, processes)
    started = saved = time.monotonic()
    sums: dict[str, float] = {}
    count = 0
    for step, samples in enumerate(DataLoader(steps, batch_size=None, collate_fn=list), first):
        # Dropout, too, follows from the step.
        torch.manual_seed(random.Random(f"{config.seed}/{step}/{processes[0]}").getrandbits(40))
        for name, value in _step(accelerator, stage, stepper, plain, (samples, config, step)):
            sums[name] = sums.get(name, 0.0) + value
        count += 1
        done = step + 1
        if done % every and done != config.steps:
            continue
        seconds = before + time.monotonic() - started
        means = {name: value / count for name, value in sums.items()}
        point = Progress(done, round(seconds, 1), means)
        curve.append(asdict(point))
        sums, count = {}, 0
        if time.monotonic() - saved >= save_seconds or done == config.steps:
            saved = time.monotonic()
            if accelerator.is_main_process:
                state = {"step": done, "curve": curve, "seconds": seconds, "config": asdict(config)}
                save_checkpoint(out, learning, optimizer, state)
        yield point


def _step(
    accelerator: Any,
    stage: nn.Module,
    optimizer: Any,
    plain: Stage,
    what: tuple[list[Any], GrounderConfig, int],
) -> list[tuple[str, float]]:
    samples, config, step = what
    for group in optimizer.param_groups:
        group["lr"] = learning_rate(config, step)
    stage.train()
    parts: dict[str, torch.Tensor] = stage(samples)
    optimizer.zero_grad(set_to_none=True)
    accelerator.backward(plain.total(parts))
    accelerator.clip_grad_norm_(stage.parameters(), config.clip)
    optimizer.step()
    stage.eval()  # between steps the grounder can be asked
    return [(name, value.item()) for name, value in parts.items()]
