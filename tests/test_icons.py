from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from grounding.errors import BadImage, BadWeights
from grounding.evidence import FEATURES
from grounding.icons import IconEvidence, IconReader
from grounding.icons.badges import without_badges
from grounding.icons.crops import SIDE, contrast, crops
from grounding.icons.proposals import GAPS, MOST_BOXES, _runs, piece_boxes, propose
from grounding.icons.screen import WEIGHTS, written_boxes
from grounding.icons.words import Vocabulary, content_words, normalise
from grounding.types import Box

DATA = Path(__file__).parent / "data"
SYNONYMS = json.loads((DATA / "icon_synonyms.json").read_text())


@cache
def icon_reader() -> IconReader:
    return IconReader.load()


@cache
def drawings() -> dict[str, np.ndarray]:
    """The held-out set's drawing of every concept, 64 px."""
    sheet = np.asarray(Image.open(DATA / SYNONYMS["sheet"]).convert("L"))
    across = sheet.shape[1] // 64
    return {
        concept: sheet[n // across * 64 :, n % across * 64 :][:64, :64]
        for n, concept in enumerate(SYNONYMS["concepts"])
    }


def page_of(
    concepts: list[str], *, side: int = 28, paper=(255, 255, 255), pen=(50, 50, 60)
) -> tuple[np.ndarray, list[Box]]:
    """A page with the icons in rows of eight, and the cell of each."""
    rows = -(-len(concepts) // 8)
    page = np.empty((80 * rows + 40, 680, 3), np.float32)
    page[:] = paper
    cells = []
    for number, concept in enumerate(concepts):
        ink = Image.fromarray(drawings()[concept]).resize((side, side), Image.Resampling.BOX)
        share = np.asarray(ink, np.float32)[..., None] / 255
        x, y = 40 + number % 8 * 80, 40 + number // 8 * 80
        part = page[y : y + side, x : x + side]
        part[:] = part * (1 - share) + np.array(pen, np.float32) * share
        cells.append(
            Box.from_pixels(x - 10, y - 10, x + 40, y + 40, (page.shape[1], page.shape[0]))
        )
    return page.round().astype(np.uint8), cells


# --- words


def test_names_are_taken_apart_the_same_way_everywhere():
    assert normalise("fileCode_plus-Alt 2") == "file code plus alt 2"
    assert content_words("Please click the Trash icon") == ["trash"]
    assert content_words("zoom in") == ["zoom", "in"]
    assert content_words("button") == ["button"]
    assert content_words("   ") == []
    assert len(content_words("word " * 5000)) == 24


def test_unknown_words_are_led_back_to_known_ones():
    words = Vocabulary(["bin", "setting", "calendar", "copy", "full", "screen", "dice"])
    said = lambda word: [words.words[n] for n in words.numbers([word])]  # noqa: E731
    assert said("bin") == ["bin"]
    assert said("settings") == ["setting"]
    assert said("copies") == ["copy"]
    assert said("fullscreen") == ["full", "screen"]
    assert said("calender") == ["calendar"]
    assert said("qxz") == said("zzzzzzzz") == []


# --- proposals


def slow_boxes(mask: np.ndarray, gap: int) -> set[tuple[int, ...]]:
    """The boxes of pieces whose pixels are at most gap + 1 apart, one pixel after the other."""
    left = {(int(y), int(x)) for y, x in np.argwhere(mask)}
    found = set()
    while left:
        piece, edge = [], [left.pop()]
        while edge:
            y, x = edge.pop()
            piece.append((y, x))
            near = {
                (y + dy, x + dx)
                for dy in range(-gap - 1, gap + 2)
                for dx in range(-gap - 1, gap + 2)
            }
            edge += near & left
            left -= near
        ys, xs = zip(*piece, strict=True)
        found.add((min(xs), min(ys), max(xs) + 1, max(ys) + 1))
    return found


@pytest.mark.parametrize("gap", GAPS)
def test_pieces_are_those_of_a_search_pixel_by_pixel(gap):
    rng = np.random.default_rng(gap)
    for density in (0.01, 0.05, 0.3):
        mask = rng.random((40, 57)) < density
        boxes = piece_boxes(_runs(mask), gap)
        assert {tuple(box) for box in boxes.tolist()} == slow_boxes(mask, gap)


def test_no_edges_make_no_pieces():
    assert piece_boxes(_runs(np.zeros((9, 9), bool)), 2).shape == (0, 4)


def test_a_drawn_icon_is_proposed_exactly():
    page = Image.new("RGB", (120, 90), "white")
    ImageDraw.Draw(page).ellipse((40, 30, 59, 49), fill="navy")
    assert [40, 30, 60, 50] in propose(np.asarray(page)).tolist()


def test_a_dash_is_proposed_where_a_plus_belongs_to_it():
    page = Image.new("RGB", (200, 120), "white")
    pen = ImageDraw.Draw(page)
    pen.rectangle((20, 29, 33, 30), "black")  # minus, and its plus
    pen.rectangle((90, 29, 103, 30), "black")
    pen.rectangle((96, 23, 97, 36), "black")
    pen.rectangle((20, 69, 33, 70), "black")  # a dash alone
    for y in (95, 100, 105):  # a menu of three bars, beside a plus
        pen.rectangle((20, y, 33, y + 1), "black")
    pen.rectangle((90, 100, 103, 101), "black")
    pen.rectangle((96, 94, 97, 107), "black")
    flat = [box for box in propose(np.asarray(page)).tolist() if box[3] - box[1] <= 4]
    assert flat == [[20, 29, 34, 31]]


def test_proposals_move_with_the_picture():
    page, _ = page_of(["trash", "search", "lock"])
    moved = np.full((page.shape[0] + 20, page.shape[1] + 30, 3), 255, np.uint8)
    moved[11 : 11 + page.shape[0], 17 : 17 + page.shape[1]] = page
    expected = propose(page) + (17, 11, 17, 11)
    assert propose(moved).tolist() == expected.tolist()


def test_text_that_is_known_is_not_proposed():
    page, cells = page_of(["trash", "search"])
    size = (page.shape[1], page.shape[0])
    known = np.round([cells[0].to_pixels(size)]).astype(np.int64)
    left, right = propose(page), propose(page, known)
    in_first = (left[:, 0] >= known[0, 0]) & (left[:, 2] <= known[0, 2])
    assert in_first.any()
    assert right.tolist() == left[~in_first].tolist()


# --- crops


def test_a_crop_forgets_colours_and_theme():
    boxes = np.array([[40, 40, 68, 68]])
    looks = [
        crops(page_of(["camera"], paper=paper, pen=pen)[0], boxes)
        for paper, pen in (
            ((255, 255, 255), (0, 0, 0)),
            ((20, 20, 30), (250, 250, 250)),
            ((255, 200, 0), (0, 60, 160)),
        )
    ]
    for look in looks:
        assert look.shape == (1, SIDE, SIDE)
        assert look.min() == 0
        assert look.max() == 1
        assert np.abs(look - looks[0]).max() < 0.03


def test_a_crop_may_reach_over_the_picture():
    page = np.random.default_rng(0).integers(0, 255, (30, 40, 3)).astype(np.uint8)
    corner = crops(page, np.array([[0, 0, 9, 30], [33, 2, 40, 30]]))
    assert corner.shape == (2, SIDE, SIDE)
    assert np.isfinite(corner).all()


def test_a_plain_crop_is_empty():
    assert not contrast(np.full((1, 32, 32, 3), 77, np.uint8)).any()


# --- the recogniser


@pytest.mark.parametrize("size", [(1, 1), (10, 10), (3, 400), (200, 100)])
def test_a_blank_picture_has_no_icons(size):
    screen = icon_reader().look(np.full((*size, 3), 200, np.uint8))
    assert screen.boxes == ()
    assert screen.find("search") == []
    assert screen.names() == []
    assert screen.iconness.dtype == np.float32


def test_a_photo_gives_a_bounded_answer():
    noise = np.random.default_rng(0).integers(0, 255, (50, 80, 3)).astype(np.uint8)
    photo = np.asarray(Image.fromarray(noise).resize((1280, 800), Image.Resampling.BICUBIC))
    screen = icon_reader().look(photo)
    assert len(screen.boxes) <= MOST_BOXES
    assert len(screen.names()) == len(screen.boxes) == len(screen.iconness)


def test_what_is_no_picture_is_refused():
    with pytest.raises(BadImage):
        icon_reader().look(np.zeros((4, 4), np.uint8))


def test_found_places_are_sorted_apart_and_the_same_every_time():
    page, _ = page_of(SYNONYMS["concepts"][:40])
    screen = icon_reader().look(page)
    found = screen.find("search", 7)
    assert found == icon_reader().look(page).find("search", 7)
    assert len(found) == 7
    scores = [place.score for place in found]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    middles = [place.box.center for place in found]
    assert not any(
        place.box.contains(middle)
        for n, place in enumerate(found)
        for m, middle in enumerate(middles)
        if m != n
    )
    assert screen.find("search", 0) == []


@pytest.mark.parametrize("phrase", ["", "qxzqxz", "ключ", "!!!"])
def test_words_nobody_knows_find_nothing(phrase):
    page, _ = page_of(["trash", "search"])
    assert icon_reader().look(page).find(phrase) == []


def test_a_long_phrase_is_answered():
    page, _ = page_of(["trash", "search"])
    assert icon_reader().look(page).find("magnifying glass " * 200)


@pytest.mark.parametrize(
    ("paper", "pen"),
    [((255, 255, 255), (40, 40, 40)), ((25, 28, 36), (230, 230, 240)), ((0, 90, 200), (255,) * 3)],
)
def test_common_icons_are_found_by_name_on_every_theme(paper, pen):
    asked = ["search", "trash", "home", "star", "calendar", "camera", "lock", "printer", "heart"]
    page, cells = page_of(asked, paper=paper, pen=pen)
    screen = icon_reader().look(page)
    right = [
        cell.contains(screen.find(name, 1)[0].box.center)
        for name, cell in zip(asked, cells, strict=True)
    ]
    assert sum(right) >= 8


def with_badges(page: np.ndarray, cells: list[Box], count: str) -> np.ndarray:
    """The page with a red disk, and a count on it, at each icon's upper right corner."""
    picture = Image.fromarray(page)
    pen = ImageDraw.Draw(picture)
    for cell in cells:
        right, top = cell.to_pixels(picture.size)[2] - 12, cell.to_pixels(picture.size)[1] + 10
        radius = 8 if count else 4
        disk = (right - radius, top - radius, right + radius, top + radius)
        pen.ellipse(disk, fill=(225, 29, 72))
        pen.text((right, top), count, fill="white", anchor="mm", font_size=10)
    return np.asarray(picture)


@pytest.mark.parametrize("count", ["", "3", "12"])
@pytest.mark.parametrize("paper", [(255, 255, 255), (25, 28, 36)])
def test_what_lies_under_a_badge_is_recognised(paper, count):
    asked = ["bell", "cart", "envelope", "user", "cog", "conversation", "gift", "folder"]
    page, cells = page_of(asked, paper=paper, pen=(90, 95, 105))

    def right(picture: np.ndarray) -> int:
        screen = icon_reader().look(picture)
        best = [screen.find(name, 1) for name in asked]
        pairs = zip(cells, best, strict=True)
        return sum(bool(found) and cell.contains(found[0].box.center) for cell, found in pairs)

    assert right(with_badges(page, cells, count)) >= right(page) - 1


def test_a_round_icon_of_one_colour_is_no_badge():
    picture = Image.new("RGB", (120, 60), "white")
    pen = ImageDraw.Draw(picture)
    pen.ellipse((20, 20, 40, 40), fill=(225, 29, 72))
    pen.line((26, 26, 34, 34), "white", 2)
    pen.line((26, 34, 34, 26), "white", 2)
    pixels = np.asarray(picture)
    boxes = propose(pixels)
    bare, kept, icons = without_badges(pixels, boxes)
    assert bare is pixels
    assert kept is icons is boxes


def test_icons_are_told_from_words():
    page, cells = page_of(["search", "trash", "home", "star", "lock", "camera", "heart", "bell"])
    picture = Image.new("RGB", (400, 120), "white")
    ImageDraw.Draw(picture).text((20, 30), "Save 12 xk\n\nof 7 day we", fill="black")
    icons = icon_reader().look(page)
    drawn = [
        iconness
        for box, iconness in zip(icons.boxes, icons.iconness, strict=True)
        if any(cell.contains(box.center) for cell in cells)
    ]
    written = icon_reader().look(np.asarray(picture)).iconness
    assert np.median(drawn) > 0.5 > np.median(written)


def test_synonyms_never_trained_on_find_icons_never_trained_on():
    """At least half of the phrases find their icon among forty (a chance of 2.5%)."""
    concepts = np.random.default_rng(5).permutation(SYNONYMS["concepts"]).tolist()
    right = 0
    for start in range(0, len(concepts), 40):
        chosen = concepts[start : start + 40]
        if len(chosen) < 40:
            chosen += concepts[: 40 - len(chosen)]
        page, cells = page_of(chosen)
        screen = icon_reader().look(page)
        for phrase, concept in SYNONYMS["phrases"].items():
            if concept in concepts[start : start + 40]:
                best = screen.find(phrase, 1)
                cell = cells[chosen.index(concept)]
                right += bool(best) and cell.contains(best[0].box.center)
    assert len(SYNONYMS["phrases"]) >= 200
    assert right / len(SYNONYMS["phrases"]) >= 0.5


def test_the_reader_hides_words_but_not_icons_beside_them():
    from grounding import Reader

    page, cells = page_of(["trash", "search", "lock"])
    picture = Image.fromarray(page)
    ImageDraw.Draw(picture).text((40, 90), "Settings and privacy", fill="black", font_size=16)
    pixels = np.asarray(picture)
    text = written_boxes(Reader.load().look(pixels))
    screen = icon_reader().look(pixels, text)
    assert len(text) >= 2
    assert all(any(cell.contains(box.center) for box in screen.boxes) for cell in cells)
    assert len(screen.boxes) < len(icon_reader().look(pixels).boxes)


# --- evidence


def test_evidence_is_strongest_where_the_icon_stands():
    page, cells = page_of(["trash", "search", "lock", "printer", "heart", "star", "bell", "home"])
    provider = IconEvidence(icon_reader())
    seen = provider.look(page)
    evidence = provider.score(seen, 'click the "printer" icon', (34, 6))
    assert evidence.features.shape == (6, 34, len(FEATURES))
    assert evidence.features.dtype == np.float32
    best = evidence.features[..., FEATURES.index("best")]
    row, column = np.unravel_index(best.argmax(), best.shape)
    cell = cells[3]
    assert cell.x1 <= (column + 0.5) / 34 <= cell.x2
    assert cell.y1 <= (row + 0.5) / 6 <= cell.y2
    assert evidence.spans[0].score == max(span.score for span in evidence.spans)
    again = provider.score(page, 'click the "printer" icon', (34, 6))
    assert np.array_equal(again.features, evidence.features)


def test_evidence_of_nothing_is_nothing():
    evidence = IconEvidence(icon_reader()).score(np.zeros((50, 50, 3), np.uint8), "search", (4, 4))
    assert not evidence.features.any()
    assert evidence.spans == ()


# --- weights


def test_the_weights_are_those_of_the_manifest_and_small():
    entry = json.loads(WEIGHTS.with_name("manifest.json").read_text())["icons"]
    content = WEIGHTS.read_bytes()
    assert len(content) == entry["bytes"] <= 8_000_000
    assert hashlib.sha256(content).hexdigest() == entry["sha256"]


def test_other_files_are_no_weights(tmp_path):
    other = tmp_path / "x.safetensors"
    other.write_bytes(b"no weights")
    with pytest.raises(BadWeights, match="icon recogniser"):
        IconReader.load(other)
    with pytest.raises(BadWeights, match="icon recogniser"):
        IconReader.load(WEIGHTS.with_name("reader.safetensors"))


def test_nothing_heavy_is_imported_before_icons_are_looked_for():
    code = "import sys, grounding.icons.screen; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=WEIGHTS.parents[2])
