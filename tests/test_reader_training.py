"""Training: targets mean what they say, runs repeat, a killed run goes on along its curve."""

from __future__ import annotations

import importlib
import json
import random
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from focusagent import cli_training
from grounding.errors import BadCheckpoint
from grounding.reader.alphabet import class_of
from grounding.reader.model import GlyphNet, fuse
from grounding.training import checkpoints, export, glyph_samples, loop
from grounding.training import reader as trainer
from grounding.training.digests import sha256_of
from grounding.training.pages import (
    LabelledPage,
    load_page,
    page_names,
    save_page,
    word_texts,
)


def toy_page(seed: int = 0) -> LabelledPage:
    """Noise with labels: enough for everything but reading."""
    rng = np.random.default_rng(seed)
    count = 40
    x = rng.uniform(5, 180, count)
    y = rng.uniform(5, 130, count)
    boxes = np.stack([x, y, x + 7, y + 14], axis=1).astype(np.float32)
    return LabelledPage(
        rng.integers(0, 255, (160, 200, 3), dtype=np.uint8),
        np.array([ord(c) for c in rng.choice(list("abcXYZ019.,é"), count)], np.int32),
        boxes,
        np.repeat(np.arange(10), 4).astype(np.int32),
        np.array([[100, 20, 140, 40]], np.float32),
        controls=({"role": "button", "name": "Ok", "box": [1, 2, 3, 4]},),
        about={"seed": str(seed)},
    )


def toy_source(rng: random.Random) -> LabelledPage:
    return toy_page(rng.randrange(5))


SMALL = trainer.TrainConfig(steps=50, pages_per_batch=1, crop=(48, 32), warm_up=5)


def weights_of(out: Path) -> dict[str, torch.Tensor]:
    net = GlyphNet()
    checkpoints.load_checkpoint(out, net, torch.optim.AdamW(net.parameters()))
    return net.state_dict()


def same(one: dict[str, torch.Tensor], two: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(one[name], two[name]) for name in one)


def test_a_page_survives_the_disk(tmp_path):
    page = toy_page()
    save_page(page, tmp_path, "000003")
    back = load_page(tmp_path, page_names(tmp_path)[0])
    for name in ("image", "codes", "boxes", "words", "ignore"):
        assert np.array_equal(getattr(page, name), getattr(back, name))
    assert back.controls == page.controls
    assert back.about == page.about


def test_words_are_told_by_their_number():
    page = toy_page()
    texts = word_texts(page)
    assert len(texts) == 10
    assert texts[0][0] == "".join(map(chr, page.codes[:4]))
    assert texts[0][1] == pytest.approx(
        (*page.boxes[:4, :2].min(0).tolist(), *page.boxes[:4, 2:].max(0).tolist())
    )


def test_targets_point_back_at_the_glyphs():
    page = toy_page()
    classes = np.array([class_of(chr(code)) for code in page.codes])
    sample = glyph_samples.encode(
        page.image, classes, page.boxes, page.words, page.ignore, random.Random(0)
    )
    middle = (page.boxes[:, :2] + page.boxes[:, 2:]) / 2
    x = (sample.cells[:, 1] + 0.5 + sample.measures[:, 0]) * 2
    y = (sample.cells[:, 0] + 0.5 + sample.measures[:, 1]) * 4
    far = np.hypot(middle[:, 0] - x[:, None], middle[:, 1] - y[:, None])
    assert far.min(axis=1).max() < 1e-3
    assert np.array_equal(classes[far.argmin(axis=1)], sample.classes)
    assert np.allclose(8 * np.exp(sample.measures[:, 2]), 7, atol=1e-4)
    assert np.allclose(12 * np.exp(sample.measures[:, 3]), 14, atol=1e-4)
    assert sample.heat.max() <= 1
    assert (sample.weight[6:9, 52:68] * (sample.heat[6:9, 52:68] <= 0.5)).sum() == 0


@pytest.mark.parametrize("size", [5.0, 20.0, 60.0])
def test_only_type_of_readable_size_is_to_be_read(size):
    box = np.array([[50, 50, 50 + size / 2, 50 + size]], np.float32)
    sample = glyph_samples.encode(
        np.zeros((160, 200, 3), np.uint8),
        np.array([1]),
        box,
        np.array([0], np.int32),
        np.zeros((0, 4), np.float32),
        random.Random(0),
    )
    assert bool(len(sample.cells)) == (size == 20.0)
    assert sample.weight.all()


@pytest.mark.slow
def test_the_same_seed_gives_the_same_weights_and_a_killed_run_its_curve(tmp_path, monkeypatch):
    torch.set_num_threads(1)
    whole = list(trainer.train([(toy_source, 1.0)], SMALL, tmp_path / "a", workers=0))
    again = list(trainer.train([(toy_source, 1.0)], SMALL, tmp_path / "b", workers=0))
    assert [p.loss for p in whole] == [p.loss for p in again]
    assert same(weights_of(tmp_path / "a"), weights_of(tmp_path / "b"))

    # A run that is killed after its first checkpoint (here: every 25 steps).
    ticks = iter(range(0, 100_000, 1000))
    monkeypatch.setattr(loop.time, "monotonic", lambda: float(next(ticks)))
    killed = trainer.train([(toy_source, 1.0)], SMALL, tmp_path / "c", workers=0)
    next(killed)
    killed.close()
    rest = list(trainer.train([(toy_source, 1.0)], SMALL, tmp_path / "c", workers=0, resume=True))
    assert [p.loss for p in rest] == [p.loss for p in whole[1:]]
    assert same(weights_of(tmp_path / "a"), weights_of(tmp_path / "c"))


