"""Instructions for generated screens, as people phrase them, and what each of them means there.

Relations, counts, positions, roles and most of what is absent are phrased as the evaluation does
(`focusagent.evaluation.relations`, `.places`, `.wording`); here are names as they are, loosely or
badly spelt, icons by what they show, colours, bare counts, and near misses that are not there.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .._siblings import grounding
from ..evaluation import places, relations
from ..evaluation.relations import Derived, derived
from ..evaluation.screens import ABSENT, Place, Thing, folded, in_reading_order, speakable
from ..evaluation.screenspot import Target
from ..evaluation.wording import COUNTS, ROLE_WORDS, asked, quoted, with_name, with_role
from . import words
from .icon_texts import held_out_phrases, is_held_out
from .instructions_screen import LabelledScreen, alike

if TYPE_CHECKING:
    from grounding.training.pages import LabelledPage  # noqa: TID251 - a type only

KINDS = (
    "name", "click", "loose", "misspelt", "icon", "relation", "ordinal", "position", "role",
    "visual", "absent",
)  # fmt: skip
# Things that show their own name, and those whose label stands beside them.
_WRITTEN = ("button", "link", "tab", "menuitem")
_LABELLED = ("textbox", "combobox", "checkbox", "radio", "switch")
_COUNTED = ("checkbox", "radio", "switch", "tab", "textbox", "combobox")
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink")
# How well a colour's name must fit the one thing that is meant, and may fit all others.
_COLOUR_FITS, _COLOUR_FAILS = 0.8, 0.3
# What icons of a word in their name are asked for as, besides.
_CALLED = {
    "trash": ("delete", "remove"), "delete": ("remove",), "pencil": ("edit",), "edit": ("change",),
    "gear": ("settings",), "cog": ("settings", "preferences"), "magnify": ("search", "find"),
    "search": ("find",), "house": ("home",), "home": ("start page",), "bell": ("notifications",),
    "person": ("profile", "account"), "account": ("profile",), "user": ("profile",),
    "envelope": ("mail", "messages"), "mail": ("email",), "email": ("mail",), "x": ("close",),
    "close": ("dismiss",), "floppy": ("save",), "download": ("save to disk",), "heart": ("like",),
    "star": ("favourite",), "cart": ("shopping",), "bag": ("shopping",), "lock": ("secure",),
    "phone": ("call",), "telephone": ("call",), "camera": ("take a photo",), "printer": ("print",),
    "reload": ("refresh",), "refresh": ("reload",), "funnel": ("filter",), "filter": ("narrow",),
    "calendar": ("date",), "clock": ("time",), "eye": ("show", "view"), "chat": ("messages",),
    "share": ("send to others",), "link": ("copy the address",), "map": ("location",),
    "folder": ("directory",), "file": ("document",), "play": ("start",), "wifi": ("network",),
    "battery": ("power",), "fan": ("cooling",), "bluetooth": ("wireless",), "fire": ("hot",),
}  # fmt: skip
# Parts of an icon's name that tell how it is drawn, not what it shows.
_STYLES = frozenset(
    ("fill", "outline", "variant", "off", "alt", "line", "thin", "box", "circle", "square")
)
_MOST_ABSENT = 4


def instructions(page: LabelledPage, seed: str) -> list[Derived]:
    """Return all instructions that a page gives rise to; each means one thing there, or nothing."""
    screen = LabelledScreen(page)
    if not screen.things:
        return []
    rng = random.Random(seed)
    others = _others(rng, str(page.about.get("split", "train")))
    return [
        *_names(screen, rng),
        *_icons(screen, rng),
        *relations.relations(screen, rng),
        *relations.ordinals(screen, rng),
        *_counted(screen, rng),
        *places.positions(screen, rng),
        *places.roles(screen, rng),
        *_visual(screen, rng),
        *places.absent(screen, others, rng, _MOST_ABSENT),
        *_near_misses(screen, rng),
    ]


def choose(made: Sequence[Derived], count: int, rng: random.Random) -> list[Derived]:
    """Choose some instructions, of all kinds alike as far as there are."""
    by_kind: dict[str, list[Derived]] = {}
    for one in rng.sample(list(made), len(made)):
        by_kind.setdefault(one.target.kind, []).append(one)
    chosen: list[Derived] = []
    kinds = rng.sample(sorted(by_kind), len(by_kind))
    while len(chosen) < count and any(by_kind.values()):
        for kind in kinds:
            if by_kind[kind] and len(chosen) < count:
                chosen.append(by_kind[kind].pop())
    return chosen


def meant_by(screen: LabelledScreen, thing: Thing, text: str) -> bool:
    """Tell whether a text stands once on the screen, on a thing or beside it as its label."""
    found = screen.places(text) or ()
    if len(found) != 1:
        return False
    if thing.role in _LABELLED:
        named = [t for t in screen.things if folded(t.name) == folded(thing.name)]
        return named == [thing]
    return thing.role in _WRITTEN and screen.place_in(thing) is not None


def _names(screen: LabelledScreen, rng: random.Random) -> Iterator[Derived]:
    """Yield names as they are, with a verb, loosely and badly spelt."""
    for thing in screen.things:
        if not speakable(thing.name) or not meant_by(screen, thing, thing.name):
            continue
        yield derived(thing, "name", "bare", quoted(thing.name, rng))
        what = with_name(thing, screen.place_in(thing), rng)
        yield derived(thing, "click", "named", asked(what, thing.role, rng))
        loose = _loosely(thing.name, rng)
        if loose != thing.name and meant_by(screen, thing, loose):
            yield derived(thing, "loose", "words", asked(loose, thing.role, rng))
        wrong = _misspelt(thing.name, rng)
        if wrong is not None and _still_means(screen, thing, wrong):
            role = rng.choice(ROLE_WORDS[thing.role])
            text = rng.choice((wrong, f"the {wrong} {role}", f"{wrong} {role}"))
            yield derived(thing, "misspelt", "slip", asked(text, thing.role, rng))


def _loosely(name: str, rng: random.Random) -> str:
    """Return a name as somebody remembers it: no capitals, no marks, only its first words."""
    parts = folded(name).split()
    if len(parts) > 2 and rng.random() < 0.5:
        parts = parts[:2]
    return " ".join(parts)


def _misspelt(name: str, rng: random.Random) -> str | None:
    """Return a name with one slip in a long word; None if it has no long word."""
    parts = name.split()
    long = [number for number, part in enumerate(parts) if len(part) >= 5 and part.isalpha()]
    if not long:
        return None
    number = rng.choice(long)
    word, at = parts[number], rng.randrange(1, len(parts[number]) - 2)
    parts[number] = rng.choice(
        (
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + word[at + 1 :],
            word[: at + 1] + word[at:],
        )
    )
    return None if parts[number] == word else " ".join(parts)


def _still_means(screen: LabelledScreen, thing: Thing, wrong: str) -> bool:
    """Tell whether nothing but a thing's own name resembles a misspelling of it."""
    return not any(
        alike(wrong, text) > 0.5
        for text, _ in screen.windows(wrong)
        if folded(text) != folded(thing.name) and folded(text) not in folded(thing.name)
    )


