"""What was healed, shown: the old picture beside the new one, in a terminal and as a page."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from pathlib import Path

from PIL import Image
from rich.text import Text

from ..trace import save_bytes
from .healing import Heal, side_by_side
from .saving import png

COLUMNS = 96  # of a terminal that a pair of pictures may take
PAGE = "healed.html"
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;"
    "background:#f3f5f8;color:#1f2933}section{background:#fff;border:1px solid #dde3ea;"
    "border-radius:10px;margin:1rem 0;padding:1rem 1.5rem}img{max-width:100%}"
    "pre{white-space:pre-wrap;margin:0 0 .6rem}h1{font-size:1.3rem}"
)
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def drawn(heal: Heal) -> Text:
    """Both pictures in half blocks of colour: two rows of pixels a line."""
    image = side_by_side(heal)
    width = min(COLUMNS, image.width)
    height = max(2, round(image.height * width / image.width) // 2 * 2)
    small = image.resize((width, height), Image.Resampling.LANCZOS)
    text = Text()
    for y in range(0, height, 2):
        for x in range(width):
            upper, lower = (_hex(small, x, y + row) for row in (0, 1))
            text.append("\u2580", style=f"{upper} on {lower}")
        text.append("\n")
    return text


def state_of(changes: Sequence[Heal], written: int, provable: int) -> str:
    """What became of the differences: how many are written, how many could be."""
    parts = [f"{written} written to the flow"] if written else []
    if provable > written:
        parts.append(f"{provable - written} not written: --heal writes them")
    if doubtful := len(changes) - provable:
        parts.append(f"{doubtful} not to be written, since the replay did not prove them")
    return "; ".join(parts)


def write_page(name: str, changes: Sequence[Heal], folder: Path, state: str) -> Path:
    """Write a page of all differences, and what became of them, into a folder."""
    parts = [_section(heal) for heal in changes]
    title = escape(f"{name}: {len(changes)} changed")
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{title}</h1><p>Left: as recorded. Right: what was found now, {state}.</p>"
        f"{''.join(parts)}</body></html>"
    )
    path = folder / PAGE
    save_bytes(path, page.encode("utf-8", "replace"))
    return path


def _section(heal: Heal) -> str:
    data = base64.b64encode(png(side_by_side(heal))).decode()
    return (
        f"<section><pre>{escape(chr(10).join(heal.lines()))}</pre>"
        f'<img alt="before and after" src="data:image/png;base64,{data}"></section>'
    )


def _hex(image: Image.Image, x: int, y: int) -> str:
    red, green, blue = image.getpixel((x, y))  # type: ignore[misc]
    return f"#{red:02x}{green:02x}{blue:02x}"
