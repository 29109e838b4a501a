"""Instructions that say how the target lies to something else: relations and counts."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

from .screens import (
    KnownScreen,
    Thing,
    height,
    holds,
    middle,
    overlap,
    share_in_column,
    share_in_row,
    speakable,
    width,
)
from .screenspot import PixelBox, Target
from .wording import (
    COUNTS,
    ENTRIES,
    IN_ROW,
    NEXT,
    ROLE_WORDS,
    SIDES,
    asked,
    quoted,
    with_name,
    without_name,
)

_FIELDS = ("textbox", "combobox", "spinbutton")
_TOGGLES = ("checkbox", "radio", "switch")
_OPPOSITE = {"right": "left", "left": "right", "below": "above", "above": "below"}


@dataclass(frozen=True)
class Derived:
    """An instruction made of a screen's rows; ``how`` names the rule that made it."""

    target: Target
    how: str


def derived(thing: Thing, kind: str, how: str, instruction: str) -> Derived:
    """Return a row that asks for a thing in other words."""
    return Derived(replace(thing.target, kind=kind, instruction=instruction), how)


def relations(screen: KnownScreen, rng: random.Random) -> Iterator[Derived]:
    """Yield what can be said of things by their neighbours."""
    anchors = [t for t in screen.things if speakable(t.name) and screen.named_once(t)]
    for thing in screen.things:
        yield from _by_neighbour(screen, thing, anchors, rng)
        yield from _by_label(screen, thing, rng)
        if speakable(thing.name):
            yield from _among_equals(screen, thing, anchors, rng)
            yield from _besides_name(screen, thing, anchors, rng)


def side_of(one: PixelBox, two: PixelBox) -> str | None:
    """Return on which side of the second box the first stands, in its row or column."""
    if overlap(one, two):
        return None
    if share_in_row(one, two) >= 0.6:
        return "right" if one[0] > two[0] else "left"
    if share_in_column(one, two) >= 0.6:
        return "below" if one[1] > two[1] else "above"
    return None


def gap(one: PixelBox, two: PixelBox, side: str) -> float:
    """Return the pixels between two boxes, of which the first stands on a side of the second."""
    return {
        "right": one[0] - two[2],
        "left": two[0] - one[2],
        "below": one[1] - two[3],
        "above": two[1] - one[3],
    }[side]


def adjacent(screen: KnownScreen, one: PixelBox, two: PixelBox) -> str | None:
    """Return on which side the first box stands right beside the second.

    No control of their size, no row and no text fits or stands between them.
    """
    side = side_of(one, two)
    if side is None or not _alike(one, two, side):
        return None
    room = min(width(one), width(two)) if side in ("left", "right") else height(one)
    room = min(room, height(one), height(two))
    if not -3 <= gap(one, two, side) <= 0.8 * room:
        return None
    between = _between(one, two, side)
    others = [t.box for t in screen.things if t.box not in (one, two)]
    crowd = [*others, *(box for _, box in screen.lines)]
    return None if any(holds(between, middle(box)) for box in crowd) else side


def _alike(one: PixelBox, two: PixelBox, side: str) -> bool:
    """Tell whether two boxes beside each other are of about one height, or one width."""
    if side in ("left", "right"):
        return min(height(one), height(two)) >= 0.5 * max(height(one), height(two))
    return min(width(one), width(two)) >= 0.5 * max(width(one), width(two))


def _between(one: PixelBox, two: PixelBox, side: str) -> PixelBox:
    x1, x2 = max(one[0], two[0]), min(one[2], two[2])
    y1, y2 = max(one[1], two[1]), min(one[3], two[3])
    if side in ("left", "right"):
        return min(one[2], two[2]), y1, max(one[0], two[0]), y2
    return x1, min(one[3], two[3]), x2, max(one[1], two[1])


