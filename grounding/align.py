"""Finds a text in a row of glyphs whose characters are only known as probabilities.

A query is laid over the glyphs character by character (dynamic programming, the best sum of
log-probabilities). Small misreadings, a glyph too many or one missed, spaces and line wraps cost
a little; a query that ends inside a word, or a plural, costs less than a wrong letter.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from .reader.alphabet import CHARACTERS, class_of, fold, strip_accents
from .reader.lines import APART, ELSEWHERE, JOINED, SPACE, WRAP

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

FLOOR = np.float32(-3.8)  # the worst a single character can cost
NEVER = np.float32(-1e6)
EXTRA_GLYPH = np.float32(-3.0)
MISSED_GLYPH = np.float32(-3.5)
UNSEEN = np.float32(-2.0)  # for each character of the query that was cut off at its end
WRONG_CASE = -0.15  # so that among equals the one written alike comes first
NO_ACCENT = -0.4
INSIDE_WORD = np.float32(-2.0)  # the span begins or ends in the middle of a word
INSIDE_LINE = np.float32(-0.5)  # ... of a line: a control's name usually stands alone
PLURAL = np.float32(-0.6)  # it ends one "s" before its word does

# What a break between two glyphs costs where the query has no space, and where it has one.
_COST = np.zeros((5, 2), np.float32)
_COST[JOINED] = (0.0, -1.2)
_COST[SPACE] = (-1.2, 0.0)
_COST[WRAP] = (-1.8, -0.3)
_COST[APART] = (-4.0, -1.5)
_COST[ELSEWHERE] = (NEVER, NEVER)


@dataclass(frozen=True)
class Match:
    """A stretch of the glyph row: first and last position, and a score from 0 to 1."""

    start: int
    end: int
    score: float


class GlyphRow:
    """Glyphs in reading order, made ready for queries."""

    def __init__(self, scores: Floats, breaks: Ints) -> None:
        self._scores = np.ascontiguousarray(scores.T)
        self._emissions: dict[tuple[str, bool], Floats] = {}
        self.breaks = breaks
        after = np.append(breaks[1:], ELSEWHERE)
        is_s = self.emission("s", False) > -1.0 if len(breaks) else np.zeros(0, bool)
        before_s = np.append(is_s[1:] & (after[1:] != JOINED) & (after[:-1] == JOINED), False)
        self.opening = _edge_cost(breaks)
        closing = _edge_cost(after)
        self.closing = np.where(before_s, PLURAL, closing)

    def __len__(self) -> int:
        return len(self.breaks)

    def emission(self, character: str, exact: bool) -> Floats:
        """Return for every glyph the log-probability that it is this character."""
        key = (character, exact)
        if key not in self._emissions:
            wanted = variants(character, exact)
            rows = [self._scores[number] + cost for number, cost in wanted]
            best = np.maximum.reduce(rows) if rows else np.full(len(self), FLOOR)
            self._emissions[key] = np.maximum(best, FLOOR)
        return self._emissions[key]


def _edge_cost(breaks: Ints) -> Floats:
    """Return what it costs to begin at a glyph with this break before it, or end before one."""
    within = np.where(breaks == SPACE, INSIDE_LINE, np.float32(0))
    return np.where(breaks == JOINED, INSIDE_WORD, within)


@cache
def _forms() -> list[tuple[str, str, str]]:
    """Return each character of the alphabet as it is, without case, and without accents."""
    plain = [fold(character) for character in CHARACTERS]
    return [(form, form.lower(), strip_accents(form).lower()) for form in plain]


@cache
def variants(character: str, exact: bool) -> list[tuple[int, float]]:
    """Return the classes a query's character may appear as, and what each costs."""
    itself = class_of(character)
    found = {itself: 0.0} if itself else {}
    if exact:
        return list(found.items())
    plain = fold(character)
    wanted = (plain, plain.lower(), strip_accents(plain).lower())
    for number, forms in enumerate(_forms(), 1):
        for mine, theirs, cost in zip(wanted, forms, (0.0, WRONG_CASE, NO_ACCENT), strict=True):
            if mine == theirs:
                found.setdefault(number, cost)
                break
    return list(found.items())


