"""What each verb of a step takes: clicking, keys, choosing, dragging, reading."""

from __future__ import annotations

import re
from collections.abc import Callable

from .._siblings import env
from . import intents
from .clause import Clause
from .conditions import Target
from .intents import Intent
from .keys import BUTTON_NAMES, chord_of
from .pieces import (
    Tokens,
    carried,
    is_word,
    name_for,
    positions,
    several,
    split_list,
    text_of,
    without_articles,
    written,
)
from .predicates import find_predicate
from .program import IT, ITEM, ROW
from .templates import sole_name
from .verbs_text import value_of
from .words import CONTAINERS, MODIFIER_NAMES, ORDINALS, ROLES

_CHOOSES = {"in", "from", "as", "for"}
_CHECKABLE = {"checkbox", "switch"}
_COUNT = re.compile(r"\d+(?:st|nd|rd|th)")


def each_target(kind: Callable[[Target], Intent], role: str | None = None) -> Verb:
    """A verb whose only object is a thing, or a list of quoted ones."""

    def made(clause: Clause) -> list[Intent]:
        _refuse_assertion(clause)
        switch = clause.spoken.split()[0] in ("turn", "switch", "enable", "disable")
        hint = "switch" if switch else role
        return [kind(clause.target(tokens, hint)) for tokens in several(clause.rest, clause.scope)]

    return made


Verb = Callable[[Clause], list[Intent]]


def _refuse_assertion(clause: Clause) -> None:
    """`check the total is 12` may be an assertion: say which."""
    if clause.spoken in ("check", "tick") and find_predicate(clause.rest) is not None:
        raise clause.error(
            f"{clause.spoken!r} ticks a box; to assert something say 'check that ...'; put a "
            "label that reads like a sentence in quotes"
        )


def click(clause: Clause) -> list[Intent]:
    """`click Save`, `click Save with Shift held`, `click "A", "B" and "C"`."""
    rest, held = clause.rest, held_keys(clause.head[0].low)
    for first in ("with", "while"):
        for place in positions(rest, first)[-1:]:
            words = [token.low for token in rest[place + 1 :] if token.low not in ("the", "key")]
            words = [word for word in words if word not in ("holding", "held", "down", "and")]
            if words and all(word in MODIFIER_NAMES for word in words) and "hold" in written(rest):
                held = [MODIFIER_NAMES[word] for word in words]
                rest = rest[:place]
    return [
        intents.Click(clause.target(tokens), tuple(held)) for tokens in several(rest, clause.scope)
    ]


def unfold(*, shown: bool) -> Verb:
    """`expand Finance`, `open folder "2026"`; a list of options is only opened by a click."""

    def made(clause: Clause) -> list[Intent]:
        targets = [clause.target(tokens) for tokens in several(clause.rest, clause.scope)]
        lists = {"combobox", "switch", "checkbox"}
        return [
            intents.Click(target, unfolds=None if target.role in lists else shown)
            for target in targets
        ]

    return made


def held_keys(word: str) -> list[intents.Modifier]:
    """The keys of `shift+click` or `ctrl-click`; of anything else none."""
    *keys, last = word.replace("-", "+").split("+")
    if last != "click" or not keys or not all(key in MODIFIER_NAMES for key in keys):
        return []
    return [MODIFIER_NAMES[key] for key in keys]


def press(clause: Clause) -> list[Intent]:
    """`press Ctrl+S`, `hit enter in Search`; what is no key is a thing to click."""
    rest = clause.rest
    if rest and is_word(rest[0], "and") and len(rest) > 1 and is_word(rest[1], "hold"):
        raise clause.error(
            "keys cannot be held down over several steps; say a chord such as Shift+A"
        )
    places = positions(rest, "in", "inside", "on", "within")
    place = next((place for place in places if place), len(rest))
    keys = _chords(clause, rest[:place])
    if keys is None:
        return click(clause)
    where = clause.target(rest[place + 1 :], "textbox") if place < len(rest) else None
    return [intents.Press(chord, where) for chord in keys]


