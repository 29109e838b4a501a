"""The words of an icon's name or of an instruction, and the vocabulary they are looked up in."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache

# What instructions say around an icon's name. "open", "in" and the like may belong to the name.
_AROUND = frozenset(
    ("please", "click", "press", "tap", "hit", "button", "icon", "symbol", "glyph")
    + ("the", "a", "an", "of", "for", "and", "or", "this", "that", "with", "your", "my", "me", "it")
)
_CAMEL = re.compile(r"([a-z])([A-Z])")
_OTHER = re.compile(r"[^a-z0-9]+")
# An unknown word is taken for a known one when they share at least this much of their trigrams.
_LIKENESS = 0.5
_ENDINGS = (("ies", "y"), ("es", ""), ("s", ""), ("ing", ""), ("ing", "e"), ("ed", ""), ("ed", "e"))


def normalise(text: str) -> str:
    """Return a text as lower-case words of letters and digits, single spaces between."""
    return _OTHER.sub(" ", _CAMEL.sub(r"\1 \2", text).lower()).strip()


def content_words(text: str, most: int = 24) -> list[str]:
    """Return the words that name something; all of them where nothing else would be left."""
    words = normalise(text[:2000]).split()
    return ([word for word in words if word not in _AROUND] or words)[:most]


class Vocabulary:
    """Known words by number; unknown ones are led back to known ones that resemble them."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = tuple(words)
        self._number = {word: number for number, word in enumerate(self.words)}
        self._find = lru_cache(maxsize=4096)(self._search)

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: str) -> bool:
        return word in self._number

    def numbers(self, words: Iterable[str]) -> list[int]:
        """Return the numbers of the words; what resembles no known word is left out."""
        return [number for word in words for number in self._find(word)]

    def _search(self, word: str) -> tuple[int, ...]:
        if word in self._number:
            return (self._number[word],)
        for ending, instead in _ENDINGS:
            stem = word.removesuffix(ending) + instead
            if word.endswith(ending) and len(stem) > 2 and stem in self._number:
                return (self._number[stem],)
        for cut in range(3, len(word) - 2):  # two words written as one
            if word[:cut] in self._number and word[cut:] in self._number:
                return self._number[word[:cut]], self._number[word[cut:]]
        return self._nearest(word) if 3 < len(word) <= 24 else ()

    @cached_property
    def _with_trigram(self) -> dict[str, list[int]]:
        known: dict[str, list[int]] = defaultdict(list)
        for number, word in enumerate(self.words):
            if len(word) > 3:
                for trigram in trigrams(word):
                    known[trigram].append(number)
        return known

    def _nearest(self, word: str) -> tuple[int, ...]:
        mine = trigrams(word)
        shared = Counter(
            number for trigram in sorted(mine) for number in self._with_trigram.get(trigram, ())
        )
        best: tuple[int, ...] = ()
        most = _LIKENESS
        for number, count in shared.items():
            likeness = 2 * count / (len(mine) + len(trigrams(self.words[number])))
            if likeness > most:
                best, most = (number,), likeness
        return best


def trigrams(word: str) -> frozenset[str]:
    """Return the runs of three letters of a word, its ends marked."""
    marked = f"<{word}>"
    return frozenset(marked[i : i + 3] for i in range(len(marked) - 2))
