"""`focusagent report`: the trace of a run as one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .errors import UserError


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(report)


def report(
    folder: Annotated[Path, typer.Argument(help="The folder of a run, such as runs/<time>.")],
    out: Annotated[
        Path | None, typer.Option(help="The file to write; default: report.html in the folder.")
    ] = None,
) -> None:
    """Write the report of a run, also of one that was cut off; one file that can be shared."""
    from .trace import load_run, write_report

    run = load_run(folder)
    target = out or folder / "report.html"
    if target.is_dir():
        raise UserError(
            f"{target} is a folder: give --out a file, such as {target / 'report.html'}"
        )
    try:
        write_report(run, target)
    except OSError as error:
        raise UserError(f"the report cannot be written: {error}") from error
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        raise UserError(
            f"the run in {folder} holds a value that makes no sense: {error}"
        ) from error
    typer.echo(f"{run.summary()}\n{target}")
