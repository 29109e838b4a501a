"""The groups `focusagent train` and `focusagent data`: models, and pages to learn from."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Annotated

import typer

from . import (
    cli_train_default,
    cli_train_grounder,
    cli_train_icons,
    cli_train_lines,
    cli_train_nano,
    cli_train_reader,
)
from ._siblings import grounding
from .cli_training import PAGES, PAGES_SEED, make_pages
from .errors import UserError


def register(app: typer.Typer) -> None:
    """Add the groups of commands to the command line."""
    train = typer.Typer(help="Train the models that come with the package.", no_args_is_help=True)
    cli_train_reader.register(train)
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
