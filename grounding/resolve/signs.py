"""Icons that are written: letters and marks that stand alone where an icon would be drawn."""

from __future__ import annotations

from .board import Board
from .spot import Spot, middle, pixels_of
from .words import words

SIGN = 0.8
# Icons that are often written as a sign, and the words people have for them.
WRITTEN = {
    "⋮:;¦…": frozenset(
        {"three", "dots", "vertical", "more", "menu", "kebab", "options", "actions"}
    ),
    "›>→»▸►": frozenset({"next", "right", "forward", "chevron"}),
    "‹<←«": frozenset({"previous", "prev", "left", "back", "chevron"}),
    "×✕": frozenset({"close", "dismiss", "cross", "x"}),
    "+": frozenset({"plus", "add", "increase", "more"}),
    "−-–": frozenset({"minus", "decrease", "less", "subtract"}),
}
# What signs mean that are drawn as often as they are written.
SIGNS = {"x": "close", "X": "close", "×": "close", "+": "add", "?": "help", "⋮": "more"}
SIGNS |= {"...": "more", "…": "more", "☰": "menu", "<": "previous", ">": "next", "⚙": "settings"}


def sign_spots(board: Board, text: str) -> list[Spot]:
    """Return the letters and marks that stand alone where an icon of a name would be drawn."""
    wanted = set(words(text)) - {"icon", "button", "arrow", "sign", "symbol"}
    meant = [signs for signs, names in WRITTEN.items() if wanted and wanted <= names]
    spots = []
    for number, element in enumerate(board.elements):
        if len(element.text) == 1 and any(element.text in signs for signs in meant):
            box = pixels_of(board, number)
            spots.append(Spot(box, middle(box), "icon", SIGN, number, icon=True))
    return spots
