"""Both stages of training: they learn, they resume on the same curve, what they write loads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from safetensors.torch import load_file

from grounding import load_grounder
from grounding.errors import BadCheckpoint
from grounding.grounders.pointer import PointerGrounder
from grounding.labels import recall_at
from grounding.tiny import write_tiny
from grounding.training.checkpoints import NAME
from grounding.training.grounder import GrounderConfig, train
from grounding.training.records import Record, Records
from grounding.training.samples import Order, make_sample
from grounding.training.stages import training_plan
from grounding.training.trainee import Trainee, load_trainee, save_trainee

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


def weights_of(trainee: Trainee) -> dict[str, torch.Tensor]:
    parts = {"model": trainee.backbone.model, **trainee.heads()}
    return {
        f"{part}.{name}": value.detach().clone()
        for part, module in parts.items()
        for name, value in module.state_dict().items()
    }


def moved(before: dict[str, torch.Tensor], after: dict[str, torch.Tensor]) -> set[str]:
    return {name for name, value in before.items() if not torch.equal(value, after[name])}


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
    trainee = load_trainee(source)
    scorer = GrounderConfig(200, "scorer", rate=3e-3, batch=8)
    everything = GrounderConfig(700, rate=2e-3, batch=8, keep=(0.3, 1.0))
    first = list(train(trainee, screens, scorer, tmp_path / "scorer"))
    second = list(train(trainee, screens, everything, tmp_path / "all"))
    assert first[-1].loss["scorer"] < 0.7 * first[0].loss["scorer"]
    assert second[-1].loss["pointer"] < 0.1 * second[0].loss["pointer"]
    save_trainee(trainee, source, tmp_path / "model")
    for keep in (1.0, 0.5):
        with load_grounder(str(tmp_path / "model"), keep=keep) as trained:
            assert accuracy(trained, screens) == 1.0
    with load_grounder(str(tmp_path / "model"), keep=0.5) as trained:
        assert recall(trained, screens) > 0.95


@pytest.mark.parametrize("config", [
    GrounderConfig(6, "scorer", rate=1e-3, batch=2),
    GrounderConfig(6, rate=1e-3, batch=2),
    GrounderConfig(6, rate=1e-3, batch=2, lora=4, preset="released-code"),
])  # fmt: skip
def test_a_killed_run_goes_on_along_the_same_curve(
    config: GrounderConfig, screens: list[Record], source: Path, tmp_path: Path
) -> None:
    often: dict[str, Any] = {"every": 1, "save_seconds": 0.0}
    whole = list(train(load_trainee(source), screens, config, tmp_path / "whole", **often))
    killed = train(load_trainee(source), screens, config, tmp_path / "killed", **often)
    parts = [next(killed) for _ in range(3)]
    killed.close()
    again = load_trainee(source)
    parts += train(again, screens, config, tmp_path / "killed", resume=True, **often)
    assert [point.loss for point in parts] == [point.loss for point in whole]
    assert [point.step for point in parts] == list(range(1, 7))
    other = train(again, screens, replace(config, rate=0.5), tmp_path / "killed", resume=True)
    with pytest.raises(BadCheckpoint, match=r"other settings \(rate 0.001, now 0.5\)"):
        next(other)


def test_the_scorer_stage_moves_nothing_else(
    screens: list[Record], source: Path, tmp_path: Path
) -> None:
    trainee = load_trainee(source)
    before = weights_of(trainee)
    config = GrounderConfig(2, "scorer", rate=1e-3, batch=2)
    list(train(trainee, screens, config, tmp_path))
    changed = moved(before, weights_of(trainee))
    assert changed
    assert all(name.startswith("patch_scorer.") for name in changed)


def test_the_second_stage_moves_everything_after_the_first(
    screens: list[Record], source: Path, tmp_path: Path
) -> None:
    trainee = load_trainee(source, offset=True, none=True)
    list(train(trainee, screens, GrounderConfig(1, "scorer", batch=2), tmp_path / "a"))
    before = weights_of(trainee)
    config = GrounderConfig(2, rate=1e-3, batch=2)
    curve = list(train(trainee, screens, config, tmp_path / "b"))
    assert set(curve[-1].loss) == {"pointer", "language", "scorer", "offset", "none"}
    changed = moved(before, weights_of(trainee))
    for part in ("visual", "language_model", "lm_head", "offset_head", "none_key", "patch_scorer"):
        assert any(part in name for name in changed), part


def test_adapters_are_small_and_fold_into_the_weights(
    screens: list[Record], source: Path, tmp_path: Path
) -> None:
    trainee = load_trainee(source)
    before = weights_of(trainee)
    config = GrounderConfig(4, rate=1e-2, batch=2, lora=4)
    list(train(trainee, screens, config, tmp_path / "run"))
    learnt = trainee.grounder().ground(screens[0].image, "red")
    save_trainee(trainee, source, tmp_path / "model")
    changed = moved(before, weights_of(trainee))
    with load_grounder(str(tmp_path / "model")) as loaded:
        again = loaded.ground(screens[0].image, "red")
    assert learnt.heat is not None
    assert again.heat is not None
    assert abs(learnt.heat - again.heat).max() < 1e-4
    assert {name for name in changed if ".visual." in name} == set()
    assert any("q_proj" in name for name in changed)


def test_a_plain_model_gets_pointer_tokens_and_heads(screens: list[Record], tmp_path: Path) -> None:
    plain = write_tiny(tmp_path / "plain", "qwen3", pointer=False)
    trainee = load_trainee(plain, none=True)
    list(train(trainee, screens, GrounderConfig(1, batch=2), tmp_path / "run"))
    save_trainee(trainee, plain, tmp_path / "model")
    with load_grounder(str(tmp_path / "model"), keep=0.5) as loaded:
        assert isinstance(loaded, PointerGrounder)
        assert loaded.ground(screens[0].image, "red").tokens.after < 20  # type: ignore[union-attr]


def test_the_target_survives_however_little_is_kept(screens: list[Record], source: Path) -> None:
    trainee = load_trainee(source)
    for record in screens[:4]:
        sample = make_sample(record, trainee.how, 0.01)
        plan = training_plan(sample, np.zeros(sample.grid.count, np.float32))
        assert plan.keep[sample.target > 0].all()
        assert plan.keep.sum() == (sample.target > 0).sum()


def test_processes_share_a_batch_and_an_epoch_shows_every_record() -> None:
    order = Order(seed=3, steps=8, batch=4, keep=(0.2, 0.5))
    seen = [number for step in range(8) for number, _ in order.records(step, 16)]
    assert sorted(seen) == sorted(2 * list(range(16)))
    assert all(0.2 <= share <= 0.5 for step in range(8) for _, share in order.records(step, 16))
    assert order.records(5, 16) == order.records(5, 16) != order.records(6, 16)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_two_processes_learn_as_one_does(
    screens: list[Record], source: Path, tmp_path: Path
) -> None:
    script = tmp_path / "run.py"
    script.write_text(
        "import sys\n"
        "from pathlib import Path\n"
        "from grounding.training.grounder import GrounderConfig, train\n"
        "from grounding.training.records import Records\n"
        "from grounding.training.trainee import load_trainee\n"
        "source, records, out = map(Path, sys.argv[1:])\n"
        "config = GrounderConfig(3, rate=1e-3, batch=4)\n"
        "list(train(load_trainee(source), Records([records]), config, out, every=1))\n"
    )
    rows = screens[0].image.parent / "screens.jsonl"
    launch = [sys.executable, "-m", "accelerate.commands.launch", "--cpu"]
    for processes in (1, 2):
        how = [f"--num_processes={processes}"]
        subprocess.run(
            [*launch, *how, str(script), str(source), str(rows), str(tmp_path / str(processes))],
            check=True, env=os.environ | {"ACCELERATE_USE_CPU": "true"}, timeout=200,
        )  # fmt: skip
    one, two = (load_file(tmp_path / name / NAME) for name in "12")
    learnt = [name for name in one if name.startswith("net.")]
    assert max(float((one[name] - two[name]).abs().max()) for name in learnt) < 1e-4
