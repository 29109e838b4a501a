"""What verbs that put text into fields take: type, fill, set, append, clear, search."""

from __future__ import annotations

import dataclasses

from . import intents
from .clause import Clause
from .conditions import Target
from .intents import Intent
from .keys import chord_of
from .pieces import (
    Tokens,
    carried,
    is_word,
    positions,
    several,
    split_list,
    typed_text,
    without_articles,
    written,
)
from .words import CONTAINERS, ENDS

_ON = {"on", "checked", "ticked", "enabled"}
_OFF = {"off", "unchecked", "unticked", "disabled"}
# What is replaced in the only field for text.
_TEXT = {"text", "existing text", "content", "contents", "everything", "value"}
_AFTER_QUOTE = {"into", "in", "to", "as", "for", "on", "onto", "inside", "within", "under"}


def type_text(clause: Clause) -> list[Intent]:
    """`type "alice" into Username`, `enter 5 in Quantity and submit`, `type "hello"`."""
    rest, submit = _submitted(clause.rest)
    if not rest:
        hint = "; for the key say 'press Enter'" if clause.spoken == "enter" else ""
        raise clause.error(f"say what to {clause.spoken}{hint}")

    def complete(tokens: Tokens) -> bool:
        place = _separator(tokens, clause)
        return place is not None and (tokens[0].kind == "quoted" or not _place(tokens, place))

    groups = _under_one_heading(carried(rest, complete, clause.scope))
    made: list[Intent] = [_typed(clause, group) for group in groups]
    if submit and isinstance(made[-1], intents.Type):
        made[-1] = dataclasses.replace(made[-1], submit=True)
    return made


def _under_one_heading(groups: list[Tokens]) -> list[Tokens]:
    """`"8" into Day and "12" into Month under "First day"`: both stand under that heading.

    Not if the heading is itself one of the fields: then only the last one stands under it.
    """
    last = groups[-1]
    if len(last) < 2 or not is_word(last[-2], "under", "beneath") or last[-1].kind != "quoted":
        return groups
    others = groups[:-1]
    heading = last[-1].text.strip('"').casefold()
    fields = {" ".join(token.low for token in group).strip('"') for group in others}
    if any(field.endswith(heading) for field in fields):
        return groups
    if any(is_word(token, "under", "beneath") for group in others for token in group):
        return groups
    return [*([*group, *last[-2:]] for group in others), last]


def _submitted(tokens: Tokens) -> tuple[Tokens, bool]:
    """Without a final "and submit"."""
    lows = [token.low for token in tokens]
    for ending in (["and", "submit"], ["and", "submit", "it"], ["and", "submit", "the", "form"]):
        if lows[-len(ending) :] == ending:
            rest = tokens[: -len(ending)]
            return (rest[:-1] if rest and rest[-1].kind == "mark" else rest), True
    return tokens, False


def _typed(clause: Clause, tokens: Tokens) -> Intent:
    place = _separator(tokens, clause)
    if place is None:
        if tokens[0].kind == "quoted" and len(tokens) > 1:
            raise clause.error("after the text say 'into' and the field", tokens[1:])
        if len(tokens) == 1 and tokens[0].kind == "word" and clause.spoken in ("enter", "type"):
            chord = chord_of(tokens)
            if chord is not None and len(chord) > 1:
                raise clause.error(
                    f"to press the key say 'press {chord}'; to type the word put it in quotes"
                )
        return intents.Type(typed_text(tokens, clause.scope))
    if place == 0:
        raise clause.error(f"say what to {clause.spoken} before {tokens[0].text!r}", tokens)
    text = typed_text(tokens[:place], clause.scope)
    return intents.Type(text, clause.target(tokens[place + 1 :], "textbox"))


def _separator(tokens: Tokens, clause: Clause) -> int | None:
    """Where the word stands that parts a text from its field."""
    if not tokens:
        return None
    if tokens[0].kind == "quoted":
        found = len(tokens) > 1 and is_word(tokens[1], *_AFTER_QUOTE)
        return 1 if found else None
    for word in ("into", "in", "as", "to", "for"):
        places = positions(tokens, word)
        if word in ("in", "as", "to", "for"):
            places = [place for place in places if not _is_relation(tokens, place)]
        if word in ("to", "for", "as") and places and places[0] > 1 and len(places) == 1:
            # "reply to all": only a text of one word is surely parted by these
            raise clause.error("put the text in quotes: it is unclear where it ends", tokens)
        if len(places) > 1:
            raise clause.error("put the text in quotes: it is unclear where it ends", tokens)
        if places:
            return places[0]
    return None


def _is_relation(tokens: Tokens, place: int) -> bool:
    """`in the row of Alice`, `in the Billing section`: part of a target, not before one."""
    before = positions(tokens[:place], "into", "in", "as", "to")
    return bool(before) and _place(tokens, place)


def _place(tokens: Tokens, place: int) -> bool:
    """Whether words like `in the row of Alice` begin at this place."""
    rest = [token.low for token in tokens[place + 1 :] if token.kind == "word"]
    if rest[:1] == ["the"]:
        rest = rest[1:]
    if not rest or tokens[place].low == "into":
        return False
    return rest[0] in ("row", "line", "column") or rest[-1] in CONTAINERS - {"box", "area", "line"}


