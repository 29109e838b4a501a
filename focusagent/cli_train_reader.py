"""`focusagent train reader`: how the weights of the reader's glyph map come to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from . import cli_training as common
from ._siblings import grounding

if TYPE_CHECKING:
    from grounding.training.reader import Source  # noqa: TID251 - a type only

STEPS_A_MINUTE = {"cpu": 100, "cuda": 1200}  # of the two-core reference machine


def register(train: typer.Typer) -> None:
    """Add the command to the group of trainers."""
    train.command()(reader)


def reader(  # noqa: PLR0913 - each is an option of the command line
    out: common.Out,
    minutes: common.Minutes = 60,
    device: common.Device = "cpu",
    seed: common.Seed = 0,
    resume: common.Resume = False,
    start: common.Start = None,
    export: common.Export = None,
    as_json: common.AsJson = False,
) -> None:
    """Train the reader: pages are rendered first, then drawn and rendered ones are learnt from."""
    from .datagen.pages import DrawnSource

    trainer = grounding.training.reader
    config = trainer.TrainConfig(
        steps=common.steps_of(minutes, device, STEPS_A_MINUTE),
        seed=seed,
        rate=trainer.RATE if start is None else trainer.RATE / 2,
    )
    common.make_pages(out / "pages", common.PAGES, common.PAGES_SEED, "train")
    sources: list[tuple[Source, float]] = [
        (trainer.FolderSource(out / "pages"), 0.8),
        (DrawnSource(), 0.2),
    ]
    points = trainer.train(sources, config, out, device=device, resume=resume, start=start)
    last = common.watch(points, config.steps, grounding.training.loop.REPORT, out)
    if export is not None:
        about = common.origin(
            "reader",
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
        grounding.training.export.export_reader(out, export, about)
    common.tell({"steps": config.steps, "loss": last["loss"]}, out, as_json=as_json)
