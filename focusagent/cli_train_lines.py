"""`focusagent train lines`: how the line reader's weights come to be."""

from __future__ import annotations

import typer

from . import cli_training as common
from ._siblings import grounding

STEPS_A_MINUTE = {"cpu": 120, "cuda": 1200}  # of one core of the reference machine


def register(train: typer.Typer) -> None:
    """Add the command to the group of trainers."""
    train.command()(lines)


def lines(  # noqa: PLR0913 - each is an option of the command line
    out: common.Out,
    minutes: common.Minutes = 65,
    device: common.Device = "cpu",
    seed: common.Seed = 0,
    resume: common.Resume = False,
    start: common.Start = None,
    export: common.Export = None,
    as_json: common.AsJson = False,
) -> None:
    """Train the line reader: on the pages that train reader renders, and on drawn ones."""
    from .datagen.pages import DrawnSource

    trainer = grounding.training.lines
    config = trainer.LineTraining(
        steps=common.steps_of(minutes, device, STEPS_A_MINUTE),
        seed=seed,
        rate=trainer.RATE if start is None else trainer.RATE / 2,
    )
    common.make_pages(out / "pages", common.PAGES, common.PAGES_SEED, "train")
    pages = trainer.Pages(out / "pages", DrawnSource())
    points = trainer.train(pages, config, out, device=device, resume=resume, start=start)
    last = common.watch(points, config.steps, grounding.training.loop.REPORT, out)
    if export is not None:
        about = common.origin(
            "lines",
            {
                "out": out,
                "minutes": minutes,
                "device": device,
                "seed": seed,
                "from": start,
                "export": export,
            },
            (out / "pages").glob("*.npz"),
        )
        grounding.training.export.export_lines(out, export, about)
    common.tell({"steps": config.steps, "loss": last["loss"]}, out, as_json=as_json)
