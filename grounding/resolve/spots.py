"""Places that may be meant, before it is asked how they lie: by their words, icon or role."""

from __future__ import annotations

import math
import re
from dataclasses import replace

from ..query import Target
from ..reader.alphabet import OTHER, character_of, class_of
from ..reader.reader import Found
from ..types import Box
from .board import Board
from .deeds import deed_of, done_by, shown_by
from .fields import LEAST_ROLE, beside, chooser, one_of, only, past_hints, sharing
from .figures import FIGURES
from .roles import CLICKABLE, FIELDS, MARKS, role_fit
from .signs import SIGNS, sign_spots
from .spot import Spot, middle, pixels_of, trust
from .words import case_fit, lacking, letters, misspelt, number_fit, other_form, read_alike, words

# A match is the root of the reader's score. Below these it is chance; short names need more.
LEAST_MATCH = 0.65
LEAST_SHORT, SHORT = 0.75, 4
# A name found well makes looking for misspelt or scattered ones needless.
GOOD_MATCH = 0.85
LEAST_LACKING = 0.8  # a name of which a whole word is missing needs as much
MISSPELT = 0.82
LEAST_WELL = 0.75  # a name that nothing fits so well may be a deed and what it is done to
# An icon's score is a chance; as a match it stays below words that say the same.
ICON, MOST_ICON, LEAST_ICON = 0.5, 0.9, 0.12
LEAST_SAID = 0.1  # where an icon is asked for
LEAST_PLACED = 0.02  # and where it is said how it lies
LEAST_NAMED, LEAST_SENTENCE = 0.45, 0.7  # where it is called by several words
_LINKED = re.compile(r"\b(with|by|of|from|in|as)\b")
PART = 0.93  # the words asked for are only part of what the element says
PART_OF_LABEL = 0.8
SHOWN = 0.9  # what a field shows that has a label of its own is not what it is called
LEAST_SCATTERED = 0.75
CROSSING, CROSSING_FIELD = 0.82, 0.9
UNREAD, LEAST_UNREAD = 0.7, 0.4
# "Delete this file", "search for something": the words before an article.
_DEED = re.compile(
    r"(\w+(?: \w+)?) (?:the|this|that|these|a|an|my|your|some\w*|any\w*|every\w*|all)\b", re.I
)
_DATED = re.compile(r"\d{2}|[$€£]")
WRITTEN_OUT = 0.6
LESS_SAID, LONGEST_DEED = 0.9, 5


def spots_of(board: Board, target: Target) -> list[Spot]:
    """Return the places that fit a target's name, or its role if there is no name."""
    text, role = target.text, target.role
    if not text:
        looks = target.colour or target.size or role in FIGURES
        return role_spots(board, role) + (figure_spots(board, role) if looks else [])
    found = text_spots(board, text)
    if role == "file":
        found += chooser(board, found)
    elif role in FIELDS or role in MARKS or role in ("field", "toggle"):
        found += beside(board, found, role) + past_hints(board, found, role)
        found += one_of(board, text, role)
        if not found and role not in MARKS and role != "toggle":
            found = sharing(board, text, role) or only(board, role)
        if role in FIELDS | {"field"} and not _any_is(role, found):
            found += chooser(board, found)
    least = LEAST_SAID if role == "icon" else LEAST_ICON
    if role == "icon" and (target.relations or target.places):
        least = LEAST_PLACED
    if role == "icon":  # "the cart icon" is no button that says "Add to cart"
        found = [replace(spot, match=spot.match * _drawn(board, spot)) for spot in found]
    if role not in ("icon", "button") and len(text.split()) > 1 and not target.ordinal:
        # A sentence of a name and more is likelier something written that is not there.
        least = LEAST_SENTENCE if _LINKED.search(text) else LEAST_NAMED
    found += icon_spots(board, text, least)
    if (deed := deed_of(text)) and role not in FIELDS | MARKS and not _well(found):
        shown = text_spots(board, deed) + icon_spots(board, deed, LEAST_SAID)
        found = done_by(board, deed, shown, role) or found
    return found


def _drawn(board: Board, spot: Spot) -> float:
    """Return how likely something that is only words is called an icon."""
    element = board.elements[spot.number] if spot.number >= 0 else None
    return WRITTEN_OUT if element is not None and element.text and not element.icon else 1.0


def _any_is(role: str, found: list[Spot]) -> bool:
    """Tell whether some place may be of a role."""
    return any(role_fit(role, spot.role) >= LEAST_ROLE for spot in found)