@pytest.mark.parametrize(
    ("other", "told"), [({"steps": 60}, "steps 25, now 60"), ({"seed": 1}, "seed 0, now 1")]
)
def test_a_run_goes_on_with_its_own_settings_alone(tmp_path, other, told):
    config = replace(SMALL, steps=25)
    list(trainer.train([(toy_source, 1.0)], config, tmp_path, workers=0))
    assert not list(trainer.train([(toy_source, 1.0)], config, tmp_path, workers=0, resume=True))
    again = trainer.train(
        [(toy_source, 1.0)], replace(config, **other), tmp_path, workers=0, resume=True
    )
    with pytest.raises(BadCheckpoint, match=rf"other settings \({told}\)"):
        next(again)


def test_a_checkpoint_from_before_a_setting_was_known_goes_on(tmp_path):
    config = replace(SMALL, steps=1)
    list(trainer.train([(toy_source, 1.0)], config, tmp_path, workers=0))
    path = tmp_path / checkpoints.NAME
    state = checkpoints.checkpoint_state(tmp_path)
    del state["config"]["start"]
    save_file(load_file(path), path, metadata={"state": json.dumps(state)})
    checkpoints.check_same(tmp_path, asdict(config))
    with pytest.raises(BadCheckpoint, match="start None, now abc"):
        checkpoints.check_same(tmp_path, asdict(replace(config, start="abc")))


def test_the_learning_rate_rises_stays_and_falls():
    config = trainer.TrainConfig(steps=1000, warm_up=100, decay=0.5)
    rates = [loop.learning_rate(config, step) for step in range(1000)]
    assert rates[0] == pytest.approx(config.rate / 100)
    assert rates[400] == config.rate
    assert rates[750] == pytest.approx(config.rate / 2)
    assert 0 < rates[-1] < config.rate / 100


def test_training_begins_with_given_weights(tmp_path):
    config = trainer.TrainConfig(steps=1, pages_per_batch=1, crop=(64, 48), rate=0.0)
    list(trainer.train([(toy_source, 1.0)], config, tmp_path / "a", workers=0))
    export.export_reader(tmp_path / "a", tmp_path / "w", {})
    start = tmp_path / "w" / "reader.safetensors"
    other = replace(config, seed=1)
    list(trainer.train([(toy_source, 1.0)], other, tmp_path / "b", workers=0, start=start))
    learnt = [weights_of(tmp_path / name)["stem.0.0.weight"] for name in "ab"]
    assert torch.equal(learnt[0].half().float(), learnt[1])
    began = checkpoints.checkpoint_state(tmp_path / "b")["config"]["start"]
    assert began == sha256_of(start)


def test_export_writes_half_precision_and_a_manifest(tmp_path):
    config = trainer.TrainConfig(steps=1, pages_per_batch=1, crop=(64, 48))
    list(trainer.train([(toy_source, 1.0)], config, tmp_path / "run", workers=0))
    entry = export.export_reader(tmp_path / "run", tmp_path / "w", {"command": "test"})
    assert (tmp_path / "w" / "reader.safetensors").stat().st_size == entry["bytes"] < 4_000_000
    assert entry["command"] == "test"
    assert len(entry["sha256"]) == 64


def test_scores_are_noted_beside_the_weights_they_are_of(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parent.parent / "benchmarks")
    note_scores = importlib.import_module("note_scores").note_scores
    manifest, scores = tmp_path / "manifest.json", tmp_path / "scores.json"
    export.write_weights(tmp_path, "reader", {"one": torch.zeros(1)}, {"seed": 3})
    scores.write_text('{"words": 0.9}')
    note_scores(manifest, "reader", scores)
    entry = json.loads(manifest.read_text())["reader"]
    assert (entry["scores"], entry["seed"]) == ({"words": 0.9}, 3)
    with pytest.raises(SystemExit, match="choose from reader"):
        note_scores(manifest, "writer", scores)
    (tmp_path / "reader.safetensors").write_bytes(b"other")
    with pytest.raises(SystemExit, match="not the weights"):
        note_scores(manifest, "reader", scores)


def test_the_recorded_command_names_everything_that_was_asked(tmp_path):
    (tmp_path / "a b").write_text("data")
    asked = {"out": tmp_path / "my run", "minutes": 60.0, "device": "cuda", "seed": 3}
    told = cli_training.origin("reader", asked | {"from": None}, [tmp_path / "a b"])
    assert told["command"] == (
        "focusagent train reader --out 'my run' --minutes 60 --device cuda --seed 3"
    )
    (tmp_path / "a b").write_text("other data")
    assert cli_training.origin("reader", asked, [tmp_path / "a b"])["data"] != told["data"]


def test_folding_the_batch_norms_changes_nothing():
    torch.manual_seed(0)
    net = GlyphNet()
    images = torch.randint(0, 255, (2, 48, 64, 3), dtype=torch.uint8)
    net.train()
    net(images)  # moves the running means away from their start
    net.eval()
    with torch.no_grad():
        before = net(images)
        after = fuse(net)(images)
    for one, two in zip(before, after, strict=True):
        assert torch.allclose(one, two, atol=1e-4)


def test_an_empty_folder_is_no_source(tmp_path):
    with pytest.raises(ValueError, match="no pages"):
        trainer.FolderSource(tmp_path)
