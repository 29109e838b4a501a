"""Reads an instruction by recursive descent; where the grammar is ambiguous, every way is kept.

    instruction = [tail ","] [verb] thing | verb value "into" thing | verb thing "with" value ...
                | aim "by clicking" thing | "find" thing "and click" thing ["to" aim]
    thing       = {article | ordinal | side | size | colour} words [role] {tail}
    tail        = place | relation thing

Each rule yields (weight, meaning) pairs; weights multiply and end up as a reading's prior.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from .extremes import acted_on
from .lexicon import (
    AFTERTHOUGHTS,
    ARTICLES,
    FILL_VERBS,
    FINDING,
    FROM,
    INTO,
    JOINTS,
    OWNED,
    PICK_VERBS,
    POINTING,
    POLITE,
    PRONOUNS,
    RELATIONS,
    ROLES,
    SEARCH_VERBS,
    SET_TO,
    SET_VERBS,
    SIGNS_OF,
    TYPE_VERBS,
    UPLOAD_VERBS,
    VERBS,
)
from .match import Phrase, longest, longest_before, phrase_at
from .model import Query, Reading, Relation, Target
from .nouns import ENTRIES, GOES_HERE, WRITTEN_HERE
from .things import Things
from .words import Token, joined, tokenize

MOST_WORDS = 32  # of longer instructions the grammar reads the beginning
MOST_READINGS = 8
LEAST_PRIOR = 0.4
LONGEST_NAME = 120
UNSIGNED = 0.7  # a heading is clicked to close what it heads, or to fold it

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
        for weight, target in acted_on(self.text, self.tokens, start, end):
            yield weight, target, False
        later = list(self._later(start, end))
        # With two verbs, words before the second are hardly a part of a name.
        sure = 0.6 if later else 1.0
        for weight, target, literal in self._clause(start, end):
            yield sure * weight, target, literal
        yield from later
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
        count = self._verbs(start, end)
        filling = list(self._filling(start, end))
        if not count:
            sure = 0.85 if filling else 1.0
            for weight, target, literal in things.thing(start, end):
                yield sure * weight, target, literal or bool(filling)
        else:
            hint = VERBS.get(phrase_at(self.tokens, start, count), "")
            # "Edit link for Alice": a link that says Edit.
            called = count == 1 and self.tokens[start].plain not in POINTING
            called = called and longest(self.tokens, start + 1, end, ROLES) > 0
            for weight, target, literal in self._objects(start, count, end):
                yield (0.5 if called else 1.0) * weight, target, literal
            aim = self._aim(start + count + 1, end)
            for weight, target, _ in things.thing(start + count, aim) if aim < end else ():
                yield 0.9 * weight, replace(target, role=target.role or hint), False
            quoted = any(token.quoted for token in self.tokens[start:end])
            if self.tokens[start].plain not in POINTING and not quoted:
                # The verb may belong to the name: "Open file", "Select all".
                for weight, target, _ in things.thing(start, end, depth=0 if called else 2):
                    yield (1.0 if called else 0.85) * weight, target, not called
        yield from filling

    def _objects(self, start: int, count: int, end: int) -> Ways:
        """Yield what a verb of so many words is done to: what follows, or an icon in it."""
        verb = phrase_at(self.tokens, start, count)
        hint, sign = VERBS.get(verb, ""), SIGNS_OF.get(verb, "")
        for weight, target, literal in Things(self.text, self.tokens).thing(start + count, end):
            if sign and target.text and target.role in ("", "container"):
                # "Close the Billing card": the cross in it is clicked, not its heading.
                inside = (Relation("inside", replace(target, role="")),)
                if not literal:
                    yield 0.98 * weight, Target(sign, "icon", relations=inside), False
                weight *= UNSIGNED if target.role or sign == "close" else 0.95
            if hint == "toggle" and target.ordinal and (target.text,) in ENTRIES:
                yield 0.9 * weight, replace(target, text="", role=hint), False
            yield weight, replace(target, role=target.role or hint), literal

    def _verbs(self, start: int, end: int) -> int:
        """Return how many words from ``start`` on are a verb, or verbs: "find and click on"."""
        count = longest(self.tokens, start, end - 1, VERBS)
        while count and self.tokens[start + count].plain == "and":
            more = longest(self.tokens, start + count + 1, end - 1, VERBS)
            if not more:
                break
            count += 1 + more
        return count

    def _aim(self, start: int, end: int) -> int:
        """Return where the words begin that say what for: "to delete it"; ``end`` without any."""
        for at in range(start, end - 2):
            if self.tokens[at].plain == "to" and (
                self.tokens[at + 2].plain in ARTICLES | PRONOUNS
                and not self.tokens[at + 1].quoted
                and self.tokens[at + 1].plain not in ARTICLES
            ):
                return at
        return end

    def _later(self, start: int, end: int) -> Ways:
        """Yield the ways of an instruction that says last what to click: "close it by clicking X".

        What is to be found before lies close to that: "find Alice and click the bin".
        """
        for cut in range(start + 1, end):
            joint = longest(self.tokens, cut, end, JOINTS)
            after = cut + joint
            verbs = self._verbs(after, end) if joint else 0
            if not POINTING & {token.plain for token in self.tokens[after : after + verbs]}:
                continue
            found = list(self._clause(after, end))
            finding = longest(self.tokens, start, cut, FINDING)
            if not finding:
                yield from ((0.95 * weight, target, literal) for weight, target, literal in found)
            for sure, place in self._owners(start + finding, cut) if finding else ():
                near = (Relation("entry", place),)
                for weight, target, _ in found:
                    made = replace(target, relations=target.relations + near)
                    yield 0.98 * sure * weight, made, False

    def _owners(self, start: int, end: int) -> Iterator[tuple[float, Target]]:
        """Yield what "the email by Alice" means: it, or only Alice, whose email it is."""
        things = Things(self.text, self.tokens)
        for cut in range(start + 1, end - 1):
            if self.tokens[cut].plain in OWNED:
                yield from ((weight, target) for weight, target, _ in things.thing(cut + 1, end))
                return
        yield from ((0.95 * weight, target) for weight, target, _ in things.thing(start, end))

    def _filling(self, start: int, end: int) -> Ways:
        """Yield the ways of verbs that say what to fill in, and where."""
        if count := longest(self.tokens, start, end, TYPE_VERBS):
            yield from self._after(INTO, start + count, end, "field", 1.0)
            yield from self._field(start + count, end, 0.8)
        if count := longest(self.tokens, start, end, FILL_VERBS):
            yield from self._before(_WITH, start + count, end)
            yield from self._after(INTO, start + count, end, "field", 0.9)
            yield from self._field(start + count, end, 0.9)
        if count := longest(self.tokens, start, end, UPLOAD_VERBS):
            yield from self._after(INTO, start + count, end, "file", 1.0)
        if count := longest(self.tokens, start, end, SET_VERBS):
            yield from self._before(SET_TO, start + count, end)
            yield from self._field(start + count, end, 0.9)
        if count := longest(self.tokens, start, end, PICK_VERBS):
            # First the option; the list it comes from, where the option is not on the screen.
            yield from self._after(FROM, start + count, end, "combobox", 0.6)
        if count := longest(self.tokens, start, end, WRITTEN_HERE):
            yield from self._field(start + count, end, 1.0)
        if (count := longest_before(self.tokens, start, end, GOES_HERE)) and count < end - start:
            yield from self._field(start, end - count, 0.95)
        if longest(self.tokens, start, end, SEARCH_VERBS):
            yield 0.6, Target("search", "field"), False

    def _after(
        self, marks: Collection[Phrase], start: int, end: int, role: str, weight: float
    ) -> Ways:
        """Yield the fields that stand behind a value: verb value "into" field."""
        for cut in range(start + 1, end):
            count = longest(self.tokens, cut, end - 1, marks)
            # "Add next to Save" puts nothing into Save.
            parted = any(
                longest(self.tokens, at, end, RELATIONS) > cut - at for at in range(start, cut)
            )
            if count and not parted:
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
