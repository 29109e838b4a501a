"""Rows that are wrong are one sentence before anything is measured; one bad row costs one miss."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from focusagent import cli
from focusagent.errors import UserError
from focusagent.evaluation import reports, screenspot
from grounding.errors import BadImage, BadInstruction, ServerError

GOOD = {"img_filename": "a.png", "instruction": "click Save", "bbox": [10, 10, 50, 30]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "images").mkdir()
    for name in ("a.png", "b.png"):
        Image.new("RGB", (100, 100), "white").save(tmp_path / "images" / name)
    return tmp_path


def write(folder: Path, *rows: object) -> list[screenspot.Target]:
    (folder / "targets.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return screenspot.load_targets(folder)


class Raising:
    """Answers with a place, or raises what it is told to."""

    def __init__(self, *answers: object, look: Exception | None = None) -> None:
        self.answers: Iterator[object] = iter(answers)
        self.failure = look

    def look(self, image: Image.Image) -> None:
        if self.failure is not None:
            failure, self.failure = self.failure, None
            raise failure

    def point(self, seen: None, instruction: str) -> tuple[float, float] | None:
        answer = next(self.answers)
        if isinstance(answer, BaseException):
            raise answer
        return answer  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"bbox": [50, 10, 10, 30]}, "reversed"),
        ({"bbox": [10, 30, 50, 10]}, "reversed"),
        ({"bbox": [10, float("nan"), 50, 30]}, "four numbers"),
        ({"bbox": [10, 10, float("inf"), 30]}, "four numbers"),
        ({"bbox": [10, 10, 50]}, "four numbers"),
        ({"bbox": "1234"}, "four numbers"),
        ({"bbox": ["a", 1, 2, 3]}, "four numbers"),
        ({"also_ok": [[9, 9, 1, 1]]}, "reversed"),
        ({"also_ok": 7}, "also_ok"),
        ({"kind": "overall"}, "overall"),
        ({"kind": 3}, "kind"),
        ({"instruction": " "}, "instruction"),
        ({"instruction": 5}, "instruction"),
        ({"img_filename": ""}, "img_filename"),
    ],
)
def test_a_wrong_row_is_told_with_file_and_line(folder, wrong, message):
    with pytest.raises(UserError, match=message) as caught:
        write(folder, GOOD, {**GOOD, **wrong})
    assert "targets.jsonl, line 2: " in str(caught.value)


@pytest.mark.parametrize("key", ["img_filename", "instruction", "bbox"])
def test_what_a_row_lacks_is_named(folder, key):
    with pytest.raises(UserError, match=f"line 1: .*{key}"):
        write(folder, {name: value for name, value in GOOD.items() if name != key})


def test_targets_in_another_encoding_are_one_sentence(folder):
    (folder / "targets.jsonl").write_bytes(json.dumps(GOOD).encode() + b'\n{"kind": "\xe9"}\n')
    with pytest.raises(UserError, match="targets.jsonl, line 2: .*UTF-8"):
        screenspot.load_targets(folder)


def test_a_line_separator_inside_an_instruction_ends_no_row(folder):
    row = {**GOOD, "instruction": "one\u2028two"}
    (folder / "targets.jsonl").write_text(json.dumps(row, ensure_ascii=False), encoding="utf-8")
    assert [row.instruction for row in screenspot.load_targets(folder)] == ["one\u2028two"]


def test_the_targets_of_the_current_folder_are_only_taken_when_named(folder, tmp_path, monkeypatch):
    write(folder, GOOD)
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(folder)
    with pytest.raises(UserError, match=r"empty.targets\.jsonl is missing"):
        screenspot.load_targets(empty)
    assert len(screenspot.load_targets(empty, "targets.jsonl")) == 1


def test_texts_are_counted_together_whatever_they_are_called(folder):
    rows = write(folder, {**GOOD, "kind": "text"}, {**GOOD, "kind": "text_unique"})
    answers = screenspot.evaluate(Raising((0.2, 0.2), None), folder, rows)
    accuracy = screenspot.summarize(answers)["accuracy"]
    assert (accuracy["text"]["n"], accuracy["text"]["value"]) == (2, 0.5)
    assert accuracy["overall"]["n"] == 2


def test_a_picture_beyond_all_bounds_is_one_sentence(folder, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(UserError, match=r"a\.png"):
        screenspot.open_picture(folder / "images" / "a.png")


@pytest.mark.parametrize("box", [[10, 10, 50, 30], None])
def test_a_row_that_cannot_be_asked_is_a_miss_with_its_reason(folder, box):
    rows = write(folder, GOOD, {**GOOD, "bbox": box}, GOOD)
    model = Raising((0.2, 0.2), BadInstruction("far too long"), (0.2, 0.2))
    answers = screenspot.evaluate(model, folder, rows)
    assert [answer.hit for answer in answers] == [True, False, True]
    assert [answer.error for answer in answers] == [None, "far too long", None]
    assert screenspot.summarize(answers)["errors"] == 1


def test_a_picture_that_cannot_be_looked_at_costs_its_own_rows(folder):
    rows = write(folder, GOOD, GOOD, {**GOOD, "img_filename": "b.png"})
    model = Raising((0.2, 0.2), look=BadImage("too large"))
    answers = screenspot.evaluate(model, folder, rows)
    assert [answer.error for answer in answers] == ["too large", "too large", None]
    assert [answer.hit for answer in answers] == [False, False, True]


def test_a_server_that_is_not_there_ends_the_run(folder):
    rows = write(folder, GOOD, GOOD)
    with pytest.raises(ServerError):
        screenspot.evaluate(Raising(ServerError("nobody there")), folder, rows)
    later = Raising((0.2, 0.2), ServerError("no answer"))
    assert [a.hit for a in screenspot.evaluate(later, folder, rows)] == [True, False]


def test_an_interrupted_run_leaves_the_rows_it_has_answered(folder, tmp_path):
    rows = write(folder, GOOD, GOOD, GOOD)
    model = Raising((0.2, 0.2), None, KeyboardInterrupt())
    with (
        pytest.raises(KeyboardInterrupt),
        reports.predictions(tmp_path / "out", "a:b") as keep,
    ):
        screenspot.evaluate(model, folder, rows, keep)
    lines = (tmp_path / "out" / "a_b.jsonl").read_text().splitlines()
    assert [json.loads(line)["hit"] for line in lines] == [True, False]


def test_the_verb_goes_on_after_a_row_of_5000_characters(folder, tmp_path, capsys):
    long = {**GOOD, "instruction": "save " * 1000}
    write(folder, long, GOOD)
    out = tmp_path / "out"
    code = cli.run(["eval", "screenspot", str(folder), "--model", "tiny", "--out", str(out)])
    printed = capsys.readouterr().out
    assert code == 0
    assert "errors" in printed
    rows = [json.loads(line) for line in (out / "tiny.jsonl").read_text().splitlines()]
    assert "5000 characters" in rows[0]["error"]
    assert rows[1]["error"] is None
    assert (out / "tiny-miss-00.png").is_file()
