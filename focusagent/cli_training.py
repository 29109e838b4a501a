"""What the commands that train the packaged networks share: options, pages, the way it is told."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress, track

from . import __version__
from ._siblings import grounding
from .errors import UserError

PAGES, PAGES_SEED = 1000, 7

Out = Annotated[Path, typer.Option(help="The folder for data, checkpoint and curves.")]
Minutes = Annotated[
    float, typer.Option(help="How long on the reference machine; a fixed number of steps.")
]
Device = Annotated[str, typer.Option(help="cpu or cuda.")]
Seed = Annotated[int, typer.Option()]
Resume = Annotated[bool, typer.Option(help="Go on from the last checkpoint in --out.")]
Start = Annotated[
    Path | None,
    typer.Option("--from", help="Improve these weights (safetensors), at half the rate."),
]
Export = Annotated[
    Path | None, typer.Option(help="Also write the weights and manifest.json to this folder.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]


def make_pages(folder: Path, count: int, seed: int, split: str) -> None:
    """Render the pages of a seed that a folder lacks, with a progress bar on stderr."""
    from .datagen import browser
    from .datagen.stamps import stamp

    recipe = browser.Recipe(split=split)
    there = len(grounding.training.pages.page_names(folder)) if folder.is_dir() else 0
    stamp(folder, {"seed": seed, **asdict(recipe)}, begun=there > 0)
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("rendering pages", total=count, completed=there)
        for _ in browser.write_pages(folder, count, seed, recipe, browser.Stock.load()):
            bar.advance(task)


def steps_of(minutes: float, device: str, a_minute: Mapping[str, int]) -> int:
    """A fixed number of steps, so that a command gives the same weights on a busy machine."""
    if device not in a_minute:
        raise UserError("--device is cpu or cuda")
    return max(1, round(minutes * a_minute[device]))


def watch(points: Iterable[Any], steps: int, every: int, out: Path) -> dict[str, Any]:
    """Train with a progress bar, draw the curve; returns its last point.

    A run that has ended already has nothing left to do.
    """
    reports = -(-steps // every)
    if not list(track(points, "training", reports, console=Console(stderr=True))):
        typer.echo(f"{out} is trained to {steps} steps already", err=True)
    curve = grounding.training.checkpoints.checkpoint_state(out)["curve"]
    grounding.training.curves.draw_curves(curve, out / "curve.png")
    last: dict[str, Any] = curve[-1]
    return last


def origin(
    verb: str, options: Mapping[str, Path | float | str | None], data: Iterable[Path]
) -> dict[str, Any]:
    """What a manifest says of where weights come from: a command that runs anywhere, and the data.

    Of paths the command keeps the names alone; the digest is that of the files learnt from.
    """
    words = ["focusagent", "train", verb]
    for name, value in options.items():
        if value is None or (name, value) == ("device", "cpu"):
            continue
        shown = value.resolve().name if isinstance(value, Path) else value
        words += [f"--{name}", f"{shown:.10g}" if isinstance(shown, float) else str(shown)]
    return {
        "seed": options["seed"],
        "command": shlex.join(words),
        "version": __version__,
        "data": grounding.training.digests.digest_of(data),
    }


def tell(values: Mapping[str, Any], out: Path, *, as_json: bool) -> None:
    """Say that it is done."""
    if as_json:
        typer.echo(json.dumps(values))
    else:
        typer.echo(f"trained {values['steps']} steps; curve: {out / 'curve.png'}")
