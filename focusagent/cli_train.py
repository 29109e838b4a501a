"""`focusagent train reader` and `focusagent data`: how the reader's weights come to be."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress, track

from . import (
    cli_train_default,
    cli_train_grounder,
    cli_train_icons,
    cli_train_lines,
    cli_train_nano,
)
from ._siblings import grounding
from .errors import UserError

if TYPE_CHECKING:
    from grounding.training.reader import Source  # noqa: TID251

# What the two-core reference machine trains in a minute; makes --minutes a fixed number of steps,
# so that the same command gives the same weights however busy the machine is.
PAGES, PAGES_SEED = 1000, 7
STEPS_A_MINUTE = {"cpu": 100, "cuda": 1200}


def register(app: typer.Typer) -> None:
    """Add the groups of commands to the command line."""
    train = typer.Typer(help="Train the models that come with the package.", no_args_is_help=True)
    train.command()(reader)
    cli_train_lines.register(train)
    cli_train_icons.register(train)
    cli_train_nano.register(train)
    cli_train_default.register(train)
    cli_train_grounder.register(train)
    app.add_typer(train, name="train")
    data = typer.Typer(help="Make labelled screens.", no_args_is_help=True)
    data.command()(pages)
    data.command()(sheet)
    app.add_typer(data, name="data")


def make_pages(folder: Path, count: int, seed: int, split: str) -> None:
    """Render the pages of a seed that a folder lacks, with a progress bar on stderr."""
    from .datagen import browser

    recipe = browser.Recipe(split=split)
    there = len(grounding.training.pages.page_names(folder)) if folder.is_dir() else 0
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("rendering pages", total=count, completed=there)
        for _ in browser.write_pages(folder, count, seed, recipe, browser.Stock.load()):
            bar.advance(task)


def pages(
    out: Annotated[Path, typer.Argument(help="The folder to write; an unfinished one goes on.")],
    count: Annotated[int, typer.Option(min=1)] = PAGES,
    seed: Annotated[int, typer.Option()] = PAGES_SEED,
    split: Annotated[str, typer.Option(help="train, or test: only held-out words.")] = "train",
) -> None:
    """Render labelled pages with Chromium: a picture, every glyph's box, the controls."""
    if split not in ("train", "test"):
        raise UserError("--split is train or test")
    make_pages(out, count, seed, split)
    typer.echo(f"{count} pages in {out}")


def sheet(
    out: Annotated[Path, typer.Argument(help="The PNG to write.")],
    folder: Annotated[
        Path | None, typer.Option("--pages", help="Pages to show; drawn ones without it.")
    ] = None,
    count: Annotated[int, typer.Option(min=1)] = 6,
    seed: Annotated[int, typer.Option()] = 0,
) -> None:
    """Write a contact sheet of labelled pages, every glyph framed."""
    from .datagen import drawn, sheet

    if folder is None:
        chosen = [drawn.draw_page(f"sheet/{seed}/{number}") for number in range(count)]
    else:
        names = grounding.training.pages.page_names(folder)
        if not names:
            raise UserError(f"{folder} holds no pages: make some with focusagent data pages")
        names = sorted(random.Random(seed).sample(names, min(count, len(names))))
        chosen = [grounding.training.pages.load_page(folder, name) for name in names]
    sheet.contact_sheet(chosen, 3 if len(chosen) > 2 else len(chosen), out)
    typer.echo(str(out))


def reader(  # noqa: PLR0913 - each is an option of the command line
    out: Annotated[Path, typer.Option(help="The folder for pages, checkpoint and curves.")],
    minutes: Annotated[
        float, typer.Option(help="How long on the reference machine; a fixed number of steps.")
    ] = 60,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    seed: Annotated[int, typer.Option()] = 0,
    resume: Annotated[bool, typer.Option(help="Go on from the last checkpoint in --out.")] = False,
    start: Annotated[
        Path | None,
        typer.Option("--from", help="Improve these weights (safetensors), at half the rate."),
    ] = None,
    export: Annotated[
        Path | None, typer.Option(help="Also write reader.safetensors and manifest.json here.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Train the reader: pages are rendered first, then drawn and rendered ones are learnt from."""
    from .datagen.pages import DrawnSource

    if device not in STEPS_A_MINUTE:
        raise UserError("--device is cpu or cuda")
    trainer = grounding.training.reader
    config = trainer.TrainConfig(
        steps=max(1, round(minutes * STEPS_A_MINUTE[device])),
        seed=seed,
        rate=trainer.RATE if start is None else trainer.RATE / 2,
    )
    make_pages(out / "pages", PAGES, PAGES_SEED, "train")
    sources: list[tuple[Source, float]] = [
        (trainer.FolderSource(out / "pages"), 0.8),
        (DrawnSource(), 0.2),
    ]
    steps = trainer.train(sources, config, out, device=device, resume=resume, start=start)
    trained = list(track(steps, "training", config.steps // 25, console=Console(stderr=True)))
    if not trained:
        raise UserError(f"{out} is trained to {config.steps} steps already; ask for more --minutes")
    curve = grounding.training.checkpoints.checkpoint_state(out)["curve"]
    grounding.training.curves.draw_curves(curve, out / "curve.png")
    if export is not None:
        begun = "" if start is None else f" --from {start.name}"
        command = f"focusagent train reader --minutes {minutes:g} --seed {seed}{begun}"
        about = {"seed": seed, "command": command}
        if start is not None:
            about["from"] = grounding.training.export.sha256_of(start)
        grounding.training.export.export_reader(out, export, about)
    if as_json:
        typer.echo(json.dumps({"steps": config.steps, "loss": curve[-1]["loss"]}))
    else:
        typer.echo(f"trained {config.steps} steps; curve: {out / 'curve.png'}")
