"""Runs of tokens: as text, as a target, split where a list of things is meant."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .conditions import Target
from .errors import InstructionError
from .lexer import Token, lex
from .program import IT, ITEM, ROW
from .templates import quoted, sole_name
from .words import ARTICLES, NOUNS, ORDINALS, PREPOSITIONS, ROLE_PAIRS, ROLES

Tokens = Sequence[Token]
IN_ROW = f"in the row of {{{ROW}}}"
_MANY = {"all", "every", "each", "both", "any"}
_VAGUE = {"something", "anything", "somewhere", "everything", "stuff", "things", "here", "there"}
_DETERMINERS = {"the", "a", "an", "your", "my", "our", "some", "any", "this", "that", "its"}
_PLURAL = {"them", "they", "these", "those"}
_NO_BEGINNING = {"into", "onto", "with", "to", "of", "as", "from", "for"}


@dataclass
class Scope:
    """What the words around a step mean: the last target, and the loops it stands in."""

    text: str
    last: str | None = None  # words of the target that "it" is
    item: bool = False  # in a loop over values
    row: str | None = None  # in a loop over rows: the noun for a row

    def error(self, message: str, tokens: Tokens) -> InstructionError:
        """The refusal of these tokens."""
        return InstructionError(message, self.text, tokens[0].start, tokens[-1].end)


def is_word(token: Token, *words: str) -> bool:
    """Whether the token is one of these unquoted words."""
    return token.kind == "word" and token.low in words


def is_article(token: Token) -> bool:
    """Whether the token is `the`, `a` or `an`; a capital A is a name."""
    return is_word(token, "the", "a", "an") and token.text != "A"


def without_articles(tokens: Tokens) -> Tokens:
    """The tokens after leading `the`, `a`, `an`."""
    start = 0
    while start < len(tokens) - 1 and is_article(tokens[start]):
        start += 1
    return tokens[start:]


def positions(tokens: Tokens, *words: str) -> list[int]:
    """Where one of these unquoted words stands."""
    return [place for place, token in enumerate(tokens) if is_word(token, *words)]


def written(tokens: Tokens) -> str:
    """The tokens as words of a target: names in double quotes, one space between words."""
    made = []
    for place, token in enumerate(tokens):
        if place and not token.glued:
            made.append(" ")
        text = quoted(token.text) if token.kind == "quoted" else token.text
        made.append(f"[{text}]" if token.kind == "group" and len(tokens) > 1 else text)
    return "".join(made)


def text_of(tokens: Tokens, scope: Scope) -> str:
    """The tokens as a text to type or compare: one quoted text, or the words as they stand."""
    if len(tokens) == 1 and tokens[0].kind == "quoted":
        return tokens[0].text
    if len(tokens) == 1 and tokens[0].low == "it":
        if scope.item:
            return "{ITEM}"
        raise scope.error(
            "'it' is no text: say which text, such as {NAME} for a value read before", tokens
        )
    if any(token.kind == "quoted" for token in tokens):
        raise scope.error("put the whole text in one pair of quotes", tokens)
    if len(tokens) > 1 and tokens[0].text[0] == "{" and sole_name(tokens[0].text) is None:
        raise scope.error("a variable is {NAME}, its name without spaces", tokens)
    return " ".join(scope.text[tokens[0].start : tokens[-1].end].split())


def typed_text(tokens: Tokens, scope: Scope) -> str:
    """The tokens as a text to type: "the total" is none, it names a text that is elsewhere."""
    if len(tokens) > 1 and is_word(tokens[0], *_DETERMINERS) and tokens[0].text.islower():
        raise scope.error(
            "put the text in quotes; for a value that was given or read before say {NAME}", tokens
        )
    return text_of(tokens, scope)


def target_of(tokens: Tokens, scope: Scope, role: str | None = None, after: Tokens = ()) -> Target:
    """The tokens as a target; `after` is what stands before it, for a complaint if it lacks."""
    tokens = without_articles(tokens)
    if not tokens or (len(tokens) == 1 and tokens[0].text in ("the", "an")):
        raise scope.error(f"say what to {written(after).lower()}", [*after, *tokens])
    words = _pronoun(tokens, scope)
    if words is None and len(tokens) == 1 and tokens[0].kind == "group":
        words = tokens[0].text
    elif words is None:
        _refuse_unclear(tokens, scope)
        words = _in_row(tokens, scope)
    scope.last = words
    return Target(words, '"' in words, role_of(lex(words)[1:-1], role))


def _pronoun(tokens: Tokens, scope: Scope) -> str | None:
    lows = [token.low for token in tokens]
    if len(tokens) == 1 and lows[0] in _PLURAL:
        raise scope.error(f"say which things {lows[0]!r} are, one step for each", tokens)
    if lows in (["it"], ["this"], ["that"], ["that", "one"], ["this", "one"]):
        if scope.last is None:
            raise scope.error(
                f"it is unclear what {written(tokens)!r} stands for: name the thing", tokens
            )
        return scope.last
    return None


def _refuse_unclear(tokens: Tokens, scope: Scope) -> None:
    first = tokens[0]
    if is_word(first, *_MANY) and len(tokens) > 1:
        raise scope.error(
            f"{first.text!r} names more than one thing: say 'for each ...: ...' or name one",
            tokens,
        )
    if is_word(first, *_VAGUE) and len(tokens) == 1 and first.text.islower():
        raise scope.error(f"{first.text!r} names nothing on the screen: say which", tokens)
    if is_word(first, *_NO_BEGINNING) and first.text.islower():
        raise scope.error(f"a name is missing before {first.text!r}", tokens[:1])
    for place, token in enumerate(tokens):
        if is_word(token, "or") and token.text == "or":
            raise scope.error(
                "choose one: \"if 'A' is visible, click it, otherwise click 'B'\"; or put a name "
                "that holds 'or' in quotes",
                tokens,
            )
        if token.kind == "mark" and token.text == ":":
            raise scope.error("put a name that holds a colon in quotes", tokens)
        if token.kind == "mark" and token.text == ",":
            raise scope.error(
                "is this one name or several? Put each name in quotes, or repeat the verb", tokens
            )
        if is_word(token, "each", "every") and place:
            raise scope.error("for several rows or things say 'for each row: ...'", tokens[place:])


def _in_row(tokens: Tokens, scope: Scope) -> str:
    """The words of a target, with "in the row", "in it" and "its" spelled out."""
    if is_word(tokens[0], "its", "his", "her", "their") and len(tokens) > 1:
        if scope.row is None:
            raise scope.error(
                f"say whose: {tokens[0].text!r} has a meaning only inside 'for each row'", tokens
            )
        return f"{written(tokens[1:])} {IN_ROW}"
    if scope.row is not None and len(tokens) == 1 and is_word(tokens[0], "row", scope.row):
        return f"row of {{{ROW}}}"
    tokens = _without_one(tokens, scope)
    lows = [token.low if token.kind == "word" else "" for token in tokens]
    if scope.row is not None and len(lows) > 2:
        pointers = {"the", "this", "that", "each", "every", "same", "current", "its"}
        nouns = {"row", "line", "entry", scope.row}
        places = ("in", "of", "on", "for", "from", "at")
        if lows[-3] in places and lows[-2] in pointers and lows[-1] in nouns:
            return f"{written(tokens[:-3])} {IN_ROW}"
    if len(lows) > 2 and lows[-1] in ("it", "that") and lows[-2] in PREPOSITIONS:
        if scope.last is None:
            raise scope.error(
                f"it is unclear what {lows[-1]!r} stands for: name the thing", tokens[-1:]
            )
        return f"{written(tokens[:-1])} {scope.last}"
    return written(tokens)


def _without_one(tokens: Tokens, scope: Scope) -> Tokens:
    """`the one in the row of Bob`, after a checkbox was named, is a checkbox."""
    if not is_word(tokens[0], "one") or not tokens[0].text.islower():
        if any(is_word(token, "one") and token.text == "one" for token in tokens[1:2]):
            raise scope.error("say what 'one' stands for: name the thing", tokens)
        return tokens
    role = role_of(lex(scope.last)[1:-1], None) if scope.last else None
    if role is None or len(tokens) == 1:
        raise scope.error("say what 'one' stands for: name the thing", tokens)
    return [dataclasses.replace(tokens[0], text=role, low=role), *tokens[1:]]


def role_of(tokens: Tokens, default: str | None) -> str | None:
    """The kind of control that the head of a target names."""
    head: list[Token] = []
    for token in tokens:
        if head and is_word(token, *PREPOSITIONS) and token.text.islower():
            break
        head.append(token)
    lows = [token.low if token.kind == "word" else "" for token in head]
    for pair in (lows[-2:], lows[:2]):
        if tuple(pair) in ROLE_PAIRS:
            return ROLE_PAIRS[pair[0], pair[1]]
    return ROLES.get(lows[-1]) or ROLES.get(lows[0]) or default


def split_list(tokens: Tokens) -> list[Tokens]:
    """The pieces between commas and "and"; those of "between A and B" stay together."""
    made: list[Tokens] = []
    start = 0
    between = False
    for place, token in enumerate(tokens):
        between |= is_word(token, "between")
        comma = token.kind == "mark" and token.text == ","
        if comma or (is_word(token, "and") and not between):
            if place > start:
                made.append(tokens[start:place])
            start = place + 1
            between = between and not comma
        elif is_word(token, "and"):
            between = False
    return [*made, tokens[start:]] if start < len(tokens) else made


def several(tokens: Tokens, scope: Scope) -> list[Tokens]:
    """The things in `"A", "B" and "C"`; an unquoted name with "and" inside is one thing."""
    pieces = split_list(tokens)
    if len(pieces) < 2:
        return [tokens]
    have = [any(token.kind == "quoted" for token in piece) for piece in pieces]
    if not any(have):
        return _unquoted(tokens, pieces)
    _check_pieces(tokens, pieces, have, scope)
    return pieces


def _unquoted(tokens: Tokens, pieces: list[Tokens]) -> list[Tokens]:
    """`the Save button and the Close button` are two, `Terms and Conditions` is one."""
    each = all(
        is_word(piece[0], "the") and (len(piece) > 2 and piece[-1].low in NOUNS) for piece in pieces
    )
    return pieces if each else [tokens]


def _check_pieces(tokens: Tokens, pieces: list[Tokens], have: list[bool], scope: Scope) -> None:
    if not all(have):
        raise scope.error("are these one thing or several? Put each name in quotes", tokens)
    for piece in pieces[1:]:
        first = piece[0]
        plain = first.kind == "quoted" or first.low in ARTICLES | NOUNS | set(ORDINALS)
        if not plain:
            raise scope.error(f"{first.text!r} is no verb I know here", [first])
    related = [bool(positions(piece[1:], *PREPOSITIONS)) for piece in pieces]
    if any(related) and not all(related):
        raise scope.error(
            "it is unclear which of these the words of place belong to: repeat the verb", tokens
        )


def carried(tokens: Tokens, complete: Callable[[Tokens], bool], scope: Scope) -> list[Tokens]:
    """The objects in `'a' into X and 'b' into Y`: a piece that is complete in itself is one.

    After a first one that begins with a quoted text the others begin with one or a `{NAME}`.
    """
    pieces = split_list(tokens)
    groups: list[Tokens] = []
    start = 0  # the token the current group starts at
    done = loose = False  # the group is complete; and pieces follow that may be part of it
    at = 0
    for piece in pieces:
        at = tokens.index(piece[0], at)
        text = piece[0].kind == "quoted" or sole_name(piece[0].text) is not None
        if complete(piece) and (text or tokens[0].kind != "quoted"):
            if done and loose:
                raise scope.error(
                    "it is unclear where the next one begins: put names in quotes", tokens
                )
            if done:
                groups.append(_trimmed(tokens[start:at]))
                start = at
            done = True
        elif done:
            loose = True
    return [*groups, _trimmed(tokens[start:])]


def _trimmed(tokens: Tokens) -> Tokens:
    """Without the comma or "and" at the end."""
    while tokens and (tokens[-1].kind == "mark" or is_word(tokens[-1], "and")):
        tokens = tokens[:-1]
    return tokens


def name_for(words: str) -> str:
    """The name a value is kept under when the instruction gives none: `Order total` ORDER_TOTAL."""
    name = re.sub(r"\W+", "_", words).strip("_").upper()[:40]
    taken = name in (ROW, ITEM, IT) or not name[:1].isalpha()
    return f"VALUE_{name}".rstrip("_") if taken else name
