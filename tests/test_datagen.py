"""Generated pages: what the labels say is what the picture shows, and a seed is a page."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import numpy as np
import pytest

from focusagent import cli
from focusagent.datagen import theme, words
from focusagent.errors import UserError
from grounding.training import pages as P

needs_fonts = pytest.mark.skipif(shutil.which("fc-list") is None, reason="needs fontconfig")
needs_browser = pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Chromium")


def ink(page: P.LabelledPage, box: np.ndarray) -> int:
    """How much the pixels in a box differ."""
    x1, y1, x2, y2 = (max(0, round(float(side))) for side in box)
    cut = page.image[y1:y2, x1:x2].reshape(-1, 3).astype(int)
    return int((cut.max(0) - cut.min(0)).max()) if len(cut) else 255


def test_held_out_words_never_train():
    train, test = set(words.vocabulary("train")), set(words.vocabulary("test"))
    assert len(train) > 1000
    assert len(test) > 100
    assert not train & test
    assert not {w for w in train if words.held_out(w)}


@pytest.mark.parametrize("kind", words.KINDS)
def test_every_kind_of_text_repeats_with_its_seed(kind):
    one = [words.text(random.Random(n), "train", kind) for n in range(20)]
    assert one == [words.text(random.Random(n), "train", kind) for n in range(20)]
    assert all(text.strip() for text in one)


def test_contrast_is_that_of_the_guidelines():
    assert theme.contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    rng = random.Random(0)
    for _ in range(50):
        ground = theme.random_colour(rng)
        assert theme.contrast(theme.readable_on(rng, ground, 3.0), ground) >= 3


@needs_fonts
def test_a_drawn_page_is_its_seed():
    from focusagent.datagen import drawn

    one, two, other = (drawn.draw_page(seed) for seed in ("a", "a", "b"))
    assert np.array_equal(one.image, two.image)
    assert np.array_equal(one.boxes, two.boxes)
    assert not np.array_equal(one.image, other.image)
    assert len(one.codes) == len(one.boxes) == len(one.words) > 100
    shown = [ink(one, box) for box in one.boxes if (box[2] - box[0]) > 2]
    assert np.mean(np.array(shown) > 20) > 0.95


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from focusagent.datagen import browser

    folder = tmp_path_factory.mktemp("pages")
    assert list(browser.write_pages(folder, 2, 5, browser.Recipe("test"), browser.Stock())) == [
        0,
        1,
    ]
    return folder


@needs_fonts
@needs_browser
@pytest.mark.browser
class TestRenderedPages:
    def test_every_glyph_lies_on_ink(self, rendered):
        page = P.load_page(rendered, "000000")
        assert len(page.codes) > 200
        inside = (page.boxes[:, 3] < page.image.shape[0]) & (
            page.boxes[:, 2] - page.boxes[:, 0] > 2
        )
        shown = np.array([ink(page, box) for box in page.boxes[inside]])
        assert np.mean(shown >= 28) > 0.98

    def test_controls_carry_role_name_and_box(self, rendered):
        controls = (
            P.load_page(rendered, "000000").controls + P.load_page(rendered, "000001").controls
        )
        assert controls
        for control in controls:
            assert control["role"]
            x1, y1, x2, y2 = control["box"]
            assert x1 < x2
            assert y1 < y2

    def test_what_stands_in_fields_is_labelled_as_exactly_in_all_of_them(self):
        from focusagent.datagen import browser

        style = "font:16px/1.6 'DejaVu Sans';color:#000;background:#fff;border:2px solid #fff"
        look = f'style="position:absolute;outline:none;padding:6px 9px;width:200px;{style};'
        fields = (
            f'<input {look}top:10px" value="HE">'
            f'<select {look}top:60px"><option>HE</select>'
            f'<select {look}top:110px;appearance:none"><option>HE</select>'
            f'<textarea {look}top:160px">HE\nHE</textarea>'
        )
        with browser.open_browser("full") as chromium:
            camera = browser.Camera(chromium, browser.Recipe(), browser.Stock())
            page = camera.photograph(f"<body style='background:#fff'>{fields}", 1.0, {})
        assert [chr(code) for code in page.codes] == list("HE" * 5)
        offsets = []
        for x1, y1, x2, y2 in page.boxes.round().astype(int):
            dark = page.image[y1:y2, x1:x2].min(axis=2) < 128
            offsets.append((*np.flatnonzero(dark.any(0))[:1], *np.flatnonzero(dark.any(1))[:1]))
        apart = np.array(offsets).reshape(5, 2, 2)
        assert np.abs(apart - apart[0]).max() <= 1

    @pytest.mark.slow
    def test_an_interrupted_run_goes_on_and_gives_the_same_pages(self, rendered, tmp_path):
        from focusagent.datagen import browser

        shutil.copytree(rendered, tmp_path / "pages")
        (tmp_path / "pages" / "000001.json").unlink()
        recipe = browser.Recipe("test")
        assert list(browser.write_pages(tmp_path / "pages", 2, 5, recipe, browser.Stock())) == [1]
        before, after = (P.load_page(f, "000001") for f in (rendered, tmp_path / "pages"))
        assert np.array_equal(before.image, after.image)
        assert np.array_equal(before.boxes, after.boxes)

    def test_a_contact_sheet_shows_them(self, rendered, tmp_path, capsys):
        out = tmp_path / "sheet.png"
        assert cli.run(["data", "sheet", str(out), "--pages", str(rendered)]) == 0
        assert out.stat().st_size > 10_000


def test_without_a_browser_the_error_says_what_to_install(monkeypatch, tmp_path):
    from focusagent.datagen import browser

    monkeypatch.setattr(browser.shutil, "which", lambda name: None)
    with pytest.raises(UserError, match="apt install chromium"):
        next(browser.write_pages(tmp_path, 1, 0, browser.Recipe(), browser.Stock()))


def test_a_folder_without_pages_is_one_sentence(tmp_path, capsys):
    assert cli.run(["data", "sheet", str(tmp_path / "x.png"), "--pages", str(tmp_path)]) == 2
    assert "holds no pages" in capsys.readouterr().err


def test_pages_on_disk_are_plain_files(tmp_path):
    page = P.LabelledPage(
        np.zeros((8, 8, 3), np.uint8),
        np.array([65], np.int32),
        np.array([[1, 1, 4, 6]], np.float32),
        np.array([0], np.int32),
    )
    P.save_page(page, tmp_path, "000000")
    assert json.loads((tmp_path / "000000.json").read_text()) == {"about": {}, "controls": []}
