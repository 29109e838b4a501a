"""One condition in words: a subject, then what is said of it."""

from __future__ import annotations

import dataclasses

from . import predicates
from .compare import number_in
from .conditions import (
    NUMERIC,
    Condition,
    Counted,
    Downloaded,
    InState,
    Operator,
    PageIs,
    Reads,
    Seen,
    Target,
    ValueIs,
)
from .pieces import Scope, Tokens, is_word, positions, target_of, text_of, without_articles, written
from .predicates import Predicate, find_predicate
from .templates import names_in, sole_name
from .words import CONTAINERS, COUNTED, POPUPS, PREPOSITIONS, number_of

_EXAMPLES = '"\'Saved\' appears", "the total is 12.50" or "Remember me is checked"'
_PAGES = {("page",), ("screen",), ("window",), ("app",), ("application",)}
_URLS = {
    ("url",), ("address",), ("current", "url"), ("page", "url"), ("url", "of", "the", "page"),
    ("page", "address"), ("current", "address"),
}  # fmt: skip
_TITLES = {
    ("page", "title"), ("title", "of", "the", "page"), ("tab", "title"), ("window", "title"),
    ("title", "of", "the", "tab"),
}  # fmt: skip
_FILES = {"file", "download", "downloads"}
_WRAPPERS = ("value", "text", "content", "contents")
_COUNTS: dict[tuple[str, ...], Operator] = {
    ("exactly",): "is", ("at", "least"): "at least", ("at", "most"): "at most",
    ("more", "than"): "more than", ("less", "than"): "less than", ("fewer", "than"): "less than",
    ("only",): "is", (): "is",
}  # fmt: skip


def condition_of(tokens: Tokens, scope: Scope) -> Condition:
    """The single condition that these tokens describe."""
    if not tokens:
        raise ValueError("a condition has tokens")
    if is_word(tokens[0], "there"):
        return _there(tokens, scope)
    if is_word(tokens[0], "i", "you", "we") and positions(tokens[:6], "see"):
        return _see(tokens, scope)
    found = find_predicate(tokens)
    if found is None:
        raise scope.error(
            f"this is no condition: say what is the case, such as {_EXAMPLES}", tokens
        )
    place, predicate = found
    subject, value = tokens[:place], tokens[predicate.end :]
    if predicate.takes_value and not value:
        raise scope.error(f"{written(tokens[place:])!r} needs a value after it", tokens[place:])
    if not predicate.takes_value and value:
        return _with_rest(tokens, subject, value, predicate, scope)
    return _about(subject, predicate, value, scope)


def has_predicate(tokens: Tokens) -> bool:
    """Whether the tokens can be a condition."""
    if tokens and is_word(tokens[0], "there", "i", "you", "we"):
        return True
    return find_predicate(tokens) is not None


def is_page_load(tokens: Tokens) -> bool:
    """Whether the tokens say that the page has loaded: nothing to look for, only to wait."""
    tokens = without_articles(tokens)
    if len(tokens) < 2 or not is_word(tokens[0], "page", "screen"):
        return False
    found = predicates.predicate_at(tokens, 1)
    ready = [token.low for token in tokens[1:]] == ["is", "ready"]
    return ready or (found is not None and found.kind == "loaded" and found.end == len(tokens))


def _with_rest(
    tokens: Tokens, subject: Tokens, rest: Tokens, predicate: Predicate, scope: Scope
) -> Condition:
    """`'Saved' appears in the list`: words of place after the predicate belong to the subject."""
    if is_word(rest[-1], "again", "now", "anymore", "yet", "there", "anywhere") and len(rest) == 1:
        return _about(subject, predicate, (), scope)
    lows = [token.low for token in rest]
    if lows in (["on", "the", "page"], ["on", "the", "screen"], ["on", "screen"]):
        return _about(subject, predicate, (), scope)
    if is_word(rest[0], *predicates._PLACES, "for"):
        return _about([*subject, *rest], predicate, (), scope)
    raise scope.error(f"{written(rest)!r} is too much after this condition", tokens)