def _icons(screen: LabelledScreen, rng: random.Random) -> Iterator[Derived]:
    """Yield icons by what they show, and by what else that is called."""
    icons = [thing for thing in screen.things if screen.is_icon(thing)]
    called = {id(thing): _icon_texts(thing.name) for thing in icons}
    for thing in icons:
        others = {text for one in icons if one is not thing for text in called[id(one)]}
        taken = {word for text in others for word in text.split()}
        free = [text for text in called[id(thing)] if not taken & set(text.split())]
        free = [text for text in free if not screen.places(text)]
        if free:
            text = free[0] if rng.random() < 0.6 else rng.choice(free)
            what = rng.choice((f"the {text} icon", f"{text} icon", text, f"the {text} button"))
            yield derived(thing, "icon", "shown", asked(what, "button", rng))


def _icon_texts(name: str) -> list[str]:
    """Return what an icon shows, and what that may be asked for as; never a held-out phrase."""
    parts = [part for part in name.split("-") if part not in _STYLES]
    if not parts:
        return []
    also = [text for part in parts for text in _CALLED.get(part, ())]
    kept_out = held_out_phrases()
    return [" ".join(parts), *(text for text in also if not is_held_out(text, kept_out))]


def _counted(screen: LabelledScreen, rng: random.Random) -> Iterator[Derived]:
    """Like "the second checkbox": things of a role in reading order, all of them whole."""
    for role in _COUNTED:
        mine = [thing for thing in screen.things if thing.role == role]
        if role in screen.cut_roles or len(mine) < 2:
            continue
        order = in_reading_order([Place(thing.box, True) for thing in mine])
        for number, place in enumerate(order):
            thing = next(one for one in mine if one.box == place.box)
            last = number == len(order) - 1 and rng.random() < 0.5
            if number >= len(COUNTS) and not last:
                continue
            count = "last" if last else rng.choice(COUNTS[number])
            what = f"the {count} {rng.choice(ROLE_WORDS[role])}"
            yield derived(thing, "ordinal", "role", asked(what, role, rng))


