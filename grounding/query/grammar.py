"""Reads an instruction by recursive descent; where the grammar is ambiguous, every way is kept.

    instruction = [tail ","] [verb] thing | verb value "into" thing | verb thing "with" value ...
    thing       = {article | ordinal | side | colour} words [role] {tail}
    tail        = place | relation thing

Each rule yields (weight, meaning) pairs; weights multiply and end up as a reading's prior.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from .lexicon import (
    AFTERTHOUGHTS,
    FILL_VERBS,
    FROM,
    INTO,
    PICK_VERBS,
    POINTING,
    POLITE,
    SEARCH_VERBS,
    SET_TO,
    SET_VERBS,
    TYPE_VERBS,
    VERBS,
)
from .match import Phrase, longest, longest_before, phrase_at
from .model import Query, Reading, Target
from .things import Things
from .words import Token, joined, tokenize

MOST_WORDS = 32  # of longer instructions the grammar reads the beginning
MOST_READINGS = 8
LEAST_PRIOR = 0.4
LONGEST_NAME = 120

Ways = Iterator[tuple[float, Target, bool]]
_WITH: tuple[Phrase, ...] = (("with",), ("by",), ("as",), ("to",), ("=",))


def understand(instruction: str) -> Query:
    """Return the readings of an instruction in English; unknown words are content."""
    tokens = tokenize(instruction)
    best: dict[Target, Reading] = {}
    for weight, target, literal in _Instruction(instruction, tokens[:MOST_WORDS]).ways():
        cut = replace(target, text=target.text[:LONGEST_NAME])
        known = best.get(cut)
        if known is None or weight > known.prior:
            best[cut] = Reading(cut, round(weight, 4), literal)
    likely = [reading for reading in best.values() if reading.prior >= LEAST_PRIOR]
    ordered = sorted(likely, key=lambda reading: -reading.prior)
    return Query(instruction, tuple(ordered[:MOST_READINGS]))


@dataclass(frozen=True)
class _Instruction:
    text: str
    tokens: Sequence[Token]

    def ways(self) -> Ways:
        """Yield every way to understand the instruction."""
        whole = joined(self.text, self.tokens)
        start, end = self._trimmed()
        if whole and not any(token.quoted for token in self.tokens[start:end]):
            yield 0.85, Target(whole), True
        yield from self._clause(start, end)
        for cut in range(start + 1, end):
            # "In the row of Alice, click Delete"
            if self.tokens[cut - 1].stops or longest(self.tokens, cut, end, VERBS):
                yield from self._turned(start, cut, end)

    def _trimmed(self) -> tuple[int, int]:
        """Return where the instruction begins and ends without its politeness."""
        start, end = 0, len(self.tokens)
        while count := longest(self.tokens, start, end - 1, POLITE):
            start += count
        while end - start > 1 and (
            count := longest_before(self.tokens, start + 1, end, AFTERTHOUGHTS)
        ):
            end -= count
        return start, end

    def _clause(self, start: int, end: int) -> Ways:
        """Yield the ways of a verb and its object, or of an object alone."""
        things = Things(self.text, self.tokens)
        count = longest(self.tokens, start, end - 1, VERBS)
        filling = list(self._filling(start, end))
        if not count:
            sure = 0.85 if filling else 1.0
            for weight, target, literal in things.thing(start, end):
                yield sure * weight, target, literal or bool(filling)
        else:
            hint = VERBS[phrase_at(self.tokens, start, count)]
            for weight, target, literal in things.thing(start + count, end):
                yield weight, replace(target, role=target.role or hint), literal
            quoted = any(token.quoted for token in self.tokens[start:end])
            if self.tokens[start].plain not in POINTING and not quoted:
                # The verb may belong to the name: "Open file", "Select all".
                for weight, target, _ in things.thing(start, end, depth=2):
                    yield 0.85 * weight, target, True
        yield from filling

    def _filling(self, start: int, end: int) -> Ways:
        """Yield the ways of verbs that say what to fill in, and where."""
        if count := longest(self.tokens, start, end, TYPE_VERBS):
            yield from self._after(INTO, start + count, end, "field", 1.0)
            yield from self._field(start + count, end, 0.8)
        if count := longest(self.tokens, start, end, FILL_VERBS):
            yield from self._before(_WITH, start + count, end)
            yield from self._after(INTO, start + count, end, "field", 0.9)
            yield from self._field(start + count, end, 0.9)
        if count := longest(self.tokens, start, end, SET_VERBS):
            yield from self._before(SET_TO, start + count, end)
            yield from self._field(start + count, end, 0.9)
        if count := longest(self.tokens, start, end, PICK_VERBS):
            # First the option; the list it comes from, where the option is not on the screen.
            yield from self._after(FROM, start + count, end, "combobox", 0.6)
        if longest(self.tokens, start, end, SEARCH_VERBS):
            yield 0.6, Target("search", "field"), False

    def _after(
        self, marks: Collection[Phrase], start: int, end: int, role: str, weight: float
    ) -> Ways:
        """Yield the fields that stand behind a value: verb value "into" field."""
        for cut in range(start + 1, end):
            count = longest(self.tokens, cut, end - 1, marks)
            if count:
                yield from self._field(cut + count, end, weight, role)
                if self.tokens[cut - 1].quoted:
                    return
                weight *= 0.9

    def _before(self, marks: Collection[Phrase], start: int, end: int) -> Ways:
        """Yield the fields that stand before a value: verb field "with" value."""
        for cut in range(end - 1, start, -1):
            if longest(self.tokens, cut, end - 1, marks):
                yield from self._field(start, cut, 1.0)

    def _field(self, start: int, end: int, weight: float, role: str = "field") -> Ways:
        for sure, target, literal in Things(self.text, self.tokens).thing(start, end):
            # A "box" to type into is no box to tick.
            plain = role if target.role in ("", "toggle", "control") else target.role
            yield weight * sure, replace(target, role=plain), literal

    def _turned(self, start: int, cut: int, end: int) -> Ways:
        """Yield the ways of a relation that is said first."""
        things = Things(self.text, self.tokens)
        count = longest(self.tokens, cut, end - 1, VERBS)
        for weight, tail in things.tails(start, cut, 1):
            for sure, target, _ in things.thing(cut + count, end, depth=3):
                made = replace(
                    target,
                    places=target.places + tail.places,
                    relations=target.relations + tail.relations,
                )
                if made != target:
                    yield 0.95 * weight * sure, made, False
