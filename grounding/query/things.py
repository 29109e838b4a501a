"""A thing and what is said after it, its tails: where it lies, and how it lies to another thing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from .extremes import owned_by
from .heads import head, plain_head, sides_at
from .lexicon import (
    ARTICLES,
    CORNERS,
    IN,
    ON_ITS,
    OWNED,
    REGIONS,
    RELATIONS,
    WEAK,
    WHOLES,
)
from .match import longest, longest_before, phrase_at
from .model import Place, Relation, Target
from .nouns import ENTRIES, PARTS, PLACED
from .tails import ASIDE, Tail, attach, tail_of
from .words import Token

DEEPEST = 3  # relations of relations
MOST_ANCHORS = 3
# How likely what lies to a part of the screen can be left out.
_LOOSE, _ENTRY, _SURE = 0.75, 0.85, 0.96


Tails = Iterator[tuple[float, Tail]]


@dataclass(frozen=True)
class Things:
    """The rules for the words of one instruction."""

    text: str
    tokens: Sequence[Token]

    def thing(self, start: int, end: int, depth: int = 0) -> Iterator[tuple[float, Target, bool]]:
        """Yield (weight, target, whether it takes words literally) for a stretch of words."""
        if start >= end:
            return
        parts = [] if depth == DEEPEST else list(self._divided(start, end, depth))
        yield from parts
        yield from self._entry(start, end, depth)
        yield from (
            (_SURE, target, False) for target in owned_by(self.text, self.tokens, start, end)
        )
        # Undivided, words that could be a relation are part of a name; never if some are quoted.
        quoted = any(token.quoted for token in self.tokens[start:end])
        sure = (0.35 if quoted else 0.85) if parts else 1.0
        for weight, target in head(self.text, self.tokens, start, end):
            yield sure * weight, target, bool(parts) and not quoted
        for weight, target in plain_head(self.text, self.tokens, start, end):
            yield 0.9 * sure * weight, target, not quoted

    def _entry(self, start: int, end: int, depth: int) -> Iterator[tuple[float, Target, bool]]:
        """Yield what "the mail from Marta" means: what a list calls so, or Marta alone."""
        at = self._past_articles(start, end)
        count = longest(self.tokens, at, end, ENTRIES)
        cut = at + count
        if not count or depth == DEEPEST or cut >= end:
            return
        following = self.tokens[cut]
        if following.plain in OWNED:
            cut += 1  # of nothing, `thing` makes nothing
        elif not following.quoted and not any(sign.isdigit() for sign in following.text):
            return  # "order history": only a number or quoted words can do without "of"
        for weight, target, _ in self.thing(cut, end, depth + 1):
            yield _ENTRY * weight, target, False

    def _divided(self, start: int, end: int, depth: int) -> Iterator[tuple[float, Target, bool]]:
        """Yield the ways to cut a stretch of words into a thing and its tails."""
        for cut in range(start, end):
            before = self.tokens[cut - 1].plain if cut > start else ""
            if before in ARTICLES or before in ("of", "from", "to") or self._amid(start, cut, end):
                continue
            for weight, tail in self.tails(cut, end, depth + 1):
                # "Log in" ends in a preposition, most names do not.
                weight *= 0.9 if cut == start else 0.8 if before in IN else 1.0
                weight *= 0.85 if self._divisible(start + 1, cut) else 1.0
                heads = [(1.0, Target())]
                if cut > start:
                    heads = list(head(self.text, self.tokens, start, cut))
                if any(target.places for _, target in heads):  # "right arrow" is a name, too
                    heads += [
                        (0.9 * w, t) for w, t in plain_head(self.text, self.tokens, start, cut)
                    ]
                for sure, target in heads:
                    for fit, made in attach(target, tail):
                        yield weight * sure * fit, made, False

    def _amid(self, start: int, cut: int, end: int) -> bool:
        """Tell whether a cut would part a relation of several words: "next" and "to"."""
        return any(
            longest(self.tokens, at, end, RELATIONS) > cut - at
            for at in range(max(start + 1, cut - 4), cut)
        )

    def _divisible(self, start: int, end: int) -> bool:
        """Tell whether words hold some that can hardly mean anything but a relation."""
        for at in range(start, end):
            count = longest(self.tokens, at, end, RELATIONS)
            if not count:
                continue
            quoted = at + count < end and self.tokens[at + count].quoted
            if quoted or phrase_at(self.tokens, at, count) not in WEAK:
                return True
        return False

    def tails(self, at: int, end: int, depth: int) -> Tails:
        """Yield what the words from ``at`` on say about the thing before them."""
        placed = False
        for weight, tail, after in (*self._place(at, end), *self._between(at, end)):
            if after >= end:
                yield weight, tail
                placed = True
                continue
            if self.tokens[after].plain == "and":
                after += 1
            for more, rest in self.tails(after, end, depth):
                yield weight * more, tail.joined(rest)
        if not placed:
            yield from self._relation(at, end, depth)

    def _place(self, at: int, end: int) -> Iterator[tuple[float, Tail, int]]:
        """Yield (weight, tail, where it ends) if a part of the screen is named here."""
        preposition = self.tokens[at].plain if self.tokens[at].plain in IN else ""
        at = self._past_articles(at + bool(preposition), end)
        sides, after = sides_at(self.tokens, at, end)
        corner = longest(self.tokens, after, end, CORNERS) if sides else 0
        region = 0 if corner else longest(self.tokens, after, end, REGIONS)
        name = REGIONS[phrase_at(self.tokens, after, region)] if region else ""
        after += corner + region
        if not region and sides and after < end and self.tokens[after].plain in ("of", "in"):
            # "at the bottom of the sidebar"; anything else of which is a relation.
            inner = self._past_articles(after + 1, end)
            found = longest(self.tokens, inner, end, REGIONS)
            if found:
                name = REGIONS[phrase_at(self.tokens, inner, found)]
                after = inner + found
            elif preposition and self._part(inner, end):  # of one of several parts of the screen
                name, after = "part", end
            elif self.tokens[after].plain == "of" and not corner:
                return
        if not sides and (not region or not preposition):
            return
        after += longest(self.tokens, after, end, WHOLES)
        if not preposition and not corner and after < end:
            return
        weight = 1.0 if preposition else 0.9
        if preposition == "from" and sides and not region and not corner:
            backwards = sides[0] in ("right", "bottom")
            yield weight, Tail(backwards=backwards), after
        elif name == "screen":
            yield weight, Tail((Place(sides),) if sides else ()), after
        else:
            yield weight, Tail((Place(sides, name),)), after

    def _between(self, at: int, end: int) -> Iterator[tuple[float, Tail, int]]:
        """Yield the relation of "between X and Y"."""
        if self.tokens[at].plain != "between":
            return
        for cut in range(at + 2, end - 1):
            if self.tokens[cut].plain != "and":
                continue
            one = self._anchors(at + 1, cut, DEEPEST)
            two = self._anchors(cut + 1, end, DEEPEST)
            for (sure, first), (safe, second) in product(one, two):
                both = (Relation("after", first), Relation("before", second))
                yield sure * safe, Tail(relations=both), end

    def _relation(self, at: int, end: int, depth: int) -> Tails:
        """Yield the tails of a relation that begins here; its anchor takes all that follows."""
        at += longest(self.tokens, at, end, PLACED)
        count = longest(self.tokens, at, end, RELATIONS)
        after = at + count
        if not count or after >= end:
            return
        words = phrase_at(self.tokens, at, count)
        kind, weight = RELATIONS[words], 1.0
        its = longest_before(self.tokens, after + 1, end, ON_ITS) if kind == "near" else 0
        if its:  # "right next to Save, on its left"
            kind, end = ON_ITS[phrase_at(self.tokens, end - its, its)], end - its
        if words in WEAK:
            following = self.tokens[after]
            owned = any(token.plain == "'s" for token in self.tokens[after:end])
            plain = following.plain in ARTICLES or following.quoted or owned
            weight = 0.95 if plain or kind == "for" else 0.7
        if kind in ASIDE and self._part(self._past_articles(after, end), end):
            yield _LOOSE, Tail(loose=True)
        anchors = self._anchors(after, end, depth)
        if kind == "name":  # "titled Modal Center": all of it is a name
            named = plain_head(self.text, self.tokens, after, end)
            anchors = [(sure, anchor) for sure, anchor in named if not anchor.role] + anchors
        for sure, anchor in anchors:
            tail = tail_of(kind, anchor)
            if tail is not None:
                yield weight * sure, tail

    def _anchors(self, start: int, end: int, depth: int) -> list[tuple[float, Target]]:
        """Return the likeliest things that words after a relation mean."""
        best: dict[Target, float] = {}
        for weight, target, _ in self.thing(start, end, depth):
            best[target] = max(weight, best.get(target, 0.0))
        ranked = sorted(best.items(), key=lambda item: -item[1])
        return [(weight, target) for target, weight in ranked[:MOST_ANCHORS]]

    def _part(self, at: int, end: int) -> bool:
        """Tell whether words only say what kind of part of a screen is meant: "the table"."""
        known = (PARTS, REGIONS)
        return at < end and any(longest(self.tokens, at, end, some) == end - at for some in known)

    def _past_articles(self, at: int, end: int) -> int:
        while at < end and self.tokens[at].plain in ARTICLES:
            at += 1
        return at
