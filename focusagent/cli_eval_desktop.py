"""`focusagent eval desktop`: whole tasks in small desktop programs, judged by their final state."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from .cli_eval_flows import FlowTimeout, results_table

if TYPE_CHECKING:
    from .evaluation.flows import FlowResult


def register(group: typer.Typer) -> None:
    """Add the command to the group `eval`."""
    group.command()(desktop)


def desktop(
    only: Annotated[str, typer.Option(help="Only these flows, by name, with commas.")] = "",
    model: Annotated[
        str, typer.Option(help="The grounder, as in `focusagent ground`.")
    ] = "default",
    out: Annotated[Path | None, typer.Option(help="Keep traces here.")] = None,
    flow_timeout: FlowTimeout = 300.0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Have an agent do tasks in Tk programs on a virtual screen (Xvfb) by sight."""
    from .evaluation.desktop_flows import evaluate_desktop
    from .evaluation.flows import summarize
    from .flows.desktop import load_desktop_flows

    suite = load_desktop_flows(name.strip() for name in only.split(",") if name.strip())
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("flows", total=len(suite))

        def done(result: FlowResult) -> None:
            bar.advance(task)
            bar.console.print(f"{result.verdict:<14} {result.name}", highlight=False)

        results = evaluate_desktop(suite, model, out=out, flow_timeout=flow_timeout, on_done=done)
    summary = summarize(results)
    if as_json:
        typer.echo(json.dumps(summary))
    else:
        Console().print(results_table(results))
        typer.echo(", ".join(f"{name} {value}" for name, value in summary.items()))
