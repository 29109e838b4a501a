"""Training curves as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any


def draw_curves(curve: Sequence[dict[str, Any]], path: Path) -> None:
    """Write the parts of the loss over the steps as PNG (needs matplotlib)."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(curve[0]["loss"]), figsize=(14, 3.2), squeeze=False)
    steps = [point["step"] for point in curve]
    for axis, name in zip(axes[0], curve[0]["loss"], strict=True):
        axis.plot(steps, [point["loss"][name] for point in curve], linewidth=1)
        axis.set(title=name, xlabel="step", yscale="log")
        axis.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, dpi=90)
    pyplot.close(figure)
