"""What verbs about the page take: scrolling, waiting, addresses, tabs, assertions, the end."""

from __future__ import annotations

import dataclasses
from typing import Literal

from . import intents
from .clause import Clause
from .condition_grammar import is_page_load
from .conditions import Condition
from .intents import Intent
from .joined import test_of
from .pieces import Tokens, is_word, positions, several, text_of, without_articles, written
from .predicates import find_predicate
from .program import Both, Either
from .verbs_answer import accept
from .words import POPUPS, SECONDS, number_of

Direction = Literal["up", "down", "left", "right"]
_DIRECTIONS: dict[str, Direction] = {
    "up": "up", "down": "down", "left": "left", "right": "right", "upwards": "up",
    "downwards": "down",
}  # fmt: skip
_ENDS: dict[str, Direction] = {
    "bottom": "down", "end": "down", "top": "up", "start": "up", "beginning": "up",
}  # fmt: skip
MAX_WAIT = 600.0


def scroll(clause: Clause) -> list[Intent]:
    """`scroll down 2 screens`, `scroll to the bottom of the list`, `scroll the list up`."""
    rest = list(clause.rest)
    if rest and is_word(rest[0], "by"):
        rest = [dataclasses.replace(rest[0], text="down", low="down"), *rest[1:]]
    at = next((i for i, token in enumerate(rest) if is_word(token, *_DIRECTIONS, "to")), None)
    if at is None:
        if rest:
            raise clause.error("say 'scroll up' or 'scroll down', or 'scroll to' a thing", rest)
        return [intents.Scroll()]
    area: Tokens = rest[:at]
    if is_word(rest[at], "to"):
        return [_to_end(clause, area, rest[at + 1 :])]
    direction = _DIRECTIONS[rest[at].low]
    after: Tokens = rest[at + 1 :]
    if [token.low for token in after[:2]] == ["to", "the"] and len(after) > 2:
        return [_to_end(clause, area, after[1:])]
    screens, pixels, after = _amount(clause, after)
    if after and is_word(after[0], "in", "inside", "within", "on", "the"):
        area = after if is_word(after[0], "the") else after[1:]
        after = []
    if after:
        raise clause.error(f"{written(after)!r} is too much after 'scroll {direction}'", after)
    return [intents.Scroll(direction, screens, pixels, area=_area(clause, area))]


def _area(clause: Clause, tokens: Tokens) -> intents.Target | None:
    lows = [token.low for token in without_articles(tokens)]
    return None if lows in ([], ["page"], ["screen"], ["window"]) else clause.target(tokens)


def _to_end(clause: Clause, area: Tokens, tokens: Tokens) -> Intent:
    tokens = [token for token in without_articles(tokens) if not is_word(token, "very")]
    if (
        tokens
        and is_word(tokens[0], *_ENDS)
        and (len(tokens) < 2 or is_word(tokens[1], "of", "in"))
    ):
        where = _area(clause, tokens[2:] or area)
        return intents.Scroll(_ENDS[tokens[0].low], to_end=True, area=where)
    return intents.Scroll(until=clause.target(tokens))


def _amount(clause: Clause, tokens: Tokens) -> tuple[float, int | None, Tokens]:
    """How far: screens, pixels, and the tokens after it."""
    if tokens and is_word(tokens[0], "by"):
        tokens = tokens[1:]
    if [token.low for token in tokens[:2]] in (["a", "bit"], ["a", "little"]):
        return 0.5, None, tokens[2:]
    number = number_of(tokens[0].low) if tokens and tokens[0].kind == "word" else None
    if tokens and number is None and tokens[0].low.endswith("px"):
        number = number_of(tokens[0].low[:-2])
        tokens = [tokens[0], *tokens] if number is not None else tokens
        if number is not None:
            return 1.0, _pixels(clause, number, tokens[:1]), tokens[2:]
    if number is None:
        return 1.0, None, tokens
    unit = 2 if len(tokens) > 2 and is_word(tokens[1], "a") else 1
    low = tokens[unit].low if len(tokens) > unit else ""
    if low in ("px", "pixel", "pixels"):
        return 1.0, _pixels(clause, number, tokens[:2]), tokens[unit + 1 :]
    if low in ("screen", "screens", "page", "pages", "screenful", "screenfuls"):
        if not 0 < number <= 100:
            raise clause.error("scroll by more than 0 and at most 100 screens", tokens[:2])
        return number, None, tokens[unit + 1 :]
    raise clause.error("say the unit: '300 pixels' or '2 screens'", tokens[:1])


def _pixels(clause: Clause, number: float, tokens: Tokens) -> int:
    if not 1 <= number <= 100_000:
        raise clause.error("scroll by 1 to 100000 pixels", tokens)
    return int(number)


def find(clause: Clause) -> list[Intent]:
    """`find "Order 7"`, `scroll to Comments`: scrolls until it is seen."""
    lows = [token.low for token in without_articles(clause.rest) if not is_word(token, "very")]
    if clause.spoken.startswith("scroll") and lows[:1] and lows[0] in _ENDS:
        return [_to_end(clause, (), clause.rest)]
    return [intents.Scroll(until=clause.target(clause.rest))]


