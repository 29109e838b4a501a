"""One step in words: the verb that begins it and the tokens up to the next step."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Sequence
from dataclasses import dataclass

from .conditions import Target
from .errors import InstructionError
from .lexer import Token
from .phrases import BARE, CONTROL, FILLERS, VERBS
from .pieces import Scope, Tokens, is_word, target_of, written
from .predicates import predicate_at
from .words import (
    ACCEPTED_VERBS,
    ARTICLES,
    GERUNDS,
    MODIFIER_NAMES,
    NOUNS,
    ORDINALS,
    POPUPS,
    PREPOSITIONS,
)

_SINGLE_VERBS = sorted({*VERBS.first_words, *CONTROL.first_words} - {"i", "do"})
_NOT_IN_NAMES = {"finish", "abort", "fail"}  # "Save and finish" is a name
_WITH_PREPOSITION = {"scroll", "wait", "go_to", "search", "hover", "switch_tab", "turn"}
_PARTING = (PREPOSITIONS - {"that"}) | {"as", "onto", "while"}
# Endings that verbs share with common nouns; too close to guess at inside a name.
_NO_TYPOS = {"check", "checks", "types", "clicks", "opens", "sets", "reads", "save", "close"}


@dataclass(frozen=True)
class Clause:
    """A verb's tokens, what it means, and the tokens after it."""

    verb: str
    head: Tokens
    rest: Tokens
    scope: Scope

    def error(self, message: str, tokens: Tokens = ()) -> InstructionError:
        """The refusal of these tokens, or of the whole clause."""
        return self.scope.error(message, tokens or [*self.head, *self.rest])

    def target(self, tokens: Tokens, role: str | None = None) -> Target:
        """The tokens as a target."""
        return target_of(tokens, self.scope, role, after=self.head)

    @property
    def spoken(self) -> str:
        """The verb as it was written."""
        return written(self.head).lower()


def step_at(tokens: Sequence[Token], at: int) -> tuple[str, int, bool] | None:
    """The verb or control word at this place: its meaning, the place after, whether control."""
    verb, control = VERBS.match(tokens, at), CONTROL.match(tokens, at)
    if at < len(tokens) and verb is None and _is_chorded_click(tokens[at]):
        return "click", at + 1, False
    if control and (verb is None or control[1] > verb[1]):
        return control[0], control[1], True
    return (verb[0], verb[1], False) if verb else None


def _is_chorded_click(token: Token) -> bool:
    *keys, last = token.low.replace("-", "+").split("+")
    return last == "click" and bool(keys) and all(key in MODIFIER_NAMES for key in keys)


def skip_fillers(tokens: Sequence[Token], at: int) -> int:
    """The place after "please", "then", "you should" ..., which is never the end."""
    while True:
        found = FILLERS.match(tokens, at)
        if found is None:
            to_verb = is_word(tokens[at], "to") and step_at(tokens, at + 1) is not None
            return at + to_verb  # "and to click Save"
        after = found[1]
        if tokens[after].kind == "mark" and tokens[after].text == ",":
            after += 1
        at = after


def connector_at(tokens: Sequence[Token], at: int) -> tuple[str, int] | None:
    """What joins steps at this place (`,` `and` `then` ...) and the place after it."""
    names, place = set(), at
    while tokens[place].kind in ("word", "mark"):
        token = tokens[place]
        if token.kind == "mark" and token.text in ",;.":
            names.add(token.text)
        elif is_word(token, "then"):
            names.add("then")
        elif is_word(token, "and", "but", "plus") and token.text.islower():
            names.add("and")
        else:
            break
        place += 1
    for name in (".", ";", "and", "then", ","):
        if name in names:
            return name, place
    return None


def begins_step(tokens: Sequence[Token], connector: int, at: int) -> bool:
    """Whether a step begins at `at`, after the "," or "and" at `connector`."""
    names = {token.low or token.text for token in tokens[connector:at]}
    at = skip_fillers(tokens, at)
    token = tokens[at]
    if token.kind != "word":
        return False
    if "then" in names:
        return True
    found = step_at(tokens, at)
    if found is None:
        return _like_a_step(tokens, at)
    meaning, end, control = found
    if control:
        return _control_begins(tokens, meaning, end)
    if meaning in BARE:
        return _bare_begins(tokens, meaning, at, end, comma="and" not in names)
    return has_object(tokens, meaning, end)


def _bare_begins(tokens: Sequence[Token], meaning: str, at: int, end: int, *, comma: bool) -> bool:
    """Whether `go back` or `stop` is a step; "Save and finish" is a name."""
    if not tokens[at].text.islower() and not comma:
        return False
    after = tokens[end]
    if is_word(after, "with", "because") or meaning == "new_tab":
        return True
    stop = after.kind in ("end", "line", "mark") or is_word(after, "and", "then", "if", "unless")
    return stop and (comma or tokens[at].low not in _NOT_IN_NAMES)


