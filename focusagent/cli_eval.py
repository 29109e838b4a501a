"""`focusagent eval screenspot`: point-in-box accuracy of models on labelled screens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from .errors import UserError

KINDS = ("overall", "text", "text_unique", "text_repeated", "icon", "field", "toggle")


def register(app: typer.Typer) -> None:
    """Add the group of commands to the command line."""
    group = typer.Typer(help="Measure models on labelled screens.", no_args_is_help=True)
    group.command()(screenspot)
    app.add_typer(group, name="eval")


def screenspot(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Holds targets.jsonl and images/.")],
    targets: Annotated[
        str | None, typer.Option(help="Another list of targets: a name inside DIR, else a path.")
    ] = None,
    model: Annotated[
        str, typer.Option(help="reader, rapidocr, chance; several with commas.")
    ] = "reader",
    keep: Annotated[
        float | None, typer.Option(help="Share of visual tokens to keep (models that have them).")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first rows.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write predictions and pictures of misses here.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Measure how often a model's point lies in the target, by kind of target."""
    from .evaluation import models, screenspot

    names = [name.strip() for name in model.split(",") if name.strip()]
    if not names:
        raise UserError("name a model: --model reader")
    if keep is not None:
        raise UserError(
            "--keep needs a model with visual tokens; reader, rapidocr, chance have none"
        )
    rows = screenspot.load_targets(folder, targets)[:limit]
    results: dict[str, dict[str, Any]] = {}
    with Progress(console=Console(stderr=True), transient=True) as bar:
        for name in names:
            task = bar.add_task(name, total=len(rows))
            answers = screenspot.evaluate(
                models.make_model(name),
                folder,
                rows,
                lambda task=task: bar.advance(task),  # type: ignore[misc]
            )
            results[name] = screenspot.summarize(answers)
            if out is not None:
                screenspot.write_report(out, name, folder, answers)
    if as_json:
        only = results[names[0]] if len(results) == 1 else {"models": results}
        typer.echo(json.dumps(only))
    else:
        Console().print(_table(results))


def _table(results: dict[str, dict[str, Any]]) -> Table:
    table = Table("", *results)
    for kind in KINDS:
        shares = [result["accuracy"].get(kind) for result in results.values()]
        if any(shares):
            cells = [
                f"{s['value']:.1%} [{s['low']:.0%}-{s['high']:.0%}] n={s['n']}" if s else "-"
                for s in shares
            ]
            table.add_row(kind, *cells)
    times = [result["seconds"] for result in results.values()]
    table.add_row("seconds", *(f"{t['median']:.3f} (p95 {t['p95']:.3f})" for t in times))
    return table