def letters_of(query: str) -> tuple[list[str], list[int]]:
    """Split a query into its visible characters and whether a space stands before each."""
    text = "...".join(query.split("…"))
    letters, spaced = [], []
    for word in text.split():
        letters += list(word)
        spaced += [1] + [0] * (len(word) - 1)
    return letters, spaced


def align(row: GlyphRow, query: str, *, limit: int = 5, exact_case: bool = False) -> list[Match]:
    """Return the best places of a query in a glyph row, best first, none overlapping."""
    letters, spaced = letters_of(query)
    if not letters or not len(row):
        return []
    totals, starts = _forward(row, letters, spaced, exact_case)
    order = np.argsort(-totals, kind="stable")[: 50 * limit]
    found: list[Match] = []
    for end in order.tolist():
        start = int(starts[end])
        if any(start <= other.end and end >= other.start for other in found):
            continue
        score = float(np.exp(min(0.0, totals[end] / len(letters))))
        found.append(Match(start, end, score))
        if len(found) == limit:
            break
    return found


def _scores_before(values: Floats, by: int) -> Floats:
    """Return the values of the glyphs ``by`` places earlier; none stands before the first."""
    return np.concatenate([np.full(min(by, len(values)), NEVER), values[:-by]])


def _starts_before(values: Ints, by: int) -> Ints:
    return np.concatenate([np.zeros(min(by, len(values)), np.int64), values[:-by]])


def _forward(
    row: GlyphRow, letters: list[str], spaced: list[int], exact: bool
) -> tuple[Floats, Ints]:
    """Return for every glyph the best total of an alignment that ends there, and its start.

    ``now[i]`` is the best sum with the current letter on glyph i. It came from the letter before
    on glyph i-1, or on i-2 (a glyph too many), or the letter before that on i-1 (one missed).
    """
    count = len(row)
    place = np.arange(count)
    step = [_COST[row.breaks, space] for space in (0, 1)]
    skip = [_best_skip(cost) + EXTRA_GLYPH for cost in step]
    now: Floats = row.emission(letters[0], exact) + row.opening
    start: Ints = place
    older: tuple[Floats, Ints] | None = None
    totals = now + row.closing + UNSEEN * (len(letters) - 1)
    origin = start
    for number in range(1, len(letters)):
        space = spaced[number]
        emission = row.emission(letters[number], exact)
        best = _scores_before(now, 1) + step[space]
        begin = _starts_before(start, 1)
        best, begin = _better(
            best,
            begin,
            _scores_before(now, 2) + skip[space],
            _starts_before(start, 2),
        )
        if older is None:
            # The first letter was missed: the span begins here.
            missed, missed_start = row.opening, place
        else:
            wide = max(space, spaced[number - 1])
            missed = _scores_before(older[0], 1) + step[wide]
            missed_start = _starts_before(older[1], 1)
        best, begin = _better(best, begin, missed + MISSED_GLYPH, missed_start)
        older = (now, start)
        now, start = best + emission, begin
        left = len(letters) - 1 - number
        totals, origin = _better(totals, origin, now + row.closing + UNSEEN * left, start)
    return totals, origin


def _best_skip(cost: Floats) -> Floats:
    """Return the cost of going from glyph i-2 to i: the break that fits the query counts."""
    before = _scores_before(cost, 1)
    crossed = np.minimum(cost, before)
    either = np.maximum(cost, before)
    return np.where(crossed <= NEVER / 2, NEVER, either).astype(np.float32)


def _better(one: Floats, start: Ints, two: Floats, other: Ints) -> tuple[Floats, Ints]:
    wins = two > one
    return np.where(wins, two, one), np.where(wins, other, start)
