"""`focusagent replay`: carry a recorded flow out again, and show what has changed since."""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from ._siblings import env
from .cli_run import _ask, _pair, _policy, _secrets, summary
from .errors import UserError

if TYPE_CHECKING:
    from .history import Run, Step
    from .replay import Heal, Recording


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(replay)


def replay(  # noqa: PLR0913 - each is an option of the command line
    flow: Annotated[Path, typer.Argument(metavar="FLOW.yaml", help="What `record` wrote.")],
    heal: Annotated[
        bool, typer.Option("--heal", help="Write what was found anew into the flow.")
    ] = False,
    junit: Annotated[Path | None, typer.Option(help="A JUnit XML file: one test a step.")] = None,
    params: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE instead of the recorded one.")
    ] = None,
    secret: Annotated[
        list[str] | None,
        typer.Option(help="NAME=env:VARIABLE: typed only on the start page's host."),
    ] = None,
    url: Annotated[str | None, typer.Option(help="Start here, not where it was recorded.")] = None,
    policy: Annotated[Path | None, typer.Option(help="A TOML file with a [policy] table.")] = None,
    storage_state: Annotated[
        Path | None, typer.Option(help="Cookies and local storage to start with.")
    ] = None,
    step_timeout: Annotated[
        float, typer.Option(min=0.1, help="Seconds that waits and checks may take.")
    ] = 10.0,
    headful: Annotated[bool, typer.Option("--headful", help="Show the browser.")] = False,
    model: Annotated[
        str, typer.Option(help="The grounder, loaded only if a picture is not found.")
    ] = "default",
    out: Annotated[
        Path | None, typer.Option(help="The folder of the trace; default: runs/<time>.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Replay a flow without a model; exit 0 only if every step is proved, 1 if not."""
    from . import replay as replaying

    recording = replaying.load(flow)
    values = dict(_pair(each, "--params") for each in params or [])
    start = url or recording.start
    if not start:
        raise UserError("this flow has no start page: give --url")
    if storage_state is not None and not storage_state.is_file():
        raise UserError(f"the storage state {storage_state} is not a file")
    secrets = _secrets(secret or [], start, desktop=False)
    replaying.values_of(recording, values)
    if missing := [name for name in recording.secrets if name not in secrets]:
        raise UserError(f"this flow types a secret: give --secret {missing[0]}=env:VARIABLE")
    say = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    with env.BrowserEnvironment(
        start,
        policy=_policy(policy, False),
        secrets=secrets,
        headless=not headful,
        viewport=recording.window,
        storage_state=None if storage_state is None else str(storage_state),
    ) as browser:

        def told(step: Step) -> None:
            say.print(step.summary())

        run = replaying.replay(
            browser,
            recording,
            params=values,
            grounder=model,
            approve=_ask if sys.stdin.isatty() and sys.stderr.isatty() else None,
            trace=out or Path("runs") / time.strftime("%Y%m%d-%H%M%S"),
            step_timeout=step_timeout,
            on_step=told,
        )
    changes = replaying.heals(recording, run, [*values.values()])
    written = heal and bool(changes)
    if written:
        replaying.save_steps(
            replaying.healed(recording, changes), flow, {change.place for change in changes}
        )
    _show(say, recording, run, changes, written=written)
    if junit is not None:
        _write_junit(junit, replaying.junit(recording.name, run, changes))
    _tell(run, changes, written=written, as_json=as_json)
    raise typer.Exit(0 if run.is_successful() else 1)


def _show(
    say: Console, recording: Recording, run: Run, changes: list[Heal], *, written: bool
) -> None:
    """The differences, in the terminal and as a page beside the trace."""
    if not changes:
        return
    from .replay.showing import drawn, write_page

    for change in changes:
        say.print("\n".join(change.lines()))
        if say.is_terminal:
            say.print(drawn(change))
    page = write_page(recording.name, changes, Path(run.folder or "."), written=written)
    did = "written to the flow" if written else "the flow is as it was; --heal writes them"
    say.print(f"{len(changes)} changed ({did}): {page}")


def _write_junit(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"the JUnit file cannot be written: {error}") from error


def _tell(run: Run, changes: list[Heal], *, written: bool, as_json: bool) -> None:
    if as_json:
        told = [
            {"step": change.place + 1, "words": change.old.words, "old": change.old.box,
             "new": change.new.box}
            for change in changes
        ]  # fmt: skip
        made = summary(run) | {"changed": told, "healed": written}
        typer.echo(json.dumps(made, ensure_ascii=False))
        return
    typer.echo(run.summary())
    usage = dataclasses.asdict(run.usage)
    typer.echo(f"  groundings: {usage['groundings']}, changed: {len(changes)}")
    typer.echo(f"  trace: {run.folder}")
