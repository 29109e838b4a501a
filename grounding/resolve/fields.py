"""Fields and boxes to tick that are meant by words beside them, or by none."""

from __future__ import annotations

import re

from .bands import parted
from .board import Board
from .geometry import label_fit, relation_fit
from .roles import MARKS, role_fit
from .spot import Spot, middle, pixels_of
from .words import slips, words

LEAST_ROLE = 0.84
BESIDE, LEAST_BESIDE = 0.9, 0.55
FACING = 0.85  # how well a control lies at the other end of its name's row
CHOOSER = 1.1  # that a field for files is called by words beside it is likelier than not
ONE_OF = 0.8
PAST_HINT, _HINT = 0.85, 1.6  # and lines from a label to the hint under it, at most
ONLY = 0.5
SHARING, LEAST_SHARE = 0.5, 0.4
LONG_WORD = 5

_COUNTED = re.compile(r"\b(\d{1,2}) of (\d{1,2})\b")


def beside(board: Board, found: list[Spot], role: str) -> list[Spot]:
    """Return controls of a role that lie to their name as usual, though other words are closer."""
    spots = []
    top = max((spot.match for spot in found), default=1.0)
    for name in (spot for spot in found if spot.role == "text"):
        for number, element in enumerate(board.elements):
            if role_fit(role, element.role) < LEAST_ROLE:
                continue
            box = pixels_of(board, number)
            if element.role in MARKS:
                kinds = ("left", "right")
                fit = max(relation_fit(kind, box, name.box, board.line) for kind in kinds)
            else:
                fit = label_fit(box, name.box, board.line)
            if fit < FACING and facing(board, name, number):
                fit = FACING
            if fit >= LEAST_BESIDE:
                # "Password" is not "Password confirmation", however close that one stands.
                match = BESIDE * name.match * fit * min(1.0, name.match / top) ** 2
                spots.append(Spot(box, middle(box), element.role, match, number, label=True))
    return spots


def chooser(board: Board, found: list[Spot]) -> list[Spot]:
    """Return the buttons or fields on the rows of names: they choose the files that are called so.

    What only says the same, the heading of a column, comes after them.
    """
    spots = []
    for name in (spot for spot in found if spot.role == "text"):
        for number, element in enumerate(board.elements):
            if role_fit("file", element.role) >= LEAST_ROLE and facing(board, name, number):
                box = pixels_of(board, number)
                match = CHOOSER * name.match
                spots.append(Spot(box, middle(box), element.role, match, number, label=True))
    return spots


def facing(board: Board, name: Spot, number: int) -> bool:
    """Tell whether a control stands at the far end of a name's row, with nothing between them."""
    box = pixels_of(board, number)
    x1, y1, x2, y2 = name.box
    level = box[1] - board.line <= (y1 + y2) / 2 <= box[3] + board.line
    if not level or box[0] < x2 or parted(board, box, name.box):
        return False
    left, top, right, foot = board.boxes.T
    between = (left < box[0]) & (right > x2 + 1) & (left > x1) & (top < y2) & (foot > y1)
    return not between.any()


def past_hints(board: Board, found: list[Spot], role: str) -> list[Spot]:
    """Return fields under a name and one line that explains it: label, hint, field."""
    spots = []
    named = [spot for spot in found if spot.role == "text"]
    for number, hint in board.labels.items() if named else ():
        element = board.elements[number]
        if role_fit(role, element.role) < LEAST_ROLE or element.role in MARKS:
            continue
        box, between = pixels_of(board, number), pixels_of(board, hint)
        for name in named:
            gap = (between[1] - name.box[3]) / board.line
            shift = max(abs(one[0] - name.box[0]) for one in (box, between)) / board.line
            if -0.3 <= gap <= _HINT and shift <= 1 and between[3] <= box[1] + 0.3 * board.line:
                match = PAST_HINT * name.match
                spots.append(Spot(box, middle(box), element.role, match, number, label=True))
    return spots


def sharing(board: Board, text: str, role: str) -> list[Spot]:
    """Return fields that share words with a name: by what they show, or by their label.

    A list shows what is chosen in it, "Hide counter", not what it is called, "Counter mode".
    """
    wanted = set(words(text))
    total = sum(map(len, wanted))
    spots = []
    for number, element in enumerate(board.elements):
        if role_fit(role, element.role) >= LEAST_ROLE:
            label = board.labels.get(number)
            said = set(words(element.text))
            said |= set(words(board.elements[label].text)) if label is not None else set()
            share = sum(len(word) for word in wanted if _said(word, said)) / max(total, 1)
            if share >= LEAST_SHARE:
                box = pixels_of(board, number)
                match = SHARING + (1 - SHARING) * share
                spots.append(Spot(box, middle(box), element.role, match, number, label=True))
    return spots


def only(board: Board, role: str) -> list[Spot]:
    """Return the only field of a role if nothing names it: it may be called anything."""
    fields = [n for n, e in enumerate(board.elements) if role_fit(role, e.role) >= 1]
    if len(fields) != 1 or fields[0] in board.labels:
        return []
    box = pixels_of(board, fields[0])
    return [Spot(box, middle(box), board.elements[fields[0]].role, ONLY, fields[0], label=True)]


def _said(word: str, said: set[str]) -> bool:
    """Tell whether a word is among others, perhaps badly read."""
    if word in said or len(word) < LONG_WORD:
        return word in said
    return any(len(other) >= LONG_WORD - 1 and slips(word, other, 1) <= 1 for other in said)


def one_of(board: Board, text: str, role: str) -> list[Spot]:
    """Return the field that "Digit 2 of 6" means: the second of six alike side by side."""
    said = _COUNTED.search(text)
    if said is None or role not in ("textbox", "field"):
        return []
    wanted, many = int(said[1]), int(said[2])
    rows: dict[int, list[int]] = {}
    for number in range(len(board.elements)):
        x1, y1, x2, y2 = board.boxes[number]
        if y2 - y1 > 1.2 * board.line and x2 - x1 > 1.2 * board.line:
            rows.setdefault(round((y1 + y2) / 8), []).append(number)
    spots = []
    for row in rows.values():
        if len(row) == many and 1 <= wanted <= many:
            number = sorted(row, key=lambda one: float(board.boxes[one][0]))[wanted - 1]
            box = pixels_of(board, number)
            spots.append(Spot(box, middle(box), "textbox", ONE_OF, number))
    return spots
