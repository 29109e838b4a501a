"""`focusagent train icons`: how the icon recogniser's weights come to be."""

from __future__ import annotations

from pathlib import Path

import typer
from rich.console import Console
from rich.progress import Progress

from . import cli_training as common
from ._siblings import grounding

DATA = ("data.json", "data.npz", "ink.npy")
STEPS_A_MINUTE = {"cpu": 65, "cuda": 600}  # of one core of the reference machine


def register(train: typer.Typer) -> None:
    """Add the command to the group of trainers."""
    train.command()(icons)


def make_data(out: Path, seed: int) -> None:
    """Fetch and draw the icon sets into a folder that lacks them; what is there is kept."""
    from .datagen import icon_samples, icon_sets
    from .datagen.stamps import stamp

    made = (out / "data.json").exists()
    recipe = {"seed": seed, "sets": [each.package for each in icon_sets.SETS]}
    stamp(out, recipe, begun=made)
    if made:
        return

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("icons", total=None)
        sets = icon_samples.draw_sets(
            out / "drawn", lambda name: bar.update(task, description=f"drawing {name}")
        )
        icon_samples.build_data(
            out, sets, lambda what: bar.update(task, description=f"preparing {what}"), seed
        )


def icons(  # noqa: PLR0913 - each is an option of the command line
    out: common.Out,
    minutes: common.Minutes = 20,
    device: common.Device = "cpu",
    seed: common.Seed = 0,
    resume: common.Resume = False,
    start: common.Start = None,
    export: common.Export = None,
    as_json: common.AsJson = False,
) -> None:
    """Train the icon recogniser: open icon sets are fetched and drawn first (npm, pip)."""
    trainer = grounding.training.icons
    config = trainer.IconTraining(
        steps=common.steps_of(minutes, device, STEPS_A_MINUTE),
        seed=seed,
        rate=trainer.RATE if start is None else trainer.RATE / 2,
    )
    make_data(out, seed)
    data = grounding.training.icon_samples.IconData.load(out)
    points = trainer.train(data, config, out, device=device, resume=resume, start=start)
    last = common.watch(points, config.steps, trainer.REPORT, out)
    if export is not None:
        about = common.origin(
            "icons",
            {
                "out": out,
                "minutes": minutes,
                "device": device,
                "seed": seed,
                "from": start,
                "export": export,
            },
            [out / name for name in DATA],
        )
        grounding.training.icon_export.export_icons(data, out, export, about)
    told = {"steps": config.steps, **last["loss"], "top1": last["top1"]}
    common.tell(told, out, as_json=as_json)
