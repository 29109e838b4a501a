"""The reader that comes with the package, on pages it never saw and on what is no page."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from focusagent import cli
from focusagent.evaluation import reading
from grounding import Box, Reader, evidence
from grounding.errors import BadImage, BadWeights
from grounding.reader import network
from grounding.reader.reader import MOST_PIXELS, WEIGHTS, Found, to_rgb
from grounding.training.pages import load_page, word_texts

DATA = Path(__file__).parent / "data" / "reader"
PAGES = ("000001", "000003")  # a dark and a light one, of held-out words


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load()


@pytest.mark.parametrize("name", PAGES)
def test_unseen_pages_are_read(reader, name):
    tallies: dict[str, reading.Tally] = {}
    page = load_page(DATA, name)
    reading.compare(reader.look(page.image).read, page, tallies)
    result = tallies["all"].as_dict()
    assert result["characters"] > 0.95
    assert result["words"] > 0.87


@pytest.mark.parametrize("name", PAGES)
def test_words_are_found_where_they_stand(reader, name):
    page = load_page(DATA, name)
    screen = reader.look(page.image)
    size = (page.image.shape[1], page.image.shape[0])
    words = word_texts(page)
    once = [
        (text, box)
        for text, box in words
        if len(text) > 5 and sum(text.lower() in other.lower() for other, _ in words) == 1
    ]
    hits = 0
    for text, (x1, y1, x2, y2) in once:
        x, y = screen.find(text)[0].box.center.to_pixels(size)
        hits += x1 <= x <= x2 and y1 <= y <= y2
    assert len(once) > 20
    assert hits / len(once) > 0.9


def test_a_region_gives_its_own_text(reader):
    page = load_page(DATA, PAGES[1])
    whole = reader.text(page.image)
    upper = reader.text(page.image, Box(0, 0, 1, 0.3))
    assert 0 < len(upper.text) < len(whole.text)
    assert set(upper.text.splitlines()) <= set(whole.text.splitlines())
    assert not whole.unknown_script
    assert 0.5 < whole.confidence <= 1


def test_strips_and_one_piece_find_the_same(reader, monkeypatch):
    page = load_page(DATA, PAGES[1])
    whole = reader.look(page.image)
    monkeypatch.setattr(network, "_STRIP", 160)
    strips = reader.look(page.image)
    one, two = (text_of(screen) for screen in (whole, strips))
    assert abs(len(whole.glyphs) - len(strips.glyphs)) < 0.02 * len(whole.glyphs)
    assert reading.edit_distance(one[:400], two[:400]) < 20


def text_of(screen) -> str:
    return "\n".join(line.text for line in screen.lines())


def test_evidence_lights_the_patches_of_the_words(reader):
    page = load_page(DATA, PAGES[1])
    provider = evidence.ReaderEvidence(reader)
    text, box = max(word_texts(page), key=lambda word: len(word[0]))
    found = provider.score(provider.look(page.image), f'click the "{text}" link', (40, 26))
    assert found.features.shape == (26, 40, len(evidence.FEATURES))
    row, column = np.unravel_index(found.features[..., 0].argmax(), (26, 40))
    assert box[0] - 20 <= (column + 0.5) * 20 <= box[2] + 20
    assert box[1] - 20 <= (row + 0.5) * 20 <= box[3] + 20
    assert 0 <= found.features.min() <= found.features.max() <= 1


def test_coverage_is_the_shared_area():
    box = Box(0.25, 0.1, 0.75, 0.6)
    covered = evidence.coverage(box, (4, 5))
    assert covered.sum() / 20 == pytest.approx(0.25)
    assert covered[1, 1] == pytest.approx(1)
    assert covered[0, 1] == pytest.approx(0.5)


def test_features_show_what_lies_below_and_right():
    label = Box(0.1, 0.1, 0.3, 0.2)
    span = Found(label, (label,), 0.8, "Name")
    features = evidence.patch_features([span], [label], (10, 10))
    names = dict(zip(evidence.FEATURES, np.moveaxis(features, 2, 0), strict=True))
    assert names["best"][1, 1] == pytest.approx(0.8, abs=1e-3)
    assert names["text"][1, 2] == pytest.approx(1, abs=1e-3)
    assert names["below_best"][2, 1] == pytest.approx(0.8, abs=1e-3)
    assert names["right_of_best"][1, 4] == pytest.approx(0.8, abs=1e-3)
    assert names["best"][5, 5] == names["below_best"][1, 5] == 0


@pytest.mark.parametrize(
    ("instruction", "expected"),
    [
        ('click the "Save draft" button', ["Save draft"]),
        ("type into 'Don't panic'", ["Don't panic"]),
        ("Click the Save draft button", ["Save draft"]),
        ("press OK", ["OK"]),
        ("“One” and “Two”", ["One", "Two"]),
        ("Settings", ["Settings"]),
        ("", []),
    ],
)
def test_an_instruction_names_its_texts(instruction, expected):
    assert evidence.phrases(instruction) == expected


def noise(size: int) -> Image.Image:
    pixels = np.random.default_rng(0).normal(128, 30, (size // 20, size // 20, 3))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).resize((size, size))


@pytest.mark.parametrize(
    "image",
    [
        Image.new("RGB", (640, 400), "white"),
        Image.new("L", (640, 400), 0),
        Image.new("RGBA", (640, 400), (0, 0, 0, 0)),
        Image.new("RGB", (10, 10), "red"),
        Image.new("RGB", (1, 1)),
        noise(400),
    ],
    ids=["white", "black", "clear", "10x10", "1x1", "photo"],
)
def test_where_nothing_is_written_nothing_is_read(reader, image):
    screen = reader.look(image)
    assert len(text_of(screen)) <= 10
    assert all(found.score < 0.3 for found in screen.find("Save draft"))


@pytest.mark.parametrize("query", ["", "   ", "草木", "x" * 2000, "a b " * 500])
def test_any_query_is_answered(reader, query):
    screen = reader.look(load_page(DATA, PAGES[1]).image)
    assert all(found.score < 0.5 for found in screen.find(query))


def test_arrays_that_are_no_picture_are_refused(reader):
    for array in (np.zeros((5, 5), np.uint8), np.zeros((5, 5, 3)), np.zeros((0, 5, 3), np.uint8)):
        with pytest.raises(BadImage):
            reader.look(array)


def test_damaged_weights_are_one_sentence(tmp_path):
    path = tmp_path / "w.safetensors"
    path.write_bytes(b"no weights")
    with pytest.raises(BadWeights, match="no weights file"):
        Reader.load(path)
    with pytest.raises(BadWeights):
        Reader.load(tmp_path / "none.safetensors")


def test_the_manifest_tells_of_the_weights():
    entry = json.loads((WEIGHTS.parent / "manifest.json").read_text())["reader"]
    assert entry["sha256"] == hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()
    assert WEIGHTS.stat().st_size == entry["bytes"] < 4_000_000
    assert {"seed", "command", "scores"} <= set(entry)


def crowded() -> Image.Image:
    """As much small type as a screen can hold."""
    picture = Image.new("RGB", (1400, 1000), "white")
    pen = ImageDraw.Draw(picture)
    for y in range(0, 1000, 10):
        pen.text((0, y), "illicit tilt fill " * 40, fill="black", font=ImageFont.load_default(8))
    return picture


@pytest.mark.slow
@pytest.mark.parametrize(
    ("picture", "most"),
    [(lambda: Image.new("RGB", (8000, 8000), "white"), 1_200_000), (crowded, 800_000)],
    ids=["huge", "crowded"],
)
def test_memory_stays_within_bounds(tmp_path, picture, most):
    picture().save(tmp_path / "picture.png")
    script = (
        "import re, sys; from pathlib import Path; from PIL import Image;"
        "from grounding import Reader; Reader.load().look(Image.open(sys.argv[1])).lines();"
        r"print(re.search(r'VmHWM:\s+(\d+)', Path('/proc/self/status').read_text())[1])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "picture.png"],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert int(done.stdout) < most


@pytest.mark.parametrize("mode", ["P", "I;16", "L", "LA", "CMYK"])
def test_pictures_of_any_kind_are_read_alike(mode):
    plain = Image.open(DATA / f"{PAGES[1]}.png").convert("L")
    if mode == "I;16":
        other = Image.fromarray(np.asarray(plain).astype(np.uint16) * 257)
    else:
        other = plain.convert("RGB").convert(mode)
    assert np.abs(to_rgb(other).astype(int) - to_rgb(plain).astype(int)).mean() < 8
    large = other.resize((5000, 4000), Image.Resampling.NEAREST)
    assert to_rgb(large).shape[0] * to_rgb(large).shape[1] <= MOST_PIXELS
    assert to_rgb(np.asarray(large.convert("RGB"))).size == to_rgb(large).size


def test_importing_the_package_loads_no_torch():
    script = "import sys, grounding; grounding.Reader; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True, timeout=300)


def run(capsys, *arguments: object) -> tuple[int, str, str]:
    code = cli.run([str(argument) for argument in arguments])
    out = capsys.readouterr()
    return code, out.out, out.err


def test_read_prints_lines_and_draws_them(capsys, tmp_path):
    picture = DATA / f"{PAGES[1]}.png"
    code, out, _ = run(capsys, "read", picture, "--overlay", tmp_path / "o.png")
    assert code == 0
    assert len(out.splitlines()) > 10
    assert (tmp_path / "o.png").stat().st_size > 10_000


def test_read_answers_in_json(capsys):
    page = load_page(DATA, PAGES[1])
    text, box = max(word_texts(page), key=lambda word: len(word[0]))
    code, out, _ = run(capsys, "read", DATA / f"{PAGES[1]}.png", "--find", text, "--json")
    result = json.loads(out)
    assert code == 0
    assert result["size"] == [800, 520]
    assert {"text", "box", "confidence", "height", "unknown_script"} == set(result["lines"][0])
    x1, y1, x2, y2 = result["found"][0]["box"]
    assert box[0] <= (x1 + x2) / 2 <= box[2]
    assert box[1] <= (y1 + y2) / 2 <= box[3]


def test_what_is_not_there_ends_with_one(capsys):
    code, out, err = run(capsys, "read", DATA / f"{PAGES[1]}.png", "--find", "qqzzxxkk")
    assert (code, out) == (1, "")
    assert "not found" in err


@pytest.mark.parametrize("content", [None, b"", b"no picture", b"\x89PNG\r\n\x1a\n broken"])
def test_a_bad_file_is_one_sentence(capsys, tmp_path, content):
    path = tmp_path / "bad.png"
    if content is not None:
        path.write_bytes(content)
    code, out, err = run(capsys, "read", path)
    assert (code, out) == (2, "")
    assert "bad.png" in err
    assert "Traceback" not in err


def test_a_truncated_picture_is_one_sentence(capsys, tmp_path):
    path = tmp_path / "cut.png"
    path.write_bytes((DATA / f"{PAGES[0]}.png").read_bytes()[:20_000])
    code, _, err = run(capsys, "read", path)
    assert code == 2
    assert "cut.png" in err
