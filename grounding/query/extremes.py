"""The most or the least of something: "the cheapest flight", "the row with the highest amount"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .heads import name_of
from .lexicon import ARTICLES, POINTING, word_set
from .match import longest, phrase_at
from .model import Relation, Target
from .nouns import ENTRIES
from .words import Token

# Of what kind of value, and whether the least or the most of it; without a kind, a name follows.
_MEANT = {
    ("money", "least"): "cheapest, least expensive, lowest priced, lowest-priced",
    ("money", "most"): "most expensive, priciest, dearest, costliest, highest priced",
    ("duration", "least"): "shortest, quickest, fastest, briefest",
    ("duration", "most"): "longest, slowest",
    ("date", "least"): "oldest, earliest, least recent",
    ("date", "most"): "newest, latest, most recent",
    ("", "least"): "lowest, smallest, least, fewest, minimum, minimal, lowest value of",
    ("", "most"): "highest, largest, biggest, greatest, most, maximum, maximal, highest value of",
}
_EXTREMES = {
    tuple(phrase.split()): meant for meant, said in _MEANT.items() for phrase in said.split(", ")
}
_CHOOSING = word_set("select choose open pick find show see the a")
_BUYING = word_set("buy book order purchase reserve rent")
# Names of what an extreme belongs to, not of a value.
_OWNERS = {
    *ENTRIES,
    *((word,) for word in word_set("flight trip train hotel room car deal option")),
}
_HAVING = word_set("with of having that")
_AMONG = word_set("of in from among on")


def acted_on(
    text: str, tokens: Sequence[Token], start: int, end: int
) -> Iterator[tuple[float, Target]]:
    """Yield (weight, what is clicked) to "delete the oldest invoice": what is called so, there.

    Who buys something clicks the button there, whatever it is called.
    """
    if end - start < 2 or tokens[start].quoted or tokens[start].plain in POINTING | _CHOOSING:
        return
    for value in owned_by(text, tokens, start + 1, end):
        there = (Relation("entry", value),)
        yield 0.98, Target(tokens[start].text, relations=there)
        if tokens[start].plain in _BUYING:
            yield 0.95, Target(role="button", relations=there)


def owned_by(text: str, tokens: Sequence[Token], start: int, end: int) -> Iterator[Target]:
    """Yield the value of "the cheapest ticket" and of "the ticket with the lowest price"."""
    yield from _extreme(text, tokens, start, end)
    while start < end and tokens[start].plain in ARTICLES:
        start += 1
    owner = longest(tokens, start, end, _OWNERS)
    cut = start + owner
    if owner and cut < end and tokens[cut].plain in _HAVING:
        yield from _extreme(text, tokens, cut + 1, end)


def _extreme(text: str, tokens: Sequence[Token], start: int, end: int) -> Iterator[Target]:
    """Yield the value that words from an article or "cheapest" on mean, if they mean one."""
    while start < end and tokens[start].plain in ARTICLES:
        start += 1
    count = longest(tokens, start, end, _EXTREMES)
    if not count:
        return
    kind, which = _EXTREMES[phrase_at(tokens, start, count)]
    named = start + count
    stop = next((at for at in range(named, end) if tokens[at].plain in _AMONG), end)
    entry = longest(tokens, named, stop, _OWNERS)
    name = "" if entry and named + entry == stop else name_of(text, tokens[named:stop])
    if kind or name:
        yield Target(name, kind or "value", extreme=which)
