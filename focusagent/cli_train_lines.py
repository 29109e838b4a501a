"""`focusagent train lines`: how the line reader's weights come to be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from ._siblings import grounding
from .errors import UserError

# What one core of the reference machine trains in a minute; makes --minutes a fixed number of
# steps, so that the same command gives the same weights however busy the machine is.
STEPS_A_MINUTE = {"cpu": 120, "cuda": 1200}


def register(train: typer.Typer) -> None:
    """Add the command to the group of trainers."""
    train.command()(lines)


def lines(  # noqa: PLR0913 - each is an option of the command line
    out: Annotated[Path, typer.Option(help="The folder for pages, checkpoint and curves.")],
    minutes: Annotated[
        float, typer.Option(help="How long on the reference machine; a fixed number of steps.")
    ] = 65,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    seed: Annotated[int, typer.Option()] = 0,
    resume: Annotated[bool, typer.Option(help="Go on from the last checkpoint in --out.")] = False,
    start: Annotated[
        Path | None,
        typer.Option("--from", help="Improve these weights (safetensors), at half the rate."),
    ] = None,
    export: Annotated[
        Path | None, typer.Option(help="Also write lines.safetensors and manifest.json here.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Train the line reader: on the pages that train reader renders, and on drawn ones."""
    from .cli_train import PAGES, PAGES_SEED, make_pages
    from .datagen.pages import DrawnSource

    if device not in STEPS_A_MINUTE:
        raise UserError("--device is cpu or cuda")
    trainer = grounding.training.lines
    config = trainer.LineTraining(
        steps=max(1, round(minutes * STEPS_A_MINUTE[device])),
        seed=seed,
        rate=trainer.RATE if start is None else trainer.RATE / 2,
    )
    make_pages(out / "pages", PAGES, PAGES_SEED, "train")
    pages = trainer.Pages(out / "pages", DrawnSource())
    steps = trainer.train(pages, config, out, device=device, resume=resume, start=start)
    trained = list(track(steps, "training", config.steps // 25, console=Console(stderr=True)))
    if not trained:
        raise UserError(f"{out} is trained to {config.steps} steps already; ask for more --minutes")
    curve = grounding.training.checkpoints.checkpoint_state(out)["curve"]
    grounding.training.curves.draw_curves(curve, out / "curve.png")
    if export is not None:
        begun = "" if start is None else f" --from {start.name}"
        command = f"focusagent train lines --minutes {minutes:g} --seed {seed}{begun}"
        about = {"seed": seed, "command": command}
        if start is not None:
            about["from"] = grounding.training.export.sha256_of(start)
        grounding.training.export.export_lines(out, export, about)
    if as_json:
        typer.echo(json.dumps({"steps": config.steps, "loss": curve[-1]["loss"]}))
    else:
        typer.echo(f"trained {config.steps} steps; curve: {out / 'curve.png'}")