def _well(found: list[Spot]) -> bool:
    """Tell whether some place fits well."""
    return any(spot.match >= LEAST_WELL for spot in found)


def text_spots(board: Board, text: str) -> list[Spot]:
    """Return where a name stands, and the controls that it names from beside."""
    least = LEAST_SHORT if len(letters(text)) <= SHORT else LEAST_MATCH
    spots = []
    for place in board.find(text):
        match = place.score**0.5
        if match >= least or (match >= LEAST_MATCH and _said(board, text, place)):
            spots += _read(board, text, place, match)
    if not any(spot.match >= GOOD_MATCH for spot in spots):
        for number in misspelt(text, board.vocabulary):
            spots += element_spots(board, number, MISSPELT, whole=True)
        spots += _scattered(board, text)
        spots += _unread(board, text)
    return spots


def _said(board: Board, text: str, place: Found) -> bool:
    """Tell whether an element says this very name there, though its line says more."""
    number = board.owner(*middle(place.box.to_pixels(board.size)))
    return number >= 0 and letters(board.elements[number].text) == letters(text)


def crossings(board: Board, named: list[Spot], row: Spot, role: str) -> list[Spot]:
    """Return the cells where the columns under some words cross the row of a spot.

    If a control was asked for, only such a control is one.
    """
    x1, y1, x2, y2 = row.box
    wanted = role in FIELDS | MARKS | {"field", "toggle", "textarea"}
    spots = []
    for head in named:
        left, _, right, foot = head.box
        if head.role in FIELDS | MARKS or head.icon or foot > y1 - 0.3 * board.line + 1:
            continue
        for number, box in enumerate(board.boxes.tolist()):
            level = abs(box[1] + box[3] - y1 - y2) <= 1.2 * board.line
            apart = box[2] <= x1 or x2 <= box[0]
            under = min(right, box[2]) - max(left, box[0]) > 0.3 * min(
                right - left, box[2] - box[0]
            )
            kind = board.elements[number].role
            if level and apart and under and (not wanted or role_fit(role, kind) >= LEAST_ROLE):
                cell = pixels_of(board, number)
                sure = CROSSING_FIELD if kind in FIELDS | MARKS else CROSSING
                spots.append(Spot(cell, middle(cell), kind, sure * head.match, number))
    return spots


def _unread(board: Board, text: str) -> list[Spot]:
    """Return what is written in letters the reader does not know, if the name is, too."""
    unknown = sum(letter.isalnum() and class_of(letter) == OTHER for letter in text)
    if 2 * unknown <= len(text):
        return []
    spots = []
    for line in board.screen.lines():
        if not line.unknown_script and 3 * line.text.count(character_of(OTHER)) < len(line.text):
            continue
        box = line.box.to_pixels(board.size)
        number = board.owner(*middle(box))
        signs = (box[2] - box[0]) / max(line.height, 1.0)  # such letters are as wide as high
        match = UNREAD * math.exp(-abs(math.log(max(signs, 0.3) / len(text))))
        if match >= LEAST_UNREAD:
            role = board.elements[number].role if number >= 0 else "text"
            spots.append(Spot(box, middle(box), role, match, number, tall=line.height))
    return spots


def _scattered(board: Board, text: str) -> list[Spot]:
    """Return where most words of a long name stand, in whatever order, close to each other."""
    wanted = set(words(text))
    if len(wanted) < 4:
        return []
    total = sum(map(len, wanted))
    here: dict[int, set[str]] = {}
    for word in wanted:
        for number, _ in board.vocabulary.get(word, ()):
            here.setdefault(number, set()).add(word)
    spots = []
    for number, own in here.items():
        box = board.boxes[number]
        wide, tall = 6 * board.line, 2 * board.line
        around = [
            said for other, said in here.items()
            if board.boxes[other][0] < box[2] + wide and box[0] - wide < board.boxes[other][2]
            and board.boxes[other][1] < box[3] + tall and box[1] - tall < board.boxes[other][3]
        ]  # fmt: skip
        together = set().union(*around)
        share = sum(map(len, together)) / total
        share *= number_fit(" ".join(sorted(wanted)), " ".join(sorted(together)))
        if share >= LEAST_SCATTERED and 3 * sum(map(len, own)) >= total:
            spots += element_spots(board, number, GOOD_MATCH * share, whole=True)
    return spots


