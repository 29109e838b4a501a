"""Finds what is meant where no grammar fits: by the words of an instruction that a screen shows.

Every word that says something must be accounted for: by the name of the place itself, in whatever
order, or by words close to it. "See all the alerts" is "Show all alerts", "the PDF of the $120
invoice" is the PDF beside $120; "log in with Twitter" is nothing where no Twitter stands.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

from ..query import Query
from ..query.lexicon import ARTICLES, REGIONS, ROLES, SIDES, VERBS, word_set
from ..query.looks import COLOURS, VAGUE
from ..query.nouns import ENTRIES
from ..query.thesaurus import alternatives, meanings
from .board import Board
from .geometry import place_fit, relation_fit
from .roles import CLICKABLE
from .spot import Spot, same
from .spots import ICON, MOST_ICON, element_spots, icon_spots
from .words import slips, words

_LONGEST = 12  # words of a name; more are a sentence
_LEAST_WHOLE, _LEAST_CONTEXT = 0.6, 0.74  # shares of a name that must be said
_LEAST_SCORE = 0.62
_LEAST_DRAWN = 0.35
_MOST_NAMES = 4
_STOP = ARTICLES | word_set(
    "i me you he she him her we us they them what which who that this there here is are was be am "
    "been do does did can will would could should may must have has had it's that's to of in on at "
    "by for from with as and or so but if then into onto out up down off over under not no please "
    "just only also than when where how again very really now's got need needs want wants like "
    "take make let go get give put something somebody someone everything anything thing one ones"
)
# Beside the verbs that the grammar knows.
_ACTS = word_set(
    "jump switch stop set tell say says said look read write insert change bring keep hide "
    "remove add turn drop move call typing using entering writing called named titled happens "
    "works"
)
_RELATING = word_set(
    "under below beneath underneath above over beside near between after before behind following "
    "within inside left right"
)
_SAID = {"stop": 0.0, "act": 0.15, "frame": 0.25, "word": 1.0}
_AMONG = 0.5
_OWN = {"stop": 0.1, "act": 1.0, "frame": 1.0, "word": 1.0}
_WRITTEN = 0.95  # what is only written is likelier a place's name than the place
_FRAME_FIT = 0.7  # how well words that only say where or what kind are accounted for
_SHORT, _LONG = 5, 9
_RARE, _MOST_RARE, _AHEAD = 0.9, 2, 0.93
_LATER = 0.93  # what is wanted is said before what it belongs to
_ALIKE, _TIED = 0.97, 0.75


@dataclass(frozen=True)
class _Mention:
    """A place, the positions of the words that name it, and how much of its name they say."""

    spot: Spot
    said: frozenset[int]
    whole: float


def mentioned(board: Board, query: Query) -> list[tuple[Spot, float]]:
    """Return the places whose names account for an instruction, and how well, best first."""
    said = words(query.instruction)
    weights = _weights(query.instruction, said)
    asked = meanings(said)
    for positions in asked.values():
        if len(positions) > 1:  # "log me out": its small words say something
            for position in positions:
                weights[position] = max(weights[position], _AMONG)
    if not sum(weights):
        return []
    named = _named(board, said, asked)
    named += _drawn(board, said, weights, named)
    around = [*named, *_rare(board, said, weights)]
    parts = list(accumulate(word == "and" for word in said))
    first = min((min(mention.said) for mention in named), default=0)
    where = {at for at, word in enumerate(said) if word in SIDES or (word,) in REGIONS}
    scored = [
        (
            mention.spot,
            _score(board, mention, around, weights, parts)
            * (1.0 if first in mention.said else _LATER)
            * _placed(board, query, mention, where),
        )
        for mention in named
        if not _anchor(said, min(mention.said))
    ]
    scored.sort(key=lambda item: -item[1])
    best = [item for item in scored if item[1] >= _LEAST_SCORE]
    return _untied(best)


def _weights(instruction: str, said: Sequence[str]) -> list[float]:
    """Return how much each word says; capitals within a sentence begin a name."""
    written = re.findall(r"\w+", instruction)
    named = [
        at > 0 and written[at : at + 1] != [] and written[at][0].isupper()
        for at in range(len(said))
    ]
    kinds = [_kind(word) for word in said]
    named = [name and kind != "stop" for name, kind in zip(named, kinds, strict=True)]
    return [1.0 if name else _SAID[kind] for name, kind in zip(named, kinds, strict=True)]


def _placed(board: Board, query: Query, mention: _Mention, where: set[int]) -> float:
    """Return how well a place lies where an instruction says, if its name does not say it."""
    if mention.said & where:
        return 1.0
    places = {place for reading in query.readings for place in reading.target.places}
    fits = (place_fit(place, mention.spot.box, board.size) for place in places)
    return max(fits, default=1.0)


@cache
def _kind(word: str) -> str:
    if word in _STOP:
        return "stop"
    if word in _ACTS or (word,) in VERBS:
        return "act"
    frames = (ROLES, REGIONS, ENTRIES)
    if word in SIDES or word in COLOURS or word in VAGUE or any((word,) in some for some in frames):
        return "frame"
    return "word"


def _anchor(said: Sequence[str], at: int) -> bool:
    """Tell whether words only say what something else lies to: "under the heading X"."""
    while at and said[at - 1] in ARTICLES:
        at -= 1
    if at > 1 and said[at - 1] == "of":
        return said[at - 2] in _RELATING or said[at - 2] == "front"
    return bool(at and said[at - 1] in _RELATING)


def _named(board: Board, said: Sequence[str], asked: dict[int, set[int]]) -> list[_Mention]:
    """Return the elements whose words an instruction says, and what they label."""
    found: list[_Mention] = []
    for number, element in enumerate(board.elements):
        own = words(element.text)
        if not 0 < len(own) <= _LONGEST:
            continue
        positions, known = _shared(said, asked, own)
        weights = [_OWN[_kind(word)] if len(word) > 1 else 0.3 for word in own]
        if not known or not sum(weights):
            continue
        whole = sum(weights[place] for place in known) / sum(weights)
        if whole >= _LEAST_WHOLE:
            spots = element_spots(board, number, 1.0, whole=whole > _LEAST_CONTEXT)
            found += [_Mention(spot, frozenset(positions), whole) for spot in spots]
    return found


def _rare(board: Board, said: Sequence[str], weights: Sequence[float]) -> list[_Mention]:
    """Return what says a word that hardly anything else says: what belongs to it stands near."""
    found: list[_Mention] = []
    for position, word in enumerate(said):
        numbers = {number for number, _ in board.vocabulary.get(word, ())}
        if weights[position] < _SAID["word"] or not 0 < len(numbers) <= _MOST_RARE:
            continue
        for number in numbers:
            spot = element_spots(board, number, 1.0, whole=True)[0]
            found.append(_Mention(spot, frozenset((position,)), _RARE))
    return found


def _shared(
    said: Sequence[str], asked: dict[int, set[int]], own: Sequence[str]
) -> tuple[set[int], set[int]]:
    """Return the positions of the words that two texts share, in each of them."""
    positions: set[int] = set()
    known: set[int] = set()
    for place, word in enumerate(own):
        for position, other in enumerate(said):
            if _alike(word, other):
                positions.add(position)
                known.add(place)
    for group, places in meanings(own).items():
        if group in asked:
            positions |= asked[group]
            known |= places
    return positions, known


@cache
def _alike(one: str, two: str) -> bool:
    """Tell whether two words are the same, but for a plural or a slip."""
    if one == two or one.removesuffix("s") == two.removesuffix("s"):
        return True
    if min(len(one), len(two)) < _SHORT:
        return False
    most = 2 if len(one) >= _LONG else 1
    return abs(len(one) - len(two)) <= most and slips(one, two, most) <= most


def _drawn(
    board: Board, said: Sequence[str], weights: Sequence[float], named: Sequence[_Mention]
) -> list[_Mention]:
    """Return the icons that runs of words mean which are no name of anything else."""
    taken = {position for mention in named for position in mention.said}
    runs: list[list[int]] = []
    for position, weight in enumerate(weights):
        if position in taken or not weight:
            continue
        if runs and all(said[at] in ARTICLES for at in range(runs[-1][-1] + 1, position)):
            runs[-1].append(position)
        else:
            runs.append([position])
    return [
        _Mention(spot, frozenset(run), (spot.match - ICON) / (MOST_ICON - ICON))
        for run in runs
        for name in _names(said, run)
        for spot in icon_spots(board, name, _LEAST_DRAWN)
    ]


def _names(said: Sequence[str], run: Sequence[int]) -> list[str]:
    """Return what an icon may be called: these words, what says most of them, other words."""
    whole = " ".join(said[at] for at in run)
    short = " ".join(said[at] for at in run if _kind(said[at]) != "frame")
    return list(dict.fromkeys((whole, *(short,) * bool(short), *alternatives(short)[:_MOST_NAMES])))


def _score(
    board: Board,
    mention: _Mention,
    others: Sequence[_Mention],
    weights: Sequence[float],
    parts: Sequence[int],
) -> float:
    """Return how well a place accounts for all that is said, with what lies around it.

    What an "and" parts from it, ``parts``, is another thing: "Laptop and Headset" are two.
    """
    total = explained = 0.0
    own = {parts[position] for position in mention.said}
    near = [
        ({position for position in other.said - mention.said if parts[position] in own}, fit)
        for other in others
        if other.whole >= _LEAST_CONTEXT and not same(other.spot, mention.spot)
        and (fit := other.whole * _close(board, mention.spot, other.spot))
    ]  # fmt: skip
    for position, weight in enumerate(weights):
        total += weight
        if position in mention.said:
            explained += weight
            continue
        around = max((fit for positions, fit in near if position in positions), default=0.0)
        framed = _FRAME_FIT if weight == _SAID["frame"] else 0.0
        explained += weight * max(around, framed)
    clickable = mention.spot.role in CLICKABLE or mention.spot.icon or mention.spot.label
    share = math.sqrt(mention.whole) * explained / total
    return share if clickable else _WRITTEN * share


def _close(board: Board, spot: Spot, words: Spot) -> float:
    """Return how surely words belong to a place: in its row, beside it, at the head of its card."""
    box, other, line = spot.box, words.box, board.line
    fits = (
        relation_fit("row", box, other, line),
        relation_fit("near", box, other, line),
        0.8 * relation_fit("inside", box, other, line),
        board.together(box, other),
    )
    # One row may hold several cards; what closes or folds one stands at the end of its heading.
    ahead = _AHEAD if spot.icon and box[2] <= other[0] else 1.0
    return ahead * max(fits) * (0.8 + 0.2 * board.carded(box, other))


def _untied(found: list[tuple[Spot, float]]) -> list[tuple[Spot, float]]:
    """Return what was found, the best one unsure if another place fits as well."""
    if not found:
        return []
    (first, score), rest = found[0], found[1:]
    rivals = [spot for spot, other in rest if other > _ALIKE * score and not same(spot, first)]
    return [(first, score * (_TIED if rivals else 1.0)), *rest]
