"""Ranks the places that may be meant by all that is said of them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..query import Relation, Target
from .bands import aside, banded, closeness
from .board import Board
from .counting import DIRECTIONS, counted, reading_order
from .extremes import extremes
from .fields import LEAST_ROLE
from .fits import look_fit, placed, size_fit
from .geometry import relation_fit
from .roles import FIELDS, MARKS, role_fit
from .spot import Spot, middle, same
from .spots import crossings, spots_of
from .tables import find_tables

MOST_ANCHORS = 6
LEAST_ANCHOR = 0.45
LEAST_HEAD = 0.7
# How well things lie inside, in the column of or below a heading that stand in one frame with it.
UNDER = {"inside": 1.0, "column": 1.0, "below": 0.8}
RIVAL_ANCHOR = 0.8  # of the best anchor's score: what fits less is another thing
# Places that fit at least this share of the best one are counted by "second", "last" ...
COUNTED = 0.8
OTHERS = 0.85  # of the score of the one that was counted to
STEPS = 0.95  # a list may hold what is no step
SURE_ROLE = 0.92  # where enough fit a role like this, only they are counted
EXACT = FIELDS | MARKS | {"tab"}
# Where something of the kind asked for is called so, other things count less.
OTHER_KIND = 0.8
# Nothing is surer than this.
SUREST = 0.9


@dataclass(frozen=True)
class Ranked:
    """A spot and how well all fits."""

    spot: Spot
    score: float
    lies: float = 1.0  # the part of the score that says how it lies


def rank(board: Board, target: Target, *, anchor: bool = False) -> list[Ranked]:
    """Return the places that fit a target, best first. Anchors are words rather than fields."""
    if anchor and target == Target(role="table"):
        return [Ranked(Spot(box, middle(box), "table", 1.0), 1.0) for box in find_tables(board)]
    if target.extreme:
        return _extreme(board, target)
    spots = _spots(board, target, anchor=anchor)
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


def _extreme(board: Board, target: Target) -> list[Ranked]:
    """Return the values that are the most, or the least, of what a target names."""
    named = rank(board, Target(target.text), anchor=True) if target.text else []
    heads = [one.spot for one in named if one.score >= LEAST_HEAD]
    return [Ranked(spot, SUREST) for spot in extremes(board, target, heads)]


def _spots(board: Board, target: Target, *, anchor: bool) -> list[Spot]:
    """Return the places that fit the name or the role of a target."""
    spots = spots_of(board, target)
    if target.role == "text" or (anchor and not target.role):
        spots = [spot for spot in spots if not spot.label]
    if target.role and not target.text and any(r.anchor.extreme for r in target.relations):
        sure = [spot for spot in spots if role_fit(target.role, spot.role) >= SURE_ROLE]
        spots = sure or spots
    return spots


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
        if relation.anchor.extreme and any(one.number == other.spot.number for one in rivals):
            return math.sqrt(other.score) if own else 0.0  # the button that says the price
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
