"""`focusagent train nano` and `train default`: options, bad input, and small runs from nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from focusagent import cli_train_default, cli_train_nano
from focusagent.cli import app
from focusagent.errors import UserError
from grounding import load_grounder
from grounding.nano.grounder import NanoGrounder

PAGES = Path(__file__).parent / "data" / "reader"


@pytest.mark.parametrize("command", ["nano", "default"])
def test_bad_input_is_one_sentence(command: str, tmp_path: Path) -> None:
    for options in (["--device", "abacus"], ["--from", str(tmp_path / "nowhere")]):
        told = CliRunner().invoke(app, ["train", command, "--out", str(tmp_path), *options])
        assert isinstance(told.exception, UserError | SystemExit)
        assert told.exit_code != 0
        assert not list(tmp_path.glob("*/checkpoint*"))


def test_the_shares_are_all_of_the_minutes() -> None:
    assert sum(cli_train_default.SHARES.values()) == pytest.approx(1)
    assert list(cli_train_default.SHARES) == list(cli_train_default.stages())


def test_stages_run_in_order_share_pages_and_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, dict[str, Any]]] = []

    def stages() -> dict[str, Any]:
        def stage(name: str) -> Any:
            def run(**options: Any) -> None:
                told.append((name, options))
                if name == "icons" and len(told) == 3:
                    raise KeyboardInterrupt

            return run

        return {name: stage(name) for name in cli_train_default.SHARES}

    monkeypatch.setattr(cli_train_default, "stages", stages)
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
    assert json.loads((tmp_path / "stages.json").read_text())["nano"] == pytest.approx(25)


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
