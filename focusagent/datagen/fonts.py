"""The fonts of this machine that can draw Latin text, as files and as CSS families."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from functools import cache

from ..errors import UserError

# Families that draw symbols, or letters nobody would use for an interface.
_UNUSABLE = (
    "awesome", "emoji", "symbol", "icon", "math", "dingbat", "d050000l", "standard symbols",
    "music", "unfinished", "keyboard", "lobster", "ubuntu title", "tex gyre chorus", "z003",
    "bracket",
    "bebas neue", "smallcaps",  # capitals stand where the text has small letters
)  # fmt: skip
_OTHER_SCRIPTS = {
    "Cyrillic": ("ru", "АБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЭЮЯабвгдежзийклмнопрстуфхцчшщъыьэюя"),
    "Greek": ("el", "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩαβγδεζηθικλμνξοπρστυφχψω"),
    "CJK": (
        "zh-cn",
        "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动",
    ),
    "Kana": (
        "ja",
        "あいうえおかきくけこさしすせそたちつてとアイウエオカキクケコサシスセソタチツテト",
    ),
    "Hebrew": ("he", "אבגדהוזחטיכלמנסעפצקרשת"),
    "Arabic": ("ar", "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"),
    "Thai": ("th", "กขคงจฉชซญดตถทธนบปผฝพฟภมยรลวศสหอฮ"),
    "Devanagari": ("hi", "अआइईउऊएऐओऔकखगघचछजझटठडढणतथदधनपफबभमयरलवशषसह"),
}


@dataclass(frozen=True, slots=True)
class Face:
    """One font file and the family, style and weight that CSS calls it by."""

    path: str
    family: str
    style: str


def _query(pattern: str) -> list[Face]:
    try:
        out = subprocess.run(
            ["fc-list", "-f", "%{file}\t%{family[0]}\t%{style[0]}\n", pattern],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise UserError("fc-list is missing: install fontconfig and some fonts") from error
    faces = []
    for line in out.splitlines():
        path, family, style = line.split("\t")
        if path.endswith((".ttf", ".otf", ".ttc")):
            faces.append(Face(path, family, style))
    return sorted(set(faces), key=lambda face: (face.path, face.style))


@cache
def latin_faces() -> tuple[Face, ...]:
    """Return every installed face that holds the letters of Western languages."""
    faces = [
        face
        for face in _query(":lang=en:lang=de:lang=fr")
        if face.path.endswith((".ttf", ".otf"))
        and not any(word in face.family.lower() for word in _UNUSABLE)
    ]
    if not faces:
        raise UserError("no fonts found: install some, for example fonts-dejavu and fonts-roboto")
    return tuple(faces)


@cache
def latin_families() -> tuple[str, ...]:
    """Return the CSS families of `latin_faces`, each once."""
    return tuple(sorted({face.family for face in latin_faces()}))


@cache
def other_scripts() -> tuple[tuple[str, str], ...]:
    """Return (font file, letters) of scripts the reader does not know, as far as installed."""
    found = []
    for language, letters in _OTHER_SCRIPTS.values():
        found += [(face.path, letters) for face in _query(f":lang={language}")]
    return tuple(found)