def _about(subject: Tokens, predicate: Predicate, value: Tokens, scope: Scope) -> Condition:
    lows = tuple(token.low for token in without_articles(subject) if token.kind == "word")
    bare = all(token.kind == "word" for token in subject)
    if bare and (lows in _URLS or lows in _TITLES):
        return _page(subject, "url" if lows in _URLS else "title", predicate, value, scope)
    if predicate.kind == "downloaded" or (bare and lows and lows[-1] in _FILES and not value):
        return _downloaded(subject, predicate, scope)
    if bare and lows in _PAGES:
        return _of_page(subject, predicate, value, scope)
    if predicate.kind == "has":
        return _has(subject, predicate, value, scope)
    if predicate.kind == "place":
        target = target_of([*subject, *value], scope)
        return Seen(target, predicate.wanted)
    if predicate.kind in ("seen", "loaded"):
        return _seen(subject, predicate.wanted, scope)
    if predicate.kind == "open":
        return _open(subject, predicate.wanted, scope)
    if predicate.kind == "state":
        return InState(target_of(subject, scope), predicate.state, predicate.wanted)
    return _compared(subject, predicate.operator, value, scope)


def _seen(subject: Tokens, wanted: bool, scope: Scope) -> Condition:
    if is_word(subject[0], "no") and len(subject) > 1:
        if _plural(subject[1:]):
            return _number(subject[1:], not wanted, scope)
        return Seen(_text_target(subject[1:], scope), not wanted)
    counted = _count(subject, scope)
    if counted is not None:
        if not wanted:
            raise scope.error("say how many there are, not how many there are not", subject)
        return counted
    if _plural(subject):
        return _number(subject, wanted, scope)
    return Seen(_text_target(subject, scope), wanted)


def _plural(tokens: Tokens) -> bool:
    """Whether the head of the words is `rows` or `items`: they are counted, not looked for."""
    head = next((i for i, token in enumerate(tokens) if token.low in PREPOSITIONS), len(tokens))
    return bool(tokens[:head]) and is_word(tokens[:head][-1], *COUNTED)


def _number(tokens: Tokens, some: bool, scope: Scope) -> Condition:
    """`there are items`, `no rows appear`."""
    target = target_of(tokens, scope)
    return Counted(target, "at least", 1) if some else Counted(target, "is", 0)


def _open(subject: Tokens, wanted: bool, scope: Scope) -> Condition:
    """`the dialog is open` can be seen, `the status is open` is read."""
    target = target_of(subject, scope)
    if any(is_word(token, *POPUPS, *CONTAINERS, "dropdown") for token in subject):
        return Seen(target, wanted)
    return Reads(target, "is", "open" if wanted else "closed")


def _text_target(tokens: Tokens, scope: Scope) -> Target:
    """`the text 'Saved'` is the text alone."""
    tokens = without_articles(tokens)
    if len(tokens) == 2 and tokens[1].kind == "quoted" and is_word(tokens[0], "text", "word"):
        return target_of(tokens[1:], scope)
    return target_of(tokens, scope)


def _count(tokens: Tokens, scope: Scope) -> Counted | None:
    """`at least 3 rows`, `5 rows`."""
    for words, operator in _COUNTS.items():
        at = len(words)
        if tuple(token.low for token in tokens[:at]) != words or at + 1 >= len(tokens):
            continue
        number = number_of(tokens[at].low) if tokens[at].kind == "word" else None
        article = tokens[at].low in ("a", "an")
        if number is not None and not article and number == int(number):
            return Counted(target_of(tokens[at + 1 :], scope), operator, int(number))
    return None


def _page(
    subject: Tokens, part: str, predicate: Predicate, value: Tokens, scope: Scope
) -> Condition:
    if predicate.kind != "compare" or predicate.operator in NUMERIC:
        raise scope.error(f"of the {part} say what it is, contains, starts or ends with", subject)
    return PageIs("url" if part == "url" else "title", predicate.operator, _value(value, scope))


def _downloaded(subject: Tokens, predicate: Predicate, scope: Scope) -> Condition:
    tokens = without_articles(subject)
    names = [token for token in tokens if token.kind == "quoted" or "." in token.text]
    files = any(is_word(token, *_FILES) for token in tokens)
    if not (files or names) or len(names) > 1:
        raise scope.error("say which file: \"the file 'report.csv' is downloaded\"", subject)
    if not predicate.wanted or predicate.kind not in ("downloaded", "seen", "loaded"):
        raise scope.error('of a file only its arrival can be seen: "a file is downloaded"', subject)
    return Downloaded(names[0].text if names else None)


