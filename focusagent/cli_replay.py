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
    """Replay a flow without a model; exit 0 only if every step is proved, 1 if not.

    Only what a replay that came to its end has proved is ever written into the flow.
    """
    from . import replay as replaying

    recording = replaying.load(flow)
    values = options.values_of(params)
    replaying.values_of(recording, values)
    _check_screen(recording, url, storage_state)
    secrets = _given(recording, secret, url)
    opened = functools.partial(
        _opened,
        recording,
        url=url or recording.start,
        policy=options.policy_of(policy),
        secrets=secrets,
        headless=not headful,
        storage_state=options.storage_of(storage_state),
    )
    wanted = {"params": values, "grounder": model, "step_timeout": step_timeout}
    folder = out or Path("runs") / time.strftime("%Y%m%d-%H%M%S")
    run = _replayed(opened, recording, folder, secrets, wanted)
    changes = replaying.heals(recording, run, [*values.values()])
    provable = replaying.proved(run, changes)
    written = provable if heal else []
    if written:
        places = {change.place for change in written}
        replaying.save_steps(replaying.healed(recording, written), flow, places)
    _show(recording, run, changes, len(written), len(provable))
    if junit is not None:
        _write_junit(junit, replaying.junit(recording.name, run, changes))
    _tell(run, changes, written=len(written), as_json=as_json)
    raise typer.Exit(0 if run.is_successful() else 1)


def _check_screen(recording: Recording, url: str | None, storage_state: Path | None) -> None:
    if recording.screen == "desktop" and (url or storage_state):
        raise UserError("this flow was recorded on a desktop: there is no page to open")
    if recording.screen == "browser" and not (url or recording.start):
        raise UserError("this flow has no start page: give --url")


def _given(
    recording: Recording, secret: list[str] | None, url: str | None
) -> dict[str, env.Secret]:
    desktop = recording.screen == "desktop"
    secrets = options.secrets_of(secret, url or recording.start, desktop=desktop)
    if missing := [name for name in recording.secrets if name not in secrets]:
        raise UserError(f"this flow types a secret: give --secret {missing[0]}=env:VARIABLE")
    return secrets


def _opened(
    recording: Recording,
    *,
    url: str,
    policy: env.Policy,
    secrets: dict[str, env.Secret],
    headless: bool,
    storage_state: str | None,
) -> env.Environment:
    """The screen that the flow was recorded on."""
    desktop = recording.screen == "desktop"
    options.require_sense(policy, url, desktop=desktop)
    if desktop:
        return env.DesktopEnvironment(policy=policy, secrets=secrets)
    return env.BrowserEnvironment(
        url,
        policy=policy,
        secrets=secrets,
        headless=headless,
        viewport=recording.window,
        storage_state=storage_state,
    )


def _replayed(
    opened: Callable[[], env.Environment],
    recording: Recording,
    folder: Path,
    secrets: dict[str, env.Secret],
    wanted: dict[str, Any],
) -> Run:
    """The run; where no screen can be opened it has failed before its first step."""
    from .agent.loop import refused_run
    from .replay import replay as carried_out
    from .trace import open_trace

    trace = open_trace(folder)

    def told(step: Step) -> None:
        _say().print(step.summary())

    try:
        with opened() as screen:
            return carried_out(
                screen, recording, approve=options.approver(), trace=trace, on_step=told, **wanted
            )
    except env.EnvError as error:
        clean = functools.partial(options.without_secrets, secrets=secrets)
        return refused_run(recording.instruction, trace, str(error), clean)


def _say() -> Console:
    return Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


def _show(recording: Recording, run: Run, changes: list[Heal], written: int, provable: int) -> None:
    """The differences, in the terminal and as a page beside the trace."""
    if not changes:
        return
    from .replay.showing import drawn, state_of, write_page

    say = _say()
    for change in changes:
        say.print("\n".join(change.lines()))
        if say.is_terminal:
            say.print(drawn(change))
    state = state_of(changes, written, provable)
    page = write_page(recording.name, changes, Path(run.folder or "."), state)
    say.print(f"{len(changes)} changed ({state}): {page}")


def _write_junit(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"the JUnit file cannot be written: {error}") from error


def _tell(run: Run, changes: list[Heal], *, written: int, as_json: bool) -> None:
    if as_json:
        told = [
            {"step": change.place + 1, "words": change.old.words, "old": change.old.box,
             "new": change.new.box}
            for change in changes
        ]  # fmt: skip
        made = summary(run) | {"changed": told, "healed": written > 0}
        typer.echo(json.dumps(made, ensure_ascii=False))
        return
    typer.echo(run.summary())
    typer.echo(f"  groundings: {run.usage.groundings}, changed: {len(changes)}")
    typer.echo(f"  trace: {run.folder}")
