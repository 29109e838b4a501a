"""Records: both kinds of rows in both kinds of files, streamed; what is wrong is told with its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from grounding.errors import BadRecord
from grounding.training import json_rows
from grounding.training.json_rows import read_row, scan_rows
from grounding.training.records import Records
from grounding.types import Box


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Image.new("RGB", (200, 100)).save(tmp_path / "a.png")
    return tmp_path


def ours(**changes: Any) -> dict[str, Any]:
    return {"image": "a.png", "instruction": "Save", "bbox": [20, 10, 60, 30]} | changes


def theirs(*boxes: Any, text: str = "<image>\nopen the menu") -> dict[str, Any]:
    turns: list[dict[str, Any]] = [{"from": "system", "value": "You click."}]
    for box in boxes:
        turns.append({"from": "human", "value": text})
        answer = {"from": "gpt", "value": "pyautogui.click(x=0.2, y=0.2)", "recipient": "os"}
        turns.append(answer | ({} if box is None else {"bbox_gt": box}))
    return {"image": "a.png", "conversations": turns}


def write(folder: Path, rows: list[Any], container: str) -> Path:
    path = folder / f"rows.{container}"
    if container == "jsonl":
        text = "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows)
    else:
        text = json.dumps(rows, indent=2 if container == "pretty" else None)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("container", ["jsonl", "json", "pretty"])
def test_both_kinds_of_rows_in_every_container(folder: Path, container: str) -> None:
    rows = [ours(), theirs([0.1, 0.1, 0.3, 0.3], [0.5, 0.5, 1, 1]), ours(bbox=None)]
    records = Records([write(folder, rows, container)])
    assert [record.instruction for record in records] == [
        "Save",
        "open the menu",
        "open the menu",
        "Save",
    ]
    assert [record.box for record in records] == [
        Box(0.1, 0.1, 0.3, 0.3),
        Box(0.1, 0.1, 0.3, 0.3),
        Box(0.5, 0.5, 1, 1),
        None,
    ]
    assert all(record.image == folder / "a.png" for record in records)
    assert records[-1].where == records[3].where
    assert [one.box for one in records[1:3]] == [records[1].box, records[2].box]


def test_rows_as_the_sets_of_real_pages_have_them(folder: Path) -> None:
    row = {"img_filename": "a.png", "img_size": [400, 200], "bbox": [40, 20, 120, 60]}
    records = Records([write(folder, [row | {"instruction": 'click "Ok"'}], "jsonl")], folder)
    assert records[0].box == Box(0.1, 0.1, 0.3, 0.3)


WRONG = {
    "no JSON": '{"image": "a.png", ',
    "must be an object": "[1, 2]",
    "name of a picture": ours(image=3),
    "missing.png cannot be read": ours(image="missing.png"),
    "no instruction": ours(instruction=" <image> "),
    'no "bbox"': {"image": "a.png", "instruction": "Save"},
    "four numbers": ours(bbox=[1, 2, 3]),
    "wrong order": ours(bbox=[60, 10, 20, 30]),
    "out of the picture": ours(bbox=[20, 10, 260, 30]),
    "width and height": ours(img_size=[0, 10]),
    "list of objects": {"image": "a.png", "conversations": "hello"},
    "no answer": theirs(),
    'no "bbox_gt"': theirs(None),
    '"bbox_gt" reaches out': theirs([20, 10, 60, 30]),
    "numbers: left": ours(bbox=[float("nan"), 0, 1, 1]),
}


@pytest.mark.parametrize("reason", WRONG)
def test_a_bad_row_is_one_sentence_with_its_file_and_line(folder: Path, reason: str) -> None:
    path = write(folder, [ours(), WRONG[reason], "", ours()], "jsonl")
    with pytest.raises(BadRecord) as caught:
        Records([path])
    assert str(caught.value).startswith(f"{path}, line 2: ")
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)
    told: list[str] = []
    assert len(Records([path], complain=told.append)) == 2
    assert told == [str(caught.value)]


def test_a_bad_turn_leaves_the_others(folder: Path) -> None:
    told: list[str] = []
    rows = [theirs([0, 0, 1, 1], None, [0.5, 0, 1, 1])]
    records = Records([write(folder, rows, "pretty")], complain=told.append)
    assert [record.box for record in records] == [Box(0, 0, 1, 1), Box(0.5, 0, 1, 1)]
    assert len(told) == 1


def test_boxes_that_overshoot_by_a_pixel_are_cut(folder: Path) -> None:
    records = Records([write(folder, [ours(bbox=[-1, 0, 201, 100.5])], "jsonl")])
    assert records[0].box == Box(0, 0, 1, 1)


def test_no_usable_row_is_an_error(folder: Path) -> None:
    for text in ("", "[]", "[1, 2]", "\n\n"):
        path = folder / "empty.json"
        path.write_text(text)
        with pytest.raises(BadRecord, match="no usable record"):
            Records([path])


def test_an_array_that_is_cut_off_gives_what_is_whole(folder: Path) -> None:
    path = write(folder, [ours(), ours(), ours()], "pretty")
    path.write_text(path.read_text()[:-40])
    told: list[str] = []
    assert len(Records([path], complain=told.append)) == 2
    assert "no JSON" in told[0]
    assert ", line 22:" in told[0]


def test_the_digest_follows_the_rows(folder: Path) -> None:
    one = Records([write(folder, [ours(), ours()], "jsonl")]).digest
    assert one == Records([write(folder, [ours(), ours()], "jsonl")]).digest
    assert one != Records([write(folder, [ours(), ours(instruction="Open")], "jsonl")]).digest


texts = st.text(alphabet='ab{}[]"\\ \n,:é€', max_size=12)
values = st.recursive(texts | st.integers(), lambda inner: st.dictionaries(texts, inner), max_leaves=6)  # fmt: skip


@given(
    rows=st.lists(st.dictionaries(texts, values), max_size=6),
    chunk=st.integers(1, 40),
    indent=st.sampled_from([None, 2]),
)
@settings(max_examples=50, deadline=None)
def test_rows_are_found_wherever_the_reads_cut_them(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[dict[str, Any]],
    chunk: int,
    indent: int | None,
) -> None:
    path = tmp_path_factory.mktemp("rows") / "rows.json"
    whole = json.dumps(rows, indent=indent, ensure_ascii=False)
    path.write_text(whole, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_rows, "_CHUNK", chunk)
        found = list(scan_rows(path))
    assert [json.loads(row.text) for row in found] == rows
    raw = whole.encode()
    for row in found:
        assert read_row(path, row.start, len(row.text)) == row.text
        assert row.line == raw[: row.start].count(b"\n") + 1
