"""Icons for generated pages, fetched by npm when data is made; none travels with us."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

from .npm import unpack

# Package, folder inside it, what to write in place of the colour that is missing.
# Tabler and Bootstrap icons: MIT licence; Material Design icons: Apache-2.0.
SETS = (
    ("@tabler/icons@3.51.0", "package/icons/outline/"),
    ("bootstrap-icons@1.13.2", "package/icons/"),
    ("@mdi/svg@7.4.47", "package/svg/"),
)
A_SET = 500
# Icons that show letters or digits would teach that letters are no text.
_WRITTEN = re.compile(
    r"\d|letter|alpha|number|numeric|abc|roman|abjad|type|text|format|font|badge|currency|filetype"
    r"|bold|italic|underline|strike|square-|circle-|hexagon-|hd|brand|language|translate|title"
    r"|quote|asterisk|at$|hash|percent|plus|equal|slash|parking|script|syllab|sign|code|math|infinity"
    r"|copyright|registered|ampersand|dots|period|comma|exclamation|question|help|info|variable|omega"
    r"|\b(?!up\b|in\b|on\b)[a-z]{1,2}\b"
    r"|\b(pdf|csv|svg|xml|sql|css|html|json|https?|api|url|gif|png|jpg|ppt|xls|docx?|txt|nfc|sos|atm|vip)\b"
    r"|\b(iso|lte|rss|php|gps|ads|bat|exe|usd|eur|btc|www|npm|git|law|stop|new|sale|poo|vhs|ltr|rtl)\b"
)


def load_icons(cache: Path) -> dict[str, str]:
    """Return SVG texts by name, some of each set; none without npm."""
    kept = cache / "icons.json"
    if not kept.exists():
        found: dict[str, str] = {}
        for package, folder in SETS:
            drawn = {
                Path(member).stem: content.decode()
                for member, content in unpack(package, folder, ".svg").items()
                if not _WRITTEN.search(Path(member).stem)
            }
            chosen = random.Random(0).sample(sorted(drawn), min(A_SET, len(drawn)))
            found |= {name: _plain(drawn[name]) for name in chosen}
        if not found:
            return {}
        kept.write_text(json.dumps(found), encoding="utf-8")
    icons: dict[str, str] = json.loads(kept.read_text(encoding="utf-8"))
    return icons


def _plain(svg: str) -> str:
    """Return an icon in the text's colour, its size left to whoever places it."""
    svg = re.sub(r"<!--.*?-->|<\?.*?\?>", "", svg, flags=re.S)
    head, body = svg.split(">", 1)
    head = re.sub(r'\s(width|height|class|id)="[^"]*"', "", head)
    fill = "" if "fill=" in head else ' fill="currentColor"'
    return f"{head}{fill}>{body}".strip()
