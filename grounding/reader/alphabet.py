"""The characters the reader knows, and what it does with the ones it does not.

Class 0 is OTHER: a glyph is there, but of a script outside this list.
"""

from __future__ import annotations

import unicodedata

ASCII = "".join(chr(code) for code in range(33, 127))
LATIN1 = "".join(chr(code) for code in range(0xC0, 0x100) if code not in (0xD7, 0xF7))
LATIN_EXTENDED = "ĀāĂăĄąĆćČčĎďĐđĒēĖėĘęĚěĞğĢģĪīĮįİıĶķĻļŁłŃńŇňŌōŐőŒœŘřŚśŞşȘșŠšŤťȚțŪūŮůŰűŲųŹźŻżŽž"
SYMBOLS = "€£¥¢§©®™°·•…–—‘’“”„«»‹›×÷±¿¡µ½¼¾²³¹ªº→←↑↓✓✔✕★☆▾▼▲▸►●○■□¶†‰≤≥≠−"

OTHER = 0
CHARACTERS = ASCII + LATIN1 + LATIN_EXTENDED + SYMBOLS
CLASS_COUNT = len(CHARACTERS) + 1
_CLASS = {character: index + 1 for index, character in enumerate(CHARACTERS)}

# Typographic variants that a reader of the screen does not tell apart.
_FOLDED = str.maketrans(
    {
        "‘": "'",
        "’": "'",
        "“": '"',
        "”": '"',
        "„": '"',
        "–": "-",
        "—": "-",
        "−": "-",
        "…": "...",
        "×": "x",
        "✕": "x",
        "✔": "✓",
        "•": "·",
        "●": "·",
        "\u00a0": " ",
    }
)


def class_of(character: str) -> int:
    """Return the class of a character, OTHER if it is not in the alphabet."""
    return _CLASS.get(character, OTHER)


def character_of(index: int) -> str:
    """Return the character of a class; OTHER reads as the replacement character."""
    return CHARACTERS[index - 1] if index else "\ufffd"


def fold(text: str) -> str:
    """Replace typographic variants (curly quotes, dashes, ellipsis) by plain ones."""
    return text.translate(_FOLDED)


def strip_accents(text: str) -> str:
    """Return the text with accents removed: the form that is compared loosely."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(mark for mark in decomposed if not unicodedata.combining(mark))
