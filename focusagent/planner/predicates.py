"""What can be said of a thing: it appears, is checked, contains, is more than ..."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .conditions import Operator, State
from .phrases import Phrases
from .pieces import Tokens
from .words import ARTICLES, number_of

Kind = Literal["seen", "state", "compare", "place", "downloaded", "loaded", "has", "open"]


@dataclass(frozen=True)
class Predicate:
    """A predicate and the place after it; `compare` and `has` need a value there."""

    kind: Kind
    end: int
    wanted: bool = True
    operator: Operator = "is"
    state: State = "checked"

    @property
    def takes_value(self) -> bool:
        """Whether words must follow."""
        return self.kind in ("compare", "has", "place")


_OPPOSITE: dict[Operator, Operator] = {
    "is": "is not", "is not": "is", "contains": "does not contain",
    "does not contain": "contains", "less than": "at least", "at least": "less than",
    "more than": "at most", "at most": "more than",
}  # fmt: skip
_NEGATED = {
    "isn't": "is", "aren't": "are", "wasn't": "was", "doesn't": "does", "don't": "do",
    "didn't": "does", "won't": "will", "shouldn't": "should", "mustn't": "must",
    "hasn't": "has", "haven't": "have", "can't": "can", "cannot": "can",
}  # fmt: skip
_AUXILIARY = {"should", "must", "will", "shall", "does", "do", "can", "to"}
_COPULA = {"is", "are", "be", "was", "were", "becomes", "become", "stays", "remains"}
_ADVERBS = {"still", "now", "currently", "already", "also", "finally", "actually", "been", "yet"}
_ADJECTIVES = Phrases[tuple[str, bool]](
    [
        (
            "visible|shown|displayed|there|present|available|found|seen|on the page|on the screen|"
            "on screen|on this page",
            ("seen", True),
        ),
        ("gone|hidden|missing|absent|invisible", ("seen", False)),
        ("open|opened", ("open", True)),
        ("closed", ("open", False)),
        ("checked|ticked|on|turned on|switched on", ("checked", True)),
        ("unchecked|unticked|off|turned off|switched off", ("checked", False)),
        ("enabled|clickable", ("enabled", True)),
        ("disabled|greyed out|grayed out", ("enabled", False)),
        ("selected", ("selected", True)),
        ("unselected", ("selected", False)),
        ("empty|blank", ("empty", True)),
        ("filled", ("empty", False)),
        ("filled in", ("empty", False)),
        ("focused", ("focused", True)),
        ("downloaded|saved to disk|finished downloading", ("downloaded", True)),
        ("loaded|fully loaded", ("loaded", True)),
    ]
)
_COMPARATORS = Phrases[Operator](
    [
        ("equal to|the same as|exactly|=|==", "is"),
        ("different from|not equal to|!=", "is not"),
        (
            "more than|greater than|larger than|higher than|bigger than|above|over|>",
            "more than",
        ),
        ("less than|smaller than|lower than|fewer than|below|under|<", "less than"),
        ("at least|no less than|>=|≥", "at least"),
        ("at most|no more than|<=|≤", "at most"),
    ]
)
_VERBS = Phrases[tuple[str, bool]](
    [
        ("appears|appear|appeared|exists|exist|shows up|show up|pops up|pop up|comes up|"
            "come up|opens|open|opened", ("seen", True),
        ),
        ("disappears|disappear|disappeared|vanishes|vanish|vanished|goes away|go away|"
            "closes|close", ("seen", False),
        ),
        ("loads|load|loaded|finishes loading|finish loading", ("loaded", True)),
        ("arrives|arrive|finishes|finish|completes|complete", ("downloaded", True)),
    ]
)  # fmt: skip
_TRANSITIVE = Phrases[Operator](
    [
        ("equals|equal|reads|says|say|reads as|=|==", "is"),
        ("contains|contain|includes|include|shows|show|displays|display|mentions", "contains"),
        ("starts with|start with|begins with|begin with", "starts with"),
        ("ends with|end with", "ends with"),
        ("!=", "is not"), (">", "more than"), ("<", "less than"),
        (">=", "at least"), ("<=", "at most"),
        ("≥", "at least"), ("≤", "at most"), ("exceeds", "more than"),
    ]
)  # fmt: skip
# Verbs only after "to", "does" ...; else parts of names: "Save and close", "Show all".
_BARE_VERBS = {"close", "open", "load", "finish", "complete", "show", "display", "say", "include"}
_PLACES = {"in", "on", "under", "inside", "within", "next", "below", "above", "at", "near"}
# Words that make an unquoted value suspicious: a second predicate may begin there.
_STRONG = {"is", "are", "isn't", "aren't", "contains", "appears", "disappears", "equals"}


def predicate_at(tokens: Tokens, at: int) -> Predicate | None:
    """The predicate that begins at this place, if one does."""
    place, positive, helped = _helpers(tokens, at)
    if place >= len(tokens) or tokens[place].kind != "word":
        return None
    low = tokens[place].low
    word = _NEGATED.get(low, low)
    if word in _COPULA and (helped or word not in ("be", "become")):
        positive ^= word != low
        return _after_copula(tokens, place + 1, positive)
    if word in ("has", "have"):
        return _after_has(tokens, place + 1, positive ^ (word != low))
    if low in _BARE_VERBS and not helped:
        return None
    return _full_verb(tokens, place, positive)


def _helpers(tokens: Tokens, at: int) -> tuple[int, bool, bool]:
    """Step over `should`, `does not`, `no longer` ...: place, whether not negated, any at all."""
    positive, place = True, at
    while place < len(tokens) and tokens[place].kind == "word":
        low = tokens[place].low
        word = _NEGATED.get(low, low)
        if low in ("not", "never"):
            positive = not positive
        elif low == "no" and place + 1 < len(tokens) and tokens[place + 1].low == "longer":
            positive, place = not positive, place + 1
        elif word in _AUXILIARY or (place > at and low in _ADVERBS):
            positive ^= word != low
        else:
            break
        place += 1
    return place, positive, place > at


def _after_copula(tokens: Tokens, at: int, positive: bool) -> Predicate | None:
    place = at
    while place < len(tokens) and tokens[place].kind == "word":
        low = tokens[place].low
        if low == "not":
            positive = not positive
        elif low == "no" and place + 1 < len(tokens) and tokens[place + 1].low == "longer":
            positive, place = not positive, place + 1
        elif low not in _ADVERBS:
            break
        place += 1
    comparator = _COMPARATORS.match(tokens, place)
    if comparator and _compares(tokens, place, comparator[1]):
        return Predicate("compare", comparator[1], operator=_signed(comparator[0], positive))
    found = _ADJECTIVES.match(tokens, place)
    lower = place < len(tokens) and tokens[place].text.islower()
    if found and lower and found[1] == _clause_end(tokens, found[1]):
        return _meaning(found[0], found[1], positive)
    if _is_place(tokens, place):
        return Predicate("place", place, wanted=positive)
    return Predicate("compare", place, operator=_signed("is", positive))


def _is_place(tokens: Tokens, at: int) -> bool:
    """`in the list` says where, `on hold` is a value."""
    if at + 1 >= len(tokens) or tokens[at].kind != "word" or tokens[at].low not in _PLACES:
        return False
    after = tokens[at + 1]
    return after.kind == "quoted" or after.low in (*ARTICLES, "row", "to", "of")


def _compares(tokens: Tokens, at: int, end: int) -> bool:
    """`above 100` compares, `above the table` is a place."""
    if tokens[at].low not in ("above", "over", "below", "under"):
        return True
    if end >= len(tokens):
        return False
    text = tokens[end].text
    return tokens[end].kind == "quoted" or text[0] == "{" or number_of(text.lower()) is not None


def _after_has(tokens: Tokens, at: int, positive: bool) -> Predicate | None:
    place, more, _ = _helpers(tokens, at)
    positive = positive == more
    while place < len(tokens) and tokens[place].low in _ADVERBS:
        place += 1
    if place > 0 and tokens[place - 1].low == "been":
        return _after_copula(tokens, place, positive)
    verb = _full_verb(tokens, place, positive)
    if verb is not None and not verb.takes_value:
        return verb
    return Predicate("has", at, wanted=positive) if at < len(tokens) else None


def _full_verb(tokens: Tokens, at: int, positive: bool) -> Predicate | None:
    verb = _VERBS.match(tokens, at)
    transitive = _TRANSITIVE.match(tokens, at)
    if verb and not (transitive and transitive[1] > verb[1]):
        return _meaning(verb[0], verb[1], positive)
    if transitive:
        operator = transitive[0]
        if not positive and operator in ("starts with", "ends with"):
            return None
        return Predicate("compare", transitive[1], operator=_signed(operator, positive))
    return None


def _meaning(found: tuple[str, bool], end: int, positive: bool) -> Predicate:
    name, wanted = found
    wanted = wanted == positive
    kinds: dict[str, Kind] = {
        "seen": "seen", "downloaded": "downloaded", "loaded": "loaded", "open": "open",
    }  # fmt: skip
    if name in kinds:
        return Predicate(kinds[name], end, wanted=wanted)
    states: dict[str, State] = {
        "checked": "checked", "enabled": "enabled", "selected": "selected", "empty": "empty",
        "focused": "focused",
    }  # fmt: skip
    return Predicate("state", end, wanted=wanted, state=states[name])


def _signed(operator: Operator, positive: bool) -> Operator:
    return operator if positive else _OPPOSITE[operator]


def _clause_end(tokens: Tokens, at: int) -> int:
    """`at`, unless words follow that make an adjective part of a value ("is on hold")."""
    if at < len(tokens) and (tokens[at].kind == "quoted" or tokens[at].low not in _FOLLOWERS):
        return -1
    return at


_FOLLOWERS = {
    "and", "or", "on", "in", "again", "at", "within", "under", "below", "for", "anymore", "yet",
    ",", "there", "now", "then", "anywhere",
}  # fmt: skip


def find_predicate(tokens: Tokens, start: int = 1) -> tuple[int, Predicate] | None:
    """The first predicate at or after `start`, and where it begins."""
    for place in range(start, len(tokens)):
        if tokens[place].kind == "word" and not tokens[place].text[0].isupper():
            found = predicate_at(tokens, place)
            if found is not None:
                return place, found
    return None


def suspicious(tokens: Tokens) -> bool:
    """Whether an unquoted value may hold another predicate."""
    return any(token.kind == "word" and token.low in _STRONG for token in tokens)
