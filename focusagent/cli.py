"""The command line. With `--json`, stdout is exactly one JSON object; all else goes to stderr."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from . import (
    __version__,
    cli_eval,
    cli_ground,
    cli_parse,
    cli_plan,
    cli_read,
    cli_record,
    cli_replay,
    cli_report,
    cli_run,
    cli_train,
)
from .errors import FocusagentError

app = typer.Typer(
    name="focusagent",
    help="Let a script use any screen by looking at it.",
    add_completion=False,
    pretty_exceptions_enable=False,
)
# The base of typer's usage errors, which it exports under no name of its own.
_USAGE_ERROR: type[typer.BadParameter] = typer.BadParameter.__mro__[2]
for _verbs in (
    cli_run,
    cli_record,
    cli_replay,
    cli_report,
    cli_plan,
    cli_ground,
    cli_parse,
    cli_read,
    cli_eval,
    cli_train,
):
    _verbs.register(app)

_MARKS = {
    "ok": "[green]ok[/]      ",
    "missing": "[red]missing[/] ",
    "optional": "[yellow]off[/]     ",
}


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"focusagent {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Say what this machine has, what is missing and how to get it (exit 1 if something is)."""
    from .doctor import examine

    checks = examine()
    healthy = all(check.status != "missing" for check in checks)
    if as_json:
        typer.echo(json.dumps({"healthy": healthy, "checks": [c.as_dict() for c in checks]}))
    else:
        console = Console(highlight=False)
        for check in checks:
            console.print(f"{_MARKS[check.status]}{check.name:<16} {check.found}", soft_wrap=True)
            if check.fix:
                console.print(f"        {'':<16} [cyan]fix:[/] {check.fix}", soft_wrap=True)
    raise typer.Exit(0 if healthy else 1)


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="The folder to write.")] = Path("demo-report"),
    headful: Annotated[bool, typer.Option("--headful", help="Show the browser.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Have the agent do a task in the bundled web application, and write a report with pictures."""
    from .demo.run import run_demo

    say = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    say.print("looking at the bundled invoice application ...")
    report, made = run_demo(
        out, headless=not headful, on_step=lambda step: say.print(step.summary())
    )
    if as_json:
        typer.echo(json.dumps(cli_run.summary(made) | {"report": str(report)}, ensure_ascii=False))
    else:
        typer.echo(made.summary())
        typer.echo(f"report: {report.resolve()}")
    raise typer.Exit(0 if made.is_successful() else 1)


def _fail(message: str, code: int = 2) -> int:
    Console(stderr=True, highlight=False, markup=False, soft_wrap=True).print(
        f"focusagent: {message}"
    )
    return code


def main() -> None:
    """Run the command line; every foreseeable error is one sentence and exit code 2."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code."""
    from ._siblings import env, grounding

    try:
        code = app(args=arguments, prog_name="focusagent", standalone_mode=False)
    except _USAGE_ERROR as error:
        return _fail(error.format_message())
    except (FocusagentError, env.EnvError, grounding.errors.GroundingError) as error:
        return _fail(str(error))
    except OSError as error:  # a file or folder that cannot be read or written
        return _fail(str(error))
    except (KeyboardInterrupt, typer.Abort):
        return _fail("interrupted", 130)
    return code if isinstance(code, int) else 0
