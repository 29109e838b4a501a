"""From maps to glyphs to lines: each shortcut equals the plain rule it stands for."""

from __future__ import annotations

import numpy as np
import pytest

from grounding.reader import glyphs as G
from grounding.reader import lines as L
from grounding.reader.alphabet import (
    CHARACTERS,
    CLASS_COUNT,
    OTHER,
    character_of,
    class_of,
    fold,
    strip_accents,
)
from grounding.reader.glyphs import Glyphs, merge_scales, suppress, warm_cells


def make_glyphs(
    x: list[float],
    y: list[float],
    text: str = "",
    size: float | list[float] = 14.0,
    last: list[float] | None = None,
) -> Glyphs:
    count = len(x)
    scores = np.full((count, CLASS_COUNT), -9.0, np.float32)
    codes = [class_of(c) for c in (text or "a" * count)]
    scores[np.arange(count), codes] = -0.01
    sizes = np.broadcast_to(np.array(size, np.float32), (count,)).copy()
    return Glyphs(
        np.array(x, np.float32),
        np.array(y, np.float32),
        0.5 * sizes,
        sizes,
        scores,
        np.full(count, 0.9, np.float32),
        np.array(last if last is not None else [0.0] * count, np.float32),
    )


def write(text: str, x: float, y: float, size: float = 14.0) -> Glyphs:
    """Glyphs of a line set in a monospaced face half as wide as high."""
    places, letters, last = [], "", []
    for position, character in enumerate(text):
        if character != " ":
            places.append(x + (position + 0.5) * size / 2)
            letters += character
            last.append(1.0 if position + 1 == len(text) or text[position + 1] == " " else 0.0)
    return make_glyphs(places, [y] * len(places), letters, size, last)


def test_the_alphabet_is_its_own_inverse():
    assert len(set(CHARACTERS)) == len(CHARACTERS) == CLASS_COUNT - 1
    assert all(character_of(class_of(c)) == c for c in CHARACTERS)
    assert class_of("草") == OTHER
    assert character_of(OTHER) == "\ufffd"
    assert fold("“Don’t” – ok…") == '"Don\'t" - ok...'
    assert strip_accents("Łódź Ångström é") == "Łodz Angstrom e"


def test_warm_cells_are_vertical_maxima_above_the_threshold():
    rng = np.random.default_rng(0)
    heat = rng.normal(0, 2, (12, 9)).astype(np.float32)
    rows, columns = warm_cells(heat, 0.5)
    expected = {
        (r, c)
        for r in range(12)
        for c in range(9)
        if heat[r, c] > 0.5
        and (r == 0 or heat[r, c] >= heat[r - 1, c])
        and (r == 11 or heat[r, c] > heat[r + 1, c])
    }
    assert set(zip(rows.tolist(), columns.tolist(), strict=True)) == expected


@pytest.mark.parametrize("seed", range(5))
def test_suppression_through_the_grid_equals_all_pairs(seed):
    rng = np.random.default_rng(seed)
    flat = rng.choice(40 * 60, 300, replace=False)
    rows, columns = flat // 60, flat % 60
    text = "".join(rng.choice(list("abc"), 300))
    base = make_glyphs([0.0] * 300, [0.0] * 300, text)
    glyphs = Glyphs(
        ((columns + 0.5 + rng.uniform(-1, 1, 300)) * 2).astype(np.float32),
        ((rows + 0.5 + rng.uniform(-0.5, 0.5, 300)) * 4).astype(np.float32),
        rng.uniform(2, 9, 300).astype(np.float32),
        rng.uniform(8, 20, 300).astype(np.float32),
        base.scores,
        rng.choice([0.5, 0.6, 0.7, 0.8], 300).astype(np.float32),
        base.last,
    )
    expected = np.ones(300, bool)
    for i in range(300):
        for j in range(300):
            near = abs(rows[i] - rows[j]) <= 3 and abs(columns[i] - columns[j]) <= 6 and i != j
            advance = (glyphs.width[i] + glyphs.width[j]) / 2
            close = (
                abs(glyphs.x[i] - glyphs.x[j]) < (0.65 if text[i] == text[j] else 0.36) * advance
            )
            level = abs(glyphs.y[i] - glyphs.y[j]) < 0.4 * min(glyphs.size[i], glyphs.size[j])
            warmer = (glyphs.warmth[j], -j) > (glyphs.warmth[i], -i)
            if near and close and level and warmer:
                expected[i] = False
    assert (suppress(glyphs, rows, columns, (40, 60)) == expected).all()


