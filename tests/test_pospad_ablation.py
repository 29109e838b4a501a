"""The benchmark of the PosPad ablation: its treatments, its screens, and that it goes on."""

from __future__ import annotations

import importlib
import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from grounding import PatchGrid, VisualPlan
from grounding.backbones.backbone import Backbone
from grounding.plan import plan_all

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "benchmarks"))
ablation: Any = importlib.import_module("pospad_ablation")
report: Any = importlib.import_module("pospad_report")
screens: Any = importlib.import_module("pospad_screens")
variants: Any = importlib.import_module("pospad_variants")
MARKED = {"full", "first", "middle", "end"}
FIELDS = ("input_ids", "attention_mask", "position_ids", "rope_deltas", "source")


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def pointing() -> Any:
    return ablation.Pointing(0).eval()


def drawn(count: int, side: int = 12) -> list[Any]:
    rng = random.Random("drawn")
    return [screens.draw_screen(rng, side) for _ in range(count)]


def shortened(pointing: Any, some: list[Any], plans: list[VisualPlan], treatment: str) -> Any:
    """The treated batch, and the product's own."""
    grids = [screen.grid for screen in some]
    backbone = Backbone(pointing.model)
    encoded = backbone.encode([screen.patches for screen in some], grids)
    prompts = [screen.prompt(number) for number, screen in enumerate(some)]
    marker = screens.MARKER
    mine = variants.treated(pointing.model, prompts, encoded, plans, marker, treatment)
    return mine, backbone.compact(prompts, encoded, plans, marker)


def same(one: Any, other: Any) -> bool:
    kept = all(torch.equal(a, b) for a, b in zip(one.kept, other.kept, strict=True))
    return kept and all(torch.equal(getattr(one, f), getattr(other, f)) for f in FIELDS)


@pytest.mark.parametrize("treatment", variants.TREATMENTS)
def test_nothing_dropped_is_the_plain_sequence(pointing: Any, treatment: str) -> None:
    some = drawn(3)
    assert same(*shortened(pointing, some, [plan_all(one.grid) for one in some], treatment))


@pytest.mark.parametrize("treatment", variants.TREATMENTS)
def test_only_end_is_the_product(pointing: Any, treatment: str) -> None:
    some = drawn(3)
    plans = [
        one.plan(keep, random.Random(1)) for one, keep in zip(some, (0.1, 0.3, 0.7), strict=True)
    ]
    assert same(*shortened(pointing, some, plans, treatment)) == (treatment == "end")


@pytest.mark.parametrize("treatment", variants.TREATMENTS)
def test_markers_and_positions_of_treatments(pointing: Any, treatment: str) -> None:
    (one,) = drawn(1)
    plan = one.plan(0.3, random.Random(1))
    batch, product = shortened(pointing, [one], [plan], treatment)
    whole, _ = shortened(pointing, [one], [plan_all(one.grid)], treatment)
    marked = batch.source[0, batch.input_ids[0] == screens.MARKER].numpy() - 1
    dropped = np.flatnonzero(~plan.keep)
    inside = [range(first, last + 1) for first, last in plan.runs]
    if treatment == "full":
        assert marked.tolist() == dropped.tolist()
    elif treatment in MARKED:
        assert len(marked) == len(inside)
        assert all(place in run for place, run in zip(marked, inside, strict=True))
        if treatment != "middle":
            assert marked.tolist() == plan.runs[:, ("first", "end").index(treatment)].tolist()
    else:
        assert len(marked) == 0
    original = whole.position_ids[:, 0, batch.source[0]]
    if treatment == "direct-shifted":
        kept = int(plan.keep.sum())
        expected = original.clone()
        expected[:, 1 : 1 + kept] = whole.position_ids[:, 0, 1 : 1 + kept]
        assert not torch.equal(expected, original)
        original = expected
    assert torch.equal(batch.position_ids[:, 0], original)
    assert all(torch.equal(a, b) for a, b in zip(batch.kept, product.kept, strict=True))


