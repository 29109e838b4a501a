"""Text for generated screens: real words, names, numbers and strings that nobody can guess."""

from __future__ import annotations

import hashlib
import random
import re
import string
import sysconfig
from collections import Counter
from functools import cache
from pathlib import Path

from .._siblings import grounding
from .terms import FIRST_NAMES, LAST_NAMES, UI_TERMS

CONSONANTS, VOWELS = "bcdfghjklmnpqrstvwxyz", "aeiou"
ENDINGS = ("com", "org", "net", "io", "dev", "co.uk", "de", "eu", "edu")
MONTHS = "January February March April May June July August September October November December"
KINDS = (
    "word", "term", "title", "sentence", "name", "email", "number", "date", "price", "identifier",
    "url", "time", "code", "random", "accented", "pseudo",
)  # fmt: skip
WEIGHTS = (14, 18, 14, 6, 8, 4, 6, 5, 4, 6, 3, 3, 4, 7, 5, 9)


def held_out(word: str) -> bool:
    """Tell whether a word is kept for tests: one of eight, by a hash of its letters."""
    return hashlib.sha256(word.lower().encode()).digest()[0] % 8 == 0


@cache
def vocabulary(split: str) -> tuple[str, ...]:
    """Return English words found in the texts of Python's standard library.

    Every installation has them, so no word list needs to travel with the project.
    """
    counts: Counter[str] = Counter()
    for path in sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py")):
        text = path.read_text(encoding="utf-8", errors="ignore")
        counts.update(re.findall(r"(?<![A-Za-z_.])[a-z]{2,12}(?![A-Za-z_(.=])", text))
    words = sorted(word for word, count in counts.items() if count >= 3)
    return tuple(word for word in words if held_out(word) == (split == "test"))


@cache
def _terms(split: str) -> tuple[str, ...]:
    if split == "train":
        return UI_TERMS
    # A test page shows no phrase of the training list: its terms are built from held-out words.
    words = vocabulary("test")
    rng = random.Random(20)
    return tuple(
        " ".join(rng.choice(words) for _ in range(rng.randint(1, 3))).capitalize()
        for _ in range(400)
    )


def pseudo_word(rng: random.Random) -> str:
    """Make up a word that can be pronounced."""
    start = rng.randint(0, 1)
    return "".join(
        rng.choice(VOWELS if (index + start) % 2 else CONSONANTS)
        for index in range(rng.randint(3, 9))
    )


def _sentence(rng: random.Random, split: str) -> str:
    words = [rng.choice(vocabulary(split)) for _ in range(rng.randint(4, 14))]
    for index in range(1, len(words) - 1):
        if rng.random() < 0.08:
            words[index] += rng.choice((",", ";", ":", " –", " —", ","))
        elif rng.random() < 0.04:
            words[index] = rng.choice(
                ("({})", '"{}"', "“{}”", "‘{}’", "'{}'", "[{}]", "{}’s")
            ).format(words[index])
    return " ".join(words).capitalize() + rng.choice(("", ".", ".", ".", "!", "?", "…", "..."))


def _identifier(rng: random.Random) -> str:
    letters = "".join(rng.choice(string.ascii_uppercase) for _ in range(rng.randint(2, 4)))
    digits = "".join(rng.choice(string.digits) for _ in range(rng.randint(2, 7)))
    return rng.choice(
        (
            f"{letters}-{digits}",
            f"#{digits}",
            f"{letters}{digits}",
            f"{letters}/{digits}",
            f"v{rng.randint(0, 9)}.{rng.randint(0, 20)}.{rng.randint(0, 9)}",
            f"{rng.getrandbits(28):07x}",
            f"{rng.getrandbits(32):08x}-{rng.getrandbits(16):04x}",
            f"ID: {digits}",
            f"({digits})",
        )
    )


def _number(rng: random.Random) -> str:
    value = rng.random() * 10 ** rng.randint(0, 7)
    return rng.choice(
        (
            f"{value:,.0f}",
            f"{value:.1f}",
            f"{value:.2f}",
            f"{rng.random() * 100:.0f}%",
            f"{rng.random() * 100:.1f}%",
            f"+{rng.random() * 20:.2f}%",
            f"-{rng.random() * 20:.1f}",
            f"{rng.randint(0, 99)}",
            f"{rng.randint(0, 9)}/{rng.randint(1, 12)}",
            f"{rng.random() * 999:.1f} {rng.choice(('KB', 'MB', 'GB', 'kg', 'km', 'ms', 'px'))}",
            f"+{rng.randint(1, 99)} {rng.randint(100, 999)} {rng.randint(1000000, 9999999)}",
            f"({rng.randint(200, 999)}) {rng.randint(200, 999)}-{rng.randint(1000, 9999)}",
            f"{rng.randint(-20, 40)} °C",
        )
    )


