"""Style sheets of component kits, fetched by npm when data is made; none travels with us."""

from __future__ import annotations

from pathlib import Path

from .npm import unpack

# All under the MIT licence; only their CSS is used, on pages of our own.
KITS = {
    "bootstrap": ("bootstrap@5.3.8", "package/dist/css/bootstrap.min.css"),
    "bulma": ("bulma@1.0.4", "package/css/bulma.min.css"),
    "pico": ("@picocss/pico@2.1.1", "package/css/pico.min.css"),
    "materialize": ("materialize-css@1.0.0", "package/dist/css/materialize.min.css"),
    "spectre": ("spectre.css@0.5.9", "package/dist/spectre.min.css"),
    "water": ("water.css@2.1.1", "package/out/water.min.css"),
}


def load_kits(cache: Path) -> dict[str, str]:
    """Return the CSS of every kit that is cached or can be fetched; none without npm."""
    cache.mkdir(parents=True, exist_ok=True)
    found = {}
    for name, (package, member) in KITS.items():
        path = cache / f"{name}.css"
        if not path.exists():
            content = unpack(package, member).get(member)
            if content is None:
                continue
            path.write_bytes(content)
        found[name] = path.read_text(encoding="utf-8")
    return found
