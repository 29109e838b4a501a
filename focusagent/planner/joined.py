"""Several conditions joined by "and" or "or", each with its own subject or a shared one."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from .condition_grammar import condition_of, has_predicate
from .conditions import Condition
from .pieces import Scope, Tokens, is_word
from .predicates import find_predicate
from .program import Both, Either, Test


def test_of(tokens: Tokens, scope: Scope) -> Test:
    """The test that these tokens describe; "and" and "or" are not mixed."""
    pieces, joiner = _pieces(tokens, scope)
    tests: list[Condition] = []
    subject: Tokens = ()
    for piece in pieces:
        shared = find_predicate(piece, 0)
        if tests and shared is not None and shared[0] == 0:  # "A is visible and is checked"
            piece = [*subject, *piece]
        found = find_predicate(piece)
        subject = piece[: found[0]] if found else subject
        tests.append(condition_of(piece, scope))
    if len(tests) == 1:
        return tests[0]
    if len({getattr(part, "target", None) for part in tests}) > 1:
        scope.last = None  # "it" could be any of them
    return Both(tuple(tests)) if joiner == "and" else Either(tuple(tests))


def _pieces(tokens: Tokens, scope: Scope) -> tuple[list[Tokens], str]:
    """The conditions in `A is visible and B is checked`, and the word that joins them."""
    groups: list[list[Tokens]] = []  # each: pieces of one condition
    joiners: list[str] = []
    start = 0
    for place, token in [*enumerate(tokens), (len(tokens), None)]:
        joins = token is not None and is_word(token, "and", "or")
        if token is not None and not joins:
            continue
        piece = _uncomma(tokens[start:place])
        if piece:
            groups.append([piece])
            joiners.append(tokens[place].low if token is not None else "")
        start = place + 1
    return _merged(tokens, [group[0] for group in groups], joiners, scope)


def _merged(
    tokens: Tokens, pieces: list[Tokens], joiners: list[str], scope: Scope
) -> tuple[list[Tokens], str]:
    """Pieces without a predicate join their neighbours: names, or subjects in a row."""
    made: list[Tokens] = []
    used: set[str] = set()
    waiting: list[tuple[Tokens, str]] = []
    last_said = max((i for i, piece in enumerate(pieces) if find_predicate(piece, 0)), default=-1)
    for place, piece in enumerate(pieces):
        before = joiners[place - 1] if place else ""
        found = find_predicate(piece, 0) or (has_predicate(piece) and (0, None))
        if not found:
            later = place < last_said
            if made and not waiting and not (later and _is_next_subject(made[-1], piece, scope)):
                made = _extended(made, piece, before, scope)
                if before == "or":
                    used.add("or")
            else:
                waiting.append((piece, joiners[place]))
            continue
        if made and not waiting:
            used.add(before)
        made += _with_subjects(waiting, piece, scope, used)
        waiting = []
    if waiting:
        made += [tokens] if not made else []
    if len(used) > 1:
        raise scope.error("'and' mixed with 'or' is unclear: use separate 'if's", tokens)
    return made, (used or {"and"}).pop()


def _is_next_subject(last: Tokens, piece: Tokens, scope: Scope) -> bool:
    """`A appears and Terms and Conditions appears`: the piece begins the next condition."""
    found = find_predicate(last)
    if found is None or not found[1].takes_value:
        return True
    if last[-1].kind != "quoted" or piece[0].kind == "quoted":
        raise scope.error("it is unclear what this belongs to: put names in quotes", piece)
    return True


def _extended(made: list[Tokens], piece: Tokens, before: str, scope: Scope) -> list[Tokens]:
    """A value goes on: `is Terms and Conditions`, or there is another: `is Open or Paid`."""
    last = made[-1]
    found = find_predicate(last)
    if found is None:
        raise scope.error("it is unclear what this belongs to: put names in quotes", piece)
    place, predicate = found
    quotes = last[-1].kind == "quoted" and piece[0].kind == "quoted"
    if predicate.kind == "compare" and (before == "or" or quotes):
        if before == "or" and predicate.operator not in ("is", "contains"):
            raise scope.error("'or' is unclear here: repeat the whole condition", [*last, *piece])
        return [*made, [*last[: predicate.end], *piece]]
    if before == "or" or predicate.kind != "compare":
        raise scope.error("repeat the whole condition after 'and' or 'or'", piece)
    return [*made[:-1], _between(last, piece)]


def _between(first: Tokens, second: Tokens) -> Tokens:
    """Both with the "and" that stood between them."""
    joint = dataclasses.replace(first[-1], kind="word", text="and", low="and", glued=False)
    return [*first, dataclasses.replace(joint, start=first[-1].end, end=first[-1].end), *second]


def _with_subjects(
    waiting: Sequence[tuple[Tokens, str]], piece: Tokens, scope: Scope, used: set[str]
) -> list[Tokens]:
    """`'A' or 'B' appears`: two subjects; `Terms and Conditions appears`: one."""
    if not waiting:
        return [piece]
    quotes = all(part[-1].kind == "quoted" for part, _ in waiting) and any(
        token.kind == "quoted" for token in piece
    )
    if quotes:
        found = find_predicate(piece)
        said = piece[found[0] :] if found else ()
        used.update(joiner for _, joiner in waiting)
        return [*([*part, *said] for part, _ in waiting), piece]
    if any(joiner == "or" for _, joiner in waiting):
        raise scope.error(
            "repeat the whole condition after 'or', or put the names in quotes", piece
        )
    whole: Tokens = piece
    for part, _ in reversed(waiting):
        whole = _between(part, whole)
    return [whole]


def _uncomma(tokens: Tokens) -> Tokens:
    while tokens and tokens[-1].kind == "mark":
        tokens = tokens[:-1]
    return tokens
