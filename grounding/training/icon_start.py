"""From the weights that were shipped back to a recogniser that can be trained further."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from ..errors import BadWeights

if TYPE_CHECKING:
    from .icons import IconTrainee, WordLearner


@torch.no_grad()
def begin_with(trainee: IconTrainee, words: Sequence[str], path: Path) -> None:
    """Fill an untrained network, which learns ``words``, with weights that were exported."""
    try:
        tensors = load_file(path)
        known = bytes(tensors["words"].numpy()).decode().split("\n")
        state = trainee.net.state_dict()
        state.update({name: tensors[name].float() for name in tensors if name in state})
        state.update(
            {name: trainee.net.state_dict()[name] for name in ("text.table", "text.weights")}
        )
        trainee.net.load_state_dict(state)
        table = tensors["text.table"].float() * tensors["text.steps"].float()[:, None]
        number = {word: place for place, word in enumerate(words)}
        both = [(number[word], row) for row, word in enumerate(known) if word in number]
        places, rows = torch.tensor(both, dtype=torch.long).view(-1, 2).unbind(1)
        _begin_words(trainee.words, places, (table[rows], tensors["text.weights"].float()[rows]))
    except (OSError, SafetensorError, RuntimeError, KeyError, ValueError) as error:
        raise BadWeights(f"{path} is no weights file of the icon recogniser: {error}") from error


def _begin_words(learner: WordLearner, places: Tensor, wanted: tuple[Tensor, Tensor]) -> None:
    """Make some words come out as wanted: fit the part that given vectors tell, add the rest.

    What was shipped is their sum; words without an icon were given vectors alone, so they fit.
    """
    given, (vectors, shares) = learner.given[places], wanted
    learner.place.weight.copy_(torch.linalg.lstsq(given, vectors).solution.T)
    with_one = torch.cat([given, torch.ones(len(given), 1)], 1)
    line = torch.linalg.lstsq(with_one, shares[:, None]).solution[:, 0]
    learner.share.weight.copy_(line[None, :-1])
    learner.share.bias.copy_(line[-1:])
    learner.added[places] = vectors - learner.place(given)
    learner.added_share[places] = shares - learner.share(given)[:, 0]
