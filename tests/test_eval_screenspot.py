"""The evaluation counts strictly, says how sure it is, and its verbs answer in one JSON object."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image

from focusagent import cli
from focusagent.evaluation import models, reading, reports, screenspot
from focusagent.evaluation.statistics import Share, quantile

GROUNDER = """
from grounding.types import Grounding, Point, Tokens

class Plain:
    looks = 0
    closed = 0

    def ground(self, image, instruction):
        type(self).looks += 1
        point = Point(0.2, 0.2) if "Save" in instruction else None
        return Grounding(instruction, point, None, 1.0, tokens=Tokens(100, 30, 2))

    def ground_many(self, items):
        return [self.ground(*item) for item in items]

    def close(self):
        type(self).closed += 1

class Screens(Plain):
    looks = 0

    def screen(self, image):
        type(self).looks += 1
        return Seen()

class Seen:
    def ground(self, instruction):
        return Grounding(instruction, None, None, 0.0)
"""
ROWS = [
    {"bbox": [10, 10, 50, 30], "kind": "text_unique", "instruction": 'click the "Save" button'},
    {"bbox": [60, 10, 90, 30], "kind": "text_repeated", "instruction": 'click the "Open" link'},
    {"bbox": [0, 40, 9, 49], "kind": "icon", "instruction": "click", "also_ok": [[80, 80, 99, 99]]},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "images").mkdir()
    Image.new("RGB", (100, 100), "white").save(tmp_path / "images" / "a.png")
    rows = [json.dumps({"img_filename": "a.png", **row}) for row in ROWS]
    (tmp_path / "targets.jsonl").write_text("\n".join(rows))
    (tmp_path / "few.jsonl").write_text(rows[0])
    return tmp_path


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A module with grounders of somebody's own."""
    (tmp_path / "own_grounders.py").write_text(GROUNDER)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("own_grounders")
    del sys.modules["own_grounders"]


class Scripted:
    """Answers with places in turn."""

    def __init__(self, *spots: tuple[float, float] | None) -> None:
        self.spots = list(spots)
        self.looks = 0

    def look(self, image: Image.Image) -> None:
        self.looks += 1

    def point(self, seen: None, instruction: str) -> tuple[float, float] | None:
        return self.spots.pop(0)


def test_a_hit_lies_in_a_box_borders_included(folder):
    rows = screenspot.load_targets(folder)
    assert screenspot.is_hit((10, 30), rows[0])
    assert not screenspot.is_hit((9.9, 30), rows[0])
    assert screenspot.is_hit((85, 85), rows[2])
    assert not screenspot.is_hit(None, rows[2])


def test_answers_are_counted_by_kind_and_a_picture_is_looked_at_once(folder):
    model = Scripted((0.2, 0.2), None, (0.9, 0.9))
    answers = screenspot.evaluate(model, folder, screenspot.load_targets(folder))
    result = screenspot.summarize(answers)
    assert model.looks == 1
    values = {kind: share["value"] for kind, share in result["accuracy"].items()}
    expected = {"overall": 2 / 3, "text_unique": 1, "text_repeated": 0, "icon": 1, "text": 0.5}
    assert values == pytest.approx(expected, abs=1e-3)
    assert result["n"] == 3
    assert result["seconds"]["median"] >= 0


def test_the_report_holds_every_row_and_pictures_of_misses(folder, tmp_path):
    model = Scripted((0.2, 0.2), (0.1, 0.1), None)
    with reports.predictions(tmp_path / "out", "m") as keep:
        answers = screenspot.evaluate(model, folder, screenspot.load_targets(folder), keep)
    reports.draw_misses(tmp_path / "out", "m", folder, answers)
    lines = (tmp_path / "out" / "m.jsonl").read_text().splitlines()
    assert [json.loads(line)["hit"] for line in lines] == [True, False, False]
    assert len(list((tmp_path / "out").glob("m-miss-*.png"))) == 2


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"), [(0, 0, 0, 1), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1)]
)
def test_the_interval_is_wilsons(hits, n, low, high):
    share = Share.of(hits, n)
    assert (share.low, share.high) == pytest.approx((low, high), abs=1e-3)


def test_quantiles_interpolate():
    assert quantile([1, 2, 3, 4], 0.5) == 2.5
    assert quantile([], 0.5) == 0
    assert quantile([3], 0.95) == 3


@pytest.mark.parametrize(
    ("query", "text", "least", "most"),
    [("Save draft", "save draft", 1, 1), ("Save", "Save all", 0.9, 0.96), ("Save", "Open", 0, 0.5)],
)
def test_similarity_of_lines(query, text, least, most):
    assert least <= models.similarity(query, text) <= most


def test_edit_distance_counts_single_steps():
    assert reading.edit_distance("kitten", "sitting") == 3
    assert reading.edit_distance("", "abc") == 3


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = cli.run([str(argument) for argument in arguments])
    out = capsys.readouterr()
    return code, out.out, out.err


def test_the_verb_answers_in_json(folder, capsys):
    code, out, _ = run(capsys, "eval", "screenspot", folder, "--model", "chance", "--json")
    result = json.loads(out)
    assert code == 0
    assert set(result) == {"n", "accuracy", "seconds", "tokens"}
    assert result["accuracy"]["overall"]["n"] == 3


