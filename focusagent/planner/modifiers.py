"""What stands after a step and changes it: `... if X appears`, `... until Y`, `... 3 times`."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .phrases import CONTROL
from .pieces import Scope, Tokens, is_word
from .predicates import predicate_at
from .program import MAX_ROUNDS
from .words import TIMES, number_of, words_of

_KEYWORDS = {"if", "unless", "until", "while", "when"}
# "Accept the cookies if asked": what the step is about may be there or not.
_IF_THERE = words_of("asked any available necessary needed possible present prompted shown visible")


@dataclass(frozen=True)
class Modifiers:
    """A clause without what stands after it, and what that was."""

    rest: Tokens
    keyword: str = ""
    condition: Tokens = ()
    times: int | None = None
    limit: int | None = None

    @property
    def loop(self) -> bool:
        """Whether the step is repeated."""
        return self.keyword in ("until", "while")


def split_modifiers(tokens: Tokens, scope: Scope, first: int, *, asserting: bool) -> Modifiers:
    """The clause's own tokens and its modifiers, which begin at `first` or later.

    An assertion or a wait takes only "if" and "unless": the other words are its own.
    """
    tokens = tokens if asserting else _spelt_out(tokens, first)
    found = _keyword(tokens, first, asserting)
    if not asserting and len(tokens) > 1 and tokens[-1].text in _KEYWORDS:
        raise scope.error(f"say what comes after {tokens[-1].text!r}", tokens[-1:])
    if found is None:
        rest, times = times_of(tokens, scope)
        return Modifiers(rest, times=times)
    place, keyword, after = found
    rest, times = times_of(_uncomma(tokens[:place]), scope)
    condition, limit = tokens[after:], None
    if keyword in ("until", "while"):
        condition, limit = rounds_of(condition, scope)
        if times is not None:
            raise scope.error("either 'times' or 'until', not both", tokens)
    if _keyword(rest, first, asserting) is not None:
        raise scope.error("one condition or loop for each step: begin a new sentence", tokens)
    return Modifiers(rest, keyword, condition, times, limit)


def _spelt_out(tokens: Tokens, first: int) -> Tokens:
    """With "if it appears" for "if asked", "if any" or "if there is one" at the end."""
    lows = [token.low for token in tokens]
    at = len(tokens) - 2
    if lows[-4:] == ["if", "there", "is", "one"]:
        at = len(tokens) - 4
    elif at < 0 or lows[at] != "if" or lows[-1] not in _IF_THERE:
        return tokens
    if at < first or tokens[at].text != "if":
        return tokens
    said = [replace(tokens[-1], kind="word", text=word, low=word) for word in ("it", "appears")]
    return (*tokens[: at + 1], *said)


def _keyword(tokens: Tokens, first: int, asserting: bool) -> tuple[int, str, int] | None:
    """The last word that begins a condition, what it means, and the place after it."""
    said = -1  # the last place where a predicate stands
    for place in range(len(tokens) - 1, first - 1, -1):
        if is_word(tokens[place], "into"):  # of a text that is typed
            return None
        if said < 0 and predicate_at(tokens, place) is not None:
            said = place
        control = CONTROL.match(tokens, place)
        if control is None or tokens[place].text[0].isupper() or control[1] >= len(tokens):
            continue
        keyword, after = control
        if keyword not in _KEYWORDS or (asserting and keyword not in ("if", "unless")):
            continue
        if said > after or is_word(tokens[after], "there", "i", "you", "we"):
            return place, keyword, after
    return None


def times_of(tokens: Tokens, scope: Scope) -> tuple[Tokens, int | None]:
    """Without "3 times" or "twice" at the end, and that number."""
    if tokens and is_word(tokens[-1], *TIMES) and tokens[-1].text.islower():
        return tokens[:-1], TIMES[tokens[-1].low]
    if len(tokens) > 1 and is_word(tokens[-1], "times", "time"):
        number = number_of(tokens[-2].low) if tokens[-2].kind == "word" else None
        if number is not None:
            return tokens[:-2], _rounds(number, tokens[-2:], scope)
    return tokens, None


def rounds_of(tokens: Tokens, scope: Scope) -> tuple[Tokens, int | None]:
    """Without "at most 5 times" at the end, and that number."""
    if len(tokens) < 5 or not is_word(tokens[-1], "times", "rounds", "time"):
        return tokens, None
    for words in (["at", "most"], ["up", "to"], ["no", "more", "than"]):
        start = len(tokens) - 2 - len(words)
        if start > 0 and [token.low for token in tokens[start:-2]] == words:
            number = number_of(tokens[-2].low)
            if number is not None:
                return _uncomma(tokens[:start]), _rounds(number, tokens[start:], scope)
    return tokens, None


def _rounds(number: float, tokens: Tokens, scope: Scope) -> int:
    if number != int(number) or not 1 <= number <= MAX_ROUNDS:
        raise scope.error(f"repeat 1 to {MAX_ROUNDS} times, a whole number", tokens)
    return int(number)


def _uncomma(tokens: Tokens) -> Tokens:
    while tokens and tokens[-1].kind == "mark":
        tokens = tokens[:-1]
    return tokens