def _by_neighbour(
    screen: KnownScreen, thing: Thing, anchors: list[Thing], rng: random.Random
) -> Iterator[Derived]:
    """Like "the button right of Docs": the target is not named, and stands beside what is."""
    for anchor in anchors:
        side = adjacent(screen, thing.box, anchor.box)
        if side is None or _next(screen, anchor, side) is not thing:
            continue
        what = f"the {without_name(thing, screen.place_in(thing), rng)}"
        name = quoted(anchor.name, rng)
        if rng.random() < 0.5:
            text = f"{what} {rng.choice(SIDES[side])} {name}"
        else:
            text = f"{what} {rng.choice(NEXT[side]).format(name)}"
        yield derived(thing, "relation", "neighbour", asked(text, thing.role, rng))


def _by_label(screen: KnownScreen, thing: Thing, rng: random.Random) -> Iterator[Derived]:
    """Like "the field below Email": the label stands once on the screen, beside the target."""
    places = screen.places(thing.name) or ()
    if thing.role not in _FIELDS + _TOGGLES or len(places) != 1 or not speakable(thing.name):
        return
    label = places[0].box
    side = side_of(thing.box, label)
    near = 3 * height(label)
    if side is None or not 0 <= gap(thing.box, label, side) <= near:
        return
    if any(share_in_row(other.box, label) > 0.3 and _closer(other, thing, label, side)
           for other in screen.things):  # fmt: skip
        return
    role = rng.choice(ROLE_WORDS[thing.role])
    text = f"the {role} {rng.choice(SIDES[side])} {quoted(thing.name, rng)}"
    yield derived(thing, "relation", "label", asked(text, thing.role, rng))


def _closer(other: Thing, thing: Thing, label: PixelBox, side: str) -> bool:
    return other is not thing and 0 <= gap(other.box, label, side) < gap(thing.box, label, side)


def _among_equals(
    screen: KnownScreen, thing: Thing, anchors: list[Thing], rng: random.Random
) -> Iterator[Derived]:
    """Like "Delete in the row of Alice": the name stands elsewhere, too, but not so."""
    places = screen.places(thing.name) or ()
    own = screen.place_in(thing)
    if own is None or len(places) < 2:
        return
    others = [place.box for place in places if place is not own]
    for anchor in anchors:
        if anchor.name == thing.name or overlap(anchor.box, thing.box):
            continue
        side = side_of(thing.box, anchor.box)
        far = 0.5 * screen.size[0] if side in ("left", "right") else 8 * height(own.box)
        if side is None or gap(own.box, anchor.box, side) > far:
            continue
        if not _only_one_there(own.box, others, anchor.box, side):
            continue
        name = quoted(anchor.name, rng)
        what = with_name(thing, own, rng)
        if side in ("left", "right") and rng.random() < 0.6:
            text = f"{what} {rng.choice(IN_ROW).format(name)}"
        else:
            text = f"{what} {rng.choice(SIDES[side])} {name}"
        yield derived(thing, "relation", "equals", asked(text, thing.role, rng))


def _only_one_there(own: PixelBox, others: list[PixelBox], anchor: PixelBox, side: str) -> bool:
    """Tell whether of equal words only one stands in the anchor's row, or on that side of it."""
    if side in ("left", "right"):
        return not any(share_in_row(box, anchor) > 0 for box in others)
    sign = 1 if side == "below" else -1
    return not any(sign * (middle(box)[1] - middle(anchor)[1]) > 0 for box in others)


def _besides_name(
    screen: KnownScreen, thing: Thing, anchors: list[Thing], rng: random.Random
) -> Iterator[Derived]:
    """Like "Save right of Cancel": the name would do, and the relation is true."""
    if not screen.named_once(thing):
        return
    near = [(anchor, adjacent(screen, thing.box, anchor.box)) for anchor in anchors]
    sides = [(anchor, side) for anchor, side in near if side]
    if sides:
        anchor, side = rng.choice(sides)
        what = with_name(thing, screen.place_in(thing), rng)
        text = f"{what} {rng.choice(SIDES[side])} {quoted(anchor.name, rng)}"
        yield derived(thing, "relation", "besides", asked(text, thing.role, rng))


def ordinals(screen: KnownScreen, rng: random.Random) -> Iterator[Derived]:
    """Yield what can be said of things by counting."""
    for thing in screen.things:
        if speakable(thing.name):
            yield from _nth_of_name(screen, thing, rng)
            yield from _nth_below(screen, thing, rng)
    yield from _nth_beside(screen, rng)


