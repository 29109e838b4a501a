"""`focusagent train icons`: how the icon recogniser's weights come to be."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, track

from ._siblings import grounding
from .errors import UserError

# What one core of the reference machine trains in a minute; makes --minutes a fixed number of
# steps, so that the same command gives the same weights however busy the machine is.
STEPS_A_MINUTE = {"cpu": 65, "cuda": 600}


def register(train: typer.Typer) -> None:
    """Add the command to the group of trainers."""
    train.command()(icons)


def make_data(out: Path, seed: int) -> None:
    """Fetch and draw the icon sets into a folder that lacks them; what is there is kept."""
    if (out / "data.json").exists():
        return
    from .datagen import icon_samples

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("icons", total=None)
        sets = icon_samples.draw_sets(
            out / "drawn", lambda name: bar.update(task, description=f"drawing {name}")
        )
        icon_samples.build_data(
            out, sets, lambda what: bar.update(task, description=f"preparing {what}"), seed
        )


def icons(
    out: Annotated[Path, typer.Option(help="The folder for drawings, checkpoint and curves.")],
    minutes: Annotated[
        float, typer.Option(help="How long on the reference machine; a fixed number of steps.")
    ] = 20,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    seed: Annotated[int, typer.Option()] = 0,
    resume: Annotated[bool, typer.Option(help="Go on from the last checkpoint in --out.")] = False,
    export: Annotated[
        Path | None, typer.Option(help="Also write icons.safetensors and manifest.json here.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Train the icon recogniser: open icon sets are fetched and drawn first (npm, pip)."""
    if device not in STEPS_A_MINUTE:
        raise UserError("--device is cpu or cuda")
    trainer = grounding.training.icons
    config = trainer.IconTraining(steps=max(1, round(minutes * STEPS_A_MINUTE[device])), seed=seed)
    make_data(out, seed)
    data = grounding.training.icon_samples.IconData.load(out)
    steps = trainer.train(data, config, out, device=device, resume=resume)
    reports = math.ceil(config.steps / trainer.REPORT)
    trained = list(track(steps, "training", reports, console=Console(stderr=True)))
    if not trained:
        raise UserError(f"{out} is trained to {config.steps} steps already; ask for more --minutes")
    curve = grounding.training.checkpoints.checkpoint_state(out)["curve"]
    grounding.training.curves.draw_curves(curve, out / "curve.png")
    if export is not None:
        command = f"focusagent train icons --minutes {minutes:g} --seed {seed}"
        about = {"seed": seed, "command": command}
        grounding.training.icon_export.export_icons(data, out, export, about)
    if as_json:
        typer.echo(
            json.dumps({"steps": config.steps, **curve[-1]["loss"], "top1": curve[-1]["top1"]})
        )
    else:
        typer.echo(f"trained {config.steps} steps; curve: {out / 'curve.png'}")
