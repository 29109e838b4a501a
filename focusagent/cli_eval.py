"""`focusagent eval`: how well models find things on labelled screens and in small tasks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from . import cli_eval_desktop, cli_eval_flows, cli_eval_miniwob

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .evaluation.models import Pointing

KINDS = ("overall", "text", "text_unique", "text_repeated", "icon", "field", "toggle")
MODEL_HELP = (
    "default; its parts reader, icons, evidence (the best of both, without parser and rules), "
    "no-reader (default without any text); rapidocr, chance; a checkpoint's folder, a hub id, "
    "'http://host/v1 MODEL', module:Class, tiny."
)
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Holds targets.jsonl and images/.")]
Targets = Annotated[
    str | None, typer.Option(help="Another list of targets: a name inside DIR, else a path.")
]
Models = Annotated[str, typer.Option(help=f"{MODEL_HELP} Several with commas.")]
Keep = Annotated[
    str | None,
    typer.Option(
        help="Visual tokens to keep: 0.3, 400, mass:0.9; several with commas, each a row. "
        "default and its parts answer the same at any, and show what a model behind them would get."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]


def register(app: typer.Typer) -> None:
    """Add the group of commands to the command line."""
    group = typer.Typer(help="Measure models on labelled screens.", no_args_is_help=True)
    group.command()(screenspot)
    group.command()(phrasings)
    group.command()(cli_eval_miniwob.miniwob)
    cli_eval_flows.register(group)
    cli_eval_desktop.register(group)
    app.add_typer(group, name="eval")


def screenspot(
    folder: Folder,
    targets: Targets = None,
    model: Models = "default",
    keep: Keep = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first rows.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write predictions and pictures of misses here.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure how often a model's point lies in the target, by kind of target.

    A row whose bbox is null is right when the model refuses.
    """
    from .evaluation import models, reports, screenspot

    chosen = models.all_models(model, keep)
    rows = screenspot.load_targets(folder, targets)[:limit]

    def measure(name: str, tested: Pointing, advance: Callable[[], None]) -> dict[str, Any]:
        with reports.predictions(out, name, advance) as keep:
            answers = screenspot.evaluate(tested, folder, rows, keep)
        if out is not None:
            reports.draw_misses(out, name, folder, answers)
        return screenspot.summarize(answers)

    _report(_measure_all(chosen, len(rows), measure), as_json)


def phrasings(
    folder: Folder,
    targets: Targets = None,
    model: Models = "default",
    seed: Annotated[int, typer.Option(help="Which instructions are made, and in what words.")] = 0,
    limit: Annotated[
        int | None, typer.Option(min=1, help="At most so many instructions of each kind.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Write instructions, predictions and pictures of misses here."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure instructions that say where something is, and such that mean nothing there.

    They are made of the names and boxes of the targets; every target's own instruction is asked,
    too, for false refusals.
    """
    from .evaluation import models, phrasings

    chosen = models.all_models(model)
    with _bar() as bar:
        task = bar.add_task("instructions", total=None)
        made = phrasings.derive(folder, targets, seed, limit, lambda: bar.advance(task))
    for sentence in phrasings.too_few(made) if limit is None else ():
        typer.echo(f"focusagent: {sentence}", err=True)
    if out is not None:
        phrasings.write_rows(out, made.derived)

    def measure(name: str, tested: Pointing, advance: Callable[[], None]) -> dict[str, Any]:
        report = None if out is None else (out, name)
        return phrasings.measure(tested, folder, made, advance, report)

    _report(_measure_all(chosen, made.count, measure), as_json)


@contextmanager
def _bar() -> Iterator[Progress]:
    with Progress(console=Console(stderr=True), transient=True) as bar:
        yield bar


def _measure_all(
    chosen: dict[str, tuple[str, str | None]],
    steps: int,
    measure: Callable[[str, Pointing, Callable[[], None]], dict[str, Any]],
) -> dict[str, dict[str, Any]]:
    """Return the results by model; one model is in memory at a time."""
    from .evaluation import models

    results = {}
    with _bar() as bar:
        for name, (spec, keep) in chosen.items():
            task = bar.add_task(name, total=steps)
            with models.opened(spec, keep) as tested:
                results[name] = measure(name, tested, lambda task=task: bar.advance(task))  # type: ignore[misc]
    return results


def _report(results: dict[str, dict[str, Any]], as_json: bool) -> None:
    if as_json:
        only = next(iter(results.values())) if len(results) == 1 else {"models": results}
        typer.echo(json.dumps(only))
    else:
        Console().print(_table(results))


def _table(results: dict[str, dict[str, Any]]) -> Table:
    table = Table("", *results)
    every = list(results.values())
    kinds = dict.fromkeys([*KINDS, *(kind for result in every for kind in result["accuracy"])])
    for kind in kinds:
        _add(table, kind, (result["accuracy"].get(kind) for result in every))
    _add(table, "false refusals", (result.get("false_refusals") for result in every))
    for time in ("", "first", "further"):
        spans = [result["seconds"].get(time) if time else result["seconds"] for result in every]
        if any(spans):
            cells = (f"{t['median']:.3f} (p95 {t['p95']:.3f})" if t else "-" for t in spans)
            table.add_row(f"seconds {time}".strip(), *cells)
    tokens = [result.get("tokens") or {} for result in every]
    if any(count.get("before") for count in tokens):
        cells = (f"{t['after']:g} of {t['before']:g}" if t.get("before") else "-" for t in tokens)
        table.add_row("tokens", *cells)
    if any(result.get("errors") for result in every):
        table.add_row("errors", *(str(result.get("errors", 0)) for result in every))
    return table


def _add(table: Table, name: str, shares: Iterable[dict[str, Any] | None]) -> None:
    cells = [
        f"{s['value']:.1%} [{s['low']:.0%}-{s['high']:.0%}] n={s['n']}" if s else "-"
        for s in shares
    ]
    if any(cell != "-" for cell in cells):
        table.add_row(name, *cells)