def _chords(clause: Clause, tokens: Tokens) -> list[str] | None:
    try:
        whole = chord_of(tokens) if tokens else None
        pieces = [chord_of(piece) for piece in split_list(tokens)]
    except env.ActionError as error:
        raise clause.error(str(error), tokens) from error
    keys = [whole] if whole else pieces
    found = [key for key in keys if key]
    if not found or len(found) < len(keys):
        return None
    if len(tokens) == 1 and tokens[0].kind == "quoted":
        if len(tokens[0].text) == 1:
            return None
        if whole in BUTTON_NAMES:
            raise clause.error(
                f"say 'press the {whole} key' or 'click \"{tokens[0].text}\"'", tokens
            )
    return found


def select(clause: Clause) -> list[Intent]:
    """`select "Germany" in Country`; without a list it is a thing to click."""
    if [token.low for token in clause.rest] in (["all"], ["all", "text"], ["all", "the", "text"]):
        return [intents.Press("Control+A")]
    groups = carried(clause.rest, lambda piece: _choice(clause, piece) is not None, clause.scope)
    return [intent for group in groups for intent in _selected(clause, group)]


def _selected(clause: Clause, tokens: Tokens) -> list[Intent]:
    place = _choice(clause, tokens)
    if place is None:
        targets = [clause.target(piece) for piece in several(tokens, clause.scope)]
        return [
            intents.Check(target) if target.role in _CHECKABLE else intents.Click(target)
            for target in targets
        ]
    option = without_articles(tokens[:place])
    if len(option) > 1 and is_word(option[0], "option", "value", "item", "entry"):
        option = option[1:]
    elif len(option) > 1 and is_word(option[-1], "option", "value"):
        option = option[:-1]
    counted = option[0].low in (*ORDINALS, "last") or _COUNT.fullmatch(option[0].low)
    if option[0].kind == "word" and counted and len(option) <= 2:
        raise clause.error("say the text of the option", option)
    texts = split_list(option)
    if not all(len(text) == 1 and text[0].kind == "quoted" for text in texts):
        texts = [option]
    where = clause.target(tokens[place + 1 :], "combobox")
    return [intents.Select(text_of(text, clause.scope), where) for text in texts]


def _choice(clause: Clause, tokens: Tokens) -> int | None:
    """Where the word stands that parts an option from its list; None if a thing is meant."""
    if not tokens:
        return None
    places = [place for place in positions(tokens, *_CHOOSES) if place]
    if not places:
        return None
    # "Savings in From account": a capital begins a name.
    places = [place for place in places if tokens[place].text.islower()] or places
    place = next((place for place in places if tokens[place].low == "from"), places[0])
    option, where = tokens[:place], tokens[place + 1 :]
    if tokens[place].low in ("in", "for") and option[-1].kind == "word":
        head = option[-1].low
        if head in ROLES or head in ("row", "line", "page", "day", "date"):
            return None
    ends = [token.low for token in where if token.kind == "word"]
    if tokens[place].low == "in" and (
        ends[-1:] and ends[-1] in CONTAINERS - {"list", "menu", "box"}
    ):
        return None
    if tokens[place].low == "in" and is_word(tokens[min(place + 2, len(tokens) - 1)], "row"):
        return None
    return place


