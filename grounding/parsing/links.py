"""Words that stand free: links by their colour or underline, and plain text."""

from __future__ import annotations

from collections import Counter

from .controls import Control
from .layout import Layout
from .phrases import Phrase, same_ink

# Less colourful ink is grey.
_COLOURFUL = 55
# Grey text is the body of a page if this share of the letters is grey.
_LEAST_BODY = 0.12
# Code is written in many colours: a line with this many is no row of links.
_MOTLEY = 4
# A browser's box of words is higher than the font size: by this share above and below.
_RIM = 0.08


def find_words(layout: Layout, controls: list[Control]) -> list[Control]:
    """Return links and text that belong to no control."""
    taken = {control.frame for control in controls if control.frame >= 0}
    spoken = {phrase for control in controls for phrase in control.phrases}
    body = _body(layout)
    motley = _motley_lines(layout)
    found = []
    for phrase, frame in zip(layout.phrases, layout.held, strict=True):
        if frame in taken or phrase in spoken or (phrase.separator and phrase.text):
            continue
        role, sure = "text", phrase.sure
        if phrase.line not in motley and _is_link(phrase, body, layout):
            role, sure = "link", phrase.sure * (0.9 if phrase.underlined else 0.75)
        rim = _RIM * phrase.size
        y1, y2 = phrase.y1 - rim, phrase.y2 + rim
        found.append(Control(phrase.x1, y1, phrase.x2, y2, role, phrase.text, sure))
    return found


def _body(layout: Layout) -> Phrase | None:
    """Return a phrase in the colour most of the text is written in."""
    weights: Counter[tuple[int, ...]] = Counter()
    sample: dict[tuple[int, ...], Phrase] = {}
    for phrase in layout.phrases:
        look = tuple(int(part) // 48 for part in (*phrase.ink, *phrase.ground))
        weights[look] += len(phrase.text)
        sample.setdefault(look, phrase)
    if not weights:
        return None
    # On a page of links most words are coloured, and still the grey ones are its body.
    grey = [look for look, _ in weights.most_common() if sample[look].chroma < _COLOURFUL]
    total = sum(weights.values())
    if grey and weights[grey[0]] >= _LEAST_BODY * total:
        return sample[grey[0]]
    return sample[weights.most_common(1)[0][0]]


def _is_link(phrase: Phrase, body: Phrase | None, layout: Layout) -> bool:
    if phrase.underlined:
        return True
    if body is None or phrase.chroma < _COLOURFUL or phrase.size > 1.5 * layout.size:
        return False
    return not same_ink(phrase, body)


def _motley_lines(layout: Layout) -> set[int]:
    inks: dict[int, list[Phrase]] = {}
    for phrase in layout.phrases:
        seen = inks.setdefault(phrase.line, [])
        if not any(same_ink(phrase, other) for other in seen):
            seen.append(phrase)
    return {line for line, seen in inks.items() if len(seen) >= _MOTLEY}
