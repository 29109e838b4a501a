"""`focusagent train nano`: the small vision-language model that stands on reader and icons."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from . import cli_training as common
from ._siblings import grounding
from .errors import UserError

# What one core of the reference machine trains in a minute; makes --minutes a fixed number of
# steps, so that the same command gives the same weights however busy the machine is.
STEPS_A_MINUTE = {"cpu": 55, "cuda": 600}
LESSONS = 1600
# Kept apart: they say when nothing is there, and how sure an answer is.
HELD_OUT = 40
RATE, BATCH, KEEP = 1.5e-3, 2, (0.2, 0.8)


def register(train: typer.Typer) -> None:
    """Add the command to the group of trainers."""
    train.command()(nano)


def make_lessons(
    pages: Path, out: Path, count: int, seed: int, weights: Path | None = None
) -> None:
    """Make the lessons that a folder lacks, with a progress bar on stderr.

    Pages are read with the packaged weights, or with those of a folder.
    """
    from .datagen.instructions_lessons import write_lessons
    from .datagen.stamps import stamp

    stamp(out, _recipe(pages, count, seed, weights), begun=any(out.glob("[0-9]*")))
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("lessons", total=count)
        for number in write_lessons(pages, out, count, seed, weights):
            bar.update(task, completed=number + 1)


def _recipe(pages: Path, count: int, seed: int, weights: Path | None) -> dict[str, Any]:
    """What decides lessons: the pages' labels, and the weights that they are read with."""
    digest_of = grounding.training.digests.digest_of
    read_with = grounding.reader.reader.WEIGHTS.parent if weights is None else weights
    return {
        "seed": seed,
        "count": count,
        "pages": digest_of(pages.glob("*.npz")),
        "weights": digest_of(read_with.glob("*.safetensors")),
    }


def nano(  # noqa: PLR0913 - each is an option of the command line
    out: Annotated[Path, typer.Option(help="The folder for pages, lessons, checkpoint, model.")],
    pages: Annotated[
        Path | None, typer.Option(help="A folder of pages; rendered into --out without it.")
    ] = None,
    lessons: Annotated[int, typer.Option(min=100, help="Parts of pages to learn from.")] = LESSONS,
    minutes: Annotated[
        float, typer.Option(help="How long on one reference core; a fixed number of steps.")
    ] = 60,
    device: common.Device = "cpu",
    seed: common.Seed = 0,
    resume: common.Resume = False,
    start: Annotated[
        Path | None, typer.Option("--from", help="Improve this nano model: a checkpoint's folder.")
    ] = None,
    weights: Annotated[
        Path | None, typer.Option(help="Reader and icons to learn with, not the packaged ones.")
    ] = None,
    export: Annotated[
        Path | None, typer.Option(help="Also write the model to nano/ in this folder of weights.")
    ] = None,
    as_json: common.AsJson = False,
) -> None:
    """Train the nano model: pages and lessons are made first, then it learns to point."""
    steps = common.steps_of(minutes, device, STEPS_A_MINUTE)
    if start is not None and not start.is_dir():
        raise UserError(f"{start} is no folder: give the folder of a nano model")
    if pages is None:
        pages = out / "pages"
        common.make_pages(pages, common.PAGES, common.PAGES_SEED, "train")
    if not pages.is_dir():
        raise UserError(f"{pages} is no folder: make pages with focusagent data pages")
    make_lessons(pages, out / "lessons", lessons, seed, weights)
    report = train(out, (steps, seed), start, device, resume)
    if export is not None:
        asked = {
            "out": out, "pages": None if pages == out / "pages" else pages, "lessons": lessons,
            "minutes": minutes, "device": device, "seed": seed, "from": start, "weights": weights,
            "export": export,
        }  # fmt: skip
        about = common.origin("nano", asked, (out / "lessons").glob("*.npz"))
        grounding.training.export.export_nano(out, export, about)
    if as_json:
        typer.echo(json.dumps(report))
    else:
        typer.echo(f"trained {steps} steps: {out / 'model'}, curve: {out / 'curve.png'}")


def train(
    out: Path, how_long: tuple[int, int], start: Path | None, device: str, resume: bool
) -> dict[str, Any]:
    """Train for (steps, seed) on the lessons in ``out``, calibrate, write ``out``/model."""
    steps, seed = how_long
    training, model = grounding.training, grounding.nano.model
    config = training.grounder.GrounderConfig(steps, "all", seed, BATCH, RATE, keep=KEEP)
    begun = model.write_nano(out / "start", seed) if start is None else start
    trainee = training.trainee.load_trainee(
        begun, seed=seed, offset=True, none=True, mixer=True, system="", device=device
    )
    known = training.lessons.lesson_paths(out / "lessons")
    held, used = known[:HELD_OUT], known[HELD_OUT:]
    if not used:
        raise UserError(f"{out / 'lessons'} holds too few lessons: ask for more with --lessons")
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("training", total=steps)
        for point in training.nano.train_nano(trainee, used, config, out, resume=resume):
            told = "  ".join(f"{name} {value:.3f}" for name, value in point.loss.items())
            bar.update(task, completed=point.step, description=told)
    curve = training.checkpoints.checkpoint_state(out)["curve"]
    training.curves.draw_curves(curve, out / "curve.png")
    threshold, calibration = training.nano.calibrated(trainee, held, seed)
    training.trainee.save_trainee(trainee, begun, out / "model")
    sure = calibration.to_dict()
    model.note_settings(out / "model", pointer_system="", pointer_calibration=sure)
    return {
        "steps": steps,
        "loss": curve[-1]["loss"],
        "seconds": curve[-1]["seconds"],
        "threshold": round(threshold, 4),
        "calibration": sure,
    }
