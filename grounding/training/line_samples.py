"""From a labelled page to strips of text with their characters, for the line reader."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..reader.alphabet import class_of
from ..reader.glyphs import Glyphs
from ..reader.line_model import SPACE
from ..reader.lines import make_lines
from ..reader.strips import EM, MARGIN, STEP, Strip, cut
from .glyph_samples import wear
from .pages import LabelledPage

SIZES = (8.0, 44.0)  # font sizes in px that are learnt
_BESIDE, _ABOVE = 2.6, 0.45  # ems of the picture kept around a line
_TOGETHER = 0.06  # words with a gap of fewer ems stand together: no space is seen between them
_ROOM = 600  # the widest strip in px
_WHOLE = 0.5  # a letter counts if more than this share of it stands in the strip


@dataclass(frozen=True)
class LabelledLine:
    """A line cut from a page: its picture, and classes and boxes (N, 4) of its glyphs in it.

    ``begins`` (N) tells where a word begins; ``unknown`` (M, 2) are stretches of x that cannot be
    learnt. A line without glyphs shows something that is no text; then ``size`` is made up.
    """

    image: NDArray[np.uint8]
    classes: NDArray[np.int64]
    boxes: NDArray[np.float32]
    begins: NDArray[np.bool_]
    unknown: NDArray[np.float32]
    size: float


@dataclass(frozen=True)
class LineSample:
    """A strip, its classes in order (letters and spaces), and at which step each has its middle."""

    strip: NDArray[np.uint8]
    classes: NDArray[np.int64]
    steps: NDArray[np.float32]


def lines_of(page: LabelledPage, rng: random.Random) -> list[LabelledLine]:
    """Return the lines of a page, and a few places without any text."""
    page = _within(page)
    boxes = page.boxes
    tall = boxes[:, 3] - boxes[:, 1]
    count = len(boxes)
    glyphs = Glyphs(
        x=boxes[:, ::2].mean(axis=1),
        y=boxes[:, 1::2].mean(axis=1),
        width=boxes[:, 2] - boxes[:, 0],
        size=tall,
        scores=np.zeros((count, 1), np.float32),
        warmth=np.ones(count, np.float32),
        last=np.zeros(count, np.float32),
    )
    found = []
    for line in make_lines(glyphs) if count else []:
        if SIZES[0] <= line.size <= SIZES[1]:
            index = line.glyphs
            begins = np.append(True, page.words[index][1:] != page.words[index][:-1])
            classes = np.array([class_of(chr(code)) for code in page.codes[index]], np.int64)
            found.append(_line(page, line.box, classes, index, begins))
    return found + _empty(page, rng, 1 + len(found) // 25)


def _within(page: LabelledPage) -> LabelledPage:
    """Return the page with those glyphs alone that the picture shows whole, or almost."""
    height, width = page.image.shape[:2]
    slack = 0.15 * (page.boxes[:, 2:] - page.boxes[:, :2])
    shown = (page.boxes[:, :2] + slack >= 0).all(1) & (
        page.boxes[:, 2:] - slack <= (width, height)
    ).all(1)
    return replace(
        page,
        codes=page.codes[shown],
        boxes=page.boxes[shown],
        words=page.words[shown],
        ignore=np.concatenate([page.ignore, page.boxes[~shown]]),
    )


def _line(
    page: LabelledPage,
    box: tuple[float, float, float, float],
    classes: NDArray[np.int64],
    index: NDArray[np.int64],
    begins: NDArray[np.bool_],
) -> LabelledLine:
    """Cut the line of some glyphs; text beside it is unknown to it."""
    size = box[3] - box[1]
    beside, above = _BESIDE * size, _ABOVE * size
    height, width = page.image.shape[:2]
    x1, y1 = max(0, int(box[0] - beside)), max(0, int(box[1] - above))
    x2, y2 = min(width, int(box[2] + beside) + 1), min(height, int(box[3] + above) + 1)
    shift = np.array([x1, y1, x1, y1], np.float32)
    others = np.concatenate([page.ignore, np.delete(page.boxes, index, axis=0)])
    hidden = others[(others[:, 1] < box[3] - 0.2 * size) & (others[:, 3] > box[1] + 0.2 * size)]
    return LabelledLine(
        np.ascontiguousarray(page.image[y1:y2, x1:x2]),
        classes,
        page.boxes[index] - shift,
        begins,
        hidden[:, (0, 2)] - x1,
        size,
    )


def _empty(page: LabelledPage, rng: random.Random, count: int) -> list[LabelledLine]:
    """Return places without text: of eight random ones each time the one that shows most."""
    height, width = page.image.shape[:2]
    known = np.concatenate([page.boxes, page.ignore])
    found = []
    for _ in range(count):
        best, most = None, 8.0
        for _ in range(8):
            size = rng.uniform(9, 28)
            x, y = rng.uniform(0, width - size), rng.uniform(0, height - size)
            box = (x, y, min(width, x + size * rng.uniform(0.5, 5)), y + size)
            touched = (known[:, :2] < np.array(box[2:]) + size / 2).all(1) & (
                known[:, 2:] > np.array(box[:2]) - size / 2
            ).all(1)
            shown = float(page.image[int(y) : int(box[3]), int(x) : int(box[2])].std())
            if not touched.any() and shown > most:
                best, most = box, shown
        if best is not None:
            nothing = np.zeros(0, np.int64)
            line = _line(page, best, nothing, nothing, np.zeros(0, bool))
            found.append(line)
    return found


def make_sample(line: LabelledLine, rng: random.Random) -> LineSample | None:
    """Cut a strip from a random stretch of a line, with the errors that a found line has.

    Returns None where the stretch cannot be learnt.
    """
    if not len(line.classes):
        height, width = line.image.shape[:2]
        strip = Strip(0.0, min(width, _ROOM / EM * line.size), height / 2, line.size)
        return LineSample(
            _cut(line.image, strip, rng), np.zeros(0, np.int64), np.zeros(0, np.float32)
        )
    strip = _jittered(line, *_stretch(line, rng), rng)
    if ((line.unknown[:, 0] < strip.right) & (line.unknown[:, 1] > strip.left)).any():
        return None
    left, right = line.boxes[:, 0], line.boxes[:, 2]
    shown = np.minimum(right, strip.right) - np.maximum(left, strip.left)
    inside = np.flatnonzero(shown > _WHOLE * (right - left))
    if not len(inside):
        return None
    classes, middles = _with_spaces(line, inside)
    steps = (middles - strip.left) * (EM / STEP / strip.size)
    return LineSample(_cut(line.image, strip, rng), classes, steps.astype(np.float32))


def _stretch(line: LabelledLine, rng: random.Random) -> tuple[int, int]:
    """Return the first and the last glyph of a run of whole words that fits."""
    starts = np.flatnonzero(line.begins)
    ends = np.append(starts[1:], len(line.classes)) - 1
    first = rng.randrange(len(starts))
    room = rng.uniform(0.25, 0.9) * _ROOM / EM * line.size
    fit = np.flatnonzero(line.boxes[ends, 2] - line.boxes[starts[first], 0] < room)
    last = ends[max(first, int(fit[-1]))] if len(fit) else ends[first]
    start = int(starts[first])
    while line.boxes[last, 2] - line.boxes[start, 0] >= 0.95 * _ROOM / EM * line.size:
        last -= 1
    return start, int(last)


def _jittered(line: LabelledLine, first: int, last: int, rng: random.Random) -> Strip:
    """Return the strip of a stretch as the glyph map might have found it."""
    size = line.size * float(np.exp(rng.gauss(0, 0.07)))
    if rng.random() < 0.08:
        size = line.size * rng.uniform(0.8, 1.3)
    middle = float((line.boxes[first, 1] + line.boxes[first, 3]) / 2)
    middle += line.size * rng.gauss(0, 0.1 if rng.random() < 0.1 else 0.04)
    left, right = float(line.boxes[first, 0]), float(line.boxes[last, 2])
    before = left - float(line.boxes[first - 1, 2]) if first else 9.0 * size
    after = float(line.boxes[last + 1, 0]) - right if last + 1 < len(line.boxes) else 9.0 * size
    left -= min(MARGIN * size, before / 2) + rng.gauss(0, 0.03) * size
    right += min(MARGIN * size, after / 2) + rng.gauss(0, 0.03) * size
    if rng.random() < 0.05:  # glyphs at the end were missed, or something else was taken for one
        left -= rng.uniform(-0.8, 0.8) * size
    if rng.random() < 0.05:
        right += rng.uniform(-0.8, 0.8) * size
    if first == 0 and rng.random() < 0.15:  # an icon before the words was taken for a letter
        left -= rng.uniform(0.5, 2.2) * size
    if last + 1 == len(line.boxes) and rng.random() < 0.08:
        right += rng.uniform(0.5, 2.0) * size
    return Strip(left, max(right, left + 0.3 * size), middle, size)


def _with_spaces(
    line: LabelledLine, inside: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return classes and middles in x of some glyphs, with the spaces between their words."""
    classes: list[int] = []
    middles: list[float] = []
    for position, index in enumerate(inside.tolist()):
        left, right = float(line.boxes[index, 0]), float(line.boxes[index, 2])
        if position and line.begins[index]:
            end = float(line.boxes[index - 1, 2])
            if left - end > _TOGETHER * line.size:
                classes.append(SPACE)
                middles.append((end + left) / 2)
        classes.append(int(line.classes[index]))
        middles.append((left + right) / 2)
    return np.array(classes, np.int64), np.array(middles, np.float32)


