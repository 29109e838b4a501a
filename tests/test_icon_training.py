from __future__ import annotations

import itertools
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
import typer
from safetensors.torch import load_file
from toy_icons import NAMES, save_toy, toy_data, toy_ink
from typer.testing import CliRunner

import focusagent
import grounding.icons.words  # noqa: F401
import grounding.training.icon_export as icon_export
import grounding.training.icon_samples as samples
import grounding.training.icons as trainer
from focusagent import cli_train_icons
from focusagent.datagen import icon_samples, icon_sets, icon_texts
from focusagent.datagen.word_vectors import reduce_vectors
from focusagent.errors import UserError
from grounding.errors import BadCheckpoint, BadWeights
from grounding.icons import IconReader
from grounding.icons.model import pack
from grounding.icons.screen import WEIGHTS
from grounding.training import checkpoints, digests
from grounding.training.checkpoints import load_checkpoint
from grounding.training.icon_start import begin_with

DATA = Path(__file__).parent / "data"
SMALL = trainer.IconTraining(steps=4, icons=8, negatives=8, warm_up=2)


# --- texts


def test_every_set_may_stand_behind_shipped_weights():
    assert {each.licence for each in icon_sets.SETS} <= icon_sets.LICENCES
    assert {each.name for each in icon_sets.SETS} > icon_sets.HELD_OUT
    unwanted = ("oxygen", "gnome", "elementary", "adwaita", "remixicon", "/ri@")
    assert not [s.package for s in icon_sets.SETS if any(u in s.package for u in unwanted)]
    assert all("@" in each.package[1:] for each in icon_sets.SETS)  # a fixed version


def test_styles_are_no_part_of_a_name():
    assert icon_sets.strip_style("bxs-user-pin", "^(bxs|bxl|bx)-") == "user pin"
    assert (
        icon_sets.strip_style("volumeOff_20_filled", r"_(20|28)_(regular|filled)$") == "volume off"
    )


def test_the_texts_of_an_icon_are_its_own_first():
    borrowed = icon_texts.borrowed_texts([{"bin": {"trash", "bin"}}, {"bin": {"trash"}}])
    assert borrowed["bin"] == Counter(trash=2)
    said = icon_texts.texts_of("bin", {"delete"}, borrowed, {"bin": {"dustbin"}}, frozenset())
    assert said == {"bin": 4.0, "delete": 1.0, "trash": 1.0, "dustbin": 0.25}


def test_held_out_phrases_are_no_texts():
    phrases = icon_texts.held_out_phrases()
    asked = set(json.loads((DATA / "icon_synonyms.json").read_text())["phrases"])
    assert len(asked) >= 200
    assert asked <= phrases
    tags = {"delete", "x", *asked, *(f"my {phrase} here" for phrase in asked)}
    said = icon_texts.texts_of("trash", tags, {}, {"trash": asked}, phrases)
    assert set(said) == {"trash", "delete", "x"}


def test_part_of_a_word_is_no_phrase():
    phrases = frozenset({"car", "tick mark"})
    assert icon_texts.is_held_out("red car", phrases)
    assert icon_texts.is_held_out("a tick mark icon", phrases)
    assert not icon_texts.is_held_out("card", phrases)
    assert not icon_texts.is_held_out("tick", phrases)


def test_related_names_are_left_out_of_training():
    ink = np.zeros((1, 64, 64), np.uint8)
    sets = [
        icon_samples.DrawnSet("a", ink, ["magnifier"], {"magnifier": {"search"}}),
        icon_samples.DrawnSet("b", ink, ["search"], {}),
    ]
    labels, label_of, texts = icon_samples.label_drawings(sets, {}, frozenset())
    assert label_of.tolist() == [0, 1]
    assert [texts[number] for number in labels[1]["texts"]] == ["search"]
    assert [texts[number] for number in labels[1]["related"]] == ["magnifier"]
    assert labels[0]["related"] == []


