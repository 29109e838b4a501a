"""Drawings of the icon sets in one size, and everything each of them may be called."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .._siblings import grounding
from ..errors import UserError
from . import drawn, icon_texts, word_vectors
from .icon_sets import HELD_OUT, SETS, Drawing, IconSet, Tags, fetch

# The canvas, and the longer side of an icon's ink on it.
CANVAS, INK = 64, 56
# Crops of text that look like icons to the proposals, from pages drawn for the reader.
TEXT_CROPS, _A_PAGE = 12_000, 60
# Numbers in a word's vector, before what training adds.
VECTOR_SIZE = 128


@dataclass(frozen=True)
class DrawnSet:
    """A set whose drawings lie in pixels: ink (N, 64, 64) uint8, a name each, tags by name."""

    name: str
    ink: NDArray[np.uint8]
    names: list[str]
    tags: Tags


def draw(svg: str) -> NDArray[np.uint8] | None:
    """Return the ink of a drawing on the canvas, the middle of it in the middle; None if blank."""
    import resvg_py

    try:
        png = resvg_py.svg_to_bytes(svg_string=svg, width=2 * CANVAS, skip_system_fonts=True)
        ink = Image.open(io.BytesIO(bytes(png))).convert("RGBA").getchannel("A")
    except (ValueError, OSError, BaseExceptionGroup):
        return None
    box = ink.point(lambda alpha: 255 if alpha > 40 else 0).getbbox()
    if box is None:
        return None
    ink = ink.crop(box)
    factor = INK / max(ink.size)
    size = (max(1, round(ink.width * factor)), max(1, round(ink.height * factor)))
    small = ink.resize(size, Image.Resampling.BOX if factor < 1 else Image.Resampling.BICUBIC)
    canvas = Image.new("L", (CANVAS, CANVAS))
    canvas.paste(small, ((CANVAS - size[0]) // 2, (CANVAS - size[1]) // 2))
    pixels = np.asarray(canvas)
    # A full square says nothing; some sets draw one behind every icon.
    is_plate = pixels[pixels > 0].mean() > 250 and (pixels > 0).mean() > 0.7
    return None if is_plate else pixels


def draw_set(icon_set: IconSet, folder: Path) -> DrawnSet:
    """Return a set's drawings, kept in ``folder`` for the next time."""
    kept = folder / f"{icon_set.name}.npz"
    if not kept.exists():
        drawings, tags = fetch(icon_set)
        drawn = [(draw(each.svg), each) for each in drawings]
        _keep(kept, [(ink, each) for ink, each in drawn if ink is not None], tags)
    with np.load(kept) as file:
        about = json.loads(file["about"].tobytes())
        tags = {name: set(texts) for name, texts in about["tags"].items()}
        return DrawnSet(icon_set.name, file["ink"], about["names"], tags)


def _keep(path: Path, drawn: list[tuple[NDArray[np.uint8], Drawing]], tags: Tags) -> None:
    if not drawn:
        raise UserError(f"none of the icons of {path.stem} could be drawn")
    about = {
        "names": [each.name for _, each in drawn],
        "tags": {name: sorted(texts) for name, texts in sorted(tags.items())},
    }
    draft = path.with_suffix(".draft.npz")
    ink = np.stack([ink for ink, _ in drawn])
    coded = np.frombuffer(json.dumps(about).encode(), np.uint8)
    np.savez_compressed(draft, ink=ink, about=coded)
    draft.replace(path)


def draw_sets(folder: Path, tell: Callable[[str], None]) -> list[DrawnSet]:
    """Return all sets, drawn; ``tell`` hears which one is at work."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    for icon_set in SETS:
        tell(icon_set.name)
        drawn.append(draw_set(icon_set, folder))
    return drawn


def text_crops(count: int, seed: int) -> NDArray[np.uint8]:
    """Return crops (count, 32, 32) of pieces of text, as the recogniser meets them on screens."""
    proposals, crops = grounding.icons.proposals, grounding.icons.crops
    found: list[NDArray[np.uint8]] = []
    number = total = 0
    while total < count:
        page = drawn.draw_page(f"icons/{seed}/{number}")
        boxes = proposals.propose(page.image)
        written = np.round(page.boxes).astype(np.int64)
        middle = (boxes[:, None, :2] + boxes[:, None, 2:]) / 2
        inside = np.all((middle >= written[:, :2]) & (middle <= written[:, 2:]), axis=2)
        boxes = boxes[np.any(inside, axis=1)][:_A_PAGE]
        found.append((crops.crops(page.image, boxes) * 255).astype(np.uint8))
        number, total = number + 1, total + len(boxes)
    return np.concatenate(found)[:count]


def build_data(
    folder: Path, sets: Sequence[DrawnSet], tell: Callable[[str], None], seed: int = 0
) -> None:
    """Write what `grounding.training.icon_samples.IconData` reads: drawings, texts, words."""
    tell("texts")
    labels, label_of, texts = label_drawings(
        sets, icon_texts.wordnet_synonyms(), icon_texts.held_out_phrases()
    )
    held_out = np.concatenate([np.full(len(each.names), each.name in HELD_OUT) for each in sets])
    tell("text that is no icon")
    negatives = text_crops(TEXT_CROPS, seed)
    tell("words")
    encoder = word_vectors.encoder_folder(folder)
    in_texts = {word for text in texts for word in text.split()}
    words = sorted(in_texts | set(word_vectors.common_words(encoder)))
    vectors = word_vectors.embed_texts(encoder, words, lambda done: tell(f"words: {done}"))
    np.save(folder / "ink.npy", np.concatenate([each.ink for each in sets]))
    np.savez(
        folder / "data.npz",
        label=label_of,
        held_out=held_out,
        negatives=negatives,
        vectors=word_vectors.reduce_vectors(vectors, VECTOR_SIZE).astype(np.float16),
    )
    about = {"texts": texts, "words": words, "labels": labels}
    draft = folder / "data.draft"
    draft.write_text(json.dumps(about), encoding="utf-8")
    draft.replace(folder / "data.json")


def label_drawings(
    sets: Sequence[DrawnSet], synonyms: Mapping[str, set[str]], held_out: frozenset[str]
) -> tuple[list[dict[str, object]], NDArray[np.int64], list[str]]:
    """Return what is said about each name of each set, the label of each drawing, all texts.

    ``related`` are texts that may or may not name the icon: pairs that training leaves out.
    """
    borrowed = icon_texts.borrowed_texts([each.tags for each in sets])
    number: dict[str, int] = {}
    labels: list[dict[str, object]] = []
    label_of: list[int] = []
    for each in sets:
        place: dict[str, int] = {}
        for name in each.names:
            if name not in place:
                place[name] = len(labels)
                own = each.tags.get(name, set())
                said = icon_texts.texts_of(name, own, borrowed, synonyms, held_out)
                row = {number.setdefault(text, len(number)): said[text] for text in said}
                labels.append({"set": each.name, "name": name, "texts": row})
            label_of.append(place[name])
    names: dict[str, set[str]] = {}
    for name, texts in borrowed.items():
        for text in texts:
            names.setdefault(text, set()).add(name)
    for label in labels:
        name = str(label["name"])
        # Icons that list this name as a tag: their own names may name this icon as well.
        others = {text for text in names.get(name, ()) if text in number}
        label["related"] = sorted(number[text] for text in others)
    return labels, np.array(label_of), list(number)