def _date(rng: random.Random) -> str:
    day, month, year = rng.randint(1, 28), rng.randint(1, 12), rng.randint(1980, 2035)
    name = MONTHS.split()[month - 1]
    return rng.choice(
        (
            f"{day:02d}/{month:02d}/{year}",
            f"{year}-{month:02d}-{day:02d}",
            f"{day:02d}.{month:02d}.{year}",
            f"{name[:3]} {day}, {year}",
            f"{day} {name} {year}",
            f"{name} {year}",
            f"{name[:3]} {day}",
        )
    )


def _price(rng: random.Random) -> str:
    value = rng.random() * 10 ** rng.randint(1, 5)
    return rng.choice(
        ("${:,.2f}", "€{:,.2f}", "£{:.2f}", "{:.2f} €", "¥{:,.0f}", "${:.0f}/mo")
    ).format(value)


def _code(rng: random.Random, split: str) -> str:
    one, two, three = (rng.choice(vocabulary(split)) for _ in range(3))
    return rng.choice(
        (
            f"{one}_{two}({three})",
            f"{one}.{two} = {three}",
            f"if ({one} != {rng.randint(0, 9)}) {{ {two}(); }}",
            f'<{one} class="{two}">',
            f"{one}[{rng.randint(0, 9)}] += {two};",
            f"$ {one} --{two} {three}/*.{two[:3]}",
            f"{one}{two.capitalize()}",
            f"def {one}({two}: {three}) -> None:",
            f'{{"{one}": {rng.randint(0, 999)}}}',
            f"~/{one}/{two}.{three[:2]} | {two} && {one} \\",
        )
    )


def _accented(rng: random.Random, split: str) -> str:
    extra = grounding.reader.alphabet.LATIN1 + grounding.reader.alphabet.LATIN_EXTENDED
    letters = list(rng.choice(vocabulary(split)))
    for _ in range(rng.randint(1, 3)):
        letters[rng.randrange(len(letters))] = rng.choice(extra)
    text = "".join(letters)
    return text.lower() if rng.random() < 0.6 else text


def _random(rng: random.Random) -> str:
    alphabet = grounding.reader.alphabet
    pool = rng.choice(
        (alphabet.ASCII, alphabet.ASCII, alphabet.CHARACTERS, string.ascii_letters + string.digits)
    )
    return "".join(rng.choice(pool) for _ in range(rng.randint(1, 9)))


def _title(rng: random.Random, split: str) -> str:
    words = [rng.choice(vocabulary(split)) for _ in range(rng.randint(1, 4))]
    text = " ".join(words)
    return rng.choice((text.title(), text.capitalize(), text, text.upper()))


def _contact(rng: random.Random, split: str, kind: str) -> str:
    one, two = rng.choice(vocabulary(split)), rng.choice(vocabulary(split))
    if kind == "email":
        return (
            f"{one}{rng.choice(('.', '_', '', '+'))}{two}@{pseudo_word(rng)}.{rng.choice(ENDINGS)}"
        )
    return rng.choice(
        (
            f"https://{one}.{rng.choice(ENDINGS)}/{two}",
            f"www.{one}{two}.{rng.choice(ENDINGS)}",
            f"/{one}/{two}?{pseudo_word(rng)}={rng.randint(1, 99)}",
            f"{one}_{two}.{rng.choice(('pdf', 'png', 'txt', 'csv', 'py', 'docx', 'zip'))}",
            f"C:\\{one.title()}\\{two}",
        )
    )


def text(rng: random.Random, split: str = "train", kind: str | None = None) -> str:
    """Return one piece of text of a kind in KINDS, by default of a random kind."""
    kind = kind or rng.choices(KINDS, WEIGHTS)[0]
    makers = {
        "word": lambda: rng.choice(vocabulary(split)),
        "term": lambda: rng.choice(_terms(split)),
        "title": lambda: _title(rng, split),
        "sentence": lambda: _sentence(rng, split),
        "name": lambda: f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}",
        "email": lambda: _contact(rng, split, "email"),
        "url": lambda: _contact(rng, split, "url"),
        "number": lambda: _number(rng),
        "date": lambda: _date(rng),
        "price": lambda: _price(rng),
        "identifier": lambda: _identifier(rng),
        "time": lambda: (
            f"{rng.randint(0, 23)}:{rng.randint(0, 59):02d}" + rng.choice(("", " AM", " pm"))
        ),
        "code": lambda: _code(rng, split),
        "random": lambda: _random(rng),
        "accented": lambda: _accented(rng, split),
        "pseudo": lambda: pseudo_word(rng),
    }
    made = makers[kind]()
    style = rng.random()
    if kind in ("word", "pseudo"):
        return made.capitalize() if style < 0.4 else made.upper() if style < 0.5 else made
    return made.upper() if style < 0.06 and kind != "random" else made