@given(st.lists(st.booleans(), min_size=2, max_size=40).filter(any))
def test_markers_of_any_mask(kept: list[bool]) -> None:
    plan = VisualPlan(PatchGrid(len(kept), 1, len(kept), 1, 1, 1), np.array(kept))
    runs = [list(range(a, b + 1)) for a, b in plan.runs]
    assert [variants.markers(plan, name).tolist() for name in ("first", "middle", "end")] == [
        [run[0] for run in runs],
        [run[(len(run) - 1) // 2] for run in runs],
        [run[-1] for run in runs],
    ]
    assert variants.markers(plan, "end").tolist() == plan.markers.tolist()
    assert variants.markers(plan, "full").tolist() == np.flatnonzero(~plan.keep).tolist()


@pytest.mark.parametrize("treatment", variants.TREATMENTS)
def test_samples_of_a_batch_do_not_see_each_other(pointing: Any, treatment: str) -> None:
    some = drawn(2)
    plans = [one.plan(keep, random.Random(1)) for one, keep in zip(some, (0.1, 0.8), strict=True)]
    with torch.no_grad():
        logits, answers, _ = pointing(some, plans, treatment)
        alone, at, _ = pointing(some[:1], plans[:1], treatment)
    width = alone.shape[-1]
    assert width < logits.shape[-1] or treatment == "full"
    torch.testing.assert_close(logits[0, :, -width:], alone[0], rtol=1e-4, atol=1e-4)
    assert torch.equal(answers[0] - (logits.shape[-1] - width), at[0])


def test_a_token_shows_only_its_pixels(pointing: Any) -> None:
    # Else a tower could tell where things stand, and treatments of positions would not matter.
    (one,) = drawn(1)
    grid, count = one.grid, one.grid.count
    order = np.random.default_rng(0).permutation(count)
    moved = one.patches.reshape(count, 4, -1)[order].reshape(one.patches.shape)
    backbone = Backbone(pointing.model)
    with torch.no_grad():
        plain, shuffled = (backbone.encode([p], [grid]).tokens[0] for p in (one.patches, moved))
    torch.testing.assert_close(plain[order], shuffled)


def test_questions_mean_the_next_shape_and_no_shape_is_dropped() -> None:
    for one in drawn(40):
        at = {place: number for number, (place, _, _) in enumerate(one.shapes.tolist())}
        assert all(one.plan(0.1, random.Random(2)).keep[place] for place in at)
        lines = np.array([divmod(place, 12) for place in at])
        for question, target in zip(one.questions, one.targets, strict=True):
            beside, look = divmod(question - screens.RIGHT_OF, screens.LOOKS)
            assert look == one.shapes[at[target], 1 + beside]
            axis = 1 - beside  # what grows: columns, or rows
            here = lines[at[target]]
            same_line = lines[lines[:, 1 - axis] == here[1 - axis]][:, axis]
            assert (same_line < here[axis]).any()


def test_screens_of_all_sizes() -> None:
    for side in range(ablation.SMALLEST, ablation.SIDE + 1):
        for one in drawn(5, side):
            assert one.grid.columns == one.grid.rows == side
            assert 2 <= len(one.shapes) <= screens.MOST_SHAPES


def test_leads_are_paired_by_seed() -> None:
    tested = {"kept": 5.0, "markers": 0.0, "right_of": 0.0, "below": 0.0}
    right = {("end", 0): 0.5, ("end", 1): 0.9, ("direct", 0): 0.4, ("direct", 1): 0.8}
    cells = [
        {"treatment": name, "seed": seed, "cpu": 1.0}
        | {
            stage: {"0.3": {"accuracy": right.get((name, seed), 0.0), **tested}}
            for stage in report.STAGES
        }
        for name in variants.TREATMENTS
        for seed in (0, 1)
    ]
    rows = report.results(cells, {"keep": [0.3]})["rows"]
    (row,) = (r for r in rows if (r["stage"], r["treatment"]) == ("fine-tuned", "direct"))
    assert row["accuracy"][0] == pytest.approx(0.6)
    assert row["lead"] == pytest.approx((0.1, 0.0))


def test_interval() -> None:
    assert report.interval([0.5]) == (0.5, None)
    mean, half = report.interval([1.0, 2.0, 3.0])
    assert (mean, round(half, 3)) == (2.0, 2.484)


def run(folder: Path) -> int:
    few = ["--steps", "3", "--base-steps", "3", "--screens", "2", "--seeds", "1"]
    code: int = ablation.main([*few, "--keep", "1.0", "0.3", "--out", str(folder)])
    return code


@pytest.mark.slow
def test_run_writes_table_and_plot_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ablation, "BATCH", 2)
    assert run(tmp_path / "whole") == 0
    printed = capsys.readouterr().out
    found = json.loads((tmp_path / "whole" / "results.json").read_text())
    assert "PosPad end" in printed
    assert {row["treatment"] for row in found["rows"]} == set(variants.TREATMENTS)
    with Image.open(tmp_path / "whole" / "plot.png") as plot:
        assert plot.width > 600

    done: list[tuple[int, str]] = []
    real = ablation.fine_tune

    def killed_at_the_fourth(pointing: Any, seed: int, treatment: str, steps: int) -> None:
        if len(done) == 3:
            raise KeyboardInterrupt
        done.append((seed, treatment))
        real(pointing, seed, treatment, steps)

    monkeypatch.setattr(ablation, "fine_tune", killed_at_the_fourth)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "killed")
    again: list[tuple[int, str]] = []

    def counted(pointing: Any, seed: int, treatment: str, steps: int) -> None:
        again.append((seed, treatment))
        real(pointing, seed, treatment, steps)

    monkeypatch.setattr(ablation, "fine_tune", counted)
    assert run(tmp_path / "killed") == 0
    assert len(again) == 3
    assert not set(again) & set(done)
    resumed = json.loads((tmp_path / "killed" / "results.json").read_text())
    assert resumed["rows"] == found["rows"]


def test_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--keep", "0.05"], ["--keep", "1.5"], ["--seeds", "0"], ["--keep", "nan"]):
        with pytest.raises(SystemExit, match="2"):
            ablation.main([*words, "--out", str(tmp_path)])
    (tmp_path / "settings.json").write_text('{"keep": [1.0]}')
    with pytest.raises(SystemExit, match="2"):
        run(tmp_path)
    assert "other settings" in capsys.readouterr().err
