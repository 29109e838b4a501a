"""Digests of files: what weights begin with, and what they learn from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path


def sha256_of(path: Path) -> str:
    """Return a file's sha256 in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_of(paths: Iterable[Path]) -> str:
    """Return the digest of some files' names and bytes; it does not depend on their order."""
    told = hashlib.sha256()
    for path in sorted(paths):
        told.update(f"{path.name} {sha256_of(path)}\n".encode())
    return told.hexdigest()