def _nth_of_name(screen: KnownScreen, thing: Thing, rng: random.Random) -> Iterator[Derived]:
    """Like "the second Save": every place of the name is a line of its own, in reading order."""
    places = screen.places(thing.name) or ()
    own = screen.place_in(thing)
    if own is None or not 2 <= len(places) <= len(COUNTS) or not all(p.alone for p in places):
        return
    number = places.index(own)
    name = quoted(thing.name, rng)
    count = rng.choice(COUNTS[number])
    if number == len(places) - 1 and rng.random() < 0.4:
        count = "last"
    yield derived(thing, "ordinal", "name", asked(f"the {count} {name}", thing.role, rng))


def _nth_below(screen: KnownScreen, thing: Thing, rng: random.Random) -> Iterator[Derived]:
    """Like "the third item under General": the lines between stand at equal distances."""
    own = screen.place_in(thing)
    if own is None:
        return
    others = [t.box for t in screen.things if t.role != thing.role]
    column = [
        (text, box)
        for text, box in screen.lines
        if share_in_column(box, own.box) >= 0.5 and box[1] < own.box[1] - 0.5 * height(own.box)
    ][::-1]
    capitals = screen.line_at(own.box).isupper()
    for number in (1, 2, 3):
        if len(column) <= number:
            return
        text, between = column[number - 1]
        # A line in capitals is the heading of other entries, not one of them.
        if text.isupper() != capitals or any(holds(box, middle(between)) for box in others):
            return
        text, anchor = column[number]
        steps = [own.box, *(box for _, box in column[: number + 1])]
        aligned = abs(anchor[0] - own.box[0]) <= 3 * height(own.box)
        once = len(screen.places(text) or ()) == 1
        if aligned and once and screen.well_read(text) and _even(steps):
            side = rng.choice(SIDES["below"])
            entry = thing.role not in _FIELDS + _TOGGLES
            item = rng.choice(ENTRIES) if entry else without_name(thing, own, rng)
            what = f"the {rng.choice(COUNTS[number])} {item} {side} {quoted(text, rng)}"
            yield derived(thing, "ordinal", "below", asked(what, thing.role, rng))


def _even(steps: list[PixelBox]) -> bool:
    """Tell whether boxes, from the lowest, stand like the entries of a list under the last one."""
    distances = [
        middle(lower)[1] - middle(upper)[1] for lower, upper in zip(steps, steps[1:], strict=False)
    ]
    pitch, last = distances[0], distances[-1]
    tall = height(steps[0])
    return (
        1.9 * tall <= pitch <= 4.5 * tall  # lines of one paragraph stand closer
        and all(abs(step - pitch) <= 0.15 * pitch for step in distances[:-1])
        and 0.6 * pitch <= last <= 1.8 * pitch
        and all(abs(height(box) - tall) <= 0.35 * tall for box in steps)
    )


def _nth_beside(screen: KnownScreen, rng: random.Random) -> Iterator[Derived]:
    """Like "the second link right of Home": one adjacent to the next, of one role."""
    for anchor in screen.things:
        if not (speakable(anchor.name) and screen.named_once(anchor)):
            continue
        for side in ("right", "left"):
            chain = [anchor]
            while step := _next(screen, chain[-1], side):
                chain.append(step)
            for number in range(2, min(len(chain), 4)):
                thing = chain[number]
                if len({t.role for t in chain[1 : number + 1]}) > 1:
                    break
                item = without_name(thing, screen.place_in(thing), rng)
                name = quoted(anchor.name, rng)
                what = f"the {rng.choice(COUNTS[number - 1])} {item}"
                text = f"{what} {rng.choice(SIDES[side])} {name}"
                yield derived(thing, "ordinal", "beside", asked(text, thing.role, rng))


def _next(screen: KnownScreen, thing: Thing, side: str) -> Thing | None:
    beside = [t for t in screen.things if adjacent(screen, t.box, thing.box) == side]
    return beside[0] if len(beside) == 1 else None
