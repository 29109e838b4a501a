"""What answers to dialogs, banners and popups take: closing, accepting, declining."""

from __future__ import annotations

from typing import Literal

from . import intents
from .clause import Clause
from .intents import Intent
from .pieces import positions, without_articles
from .words import POPUPS

_TERMS = {"terms", "conditions", "agreement", "policy", "licence", "license"}


def close(clause: Clause) -> list[Intent]:
    """`close the tab`; `close the dialog`; `close the ticket with the x icon`."""
    place = max(positions(clause.rest, "with", "using", "via"), default=0)
    if place and clause.rest[place + 1 :]:
        control = clause.target(clause.rest[place + 1 :])
        if control.role in ("icon", "button", "link"):
            return [intents.Click(control)]
    lows = [token.low for token in without_articles(clause.rest) if token.kind == "word"]
    words = [low for low in lows if low not in ("this", "that", "current", "browser", "active")]
    if words == ["tab"] or lows == ["browser", "window"]:
        return [intents.CloseTab()]
    if words[-1:] == ["tab"]:
        raise clause.error(
            "only the current browser tab can be closed: switch to it, then 'close the tab'"
        )
    return _answer(clause, "close")


def _answer(clause: Clause, reply: Literal["accept", "decline", "close"]) -> list[Intent]:
    target = clause.target(clause.rest)
    words = {word.strip('",.').lower() for word in target.words.split()}
    named = bool(words & POPUPS)
    whole = len(clause.rest) == 1 and clause.rest[0].kind == "quoted" and reply == "close"
    if not (named or whole) or (words & _TERMS and not named):
        raise clause.error(
            f"{clause.spoken!r} answers a banner, dialog, popup or message; for anything else say "
            f'what to click: click "{clause.spoken.capitalize()}"'
        )
    return [intents.Answer(reply, target)]


def accept(clause: Clause) -> list[Intent]:
    """`accept the cookie banner`."""
    return _answer(clause, "accept")


def decline(clause: Clause) -> list[Intent]:
    """`decline the cookies`."""
    return _answer(clause, "decline")
