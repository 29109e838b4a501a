"""`focusagent eval flows`: whole tasks on local web applications, judged by their final state."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

if TYPE_CHECKING:
    from .evaluation.flows import FlowResult, ScriptResult
    from .flows import Flow

FlowTimeout = Annotated[
    float, typer.Option(min=1, help="Seconds after which a flow is ended: it has failed.")
]
_COLOURS = {"verified": "green", "false_success": "bold red", "unverified": "yellow"}


def register(group: typer.Typer) -> None:
    """Add the command to the group `eval`."""
    group.command()(flows)


def flows(  # noqa: PLR0913 - each is an option of the command line
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", help="Pages and flows.yaml; default: the bundled flows."),
    ] = None,
    only: Annotated[str, typer.Option(help="Only these flows, by name, with commas.")] = "",
    model: Annotated[
        str, typer.Option(help="The grounder, as in `focusagent ground`.")
    ] = "default",
    design: Annotated[
        str | None, typer.Option(help="Open the pages with ?design=NAME: b is a redesign.")
    ] = None,
    scripts_only: Annotated[
        bool, typer.Option("--scripts-only", help="Only run the oracle's own scripts.")
    ] = False,
    replay: Annotated[
        bool, typer.Option("--replay", help="Record each flow, replay it; with --design heal it.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="Keep results and traces here; resumes what lies there.")
    ] = None,
    flow_timeout: FlowTimeout = 300.0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Have an agent do RPA flows by sight and compare its claims with the applications' state."""
    from .flows import BUNDLED, load_flows

    names = [name.strip() for name in only.split(",") if name.strip()]
    suite = load_flows(folder or BUNDLED, names, _say)
    wanted: dict[str, Any] = {"out": out, "design": design, "flow_timeout": flow_timeout}
    if replay:
        _run_replays(suite, model, wanted, as_json)
        return
    scripts = _run_scripts(suite, out, design)
    failed = [result for result in scripts if not result.passed]
    for result in failed:
        _say(f"{result.name}: {result.message}")
    _say(f"the oracle's own scripts: {len(scripts) - len(failed)} of {len(scripts)}")
    if scripts_only:
        if as_json:
            seconds = round(sum(result.seconds for result in scripts), 1)
            passed = len(scripts) - len(failed)
            typer.echo(json.dumps({"n": len(scripts), "passed": passed, "seconds": seconds}))
        raise typer.Exit(1 if failed else 0)
    _run_agent(suite, model, wanted, as_json)


def _run_scripts(suite: Sequence[Flow], out: Path | None, design: str | None) -> list[ScriptResult]:
    from .evaluation.flows import check_scripts

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("scripts", total=sum(flow.script is not None for flow in suite))
        return check_scripts(suite, out=out, design=design, on_done=lambda _: bar.advance(task))


def _run_replays(suite: Sequence[Flow], model: str, wanted: dict[str, Any], as_json: bool) -> None:
    from .evaluation import replaying

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("replays", total=len(suite))

        def done(result: replaying.ReplayResult) -> None:
            bar.advance(task)
            how = "replayed" if result.replayed else "not replayed"
            how += ", healed" if result.healed else ", not healed" if wanted["design"] else ""
            _say(f"{result.name}: {how} ({result.message})")

        results = replaying.evaluate_replays(suite, model=model, on_done=done, **wanted)
    summary = replaying.summarize_replays(results)
    text = ", ".join(f"{name} {value}" for name, value in summary.items())
    typer.echo(json.dumps(summary) if as_json else text)


def _run_agent(suite: Sequence[Flow], model: str, wanted: dict[str, Any], as_json: bool) -> None:
    from .evaluation import flows as evaluation

    with (
        Progress(console=Console(stderr=True), transient=True) as bar,
        evaluation.agent_performer(model, wanted["flow_timeout"]) as perform,
    ):
        task = bar.add_task("flows", total=len(suite))

        def done(result: FlowResult) -> None:
            bar.advance(task)
            bar.console.print(f"{result.verdict:<14} {result.name}", highlight=False)

        results = evaluation.evaluate(suite, perform, label=model, on_done=done, **wanted)
    summary = evaluation.summarize(results)
    broken = {result.name: result.broken for result in results if result.broken}
    if as_json:
        typer.echo(json.dumps({**summary, "broken": broken} if broken else summary))
        return
    Console().print(results_table(results))
    typer.echo(", ".join(f"{name} {value}" for name, value in summary.items()))
    if broken:
        typer.echo(f"of these {len(broken)} could not be understood or judged: {', '.join(broken)}")


def results_table(results: Sequence[FlowResult]) -> Table:
    """Every flow with its verdict, for a person."""
    table = Table("flow", "verdict", "state", "steps", "seconds", "what happened")
    for result in results:
        colour = _COLOURS.get(result.verdict, "red")
        table.add_row(
            result.name,
            f"[{colour}]{result.verdict}[/]",
            "right" if result.right else "wrong",
            str(result.steps),
            f"{result.seconds:.1f}",
            result.message if result.steps and not result.broken else result.wrong,
        )
    return table


def _say(text: str) -> None:
    Console(stderr=True, highlight=False, markup=False, soft_wrap=True).print(text)
