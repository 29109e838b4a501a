"""The evaluation counts strictly, says how sure it is, and its verbs answer in one JSON object."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from focusagent import cli
from focusagent.evaluation import models, reading, screenspot
from focusagent.evaluation.statistics import Share, quantile

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
    answers = screenspot.evaluate(
        Scripted((0.2, 0.2), (0.1, 0.1), None), folder, screenspot.load_targets(folder)
    )
    screenspot.write_report(tmp_path / "out", "m", folder, answers)
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
        (["--keep", "0.5"], "visual tokens"),
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
