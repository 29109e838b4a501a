"""Weights of the icon recogniser for the package, and what its confidence means."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch.nn import functional as F

from ..icons.model import IconNet, compact
from ..icons.network import lines_tensor
from ..reader.model import parameter_count
from .export import trained_state, write_weights
from .icon_samples import IconData
from .icons import held_out_scores, held_out_top1, new_trainee


def fit_confidence(net: IconNet, data: IconData) -> tuple[float, float]:
    """Return slope and offset that make a best logit the chance that the icon is there.

    Fitted to pages of the held-out set that have the icon asked for and to pages that lack it.
    """
    scores = torch.cat([held_out_scores(net, data, tags=tags) for tags in (False, True)])
    there, lacking = scores.amax(1), scores[:, 1:].amax(1)
    is_right = (scores.argmax(1) == 0).float()
    best = torch.cat([there, lacking])
    answer = torch.cat([is_right, torch.zeros(len(lacking))])
    line = torch.zeros(2, requires_grad=True)
    optimizer = torch.optim.LBFGS([line], max_iter=100)

    def closure() -> Any:
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(line[0] * best / 10 + line[1], answer)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    slope, offset = line.tolist()
    return slope / 10, offset


def common_names(data: IconData, least_sets: int = 2) -> list[str]:
    """Return names that several sets use: those that are shown for an icon."""
    known: dict[str, set[str]] = {}
    for name, origin, texts in zip(data.names, data.sets, data.texts, strict=True):
        if len(texts) and len(name) > 1:
            known.setdefault(name, set()).add(origin)
    return sorted(name for name, origins in known.items() if len(origins) >= least_sets)


def export_icons(
    data: IconData, checkpoint: Path, out: Path, about: dict[str, Any]
) -> dict[str, Any]:
    """Write icons.safetensors and its entry of manifest.json from a training folder."""
    trainee = new_trainee(data, 0)
    state = trained_state(checkpoint, trainee)
    net = trainee.finished()
    tensors = compact(net)
    tensors["words"] = lines_tensor(data.words)
    tensors["names"] = lines_tensor(common_names(data))
    tensors["confidence"] = torch.tensor(fit_confidence(net, data))
    words = net.text.table.numel() + net.text.weights.numel()
    entry = {
        "parameters": parameter_count(net) + words,
        "network": net.config.to_dict(),
        "words": len(data.words),
        **state,
        "held_out_top1": held_out_top1(trainee, data),
        **about,
    }
    return write_weights(out, "icons", tensors, entry)
