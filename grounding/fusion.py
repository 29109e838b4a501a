"""The one place where what is known about each visual token becomes one score.

    fused = sum_k w_k n(x_k) / sum_k w_k        over the sources that are present

`n` stretches the learned score and the UI graph's to 0..1 over the tokens of the image: both are
relative, so their scale and offset mean nothing, and a constant source says nothing. Evidence is
absolute (0: says nothing, 1: certain) and is not stretched, or a reader that found only a poor
resemblance would speak as loudly as one that found the very words. Hence a source moves a token's
score by no more than its share of the weights, whatever it holds. Stretching keeps the shape of a
source, which ranks would not: a budget by score mass needs it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import GroundingError
from .evidence import FEATURES, Evidence


@dataclass(frozen=True, slots=True)
class FusionWeights:
    """How much each source counts; only the proportions among those present matter.

    ``learned`` to ``graph`` is 0.8 to 0.2, the paper's lambda for the scorer's labels: the one
    proportion of relevance to distinctiveness with an ablation behind it (both 42.3, graph alone
    41.1, boxes alone 39.8 on ScreenSpot-Pro at half the tokens). ``evidence`` equals ``learned``:
    then a place the reader is sure of is worth the scorer's own first choice, and neither can push
    the other's out of a budget. ``FusionWeights(graph=0, evidence=0)`` ranks tokens by the learned
    score alone, as the published models do.
    """

    learned: float = 0.8
    graph: float = 0.2
    evidence: float = 0.8

    def __post_init__(self) -> None:
        """Refuse weights that have no meaning."""
        for field in fields(self):
            value = getattr(self, field.name)
            if not isfinite(value) or value < 0:
                raise GroundingError(
                    f"The fusion weight {field.name} must be zero or more, got {value}."
                )


# How sure each of the reader's features makes us of a patch. "any" may be one of many equal
# matches. "below_best" and "right_of_best" are where a field stands whose label was matched: often
# meant, but never read. "text" is any text at all: it only breaks ties.
SURENESS = {"best": 1.0, "any": 0.6, "text": 0.1, "below_best": 0.5, "right_of_best": 0.5}


def fuse_scores(
    learned: ArrayLike | None = None,
    graph: ArrayLike | None = None,
    evidence: ArrayLike | None = None,
    weights: FusionWeights | None = None,
) -> NDArray[np.float32]:
    """Fuse per-token scores, each (M,) or (rows, columns) in raster order, into (M,) in 0..1.

    A source that is None, or whose weight is 0, takes no part; at least one must.
    """
    weights = weights or FusionWeights()
    sources = {"learned": learned, "graph": graph, "evidence": evidence}
    given = {name: _checked(source, name) for name, source in sources.items() if source is not None}
    lengths = {name: len(values) for name, values in given.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise GroundingError(f"Scores to fuse need one value for each visual token, but {told}.")
    shares = {name: float(getattr(weights, name)) for name in given}
    total = sum(shares.values())
    if total <= 0:
        raise GroundingError(
            "There are no scores to fuse: give the learned score, the UI graph's or evidence, with "
            "a weight above 0."
        )
    fused = np.zeros(next(iter(lengths.values())))
    for name, values in given.items():
        fused += shares[name] / total * (values if name == "evidence" else _stretch(values))
    return fused.astype(np.float32)


def evidence_scores(evidence: Evidence) -> NDArray[np.float32]:
    """Reduce an evidence's features to one score (M,) in 0..1 for `fuse_scores`: the surest."""
    features = _numbers(evidence.features, "evidence features")
    if features.ndim != 3 or features.shape[-1] != len(FEATURES):
        raise GroundingError(
            f"Evidence features need shape (rows, columns, {len(FEATURES)}), got {features.shape}."
        )
    # Text is lower than a patch, so it covers none whole: the one that the best match covers most
    # gets that match's own score, and the other patches with words are lifted alike.
    covered = features[..., FEATURES.index("best")].max(initial=0.0)
    if evidence.spans and covered > 0:
        words = [FEATURES.index("best"), FEATURES.index("any")]
        lifted = features[..., words] * (evidence.spans[0].score / covered)
        features[..., words] = lifted.clip(max=1.0)
    surest = (features * [SURENESS[name] for name in FEATURES]).max(axis=-1)
    return _checked(surest, "evidence").astype(np.float32)


def _numbers(values: Any, what: str) -> NDArray[np.float64]:
    try:
        return np.array(values, np.float64)
    except (TypeError, ValueError):
        raise GroundingError(f"The {what} must be numbers, one for each visual token.") from None


def _checked(source: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return a source as (M,) numbers, or say what is wrong with it."""
    values = _numbers(source, f"{name} scores")
    if values.ndim not in (1, 2) or values.size == 0:
        raise GroundingError(
            f"The {name} scores must have shape (tokens,) or (rows, columns), got {values.shape}."
        )
    if not np.isfinite(values).all():
        raise GroundingError(
            f"The {name} scores hold NaN or infinity: look at the model or the picture they come "
            "from."
        )
    if name == "evidence" and (values.min() < 0 or values.max() > 1):
        raise GroundingError(
            "Evidence must lie between 0 (says nothing) and 1 (certain), got "
            f"{values.min():g} to {values.max():g}."
        )
    return values.ravel()


def _stretch(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Map the least value to 0 and the greatest to 1; what is the same everywhere says nothing."""
    # Halves, so that the range of huge values does not overflow.
    low, high = values.min() / 2, values.max() / 2
    if not high > low:
        return np.zeros_like(values)
    stretched: NDArray[np.float64] = (values / 2 - low) / (high - low)
    return stretched
