"""What a grounder is trained on: pictures, instructions and boxes, from files of any length.

Two kinds of rows, in files that are one JSON array or have one JSON object a line:

    {"image": "a.png", "instruction": "Save", "bbox": [x1, y1, x2, y2]}      pixels; null: not there
    {"image": "a.png", "conversations": [{"from": "human", "value": "<image>Save"},
                                         {"from": "gpt", "bbox_gt": [x1, y1, x2, y2]}]}   0 to 1

The second is FocusUI's; each of its answers makes a record. Files are read as streams, and of a
record only its place in the file is remembered. Rows that cannot be used are told in one sentence
with file and line.
"""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from pathlib import Path
from typing import Any, overload

from PIL import Image

from ..errors import BadRecord
from ..types import Box
from .json_rows import read_row, scan_rows

# Rounding makes boxes overshoot the picture by up to this share of it; they are cut.
_OVERSHOOT = 0.01


@dataclass(frozen=True, slots=True)
class Record:
    """One thing to learn. ``box`` is None where the element is not in the picture."""

    image: Path
    instruction: str
    box: Box | None
    where: str


class Records(Sequence[Record]):
    """The records of some files, in order; each is read from its file when it is asked for.

    Pictures are looked for in ``images``, or else beside the file that names them. Without
    ``complain`` the first unusable row is an error; with it, each is told and left out. ``digest``
    changes when the rows do.
    """

    def __init__(
        self,
        files: Sequence[Path],
        images: Path | None = None,
        complain: Callable[[str], None] | None = None,
    ) -> None:
        self._files, self._images = [Path(file) for file in files], images
        self._places = array("q")  # five numbers a record: file, start, length, line, turn
        told = hashlib.sha256()
        for number, path in enumerate(self._files):
            for row in scan_rows(path):
                told.update(row.text)
                found = _records(row.text, path, row.line, images)
                for turn, record in enumerate(found):
                    if isinstance(record, Record):
                        self._places.extend((number, row.start, len(row.text), row.line, turn))
                    elif complain is None:
                        raise BadRecord(record)
                    else:
                        complain(record)
        if not self._places:
            raise BadRecord(f"{', '.join(map(str, self._files))}: there is no usable record")
        self.digest = told.hexdigest()

    def __len__(self) -> int:
        return len(self._places) // 5

    @overload
    def __getitem__(self, index: int) -> Record: ...

    @overload
    def __getitem__(self, index: slice) -> list[Record]: ...

    def __getitem__(self, index: int | slice) -> Record | list[Record]:
        """Read a record, or some."""
        if isinstance(index, slice):
            return [self[one] for one in range(*index.indices(len(self)))]
        at = 5 * range(len(self))[index]
        number, start, length, line, turn = self._places[at : at + 5]
        path = self._files[number]
        record = _records(read_row(path, start, length), path, line, self._images)[turn]
        if isinstance(record, str):
            raise BadRecord(f"{record} (the file has changed)")
        return record


class _Unusable(Exception):
    """Says what is wrong with a row, without where."""


def _records(text: bytes, path: Path, line: int, images: Path | None) -> list[Record | str]:
    """Return what a row holds: records, and for those that cannot be used a sentence."""
    where = f"{path}, line {line}"
    try:
        row = json.loads(text)
        if not isinstance(row, dict):
            raise _Unusable("a row must be an object")
        image = _image(row, images or path.parent)
        if "conversations" in row:
            pairs = _answers(row["conversations"])
        else:
            pairs = [(row.get("instruction"), row)]
    except (ValueError, RecursionError, _Unusable) as error:
        if isinstance(error, _Unusable):
            return [f"{where}: {error}"]
        reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        return [f"{where}: this is no JSON: {reason}"]
    found: list[Record | str] = []
    for instruction, holder in pairs:
        try:
            box = _share_box(holder) if holder is not row else _pixel_box(row, image)
            found.append(Record(image, _words(instruction), box, where))
        except _Unusable as error:
            found.append(f"{where}: {error}")
    return found


def _image(row: dict[str, Any], folder: Path) -> Path:
    name = row.get("image", row.get("img_filename"))
    if not isinstance(name, str) or not name:
        raise _Unusable('"image" must be the name of a picture')
    return folder / name


def _answers(turns: Any) -> list[tuple[Any, dict[str, Any]]]:
    """Return the question and the answer of each exchange of a conversation."""
    if not isinstance(turns, list) or not all(isinstance(turn, dict) for turn in turns):
        raise _Unusable('"conversations" must be a list of objects')
    pairs, asked = [], None
    for turn in turns:
        if turn.get("from") in ("human", "user"):
            asked = turn.get("value")
        elif turn.get("from") in ("gpt", "assistant"):
            pairs.append((asked, turn))
    if not pairs:
        raise _Unusable("the conversation has no answer")
    return pairs


def _words(instruction: Any) -> str:
    text = instruction.replace("<image>", " ").strip() if isinstance(instruction, str) else ""
    if not text:
        raise _Unusable("there is no instruction")
    return text


def _share_box(answer: dict[str, Any]) -> Box:
    if answer.get("bbox_gt") is None:
        raise _Unusable('the answer has no "bbox_gt"')
    return _box(answer["bbox_gt"], (1, 1), "bbox_gt")


def _pixel_box(row: dict[str, Any], image: Path) -> Box | None:
    if "bbox" not in row:
        raise _Unusable('there is no "bbox" (null where the element is not in the picture)')
    if row["bbox"] is None:
        return None
    size = row.get("img_size")
    if size is None:
        return _box(row["bbox"], _size(image), "bbox")
    if not (_numbers(size, 2) and min(size) > 0):
        raise _Unusable('"img_size" must be the width and height of the picture')
    return _box(row["bbox"], (size[0], size[1]), "bbox")


@lru_cache(maxsize=64)
def _size(image: Path) -> tuple[int, int]:
    try:
        with Image.open(image) as picture:
            return picture.size
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise _Unusable(f"the picture {image} cannot be read: {error}") from error


def _box(sides: Any, size: tuple[float, float], name: str) -> Box:
    if not _numbers(sides, 4):
        raise _Unusable(f'"{name}" must be four numbers: left, top, right, bottom')
    x1, y1, x2, y2 = (side / size[axis % 2] for axis, side in enumerate(sides))
    if x1 > x2 or y1 > y2:
        raise _Unusable(f'the corners of "{name}" are in the wrong order: {sides}')
    if min(x1, y1) < -_OVERSHOOT or max(x2, y2) > 1 + _OVERSHOOT:
        raise _Unusable(f'"{name}" reaches out of the picture: {sides}')
    return Box(*(min(max(side, 0.0), 1.0) for side in (x1, y1, x2, y2)))


def _numbers(value: Any, count: int) -> bool:
    return (
        isinstance(value, list)
        and len(value) == count
        and all(
            isinstance(one, int | float) and not isinstance(one, bool) and isfinite(one)
            for one in value
        )
    )
