"""How a target is written in an instruction: as its words, or in brackets where they mislead."""

from __future__ import annotations

from .clause import begins_step
from .conditions import Target
from .errors import InstructionError
from .lexer import Token, lex
from .phrases import CONTROL
from .pieces import is_article, is_word
from .predicates import find_predicate
from .words import TAILS, TIMES, number_of, words_of

# Words that part the objects of some verb, or that a verb understands before a thing.
_PARTING = words_of(
    "into onto to with by as from for using or then each every all any both times time twice once "
    "thrice it holding held on off until at within up ="
)
_ALONE = words_of("this that them they these those something anything somewhere everything here "
                  "there stuff things")  # fmt: skip
_CONTROL = {"if", "unless", "until", "while", "when", "otherwise"}
# Words that a condition understands at the beginning of its subject.
_OPENING = words_of(
    "no number count value text content contents there i you we at more less fewer exactly only "
    "url address page title tab window current file download downloads screen app application word"
)


def spoken(target: Target, *, subject: bool = False, sentence: bool = False) -> str:
    """The target as an instruction says it.

    As the `subject` of a condition, or where a `sentence` would be taken for one, more misleads.
    """
    try:
        tokens = lex(target.words)[1:-1]
    except InstructionError:
        return f"[{target.words}]"
    misleads = _misleading(tokens, subject)
    misleads = misleads or ((subject or sentence) and find_predicate(tokens) is not None)
    return f"[{target.words}]" if misleads else target.words


def _misleading(tokens: list[Token], subject: bool) -> bool:
    if not tokens or (tokens[-1].kind == "word" and tokens[-1].low in TAILS):
        return True
    first = tokens[0]
    if first.text in _FIRST or (is_article(first) and len(tokens) > 1):
        return True
    if subject and is_word(tokens[-1], *_DENIALS):
        return True
    if subject and number_of(first.low) is not None and first.low not in ("a", "an"):
        return True
    if len(tokens) == 1 and is_word(first, *_ALONE):
        return True
    if subject and (first.low in _OPENING or is_word(tokens[-1], "file", "download", "downloads")):
        return True
    quotes = any(token.kind == "quoted" for token in tokens)
    return any(_risky(tokens, place, quotes or subject) for place in range(len(tokens)))


_DENIALS = words_of(
    "not don't doesn't didn't isn't aren't won't never no longer cannot can't "
    "should must will shall does do can"
)
_FIRST = words_of("its of and value text content contents")


def _risky(tokens: list[Token], place: int, whole: bool) -> bool:
    """Whether the words from here on could be taken for something else."""
    token = tokens[place]
    if token.kind != "word":
        return token.kind != "quoted"
    if is_word(token, "between"):
        return place > 0 and _unlike_between(tokens, place)
    if is_word(token, "and"):
        return _splits(tokens, place, whole)
    if token.low in _PARTING and not _relates(tokens, place):
        return True
    control = CONTROL.match(tokens, place)
    return token.low in TIMES or (control is not None and control[0] in _CONTROL)


def _relates(tokens: list[Token], place: int) -> bool:
    """`next to`, `left of`, and names such as `From`, are no danger."""
    return is_word(tokens[place], "to") and place > 0 and is_word(tokens[place - 1], "next")


def _unlike_between(tokens: list[Token], place: int) -> bool:
    return sum(is_word(token, "and") for token in tokens[place:]) != 1


def _splits(tokens: list[Token], place: int, whole: bool) -> bool:
    if any(is_word(token, "between") for token in tokens[:place]):
        return False
    end = Token("end", "", 0, 0)
    last = place + 1 == len(tokens)
    return whole or last or begins_step([*tokens, end, end], place, place + 1)
