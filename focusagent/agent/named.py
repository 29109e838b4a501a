"""What words name: quoted names in them, and cells of a table by column and row."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from .closer import read_closely
from .pixels import rulings
from .tables import Cell, cell_in, find_table

if TYPE_CHECKING:
    from .eyes import Seen

_CELL = re.compile(
    r"(?:the )?(.+?) (?:of|for|in (?:the )?(?:row|line)(?: of| with| for)?) (?:the )?(.+)",
    re.IGNORECASE,
)
IN_ROW = re.compile(r"\bin (?:the )?(?:row|line)\b", re.IGNORECASE)
_KIND = re.compile(r"\s+(?:cell|field|column|value|box|checkbox|entry)$", re.IGNORECASE)


def quotes(words: str) -> list[str]:
    """The quoted names inside words."""
    return [part.replace('""', '"') for part in re.findall(r'"((?:[^"]|"")+)"', words)]


def sole_quote(words: str) -> str | None:
    """The name, where words are one quoted name and nothing else."""
    found = re.fullmatch(r'(?:the )?"((?:[^"]|"")+)"', words.strip())
    return found[1].replace('""', '"') if found else None


def cell_named(seen: Seen, words: str) -> Cell | None:
    """The cell that words such as `status of 2042` or `Total in the row of "Ada"` name."""
    found = _CELL.fullmatch(words.strip())
    if found is None:
        return None
    column, row = (part.strip().strip('"') for part in found.groups())
    table = find_table(table_cells(seen))
    return cell_in(table, column, row) or cell_in(table, _KIND.sub("", column).strip('"'), row)


def cells_of(seen: Seen) -> list[Cell]:
    """The lines of text of a screen."""
    return [Cell(text, box) for text, box in seen.texts()]


def table_cells(seen: Seen) -> list[Cell]:
    """The lines of text of a screen; one that reaches over the rulings of a table is several."""
    return [cell for line in cells_of(seen) for cell in _cut(seen, line)]


def _cut(seen: Seen, line: Cell) -> list[Cell]:
    x1, y1, x2, y2 = line.box
    edges = [x1, *rulings(seen.image, line.box), x2]
    if len(edges) == 2:
        return [line]
    boxes = [(a + 1, y1, b - 1, y2) for a, b in pairwise(edges)]
    read = ((read_closely(seen.image, box, y2 - y1).text, box) for box in boxes)
    return [Cell(text, box) for text, box in read if text]
