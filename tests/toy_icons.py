"""Six shapes to train an icon recogniser with, in memory and on disk."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

import grounding.training.icon_samples as samples

NAMES = ("disc", "ring", "bar", "post", "cross", "corner")


def toy_ink(name: str, stroke: int) -> np.ndarray:
    y, x = np.mgrid[-32:32, -32:32] + 0.5
    far = np.hypot(x, y)
    shapes = {
        "disc": far < 28,
        "ring": abs(far - 26) < stroke,
        "bar": (abs(y) < 2 * stroke) & (abs(x) < 28),
        "post": (abs(x) < 2 * stroke) & (abs(y) < 28),
        "cross": ((abs(x) < stroke) | (abs(y) < stroke)) & (far < 28),
        "corner": ((x < stroke - 26) | (y < stroke - 26)) & (abs(x) < 28) & (abs(y) < 28),
    }
    return (shapes[name] * 255).astype(np.uint8)


def toy_data() -> samples.IconData:
    """Six shapes in three strokes; the third is held out."""
    words = (*NAMES, *(f"{name}like" for name in NAMES))
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((len(NAMES), 8))
    both = np.concatenate([vectors, vectors + 0.1 * rng.standard_normal(vectors.shape)])
    return samples.IconData(
        ink=np.stack([toy_ink(name, stroke) for stroke in (3, 4, 6) for name in NAMES]),
        label=np.arange(18),
        held_out=np.arange(18) >= 12,
        negatives=rng.integers(0, 255, (40, 32, 32)).astype(np.uint8),
        vectors=both.astype(np.float16),
        words=words,
        names=NAMES * 3,
        sets=("one",) * 6 + ("two",) * 6 + ("three",) * 6,
        all_texts=words,
        texts=tuple(np.array([n, n + 6]) for n in range(6)) * 3,
        shares=(np.array([4.0, 1.0]),) * 18,
        related=(np.array([], np.int64),) * 18,
    )


def save_toy(folder: Path) -> None:
    """Write the toy data as `focusagent train icons` prepares the real ones."""
    data = toy_data()
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "ink.npy", data.ink)
    np.savez(
        folder / "data.npz",
        label=data.label,
        held_out=data.held_out,
        negatives=data.negatives,
        vectors=data.vectors,
    )
    labels = [
        {
            "name": name,
            "set": origin,
            "texts": dict(zip(map(str, texts.tolist()), shares.tolist(), strict=True)),
            "related": related.tolist(),
        }
        for name, origin, texts, shares, related in zip(
            data.names, data.sets, data.texts, data.shares, data.related, strict=True
        )
    ]
    about = {"texts": data.all_texts, "words": data.words, "labels": labels}
    (folder / "data.json").write_text(json.dumps(about))