def _of_page(subject: Tokens, predicate: Predicate, value: Tokens, scope: Scope) -> Condition:
    if predicate.kind == "loaded":
        raise scope.error('a page that loads is waited for: "wait for the page to load"', subject)
    if predicate.kind == "compare" and predicate.operator in ("contains", "does not contain"):
        target = _text_target(value, scope)
        return Seen(target, predicate.operator == "contains")
    if predicate.kind == "has":
        return _seen(value, predicate.wanted, scope)
    raise scope.error(
        "of the page say what it shows, or compare 'the URL' or 'the page title'", subject
    )


def _has(subject: Tokens, predicate: Predicate, value: Tokens, scope: Scope) -> Condition:
    """`the table has 3 rows`, `Name has the value 'x'`."""
    plain = without_articles(value)
    if is_word(plain[0], "text", "value") and len(plain) > 1:
        operator: Operator = "is" if predicate.wanted else "is not"
        return _compared(subject, operator, plain[1:], scope)
    counted = _count(value, scope)
    if counted is not None and predicate.wanted:
        where = target_of(subject, scope)
        words = f"{counted.target.words} in {where.words}"
        return dataclasses.replace(counted, target=Target(words, where.quoted or '"' in words))
    if len(value) == 1 and value[0].kind == "quoted":
        contains: Operator = "contains" if predicate.wanted else "does not contain"
        return _compared(subject, contains, value, scope)
    raise scope.error("say 'contains', or how many it has", [*subject, *value])


def _compared(subject: Tokens, operator: Operator, value: Tokens, scope: Scope) -> Condition:
    wanted = _value(value, scope)
    if operator in NUMERIC and number_in(wanted) is None and not list(names_in(wanted)):
        raise scope.error(f"{operator!r} needs a number", value)
    subject = without_articles(subject)
    lows = [token.low for token in subject]
    if lows[:2] in (["number", "of"], ["count", "of"]) and len(lows) > 2:
        number = number_of(wanted)
        if number is None or number != int(number) or operator not in ("is", *NUMERIC):
            raise scope.error("a number of things compares with a whole number", value)
        return Counted(target_of(subject[2:], scope), operator, int(number))
    name = sole_name(subject[0].text) if len(subject) == 1 else None
    if name is not None:
        return ValueIs(name, operator, wanted)
    if lows[0] in _WRAPPERS and len(lows) > 2 and lows[1] in ("of", "in"):
        subject = subject[2:]
    return Reads(target_of(subject, scope), operator, wanted)


def _value(tokens: Tokens, scope: Scope) -> str:
    if not tokens:
        raise scope.error("a value is missing", tokens)
    if predicates.suspicious(tokens):
        raise scope.error(
            "it is unclear what is compared with what: put names and values in quotes", tokens
        )
    return text_of(tokens, scope)


def _there(tokens: Tokens, scope: Scope) -> Condition:
    """`there is a banner`, `there are no rows`, `there are at least 3 rows`."""
    found = predicates.predicate_at(tokens, 1)
    if found is None or found.kind not in ("compare", "seen", "place"):
        raise scope.error("'there' must be followed by 'is' or 'are'", tokens)
    wanted = not any(is_word(token, "not", "isn't", "aren't") for token in tokens[1:3])
    rest = list(tokens[2:])
    while rest and is_word(rest[0], "not", "still", "now"):
        rest = rest[1:]
    for ending in (
        ["on", "the", "page"],
        ["on", "the", "screen"],
        ["left"],
        ["anymore"],
        ["visible"],
    ):
        if [token.low for token in rest[-len(ending) :]] == ending and len(rest) > len(ending):
            rest = rest[: -len(ending)]
    if rest and is_word(rest[0], "any") and len(rest) > 1:
        rest = rest[1:]
    if not rest:
        raise scope.error("say what there is", tokens)
    return _seen(rest, wanted, scope)


def _see(tokens: Tokens, scope: Scope) -> Condition:
    """`you see X`, `I do not see X`, `I should see X`."""
    places = positions(tokens, "see")
    if not places or places[0] > 4 or places[0] + 1 >= len(tokens):
        raise scope.error(
            f"this is no condition: say what is the case, such as {_EXAMPLES}", tokens
        )
    before = [token.low for token in tokens[1 : places[0]]]
    wanted = not any(word in ("not", "don't", "can't", "cannot", "never") for word in before)
    return _seen(tokens[places[0] + 1 :], wanted, scope)