def _visual(screen: LabelledScreen, rng: random.Random) -> Iterator[Derived]:
    """Like "the red button": no other thing on the screen has that colour."""
    fit = grounding.resolve.colours.colour_fit
    parts = [_pixels(screen, thing) for thing in screen.things]
    for colour in COLOURS:
        fits = [fit(colour, part) for part in parts]
        best = max(range(len(fits)), key=fits.__getitem__)
        thing = screen.things[best]
        rest = [one for number, one in enumerate(fits) if number != best]
        if (
            thing.role == "button"
            and fits[best] >= _COLOUR_FITS
            and all(one <= _COLOUR_FAILS for one in rest)
            and "button" not in screen.cut_roles
        ):
            what = rng.choice((f"the {colour} button", f"{colour} button"))
            yield derived(thing, "visual", "colour", asked(what, thing.role, rng))


def _pixels(screen: LabelledScreen, thing: Thing) -> NDArray[np.uint8]:
    x1, y1, x2, y2 = (round(side) for side in thing.box)
    return screen.pixels[y1:y2, x1:x2]


def _others(rng: random.Random, split: str) -> list[Thing]:
    """Return things of other screens: names and roles, made up."""
    found = []
    for _ in range(8 * _MOST_ABSENT):
        role = rng.choice((*_WRITTEN, *_LABELLED))
        name = words.text(rng, split, rng.choice(("term", "title", "name", "word")))
        if speakable(name):
            found.append(Thing(Target("", "", None, (), "", name, role), name, role, (0, 0, 1, 1)))
    return found


def _near_misses(screen: LabelledScreen, rng: random.Random) -> Iterator[Derived]:
    """Yield requests for names that nearly stand there: a word more, or another word in them."""
    named = [
        thing
        for thing in screen.things
        if speakable(thing.name) and thing.role in ROLE_WORDS and not screen.is_icon(thing)
    ]
    for thing in rng.sample(named, min(len(named), _MOST_ABSENT)):
        parts = thing.name.split()
        other = words.text(rng, "train", "word")
        if len(parts) == 1:
            parts = [*parts, other]
        else:
            parts[rng.randrange(len(parts))] = other
        name = " ".join(parts)
        if screen.places(name) or screen.likeness(other) >= ABSENT:
            continue
        wanted = Thing(thing.target, name, thing.role, thing.box)
        target = replace(
            thing.target,
            box=None,
            also_ok=(),
            kind="absent",
            name=name,
            instruction=asked(with_role(wanted, rng), thing.role, rng),
        )
        yield Derived(target, "near")
