"""The line reader: strips mean the same on any theme, answers become letters where they stand."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw, ImageFont

from focusagent.datagen import fonts
from focusagent.evaluation import reading
from grounding import Box, Reader
from grounding.reader.alphabet import CLASS_COUNT, class_of
from grounding.reader.glyphs import Glyphs
from grounding.reader.line_model import BLANK, OUTPUTS, SPACE, LineNet
from grounding.reader.line_reader import LineReader, _spaced, strips_of
from grounding.reader.lines import GlyphLine, line_text, make_lines
from grounding.reader.model import fuse
from grounding.reader.places import Found, is_clear, judged_again
from grounding.reader.reader import LINE_WEIGHTS
from grounding.reader.strips import EM, GAP, GROUND, HEIGHT, INK, STEP, Strip, cut, lay_out, pack
from grounding.training.pages import load_page

DATA = Path(__file__).parent / "data" / "reader"
PAGES = ("000001", "000003")


def written(size: int, paper: str, ink: str) -> tuple[Image.Image, Strip]:
    """A word drawn in two colours, and the strip it stands in."""
    face = next(face.path for face in fonts.latin_faces() if "DejaVuSans.ttf" in face.path)
    font = ImageFont.truetype(face, size)
    width = font.getlength("Readable")
    image = Image.new("RGB", (int(width) + 40, 3 * size), paper)
    ImageDraw.Draw(image).text((20, 2 * size), "Readable", fill=ink, font=font, anchor="ls")
    return image, Strip(20 - 0.35 * size, 20 + width + 0.35 * size, 1.7 * size, float(size))


def strip_of(size: int, paper: str, ink: str) -> np.ndarray:
    image, strip = written(size, paper, ink)
    return cut(image, np.asarray(image), strip)


@pytest.mark.parametrize("size", [9, 14, 24, 40])
@pytest.mark.parametrize(
    ("paper", "ink"), [("#101418", "#e0e4e8"), ("#1a5fb4", "#f6d32d"), ("#fff0f0", "#a05060")]
)
def test_a_strip_is_the_same_whatever_the_colours(size, paper, ink):
    plain, other = strip_of(size, "white", "black"), strip_of(size, paper, ink)
    assert plain.shape == other.shape
    assert plain.shape[0] == HEIGHT
    assert plain.shape[1] % STEP == 0
    difference = np.abs(plain[..., 0].astype(int) - other[..., 0])
    assert difference.mean() < 6
    assert np.median(other[..., 0]) == pytest.approx(GROUND, abs=2)
    assert np.percentile(other[..., 0], 98) > (GROUND + INK) / 2
    assert other[..., 1].mean() < 6


def test_type_of_any_size_comes_out_in_one_size():
    small, large = strip_of(20, "white", "black"), strip_of(40, "white", "black")
    assert abs(small.shape[1] - large.shape[1]) <= 2 * STEP
    across = min(small.shape[1], large.shape[1])
    alike = np.corrcoef(small[:, :across, 0].ravel(), large[:, :across, 0].ravel())[0, 1]
    assert alike > 0.8


@pytest.mark.parametrize(
    "strip",
    [
        Strip(-30, 60, 4, 20),
        Strip(10, 130, 36, 20),
        Strip(300, 340, 20, 20),
        Strip(-90, -40, 20, 20),
        Strip(10, 60, 400, 20),
        Strip(20, 20.5, 20, 20),
    ],
)
def test_what_lies_outside_of_the_picture_is_ground(strip):
    image = Image.new("RGB", (100, 40), "white")
    made = cut(image, np.asarray(image), strip)
    assert made.shape == (HEIGHT, strip.width, 2)
    assert np.abs(made[..., 0].astype(int) - GROUND).max() <= 1


def test_noise_is_not_taken_for_ink():
    pixels = np.random.default_rng(0).integers(126, 130, (40, 100, 3), dtype=np.uint8)
    made = cut(Image.fromarray(pixels), pixels, Strip(10, 90, 20, 16))
    assert np.abs(made[..., 0].astype(int) - GROUND).max() < 30


def test_strips_are_packed_without_overlap_and_found_again():
    rng = np.random.default_rng(0)
    strips = [
        rng.integers(0, 255, (HEIGHT, 2 * int(width), 2), dtype=np.uint8)
        for width in rng.integers(5, 250, 60)
    ]
    places = pack([strip.shape[1] for strip in strips], 512)
    rows = lay_out(strips, places, 512)
    used = np.zeros((len(rows), 512), int)
    for strip, (row, column) in zip(strips, places, strict=True):
        used[row, column : column + strip.shape[1] + GAP] += 1
        assert (rows[row, :, column : column + strip.shape[1]] == strip).all()
    assert used.max() == 1
    assert used.mean() > 0.8
    assert (rows[:, 0, :, 0][used == 0] == GROUND).all()
    assert pack([], 512) == []


def line_at(x: list[float], y: float, size: float) -> Glyphs:
    count = len(x)
    return Glyphs(
        np.array(x, np.float32),
        np.full(count, y, np.float32),
        np.full(count, 0.5 * size, np.float32),
        np.full(count, size, np.float32),
        np.zeros((count, CLASS_COUNT), np.float32),
        np.ones(count, np.float32),
        np.zeros(count, np.float32),
    )


def test_long_lines_are_cut_between_words_and_nothing_is_left_out():
    x = [10.0 + 7 * number + 7 * (number // 9) for number in range(300)]
    glyphs = line_at(x, 50, 14)
    lines = [replace(line, begins=np.arange(300) % 9 == 0) for line in make_lines(glyphs)]
    strips, owner = strips_of(glyphs, lines)
    assert owner == [0] * len(strips)
    assert len(strips) > 3
    assert all(strip.width <= 1024 - GAP for strip in strips)
    assert strips[0].left < lines[0].box[0]
    assert strips[-1].right > lines[0].box[2]
    for one, two in zip(strips, strips[1:], strict=False):
        assert one.right == two.left
        assert np.abs(glyphs.x - one.right).min() > 5


def test_a_strip_does_not_reach_into_the_line_beside_it():
    glyphs = Glyphs.joined([line_at([50, 57, 64], 50, 14), line_at([76, 83], 50, 20)])
    lines = [
        GlyphLine(np.array([0, 1, 2]), np.array([True, False, False]), (46, 43, 68, 57), 14),
        GlyphLine(np.array([3, 4]), np.array([True, False]), (71, 40, 88, 60), 20),
    ]
    one, two = strips_of(glyphs, lines)[0]
    assert 68 <= one.right <= two.left <= 71
    assert one.left == pytest.approx(46 - 0.35 * 14)


class Told(torch.nn.Module):
    """A network that answers what it was told, at the steps of the first row."""

    def __init__(self, said: dict[int, int]) -> None:
        super().__init__()
        self.said = said

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        logits = torch.zeros(len(rows), rows.shape[2] // STEP, OUTPUTS)
        logits[..., BLANK] = 9.0
        for step, answer in self.said.items():
            logits[0, step, answer] = 12.0
        return logits


def test_answers_become_letters_where_they_stand():
    image = Image.new("RGB", (200, 60), "white")
    glyphs = line_at([33, 40, 54], 30, 24)
    line = make_lines(glyphs)[0]
    strip = strips_of(glyphs, [line])[0][0]
    at = {step: round((x - strip.left) / STEP) for step, x in enumerate((33, 41, 54, 60))}
    said = {at[0]: class_of("a"), at[0] + 1: class_of("a"), at[1]: class_of("l")}
    said |= {at[1] + 2: class_of("l"), at[2] - 2: SPACE, at[2]: class_of("Z")}
    found, lines = LineReader(Told(said)).read(np.asarray(image), glyphs, [line])
    assert line_text(found, lines[0]) == "all Z"
    assert found.x[[0, 1, 3]] == pytest.approx([33, 40, 54])
    assert found.x[2] == pytest.approx(45, abs=STEP)
    assert (found.size == 24).all()
    assert (found.warmth > 0.9).all()
    assert lines[0].y == pytest.approx(30)
    nothing, none = LineReader(Told({})).read(np.asarray(image), glyphs, [line])
    assert (len(nothing), none) == (0, [])


def test_no_lines_are_no_letters():
    empty = line_at([], 0, 1)
    found, lines = LineReader(Told({})).read(np.zeros((9, 9, 3), np.uint8), empty, [])
    assert (len(found), lines) == (0, [])


def test_folding_the_batch_norms_changes_nothing():
    torch.manual_seed(0)
    net = LineNet()
    rows = torch.randint(0, 255, (2, HEIGHT, 96, 2), dtype=torch.uint8)
    net.train()
    net(rows)
    net.eval()
    with torch.no_grad():
        before = net(rows)
        after = fuse(net)(rows)
    assert before.shape == (2, 48, OUTPUTS)
    assert torch.allclose(before, after, atol=1e-4)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load()


@pytest.mark.parametrize("name", PAGES)
def test_whole_lines_are_read_better_than_single_glyphs(reader, name):
    page = load_page(DATA, name)
    screen = reader.look(page.image)
    single: dict[str, reading.Tally] = {}
    whole: dict[str, reading.Tally] = {}
    reading.compare(screen.found, page, single)
    reading.compare(screen.read, page, whole)
    assert whole["all"].right_words > single["all"].right_words
    assert whole["all"].right_characters > single["all"].right_characters


def test_without_a_line_reader_the_glyph_map_is_all(reader):
    page = load_page(DATA, PAGES[0])
    alone = Reader(reader._net).look(page.image)
    assert alone.read.glyphs is alone.glyphs
    assert alone.read.lines is alone.raw_lines


def test_the_text_moves_with_the_size_of_the_picture(reader):
    page = load_page(DATA, PAGES[0])
    screen = reader.look(page.image)
    height, width = page.image.shape[:2]
    half = screen.scaled(0.5, (width // 2, height // 2))
    for one, two in zip(screen.lines(), half.lines(), strict=True):
        assert one.text == two.text
        assert one.box.center.x == pytest.approx(two.box.center.x, abs=2e-3)
        assert one.height == pytest.approx(2 * two.height, abs=0.02)


def test_alone_and_among_others_a_line_reads_the_same(reader):
    page = load_page(DATA, PAGES[1])
    screen = reader.look(page.image)
    line_reader = reader._line_reader
    lines = screen.raw_lines[::6]
    together, found = line_reader.read(page.image, screen.glyphs, lines)
    texts = [line_text(together, line) for line in found]
    single = []
    for line in lines:
        glyphs, one = line_reader.read(page.image, screen.glyphs, [line])
        single += [line_text(glyphs, each) for each in one]
    assert sum(a == b for a, b in zip(texts, single, strict=True)) >= 0.95 * len(texts)
    assert EM == 24


def test_in_doubt_the_lines_that_were_found_are_read_again(reader):
    page = load_page(DATA, PAGES[1])
    screen, alone = reader.look(page.image), Reader(reader._net).look(page.image)
    text = max((line.text for line in screen.lines()), key=len)
    best = screen.find(text)[0]
    assert best.score >= alone.find(text)[0].score - 0.02
    assert reading.edit_distance(best.text, text) <= 2
    again = reader.look(page.image)
    again.lines()  # what was asked before changes no answer
    assert again.find(text) == screen.find(text)


def place(x: float, score: float, text: str = "Save") -> Found:
    box = Box(x, 0.1, x + 0.1, 0.2)
    return Found(box, (box,), score, text)


def test_places_are_judged_by_what_their_lines_say():
    first, second = [place(0.1, 0.8), place(0.5, 0.7)], [place(0.5, 0.95, "Save!")]
    judged = judged_again(first, second)
    assert [(found.score, found.text) for found in judged] == [(0.95, "Save!"), (0.4, "Save")]
    assert is_clear([place(0.1, 0.99), place(0.5, 0.5)])
    assert not is_clear([place(0.1, 0.99), place(0.5, 0.9)])
    assert not is_clear([place(0.1, 0.6)])
    assert not is_clear([])


def test_a_script_that_is_not_known_is_told(reader):
    screen = reader.look(Image.open(DATA / "thai.png"))
    assert [(line.text, line.unknown_script) for line in screen.lines()] == [("", True)]
    assert screen.text().unknown_script


def test_the_manifest_tells_of_the_weights():
    entry = json.loads((LINE_WEIGHTS.parent / "manifest.json").read_text())["lines"]
    assert entry["sha256"] == hashlib.sha256(LINE_WEIGHTS.read_bytes()).hexdigest()
    assert LINE_WEIGHTS.stat().st_size == entry["bytes"] < 2_000_000
    assert {"seed", "command", "scores"} <= set(entry)


def number_written(text: str, spread: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Classes, middles and word beginnings of a number in digits of one width."""
    at, x = [], 0.0
    for letter in text:
        if letter != " ":
            at.append(x)
        x += 3.0 if letter == " " else 8.0 + spread
    begins = [True] + [text[k] == " " for k in range(len(text) - 1)]
    kept = [k for k, letter in enumerate(text) if letter != " "]
    classes = np.array([class_of(text[k]) for k in kept])
    return classes, np.array(at, np.float32), np.array(begins)[kept]


@pytest.mark.parametrize("text", ["+234 1 770 4523", "4111 1111 1111 1111", "2026-11-22 14:05"])
@pytest.mark.parametrize("spread", [0.0, 2.0])
def test_spaces_between_digits_follow_their_distances(text: str, spread: float) -> None:
    classes, at, begins = number_written(text, spread)
    assert (_spaced(classes, at, begins) == begins).all()
    forgotten = begins.copy()
    forgotten[int(np.flatnonzero(begins)[-1])] = False
    invented = begins.copy()
    invented[int(np.flatnonzero(~begins)[-1])] = True
    for wrong in (forgotten, invented):
        assert (_spaced(classes, at, wrong) == begins).all()


def test_letters_and_short_numbers_keep_their_spaces() -> None:
    classes, at, begins = number_written("12 45")
    assert (_spaced(classes, 1.5 * at, begins) == begins).all()
    words = np.array([class_of(letter) for letter in "Hello"])
    begins = np.array([True, False, True, False, False])
    assert (_spaced(words, np.array([0, 8, 12, 40, 48], np.float32), begins) == begins).all()
