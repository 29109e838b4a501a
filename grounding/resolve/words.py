"""Compares words loosely: misspelt ones, and near misses that are other words."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..query import Target
from ..query.lexicon import ROLES
from ..reader.alphabet import strip_accents

_WORD = re.compile(r"\w+")
# Endings that make another word of a verb: "Save" is not "Saved".
_ENDINGS = ("d", "ed", "r", "er", "ers", "ing", "or", "ors", "able", "ly", "al")
# Shorter words have too many neighbours.
_SHORTEST, _LONG = 5, 9
_LONGEST_TEXT = 60
_NUMBER, _OTHER_NUMBER = re.compile(r"\d+"), 0.4
_THIN = re.compile("[ijltfr1]")
_LEAST_WIDE = 3
_MOST_SLIPS = 2


def letters(text: str) -> str:
    """Return the letters and digits of a text, without case and accents."""
    return "".join(_WORD.findall(strip_accents(text).lower())).replace("_", "")


def words(text: str) -> list[str]:
    """Return the words of a text, without case and accents."""
    return _WORD.findall(strip_accents(text).lower())


def case_fit(asked: str, shown: str) -> float:
    """Return a little less than 1 where a text is the one asked for, but in other case.

    Few people who write all in small letters mean it; the letters of some fonts look alike.
    """
    if asked == shown or asked.lower() != shown.lower() or asked[:1].lower() in "coksuvwxz":
        return 1.0
    return 0.99 if asked.islower() else 0.97


def number_fit(asked: str, shown: str) -> float:
    """Return much less than 1 where other numbers stand there than were asked for."""
    wanted = _NUMBER.findall(asked)
    return 1.0 if not wanted or wanted == _NUMBER.findall(shown) else _OTHER_NUMBER


def other_form(asked: str, shown: str) -> bool:
    """Tell whether the last word asked for only stands there in another form: Save, Saved."""
    wanted, there = words(asked), words(shown)
    if not wanted or wanted[-1] in there:
        return False
    last = wanted[-1]
    stems = (last, last[:-1]) if last.endswith("e") else (last,)
    forms = {stem + ending for stem in stems for ending in _ENDINGS}
    reverse = any(last in {word + ending, word[:-1] + ending} for word in there
                  if len(word) > 2 for ending in ("d", "ed", "ing", "er"))  # fmt: skip
    return reverse or any(word in forms for word in there)


def lacking(asked: str, shown: str) -> bool:
    """Tell whether a text lacks a word of those asked for, even one that resembles it."""
    wanted, there = words(asked), words(shown)
    return len(wanted) > 1 and any(
        len(word) >= _SHORTEST and not any(slips(word, other, _MOST_SLIPS) <= _MOST_SLIPS
                                           or word in other or other in word for other in there)
        for word in wanted
    )  # fmt: skip


def read_alike(asked: str, found: str, around: str) -> float:
    """Return how surely found words, out of those around them, are those asked for, badly read.

    They may differ in thin letters, which the reader may miss or mix up, or by one slip.
    """
    there = re.search(rf"(?<!\w){re.escape(found)}(?!\w)", around)
    if there is None:
        return 0.0
    one, two = letters(asked), letters(found)
    if one == two:
        return 0.95
    thick, thin = (_THIN.sub("", text) for text in (one, two))
    if thick == thin and len(thick) >= _LEAST_WIDE and len(one) <= 2 * len(two):
        return 0.9
    return 0.8 if len(one) > _SHORTEST and slips(one, two, 1) == 1 else 0.0


def misspelt(text: str, vocabulary: dict[str, list[tuple[int, int]]]) -> list[int]:
    """Return the numbers of elements that say a text whose words may be misspelt.

    ``vocabulary`` maps every word of the screen to its (element, position) pairs.
    """
    wanted = words(text[:_LONGEST_TEXT])
    if not wanted or max(map(len, wanted)) < _SHORTEST:
        return []
    places: set[tuple[int, int]] | None = None
    for offset, word in enumerate(wanted):
        here = {
            (number, position - offset)
            for close in _close(word, vocabulary)
            for number, position in vocabulary[close]
        }
        places = here if places is None else places & here
        if not places:
            return []
    return sorted({number for number, _ in places or ()})


def _close(word: str, known: Iterable[str]) -> list[str]:
    """Return the known words that a word may be meant to be."""
    if len(word) < _SHORTEST:
        return [other for other in known if other == word]
    most = 2 if len(word) >= _LONG else 1
    near = (other for other in known if abs(len(other) - len(word)) <= most)
    return [other for other in near if slips(word, other, most) <= most]


def slips(one: str, two: str, most: int) -> int:
    """Return how many slips (a letter wrong, missing, added, two swapped) part two words.

    Anything above ``most`` comes back as ``most`` + 1. The first letter must be right, and a
    word that only ends differently is another word.
    """
    if one == two:
        return 0
    if one[:1] != two[:1] or one.startswith(two) or two.startswith(one):
        return most + 1
    before: list[int] = []
    row = list(range(len(two) + 1))
    for i, letter in enumerate(one, 1):
        older, before, row = before, row, [i]
        for j, other in enumerate(two, 1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == two[j - 2] and one[i - 2] == other:
                best = min(best, older[j - 2] + 1)
            row.append(best)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)


def ends_in_role(target: Target) -> bool:
    """Tell whether a name takes in what else would say the kind of thing: "Leave list"."""
    last = target.text.lower().split()[1:][-1:]
    return not target.role and tuple(last) in ROLES
