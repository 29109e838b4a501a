"""Labelled screens in memory and on disk: a picture, every glyph's box, the controls.

A glyph's box is its advance horizontally and its em square vertically: 0.8 of the font size above
the baseline, 0.2 below. So every glyph of a line has the same top, bottom and height.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


@dataclass(frozen=True)
class LabelledPage:
    """A screen and what is written on it.

    ``codes`` (N) are code points, ``boxes`` (N, 4) pixels x1, y1, x2, y2, ``words`` (N) the number
    of the word a glyph belongs to; ``ignore`` (M, 4) are places whose text is not known.
    """

    image: NDArray[np.uint8]
    codes: NDArray[np.int32]
    boxes: NDArray[np.float32]
    words: NDArray[np.int32]
    ignore: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 4), np.float32))
    controls: tuple[dict[str, Any], ...] = ()
    about: dict[str, Any] = field(default_factory=dict)


def save_page(page: LabelledPage, folder: Path, name: str) -> None:
    """Write a page as NAME.png, NAME.npz and NAME.json; the JSON comes last and marks it whole."""
    Image.fromarray(page.image).save(folder / f"{name}.png", compress_level=1)
    np.savez(
        folder / f"{name}.npz",
        codes=page.codes,
        boxes=page.boxes,
        words=page.words,
        ignore=page.ignore,
    )
    text = json.dumps({"about": page.about, "controls": page.controls}, ensure_ascii=False)
    (folder / f"{name}.json").write_text(text, encoding="utf-8")


def load_page(folder: Path, name: str) -> LabelledPage:
    """Read a page that `save_page` wrote."""
    with Image.open(folder / f"{name}.png") as picture:
        image = np.asarray(picture.convert("RGB"))
    meta = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    with np.load(folder / f"{name}.npz", allow_pickle=False) as arrays:
        return LabelledPage(
            image,
            arrays["codes"],
            arrays["boxes"],
            arrays["words"],
            arrays["ignore"],
            tuple(meta["controls"]),
            meta["about"],
        )


def page_names(folder: Path) -> list[str]:
    """List the complete pages of a folder in order."""
    return sorted(path.stem for path in folder.glob("[0-9]*.json"))


def word_slices(words: NDArray[np.int32]) -> list[slice]:
    """Return the stretch of glyphs of each word, in order."""
    cuts = [0, *(np.flatnonzero(np.diff(words)) + 1).tolist(), len(words)] if len(words) else []
    return [slice(start, end) for start, end in zip(cuts, cuts[1:], strict=False)]


def word_texts(page: LabelledPage) -> list[tuple[str, tuple[float, float, float, float]]]:
    """Return the words of a page in order, each with its box in pixels."""
    found = []
    for piece in word_slices(page.words):
        text = "".join(map(chr, page.codes[piece]))
        x1, y1 = page.boxes[piece, :2].min(axis=0).tolist()
        x2, y2 = page.boxes[piece, 2:].max(axis=0).tolist()
        found.append((text, (x1, y1, x2, y2)))
    return found
