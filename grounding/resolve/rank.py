"""Ranks the places that may be meant by all that is said of them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..calibration import Calibration
from ..query import POINTING, Query, Reading, Relation, Target
from ..query.thesaurus import alternatives
from ..types import Box, Candidate, Point
from .bands import aside, banded, closeness
from .board import Board, board_of
from .counting import DIRECTIONS, counted, reading_order
from .extremes import extremes
from .fields import LEAST_ROLE
from .fits import look_fit, placed, size_fit
from .geometry import relation_fit
from .mentions import mentioned
from .roles import FIELDS, MARKS, role_fit
from .spot import Spot, middle, same
from .spots import crossings, spots_of
from .tables import find_tables
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
MOST_ANCHORS = 6
LEAST_ANCHOR = 0.45
LEAST_HEAD = 0.7
# How well things lie inside, in the column of or below a heading that stand in one frame with it.
UNDER = {"inside": 1.0, "column": 1.0, "below": 0.8}
RIVAL_ANCHOR = 0.8  # of the best anchor's score: what fits less is another thing
# Places that fit at least this share of the best one are counted by "second", "last" ...
COUNTED = 0.8
OTHERS = 0.85  # of the score of the one that was counted to
ALONE, CLEAR = 0.9, 0.3  # how well the only thing lies; the margin that makes it the only one
STEPS = 0.95  # a list may hold what is no step
SURE_ROLE = 0.92  # where enough fit a role like this, only they are counted
EXACT = FIELDS | MARKS | {"tab"}
# Verbs that say what to do on the screen, not what a control does.
TELLING = POINTING | {"type", "enter", "put", "fill", "open", "select", "choose", "go", "set"}
# Where something of the kind asked for is called so, other things count less.
OTHER_KIND = 0.8
# A relation is so likely meant that no icon is called like the whole.
RELATED = 0.95
# A role alone, "Form", is likelier a name.
UNNAMED = 0.8

# Below the first nothing fits well, below the second not even what is called so and lies elsewhere;
# how likely other words mean the same, or words in any order.
DOUBTFUL, DISTANT, OTHERWISE, MENTIONED = 0.75, 0.5, 0.85, 0.9
_QUOTED = re.compile("[\"'“”‘`«]\\S")

# Fitted on 733 answers on generated pages: how often a score like this was right. Above the cap a
# higher score says no more.
CONFIDENCE = Calibration(1.26, -0.18)
SUREST = 0.9


@dataclass(frozen=True)
class Ranked:
    """A spot and how well all fits."""

    spot: Spot
    score: float
    lies: float = 1.0  # the part of the score that says how it lies


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
    told = reading.target.relations or reading.target.places
    outright = ranked.spot.match >= SHOWN and not ranked.spot.icon
    return DISTANT if told or outright else DOUBTFUL


def _loosely(board: Board, query: Query) -> list[tuple[float, Ranked]]:
    """Return what fits in other words: names put another way, then words in any order."""
    found: list[tuple[float, Ranked]] = []
    for reading in query.readings:
        for text in alternatives(reading.target.text):
            if not all(word in board.vocabulary for word in words(text)):
                continue
            other = replace(reading, target=replace(reading.target, text=text))
            best = [one for one in _read(board, other, False) if not one.spot.icon][:1]
            found += [(OTHERWISE * one.score * reading.prior, one) for one in best]
    if not any(weight >= DOUBTFUL for weight, _ in found):
        found += [
            (MENTIONED * score, Ranked(spot, score)) for spot, score in mentioned(board, query)
        ]
    return found


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


def rank(board: Board, target: Target, *, anchor: bool = False) -> list[Ranked]:
    """Return the places that fit a target, best first. Anchors are words rather than fields."""
    if anchor and target == Target(role="table"):
        return [Ranked(Spot(box, middle(box), "table", 1.0), 1.0) for box in find_tables(board)]
    if target.extreme:
        named = rank(board, Target(target.text), anchor=True) if target.text else []
        heads = [one.spot for one in named if one.score >= LEAST_HEAD]
        return [Ranked(spot, SUREST) for spot in extremes(board, target, heads)]
    spots = spots_of(board, target)
    if target.role == "text" or (anchor and not target.role):
        spots = [spot for spot in spots if not spot.label]
    if target.role and not target.text and any(r.anchor.extreme for r in target.relations):
        sure = [spot for spot in spots if role_fit(target.role, spot.role) >= SURE_ROLE]
        spots = sure or spots
    anchors = [
        (relation, rank(board, relation.anchor, anchor=True)[:MOST_ANCHORS])
        for relation in target.relations
    ]
    for relation, others in anchors:
        if relation.kind == "row" and others:
            spots = spots + crossings(board, spots, others[0].spot, target.role)
    if not target.text and len(anchors) == 1:
        relation, others = anchors[0]
        if relation.kind in DIRECTIONS and others:
            near = _counted_from(board, target, spots, others[0], relation.kind)
            if near or target.ordinal:
                return near
    distinct = _distinct(_scored(board, target, spots, anchors))
    if target.ordinal and not target.text and target.role in EXACT:
        # Others may look alike, but are not counted where there are true ones.
        true = [one for one in distinct if one.spot.role == target.role]
        distinct = true or distinct
    return _numbered(distinct, target.ordinal, board.line)


def _scored(
    board: Board, target: Target, spots: list[Spot], anchors: list[tuple[Relation, list[Ranked]]]
) -> list[Ranked]:
    """Return how well spots fit all that is said of a target, best first."""
    # A worse name is not made up for by a better role: where one fits, near twins count less.
    fitting = [spot for spot in spots if role_fit(target.role, spot.role) >= LEAST_ROLE]
    exact = target.role in EXACT | {"field", "toggle", "icon"}
    top = max((spot.match for spot in (exact and fitting) or spots), default=1.0)
    alike = [spot for spot in spots if spot.match >= COUNTED * top]
    rivals = alike if target.text else []
    parted = any(place.region == "part" for place in target.places)
    rivals = fitting if parted else rivals
    kind = [spot for spot in alike if spot in fitting]
    made: list[Ranked] = []
    for spot in spots:
        score = spot.match * min(1.0, spot.match / top) ** 2
        score *= role_fit(target.role, spot.role) * look_fit(board, target, spot)
        if exact and fitting and spot not in fitting:
            score *= OTHER_KIND
        if target.size:
            score *= size_fit(target.size, spot, spots)
        lies = math.prod(placed(board, place, spot, rivals) for place in target.places)
        for relation, others in anchors:
            if score * lies:
                lies *= _related(board, relation, spot, others, kind)
        made.append(Ranked(spot, min(score * lies, 1.0), lies))
    return sorted(made, key=lambda one: (-one.score, one.spot.box[1], one.spot.box[0]))


def _related(
    board: Board, relation: Relation, spot: Spot, others: Iterable[Ranked], rivals: list[Spot]
) -> float:
    """Return how well a spot lies to the best of its anchors, among rivals that are alike."""
    best = 0.0
    known = list(others)
    least = max(LEAST_ANCHOR, RIVAL_ANCHOR * known[0].score) if known else 0.0
    for other in known:
        own = spot.number == other.spot.number >= 0 and not spot.icon
        if relation.anchor.role == "money" and own:
            return other.score**0.5  # the button that says the price
        if other.score < least or own or same(spot, other.spot):
            continue
        fit = relation_fit(relation.kind, spot.box, other.spot.box, board.line)
        if relation.kind in UNDER and (weight := UNDER[relation.kind]) > fit:
            fit = max(fit, weight * board.together(spot.box, other.spot.box))
        if relation.anchor.extreme:
            fit = max(fit, board.carded(spot.box, other.spot.box))
        for among in (banded, aside):
            fit = max(fit, among(board, relation.kind, spot, other.spot, rivals))
        if relation.kind == "near" and fit:
            fit *= closeness(board, spot, other.spot, rivals)
        best = max(best, fit * other.score**0.5)
    return best


def _distinct(ranked: list[Ranked]) -> list[Ranked]:
    kept: list[Ranked] = []
    for one in ranked:
        if not any(same(one.spot, other.spot) for other in kept):
            kept.append(one)
    return kept


def _one_thing(board: Board, one: Spot, two: Spot) -> bool:
    """Tell whether two spots are one place, or a control and the words that name it."""
    named = board.labels.get(two.number, -2) == one.number or (
        board.labels.get(one.number, -2) == two.number
    )
    return named or same(one, two)


def _numbered(ranked: list[Ranked], ordinal: int, line: float) -> list[Ranked]:
    """Put the place that an ordinal counts to first; if there are not so many, nothing is there."""
    if not ordinal or not ranked:
        return ranked
    best = ranked[0].score
    counted = [one for one in ranked if one.score >= COUNTED * best]
    ordered = [counted[at] for at in reading_order([one.spot.box for one in counted], line)]
    if abs(ordinal) > len(ordered):
        return []
    meant = ordered[ordinal - 1 if ordinal > 0 else ordinal]
    others = (one for one in ranked if one is not meant)
    return [meant, *(replace(one, score=min(one.score, OTHERS * meant.score)) for one in others)]


def _counted_from(
    board: Board, target: Target, spots: list[Spot], anchor: Ranked, side: str
) -> list[Ranked]:
    """Put first what is so many steps from an anchor; [] if there are not so many."""
    fits = [
        (spot, role_fit(target.role, spot.role) * look_fit(board, target, spot)) for spot in spots
    ]
    for least in (SURE_ROLE, LEAST_ROLE):
        near = counted([s for s, fit in fits if fit >= least], anchor.spot, side, board.line)
        wanted = target.ordinal or 1
        if len(near) >= abs(wanted):
            meant = near[wanted - 1 if wanted > 0 else wanted]
            score = STEPS * anchor.score**0.5 * dict(fits)[meant]
            others = [Ranked(spot, OTHERS * score) for spot in near if spot is not meant]
            return [Ranked(meant, min(score, 1.0)), *others]
    return []


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
