"""Instructions as tokens: words, quoted texts, punctuation and the beginnings of lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from .errors import InstructionError

MAX_LENGTH = 100_000  # characters; an instruction is written by a person or a small program
_CLOSING = {
    '"': '"',
    "“": "”",
    "„": "“”",
    "«": "»",
    "`": "`",
    "'": "'",
    "‘": "’",
    "’": "’",
    "”": "”",
}
_APOSTROPHES = "'’"
_MARKS = ",;:."
# "1." "2)" "(3)" "a)" "-" "*" "Step 4:" at the beginning of a line
_BULLET = re.compile(
    r"(?:[-*•–—+]|\(?\d{1,3}[.)]|[a-z]\)|step\s+\d{1,3}\s*[:.)–-]?)(?=\s)", re.IGNORECASE
)
_COLUMN_NAME = re.compile(r"\{[A-Za-z_]\w*(?:\.[^{}\n]+)?\}")


@dataclass(frozen=True)
class Token:
    """A piece of an instruction and where it stands; `low` is a word in lower case.

    A group is what stands in square brackets: words of one target, whatever they mean elsewhere.
    """

    kind: Literal["word", "quoted", "group", "mark", "line", "end"]
    text: str
    start: int
    end: int
    low: str = ""
    glued: bool = False  # no space before it
    indent: int = 0  # of a line: its column
    bullet: bool = False  # of a line: it begins with a number or a bullet


def lex(text: str) -> list[Token]:
    """All tokens of `text`; the last one is the end. Refuses quotes that are not closed."""
    if len(text) > MAX_LENGTH:
        raise InstructionError(
            f"an instruction holds at most {MAX_LENGTH} characters, this one has {len(text)}",
            text, MAX_LENGTH, MAX_LENGTH + 1,
        )  # fmt: skip
    return [*_Lexer(text).tokens(), Token("end", "", len(text), len(text))]


class _Lexer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.number = 0  # of the numbered list the text is in: the last number seen
        self.single = False  # a text in single quotes stands on this line

    def tokens(self) -> Iterator[Token]:
        fresh = True  # at the beginning of a line
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == "\n":
                fresh, self.single = True, False
                self.at += 1
            elif char.isspace():
                self.at += 1
            elif fresh:
                fresh = False
                yield from self._line()
            elif self.at and not self._glued() and self._next_number():
                yield Token("line", "", self.at, self.at, indent=-1, bullet=True)
            else:
                yield from self._token(char)

    def _glued(self) -> bool:
        return self.at > 0 and not self.text[self.at - 1].isspace()

    def _line(self) -> Iterator[Token]:
        start = self.at
        if self.text[start] == "#":  # a comment
            end = self.text.find("\n", start)
            self.at = len(self.text) if end < 0 else end
            return
        before = self.text[self.text.rfind("\n", 0, start) + 1 : start]
        found = _BULLET.match(self.text, start)
        if found:
            self.at = found.end()
            digits = "".join(filter(str.isdigit, found[0]))
            self.number = int(digits) if digits else 0
        indent = len(before.expandtabs(4))
        yield Token("line", "", start, self.at, indent=indent, bullet=found is not None)

    def _next_number(self) -> bool:
        """Step over "2." in "1. click A 2. click B"."""
        if not self.number:
            return False
        for mark in ".)":
            wanted = f"{self.number + 1}{mark} "
            if self.text.startswith(wanted, self.at):
                self.number += 1
                self.at += len(wanted)
                return True
        return False

    def _token(self, char: str) -> Iterator[Token]:
        start, glued = self.at, self._glued()
        if char in _CLOSING and not (glued and char in _APOSTROPHES):
            yield self._quoted(char, glued)
            return
        if char == "[" and (end := self._group_end()) is not None:
            self.at = end
            yield Token("group", self.text[start + 1 : end - 1].strip(), start, end, glued=glued)
            return
        found = _COLUMN_NAME.match(self.text, start)
        if found:
            self.at = found.end()
            yield Token("word", found[0], start, self.at, found[0].lower(), glued)
            return
        end = self._word_end()
        marks = self._trailing_marks(start, end)
        if marks > start:
            yield self._word(start, marks, glued)
        for place in range(marks, end):
            yield Token("mark", self.text[place], place, place + 1, glued=place > start or glued)
        self.at = end

    def _quoted(self, opening: str, glued: bool) -> Token:
        start, text = self.at, self.text
        closing = _CLOSING[opening]
        place, made = start + 1, []
        while place < len(text):
            char = text[place]
            after = text[place + 1] if place + 1 < len(text) else ""
            if char not in closing or (char in _APOSTROPHES and after.isalnum()):
                made.append(char)
            elif after == char == opening:  # a doubled quote stands for itself
                made.append(char)
                place += 1
            else:
                self.at = place + 1
                self.single |= closing in _APOSTROPHES
                return Token("quoted", "".join(made), start, self.at, glued=glued)
            place += 1
        end = text.find("\n", start)
        raise InstructionError(
            f"the quote that opens with {opening} is never closed with {closing[0]}",
            text, start, len(text) if end < 0 else end,
        )  # fmt: skip

    def _group_end(self) -> int | None:
        """The place after the bracket that closes the one here; None if a word goes on there."""
        depth, quotes, place = 0, False, self.at
        while place < len(self.text) and self.text[place] != "\n":
            char = self.text[place]
            quotes ^= char == '"'
            depth += 0 if quotes else (char == "[") - (char == "]")
            place += 1
            if depth == 0 and not quotes:
                after = self.text[place : place + 1]
                whole = not after or after.isspace() or after in _MARKS
                return place if whole and self.text[self.at + 1 : place - 1].strip() else None
        raise InstructionError("this bracket is never closed", self.text, self.at, place)

    def _word_end(self) -> int:
        text, place = self.text, self.at + 1
        while place < len(text) and not text[place].isspace():
            char, before = text[place], text[place - 1]
            after = text[place + 1] if place + 1 < len(text) else ""
            if char in _CLOSING and char not in _APOSTROPHES and not before.isalnum():
                break
            if char in ",;" and (before.isalpha() or before in ")}") and after.isalpha():
                return place + 1
            place += 1
        return place

    def _trailing_marks(self, start: int, end: int) -> int:
        """Where the marks that end a word begin; "More..." keeps its dots."""
        place = end
        while place > start and self.text[place - 1] in _MARKS:
            place -= 1
        if self.text.startswith("..", place):
            dots = place
            while dots < end and self.text[dots] == ".":
                dots += 1
            return dots
        return place

    def _word(self, start: int, end: int, glued: bool) -> Token:
        text = self.text[start:end]
        if self.single and text[-1] in _APOSTROPHES:
            raise InstructionError(
                "it is unclear where this quote ends: use double quotes around a text with "
                "apostrophes",
                self.text, start, end,
            )  # fmt: skip
        if text.count("[") != text.count("]"):
            raise InstructionError("brackets must come in pairs", self.text, start, end)
        return Token("word", text, start, end, text.lower().replace("’", "'"), glued)