def test_an_icon_is_drawn_in_the_middle_of_the_canvas():
    pytest.importorskip("resvg_py")
    head = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">'
    ink = icon_samples.draw(f'{head}<path d="M2 10h12v4H2z"/></svg>')
    rows, columns = np.nonzero(ink > 128)
    assert columns.min() + columns.max() == pytest.approx(63, abs=1)
    assert rows.min() + rows.max() == pytest.approx(63, abs=1)
    assert columns.max() - columns.min() + 1 == pytest.approx(icon_samples.INK, abs=1)
    assert icon_samples.draw(f"{head}</svg>") is None
    assert icon_samples.draw("no drawing") is None


def test_drawings_are_kept(tmp_path, monkeypatch):
    pytest.importorskip("resvg_py")
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M1 1h7v2H1z"/></svg>'
    fetched = []

    def fetch(icon_set):
        fetched.append(icon_set.name)
        return [icon_sets.Drawing("bar", svg)], {"bar": {"line"}}

    monkeypatch.setattr(icon_samples, "fetch", fetch)
    first = icon_samples.draw_set(icon_sets.SETS[0], tmp_path)
    again = icon_samples.draw_set(icon_sets.SETS[0], tmp_path)
    assert fetched == ["tabler"]
    assert np.array_equal(first.ink, again.ink)
    assert again.names == ["bar"]
    assert again.tags == {"bar": {"line"}}


def test_without_npm_training_says_so(monkeypatch):
    monkeypatch.setattr(icon_sets, "unpack", lambda package, start, end="": {})
    with pytest.raises(UserError, match="npm"):
        icon_sets.fetch(icon_sets.SETS[0])


def test_reduced_vectors_keep_who_is_near_whom():
    rng = np.random.default_rng(0)
    flat = rng.standard_normal((50, 4)) @ rng.standard_normal((4, 20))
    small = reduce_vectors(flat.astype(np.float32), 4)
    distances = lambda v: np.linalg.norm(v[:, None] - v[None], axis=2)  # noqa: E731
    ratio = distances(small)[0, 1:] / distances(flat)[0, 1:]
    assert ratio == pytest.approx(np.full(49, ratio[0]), rel=1e-3)


# --- samples


def test_shown_icons_are_crops_and_follow_the_seed():
    ink = torch.from_numpy(toy_data().ink.astype(np.float32) / 255)
    shown = samples.show(ink, np.random.default_rng(3))
    assert shown.shape == (18, 32, 32)
    assert 0 <= shown.min() <= shown.max() <= 1
    assert torch.equal(shown, samples.show(ink, np.random.default_rng(3)))
    assert not torch.equal(shown, samples.show(ink, np.random.default_rng(4)))


def test_an_icon_stays_upright():
    """Whatever is drawn around an icon, it is not turned."""
    ink = torch.from_numpy(np.stack([toy_ink("bar", 4)] * 200).astype(np.float32) / 255)
    shown = samples.show(ink, np.random.default_rng(0))
    wide, high = shown[:, 14:18, 4:28].mean((1, 2)), shown[:, 4:28, 14:18].mean((1, 2))
    assert (wide > high).float().mean() > 0.95


def test_a_batch_tells_who_is_right():
    batches = samples.IconBatches(toy_data(), 12, 12)
    crops, words, right, unsure = batches.make(np.random.default_rng(0))
    assert crops.shape == (24, 32, 32)
    assert len(words) == 12
    assert right.shape == unsure.shape == (12, 24)
    assert right[:, :12].diagonal().all()
    assert not right[:, 12:].any()
    assert not (right & unsure).any()


# --- training


def weights_of(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "checkpoint.safetensors")


def same(one: dict[str, torch.Tensor], two: dict[str, torch.Tensor]) -> bool:
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


def test_the_same_seed_gives_the_same_weights_and_a_killed_run_its_curve(tmp_path, monkeypatch):
    torch.set_num_threads(1)
    monkeypatch.setattr(trainer, "REPORT", 2)
    data = toy_data()
    whole = list(trainer.train(data, SMALL, tmp_path / "a"))
    again = list(trainer.train(data, SMALL, tmp_path / "b"))
    assert [p.loss for p in whole] == [p.loss for p in again]
    assert same(weights_of(tmp_path / "a"), weights_of(tmp_path / "b"))

    ticks = itertools.count(step=61)  # each look at the clock is a minute later
    monkeypatch.setattr(trainer.time, "monotonic", lambda: float(next(ticks)))
    killed = trainer.train(data, SMALL, tmp_path / "c")
    next(killed)
    killed.close()
    rest = list(trainer.train(data, SMALL, tmp_path / "c", resume=True))
    assert [p.loss for p in rest] == [p.loss for p in whole[1:]]
    assert same(weights_of(tmp_path / "a"), weights_of(tmp_path / "c"))


