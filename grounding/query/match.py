"""Finds known phrases among tokens."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache

from .words import Token

Phrase = tuple[str, ...]


def longest(tokens: Sequence[Token], at: int, end: int, known: Collection[Phrase]) -> int:
    """Return how many words from ``at`` on form one of the known phrases, the longest; or 0."""
    for count in range(min(_most(frozenset(known)), end - at), 0, -1):
        if tuple(token.plain for token in tokens[at : at + count]) in known:
            return count
    return 0


def longest_before(tokens: Sequence[Token], start: int, end: int, known: Collection[Phrase]) -> int:
    """Return how many words before ``end`` form one of the known phrases, the longest; or 0."""
    for count in range(min(_most(frozenset(known)), end - start), 0, -1):
        if tuple(token.plain for token in tokens[end - count : end]) in known:
            return count
    return 0


def phrase_at(tokens: Sequence[Token], at: int, count: int) -> Phrase:
    """Return so many words as a phrase."""
    return tuple(token.plain for token in tokens[at : at + count])


@cache
def _most(known: frozenset[Phrase]) -> int:
    return max(map(len, known))
