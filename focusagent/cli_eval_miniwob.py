"""`focusagent eval miniwob`: pointing in small tasks, judged by the pages themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from ._siblings import env


def miniwob(
    tasks: Annotated[
        str, typer.Option(help="oneclick (the 24 that one click solves), or names with commas.")
    ] = "oneclick",
    episodes: Annotated[int, typer.Option(min=1, help="Per task; the seeds count from 0.")] = 5,
    model: Annotated[
        str, typer.Option(help="As in `focusagent eval screenspot`; several with commas.")
    ] = "default",
    out: Annotated[
        Path | None,
        typer.Option(
            help="Keep results and pictures of misses here; goes on with what is there of the "
            "same model."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Measure how often a single click does a MiniWoB++ task.

    The model sees one picture of the task and is told the page's instruction as it is. Beside it
    stand a click at a random place, one on a random element, and an oracle that tries every
    element: what one click can do at best.
    """
    from .evaluation import miniwob, models
    from .evaluation.fingerprints import fingerprint

    chosen = models.all_models(model)
    names = miniwob.task_names(tasks)
    every = [(task, seed) for task in names for seed in range(episodes)]
    results: dict[str, dict[str, Any]] = {}
    with (
        Progress(console=Console(stderr=True), transient=True) as bar,
        env.miniwob.MiniwobEnvironment(names[0]) as world,
    ):
        for name, (spec, keep) in chosen.items():
            task = bar.add_task(name, total=len(every))
            with models.opened(spec, keep) as tested:
                results[name] = miniwob.evaluate(
                    tested,
                    name,
                    world,
                    every,
                    out,
                    lambda task=task: bar.advance(task),  # type: ignore[misc]
                    fingerprint(spec, keep),
                )
    if as_json:
        only = next(iter(results.values())) if len(results) == 1 else {"models": results}
        typer.echo(json.dumps(only))
        return
    for name, result in results.items():
        Console().print(_table(name, result))


def _table(name: str, result: dict[str, Any]) -> Table:
    table = Table("task", "n", name, "random place", "random element", "oracle")
    for task, shares in [*result["tasks"].items(), ("all", result)]:
        cells = [shares[key] for key in ("success", "chance", "chance_elements", "oracle")]
        texts = [f"{cell['value']:.0%}" for cell in cells]
        if task == "all":
            texts = [f"{c['value']:.1%} [{c['low']:.0%}-{c['high']:.0%}]" for c in cells]
        table.add_row(task, str(shares["n"]), *texts)
    return table
