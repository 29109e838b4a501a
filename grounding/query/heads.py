"""The head of a description: order, side, colour, words and role: "the second red Save button"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from .lexicon import ARTICLES, DIAGONALS, ORDINALS, REGIONS, ROLES, SIDES
from .looks import COLOURED, COLOURS, FIGURES, SIZES, VAGUE
from .match import longest, longest_before, phrase_at
from .model import Place, Relation, Target
from .words import Token, joined

_ANYTHING = ("control", "container")
_EXTREMELY = ("very", "far", "extreme")
_NUMBERED = re.compile(r"(\d{1,3})(st|nd|rd|th)")

Heads = Iterator[tuple[float, Target]]


def head(text: str, tokens: Sequence[Token], start: int, end: int) -> Heads:
    """Yield what a description without relations may mean, every adjective understood."""
    made, at = _adjectives(tokens, start, end)
    for position in range(at + 1, end - 1):
        if tokens[position].plain == "'s":  # "Alice's delete button"
            row = Relation("row", Target(name_of(text, tokens[at:position])))
            for weight, name, role in _named(text, tokens, position + 1, end):
                yield 0.9 * weight, replace(made, text=name, role=role, relations=(row,))
    for weight, name, role in _named(text, tokens, at, end):
        yield weight, replace(made, text=name, role=role)


def plain_head(text: str, tokens: Sequence[Token], start: int, end: int) -> Heads:
    """Yield what a description means if all but its article and its role is a name."""
    while start + 1 < end and tokens[start].plain in ARTICLES:
        start += 1
    for weight, name, role in _named(text, tokens, start, end):
        yield weight, Target(name, role)


def sides_at(tokens: Sequence[Token], at: int, end: int) -> tuple[tuple[str, ...], int]:
    """Return the sides that the words from ``at`` on name, "top right", and where they end."""
    found: list[str] = []
    while at < end:
        plain = tokens[at].plain
        if plain in _EXTREMELY and at + 1 < end and tokens[at + 1].plain in SIDES:
            at += 1
            continue
        named = DIAGONALS.get(plain) or ((SIDES[plain],) if plain in SIDES else ())
        if not named:
            break
        found += named
        at += 1
    return tuple(dict.fromkeys(found)), at


def _adjectives(tokens: Sequence[Token], at: int, end: int) -> tuple[Target, int]:
    """Return what the words before a name say, and where the name begins."""
    made = Target()
    while at < end:
        plain = tokens[at].plain
        count, number = _ordinal(tokens, at, end)
        sides, after = sides_at(tokens, at, end)
        region = longest(tokens, at, end, REGIONS)
        region = region if longest(tokens, at, end, ROLES) <= region else 0  # "menu item"
        if plain in ARTICLES or (made.colour and plain in COLOURED):
            at += 1
        elif count and not made.ordinal and not _names(tokens, at + count, end):
            made, at = replace(made, ordinal=number), at + count
        elif sides and after < end and not made.places:
            made, at = replace(made, places=(Place(sides),)), after
        elif region and not made.places and _unnamed(tokens, at + region, end):
            place = Place((), REGIONS[phrase_at(tokens, at, region)])
            made, at = replace(made, places=(place,)), at + region
        elif plain in COLOURS and not made.colour and at + 1 < end:
            made, at = replace(made, colour=COLOURS[plain]), at + 1
        elif plain in VAGUE and _unnamed(tokens, at + 1, end):
            made, at = replace(made, size=SIZES.get(plain, made.size)), at + 1
        else:
            break
    return made, at


def _unnamed(tokens: Sequence[Token], at: int, end: int) -> bool:
    """Tell whether only looks follow, no name: "blue ..." , "button", "circle", a single sign."""
    if at >= end:
        return False
    role = max(longest(tokens, at, end, ROLES), longest(tokens, at, end, FIGURES))
    plain = tokens[at].plain
    return role == end - at or plain in COLOURS or (at + 1 == end and len(plain) == 1)


def _names(tokens: Sequence[Token], at: int, end: int) -> bool:
    """Tell whether an ordinal before this belongs to a name: "First name"."""
    return at < end and tokens[at].plain in ("name", "names", "day", "time")


def _ordinal(tokens: Sequence[Token], at: int, end: int) -> tuple[int, int]:
    """Return how many words from ``at`` on are an ordinal, and its number."""
    count = longest(tokens, at, end, ORDINALS)
    if count:
        return count, ORDINALS[phrase_at(tokens, at, count)]
    numbered = _NUMBERED.fullmatch(tokens[at].plain)
    return (1, int(numbered[1])) if numbered and int(numbered[1]) else (0, 0)


def _named(
    text: str, tokens: Sequence[Token], start: int, end: int
) -> Iterator[tuple[float, str, str]]:
    """Yield (weight, name, role) that words may mean; the name may be empty."""
    quoted = [token.text for token in tokens[start:end] if token.quoted]
    if quoted:
        roles = [role for at in range(start, end) if (role := _role(tokens, at, end))]
        role = roles[-1] if roles else ""
        kind = ROLES.get(tuple(quoted[0].lower().split()), "") if role in _ANYTHING else ""
        if kind and len(quoted) == 1:  # a "checkbox" widget: what it is, not what it says
            yield 1.0, "", "textbox" if kind == "text" else kind
        yield 0.95 if kind else 1.0, " ".join(quoted), role
        return
    if start < end and longest(tokens, start, end, FIGURES) == end - start:
        yield 1.0, "", FIGURES[phrase_at(tokens, start, end - start)]
    count = longest_before(tokens, start, end, ROLES)
    lead = longest(tokens, start, end, ROLES)
    if count and lead and start + lead == end - count and _role(tokens, start, end) != "control":
        # "button ONE", "tab item": two roles, of which one is a name.
        yield 1.0, name_of(text, tokens[start + lead : end]), _role(tokens, start, end)
    if count:
        phrase = phrase_at(tokens, end - count, count)
        # A search box is a box that is called "search".
        cut = end - count + (phrase[0] == "search")
        yield 1.0, name_of(text, tokens[start:cut]), ROLES[phrase]
        if ROLES[phrase] == "toggle":  # a box may be one to type into
            yield 0.8, name_of(text, tokens[start:cut]), "textbox"
        if start < cut and ROLES[phrase] in _ANYTHING:  # "Leave list" may be called so
            yield 0.95, name_of(text, tokens[start:end]), ""
        if start < cut:
            return
    if lead and start + lead < end:
        # "The card Payment methods" says it outright; "link Settings" may as well be a name.
        framed = (
            _role(tokens, start, end) == "container" and tokens[start + lead].text[:1].isupper()
        )
        yield (
            1.0 if framed else 0.85,
            name_of(text, tokens[start + lead : end]),
            _role(tokens, start, end),
        )
    yield 0.95 if count else 1.0, name_of(text, tokens[start:end]), ""


def _role(tokens: Sequence[Token], at: int, end: int) -> str:
    count = longest(tokens, at, end, ROLES)
    return ROLES[phrase_at(tokens, at, count)] if count else ""


def name_of(text: str, tokens: Sequence[Token]) -> str:
    """Return words as a name: without an owner's ending and without what ends a sentence."""
    if tokens and tokens[-1].plain == "'s":
        tokens = tokens[:-1]
    name = joined(text, tokens).strip(" ,;:")
    return name[:-1] if name.endswith(".") and not name.endswith("..") else name
