"""No source dominates silently, scale means nothing, and bad scores are refused in a sentence."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from grounding.errors import GroundingError
from grounding.evidence import FEATURES, Evidence, patch_features
from grounding.fusion import SURENESS, FusionWeights, evidence_scores, fuse_scores
from grounding.reader.reader import Found
from grounding.types import Box

M = 60


def draw(seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    random = np.random.default_rng(seed)
    return random.normal(size=M), random.uniform(0.1, 1, M), random.uniform(0, 1, M)


def plain(sources: list[tuple[float, Any, bool]]) -> list[float]:
    """The formula of the module's first lines, one token at a time."""
    total = sum(weight for weight, _, _ in sources)
    out = []
    for i in range(M):
        fused = 0.0
        for weight, values, relative in sources:
            value = values[i]
            if relative:
                value = (value - min(values)) / (max(values) - min(values))
            fused += weight / total * value
        out.append(fused)
    return out


def test_it_equals_the_formula_whichever_sources_are_present() -> None:
    learned, graph, evidence = draw(0)
    every = {"learned": (0.8, learned, True), "graph": (0.2, graph, True)}
    every["evidence"] = (0.8, evidence, False)
    for count in (1, 2, 3):
        for names in combinations(every, count):
            sources: dict[str, Any] = {name: every[name][1] for name in names}
            got = fuse_scores(**sources)
            assert got.dtype == np.float32
            assert got.tolist() == pytest.approx(plain([every[n] for n in names]), abs=1e-6)


@given(
    st.integers(0, 999),
    st.floats(1e-6, 1e6),
    st.floats(-1e3, 1e3),
    st.sampled_from(["learned", "graph"]),
)
@settings(max_examples=40, deadline=None)
def test_scale_and_offset_of_a_relative_source_mean_nothing(
    seed: int, scale: float, offset: float, name: str
) -> None:
    learned, graph, evidence = draw(seed)
    sources: dict[str, Any] = {"learned": learned, "graph": graph, "evidence": evidence}
    moved = {**sources, name: sources[name] * scale + offset * scale}
    np.testing.assert_allclose(fuse_scores(**moved), fuse_scores(**sources), atol=1e-5)


@given(st.integers(0, 999), st.sampled_from(["learned", "graph", "evidence"]))
@settings(max_examples=40, deadline=None)
def test_a_source_moves_a_score_by_no_more_than_its_share(seed: int, name: str) -> None:
    learned, graph, evidence = draw(seed)
    sources: dict[str, Any] = {"learned": learned, "graph": graph, "evidence": evidence}
    other = np.zeros(M)
    other[seed % M] = 1.0 if name == "evidence" else 1e9
    share = getattr(FusionWeights(), name) / 1.8
    moved = np.abs(fuse_scores(**{**sources, name: other}) - fuse_scores(**sources))
    assert moved.max() <= share + 1e-6


def test_one_source_alone_keeps_its_order_and_a_weight_of_zero_leaves_a_source_out() -> None:
    learned, graph, evidence = draw(1)
    alone = fuse_scores(learned)
    assert np.argsort(alone, kind="stable").tolist() == np.argsort(learned, kind="stable").tolist()
    assert (alone.min(), alone.max()) == (0, 1)
    published = fuse_scores(learned, graph, evidence, FusionWeights(graph=0, evidence=0))
    assert np.array_equal(published, alone)


def test_sure_evidence_is_worth_the_scorers_first_choice() -> None:
    learned, evidence = np.linspace(0, 0.5, M), np.zeros(M)
    learned[5], evidence[7] = 1.0, 1.0
    learned[7] = 0.0
    fused = fuse_scores(learned, None, evidence)
    assert fused[5] == pytest.approx(fused[7])
    assert set(np.argsort(-fused)[:2]) == {5, 7}
    # A poor resemblance does not speak as loudly, although it is the best there is.
    assert fuse_scores(learned, None, evidence * 0.1)[7] < 0.1


