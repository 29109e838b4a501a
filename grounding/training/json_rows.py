"""Finds the rows of a JSON file without holding the file: an array of objects, or one a line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_CHUNK = 1 << 20
# A whole string (or one that the buffer cuts off), or a brace outside of strings.
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[{}]', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Row:
    """Where a row stands in its file, in bytes, and on which line it begins; and its text."""

    start: int
    line: int
    text: bytes


def scan_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a file that is a JSON array of objects, or has an object on each line."""
    with path.open("rb") as file:
        first = file.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
        file.seek(0)
        yield from _array_rows(file) if first == b"[" else _line_rows(file)


def read_row(path: Path, start: int, length: int) -> bytes:
    """Return the text of a row that was found before."""
    with path.open("rb") as file:
        file.seek(start)
        return file.read(length)


def _line_rows(file: BinaryIO) -> Iterator[Row]:
    start = 0
    for line, text in enumerate(file, 1):
        if text.strip(b"\xef\xbb\xbf \t\r\n"):
            yield Row(start, line, text)
        start += len(text)


def _array_rows(file: BinaryIO) -> Iterator[Row]:
    """Yield the objects of an array; what stands between them is not looked at."""
    buffer, offset, line = b"", 0, 1
    while chunk := file.read(_CHUNK):
        buffer += chunk
        used = 0
        for begin, end in _objects(buffer):
            line += buffer.count(b"\n", used, begin)
            yield Row(offset + begin, line, buffer[begin:end])
            line += buffer.count(b"\n", begin, end)
            used = end
        buffer, offset = buffer[used:], offset + used
    begin = buffer.find(b"{")
    if begin >= 0:  # an object that never ends: as a row of its own it will be complained about
        yield Row(offset + begin, line + buffer.count(b"\n", 0, begin), buffer[begin:])


def _objects(buffer: bytes) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each outermost object that is whole."""
    depth = begin = 0
    for token in _TOKEN.finditer(buffer):
        if token[0] == b"{":
            if depth == 0:
                begin = token.start()
            depth += 1
        elif token[0] == b"}" and depth:
            depth -= 1
            if depth == 0:
                yield begin, token.end()
