"""`focusagent record`: keep a run, or what a person does in a browser, as a flow."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from . import cli_options as options
from . import cli_run
from ._siblings import env
from .errors import UserError

if TYPE_CHECKING:
    from .replay import Recording

_FORWARDED = {"allow_extra_args": True, "ignore_unknown_options": True}


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command(context_settings=_FORWARDED)(record)


def record(  # noqa: PLR0913 - each is an option of the command line
    context: typer.Context,
    flow: Annotated[Path, typer.Argument(metavar="FLOW.yaml", help="The file to write.")],
    instruction: Annotated[
        str | None, typer.Argument(help="What the agent is to do, in English.")
    ] = None,
    source: Annotated[
        Path | None, typer.Option("--from", help="Record a run of before: its folder.")
    ] = None,
    person: Annotated[
        bool, typer.Option("--person", help="Open a browser and record what you do in it.")
    ] = False,
    url: options.Url = None,
    params: options.Params = None,
    secret: options.Secrets = None,
    policy: options.PolicyFile = None,
    storage_state: options.StorageState = None,
    out: options.TraceFolder = None,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite a flow that is there already.")
    ] = False,
    as_json: options.AsJson = False,
) -> None:
    """Record a flow; every option of `focusagent run` goes with an instruction.

    Exit 1 if the run was not proved: what cannot be proved once cannot be replayed.
    """
    from .replay import save

    if (source is not None or person) and instruction is not None and instruction.startswith("-"):
        raise UserError(f"unknown option or argument {instruction!r}")
    ways = [instruction is not None, source is not None, person]
    if sum(ways) != 1:
        raise UserError('give one of: an "INSTRUCTION", --from RUN, --person')
    if context.args and instruction is None:
        raise UserError(f"unknown option or argument {context.args[0]!r}")
    if flow.suffix not in (".yaml", ".yml"):
        raise UserError(f"a flow is a YAML file: {flow.with_suffix('.yaml')}")
    if flow.exists() and not force:
        raise UserError(f"{flow} is there already: --force overwrites it")
    given = options.values_of(params)
    if person:
        browser = (options.policy_of(policy), options.storage_of(storage_state))
        made, good = _by_person(url, secret or [], flow.stem, *browser), True
    elif source is not None:
        made, good = _of_run(source, given, flow.stem)
    else:
        folder = out or Path("runs") / time.strftime("%Y%m%d-%H%M%S")
        forwarded = [*context.args, *_again("--params", params), *_again("--secret", secret)]
        once = {"--url": url, "--policy": policy, "--storage-state": storage_state, "--out": folder}
        for option, value in once.items():
            forwarded += _again(option, [str(value)] if value else None)
        _run([instruction or "", *forwarded])
        made, good = _of_run(_newest(folder), given, flow.stem)
    save(made, flow)
    told = {"flow": str(flow), "steps": len(made.steps), "plan": made.plan, "proved": good}
    typer.echo(json.dumps(told) if as_json else f"{flow}: {len(made.steps)} steps")
    if not good:
        _say("the run was not verified: a replay will not be either")
    raise typer.Exit(0 if good else 1)


def _of_run(folder: Path, params: dict[str, str], name: str) -> tuple[Recording, bool]:
    from .replay import record as recorded
    from .trace import load_run

    run = load_run(folder)
    return recorded(run, name=name, params=params), bool(run.is_successful())


def _run(arguments: list[str]) -> None:
    """`focusagent run`; what it says on stdout goes to stderr."""
    app = typer.Typer(pretty_exceptions_enable=False)
    cli_run.register(app)
    with contextlib.redirect_stdout(sys.stderr):
        app(args=arguments, prog_name="focusagent record", standalone_mode=False)


def _newest(folder: Path) -> Path:
    """The folder that the run was kept in: a number stands behind it if it was taken."""
    taken = [
        path for path in folder.parent.glob(f"{folder.name}*") if (path / "run.jsonl").exists()
    ]
    return max(taken, key=lambda path: (path / "run.jsonl").stat().st_mtime, default=folder)


def _by_person(
    url: str | None, secret: list[str], name: str, policy: env.Policy, storage_state: str | None
) -> Recording:
    from .replay.person import record_person

    if not url:
        raise UserError("say where to start: --url ADDRESS")
    secrets = options.secrets_of(secret, url)
    options.require_sense(policy, url)
    _say("do what is to be recorded; close the window or press Ctrl-C when it is done")
    return record_person(
        url,
        name=name,
        secrets=secrets,
        headless=False,
        policy=policy,
        storage_state=storage_state,
    )


def _again(option: str, values: list[str] | None) -> list[str]:
    return [part for value in values or [] for part in (option, value)]


def _say(text: str) -> None:
    Console(stderr=True, highlight=False, markup=False, soft_wrap=True).print(text)
