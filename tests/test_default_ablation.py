"""The default model's ablation counts what it says, and can leave PosPad out."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module", autouse=True)
def _benchmarks() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(Path(__file__).parent.parent / "benchmarks")
        yield


@pytest.fixture(scope="module")
def table() -> Any:
    return importlib.import_module("default_table")


@pytest.fixture(scope="module")
def ablation() -> Any:
    return importlib.import_module("default_ablation")


BOX = (0.1, 0.1, 0.3, 0.2)


def row(table: Any, kind: str, boxes: tuple[Any, ...], rules: Any, sure: float) -> Any:
    others = (None, (0.9, 0.9), None, (0.2, 0.15))
    return table.Row("real pages", kind, "x", boxes, *others, rules, sure)


def test_shares_and_combinations(table: Any) -> None:
    inside, outside = (0.2, 0.15), (0.5, 0.5)
    rows = [
        row(table, "field", (BOX, (0.4, 0.4, 0.6, 0.6)), outside, 0.9),
        row(table, "icon", (BOX,), None, 0.0),
        row(table, "absent", (), None, 0.0),
        row(table, "absent", (), outside, 0.4),
    ]
    found = table.shares([(one, one.rules) for one in rows])
    assert found["real pages"]["value"] == 0.5
    assert found["field, relation, ordinal, absent"]["n"] == 3
    assert found["false refusals"]["value"] == 0.5
    nano = [(one, spot) for one, spot in zip(rows, [inside, inside, None, None], strict=True)]
    assert [one.hit(spot) for one, spot in table.together(nano, 0.0)] == [True, True, True, False]
    assert all(one.hit(spot) for one, spot in table.together(nano, 0.5))
    assert "| real pages | 50 [15-85] n 4 |" in table.markdown({"rules": found})


def test_answers_are_kept(ablation: Any, table: Any, tmp_path: Path) -> None:
    from dataclasses import asdict

    path = tmp_path / "a.json"
    path.write_text(json.dumps([asdict(row(table, "icon", (BOX,), None, 0.0))]))
    assert ablation.answered("nano, keep 1", tmp_path, [path]) == []
    kept = tmp_path / "answers" / "nano,_keep_1"
    kept.mkdir(parents=True)
    (kept / "a.json").write_text("[[0.2, 0.15]]")
    found = ablation.report(["nano, keep 1"], tmp_path, [path])
    assert found["nano, keep 1"]["real pages"]["value"] == 1
    assert found["rules"]["real pages"]["value"] == 0
    assert found["evidence"]["real pages"]["value"] == 0
    assert found["no_reader"]["real pages"]["value"] == 1
    assert found["rules, nano where they refuse"]["real pages"]["value"] == 1


def test_rows_of_an_earlier_version_are_refused(table: Any, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('[{"boxes": [], "reader": null, "icons": null}]')
    with pytest.raises(SystemExit, match="another --out"):
        table.load_rows(tmp_path / "a.json")


def test_without_pospad_only_the_markers_are_missing(ablation: Any) -> None:
    import numpy as np
    import torch

    from grounding.backbones.backbone import Backbone
    from grounding.backbones.compact import Prompt
    from grounding.grid import PatchGrid
    from grounding.plan import make_plan
    from grounding.tiny import tiny_model

    model, tokenizer = tiny_model()
    grid = PatchGrid(112, 84, 112, 84, 14, 2)
    plan = make_plan(grid, np.arange(grid.count)[::-1] % 5, 0.5)
    prompt = Prompt([1, 2, *[model.config.image_token_id] * grid.count, 3, 4], (0,))
    pixels = np.zeros((grid.count * 4, 3 * 2 * 14 * 14), np.float32)
    marker = tokenizer.convert_tokens_to_ids("<|image_drop_end|>")
    with torch.inference_mode():
        both = [kind(model) for kind in (Backbone, ablation.Direct)]
        encoded = both[0].encode([pixels], [grid])
        padded, direct = (one.compact([prompt], encoded, [plan], marker) for one in both)
    stays = padded.input_ids[0] != marker
    assert (~stays).any()
    assert torch.equal(padded.input_ids[0, stays], direct.input_ids[0])
    assert torch.equal(padded.position_ids[:, 0, stays], direct.position_ids[:, 0])
