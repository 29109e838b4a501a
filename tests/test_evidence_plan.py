"""What is drawn of the default grounder: evidence as heat, and the tokens a model would get."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from focusagent.trace import look_pictures
from grounding import load_grounder
from grounding.drawing import draw_grounding
from grounding.grounders.default import DefaultGrounder
from grounding.grounders.evidence_plan import MOST_TEXTS, PROVENANCE, texts_of
from grounding.plan import Share, VisualPlan, share_count
from grounding.query import understand
from grounding.types import Grounding

PICTURE = Path(__file__).parent / "data" / "reader" / "000001.png"
ASKED = ("BARRIER", "the button left of Heap caps", "second checkbox", "Nothing like this")


@cache
def picture() -> Image.Image:
    return Image.open(PICTURE).convert("RGB")


@cache
def answers(keep: float | None) -> tuple[Grounding, ...]:
    with load_grounder("default", keep=keep) as grounder:
        assert isinstance(grounder, DefaultGrounder)
        screen = grounder.screen(picture())
        return tuple(screen.ground(asked) for asked in ASKED)


def plan_of(found: Grounding) -> VisualPlan:
    assert found.plan is not None
    return found.plan


def test_a_plan_changes_no_answer() -> None:
    for plain, drawn in zip(answers(None), answers(0.3), strict=True):
        assert plain.plan is None
        assert plain.tokens is None
        shown = replace(drawn, plan=None, tokens=None, heat=plain.heat, seconds=plain.seconds)
        assert shown == replace(plain)


def test_the_budget_and_the_label_are_honest() -> None:
    for found in answers(0.3):
        plan = plan_of(found)
        assert plan.keep.sum() == share_count(0.3, plan.grid.count)
        assert found.tokens == plan.tokens
        assert plan.provenance == PROVENANCE
        assert found.seconds["plan"] > 0


def test_what_is_clicked_survives() -> None:
    for found in answers(0.1):
        if found.point is not None:
            assert plan_of(found).keep[plan_of(found).grid.token_at(found.point)]


def test_anchors_are_evidence_too() -> None:
    with_anchor, without = answers(0.3)[1], answers(0.3)[2]
    assert with_anchor.box is not None
    grid = plan_of(with_anchor).grid
    words = plan_of(with_anchor).scores, plan_of(without).scores
    assert words[0] is not None
    assert words[1] is not None
    place = grid.token_at(_found("Heap caps"))
    assert words[0][place] > words[1][place]


def _found(text: str):  # type: ignore[no-untyped-def]
    with DefaultGrounder(keep=Share(1.0)) as grounder:
        point = grounder.ground(picture(), text).point
    assert point is not None
    return point


def test_texts_of_a_query() -> None:
    assert texts_of(understand("the field right of Email"))[:1] == ["Email"]
    assert {"Delete", "Alice"} <= set(texts_of(understand("Delete in the row of Alice")))
    many = texts_of(understand(" or ".join(f'"name {number}"' for number in range(40))))
    assert len(many) <= MOST_TEXTS


def test_it_can_be_drawn_and_traced() -> None:
    found = answers(0.3)[0]
    drawn = np.asarray(draw_grounding(picture(), found))
    assert drawn.shape[1] == picture().width
    shown = look_pictures(found)
    assert set(shown) == {"heat", "kept"}
    kept = np.asarray(shown["kept"]) > 0
    assert kept.sum() == plan_of(found).keep.sum()
