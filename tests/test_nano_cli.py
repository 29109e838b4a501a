"""`focusagent train nano` and `train default`: options, bad input, and small runs from nothing."""

from __future__ import annotations

import json
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from toy_icons import save_toy
from typer.testing import CliRunner

from focusagent import cli_train_default, cli_train_nano, cli_training
from focusagent.cli import app
from focusagent.datagen import browser, instructions_lessons
from focusagent.datagen.stamps import stamp
from focusagent.errors import UserError
from grounding import load_grounder
from grounding.errors import BadWeights
from grounding.loading import load_readers
from grounding.nano.grounder import NanoGrounder
from grounding.reader.reader import WEIGHTS
from grounding.training.digests import sha256_of

PAGES = Path(__file__).parent / "data" / "reader"
PACKAGED = WEIGHTS.parent


@pytest.mark.parametrize("command", ["nano", "default"])
def test_bad_input_is_one_sentence(command: str, tmp_path: Path) -> None:
    for options in (["--device", "abacus"], ["--from", str(tmp_path / "nowhere")]):
        told = CliRunner().invoke(app, ["train", command, "--out", str(tmp_path), *options])
        assert isinstance(told.exception, UserError | SystemExit)
        assert told.exit_code != 0
        assert not list(tmp_path.glob("*/checkpoint*"))


# --- weights


def test_other_weights_read_as_the_packaged_ones_do_where_they_are_the_same(tmp_path: Path) -> None:
    image = np.asarray(Image.open(PAGES / "000001.png").convert("RGB"))[:300, :400]
    packaged = load_readers()[0].lines(image)
    for name in ("reader", "icons"):
        shutil.copy(PACKAGED / f"{name}.safetensors", tmp_path)
    without = load_readers(tmp_path)[0].lines(image)
    shutil.copy(PACKAGED / "lines.safetensors", tmp_path)
    assert load_readers(tmp_path)[0].lines(image) == packaged != without


def test_lessons_are_made_with_the_weights_that_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Path | None] = []

    def readers(weights: Path | None) -> None:
        told.append(weights)
        raise KeyboardInterrupt

    monkeypatch.setattr(instructions_lessons.grounding.loading, "load_readers", readers)
    for weights in (None, tmp_path):
        with pytest.raises(KeyboardInterrupt):
            list(instructions_lessons.write_lessons(PAGES, tmp_path, 1, 0, weights))
    assert told == [None, tmp_path]


def test_the_default_model_takes_a_folder_of_weights(tmp_path: Path) -> None:
    picture = Image.open(PAGES / "000001.png").convert("RGB")
    with load_grounder("default", weights=PACKAGED) as own, load_grounder("default") as packaged:
        assert own.ground(picture, "Heap caps").box == packaged.ground(picture, "Heap caps").box
    with pytest.raises(BadWeights, match=r"reader\.safetensors"):
        load_grounder("default", weights=str(tmp_path))
    with pytest.raises(BadWeights, match="leave them out for"):
        load_grounder("tiny", weights=tmp_path)


# --- folders of data


def test_data_that_was_made_otherwise_is_refused(tmp_path: Path) -> None:
    stamp(tmp_path, {"seed": 1, "size": (3, 4)}, begun=False)
    stamp(tmp_path, {"seed": 1, "size": (3, 4)}, begun=True)
    with pytest.raises(UserError, match="seed 1, now 2"):
        stamp(tmp_path, {"seed": 2, "size": (3, 4)}, begun=True)
    (tmp_path / "recipe.json").write_text("[1")
    with pytest.raises(UserError, match="damaged"):
        stamp(tmp_path, {"seed": 1}, begun=True)


def test_data_from_before_there_were_notes_is_taken(tmp_path: Path) -> None:
    stamp(tmp_path, {"seed": 1}, begun=True)
    stamp(tmp_path, {"seed": 2}, begun=True)
    assert not list(tmp_path.iterdir())


def test_pages_and_lessons_say_how_they_were_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(*_: object) -> list[int]:
        return []

    monkeypatch.setattr(browser, "write_pages", nothing)
    monkeypatch.setattr(browser.Stock, "load", lambda: None)
    cli_training.make_pages(tmp_path / "pages", 2, 7, "train")
    for seed, split in ((8, "train"), (7, "test")):
        with pytest.raises(UserError, match="made otherwise"):
            cli_training.make_pages(tmp_path / "pages", 2, seed, split)

    monkeypatch.setattr(instructions_lessons, "write_lessons", nothing)
    make = partial(cli_train_nano.make_lessons, out=tmp_path / "lessons")
    make(PAGES, count=4, seed=0)
    make(PAGES, count=4, seed=0, weights=PACKAGED)  # the same weights by another way
    (tmp_path / "w").mkdir()
    shutil.copy(PACKAGED / "icons.safetensors", tmp_path / "w")
    for changed, word in (({"seed": 1}, "seed"), ({"weights": tmp_path / "w"}, "weights")):
        with pytest.raises(UserError, match=f"{word} .*, now "):
            make(PAGES, **({"count": 4, "seed": 0} | changed))
    with pytest.raises(UserError, match="pages"):
        make(tmp_path / "pages", count=4, seed=0)


# --- all stages


def test_the_shares_are_all_of_the_minutes() -> None:
    assert sum(cli_train_default.SHARES.values()) == pytest.approx(1)
    assert list(cli_train_default.SHARES) == list(cli_train_default.stages())