def test_a_constant_source_says_nothing_and_grids_are_read_in_raster_order() -> None:
    learned, _, _ = draw(2)
    flat = fuse_scores(learned, np.full(M, 0.3))
    np.testing.assert_allclose(flat, 0.8 * fuse_scores(learned), atol=1e-6)
    assert np.array_equal(fuse_scores(learned.reshape(6, 10)), fuse_scores(learned))
    assert fuse_scores(np.ones(3)).tolist() == [0, 0, 0]
    huge = fuse_scores([-1.7e308, 0.0, 1.7e308])
    assert huge.tolist() == pytest.approx([0, 0.5, 1])


@pytest.mark.parametrize(
    ("sources", "says"),
    [
        ({}, "no scores to fuse"),
        ({"learned": [1.0, np.nan]}, "learned scores hold NaN"),
        ({"graph": [1.0, np.inf]}, "graph scores hold NaN or infinity"),
        ({"learned": [1.0, 2.0], "graph": [1.0]}, "learned has 2, graph has 1"),
        ({"learned": []}, "shape"),
        ({"learned": 3.0}, "shape"),
        ({"learned": ["a"]}, "must be numbers"),
        ({"evidence": [0.5, 1.5]}, "between 0 .* and 1"),
        ({"evidence": [0.5, -0.1]}, "between 0 .* and 1"),
        ({"evidence": [0.5, np.nan]}, "evidence scores hold NaN"),
        ({"graph": [1.0, 2.0], "weights": FusionWeights(graph=0)}, "no scores to fuse"),
    ],
)
def test_bad_scores_are_refused_in_a_sentence(sources: dict[str, Any], says: str) -> None:
    with pytest.raises(GroundingError, match=says) as caught:
        fuse_scores(**sources)
    assert str(caught.value).count(". ") == 0
    assert str(caught.value).endswith(".")


def test_weights_are_frozen_and_refuse_nonsense() -> None:
    for wrong in (-1.0, np.nan, np.inf):
        with pytest.raises(GroundingError, match="fusion weight graph"):
            FusionWeights(graph=wrong)
    with pytest.raises(FrozenInstanceError):
        FusionWeights().graph = 1.0  # type: ignore[misc]


def found(box: Box, score: float) -> Found:
    return Found(box=box, parts=(box,), score=score, text="Save")


def test_a_match_gives_its_own_score_to_the_patch_it_covers_most() -> None:
    best, second = found(Box(0.1, 0.12, 0.3, 0.16), 0.9), found(Box(0.6, 0.52, 0.8, 0.56), 0.5)
    features = patch_features([best, second], [best.box, second.box], (10, 10))
    assert features[..., 0].max() < 0.5  # the text is lower than a patch
    scores = evidence_scores(Evidence(features, (best, second))).reshape(10, 10)
    assert scores[1, 1] == scores.max() == pytest.approx(0.9)
    assert scores[5, 6] == pytest.approx(SURENESS["any"] * 0.5)
    assert scores[1, 4] == pytest.approx(0.5 * features[1, 4, FEATURES.index("right_of_best")])
    assert features[..., 0].max() < 0.5  # the caller's features are left as they were


def test_evidence_without_a_match_is_text_alone_and_wrong_shapes_are_refused() -> None:
    line = Box(0.0, 0.0, 0.5, 0.1)
    scores = evidence_scores(Evidence(patch_features([], [line], (10, 10)), ()))
    assert scores.reshape(10, 10)[0, 0] == pytest.approx(SURENESS["text"])
    assert set(SURENESS) == set(FEATURES)
    for shape in [(10, 10), (10, 10, 4), (0, 0, 5)]:
        with pytest.raises(GroundingError, match="shape"):
            evidence_scores(Evidence(np.zeros(shape, np.float32), ()))
    broken = np.full((2, 2, 5), np.nan, np.float32)
    with pytest.raises(GroundingError, match="NaN"):
        evidence_scores(Evidence(broken, ()))
