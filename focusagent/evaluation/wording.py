"""How people put an instruction: words for verbs, roles, sides and counts, chosen by a seed."""

from __future__ import annotations

import random

from .screens import Place, Thing, height

# What people call a control of a role.
ROLE_WORDS = {
    "button": ("button",),
    "link": ("link",),
    "textbox": ("field", "text field", "input", "text box"),
    "combobox": ("dropdown", "drop-down", "select box"),
    "spinbutton": ("field", "number field"),
    "checkbox": ("checkbox", "check box", "tick box"),
    "radio": ("radio button",),
    "switch": ("switch", "toggle"),
    "tab": ("tab",),
    "menuitem": ("menu item", "item"),
}
_VERBS = {
    "textbox": ("click", "click into", "type into", "focus", "select", ""),
    "spinbutton": ("click", "click into", "change", "set", ""),
    "combobox": ("open", "click", "choose from", "expand", ""),
    "checkbox": ("tick", "check", "toggle", "click", "tick off", ""),
    "switch": ("toggle", "switch on", "click", ""),
    "radio": ("select", "choose", "click", ""),
    "link": ("click", "click on", "open", "go to", "follow", "tap", "select", ""),
    "tab": ("open", "switch to", "click", "select", ""),
}
_ANY_VERBS = ("click", "click on", "press", "tap", "hit", "select", "")
SIDES = {
    "right": ("right of", "to the right of", "on the right of"),
    "left": ("left of", "to the left of", "on the left of"),
    "below": ("below", "under", "underneath", "beneath"),
    "above": ("above", "over", "on top of"),
}
NEXT = {
    "right": ("right next to {}, on its right", "just right of {}", "directly to the right of {}"),
    "left": ("right next to {}, on its left", "just left of {}", "directly to the left of {}"),
    "below": ("right below {}", "directly under {}", "just underneath {}", "right under {}"),
    "above": ("right above {}", "directly above {}", "just above {}", "right over {}"),
}
IN_ROW = ("in the row of {}", "in {}'s row", "in the line of {}", "in the same row as {}")
COUNTS = (
    ("first", "1st"),
    ("second", "2nd"),
    ("third", "3rd"),
    ("fourth", "4th"),
    ("fifth", "5th"),
    ("sixth", "6th"),
)
PLACES = {
    (0, 0): ("at the top left", "in the upper left", "in the top left of the page"),
    (1, 0): ("at the top", "at the top of the screen", "in the upper part of the screen"),
    (2, 0): ("at the top right", "in the upper right", "in the top right of the page"),
    (0, 1): ("on the left", "on the left side", "at the left of the screen"),
    (2, 1): ("on the right", "on the right side", "at the right of the screen"),
    (0, 2): ("at the bottom left", "in the lower left", "in the bottom left of the page"),
    (1, 2): ("at the bottom", "at the bottom of the screen", "in the lower part of the screen"),
    (2, 2): ("at the bottom right", "in the lower right", "in the bottom right of the page"),
}
CORNERS = {
    (0, 0): ("in the top left corner", "in the upper left corner", "top left"),
    (2, 0): ("in the top right corner", "in the upper right corner", "top right"),
    (0, 2): ("in the bottom left corner", "in the lower left corner", "bottom left"),
    (2, 2): ("in the bottom right corner", "in the lower right corner", "bottom right"),
}
NAMED = (
    "the {name} {role}",
    "the {name} {role}",
    "{name} {role}",
    "the {role} {name}",
    "the {role} called {name}",
    "the {role} that says {name}",
    "the {role} labelled {name}",
)
ENTRIES = ("item", "entry", "option", "control")
# Names with such words would be misheard without quotes.
_ORDER_WORDS = frozenset(
    ("in", "of", "on", "at", "to", "right", "left", "top", "bottom", "above", "below", "under")
    + ("over", "next", "first", "second", "third", "last", "row", "column", "link", "button")
    + ("field", "tab", "menu")
)


def quoted(name: str, rng: random.Random) -> str:
    """Return a name, in quotes where it could be misheard, and now and then without need."""
    if _ORDER_WORDS & set(name.lower().split()) or not name[0].isalnum() or rng.random() < 0.3:
        return rng.choice(('"{}"', "'{}'")).format(name) if "'" not in name else f'"{name}"'
    return name


def asked(what: str, role: str, rng: random.Random) -> str:
    """Return a request to use what is described: a verb or none, politeness or none."""
    verb = rng.choice(_VERBS.get(role, _ANY_VERBS))
    text = f"{verb} {what}".strip()
    mood = rng.random()
    if verb and mood < 0.1:
        text = f"please {text}"
    elif verb and mood < 0.15:
        text = f"can you {text}?"
    return text[0].upper() + text[1:] if rng.random() < 0.4 else text


def spoken_role(thing: Thing, written: Place | None) -> tuple[str, ...]:
    """Return what people call such a control; nothing for links that do not look like links.

    A link that is tall beside its text looks like a button or an entry of a menu.
    """
    if thing.role == "link" and written and height(thing.box) > 1.6 * height(written.box):
        return ()
    return ROLE_WORDS.get(thing.role, ())


def with_role(thing: Thing, rng: random.Random) -> str:
    """Return a thing by its name and role, where the role has a name of its own."""
    name = quoted(thing.name, rng)
    words = ROLE_WORDS.get(thing.role)
    if words is None:
        return name
    return rng.choice(NAMED).format(name=name, role=rng.choice(words))


def with_name(thing: Thing, written: Place | None, rng: random.Random) -> str:
    """Return a thing by its name, with or without its role, as it stands before a place."""
    words = spoken_role(thing, written)
    name = quoted(thing.name, rng)
    if not words or rng.random() < 0.4:
        return name
    return f"{rng.choice(('the ', 'the ', ''))}{name} {rng.choice(words)}"


def without_name(thing: Thing, written: Place | None, rng: random.Random) -> str:
    """Return a thing as somebody calls it who does not say its name."""
    return rng.choice(spoken_role(thing, written) or ENTRIES)