def test_two_scales_give_each_glyph_once():
    fine = Glyphs.joined([write("small", 10, 20, 12), write("big", 10, 60, 31)])
    coarse = Glyphs.joined([write("small", 10, 20, 12), write("big", 10, 60, 40)])
    merged = merge_scales(fine, coarse, 24.0)
    assert sorted(merged.size.tolist()) == [12.0] * 5 + [40.0] * 3


@pytest.mark.parametrize("seed", range(3))
def test_what_both_scales_saw_equals_all_pairs(seed, monkeypatch):
    monkeypatch.setattr(G, "_AT_ONCE", 64)
    rng = np.random.default_rng(seed)

    def scattered(count: int) -> Glyphs:
        base = make_glyphs([0.0] * count, [0.0] * count, "a" * count)
        x, y, width, size, warmth = (
            rng.uniform(low, high, count).astype(np.float32)
            for low, high in ((0, 150), (0, 90), (3, 15), (18, 32), (0, 1))
        )
        return Glyphs(x, y, width, size, base.scores, warmth, base.last)

    fine, coarse = scattered(200), scattered(150)
    small, large = fine.size < 1.25 * 24, coarse.size > 0.8 * 24

    def covered(one: Glyphs, i: int, other: Glyphs, among: np.ndarray) -> bool:
        return any(
            abs(other.x[j] - one.x[i]) < 0.55 * (other.width[j] + one.width[i]) / 2
            and abs(other.y[j] - one.y[i]) < 0.5 * other.size[j]
            and other.warmth[j] > one.warmth[i]
            for j in np.flatnonzero(among)
        )

    kept = [fine.x[i] for i in np.flatnonzero(small) if not covered(fine, i, coarse, large)]
    kept += [coarse.x[i] for i in np.flatnonzero(large) if not covered(coarse, i, fine, small)]
    assert 20 < len(kept) < small.sum() + large.sum()
    assert merge_scales(fine, coarse, 24.0).x.tolist() == pytest.approx(kept)


def test_words_and_lines_are_found_in_reading_order():
    glyphs = Glyphs.joined(
        [write("Save draft", 10, 50), write("Cancel", 300, 50), write("Terms of", 10, 90)]
    )
    shuffled = glyphs.take(np.random.default_rng(1).permutation(len(glyphs)))
    lines = L.make_lines(shuffled)
    assert [L.line_text(shuffled, line) for line in lines] == ["Save draft", "Cancel", "Terms of"]
    assert lines[0].box == pytest.approx((10, 43, 80, 57))


def test_paragraphs_go_on_below_and_rows_to_the_right():
    glyphs = Glyphs.joined(
        [write("one", 10, 50), write("two", 10, 70), write("far", 10, 300), write("side", 200, 50)]
    )
    index, breaks = L.reading_order(L.make_lines(glyphs))
    text = "".join(
        {L.WRAP: "/", L.APART: "_", L.ELSEWHERE: "|"}.get(int(b), "")
        + character_of(int(glyphs.scores[i].argmax()))
        for i, b in zip(index, breaks, strict=True)
    )
    assert "|one/two" in text
    assert "|one_side" in text
    assert "|far" in text


def test_foreign_glyphs_mark_a_line_as_unknown():
    glyphs = write("abcd", 10, 50)
    glyphs.scores[:3] = -9
    glyphs.scores[:3, OTHER] = -0.01
    line = L.make_lines(glyphs)[0]
    assert L.unknown_share(glyphs, line) == 0.75


def test_no_glyphs_no_lines():
    empty = make_glyphs([], [])
    assert L.make_lines(empty) == []
    assert len(L.reading_order([])[0]) == 0


@pytest.mark.parametrize(
    ("seen", "settled"),
    [
        ("harmleSs", "harmless"),
        ("SUrrounded", "Surrounded"),
        ("lNDEX", "INDEX"),
        ("exceI", "excel"),
        ("So", "So"),
        ("COS", "COS"),
        ("fulI", "full"),
    ],
)
def test_letters_with_a_twin_take_the_case_of_their_word(seen, settled):
    scores = np.full((len(seen), CLASS_COUNT), -9.0, np.float32)
    for position, letter in enumerate(seen):
        scores[position] = np.where(np.arange(CLASS_COUNT) == class_of(letter), -0.5, -2.0)
    assert "".join(L.settle_case(list(seen), scores)) == settled


def test_a_sure_network_keeps_its_case():
    glyphs = write("iPhoneS", 10, 50)
    assert "".join(L.characters(glyphs, L.make_lines(glyphs)[0])) == "iPhoneS"