def drag(clause: Clause) -> list[Intent]:
    """`drag A to B`, `move "Task 1" onto Done`."""

    def places(tokens: Tokens) -> list[int]:
        found = [place for place in positions(tokens, "to", "onto", "into") if place]
        found = [place for place in found if not is_word(tokens[place - 1], "next")]
        return found or [place for place in positions(tokens, "on", "over") if place]

    made: list[Intent] = []
    for group in carried(clause.rest, lambda piece: bool(places(piece)), clause.scope):
        found = places(group)
        if not found:
            raise clause.error(f"say where to drop it: '{clause.spoken} A to B'")
        if len(found) > 1:
            raise clause.error(
                "it is unclear what is dragged where: put the names in quotes", group
            )
        source, destination = group[: found[0]], group[found[0] + 1 :]
        lows = [token.low for token in without_articles(destination)]
        if lows in (["left"], ["right"], ["top"], ["bottom"], ["up"], ["down"]):
            raise clause.error(
                "say a thing on the screen to drop it on, not a direction", destination
            )
        if clause.spoken == "move" and is_word(source[0], "to"):
            raise clause.error("say 'go to' or 'click'", source)
        thing = clause.target(source)
        if thing.role == "slider":
            made.append(intents.SetValue(thing, value_of(clause, destination)))
        else:
            made.append(intents.Drag(thing, clause.target(destination)))
    return made


def upload(clause: Clause) -> list[Intent]:
    """`upload "a.pdf" to Attachments`, `attach a.pdf and b.pdf to Files`."""

    def place_of(tokens: Tokens) -> int | None:
        found = [place for place in positions(tokens, "to", "into", "in", "as", "using") if place]
        return found[0] if found else None

    made: list[Intent] = []
    for group in carried(clause.rest, lambda piece: place_of(piece) is not None, clause.scope):
        place = place_of(group)
        files = [without_articles(piece) for piece in split_list(group[:place])]
        files = [piece[1:] if is_word(piece[0], "file", "files") else piece for piece in files]
        if not files or any(len(piece) != 1 for piece in files):
            raise clause.error(
                'name the files, in quotes if a name has spaces: upload "a b.pdf" to X'
            )
        paths = tuple(text_of(piece, clause.scope) for piece in files)
        where = None if place is None else clause.target(group[place + 1 :])
        made.append(intents.Upload(paths, where))
    return made


def read(clause: Clause) -> list[Intent]:
    """`read the Total as {TOTAL}`, `extract the table as {ROWS}`."""

    def named(tokens: Tokens) -> bool:
        return len(tokens) > 2 and is_word(tokens[-2], "as", "into", "in", "to") and (
            sole_name(tokens[-1].text) is not None or _constant(tokens)
        )  # fmt: skip

    if not clause.rest:
        raise clause.error(f"say what to {clause.spoken}: '{clause.spoken} the Total as {{TOTAL}}'")
    made = []
    for group in carried(clause.rest, named, clause.scope):
        if named(group):
            made.append(_kept(clause, group[:-2], sole_name(group[-1].text) or group[-1].text))
            continue
        if clause.spoken not in ("read", "extract", "capture", "get"):
            raise clause.error(
                f"say what it is kept as: '{clause.spoken} the Total as {{TOTAL}}'; for a button "
                f'say: click "{clause.spoken.capitalize()}"'
            )
        if positions(group, "into"):
            raise clause.error("keep it as {NAME} first, then type {NAME} into the field", group)
        made.extend(_kept(clause, piece, None) for piece in several(group, clause.scope))
    return made


def _constant(tokens: Tokens) -> bool:
    """`as TOTAL`: a name in capitals, without braces."""
    text = tokens[-1].text
    return is_word(tokens[-2], "as") and text.isupper() and text.replace("_", "").isalnum()


def _kept(clause: Clause, tokens: Tokens, name: str | None) -> Intent:
    if name in (ROW, ITEM, IT):
        raise clause.error(
            f"{{{name}}} is what loops call their row, value or thing: choose another name"
        )
    tokens = without_articles(tokens)
    lows = [token.low for token in tokens]
    if lows[:2] in (["value", "of"], ["text", "of"], ["content", "of"]) and len(lows) > 2:
        tokens = without_articles(tokens[2:])
        lows = [token.low for token in tokens]
    if lows == ["table"]:
        return intents.ReadTable(None, name or "TABLE")
    target = clause.target(tokens)
    kept = name or name_for(target.words)
    ends = target.words.lower().split()
    if ends[-1] == "table" or ends[:2] == ["table", "of"]:
        return intents.ReadTable(target, kept)
    return intents.Read(target, kept)
