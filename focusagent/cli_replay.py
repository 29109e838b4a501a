"""`focusagent replay`: carry a recorded flow out again, and show what has changed since."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from . import cli_options as options
from ._siblings import env
from .cli_run import summary
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
    secret: options.Secrets = None,
    url: Annotated[str | None, typer.Option(help="Start here, not where it was recorded.")] = None,
    policy: options.PolicyFile = None,
    storage_state: options.StorageState = None,
    step_timeout: options.StepTimeout = 10.0,
    headful: options.Headful = False,
    model: Annotated[
        str, typer.Option(help="The grounder, loaded only if a picture is not found.")
    ] = "default",
    out: options.TraceFolder = None,
    as_json: options.AsJson = False,
) -> None:
    """Replay a flow without a model; exit 0 only if every step is proved, 1 if not."""
    from . import replay as replaying

    recording = replaying.load(flow)
    values = options.values_of(params)
    replaying.values_of(recording, values)
    browser = functools.partial(
        env.BrowserEnvironment,
        _start(recording, url, storage_state),
        policy=options.policy_of(policy),
        secrets=_given(recording, secret, url),
        headless=not headful,
        viewport=recording.window,
        storage_state=None if storage_state is None else str(storage_state),
    )
    wanted = {"params": values, "grounder": model, "trace": out, "step_timeout": step_timeout}
    run = _replayed(browser, recording, wanted)
    changes = replaying.heals(recording, run, [*values.values()])
    written = heal and bool(changes)
    if written:
        places = {change.place for change in changes}
        replaying.save_steps(replaying.healed(recording, changes), flow, places)
    _show(recording, run, changes, written=written)
    if junit is not None:
        _write_junit(junit, replaying.junit(recording.name, run, changes))
    _tell(run, changes, written=written, as_json=as_json)
    raise typer.Exit(0 if run.is_successful() else 1)


def _start(recording: Recording, url: str | None, storage_state: Path | None) -> str:
    """The page to start on, once it is known that it can be opened as wanted."""
    if storage_state is not None and not storage_state.is_file():
        raise UserError(f"the storage state {storage_state} is not a file")
    if not (url or recording.start):
        raise UserError("this flow has no start page: give --url")
    return url or recording.start


def _given(
    recording: Recording, secret: list[str] | None, url: str | None
) -> dict[str, env.Secret]:
    secrets = options.secrets_of(secret, url or recording.start)
    if missing := [name for name in recording.secrets if name not in secrets]:
        raise UserError(f"this flow types a secret: give --secret {missing[0]}=env:VARIABLE")
    return secrets


def _replayed(
    opened: Callable[[], env.BrowserEnvironment], recording: Recording, wanted: dict[str, Any]
) -> Run:
    from .replay import replay as carried_out

    def told(step: Step) -> None:
        _say().print(step.summary())

    wanted["trace"] = wanted["trace"] or Path("runs") / time.strftime("%Y%m%d-%H%M%S")
    with opened() as browser:
        return carried_out(browser, recording, approve=options.approver(), on_step=told, **wanted)


def _say() -> Console:
    return Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


def _show(recording: Recording, run: Run, changes: list[Heal], *, written: bool) -> None:
    """The differences, in the terminal and as a page beside the trace."""
    if not changes:
        return
    from .replay.showing import drawn, write_page

    say = _say()
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
    typer.echo(f"  groundings: {run.usage.groundings}, changed: {len(changes)}")
    typer.echo(f"  trace: {run.folder}")
