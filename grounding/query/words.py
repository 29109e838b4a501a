"""Cuts an instruction into words and quotations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_CLOSING = {'"': '"', "“": '””"', "„": "“”", "«": "»", "`": "`", "'": "'", "‘": "’'", "‹": "›"}
_EDGES = ".,;:!?()[]{}<>"
_LONGEST = 300  # a quotation mark without its partner is punctuation


@dataclass(frozen=True)
class Token:
    """A word or a quotation: what it says, its plain form, where it stands in the instruction.

    A quotation has no plain form, so no rule of the grammar takes it for a word of its own.
    """

    text: str
    plain: str
    start: int
    end: int

    @property
    def quoted(self) -> bool:
        """Whether it stands between quotation marks."""
        return not self.plain

    @property
    def stops(self) -> bool:
        """Whether a comma or the like follows the word."""
        return self.text[-1:] in (",", ";", ":")


def tokenize(instruction: str) -> list[Token]:
    """Return words and quotations in order; what stands between quotation marks is one token."""
    tokens: list[Token] = []
    at = 0
    while at < len(instruction):
        if instruction[at].isspace():
            at += 1
            continue
        end = _quotation_end(instruction, at)
        if end:
            tokens.append(Token(instruction[at + 1 : end].strip(), "", at, end + 1))
            at = end + 1
            continue
        end = at
        while end < len(instruction) and not instruction[end].isspace():
            end += 1
        tokens += _word(instruction[at:end], at)
        at = end
    return [token for token in tokens if token.text]


def _word(text: str, start: int) -> list[Token]:
    """Return a word; "Alice's" comes apart, as a rule may ask for the owner of something."""
    plain = text.strip(_EDGES).lower().replace("’", "'")
    if not plain:  # nothing but punctuation: no word, and no quotation either
        return [Token(text, text, start, start + len(text))]
    if plain.endswith("'s") and len(plain) > 2:
        cut = text.lower().replace("’", "'").rindex("'s")
        return [
            Token(text[:cut], plain[:-2], start, start + cut),
            Token(text[cut:], "'s", start + cut, start + len(text)),
        ]
    return [Token(text, plain, start, start + len(text))]


def _quotation_end(text: str, start: int) -> int:
    """Return where the quotation that begins here ends, 0 if none does."""
    closing = _CLOSING.get(text[start])
    if closing is None:
        return 0
    for end in range(start + 2, min(len(text), start + _LONGEST)):
        after = text[end + 1 : end + 2]
        if text[end] in closing and not after.isalnum():
            return end
    return 0


def joined(instruction: str, tokens: Sequence[Token]) -> str:
    """Return the words of neighbouring tokens as they were written, without quotation marks."""
    if not tokens:
        return ""
    if len(tokens) == 1:
        return tokens[0].text
    return instruction[tokens[0].start : tokens[-1].end]
