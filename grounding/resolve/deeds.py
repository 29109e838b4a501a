"""Icons and short buttons that are meant by what they do and to what: "next month arrow"."""

from __future__ import annotations

from dataclasses import replace

from ..query.lexicon import word_set
from ..types import Box
from .board import Board
from .roles import FIELDS
from .spot import Spot, same
from .words import letters, words

# Ways to turn to, which are written as often as drawn, and deeds that icons show.
_TURNS = word_set("next previous prev forward back first last")
_DEEDS = _TURNS | word_set(
    "delete remove add create new close dismiss search edit print share download upload refresh "
    "reload filter expand collapse copy archive reply send attach mute play pause"
)
_SIGNS = word_set("arrow arrows chevron caret sign button icon")
_ARROWS = word_set("arrow arrows chevron chevrons caret angle")
_TURNED = {"next": "right", "forward": "right", "previous": "left", "back": "left"}
_ARROW_NAMES, _DIRECTIONS = ("arrow", "angle", "chevron"), ("left", "right", "up", "down")
_LONGEST = 3  # words of such a name
_SAID = 0.85  # the deed alone says less than the whole
# How well it fits: a turn or what is said to be an icon, any deed; the next best fits less than
# such a share of that.
_LEAST_SURE, _LEAST, _CLEAR = 0.62, 0.75, 0.93


def shown_by(board: Board, text: str) -> list[tuple[Box, float]]:
    """Return icons that mean a name, and how surely; arrows have many names, and directions."""
    said = [_TURNED.get(word, word) for word in words(text)]
    turns = [word for word in said if word in _DIRECTIONS] or list(_DIRECTIONS)
    if not _ARROWS & set(said) or set(said) - _ARROWS - set(_DIRECTIONS):
        return board.drawn(text)
    best: dict[Box, float] = {}
    for name in (text, *(f"{kind} {turn}" for kind in _ARROW_NAMES for turn in turns)):
        for box, score in board.drawn(name):
            best[box] = max(score, best.get(box, 0.0))
    return list(best.items())


def deed_of(text: str) -> str:
    """Return the deed that a name begins with, if it says what it is done to; else ""."""
    said = [word for word in words(text) if word not in _SIGNS]
    return said[0] if 1 < len(said) <= _LONGEST and said[0] in _DEEDS else ""


def done_by(board: Board, deed: str, shown: list[Spot], role: str) -> list[Spot]:
    """Return the only place that a deed can mean among those that are called so, if there is one.

    An icon shows any deed; on a button only a turn stands alone: "Next", but hardly "Delete".
    """
    least = _LEAST_SURE if deed in _TURNS or role == "icon" else _LEAST
    fits = [
        spot
        for spot in sorted(shown, key=lambda spot: -spot.match)
        if spot.match >= least and (_drawn(board, spot) or _turns(board, deed, spot))
    ]
    others = [spot for spot in fits[1:] if not same(spot, fits[0])]
    if not fits or (others and others[0].match > _CLEAR * fits[0].match):
        return []
    return [replace(fits[0], match=_SAID * fits[0].match)]


def _drawn(board: Board, spot: Spot) -> bool:
    """Tell whether a spot is an icon, and not the mark of a list that can be opened."""
    return spot.icon and (spot.number < 0 or board.elements[spot.number].role not in FIELDS)


def _turns(board: Board, deed: str, spot: Spot) -> bool:
    said = letters(board.elements[spot.number].text) if spot.number >= 0 else ""
    return deed in _TURNS and said == letters(deed)
