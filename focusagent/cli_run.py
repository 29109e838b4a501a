"""`focusagent run`: have an instruction carried out, and prove it."""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from . import cli_options as options
from ._siblings import env, grounding
from .errors import FocusagentError, UserError

if TYPE_CHECKING:
    from .history import Run, Step
    from .planner.intents import Planner

_DESKTOP = "desktop"


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(run)


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Setup:
    """Which screen, how it is opened, and how the agent behaves."""

    url: str | None
    desktop: bool
    cdp: str | None
    storage_state: str | None
    headful: bool
    policy: env.Policy
    secrets: Mapping[str, env.Secret]
    model: str
    planner: str | None
    step_timeout: float
    max_steps: int

    def clean(self, text: str) -> str:
        """The text without values of secrets."""
        return options.without_secrets(text, self.secrets)


def run(  # noqa: PLR0913 - each is an option of the command line
    instruction: Annotated[str, typer.Argument(help="What to do, in English; - reads stdin.")],
    url: options.Url = None,
    desktop: Annotated[
        bool, typer.Option("--desktop", help="Use the desktop instead of a browser.")
    ] = False,
    cdp: Annotated[
        str | None, typer.Option(help="Use the running browser at this DevTools address.")
    ] = None,
    policy: options.PolicyFile = None,
    params: options.Params = None,
    params_from: Annotated[
        Path | None, typer.Option(help="A CSV file: one run a row, columns are names.")
    ] = None,
    secret: options.Secrets = None,
    storage_state: options.StorageState = None,
    step_timeout: options.StepTimeout = 10.0,
    max_steps: Annotated[int, typer.Option(min=1, help="Steps after which the run ends.")] = 100,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Find everything, do nothing.")
    ] = False,
    headful: options.Headful = False,
    model: options.Model = "default",
    planner: Annotated[
        str | None,
        typer.Option(help="A chat model: 'http://HOST/v1 MODEL', a folder; none: a grammar."),
    ] = None,
    out: options.TraceFolder = None,
    as_json: options.AsJson = False,
) -> None:
    """Do what an instruction says; exit 0 only if it is done and proved, 1 if not."""
    if instruction == "-":
        instruction = sys.stdin.read()
    setup = _Setup(
        url=url,
        desktop=desktop,
        cdp=cdp,
        storage_state=options.storage_of(storage_state),
        headful=headful,
        policy=options.policy_of(policy, dry_run=dry_run),
        secrets=options.secrets_of(secret, url, desktop=desktop),
        model=model,
        planner=planner,
        step_timeout=step_timeout,
        max_steps=max_steps,
    )
    _check_screen(setup)
    folder = out or Path("runs") / time.strftime("%Y%m%d-%H%M%S")
    runs = _all(instruction, setup, options.rows_of(params, params_from), folder, params_from)
    _tell(runs, as_json=as_json, many=params_from is not None)
    raise typer.Exit(0 if all(each.is_successful() for each in runs) else 1)


def _all(
    instruction: str,
    setup: _Setup,
    rows: Sequence[Mapping[str, str]],
    folder: Path,
    params_from: Path | None,
) -> list[Run]:
    """One run for each row of values; bad use ends a single one, of many it fails only that row."""
    say = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    many = params_from is not None
    runs: list[Run] = []
    planner = _planner(instruction, setup, folder)
    for number, values in enumerate(rows, start=1):
        if many:
            say.print(f"row {number} of {len(rows)}")
        kept = folder / f"row-{number:03}" if many else folder
        made, misuse = _one(instruction, setup, planner, values, kept, say)
        if misuse is not None:
            if not many:
                raise misuse
            say.print(made.summary())
        runs.append(made)
    return runs


def _tell(runs: Sequence[Run], *, as_json: bool, many: bool) -> None:
    if as_json:
        made = [summary(each) for each in runs]
        typer.echo(json.dumps({"runs": made} if many else made[0], ensure_ascii=False))
    else:
        for each in runs:
            typer.echo(each.summary())
            for name, value in each.data.items():
                typer.echo(f"  {name} = {value if isinstance(value, str) else json.dumps(value)}")
            typer.echo(f"  trace: {each.folder}")


def summary(run: Run) -> dict[str, Any]:
    """A run, without its steps, as the command line prints it."""
    errors = {"steps": run.number_of_steps(), "errors": run.errors(), "urls": run.urls()}
    return run.head() | errors


def _one(
    instruction: str,
    setup: _Setup,
    planner: Planner | None,
    params: Mapping[str, str],
    folder: Path,
    say: Console,
) -> tuple[Run, UserError | None]:
    """A run, and what was wrong with what it was given; it has a reason and a trace in any case."""
    from .agent import Agent
    from .agent.eyes import shared_grounder
    from .agent.loop import refused_run
    from .planner.grammar_planner import GrammarPlanner
    from .trace import open_trace

    trace = open_trace(folder)

    def told(step: Step) -> None:
        say.print(step.summary())

    try:
        if planner is None:  # before anything is opened
            GrammarPlanner(params, setup.secrets).program(instruction)
        options.require_sense(setup.policy, setup.url, desktop=setup.desktop)
        grounder = shared_grounder(setup.model)
        with _opened(setup) as screen:
            agent = Agent(
                screen,
                grounder=grounder,
                planner=planner,
                params=params,
                approve=options.approver(),
                trace=trace,
                step_timeout=setup.step_timeout,
                max_steps=setup.max_steps,
                on_step=told,
            )
            return agent.run(instruction), None
    except env.EnvError as error:  # there is no such screen, or it may not be opened
        return refused_run(instruction, trace, str(error), setup.clean), None
    except (FocusagentError, grounding.errors.GroundingError) as error:
        message = setup.clean(str(error))
        return refused_run(instruction, trace, message, setup.clean), UserError(message)


@contextmanager
def _opened(setup: _Setup) -> Iterator[env.Environment]:
    if setup.desktop:
        with env.DesktopEnvironment(policy=setup.policy, secrets=setup.secrets) as screen:
            yield screen
        return
    with env.BrowserEnvironment(
        setup.url or "about:blank",
        policy=setup.policy,
        secrets=setup.secrets,
        headless=not setup.headful,
        cdp_url=setup.cdp,
        storage_state=setup.storage_state,
    ) as browser:
        yield browser


def _check_screen(setup: _Setup) -> None:
    if setup.desktop and (setup.url or setup.cdp):
        raise UserError("--desktop takes neither --url nor --cdp: there is no browser to open")
    if not setup.desktop and not setup.url and not setup.cdp:
        raise UserError("say which screen: --url ADDRESS, --cdp ADDRESS or --desktop")


def _planner(instruction: str, setup: _Setup, folder: Path) -> Planner | None:
    """The planner of all runs; one that cannot be loaded leaves a trace of the run it would do."""
    if setup.planner is None:
        return None
    from .agent.loop import refused_run
    from .planner.chat import load_planner
    from .trace import open_trace

    try:
        return load_planner(setup.planner)
    except UserError as error:
        refused_run(instruction, open_trace(folder), str(error), setup.clean)
        raise