def wait(clause: Clause) -> list[Intent]:
    """`wait 2 seconds`, `wait for "Ready" to appear`, `wait until "Loading" disappears`."""
    rest, limit = _time_limit(clause, _limit_last(clause.rest))
    if rest and is_word(rest[0], "for") and not clause.spoken.endswith("for"):
        rest = rest[1:]
    if not rest:
        raise clause.error("say how many seconds, or what to wait for")
    seconds = seconds_of(rest)
    if seconds is not None:
        if not 0 <= seconds <= MAX_WAIT:
            raise clause.error(f"a wait takes 0 to {MAX_WAIT:.0f} seconds", rest)
        return [intents.Wait(seconds)]
    words = [token.low for token in rest]
    vague = words[-1] in ("moment", "while", "bit") or number_of(words[-1]) is not None
    if vague and find_predicate(rest) is None:
        raise clause.error("say how many seconds: 'wait 2 seconds'", rest)
    if is_page_load(rest):
        return [intents.Wait(0.0)]
    return _wait_for(clause, rest, limit)


def _wait_for(clause: Clause, rest: Tokens, limit: float | None) -> list[Intent]:
    if find_predicate(rest) is None and not is_word(rest[0], "there"):
        if clause.spoken in ("wait until", "wait till"):
            raise clause.error('say until what is the case: wait until "Ready" appears', rest)
        if [token.low for token in without_articles(rest)] in (["download"], ["file"]):
            return [intents.WaitFor(intents.Downloaded(), limit)]
        targets = [clause.target(piece) for piece in several(rest, clause.scope)]
        return [intents.WaitFor(intents.Seen(target), limit) for target in targets]
    return [intents.WaitFor(condition, limit) for condition in conditions(clause, rest)]


def conditions(clause: Clause, tokens: Tokens) -> tuple[Condition, ...]:
    """The conditions, all of which must hold, that these tokens describe."""
    test = test_of(tokens, clause.scope)
    if isinstance(test, Either):
        raise clause.error(
            "only one thing can be waited for or asserted at a time, 'or' is unclear here"
        )
    return test.tests if isinstance(test, Both) else (test,)


def _limit_last(tokens: Tokens) -> Tokens:
    """`up to 10 seconds for X to appear` with the limit at the end."""
    size = 2 if [token.low for token in tokens[:2]] in (["up", "to"], ["at", "most"]) else 0
    places = positions(tokens, "for", "until")
    if size and places and seconds_of(tokens[size : places[0]]) is not None:
        return [*tokens[places[0] + 1 :], *tokens[: places[0]]]
    return tokens


def _time_limit(clause: Clause, tokens: Tokens) -> tuple[Tokens, float | None]:
    """Without "at most 10 seconds" at the end, and these seconds."""
    for words in (
        ["for", "at", "most"], ["for", "up", "to"], ["at", "most"], ["up", "to"], ["within"],
        ["for", "a", "maximum", "of"], ["or", "at", "most"],
    ):  # fmt: skip
        for size in (1, 2):
            start = len(tokens) - size - len(words)
            lows = [token.low for token in tokens[max(start, 0) : len(tokens) - size]]
            if start < 1 or lows != words:
                continue
            seconds = seconds_of(tokens[-size:])
            if seconds is not None:
                if not 0 < seconds <= MAX_WAIT:
                    raise clause.error(f"wait at most {MAX_WAIT:.0f} seconds", tokens[start:])
                rest = tokens[:start]
                return (rest[:-1] if rest[-1].kind == "mark" else rest), seconds
    return tokens, None


def seconds_of(tokens: Tokens) -> float | None:
    """`2 seconds`, `500ms`, `half a minute`: in seconds."""
    words = [token.low for token in tokens if token.kind == "word"]
    if len(words) != len(tokens):
        return None
    if words[:1] in (["another"], ["about"]):
        words = words[1:]
    if len(words) == 3 and words[:2] == ["half", "a"]:
        words = ["half", words[2]]
    if len(words) == 1:
        digits = words[0].rstrip("abcdefghijklmnopqrstuvwxyz")
        words = [digits, words[0][len(digits) :]]
    if len(words) != 2 or words[1] not in SECONDS:
        return None
    number = number_of(words[0])
    return None if number is None else round(number * SECONDS[words[1]], 3)


def confirm(clause: Clause) -> list[Intent]:
    """`confirm the dialog`."""
    if clause.rest and clause.rest[0].low != "it" and not positions(clause.rest, *POPUPS):
        raise clause.error(
            "say what to click: click \"Confirm\"; to assert something say 'check that ...'"
        )
    return accept(clause)


def check_that(clause: Clause) -> list[Intent]:
    """`check that the total is 12.50`, `verify "Saved" appears`, `check for "Saved"`."""
    rest = clause.rest
    if is_page_load(rest):
        return [intents.Wait(0.0)]
    quotes = all(token.kind == "quoted" for token in rest)
    if clause.spoken == "check for" or (quotes and len(rest) == 1):
        pieces = several(rest, clause.scope)
        return [intents.CheckThat(intents.Seen(clause.target(piece))) for piece in pieces]
    return [intents.CheckThat(condition) for condition in conditions(clause, rest)]


def finish(clause: Clause) -> list[Intent]:
    """`stop`, `fail with "no such order"`."""
    rest = clause.rest
    if rest and is_word(rest[0], "with", "because", "saying"):
        rest = rest[1:]
    if clause.verb == "stop" and rest and without_articles(rest)[0].low not in (
        "task", "run", "here", "flow",
    ):  # fmt: skip
        raise clause.error("'stop' ends the task; to act on something say what to click")
    if clause.verb == "stop":
        return [intents.Finish("done", "stopped as told")]
    message = text_of(rest, clause.scope) if rest else "failed as told"
    return [intents.Finish("gave up", message)]
