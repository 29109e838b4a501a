"""A note in a folder of training data: what it is made with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import UserError

NAME = "recipe.json"


def stamp(folder: Path, recipe: Mapping[str, Any], *, begun: bool) -> None:
    """Note what a folder's data is made with, or refuse one that is made with something else.

    Data that is ``begun`` without a note, as older versions made it, is taken as it is.
    """
    path = folder / NAME
    if not path.exists():
        if not begun:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(recipe, indent=2) + "\n", encoding="utf-8")
        return
    try:
        known = dict(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise UserError(f"{path} is damaged: delete {folder}, or use another folder") from error
    refuse_other(known, recipe, f"{folder} holds data that was made otherwise")


def refuse_other(known: Mapping[str, Any], wanted: Mapping[str, Any], what: str) -> None:
    """Say what differs between what is there and what is asked for, if anything does."""
    wanted = json.loads(json.dumps(wanted))
    changed = [
        f"{name} {known.get(name)}, now {value}"
        for name, value in wanted.items()
        if value != known.get(name)
    ]
    if changed:
        raise UserError(f"{what} ({'; '.join(changed)}): use that again, or another folder")
