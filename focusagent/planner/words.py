"""The vocabulary: words that have a meaning inside a step."""

from __future__ import annotations

from .intents import Modifier


def words_of(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


TAILS = {"please", "again", "too", "now"}
ARTICLES = {"the", "a", "an", "this", "that", "my", "your", "our", "its"}
PREPOSITIONS = {
    "in", "of", "under", "below", "above", "next", "right", "left", "beside", "near", "from", "on",
    "at", "within", "inside", "for", "with", "between", "after", "before", "over", "into", "to",
    "underneath", "beneath", "opposite", "closest", "nearest", "by", "that", "which", "whose",
}  # fmt: skip
_ROLE_WORDS = {
    "button": "button buttons btn",
    "link": "link links hyperlink",
    "textbox": "field fields textbox textfield input textarea textboxes inputs",
    "checkbox": "checkbox checkboxes tickbox tickboxes",
    "radio": "radio radios",
    "switch": "switch switches toggle slider-switch",
    "slider": "slider sliders",
    "combobox": "dropdown dropdowns combobox drop-down select",
    "tab": "tab tabs",
    "menuitem": "menuitem",
    "icon": "icon icons",
    "image": "image images picture logo",
    "text": "text heading label",
}
ROLES = {word: role for role, words in _ROLE_WORDS.items() for word in words.split()}
ROLE_PAIRS = {
    ("check", "box"): "checkbox", ("tick", "box"): "checkbox", ("text", "box"): "textbox",
    ("text", "field"): "textbox", ("text", "area"): "textbox", ("input", "field"): "textbox",
    ("radio", "button"): "radio", ("menu", "item"): "menuitem", ("search", "box"): "textbox",
    ("drop", "down"): "combobox", ("combo", "box"): "combobox", ("list", "box"): "combobox",
}  # fmt: skip
# What a slider may be set to: its left end, or its right one.
ENDS = {"minimum": 0, "min": 0, "lowest": 0, "maximum": 1, "max": 1, "highest": 1, "full": 1}
# Nouns that follow a name: "the Save and close button" is one thing.
NOUNS = set(ROLES) | {
    "box",
    "menu",
    "option",
    "item",
    "page",
    "dialog",
    "section",
    "list",
    "row",
    "entry",
}
POPUPS = words_of(
    "cookie cookies banner dialog dialogue popup pop-up popups alert prompt modal message notice "
    "consent overlay notification notifications warning confirmation toast panel sidebar drawer "
    "tooltip tour ad survey newsletter permission permissions lightbox sheet box window"
)
CONTAINERS = words_of(
    "row rows line column section table dialog form panel group list card box area sidebar header "
    "footer menu toolbar banner navigation page popup tab window modal"
)
_PLACES = "first second third fourth fifth sixth seventh eighth ninth tenth"
# Things of which there may be none: their number is read, they are not looked for.
COUNTED = words_of("rows lines items entries records results")
ORDINALS = {word: place for place, word in enumerate(_PLACES.split(), 1)}
_SMALL = "zero one two three four five six seven eight nine ten eleven twelve"
NUMBERS = {word: value for value, word in enumerate(_SMALL.split())} | {
    "fifteen": 15, "twenty": 20, "thirty": 30, "fifty": 50, "hundred": 100,
    "a": 1, "an": 1, "half": 0.5,
}  # fmt: skip
TIMES = {"once": 1, "twice": 2, "thrice": 3}
SECONDS = {
    "ms": 0.001, "millisecond": 0.001, "milliseconds": 0.001, "s": 1.0, "sec": 1.0, "secs": 1.0,
    "second": 1.0, "seconds": 1.0, "min": 60.0, "mins": 60.0, "minute": 60.0, "minutes": 60.0,
    "hour": 3600.0, "hours": 3600.0,
}  # fmt: skip
GERUNDS = {
    "clicking": "click", "tapping": "tap", "pressing": "press", "scrolling": "scroll",
    "hitting": "hit", "reloading": "reload", "refreshing": "refresh", "typing": "type",
    "checking": "check", "ticking": "tick", "selecting": "select", "waiting": "wait",
    "dragging": "drag", "moving": "move", "going": "go",
}  # fmt: skip
MODIFIER_NAMES: dict[str, Modifier] = {
    "ctrl": "Control", "control": "Control", "shift": "Shift", "alt": "Alt", "option": "Alt",
    "cmd": "Meta", "command": "Meta", "meta": "Meta", "win": "Meta",
}  # fmt: skip
ACCEPTED_VERBS = (
    "click, type, press, select, check, uncheck, set, drag, scroll, hover, upload, wait, go to, "
    "read, check that"
)


def number_of(word: str) -> float | None:
    """The number that a word stands for: `3`, `2.5`, `three`, `a`."""
    if word in NUMBERS:
        return float(NUMBERS[word])
    try:
        value = float(word)
    except ValueError:
        return None
    return value if abs(value) < 1e9 else None  # also refuses nan and inf