def test_words_no_icon_has_are_understood_from_what_they_are_near(tmp_path):
    """Trained on names alone, other words with vectors close to theirs find the same icons."""
    torch.set_num_threads(1)
    data = toy_data()
    only_names = tuple(np.array([n]) for n in range(6)) * 3
    shares = (np.array([1.0]),) * 18
    named = samples.IconData(**{**vars(data), "texts": only_names, "shares": shares})
    config = trainer.IconTraining(steps=24, icons=12, negatives=8, warm_up=4)
    list(trainer.train(named, config, tmp_path))
    trainee = trainer.new_trainee(named, 0)
    load_checkpoint(tmp_path, trainee, torch.optim.AdamW(trainee.parameters()))
    net = trainee.finished()
    ink = torch.from_numpy(data.ink[:6].astype(np.float32) / 255)
    with torch.no_grad():
        seen = net.image(samples.as_drawn(ink))
        texts = net.text(*pack([[n + 6] for n in range(6)]))
    best = (texts @ seen.vectors.T).argmax(1)
    assert (best == torch.arange(6)).sum() >= 4


def test_unsure_pairs_count_for_nothing():
    trainee = trainer.new_trainee(toy_data(), 0).eval()
    crops = torch.rand(4, 32, 32, generator=torch.Generator().manual_seed(0))
    words = [[0], [1], [2]]
    right = torch.eye(3, 4, dtype=torch.bool)
    unsure = torch.zeros(3, 4, dtype=torch.bool)
    unsure[0, 1] = True
    all_pairs = trainer.losses(trainee, (crops, words, right, right & False), torch.ones(3))
    fewer = trainer.losses(trainee, (crops, words, right, unsure), torch.ones(3))
    assert fewer["text_to_icon"] < all_pairs["text_to_icon"]
    assert fewer["iconness"] == all_pairs["iconness"]


def test_export_ships_what_was_trained(tmp_path):
    data = toy_data()
    list(trainer.train(data, SMALL, tmp_path / "run"))
    out = tmp_path / "w"
    out.mkdir()
    (out / "manifest.json").write_text('{"reader": {"file": "reader.safetensors"}}')
    entry = icon_export.export_icons(data, tmp_path / "run", out, {"command": "test"})
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["reader"] == {"file": "reader.safetensors"}
    assert manifest["icons"] == entry
    path = out / "icons.safetensors"
    assert path.stat().st_size == entry["bytes"]
    trainee = trainer.new_trainee(data, 0)
    load_checkpoint(tmp_path / "run", trainee, torch.optim.AdamW(trainee.parameters()))
    network = IconReader.load(path)._network
    net = trainee.finished()
    with torch.no_grad():
        texts = net.text(*pack([[n] for n in range(6)])).numpy()
        crops = samples.as_drawn(torch.from_numpy(data.ink[:6].astype(np.float32) / 255))
        seen = net.image(crops)
    assert network.read(NAMES)[0] == pytest.approx(texts, abs=0.02)
    vectors, iconness = network.see(crops.numpy())
    assert vectors == pytest.approx(seen.vectors.numpy(), abs=0.02)
    assert iconness == pytest.approx(seen.iconness.sigmoid().numpy(), abs=0.02)
    assert network.names == tuple(sorted(NAMES))


