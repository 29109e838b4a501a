"""Both stages of training: they learn, they resume on the same curve, what they write loads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image, ImageDraw

from grounding.grounders.pointer import PointerGrounder
from grounding.labels import recall_at
from grounding.loading import load_grounder
from grounding.tiny import write_tiny
from grounding.training.grounder import GrounderConfig, export, train
from grounding.training.records import Record, Records
from grounding.training.trainee import LossConfig

COLOURS = ("red", "green", "blue", "black")


def draw_screens(folder: Path, count: int) -> Path:
    """Draw screens with a square of each colour in a slot of its own; one is asked for."""
    import random

    rng, rows = random.Random(0), []
    for number in range(count):
        picture = Image.new("RGB", (224, 168), "white")
        slots = rng.sample(range(12), len(COLOURS))
        boxes = {}
        for colour, slot in zip(COLOURS, slots, strict=True):
            x, y = slot % 4 * 56 + 8, slot // 4 * 56 + 8
            boxes[colour] = [x, y, x + 40, y + 40]
            ImageDraw.Draw(picture).rectangle(boxes[colour], fill=colour)
        picture.save(folder / f"{number}.png")
        asked = COLOURS[number % len(COLOURS)]
        rows.append({"image": f"{number}.png", "instruction": asked, "bbox": boxes[asked]})
    path = folder / "screens.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture(scope="module")
def screens(tmp_path_factory: pytest.TempPathFactory) -> list[Record]:
    return list(Records([draw_screens(tmp_path_factory.mktemp("screens"), 32)]))


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("tiny"))


def opened(folder: Path, keep: float = 1.0) -> PointerGrounder:
    grounder = load_grounder(str(folder), keep=keep)
    assert isinstance(grounder, PointerGrounder)
    return grounder


def accuracy(grounder: PointerGrounder, records: list[Record]) -> float:
    answers = grounder.ground_many([(record.image, record.instruction) for record in records])
    hits = [
        record.box is not None and answer.point is not None and record.box.contains(answer.point)
        for record, answer in zip(records, answers, strict=True)
    ]
    return sum(hits) / len(hits)


def recall(grounder: PointerGrounder, records: list[Record]) -> float:
    total = 0.0
    for record in records:
        plan = grounder.ground(record.image, record.instruction).plan
        assert plan is not None
        assert plan.scores is not None
        assert record.box is not None
        flags = torch.zeros(plan.grid.count)
        flags[torch.from_numpy(plan.grid.tokens_in(record.box))] = 1
        total += recall_at(plan.scores, flags.numpy(), 0.25)
    return total / len(records)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_two_stages_overfit_drawn_screens(
    screens: list[Record], source: Path, tmp_path: Path
) -> None:
    grounder = opened(source)
    loss = LossConfig(keep=(0.3, 1.0))
    scorer = GrounderConfig(200, rate=3e-3, batch=8, loss=LossConfig("scorer"))
    everything = GrounderConfig(700, rate=2e-3, batch=8, loss=loss)
    first = list(train(grounder, screens, scorer, tmp_path / "scorer"))
    second = list(train(grounder, screens, everything, tmp_path / "all"))
    assert first[-1].loss["scorer"] < 0.7 * first[0].loss["scorer"]
    assert second[-1].loss["pointer"] < 0.1 * second[0].loss["pointer"]
    folder = export(grounder, tmp_path / "model", source)
    for keep in (1.0, 0.5):
        with opened(folder, keep) as trained:
            assert accuracy(trained, screens) == 1.0
    with opened(folder, 0.5) as trained:
        assert recall(trained, screens) > 0.95


@pytest.mark.parametrize("stage", ["scorer", "all"])
def test_a_killed_run_goes_on_along_the_same_curve(
    stage: Any, screens: list[Record], source: Path, tmp_path: Path
) -> None:
    config = GrounderConfig(6, rate=1e-3, batch=2, loss=LossConfig(stage))
    whole = list(train(opened(source), screens, config, tmp_path / "whole", every=1))
    killed = train(opened(source), screens, config, tmp_path / "killed", every=1)
    parts = [next(killed) for _ in range(3)]
    killed.close()
    parts += train(opened(source), screens, config, tmp_path / "killed", resume=True, every=1)
    assert [point.loss for point in parts] == [point.loss for point in whole]
    assert [point.step for point in parts] == list(range(1, 7))


def test_the_scorer_stage_moves_nothing_else(
    screens: list[Record], source: Path, tmp_path: Path
) -> None:
    grounder = opened(source)
    assert grounder.eyes.scorer is not None
    before = {n: v.clone() for n, v in grounder.eyes.backbone.model.state_dict().items()}
    scorer = {n: v.clone() for n, v in grounder.eyes.scorer.state_dict().items()}
    config = GrounderConfig(2, rate=1e-3, batch=2, loss=LossConfig("scorer"))
    list(train(grounder, screens, config, tmp_path))
    after = grounder.eyes.backbone.model.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    changed = grounder.eyes.scorer.state_dict()
    assert not all(torch.equal(value, changed[name]) for name, value in scorer.items())


def test_lora_is_small_and_folds_into_the_weights(
    screens: list[Record], source: Path, tmp_path: Path
) -> None:
    grounder = opened(source)
    config = GrounderConfig(4, rate=1e-2, batch=2, lora=4)
    before = {n: v.clone() for n, v in grounder.eyes.backbone.model.state_dict().items()}
    list(train(grounder, screens, config, tmp_path / "run"))
    learnt = grounder.ground(screens[0].image, "red")
    with opened(export(grounder, tmp_path / "model", source)) as loaded:
        again = loaded.ground(screens[0].image, "red")
        after = loaded.eyes.backbone.model.state_dict()
    assert learnt.heat is not None
    assert again.heat is not None
    assert abs(learnt.heat - again.heat).max() < 1e-4
    moved = {name for name, value in before.items() if not torch.equal(value, after[name])}
    assert moved
    assert all(name.split(".")[-2] in ("q_proj", "k_proj", "v_proj", "o_proj") for name in moved)
