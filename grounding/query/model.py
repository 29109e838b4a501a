"""The meaning of an instruction: readings of it, each a target among others on a screen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """A part of the screen: sides (top, bottom, left, right, middle) and what lies there.

    ``region`` is "" for the screen itself, else header, footer, sidebar, menu, toolbar or dialog.
    """

    sides: tuple[str, ...] = ()
    region: str = ""


@dataclass(frozen=True)
class Target:
    """One thing on a screen, as somebody describes it; what was not said is empty.

    ``text`` is what it shows or is called, ``role`` one of `Element`, or "toggle" (any kind of
    box to tick), "field" (anything to fill in), "textarea", "container", or something drawn:
    "shape", "circle", "triangle", "rectangle", "letter", "digit". ``size`` is small or large.
    ``ordinal`` counts from 1 in reading order, or from -1 backwards. ``extreme`` is most or least:
    of values named ``text``, or of ``role``, which is value, money, duration or date.
    """

    text: str = ""
    role: str = ""
    colour: str = ""
    size: str = ""
    ordinal: int = 0
    places: tuple[Place, ...] = ()
    relations: tuple[Relation, ...] = ()
    extreme: str = ""


@dataclass(frozen=True)
class Relation:
    """How the target lies to something else.

    ``kind`` is left, right, above, below, near, inside, row (on one line with it), column or
    entry (in its row, or close to it).
    """

    kind: str
    anchor: Target


@dataclass(frozen=True)
class Reading:
    """One way to understand an instruction, and how likely it is (0..1) before a screen is seen.

    A literal reading takes words for the name of a control that could mean something else.
    """

    target: Target
    prior: float
    literal: bool = False


@dataclass(frozen=True)
class Query:
    """An instruction and its readings, the likeliest first."""

    instruction: str
    readings: tuple[Reading, ...]
