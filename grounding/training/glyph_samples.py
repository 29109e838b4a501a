"""From a labelled page to a training sample: a crop, rescaled and worn, with its target grids."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..reader.alphabet import class_of
from .pages import LabelledPage

CELL_WIDTH, CELL_HEIGHT = 2, 4
SPREAD = 0.7  # of a cell: how far the warmth of a glyph's middle reaches
READ = (8.0, 30.0)  # font sizes in px of the crop that must be read
UNSURE = (6.5, 36.0)  # beyond READ and within this: neither right nor wrong; outside: not text
FILTERS = (
    Image.Resampling.BILINEAR,
    Image.Resampling.BICUBIC,
    Image.Resampling.LANCZOS,
    Image.Resampling.HAMMING,
)


@dataclass(frozen=True)
class GlyphSample:
    """One crop (H, W, 3) and what to learn from it.

    ``heat`` (H/4, W/2) is the target of the heat map, ``weight`` its weight; ``cells`` (K, 2) are
    rows and columns where a glyph is named, ``classes`` (K) and ``measures`` (K, 5) its targets.
    """

    image: NDArray[np.uint8]
    heat: NDArray[np.float32]
    weight: NDArray[np.float32]
    cells: NDArray[np.int64]
    classes: NDArray[np.int64]
    measures: NDArray[np.float32]


def make_sample(page: LabelledPage, rng: random.Random, size: tuple[int, int]) -> GlyphSample:
    """Cut a crop of ``size`` (width, height) from a page at a random place and scale."""
    width, height = size
    scale = _scale(rng, page.image.shape[1], page.image.shape[0], size)
    view_w, view_h = width / scale, height / scale
    page_h, page_w = page.image.shape[:2]
    left, top = _place(page, rng, view_w, view_h)
    if scale in (1.0, 0.5):
        # Whole pixels: at full size glyphs stay crisp, at half size the crop equals what the
        # reader makes of a large screen (means of 2 x 2 pixels).
        left, top = float(int(left)), float(int(top))
    box = (left, top, min(page_w, left + view_w), min(page_h, top + view_h))
    picture = Image.fromarray(page.image)
    if scale == 1.0:
        picture = picture.crop((int(box[0]), int(box[1]), int(box[2]), int(box[3])))
    else:
        how = Image.Resampling.BOX if scale == 0.5 else rng.choice(FILTERS)
        target = (round((box[2] - box[0]) * scale), round((box[3] - box[1]) * scale))
        picture = picture.resize(target, how, box)
    crop = np.zeros((height, width, 3), np.uint8)
    content = np.asarray(picture)[:height, :width]
    crop[: content.shape[0], : content.shape[1]] = content
    shift = np.array([left, top, left, top], np.float32)
    return encode(
        wear(crop, rng),
        np.array([class_of(chr(code)) for code in page.codes], np.int64),
        (page.boxes - shift) * scale,
        page.words,
        (page.ignore - shift) * scale,
        rng,
    )


def _scale(rng: random.Random, page_w: int, page_h: int, size: tuple[int, int]) -> float:
    draw = rng.random()
    scale = 1.0 if draw < 0.55 else 0.5 if draw < 0.72 else rng.uniform(0.65, 1.6)
    # A page smaller than the view is not shrunk further: the crop would be mostly empty.
    return max(scale, size[0] / page_w, size[1] / page_h) if scale < 1 else scale


def _place(
    page: LabelledPage, rng: random.Random, view_w: float, view_h: float
) -> tuple[float, float]:
    """Choose the left top corner: the better filled one of two random places."""
    page_h, page_w = page.image.shape[:2]
    best, most = (0.0, 0.0), -1
    x, y = page.boxes[:, 0], page.boxes[:, 1]
    for _ in range(2):
        left, top = (
            rng.uniform(0, max(0.0, page_w - view_w)),
            rng.uniform(0, max(0.0, page_h - view_h)),
        )
        filled = int(((x > left) & (x < left + view_w) & (y > top) & (y < top + view_h)).sum())
        if filled > most:
            best, most = (left, top), filled
    return best


def wear(image: NDArray[np.uint8], rng: random.Random) -> NDArray[np.uint8]:
    """Change colours and add the noise that screenshots pick up on their way."""
    if rng.random() < 0.25:
        image = image[:, :, rng.sample((0, 1, 2), 3)]
    if rng.random() < 0.2:
        image = 255 - image
    if rng.random() < 0.25:
        gain, lift = rng.uniform(0.5, 1.1), rng.uniform(-20, 60)
        image = np.clip(image * np.float32(gain) + np.float32(lift), 0, 255).astype(np.uint8)
    if rng.random() < 0.12:
        buffer = io.BytesIO()
        Image.fromarray(image).save(buffer, "JPEG", quality=rng.randint(45, 95))
        image = np.asarray(Image.open(buffer))
    if rng.random() < 0.06:
        noise = np.random.default_rng(rng.getrandbits(32)).normal(0, rng.uniform(1, 8), image.shape)
        image = np.clip(image + noise, 0, 255).astype(np.uint8)
    return np.ascontiguousarray(image)


def encode(
    image: NDArray[np.uint8],
    classes: NDArray[np.int64],
    boxes: NDArray[np.float32],
    words: NDArray[np.int32],
    ignore: NDArray[np.float32],
    rng: random.Random,
) -> GlyphSample:
    """Turn labels in pixels of the crop into target grids."""
    height, width = image.shape[:2]
    rows, columns = height // CELL_HEIGHT, width // CELL_WIDTH
    size, middle = boxes[:, 3] - boxes[:, 1], (boxes[:, :2] + boxes[:, 2:]) / 2
    inside = (middle > 1).all(1) & (middle[:, 0] < width - 1) & (middle[:, 1] < height - 1)
    read = inside & (size >= READ[0]) & (size <= READ[1])
    text = (size >= UNSURE[0]) & (size <= UNSURE[1])
    weight = np.ones((rows, columns), np.float32)
    for box in np.concatenate([ignore, boxes[text & ~read]]):
        _blank(weight, box)
    last = np.append(words[1:] != words[:-1], True) if len(words) else np.zeros(0, bool)
    kept = np.flatnonzero(read)
    centre = middle[kept] / (CELL_WIDTH, CELL_HEIGHT)
    heat, cells, owner = _warm(centre, rows, columns, rng)
    at = kept[owner]
    advance = np.maximum(boxes[at, 2] - boxes[at, 0], 1)
    measures = np.stack(
        [
            centre[owner, 0] - cells[:, 1] - 0.5,
            centre[owner, 1] - cells[:, 0] - 0.5,
            np.log(advance / 8),
            np.log(size[at] / 12),
            last[at],
        ],
        axis=1,
    ).astype(np.float32)
    weight[heat > 0.5] = 1  # a known glyph counts even where an unknown one lies over its box
    return GlyphSample(image, heat, weight, cells, classes[at], measures)


def _blank(weight: NDArray[np.float32], box: NDArray[np.float32]) -> None:
    x1, x2 = (max(0, int(side // CELL_WIDTH)) for side in (box[0], box[2]))
    y1, y2 = (max(0, int(side // CELL_HEIGHT)) for side in (box[1], box[3]))
    weight[y1 : y2 + 1, x1 : x2 + 1] = 0


def _warm(
    centre: NDArray[np.float64], rows: int, columns: int, rng: random.Random
) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]]:
    """Return the heat target, and cells (K, 2) with the glyph each belongs to (K).

    Every glyph is learnt at the cell of its middle and at one warm neighbour: at run time the
    warmest cell may be off by one.
    """
    heat = np.zeros(rows * columns, np.float32)
    base = np.floor(centre).astype(np.int64)
    found = []
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            column, row = base[:, 0] + dx, base[:, 1] + dy
            ok = np.flatnonzero((column >= 0) & (column < columns) & (row >= 0) & (row < rows))
            far = (centre[ok, 0] - column[ok] - 0.5) ** 2 + (centre[ok, 1] - row[ok] - 0.5) ** 2
            value = np.exp(-far / (2 * SPREAD**2)).astype(np.float32)
            flat = row[ok] * columns + column[ok]
            np.maximum.at(heat, flat, value)
            found.append((flat, ok, value, np.full(len(ok), dx == 0 and dy == 0)))
    flat, owner, value, own = (np.concatenate(parts) for parts in zip(*found, strict=True))
    nearest = value >= heat[flat]
    draw = np.random.default_rng(rng.getrandbits(32)).random(len(flat))
    taken = nearest & (own | ((value > 0.2) & (draw < 0.3)))
    cells = np.stack([flat[taken] // columns, flat[taken] % columns], axis=1)
    return heat.reshape(rows, columns), cells, owner[taken]