def test_what_was_shipped_can_be_trained_further(tmp_path):
    """Words come out as they were shipped, in another order too; pictures are seen as before."""
    data = toy_data()
    list(trainer.train(data, SMALL, tmp_path / "run"))
    icon_export.export_icons(data, tmp_path / "run", tmp_path / "w", {})
    path = tmp_path / "w" / "icons.safetensors"
    order = np.array([*range(6, 12), *range(6)])
    moved = samples.IconData(
        **{
            **vars(data),
            "words": tuple(data.words[n] for n in order),
            "vectors": data.vectors[order],
        }
    )
    old = trainer.new_trainee(data, 0)
    load_checkpoint(tmp_path / "run", old, torch.optim.AdamW(old.parameters()))
    new = trainer.new_trainee(moved, 1)
    begin_with(new, moved.words, path)
    one, two = old.finished(), new.finished()
    assert torch.allclose(one.text.table[order], two.text.table, atol=0.02)
    assert torch.allclose(one.text.weights[order], two.text.weights, atol=0.02)
    crops = samples.as_drawn(torch.from_numpy(data.ink[:6].astype(np.float32) / 255))
    with torch.no_grad():
        seen = [net.image(crops).vectors for net in (one, two)]
    assert torch.allclose(*seen, atol=0.02)

    list(trainer.train(moved, SMALL, tmp_path / "more", start=path))
    state = checkpoints.checkpoint_state(tmp_path / "more")
    assert state["config"]["start"] == digests.sha256_of(path)
    other = trainer.train(moved, SMALL, tmp_path / "more", resume=True)
    with pytest.raises(BadCheckpoint, match="start"):
        next(other)


def test_other_files_are_no_weights_to_begin_with(tmp_path):
    data = toy_data()
    for path in (tmp_path / "none.safetensors", WEIGHTS.with_name("reader.safetensors")):
        with pytest.raises(BadWeights, match="icon recogniser"):
            begin_with(trainer.new_trainee(data, 0), data.words, path)


def test_nothing_trained_is_nothing_to_export(tmp_path):
    with pytest.raises(BadWeights, match="train first"):
        icon_export.export_icons(toy_data(), tmp_path, tmp_path, {})


# --- command line


def run(*arguments: str):
    app = typer.Typer()
    group = typer.Typer()
    cli_train_icons.register(group)
    group.command("other")(lambda: None)  # a group of one command has no names
    app.add_typer(group, name="train")
    return CliRunner().invoke(app, ["train", "icons", *arguments])


@pytest.mark.slow
def test_the_command_trains_exports_and_a_finished_run_exports_later(tmp_path, monkeypatch):
    save_toy(tmp_path / "run")
    monkeypatch.chdir(tmp_path)
    short = ("--out", "run", "--minutes", "0.03")
    done = run(*short, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["steps"] == 2
    assert (tmp_path / "run" / "curve.png").exists()
    again = run(*short, "--resume", "--export", str(tmp_path / "w"), "--json")
    assert again.exit_code == 0, again.output
    assert "trained to 2 steps already" in again.stderr
    assert json.loads(again.stdout) == json.loads(done.stdout)
    entry = manifest_of(tmp_path)
    command = "focusagent train icons --out run --minutes 0.03 --seed 0 --export w"
    assert entry["command"] == command
    assert entry["version"] == focusagent.__version__

    # The command, as it is recorded, gives the same weights from the same data.
    assert run(*command.split()[3:]).exit_code == 0
    assert manifest_of(tmp_path) == entry
    other = run("--out", "run", "--minutes", "0.05", "--resume")
    assert isinstance(other.exception, BadCheckpoint)
    assert "steps 2, now 3" in str(other.exception)


def manifest_of(folder: Path) -> dict[str, object]:
    entry: dict[str, object] = json.loads((folder / "w" / "manifest.json").read_text())["icons"]
    return entry


def test_icons_of_another_seed_are_refused(tmp_path):
    save_toy(tmp_path)
    icons = [each.package for each in icon_sets.SETS]
    (tmp_path / "recipe.json").write_text(json.dumps({"seed": 0, "sets": icons}))
    cli_train_icons.make_data(tmp_path, 0)
    with pytest.raises(UserError, match="seed 0, now 1"):
        cli_train_icons.make_data(tmp_path, 1)


def test_an_unknown_device_is_refused(tmp_path):
    assert isinstance(run("--out", str(tmp_path), "--device", "abacus").exception, UserError)
