"""The alignment of words against glyphs equals a plain reference, and forgives what it should."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grounding import align as A
from grounding.reader.alphabet import CLASS_COUNT, class_of
from grounding.reader.lines import APART, ELSEWHERE, JOINED, SPACE, WRAP


def row_of(text: str, noise: float = 0.0, seed: int = 0) -> A.GlyphRow:
    """A row of glyphs read with certainty: ' ' space, '/' line wrap, '_' beside, '|' elsewhere."""
    kinds = {" ": SPACE, "/": WRAP, "_": APART, "|": ELSEWHERE}
    codes, breaks, kind = [], [], ELSEWHERE
    for character in text:
        if character in kinds:
            kind = kinds[character]
            continue
        codes.append(class_of(character))
        breaks.append(kind)
        kind = JOINED
    scores = np.full((len(codes), CLASS_COUNT), -9.0, np.float32)
    scores[np.arange(len(codes)), codes] = -0.01
    scores += np.random.default_rng(seed).normal(0, noise, scores.shape).astype(np.float32)
    return A.GlyphRow(np.minimum(scores, 0), np.array(breaks, np.int64))


def shown(text: str) -> str:
    return "".join(c for c in text if c not in " /_|")


def best(text: str, query: str, **options: bool) -> tuple[str, float]:
    row = row_of(text)
    match = A.align(row, query, **options)[0]
    return shown(text)[match.start : match.end + 1], match.score


def reference(row: A.GlyphRow, query: str) -> np.ndarray:
    """The best total at every end, by the plain recursion over (letter, glyph)."""
    letters, spaced = A.letters_of(query)
    count, m = len(row), len(letters)

    def step(i: int, space: int) -> float:
        return float(A._COST[row.breaks[i], space])

    def skip(i: int, space: int) -> float:
        one, two = step(i, space), step(i - 1, space)
        return float(A.NEVER) if min(one, two) <= A.NEVER / 2 else max(one, two)

    table = np.full((m, count), float(A.NEVER) * 4)
    for j in range(m):
        emission = row.emission(letters[j], False)
        for i in range(count):
            options = []
            if j == 0:
                options.append(float(row.opening[i]))
            else:
                if i >= 1:
                    options.append(table[j - 1, i - 1] + step(i, spaced[j]))
                if i >= 2:
                    options.append(table[j - 1, i - 2] + skip(i, spaced[j]) + A.EXTRA_GLYPH)
                if j == 1:
                    options.append(float(row.opening[i]) + A.MISSED_GLYPH)
                elif i >= 1:
                    wide = max(spaced[j], spaced[j - 1])
                    options.append(table[j - 2, i - 1] + step(i, wide) + A.MISSED_GLYPH)
            if options:
                table[j, i] = max(options) + emission[i]
    ends = table + row.closing + np.array([A.UNSEEN * (m - 1 - j) for j in range(m)])[:, None]
    return ends.max(axis=0)


TEXTS = st.text(alphabet="aelsS. /_|", min_size=1, max_size=14).filter(lambda t: shown(t))
QUERIES = st.text(alphabet="aelsS. ", min_size=1, max_size=8).filter(lambda q: q.strip())


@settings(max_examples=150, deadline=None)
@given(TEXTS, QUERIES, st.integers(0, 5))
def test_the_fast_recursion_equals_the_plain_one(text, query, seed):
    row = row_of(text, noise=1.5, seed=seed)
    letters, spaced = A.letters_of(query)
    totals, _ = A._forward(row, letters, spaced, False)
    expected = reference(row, query)
    possible = expected > A.NEVER / 2
    np.testing.assert_allclose(totals[possible], expected[possible], atol=1e-3)
    assert (totals[~possible] < A.NEVER / 2).all()


@pytest.mark.parametrize(
    ("text", "query", "expected"),
    [
        ("Open|Save draft|Save", "Save draft", "Savedraft"),
        ("Open|Save draft|Save", "Save", "Save"),
        ("open|SAVE DRAFT|close", "save draft", "SAVEDRAFT"),
        ("Cancel|Settings|Sign in", "setting", "Setting"),
        ("Cancel|Setting|Sign in", "settings", "Setting"),
        ("Terms of/service|Terms", "Terms of service", "Termsofservice"),
        ("3 new reports_2 days|reports", "3 new reports 2 days", "3newreports2days"),
        ("Log out|Sign in", "Logout", "Logout"),
        ("Zürich|Zoo", "zurich", "Zürich"),
        ("Don’t|Dot", "Don't", "Don’t"),
        ("Submif|Summer", "Submit", "Submif"),
        ("Subxmit|Summer", "Submit", "Subxmit"),
        ("Sumit|Summer", "Submit", "Sumit"),
    ],
)
def test_a_query_finds_its_text(text, query, expected):
    found, score = best(text, query)
    assert found == expected
    assert score > 0.3


def test_a_whole_word_comes_before_a_part_of_one():
    row = row_of("Profiles|outProfile|Profile")
    first = A.align(row, "Profile")[0]
    assert (first.start, first.end) == (18, 24)


def test_the_case_asked_for_comes_first_and_can_be_required():
    row = row_of("save|Save|SAVE")
    assert [m.start for m in A.align(row, "SAVE")][0] == 8
    exact = A.align(row, "SAVE", exact_case=True)
    assert exact[0].start == 8
    assert exact[1].score < 0.3


def test_what_is_not_there_scores_low():
    assert best("Open|Save draft|Close", "xylophone")[1] < 0.15


def test_matches_do_not_overlap_and_come_best_first():
    row = row_of("Edit|Edit|Edit|Edlt")
    found = A.align(row, "Edit", limit=4)
    assert [m.start for m in found] == [0, 4, 8, 12]
    assert found[0].score >= found[-1].score


@pytest.mark.parametrize("query", ["", "   ", "\n"])
def test_an_empty_query_has_no_match(query):
    assert A.align(row_of("Save"), query) == []


def test_a_query_longer_than_the_screen_is_answered():
    found = A.align(row_of("Save draft"), "Save draft " * 200)
    assert len(found) <= 5


def test_no_glyphs_no_match():
    row = A.GlyphRow(np.zeros((0, CLASS_COUNT), np.float32), np.zeros(0, np.int64))
    assert A.align(row, "Save") == []


def test_a_character_nobody_knows_only_costs_its_own_share():
    found, score = best("Save draft|Open", "Save 草 draft")
    assert found == "Savedraft"
    assert score > 0.2
