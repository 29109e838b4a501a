"""`focusagent train scorer|grounder`: both stages from files to a model that answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from focusagent.cli import app
from grounding.tiny import write_tiny
from grounding.training.shapes import draw_screen

RUNNER = CliRunner()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import random

    folder, rng, rows = tmp_path_factory.mktemp("records"), random.Random(5), []
    for number in range(6):
        screen = draw_screen(rng, kinds=("look",))
        screen.image.save(folder / f"{number}.png")
        box = None if number == 5 else list(screen.target.box)
        rows.append({"image": f"{number}.png", "instruction": screen.instruction, "bbox": box})
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "rows.jsonl").write_text(text + '{"image": "0.png"}\n')
    write_tiny(folder / "tiny")
    return folder


def run(*words: object) -> Result:
    return RUNNER.invoke(app, ["train", *map(str, words)])


@pytest.mark.slow
def test_both_stages_from_files_to_a_model_that_answers(files: Path, tmp_path: Path) -> None:
    rows = ("--records", files / "rows.jsonl")
    first = run(
        "scorer", "--model", files / "tiny", *rows, "--out", tmp_path / "a", "--steps", 2,
        "--check", files / "rows.jsonl", "--rate", "1e-3",
    )  # fmt: skip
    assert first.exit_code == 0, first.output
    assert "left out" in first.stderr
    assert "line 7" in first.stderr
    again = run(
        "grounder", "--model", tmp_path / "a" / "model", *rows, "--out", tmp_path / "b",
        "--steps", 2, "--lora", 2, "--absence", "--offset", "--keep", "0.2,0.6", "--json",
    )  # fmt: skip
    assert again.exit_code == 0, again.output
    report = json.loads(again.stdout)
    assert set(report["loss"]) == {"pointer", "language", "scorer", "offset", "none"}
    assert report["config"]["keep"] == [0.2, 0.6]
    told = json.loads((tmp_path / "a" / "report.json").read_text())
    assert told["before"]["records"] == told["after"]["records"] == 6
    assert told["after"]["present"] == 5
    assert (tmp_path / "b" / "curve.png").stat().st_size > 5000
    asked = [str(files / "0.png"), "red circle", "--model", str(tmp_path / "b" / "model"), "--json"]
    done = RUNNER.invoke(app, ["ground", *asked])
    assert json.loads(done.stdout)["tokens"]["before"] == 64


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--keep", "0.5,2"], "--keep is two shares"),
        (["--rate", "0"], "--rate must be above 0"),
        (["--records", "nothing.jsonl"], "there is no such file of records"),
        (["--labels", "other"], "released-code"),
        (["--model", "nowhere"], "give the folder of a checkpoint"),
    ],
)
def test_bad_use_is_one_sentence(
    words: list[str], complaint: str, files: Path, tmp_path: Path
) -> None:
    usual = {"--model": str(files / "tiny"), "--records": str(files / "rows.jsonl")}
    usual |= dict([words])
    done = RUNNER.invoke(
        app, ["train", "grounder", "--out", str(tmp_path), *(w for p in usual.items() for w in p)]
    )
    assert done.exit_code == 2 or complaint in str(done.exception)
    assert complaint in done.output + str(done.exception)
