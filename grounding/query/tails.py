"""What is said after a thing: where it lies, what it is called, whose it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from .model import Place, Relation, Target
from .nouns import ENTRIES

# Roles of an anchor that name no control.
_FRAMES = ("row", "column", "container", "table", "menu", "control")
# Of these, the ones that hold other things.
_HOLDING = ("row", "column", "container", "table", "menu")
# How something lies to a part of the screen.
ASIDE = ("left", "right", "above", "below", "near", "after", "before")


@dataclass(frozen=True)
class Tail:
    """What stands after a thing; ``name`` is what it says it is called."""

    places: tuple[Place, ...] = ()
    relations: tuple[Relation, ...] = ()
    name: str = ""
    ordinal: int = 0
    row: int = 0  # it counts rows, of a table perhaps
    backwards: bool = False
    owner: Target | None = None  # "of" or "for" something: what that means depends on the head
    loose: bool = False  # what it lies to cannot be found by a name: only for things with a name

    def joined(self, other: Tail) -> Tail:
        """Return both in one."""
        return Tail(
            self.places + other.places,
            self.relations + other.relations,
            self.name or other.name,
            self.ordinal or other.ordinal,
            self.row or other.row,
            self.backwards or other.backwards,
            self.owner or other.owner,
            self.loose or other.loose,
        )


def tail_of(kind: str, anchor: Target) -> Tail | None:
    """Return what a relation to an anchor says about a thing, None if it makes no sense."""
    if anchor.extreme:
        return Tail(relations=(Relation("row" if kind == "row" else "entry", anchor),))
    if kind == "name":
        return Tail(anchor.places, anchor.relations, anchor.text) if anchor.text else None
    if kind == "for":
        return Tail(owner=anchor)
    named = anchor.text or anchor.relations
    if kind in ("inside", "row") and anchor.role == "row":
        if not named:
            number = anchor.ordinal
            return Tail(ordinal=number, row=number) if number else None
        kind = "row"
    elif kind in ("inside", "column") and anchor.role == "column" and named:
        # "In the column X in the row of Y": the thing is in that row, not the heading.
        heading = replace(anchor, role="", relations=())
        return Tail(relations=(Relation("column", heading), *anchor.relations))
    elif kind == "inside" and not named and anchor.role in _FRAMES:
        return Tail(anchor.places)  # "in the list": which one, nobody knows
    if anchor.role == "table" and not named and kind in ASIDE:
        return Tail(relations=(Relation(kind, Target(role="table")),))
    if anchor.role in _FRAMES:
        anchor = replace(anchor, role="")
    return Tail(relations=(Relation(kind, anchor),)) if _says_something(anchor) else None


def _row_like(target: Target) -> bool:
    """Tell whether nothing is said of a thing but which row or entry it is."""
    named = target.text and (target.text.lower(),) not in ENTRIES
    return not named and not target.relations and target.role in ("", "row", "control")


def _says_something(target: Target) -> bool:
    return bool(target.text or target.role or target.colour or target.relations)


def attach(target: Target, tail: Tail) -> Iterator[tuple[float, Target]]:
    """Yield (weight, a thing with what its tail says of it)."""
    owner, weight = tail.owner, 1.0
    if owner is not None and owner.text and owner.role in _HOLDING and not target.text:
        # "the second button of the card Payments"
        inside = tail_of("inside", owner)
        target = replace(target, relations=inside.relations if inside else ())
    elif owner is not None and not target.text:
        # "the checkbox for Terms", "the second of the Save buttons"
        target = replace(
            owner, role=target.role or owner.role, ordinal=target.ordinal or owner.ordinal,
            colour=target.colour or owner.colour, places=target.places + owner.places,
        )  # fmt: skip
    elif owner is not None and owner.ordinal and _row_like(owner):
        target = replace(target, ordinal=owner.ordinal)  # "the action button of the fourth event"
        weight = 0.9
    elif owner is not None:
        if not owner.text:
            return
        frame = replace(owner, role="") if owner.role in _FRAMES else owner
        target = replace(target, relations=(*target.relations, Relation("row", frame)))
        weight = 0.9 if target.role else 0.75
    told = target.text or target.colour or (target.ordinal and target.role not in ("", "control"))
    if (tail.name and target.text) or (tail.loose and not told):
        return
    number = target.ordinal or tail.ordinal
    if tail.row and target.text:  # "the name in the third row": the third one below Name
        below = Relation("below", Target(target.text))
        yield 0.8 * weight, Target(role="control", ordinal=tail.row, relations=(below,))
    made = replace(
        target,
        text=target.text or tail.name,
        ordinal=-abs(number) if tail.backwards else number,
        places=target.places + tail.places,
        relations=target.relations + tail.relations,
    )
    if _says_something(made) or made.ordinal:
        yield weight, made