def _read(board: Board, text: str, place: Found, match: float) -> list[Spot]:
    """Return the spots of a place that the reader found."""
    longest = max(place.parts, key=lambda part: part.x2 - part.x1)
    box, inner = place.box.to_pixels(board.size), longest.to_pixels(board.size)
    point = ((inner[0] + inner[2]) / 2, (inner[1] + inner[3]) / 2)
    number = board.owner(*point)
    if number < 0:
        return [Spot(box, point, "text", match, tall=inner[3] - inner[1])]
    element = board.elements[number]
    fit = case_fit(text, place.text) * number_fit(text, place.text)
    match *= fit
    alike = read_alike(text, place.text, element.text)
    if alike:
        match = max(match, (alike + 0.05 * match) * fit)
    elif other_form(text, element.text) or (match < LEAST_LACKING and lacking(text, element.text)):
        return []
    whole = len(letters(text)) >= 0.75 * len(letters(element.text))
    spots = element_spots(board, number, match, whole=whole)
    for part in place.parts[:-1]:  # the first line of a long name may be a label
        x1, y1, x2, y2 = part.to_pixels(board.size)
        other = board.owner((x1 + x2) / 2, (y1 + y2) / 2)
        if other not in (-1, number):
            spots += element_spots(board, other, match, whole=True)[1:]
    loose = element.role in ("text", "link") and not whole
    around = box if loose else spots[0].box
    first = replace(spots[0], box=around, point=point, tall=inner[3] - inner[1])
    return [first, *spots[1:]]


def element_spots(board: Board, number: int, match: float, *, whole: bool) -> list[Spot]:
    """Return an element as a spot, and what it labels."""
    element = board.elements[number]
    box = pixels_of(board, number)
    own = match * (1.0 if whole else PART)
    if element.role in FIELDS and number in board.labels:
        own *= SHOWN
    spots = [Spot(box, middle(box), element.role, own, number)]
    for control in board.named_by.get(number, ()) if element.role != "link" or whole else ():
        there = pixels_of(board, control)
        fit = match * (1.0 if whole else PART_OF_LABEL) * trust(board, control)
        role = board.elements[control].role
        spots.append(Spot(there, middle(there), role, fit, control, label=True))
    return spots


def icon_spots(board: Board, text: str, least: float) -> list[Spot]:
    """Return the icons that mean a name, if that is as likely as ``least``."""
    spots = sign_spots(board, text)
    if _DATED.search(text):  # no icon means a date or an amount
        return spots
    shown = shown_by(board, SIGNS.get(text, text))
    deed = _DEED.match(text)  # an icon shows what is done, seldom to what
    if deed and len(text.split()) <= LONGEST_DEED:
        shown = shown + [(box, score * LESS_SAID) for box, score in board.drawn(deed[1])]
    for box, score in shown:
        if score >= least:
            spots.append(_icon(board, box, ICON + (MOST_ICON - ICON) * score))
    return spots


def _icon(board: Board, box: Box, match: float) -> Spot:
    """Return an icon as a spot: the whole button where it stands alone in one."""
    here = box.to_pixels(board.size)
    point = middle(here)
    number = board.owner(*point)
    if number < 0:
        return Spot(here, point, "icon", match, icon=True)
    element = board.elements[number]
    alone = not element.text and element.role in CLICKABLE - FIELDS
    around = pixels_of(board, number) if alone else here
    role = element.role if alone and element.role not in MARKS else "icon"
    return Spot(around, point, role, match, number, icon=True)


def figure_spots(board: Board, role: str) -> list[Spot]:
    """Return what is drawn and may be asked for by its looks."""
    return [
        Spot(figure.box, middle(figure.box), figure.kind, 1.0, tall=figure.box[3] - figure.box[1])
        for figure in board.figures
        if role_fit(role, figure.kind) >= LEAST_ROLE
    ]


def role_spots(board: Board, role: str) -> list[Spot]:
    """Return every element of a role."""
    spots: list[Spot] = []
    if role in ("container", "table", "row", "column", "menu"):
        return spots  # no element has such a role
    for number, element in enumerate(board.elements):
        fit = role_fit(role, element.role)
        if role == "icon" and element.role == "button" and element.text:
            continue
        if role and fit >= LEAST_ROLE:
            box = pixels_of(board, number)
            spots.append(Spot(box, middle(box), element.role, trust(board, number), number))
    if role == "icon" and board.icons is not None:
        owned = {spot.number for spot in spots}
        drawn = (_icon(board, box, 0.95) for box in board.icons.boxes)
        spots += [spot for spot in drawn if spot.number < 0 or spot.number not in owned]
    return spots