def _control_begins(tokens: Sequence[Token], meaning: str, end: int) -> bool:
    if meaning == "keep":
        return tokens[end].low in GERUNDS
    if meaning == "when":
        return tokens[end].kind in ("word", "quoted")
    return tokens[end].kind not in ("end", "line")


def has_object(tokens: Sequence[Token], meaning: str, end: int) -> bool:
    """Whether a verb after "and" has an object: that of "Save and close" has none."""
    after = tokens[end]
    if after.kind == "quoted":
        return True
    if after.kind != "word" or after.low in ("and", "or", "then", "until", "if", "unless", "when"):
        return False
    if meaning == "press" and after.low in ("tab", "page"):  # keys
        return True
    if after.low in NOUNS and after.text.islower():  # "the Search and select button"
        return meaning == "close" and after.low in POPUPS | {"tab"}
    if _says_something(tokens, end) or is_word(tokens[end + 1], "times"):
        return False  # "Save and close appears", "click Save and close 3 times"
    if after.low in _PARTING and after.text.islower():
        return meaning in _WITH_PREPOSITION
    return True


def _says_something(tokens: Sequence[Token], at: int) -> bool:
    """Whether a predicate stands here; a capital one, or one that lacks its value, is a name."""
    found = predicate_at(tokens[at : at + 8], 0)
    if found is None or tokens[at].text[0].isupper():
        return False
    after = tokens[at + found.end]
    return not found.takes_value or (
        after.kind in ("word", "quoted", "group") and not is_word(after, "and", "then")
    )


def _like_a_step(tokens: Sequence[Token], at: int) -> bool:
    """A verb that is not known, or misspelled: better refused than taken for part of a name."""
    token, after = tokens[at], tokens[at + 1]
    if not token.text.islower() or not token.text.isalpha() or after.kind not in ("word", "quoted"):
        return False
    if token.low in ARTICLES | PREPOSITIONS | NOUNS | set(ORDINALS):
        return False
    if after.kind == "quoted" or is_word(after, "the", "a", "an", "it", "this", "my"):
        return True
    return likely_verb(token.low) is not None


@functools.lru_cache(maxsize=4096)
def likely_verb(word: str, least: float = 0.79) -> str | None:
    """The verb that `word` is a likely misspelling of: its letters swapped, or nearly all there."""
    if word in _NO_TYPOS or len(word) < 3:
        return None
    close = difflib.get_close_matches(word, _SINGLE_VERBS, n=1, cutoff=0.7)
    if not close or word == close[0]:
        return None
    ratio = difflib.SequenceMatcher(None, word, close[0]).ratio()
    return close[0] if ratio >= least or sorted(word) == sorted(close[0]) else None


def unknown_verb(tokens: Tokens, scope: Scope) -> InstructionError:
    """Say which word is no verb, the likely one, and what would be accepted."""
    first = tokens[0]
    if first.kind != "word":
        return scope.error(
            f"say what to do with this: a step begins with a verb ({ACCEPTED_VERBS})", tokens
        )
    guess = likely_verb(first.low, 0.7)
    if guess:
        return scope.error(f"{first.text!r} is no verb I know: did you mean {guess!r}?", tokens[:1])
    gerund = GERUNDS.get(first.low)
    if gerund:
        return scope.error(f"say {gerund!r} instead of {first.text!r}", tokens[:1])
    particle = len(tokens) > 1 and is_word(tokens[1], "in", "out", "up", "off", "on")
    name = first.text.capitalize() + (f" {tokens[1].low}" if particle else "")
    return scope.error(
        f"{first.text!r} is no verb I know; a step begins with {ACCEPTED_VERBS}; for a button of "
        f'that name say: click "{name}"',
        tokens[:1],
    )


def ambiguous_capital(tokens: Sequence[Token], connector: int, at: int) -> bool:
    """Whether "Find and Replace All" may be one name or two steps: a capital verb after "and"."""
    before, verb = tokens[connector - 1], tokens[at]
    if is_word(tokens[connector], "and") and not tokens[connector].text.islower():
        return True  # "Save And Click Close"
    return (
        verb.text[:1].isupper()
        and before.kind == "word"
        and before.text[:1].isupper()
        and [token.low for token in tokens[connector:at]] == ["and"]
    )


def is_else(tokens: Tokens, place: int) -> bool:
    """Whether "otherwise" stands there."""
    found = CONTROL.match(tokens, place)
    return found is not None and found[0] == "otherwise"