def fill(clause: Clause) -> list[Intent]:
    """`fill Username with alice and Password with {PW}`, `fill in "x" as Title`."""
    rest, submit = _submitted(clause.rest)
    if not rest:
        raise clause.error(f"say which field: '{clause.spoken} Username with \"alice\"'")
    opening = [token.low for token in rest[:3]]
    if opening == ["the", "form", ":"]:
        rest = rest[3:]
    if not positions(rest, "with", "by"):
        if _separator(rest, clause) and clause.spoken != "replace":
            return type_text(clause)
        raise clause.error(
            f"say what goes into which field: '{clause.spoken} Username with \"alice\"'"
        )
    pairs = _pairs(clause, rest, ("with", "by"))
    made = []
    for field, text in pairs:
        bare = clause.spoken == "replace" and written(without_articles(field)) in _TEXT
        target = Target("text area", role="textbox") if bare else clause.target(field, "textbox")
        made.append(intents.Type(typed_text(text, clause.scope), target))
    return [*made[:-1], dataclasses.replace(made[-1], submit=submit)]


def set_value(clause: Clause) -> list[Intent]:
    """`set Country to Germany and Quantity to 3`, `set Notifications to off`."""
    made: list[Intent] = []
    for field, text in _pairs(clause, clause.rest, ("to", "=")):
        state = text[0].low if len(text) == 1 and text[0].kind == "word" else ""
        target = clause.target(field, "switch" if state in (*_ON, *_OFF) else None)
        if state in _ON:
            made.append(intents.Check(target))
        elif state in _OFF:
            made.append(intents.Uncheck(target))
        else:
            made.append(intents.SetValue(target, value_of(clause, text)))
    return made


def value_of(clause: Clause, tokens: Tokens) -> str:
    """What a control is set to: a text, or `the maximum`."""
    return typed_text(without_articles(tokens) if tokens[-1].low in ENDS else tokens, clause.scope)


def turn(clause: Clause) -> list[Intent]:
    """`turn notifications off`, `turn Volume up to 80`."""
    rest = clause.rest
    place = next((place for place in positions(rest, "up", "down") if place), 0)
    if place and is_word(rest[min(place + 1, len(rest) - 1)], "to") and place + 2 < len(rest):
        return [intents.SetValue(clause.target(rest[:place]), value_of(clause, rest[place + 2 :]))]
    if len(rest) < 2 or not is_word(rest[-1], "on", "off"):
        raise clause.error("say 'turn on ...' or 'turn off ...'")
    target = clause.target(rest[:-1], "switch")
    return [intents.Check(target) if rest[-1].low == "on" else intents.Uncheck(target)]


def _pairs(clause: Clause, tokens: Tokens, words: tuple[str, ...]) -> list[tuple[Tokens, Tokens]]:
    """The field and the text of each pair in `A with x and B with y`."""

    def place_of(piece: Tokens) -> int | None:
        found = [place for place in positions(piece, *words) if place]
        found = [place for place in found if not is_word(piece[place - 1], "next")]
        return found[0] if found else None

    made = []
    for group in carried(tokens, lambda piece: place_of(piece) is not None, clause.scope):
        place = place_of(group)
        if place is None or place + 1 == len(group):
            raise clause.error(
                f"say what it becomes: '{clause.spoken} X {words[0]} \"...\"'", group
            )
        field, text = group[:place], group[place + 1 :]
        if positions(text, words[0]):
            raise clause.error("it is unclear which word parts name and text: use quotes", group)
        made.append((field, text))
    return made


def append(clause: Clause) -> list[Intent]:
    """`append "!" to Notes`."""
    made = []
    for intent in type_text(clause):
        if not isinstance(intent, intents.Type) or intent.target is None:
            raise clause.error("say which field: 'append \"text\" to Notes'")
        made.append(dataclasses.replace(intent, append=True))
    return list(made)


def clear(clause: Clause) -> list[Intent]:
    """`clear the Search field`."""
    if written(clause.rest).lower() in ("the form", "all fields", "all", "the page", "everything"):
        raise clause.error("say which field to clear, one step for each")
    made: list[Intent] = []
    for tokens in several(clause.rest, clause.scope):
        target = clause.target(tokens, "textbox")
        boxed = target.role in ("checkbox", "switch")
        made.append(intents.Uncheck(target) if boxed else intents.Type("", target))
    return made


def search(clause: Clause) -> list[Intent]:
    """`search for "alice"`, `search the Customers list for "alice"`: types and presses Enter."""
    rest, _ = _submitted(clause.rest)
    box = Target("Search", role="textbox")
    if clause.spoken == "search for":
        where = [place for place in positions(rest, "in", "on") if place]
        if where:
            box = clause.target(rest[where[0] + 1 :], "textbox")
            rest = rest[: where[0]]
    else:
        places = [place for place in positions(rest, "for") if place]
        if not places:
            raise clause.error('say what to search for: search for "alice"')
        box = clause.target(rest[: places[0]], "textbox")
        rest = rest[places[0] + 1 :]
    if not rest or len(split_list(rest)) > 1 and rest[0].kind == "quoted":
        raise clause.error("search for one text at a time, in quotes")
    return [intents.Type(typed_text(rest, clause.scope), box, submit=True)]
