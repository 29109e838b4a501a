"""Specs of compressors, and the budget they take from --keep when they name none."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grounding.compress import COMPRESSORS, Compression, parse_compress
from grounding.errors import BadBudget
from grounding.plan import Budget, Count, Mass, Share


@pytest.mark.parametrize(
    ("spec", "keep", "name", "budget"),
    [
        (None, None, "focus", Share(1.0)),
        (None, 0.3, "focus", Share(0.3)),
        (None, "400", "focus", Count(400)),
        ("focus", None, "focus", Share(1.0)),
        ("focus", Count(1), "focus", Count(1)),
        ("focus:0.5", None, "focus", Share(0.5)),
        ("uigraph", 400, "uigraph", Count(400)),
        ("uigraph:400", None, "uigraph", Count(400)),
        ("focus:mass:0.9", None, "focus", Mass(0.9)),
        ("focus:mass:0.9:0.05-0.5", None, "focus", Mass(0.9, 0.05, 0.5)),
        (" uigraph:0.5 ", None, "uigraph", Share(0.5)),
        ("none", None, "none", Share(1.0)),
    ],
)
def test_specs(spec: str | None, keep: Any, name: str, budget: Budget) -> None:
    assert parse_compress(spec, keep) == Compression(name, budget)


@pytest.mark.parametrize(
    ("spec", "keep"),
    [
        ("focus:0.5", 0.3),
        ("focus:0.5", 0.5),
        ("focus:1.5", None),
        ("focus:0", None),
        ("focus:", None),
        ("focus:", 0.5),
        ("focus::0.5", None),
        ("focus", 0),
        (None, 1.5),
        ("none:0.5", None),
        ("none", 0.5),
        ("fokus", None),
        ("focus+uigraph", None),
        ("", None),
        (":0.5", None),
    ],
)
def test_specs_that_make_no_sense_are_one_sentence(spec: str | None, keep: Any) -> None:
    with pytest.raises(BadBudget) as caught:
        parse_compress(spec, keep)
    assert 10 < len(str(caught.value)) < 250
    assert "\n" not in str(caught.value)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(BadBudget, match="fokus") as caught:
        parse_compress("fokus:0.3")
    assert all(name in str(caught.value) for name in COMPRESSORS)


def test_a_budget_beside_a_budget_says_what_to_do() -> None:
    with pytest.raises(BadBudget, match="leave keep out"):
        parse_compress("focus:0.5", 0.3)


@given(st.text(max_size=12))
def test_any_text_is_a_spec_or_a_sentence(text: str) -> None:
    try:
        assert parse_compress(text).name in COMPRESSORS
    except BadBudget as error:
        assert str(error)
