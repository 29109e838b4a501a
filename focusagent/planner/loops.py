"""`for each ...`: over the rows of a table, over things that look alike, over given values."""

from __future__ import annotations

import dataclasses

from .lexer import Token
from .pieces import (
    Scope,
    Tokens,
    is_word,
    positions,
    split_list,
    target_of,
    text_of,
    written,
)
from .predicates import _COMPARATORS, Predicate, find_predicate, predicate_at
from .program import (
    IT,
    ITEM,
    ROW,
    EachRow,
    EachThing,
    EachValue,
    Where,
)
from .words import ARTICLES, ROLES

_FILTERS = ("with", "where", "whose", "that", "which", "having", "containing")
_WHOLE = (["table"], ["page"], ["list"], ["grid"], ["screen"])
EachStep = EachRow | EachThing | EachValue


def each_of(tokens: Tokens, scope: Scope) -> EachStep:
    """The loop that the words after "for each" describe, its body still empty."""
    tokens = tokens[1:] if len(tokens) > 1 and is_word(tokens[0], "of") else tokens
    values = _values(tokens)
    if values:
        return EachValue(tuple(token.text for token in values), ())
    head = next(
        (
            place
            for place, token in enumerate(tokens)
            if is_word(token, *_FILTERS, "in", "of", "on", "from")
        ),
        len(tokens),
    )
    noun = [token for token in tokens[:head] if token.low not in ARTICLES]
    if not noun:
        raise scope.error("say for each what: 'for each row', 'for each checkbox'", tokens)
    if noun[-1].kind == "word" and noun[-1].low in ROLES:
        return EachThing(_singular(written([*noun, *tokens[head:]]), noun[-1].text), ())
    if len(noun) > 1 and not is_word(noun[0], "table"):
        raise scope.error(
            f"say which rows by what they hold: 'for each row with status {noun[0].text}: ...'; "
            'or list the values in quotes: \'for each of "a" and "b": ...\'',
            tokens,
        )
    if noun[-1].kind == "quoted":
        raise scope.error(
            "say for each what: 'for each row', 'for each of \"a\" and \"b\"'", tokens
        )
    return _rows(tokens, head, scope)


def noun_of(tokens: Tokens) -> str:
    """What a row is called in "for each invoice": `invoice`."""
    words = [token.low for token in tokens if token.low not in ARTICLES]
    word = words[1] if words[0] == "table" and len(words) > 1 else words[0]
    return word.removesuffix("s")


def _singular(words: str, noun: str) -> str:
    plain = noun.removesuffix("es") if noun.endswith("boxes") else noun.removesuffix("s")
    return words.replace(noun, plain, 1)


def _values(tokens: Tokens) -> list[Token]:
    first = next((i for i, token in enumerate(tokens) if token.kind == "quoted"), None)
    if first is None or positions(tokens[:first], *_FILTERS):
        return []
    pieces = split_list(tokens[first:])
    if not all(len(piece) == 1 and piece[0].kind == "quoted" for piece in pieces):
        return []
    if len(pieces) == 1 and first:
        return []  # for each row in "Orders"
    return [piece[0] for piece in pieces]


def _rows(tokens: Tokens, head: int, scope: Scope) -> EachRow:
    place = next(
        (i for i in range(head, len(tokens)) if is_word(tokens[i], *_FILTERS)), len(tokens)
    )
    named = tokens[head:place]
    table = None
    if named:
        lows = [token.low for token in named[1:] if token.low not in ("the", "this")]
        if not lows:
            raise scope.error("say which table", named)
        table = None if lows in _WHOLE else target_of(named[1:], scope)
    where = _where(tokens[place:], scope) if place < len(tokens) else None
    return EachRow((), table, where)


def _where(tokens: Tokens, scope: Scope) -> Where:
    first, rest = tokens[0].low, list(tokens[1:])
    while len(rest) > 1 and is_word(rest[0], "the", "a", "an"):
        rest = rest[1:]
    if not rest:
        raise scope.error("say which rows: 'with status Open'", tokens)
    if first == "containing":
        return Where("contains", text_of(rest, scope))
    if first in ("with", "having"):
        return _with(rest, scope)
    found = find_predicate(rest, 0)
    if found is None or found[1].kind != "compare" or found[1].end == len(rest):
        raise scope.error("say what holds of the rows: 'where Status is Open'", tokens)
    place, predicate = found
    column = _column(rest[:place]) if place else None
    return Where(predicate.operator, text_of(rest[predicate.end :], scope), column)


def _with(tokens: Tokens, scope: Scope) -> Where:
    """`status Open`, `"Open"`, `a balance above 100`, `status that is Open`."""
    for place in range(1, len(tokens) - 1):
        compared = _COMPARATORS.match(tokens, place)
        if compared and compared[1] < len(tokens):
            value = text_of(tokens[compared[1] :], scope)
            return Where(compared[0], value, _column(tokens[:place]))
        said: Predicate | None = predicate_at(tokens, place)
        if said is not None and said.kind == "compare" and said.end < len(tokens):
            return Where(said.operator, text_of(tokens[said.end :], scope), _column(tokens[:place]))
    if len(tokens) == 1:
        return Where("contains", text_of(tokens, scope))
    if tokens[-1].kind == "quoted" or len(tokens) == 2:
        return Where("is", text_of(tokens[-1:], scope), _column(tokens[:-1]))
    raise scope.error('say which column holds what: \'where "Due date" is "12 May"\'', tokens)


def _column(tokens: Tokens) -> str:
    if len(tokens) == 1:
        return tokens[0].text
    return " ".join(token.text for token in tokens if token.low not in ("the", "a", "an"))


def body_scope(loop: EachStep, tokens: Tokens, scope: Scope) -> Scope:
    """The scope of the loop's body: what "it" and "the row" are there."""
    if isinstance(loop, EachRow):
        return dataclasses.replace(scope, last=f"row of {{{ROW}}}", row=noun_of(tokens))
    if isinstance(loop, EachThing):
        return dataclasses.replace(scope, last=f"{{{IT}}}")
    return dataclasses.replace(scope, last=f"{{{ITEM}}}", item=True)
