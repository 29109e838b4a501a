"""The default model's parts are models of their own, and all of them show tokens at a budget."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image, ImageDraw, ImageFont

from focusagent import cli
from focusagent.evaluation import fingerprints, models, parts
from grounding.evidence import Evidence, patch_features
from grounding.reader.reader import Found
from grounding.types import Box

PARTS = ("default", "no-reader", "evidence", "reader", "icons")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("set")
    (root / "images").mkdir()
    image = Image.new("RGB", (320, 200), "white")
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(16)
    pen.rectangle((20, 20, 140, 50), outline="gray")
    pen.text((80, 35), "Save draft", fill="black", font=font, anchor="mm")
    pen.text((20, 100), "Email", fill="black", font=font)
    pen.rectangle((90, 92, 300, 124), outline="gray")
    image.save(root / "images" / "a.png")
    row = {"img_filename": "a.png", "instruction": "click Save draft", "bbox": [20, 20, 140, 50]}
    field = {"img_filename": "a.png", "instruction": "the field right of Email"}
    rows = [{**row, "kind": "text_unique"}, {**field, "bbox": [90, 92, 300, 124], "kind": "field"}]
    (root / "targets.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return root


def run(capsys, *arguments: object) -> tuple[int, str, str]:
    code = cli.run([str(argument) for argument in arguments])
    out = capsys.readouterr()
    return code, out.out, out.err


def test_every_part_has_its_tokens_at_every_keep_and_the_same_answers(folder, capsys):
    command = ("eval", "screenspot", folder, "--model", ",".join(PARTS), "--keep", "1.0,0.3")
    code, out, _ = run(capsys, *command, "--json")
    assert code == 0
    rows = json.loads(out)["models"]
    assert list(rows) == [f"{part} keep={keep}" for part in PARTS for keep in ("1.0", "0.3")]
    for part in PARTS:
        whole, few = (rows[f"{part} keep={keep}"] for keep in ("1.0", "0.3"))
        assert whole["accuracy"] == few["accuracy"]
        assert whole["tokens"]["after"] == whole["tokens"]["before"] == few["tokens"]["before"] > 0
        assert few["tokens"]["after"] == pytest.approx(0.3 * few["tokens"]["before"], abs=1)
    hits = {part: rows[f"{part} keep=1.0"]["accuracy"] for part in PARTS}
    assert [hits[part]["text_unique"]["value"] for part in PARTS] == [1, 0, 1, 1, 0]
    # What stands beside a label is the parser's to know: evidence alone answers with the label.
    assert hits["default"]["field"]["value"] == 1
    assert hits["evidence"]["field"]["value"] == 0


def test_without_keep_parts_have_no_tokens(folder, capsys):
    code, out, _ = run(capsys, "eval", "screenspot", folder, "--model", "evidence", "--json")
    assert code == 0
    assert json.loads(out)["tokens"] == {"before": None, "after": None}


@pytest.mark.parametrize("name", models.TOKENLESS)
def test_models_without_tokens_cannot_keep_some(folder, capsys, name):
    code, out, err = run(
        capsys, "eval", "screenspot", folder, "--model", f"reader,{name}", "--keep", 1
    )
    assert (code, out) == (2, "")
    assert f"{name} has none" in err


def test_a_wrong_budget_is_told_before_the_first_model_is_measured():
    with pytest.raises(Exception, match="budget"):
        models.all_models("reader", "0.5,much")


class Told:
    """A provider that finds one place with one score."""

    def __init__(self, box: Box, score: float) -> None:
        self.span = Found(box, (box,), score, "x")


@pytest.mark.parametrize("scores", [(0.9, 0.4), (0.2, 0.6)])
def test_fusion_answers_with_what_either_is_surest_of(monkeypatch, scores):
    left, right = Box(0, 0, 0.2, 0.2), Box(0.8, 0.8, 1, 1)
    spans = [Told(box, score).span for box, score in zip((left, right), scores, strict=True)]
    made = [Evidence(patch_features([span], [], (5, 5)), (span,)) for span in spans]
    fused = parts.fused(made)
    assert fused.spans[0].score == max(scores)
    assert len(fused.spans) == 2
    assert fused.features[0, 0, 0] == pytest.approx(scores[0])
    assert fused.features[4, 4, 0] == pytest.approx(scores[1])


def test_no_reader_reads_nothing_and_still_sees_controls():
    image = Image.new("RGB", (320, 200), "white")
    ImageDraw.Draw(image).rectangle((20, 20, 140, 50), outline="gray")
    ImageDraw.Draw(image).text((80, 35), "Save", fill="black", anchor="mm")
    with models.opened("no-reader") as model:
        scene = model.look(image).scene
    assert scene.screen.lines() == []
    assert scene.screen.find("Save") == []
    assert scene.elements


def test_a_fingerprint_tells_models_apart_and_notices_changes(tmp_path, monkeypatch):
    checkpoint = tmp_path / "checkpoint"
    checkpoint.mkdir()
    (checkpoint / "config.json").write_text("{}")
    (tmp_path / "somebodys.py").write_text("class One: ...")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    names = ("default", "reader", str(checkpoint), "somebodys:One")
    first = {name: fingerprints.fingerprint(name) for name in names}
    assert len(set(first.values())) == len(names)
    assert {name: fingerprints.fingerprint(name) for name in names} == first
    assert fingerprints.fingerprint("default", "0.3") != first["default"]
    (checkpoint / "config.json").write_text('{"a": 1}')
    (tmp_path / "somebodys.py").write_text("class One: pass")
    changed = {name for name in names if fingerprints.fingerprint(name) != first[name]}
    assert changed == {str(checkpoint), "somebodys:One"}


def test_other_weights_or_another_version_are_another_fingerprint(tmp_path, monkeypatch):
    (tmp_path / "weights").mkdir()
    (tmp_path / "__init__.py").write_text("")
    (tmp_path / "weights" / "manifest.json").write_text("{}")
    package = SimpleNamespace(__file__=str(tmp_path / "__init__.py"), __name__="grounding")
    monkeypatch.setattr(fingerprints, "grounding", package)
    first = fingerprints.fingerprint("default")
    (tmp_path / "weights" / "manifest.json").write_text('{"reader": 1}')
    second = fingerprints.fingerprint("default")
    monkeypatch.setattr(fingerprints, "__version__", "9.9")
    assert len({first, second, fingerprints.fingerprint("default")}) == 3