def test_several_models_make_one_table(folder, capsys):
    code, out, _ = run(
        capsys, "eval", "screenspot", folder, "--targets", "few.jsonl", "--model", "chance,chance"
    )
    assert code == 0
    assert "text_unique" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "oracle"], "unknown model"),
        (["--model", ","], "name a model"),
        (["--targets", "none.jsonl"], "missing"),
        (["--model", "chance", "--keep", "0.5"], "visual tokens"),
    ],
)
def test_wrong_requests_are_one_sentence(folder, capsys, arguments, message):
    code, out, err = run(capsys, "eval", "screenspot", folder, *arguments)
    assert code == 2
    assert out == ""
    assert message in err
    assert "Traceback" not in err


@pytest.mark.parametrize("content", ["{", '{"bbox": [1, 2]}', "", "[]"])
def test_damaged_targets_are_one_sentence(folder, capsys, content):
    (folder / "targets.jsonl").write_text(content)
    code, _, err = run(capsys, "eval", "screenspot", folder, "--model", "chance")
    assert code == 2
    assert len(err.strip().splitlines()) <= 2


def test_a_missing_picture_is_one_sentence(folder, capsys):
    (folder / "images" / "a.png").unlink()
    code, _, err = run(capsys, "eval", "screenspot", folder, "--model", "chance")
    assert code == 2
    assert "a.png" in err


def test_where_nothing_is_meant_only_a_refusal_is_right(folder):
    (folder / "targets.jsonl").write_text(
        '{"img_filename": "a.png", "instruction": "click Undo", "bbox": null}\n'
        '{"img_filename": "a.png", "instruction": "click Redo", "bbox": null, "kind": "none"}'
    )
    rows = screenspot.load_targets(folder)
    result = screenspot.summarize(screenspot.evaluate(Scripted((0.2, 0.2), None), folder, rows))
    values = {kind: share["value"] for kind, share in result["accuracy"].items()}
    assert values == {"overall": 0.5, "absent": 0, "none": 1}


def test_a_miss_on_a_row_without_a_box_is_drawn(folder, tmp_path):
    target = screenspot.Target("a.png", "click Undo", None, (), "absent")
    answers = screenspot.evaluate(Scripted((0.2, 0.2)), folder, [target])
    (tmp_path / "out").mkdir()
    reports.draw_misses(tmp_path / "out", "a:b/c", folder, answers)
    assert (tmp_path / "out" / "a_b_c-miss-00.png").is_file()


def test_further_instructions_are_timed_apart_from_first_ones(folder):
    rows = screenspot.load_targets(folder)
    answers = screenspot.evaluate(Scripted(None, None, None), folder, rows)
    assert [answer.further is None for answer in answers] == [True, False, False]
    assert all(a.further is None or a.further <= a.seconds for a in answers)
    seconds = screenspot.summarize(answers)["seconds"]
    assert set(seconds) == {"median", "p95", "first", "further"}


def test_grounders_of_ones_own_look_once_where_they_can(folder, own, capsys):
    code, out, _ = run(
        capsys, "eval", "screenspot", folder, "--model", "own_grounders:Plain", "--json"
    )
    result = json.loads(out)
    assert (code, own.Plain.looks, own.Plain.closed) == (0, 3, 1)
    assert result["accuracy"]["text_unique"]["value"] == 1
    assert result["tokens"] == {"before": 100, "after": 30}
    assert set(result["seconds"]) == {"median", "p95"}
    code, out, _ = run(
        capsys, "eval", "screenspot", folder, "--model", "own_grounders:Screens", "--json"
    )
    result = json.loads(out)
    assert (code, own.Screens.looks) == (0, 1)
    assert result["tokens"] == {"before": None, "after": None}
    assert set(result["seconds"]) == {"median", "p95", "first", "further"}


def test_every_keep_is_a_row_with_its_tokens(folder, capsys):
    few = ("--targets", "few.jsonl", "--model", "tiny")
    code, out, _ = run(capsys, "eval", "screenspot", folder, *few, "--keep", "1.0,0.5", "--json")
    result = json.loads(out)["models"]
    assert code == 0
    assert list(result) == ["tiny keep=1.0", "tiny keep=0.5"]
    whole, half = (row["tokens"] for row in result.values())
    assert whole["after"] == whole["before"] == half["before"]
    assert half["after"] == pytest.approx(half["before"] / 2, abs=1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "reader,chance", "--keep", "0.5"], "chance has none"),
        (["--model", "tiny", "--keep", ","], "needs a value"),
        (["--model", "tiny", "--keep", "much"], "budget"),
        (["--model", "own_grounders:Plain", "--keep", "0.5"], "keep"),
        (["--model", "own_grounders:Nobody"], "Nobody"),
        (["--model", "/nowhere/checkpoint"], "/nowhere/checkpoint"),
    ],
)
def test_models_that_cannot_be_had_are_one_sentence(folder, own, capsys, arguments, message):
    code, out, err = run(capsys, "eval", "screenspot", folder, *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err
