"""Generated instructions name one thing of their screen, or nothing that stands there."""

from __future__ import annotations

import random
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import grounding
from focusagent.datagen.icon_texts import held_out_phrases, is_held_out
from focusagent.datagen.instructions import KINDS, choose, instructions, meant_by
from focusagent.datagen.instructions_lessons import A_LESSON, TOKEN, make_lesson, write_lessons
from focusagent.datagen.instructions_screen import LabelledScreen, alike, cut_page
from focusagent.evaluation.relations import Derived
from focusagent.evaluation.screens import folded, holds, middle
from grounding.training.lessons import lesson_paths, load_lesson
from grounding.training.pages import LabelledPage, load_page

FOLDER = Path(__file__).parent / "data" / "reader"
NAMES = ("000001", "000003")


@cache
def page(name: str) -> LabelledPage:
    return load_page(FOLDER, name)


@cache
def made(name: str) -> list[Derived]:
    return instructions(page(name), f"test/{name}")


def every() -> list[tuple[LabelledScreen, Derived]]:
    return [(LabelledScreen(page(name)), one) for name in NAMES for one in made(name)]


def thing_of(screen: LabelledScreen, one: Derived):  # type: ignore[no-untyped-def]
    return next(thing for thing in screen.things if thing.box == one.target.box)


def test_kinds_and_boxes() -> None:
    kinds = Counter(one.target.kind for _, one in every())
    assert set(kinds) <= set(KINDS)
    assert {"name", "click", "relation", "ordinal", "position", "role", "absent"} <= set(kinds)
    for screen, one in every():
        assert one.target.instruction.strip()
        assert (one.target.box is None) == (one.target.kind == "absent")
        if one.target.box is not None:
            x1, y1, x2, y2 = one.target.box
            assert 0 <= x1 < x2 <= screen.size[0]
            assert 0 <= y1 < y2 <= screen.size[1]


def test_a_name_stands_once() -> None:
    for screen, one in every():
        if one.target.kind in ("name", "click"):
            thing = thing_of(screen, one)
            assert meant_by(screen, thing, thing.name)
            assert len(screen.places(thing.name) or ()) == 1


def test_a_misspelt_name_resembles_its_own_most() -> None:
    found = [(screen, one) for screen, one in every() if one.target.kind == "misspelt"]
    assert found
    for screen, one in found:
        thing = thing_of(screen, one)
        asked = one.target.instruction
        assert thing.name not in asked
        wrong = max((text for text in _pieces(asked)), key=lambda text: alike(text, thing.name))
        own = alike(wrong, thing.name)
        rest = [text for text, _ in screen.windows(wrong) if folded(text) not in folded(thing.name)]
        assert own > 0.4
        assert all(
            alike(wrong, text) < own for text in rest if folded(thing.name) not in folded(text)
        )


def _pieces(text: str) -> list[str]:
    words = text.split()
    return [" ".join(words[a:b]) for a in range(len(words)) for b in range(a + 1, len(words) + 1)]


def test_absent_names_stand_nowhere() -> None:
    found = [(screen, one) for screen, one in every() if one.target.kind == "absent"]
    assert {one.how for _, one in found} >= {"near", "plain"}
    for screen, one in found:
        assert not screen.places(one.target.name)
        assert folded(one.target.name) not in {folded(thing.name) for thing in screen.things}


def test_bare_counts_are_in_reading_order() -> None:
    screen = LabelledScreen(page("000001"))
    boxes = [thing.box for thing in screen.things if thing.role == "checkbox"]
    asked = {
        one.target.instruction.lower(): one.target.box
        for seed in range(5)
        for one in instructions(page("000001"), f"{seed}")
        if one.how == "role" and one.target.kind == "ordinal" and one.target.role == "checkbox"
    }
    first = [box for text, box in asked.items() if "first" in text or "1st" in text]
    last = [box for text, box in asked.items() if "last" in text]
    assert first
    assert all(box == min(boxes, key=lambda b: (b[1], b[0])) for box in first)
    assert all(box == max(boxes, key=lambda b: (b[1], b[0])) for box in last)


def test_icons_are_asked_for_by_what_is_not_held_out() -> None:
    kept = held_out_phrases()
    for _, one in every():
        if one.target.kind == "icon":
            assert not is_held_out(folded(one.target.instruction), kept & set(_pieces("bin gear")))


def test_a_seed_makes_the_same_and_kinds_are_mixed() -> None:
    assert made("000001") == instructions(page("000001"), "test/000001")
    assert made("000001") != instructions(page("000001"), "other")
    chosen = choose(made("000001"), 8, random.Random(0))
    assert len(chosen) == 8
    assert len({one.target.kind for one in chosen}) >= 6


def test_a_cut_page_keeps_whole_controls_where_they_show_the_same() -> None:
    whole = page("000001")
    part = cut_page(whole, (100, 100, 500, 400), (800, 600))
    assert part.image.shape == (600, 800, 3)
    by_name = {control["name"]: control["box"] for control in whole.controls}
    assert part.controls
    for control in part.controls:
        before = np.array(by_name[control["name"]])
        assert np.allclose(np.array(control["box"]), (before - [100, 100] * 2) * 2, atol=0.05)
    same = cut_page(whole, (0, 0, whole.image.shape[1], whole.image.shape[0]), (800, 520))
    assert np.array_equal(same.image, whole.image)
    assert np.allclose(same.boxes, whole.boxes)


def test_lines_hold_the_words_that_follow_each_other() -> None:
    screen = LabelledScreen(page("000001"))
    texts = [text for text, _ in screen.lines]
    assert "Heap caps" in texts
    (place,) = screen.places("heap caps") or ()
    assert any(holds(thing.box, middle(place.box)) for thing in screen.things)


@pytest.mark.slow
def test_lessons_are_made_once_and_hold_evidence(tmp_path: Path) -> None:
    numbers = list(write_lessons(FOLDER, tmp_path, 3, 0))
    assert numbers == [0, 1, 2]
    assert list(write_lessons(FOLDER, tmp_path, 3, 0)) == []
    for path in lesson_paths(tmp_path):
        lesson = load_lesson(path)
        tall, wide = lesson.image.shape[:2]
        assert tall % TOKEN == wide % TOKEN == 0
        assert len(lesson.asked) == len(lesson.features) == A_LESSON
        assert lesson.features.shape[1:] == (
            tall * wide // TOKEN**2,
            grounding.nano.evidence.SIZE,
        )
        assert lesson.features.max() > 100


@pytest.mark.slow
def test_the_same_seed_makes_the_same_lesson() -> None:
    eyes = (grounding.Reader.load(), grounding.icons.IconReader.load())
    one, two = (make_lesson(page("000001"), "7", eyes) for _ in range(2))
    assert one is not None
    assert two is not None
    assert one.asked == two.asked
    assert np.array_equal(one.features, two.features)
