"""What the answers of a model depend on, as a short text: if it differs, old results are void."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterable
from pathlib import Path

from .. import __version__
from .._siblings import grounding


def fingerprint(spec: str, keep: str | None = None) -> str:
    """Return the fingerprint of a model: version, grounding code and weights, and its own files.

    Of a checkpoint's folder, names, sizes and times of change count, for its files are large; of
    somebody's own class, its module. What a server or the hub holds cannot be seen from here.
    """
    package = Path(grounding.__file__ or "").parent
    digest = hashlib.sha256()
    for text in (__version__, spec, keep or ""):
        digest.update(f"{text}\n".encode())
    for path in [*sorted(package.rglob("*.py")), package / "weights" / "manifest.json"]:
        _add(digest, path.relative_to(package), path.read_bytes())
    for path in _own_files(spec):
        about = path.stat()
        _add(digest, path, f"{about.st_size} {about.st_mtime_ns}".encode())
    return digest.hexdigest()[:16]


def _add(digest: hashlib._Hash, path: Path, content: bytes) -> None:
    digest.update(f"{path.as_posix()} {len(content)}\n".encode())
    digest.update(content)


def _own_files(spec: str) -> Iterable[Path]:
    """Return the files of a checkpoint's folder, or the module of a class."""
    if Path(spec).is_dir():
        return sorted(path for path in Path(spec).rglob("*") if path.is_file())
    module, colon, _ = spec.partition(":")
    if not colon or "/" in spec:
        return ()
    try:
        found = importlib.util.find_spec(module)
    except (ImportError, ValueError):  # a module without a file of its own
        return ()
    return [Path(found.origin)] if found is not None and found.origin else ()
