"""Answers an instruction: the places that its readings find, and where none fits, looser ones."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from ..calibration import Calibration
from ..query import POINTING, Query, Reading
from ..query.thesaurus import alternatives
from ..types import Box, Candidate, Point
from .board import Board, board_of
from .mentions import mentioned
from .rank import SUREST, Ranked, rank
from .spot import Spot, same
from .words import ends_in_role, words

if TYPE_CHECKING:
    from ..parsing import Scene

# A best place below this is none.
LEAST = 0.3
# Readings that are unlikely must fit better.
LEAST_UNLIKELY = 0.75
UNLIKELY, LIKELY = 0.65, 0.85
# A literal name that stands on the screen like this beats every other reading.
SHOWN = 0.9
MOST_CANDIDATES = 6
ALONE, CLEAR = 0.9, 0.3  # how well the only thing lies; the margin that makes it the only one
# Verbs that say what to do on the screen, not what a control does.
TELLING = POINTING | {"type", "enter", "put", "fill", "open", "select", "choose", "go", "set"}
# A relation is so likely meant that no icon is called like the whole.
RELATED = 0.95
# A role alone, "Form", is likelier a name.
UNNAMED = 0.8
# Below the first nothing fits well, below the second not even what lies as it is said.
DOUBTFUL, DISTANT = 0.75, 0.5
# How likely a name means the same in other words, and that words in any order mean a place.
OTHERWISE, MENTIONED = 0.85, 0.9
# What fits so much as well is as likely meant, if there are no more; what fits so much less is not.
TIED, MOST_TIED, CLEARLY = 0.97, 8, 0.95
_QUOTED = re.compile("(?:^|\\s)[\"'“”‘`«]\\S")  # what is quoted is meant to the letter

# Fitted on 733 answers on generated pages: how often a score like this was right. Above the cap a
# higher score says no more.
CONFIDENCE = Calibration(1.26, -0.18)


def resolve(query: Query, scene: Scene) -> list[Candidate]:
    """Return the places that an instruction may mean, best first; [] if nothing fits.

    The score of the first is how sure it is to be right, of the others their share of its weight.
    """
    board = board_of(scene)
    found: list[tuple[float, Ranked]] = []
    sure = bool(_QUOTED.search(query.instruction))
    related = any(one.prior >= RELATED and one.target.relations for one in query.readings)
    for reading in (_likelier(board, reading) for reading in query.readings):
        for ranked in _read(board, reading, related):
            weight = ranked.score * _weight(reading, ranked)
            sure = sure or weight >= _enough(reading, ranked)
            found.append((weight, ranked))
    if not sure:
        found += _loosely(board, query)
    found += _told_apart(board, query, found)
    found.sort(key=lambda item: -item[0])
    chosen: list[tuple[float, Ranked]] = []
    for weight, ranked in found:
        if not any(_one_thing(board, ranked.spot, other.spot) for _, other in chosen):
            chosen.append((weight, ranked))
        if len(chosen) == MOST_CANDIDATES:
            break
    return _candidates(chosen, board.size)


def _enough(reading: Reading, ranked: Ranked) -> float:
    """Return the weight from which on no other way to understand an instruction is tried.

    What lies as it is said, or is called so outright, is likelier meant than an icon of a name.
    """
    lies = bool(reading.target.relations or reading.target.places)
    likely = reading.prior >= LIKELY
    outright = ranked.spot.match >= SHOWN and not ranked.spot.icon
    return DISTANT if (likely if lies else outright) else DOUBTFUL


def _loosely(board: Board, query: Query) -> list[tuple[float, Ranked]]:
    """Return what fits in other words: names put another way, then words in any order."""
    found: list[Ranked] = []
    for reading in query.readings:
        for text in alternatives(reading.target.text):
            if all(word in board.vocabulary for word in words(text)):
                other = replace(reading, target=replace(reading.target, text=text))
                fits = (one for one in _read(board, other, False) if not one.spot.icon)
                sure = OTHERWISE * reading.prior
                found += [replace(one, score=sure * one.score) for one in fits][:1]
    if not any(one.score >= DOUBTFUL for one in found):
        found += [Ranked(spot, MENTIONED * fit) for spot, fit in mentioned(board, query)]
    return [(one.score, one) for one in found]


def _told_apart(
    board: Board, query: Query, found: list[tuple[float, Ranked]]
) -> list[tuple[float, Ranked]]:
    """Return the one of several equal places that the other words of an instruction stand by."""
    best = max((weight for weight, _ in found), default=0.0)
    tied: list[Ranked] = []
    for weight, one in found:
        if weight >= TIED * best and not any(_one_thing(board, one.spot, t.spot) for t in tied):
            tied.append(one)
    if not 1 < len(tied) <= MOST_TIED:
        return []
    fits = [(fit, one) for spot, fit in mentioned(board, query) for one in tied
            if same(spot, one.spot)]  # fmt: skip
    clear = fits and (len(fits) < 2 or fits[1][0] < CLEARLY * fits[0][0])
    return [(best / TIED, fits[0][1])] if clear else []


def _likelier(board: Board, reading: Reading) -> Reading:
    """Return a reading, likely if all it hangs on are long names that stand on the screen.

    "First day of leave" might have been cut at its "of"; where it is written, it was not.
    """
    names = [relation.anchor for relation in reading.target.relations]
    if reading.prior >= UNLIKELY or not names or not reading.target.text:
        return reading
    if any(" of " not in name.text or name.relations for name in names):
        return reading
    shown = (rank(board, name, anchor=True)[:1] for name in names)
    whole = all(best and best[0].score >= LIKELY for best in shown)
    return replace(reading, prior=LIKELY) if whole else reading


def _read(board: Board, reading: Reading, related: bool) -> list[Ranked]:
    """Return what a reading finds, if it fits well enough.

    With ``related``, it is likely that some of the words only say how the thing lies to another.
    """
    ranked = rank(board, reading.target)
    least = LEAST if reading.prior >= UNLIKELY else LEAST_UNLIKELY
    # Only what is written can be called "click into Message"; "search for it" is what an icon does.
    first, _, more = reading.target.text.lower().partition(" ")
    bare = reading.literal and more and not reading.target.role
    written = bare and (first in TELLING or related)
    return [one for one in ranked if one.score >= least and not (written and one.spot.icon)]


def _weight(reading: Reading, ranked: Ranked) -> float:
    target = reading.target
    if (reading.literal or ends_in_role(target)) and ranked.spot.match >= SHOWN:
        return 1.05
    bare = not (target.text or target.relations or target.places or target.ordinal)
    return UNNAMED * reading.prior if bare else reading.prior


def _one_thing(board: Board, one: Spot, two: Spot) -> bool:
    """Tell whether two spots are one place, or a control and the words that name it."""
    named = board.labels.get(two.number, -2) == one.number or (
        board.labels.get(one.number, -2) == two.number
    )
    return named or same(one, two)


def _candidates(chosen: list[tuple[float, Ranked]], size: tuple[int, int]) -> list[Candidate]:
    made: list[Candidate] = []
    for weight, ranked in chosen:
        spot, first = ranked.spot, chosen[0]
        if not made:
            score = CONFIDENCE(_sureness(chosen))
        else:
            score = min(1.0, weight / first[0]) * made[0].score
        x, y = (min(max(c, 0.0), side) for c, side in zip(spot.point, size, strict=True))
        made.append(
            Candidate(
                Point.from_pixels(x, y, size), Box.from_pixels(*spot.box, size), round(score, 4)
            )
        )
    return made


def _sureness(chosen: list[tuple[float, Ranked]]) -> float:
    """Return the best score, less where the next one is close.

    How far apart two things may lie that belong together is not known: where only one lies so,
    a distance does not count.
    """
    (weight, best), rivals = chosen[0], chosen[1:]
    margin = 1 - rivals[0][0] / weight if rivals else 1.0
    score = best.score
    if 0 < best.lies < ALONE:
        score *= 1 + (ALONE / best.lies - 1) * min(1.0, margin / CLEAR)
    score *= 0.6 + 0.4 * min(1.0, margin / 0.1)
    return min(score, SUREST)
