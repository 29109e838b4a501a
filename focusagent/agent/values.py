"""Values on the screen: what a table, a label or a field says, and whether it was read surely."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .closer import read_closely
from .eyes import middle
from .named import cell_named, cells_of, sole_quote
from .pixels import holds
from .spots import CONFIDENT, FIELDS, Spot
from .tables import Cell, alike, beside

if TYPE_CHECKING:
    from .eyes import Seen


@dataclass(frozen=True)
class Value:
    """A value, whether all looks at it agree, and what it may say instead."""

    text: str = ""
    sure: bool = False
    detail: str = ""


def named_value(seen: Seen, words: str) -> Value | None:
    """What a table shows for words such as `Total in the row of "Ada"`; None if it has no such."""
    cell = cell_named(seen, words)
    return _closely(seen, cell, "") if cell is not None and cell.text else None


def value_at(seen: Seen, spot: Spot, words: str) -> Value:
    """The text or value there: inside a control, after a colon, beside a label or below it."""
    cells = cells_of(seen)
    element = seen.element_at(spot.point, FIELDS)
    if element is not None:
        box = seen.pixels(element.box)
        return _joined([_closely(seen, each, "") for each in cells if holds(box, middle(each.box))])
    name = sole_quote(words) or words
    marked = [cell for cell in cells if ":" in cell.text]
    labelled = [said for cell in marked if (said := _said_by(cell, cells, name))]
    if len(labelled) == 1:
        return _closely(seen, labelled[0], name)
    here = [cell for cell in cells if holds(cell.box, spot.point)] or [
        cell for cell in cells if holds(spot.box, middle(cell.box))
    ]
    if not here:
        return Value()
    cell = min(here, key=lambda cell: cell.box[2] - cell.box[0])
    value = _closely(seen, _said_by(cell, cells, name) or cell, name)
    return Value(value.text, value.sure and spot.confidence >= CONFIDENT, value.detail)


def _said_by(label: Cell, cells: Sequence[Cell], name: str) -> Cell | None:
    """The cell with the value of a label of that name; None if it is no such label."""
    head, value = _parted(label.text)
    if not alike(head, name):
        return None
    return label if value else beside(label.box, [each for each in cells if each is not label])


def _closely(seen: Seen, cell: Cell, name: str) -> Value:
    """A cell, looked at more closely, without the label before the colon."""
    reading = read_closely(seen.image, cell.box, cell.box[3] - cell.box[1])
    text = reading.text or cell.text
    head, value = _parted(text)
    text = value if value and alike(head, name) else past_name(name, text)
    if text.endswith(":"):  # a label of something else
        return Value()
    detail = "" if reading.sure else f"it may be {' or '.join(map(repr, reading.looks))}"
    return Value(" ".join(text.split()), reading.sure, detail)


def past_name(name: str, text: str) -> str:
    """What follows a name if it is a number, as in `Peak 2,315`; all of the text if not."""
    first, *rest = text.split(" ", name.count(" ") + 1)
    head = " ".join([first, *rest[:-1]])
    number = bool(rest) and re.fullmatch(r"\W{0,2}\d[\d.,' ]*\W{0,2}\w{0,4}", rest[-1])
    return rest[-1] if number and alike(head, name) else text


def _parted(text: str) -> tuple[str, str]:
    """A label before a colon and what stands after it."""
    head, *rest = re.split(r"\s*[:;=]\s*", text, maxsplit=1)
    return head, rest[0].strip() if rest else ""


def _joined(values: Sequence[Value]) -> Value:
    text = " ".join(value.text for value in values)
    sure = bool(values) and all(value.sure for value in values)
    return Value(text, sure, "; ".join(value.detail for value in values if value.detail))
