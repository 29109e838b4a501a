"""Instructions that say where on the screen the target stands or what it is, and absent ones."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from .relations import Derived, derived
from .screens import (
    ABSENT,
    STANDS,
    KnownScreen,
    Thing,
    folded,
    height,
    middle,
    share_in_row,
    speakable,
)
from .screenspot import PixelBox
from .wording import (
    CORNERS,
    PLACES,
    ROLE_WORDS,
    SIDES,
    asked,
    quoted,
    spoken_role,
    with_name,
    with_role,
    without_name,
)

Cell = tuple[int, int]
# An icon may stand for these without a word on the screen.
_ICONS = """
search menu close settings setting setup home house user users profile account accounts
admin notification notifications alert alerts message messages mail email inbox chat comment
comments calendar date cart shop edit delete remove trash add new create plus minus more
options back next previous prev forward up down left right expand collapse toggle theme dark
light mode download upload save print share link links copy paste cut undo redo play pause
stop volume fullscreen maximize minimize refresh reload sync filter sort list grid view help
info about language english star favorite like love bookmark lock unlock login logout sign
phone call video camera image images photo picture gallery file files folder folders
document documents map location chart charts table tables dashboard graph send attach
attachment emoji code github facebook twitter google linkedin instagram bold italic heading
headings quote tools top bottom first last index modules clock time history
"""
ICON_WORDS = frozenset(_ICONS.split())


def thirds(box: PixelBox, size: tuple[int, int]) -> Cell:
    """Return in which column and row of thirds the middle of a box lies."""
    x, y = middle(box)
    return min(2, int(3 * x / size[0])), min(2, int(3 * y / size[1]))


def positions(screen: KnownScreen, rng: random.Random) -> Iterator[Derived]:
    """Yield what can be said of things by their place on the screen."""
    for thing in screen.things:
        yield from _in_corner(screen, thing, rng)
        if not speakable(thing.name):
            continue
        own = screen.place_in(thing)
        if own is None:
            continue
        others = [p.box for p in screen.places(thing.name) or () if p is not own]
        how = "equals" if others else "besides"
        for place in _places_of(own.box, others, screen.size):
            text = f"{with_name(thing, own, rng)} {rng.choice(PLACES[place])}"
            yield derived(thing, "position", how, asked(text, thing.role, rng))
        if others and all(_apart(own.box, box) for box in others):
            yield from _order_of_two(thing, own.box, others, rng)


def _places_of(own: PixelBox, others: Sequence[PixelBox], size: tuple[int, int]) -> list[Cell]:
    """Return the places of the screen where, clearly, only the first of equal words stands."""
    at = _clear_cell(own, size)
    shared = [
        (
            _may_be_there(middle(box)[0] / size[0], at[0]),
            _may_be_there(middle(box)[1] / size[1], at[1]),
        )
        for box in others
    ]
    found: list[Cell] = []
    if at[0] != 1 and at[1] != 1 and not any(across and down for across, down in shared):
        found.append(at)
    if at[1] != 1 and not any(down for _, down in shared):
        found.append((1, at[1]))
    if at[0] != 1 and not any(across for across, _ in shared):
        found.append((at[0], 1))
    return found


def _clear_cell(box: PixelBox, size: tuple[int, int]) -> Cell:
    """Return the cell of a box; near the border of two cells, the middle one."""
    x, y = (place / side for place, side in zip(middle(box), size, strict=True))
    across, down = (0 if at < 0.28 else 2 if at > 0.72 else 1 for at in (x, y))
    return across, down


def _may_be_there(at: float, side: int) -> bool:
    return at < 0.42 if side == 0 else at > 0.58 if side == 2 else True


def _apart(one: PixelBox, two: PixelBox) -> bool:
    return share_in_row(one, two) == 0


def _order_of_two(
    thing: Thing, own: PixelBox, others: Sequence[PixelBox], rng: random.Random
) -> Iterator[Derived]:
    """Like "the upper Save", "the lowest Save"."""
    y = middle(own)[1]
    rest = [middle(box)[1] for box in others]
    two = len(others) == 1
    if y < min(rest):
        word = rng.choice(("upper", "topmost") if two else ("topmost", "uppermost"))
    elif y > max(rest):
        word = rng.choice(("lower", "bottom") if two else ("lowest", "bottommost"))
    else:
        return
    text = f"the {word} {quoted(thing.name, rng)}"
    yield derived(thing, "position", "equals", asked(text, thing.role, rng))


def _in_corner(screen: KnownScreen, thing: Thing, rng: random.Random) -> Iterator[Derived]:
    """Like "the button in the top right corner": nothing stands between it and the corner."""
    cell = thirds(thing.box, screen.size)
    if (
        cell not in CORNERS
        or thing.role not in ROLE_WORDS
        or not _last_before_corner(screen, thing.box, cell)
    ):
        return
    role = without_name(thing, screen.place_in(thing), rng)
    text = f"the {role} {rng.choice(CORNERS[cell])}"
    yield derived(thing, "position", "corner", asked(text, thing.role, rng))


def _last_before_corner(screen: KnownScreen, box: PixelBox, cell: Cell) -> bool:
    """Tell whether the screen is plain from a box to the nearer sides, and the sides are near."""
    wide, tall = screen.size
    x1, y1, x2, y2 = (round(side) for side in box)
    across = (0, x1 - 2) if cell[0] == 0 else (x2 + 2, wide)
    down = (0, y1 - 2) if cell[1] == 0 else (y2 + 2, tall)
    if across[1] - across[0] > 0.12 * wide or down[1] - down[0] > 0.12 * tall:
        return False
    strips = (
        screen.pixels[y1:y2, max(0, across[0]) : max(0, across[1])],
        screen.pixels[max(0, down[0]) : max(0, down[1]), x1:x2],
        screen.pixels[
            max(0, down[0]) : max(0, down[1]), max(0, across[0]) : max(0, across[1])
        ],
    )  # fmt: skip
    return all(_plain(strip) for strip in strips)


def _plain(pixels: np.ndarray) -> bool:
    """Tell whether an area shows nothing but straight borders."""
    if not pixels.size:
        return True
    grey = pixels.astype(np.int16).mean(axis=2)
    busy = np.abs(np.diff(grey, axis=0)) > 12
    across = np.abs(np.diff(grey, axis=1)) > 12
    # A border crosses the whole area, so its edges fill whole rows or columns.
    rows = busy.mean(axis=1) if busy.size else np.zeros(1)
    columns = across.mean(axis=0) if across.size else np.zeros(1)
    return bool(
        ((rows < 0.01) | (rows > 0.95)).all() and ((columns < 0.01) | (columns > 0.95)).all()
    )


def roles(screen: KnownScreen, rng: random.Random) -> Iterator[Derived]:
    """Yield things by name and role; other words of that name are no controls, by their looks."""
    for thing in screen.things:
        if not speakable(thing.name) or thing.role not in ROLE_WORDS:
            continue
        places = screen.places(thing.name)
        own = screen.place_in(thing)
        if (
            spoken_role(thing, own) == ()
            or places is None
            or (own is None and thing.role in ("link", "button", "tab", "menuitem"))
        ):
            continue
        if own is None:  # a field, whose label stands elsewhere
            how = "field"
            if len(places) != 1:
                continue
        else:
            others = [place for place in places if place is not own]
            how = "equals" if others else "once"
            # A heading is no control; nor, but for links, are words within a longer line.
            plain = [
                height(p.box) >= 1.35 * height(own.box) or (not p.alone and thing.role != "link")
                for p in others
            ]
            if not all(plain):
                continue
        yield derived(thing, "role", how, asked(with_role(thing, rng), thing.role, rng))


def absent(
    screen: KnownScreen, others: Sequence[Thing], rng: random.Random, count: int
) -> Iterator[Derived]:
    """Yield requests for things of other pages whose names stand nowhere on this screen."""
    anchors = [t for t in screen.things if speakable(t.name) and screen.named_once(t)]
    made = 0
    for thing in rng.sample(others, min(len(others), 8 * count)):
        if made == count:
            return
        if not nowhere(screen, thing.name):
            continue
        made += 1
        text, how = with_role(thing, rng), "plain"
        if anchors and rng.random() < 0.25:
            anchor = quoted(rng.choice(anchors).name, rng)
            side = rng.choice(SIDES[rng.choice(list(SIDES))])
            text = f"{with_name(thing, None, rng)} {side} {anchor}"
            how = "beside"
        image = screen.things[0].target.image
        target = replace(
            thing.target,
            image=image,
            box=None,
            also_ok=(),
            kind="absent",
            instruction=asked(text, thing.role, rng),
        )
        yield Derived(target, how)


def nowhere(screen: KnownScreen, name: str) -> bool:
    """Tell whether a name is of no row of a screen, and its words do not stand there."""
    words = set(folded(name).split())
    if words & ICON_WORDS or any(words & set(folded(t.name).split()) for t in screen.things):
        return False
    return screen.likeness(name) < ABSENT and all(
        screen.likeness(word) < STANDS for word in words if len(word) > 2
    )