def _cut(image: NDArray[np.uint8], strip: Strip, rng: random.Random) -> NDArray[np.uint8]:
    """Cut a strip from a picture that was rescaled and worn on its way."""
    start = max(0, int(strip.left - strip.size / 2))
    picture = Image.fromarray(image[:, start : int(strip.right + strip.size / 2) + 1])
    strip = replace(strip, left=strip.left - start, right=strip.right - start)
    draw = rng.random()
    if draw < 0.4:
        least = min(1.0, 9.0 / strip.size)
        scale = rng.uniform(least, 1.0) if draw < 0.3 else rng.uniform(1.0, 1.5)
        target = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        across, down = target[0] / picture.width, target[1] / picture.height
        how = rng.choice((Image.Resampling.BILINEAR, Image.Resampling.LANCZOS))
        picture = picture.resize(target, how)
        strip = Strip(
            strip.left * across, strip.right * across, strip.middle * down, strip.size * down
        )
    worn = wear(np.asarray(picture), rng)
    return cut(Image.fromarray(worn), worn, strip)


def share_of(line: LabelledLine) -> float:
    """Return how often a line is learnt compared with others of its length: small type more."""
    often = 2.5 if line.size < 11 else 1.5 if line.size < 14 else 1.0
    return often * math.sqrt(max(4, len(line.classes)))


def choose(lines: Sequence[LabelledLine], rng: random.Random, room: int) -> list[LineSample]:
    """Return samples of random lines that take about ``room`` pixels together."""
    shares = [share_of(line) for line in lines]
    made: list[LineSample] = []
    used = 0
    for _ in range(100):
        sample = make_sample(rng.choices(lines, shares)[0], rng)
        if sample is not None:
            made.append(sample)
            used += sample.strip.shape[1]
        if used >= room:
            break
    return made
