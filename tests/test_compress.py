"""The grammar of --compress."""

from __future__ import annotations

from typing import Any

import pytest

from grounding import compress
from grounding.compress import DEFAULT_BUDGET, EVERYTHING, Compression, Stage, parse_compress
from grounding.errors import BadBudget
from grounding.plan import Count, Mass, Share


@pytest.mark.parametrize(
    ("spec", "keep", "scorer", "budget"),
    [
        (None, None, "none", EVERYTHING),
        (None, 0.3, "focus", Share(0.3)),
        (None, "400", "focus", Count(400)),
        ("focus", None, "focus", DEFAULT_BUDGET),
        ("focus", 0.3, "focus", Share(0.3)),
        ("focus:0.3", None, "focus", Share(0.3)),
        (" uigraph:400 ", None, "uigraph", Count(400)),
        ("uigraph:mass:0.9", None, "uigraph", Mass(0.9)),
        ("uigraph:mass:0.9:0.1-0.5", None, "uigraph", Mass(0.9, 0.1, 0.5)),
        ("none", None, "none", EVERYTHING),
    ],
)
def test_specs_are_read(spec: Any, keep: Any, scorer: Any, budget: Any) -> None:
    assert parse_compress(spec, keep) == Compression(scorer, budget)


@pytest.mark.parametrize(
    ("spec", "keep"),
    [("focus:0.3", 0.3), ("focus:0.3", "0.3"), ("none", 0.3), ("none:0.3", None), ("focus:", None)]
    + [("focus:2.5", None), ("focus+uigraph", None), ("focus+focus", None), ("", None)]
    + [("focus+", None), ("focus:mass", None), ("none+focus", None), (None, 0), ("focus", 1.5)],
)
def test_contradictions_are_refused(spec: Any, keep: Any) -> None:
    with pytest.raises(BadBudget) as caught:
        parse_compress(spec, keep)
    assert "\n" not in str(caught.value)


def test_an_unknown_name_is_told_the_known_ones() -> None:
    with pytest.raises(BadBudget) as caught:
        parse_compress("focsu:0.3")
    for name in (*compress.STAGES, "focsu"):
        assert name in str(caught.value)


def test_a_stage_before_the_tower_can_be_added(monkeypatch: Any) -> None:
    monkeypatch.setitem(compress.STAGES, "crop", Stage("before", False, "drops pixels"))
    assert parse_compress("crop") == Compression("none", EVERYTHING, ("crop",))
    assert parse_compress("crop+focus:0.3") == Compression("focus", Share(0.3), ("crop",))
    assert parse_compress("crop + focus", 400) == Compression("focus", Count(400), ("crop",))
    for spec in ("focus+crop", "crop+crop", "crop:0.3+focus", "crop+focus+uigraph"):
        with pytest.raises(BadBudget):
            parse_compress(spec)
