"""Table and plot of the PosPad ablation, with 95% intervals over the seeds."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pospad_variants import TREATMENTS, Treatment

STAGES = ("fine-tuned", "untrained")
PARTS = {
    "accuracy": "all questions, %",
    "right_of": '"right of", %',
    "below": '"below", %',
    "lead": "lead of PosPad end, points",
}
NAMES: dict[Treatment, str] = {
    "direct-shifted": "direct drop, positions closed up",
    "direct": "direct drop, positions kept",
    "full": "full padding",
    "first": "PosPad first",
    "middle": "PosPad middle",
    "end": "PosPad end",
}
COLOURS = dict(
    zip(TREATMENTS, ("#b2182b", "#ef8a62", "#777777", "#92c5de", "#4393c3", "#053061"), strict=True)
)
# Student's t at 97.5%, by degrees of freedom.
_T = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)


def interval(values: Sequence[float]) -> tuple[float, float | None]:
    """Return the mean, and half of its 95% interval (none for a single value)."""
    if len(values) == 1:
        return values[0], None
    t = _T[min(len(values) - 1, len(_T)) - 1]
    return statistics.mean(values), t * statistics.stdev(values) / math.sqrt(len(values))


def results(cells: Sequence[dict[str, Any]], settings: dict[str, Any]) -> dict[str, Any]:
    """Gather cells: accuracies, PosPad end's lead over each treatment (paired by seed), tokens."""
    by = {(one["treatment"], one["seed"]): one for one in cells}
    seeds = sorted({seed for _, seed in by})
    rows = []
    for stage in STAGES:
        for treatment in TREATMENTS:
            for keep in map(str, settings["keep"]):
                mine = [by[treatment, seed][stage][keep] for seed in seeds]
                ends = [by["end", seed][stage][keep] for seed in seeds]
                right = [one["accuracy"] for one in mine]
                lead = [end["accuracy"] - one for end, one in zip(ends, right, strict=True)]
                row = {"stage": stage, "treatment": treatment, "keep": float(keep)}
                row |= {"lead": interval(lead), "seeds": right}
                row |= {
                    part: interval([one[part] for one in mine])
                    for part in ("accuracy", "right_of", "below")
                }
                row |= {name: mine[0][name] for name in ("kept", "markers")}
                rows.append(row)
    cpu = sum(one["cpu"] for one in cells)
    return {"settings": settings, "seeds": seeds, "cpu_minutes": round(cpu / 60, 1), "rows": rows}


def table(found: dict[str, Any]) -> str:
    """Write accuracies, the lead of PosPad end, and the visual tokens as text."""
    keeps = found["settings"]["keep"]
    lines = []
    for stage, part in itertools.product(STAGES, PARTS):
        title = f"{stage}: {PARTS[part]}"
        lines.append(title.ljust(44) + "".join(f"{k:>12.0%}" for k in keeps))
        for treatment in TREATMENTS:
            cells = [_row(found, stage, treatment, keep)[part] for keep in keeps]
            lines.append(f"  {NAMES[treatment]}".ljust(44) + "".join(map(_number, cells)))
        lines.append("")
    lines.append("visual tokens + markers".ljust(44) + "".join(f"{k:>12.0%}" for k in keeps))
    for treatment in TREATMENTS:
        cells = [_row(found, "fine-tuned", treatment, keep) for keep in keeps]
        counts = [f"{one['kept']:.0f}+{one['markers']:.0f}" for one in cells]
        lines.append(f"  {NAMES[treatment]}".ljust(44) + "".join(f"{c:>12}" for c in counts))
    lines.append(f"\n{len(found['seeds'])} seeds, {found['cpu_minutes']} CPU minutes")
    return "\n".join(lines) + "\n"


def _row(found: dict[str, Any], stage: str, treatment: str, keep: float) -> dict[str, Any]:
    wanted = (stage, treatment, keep)
    row: dict[str, Any] = next(
        row for row in found["rows"] if (row["stage"], row["treatment"], row["keep"]) == wanted
    )
    return row


def _number(pair: Sequence[float | None]) -> str:
    mean, half = pair
    text = f"{100 * (mean or 0):.1f}" + ("" if half is None else f" ± {100 * half:.1f}")
    return f"{text:>12}"


def draw(found: dict[str, Any], path: Path) -> None:
    """Write accuracy over the share of tokens kept, as PNG (needs matplotlib)."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    keeps = found["settings"]["keep"]
    figure, axes = pyplot.subplots(1, 2, figsize=(10, 4.6), sharey=True)
    for axis, stage in zip(axes, STAGES, strict=True):
        for number, treatment in enumerate(TREATMENTS):
            pairs = [_row(found, stage, treatment, keep)["accuracy"] for keep in keeps]
            # Side by side, so that intervals do not hide each other.
            places = [place + 0.05 * (number - 2.5) for place in range(len(keeps))]
            axis.errorbar(
                places, [100 * mean for mean, _ in pairs],
                [100 * (half or 0) for _, half in pairs], label=NAMES[treatment],
                color=COLOURS[treatment], marker="o", markersize=4, linewidth=1.4, capsize=2,
            )  # fmt: skip
        axis.set_xticks(range(len(keeps)), [f"{keep:.0%}" for keep in keeps])
        axis.set(title="base model, " + stage.replace("untrained", "not fine-tuned"),
                 xlabel="visual tokens kept", ylim=(0, 102))  # fmt: skip
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("pointed at the right shape, %")
    figure.legend(
        *axes[0].get_legend_handles_labels(), loc="lower center", ncols=3, frameon=False, fontsize=9
    )
    figure.tight_layout(rect=(0, 0.12, 1, 1))
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