Told = list[tuple[str, dict[str, Any]]]


def pretend(monkeypatch: pytest.MonkeyPatch, kill: int) -> Told:
    """Let stages only note what they are told; the call of that number is killed."""
    told: Told = []

    def stages() -> dict[str, Any]:
        def stage(name: str) -> Any:
            def run(**options: Any) -> None:
                told.append((name, options))
                if len(told) == kill:
                    raise KeyboardInterrupt

            return run

        return {name: stage(name) for name in cli_train_default.SHARES}

    monkeypatch.setattr(cli_train_default, "stages", stages)
    return told


def test_stages_run_in_order_share_pages_and_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = pretend(monkeypatch, kill=3)
    with pytest.raises(KeyboardInterrupt):
        cli_train_default.default(tmp_path, minutes=100)
    cli_train_default.default(tmp_path, minutes=100, resume=True)
    assert [name for name, _ in told] == ["reader", "lines", "icons", "icons", "nano"]
    options = dict(told)
    assert options["nano"]["weights"] == options["reader"]["export"] == tmp_path / "weights"
    assert options["reader"]["minutes"] == pytest.approx(35)
    assert len({(one["out"] / "pages").resolve() for _, one in told}) == 1
    cli_train_default.default(tmp_path, minutes=100, resume=True)
    assert len(told) == 5


def test_another_run_in_the_same_folder_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = pretend(monkeypatch, kill=2)
    with pytest.raises(KeyboardInterrupt):
        cli_train_default.default(tmp_path, minutes=100)
    others: list[dict[str, Any]] = [{"minutes": 50}, {"seed": 1}, {"start": PACKAGED}]
    for other in others:
        for resume in (False, True):
            with pytest.raises(UserError, match="another run"):
                cli_train_default.default(tmp_path, **({"minutes": 100, "resume": resume} | other))
    assert len(told) == 2
    for text in ("{", "[]", '{"reader": 35.0}'):
        (tmp_path / "stages.json").write_text(text)
        with pytest.raises(UserError, match="delete it"):
            cli_train_default.default(tmp_path, minutes=100, resume=True)


def test_every_stage_begins_with_the_weights_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = pretend(monkeypatch, kill=0)
    start = tmp_path / "begin"
    shutil.copytree(PACKAGED, start)
    (start / "nano").mkdir(exist_ok=True)
    cli_train_default.default(tmp_path / "run", start=start)
    assert [options["start"].name for _, options in told] == [
        "reader.safetensors", "lines.safetensors", "icons.safetensors", "nano",
    ]  # fmt: skip
    (start / "lines.safetensors").unlink()
    with pytest.raises(UserError, match=r"lacks lines\.safetensors"):
        cli_train_default.default(tmp_path / "other", start=start)


@pytest.mark.slow
def test_a_nano_model_from_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli_train_nano, "HELD_OUT", 2)
    cli_train_nano.make_lessons(PAGES, tmp_path / "lessons", 8, 0)
    report = cli_train_nano.train(tmp_path, (3, 0), None, "cpu", False)
    assert report["steps"] == 3
    assert set(report["loss"]) == {"pointer", "offset", "none", "language", "scorer"}
    again = cli_train_nano.train(tmp_path, (3, 0), None, "cpu", True)
    assert again["loss"] == report["loss"]
    with load_grounder(str(tmp_path / "model"), keep=0.5) as grounder:
        assert isinstance(grounder, NanoGrounder)


@pytest.mark.slow
def test_all_stages_in_earnest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A few steps of each from the packaged weights; the result is loaded, and resumed twice."""
    out = tmp_path / "run"
    monkeypatch.setattr(cli_training, "PAGES", 4)
    monkeypatch.setattr(cli_train_nano, "HELD_OUT", 2)
    monkeypatch.setattr(browser.Stock, "load", browser.Stock)  # no kits: they are fetched
    save_toy(out / "icons")  # so are the real drawings
    stages = cli_train_default.stages()
    stages["nano"] = partial(stages["nano"], lessons=8)
    monkeypatch.setattr(cli_train_default, "stages", lambda: stages)
    train = partial(cli_train_default.default, out, minutes=0.1, start=PACKAGED)
    train(as_json=True)
    assert json.loads(capsys.readouterr().out)["weights"] == str(out / "weights")
    weights = out / "weights"
    manifest = json.loads((weights / "manifest.json").read_text())
    assert list(manifest) == ["reader", "lines", "icons", "nano"]
    for name in ("reader", "lines", "icons"):
        path = weights / f"{name}.safetensors"
        assert manifest[name]["sha256"] == sha256_of(path)
        assert manifest[name]["training"]["start"] == sha256_of(PACKAGED / path.name)
        assert {"steps", "seed", "command", "version", "data"} <= set(manifest[name])
    picture = Image.open(PAGES / "000001.png").convert("RGB")
    with load_grounder("default", weights=weights) as grounder:
        assert grounder.ground(picture, "Heap caps").found
    with load_grounder(str(weights / "nano"), keep=0.5) as grounder:
        assert isinstance(grounder, NanoGrounder)

    # Killed between a stage's last checkpoint and the note that it is done.
    (out / "stages.json").unlink()
    train(resume=True)
    assert "already" in capsys.readouterr().err
    assert json.loads((weights / "manifest.json").read_text()) == manifest
