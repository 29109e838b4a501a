"""How many flows an agent does: what it claims, against the final state of the application."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, TypeVar

from .. import __version__
from .._siblings import env, grounding
from ..errors import FocusagentError
from ..flows import Flow, OracleError, open_flow, run_script, serve, state_is_right
from ..history import Run
from .limits import FLOW_SECONDS, GRACE, alarm, run_within

Verdict = Literal["verified", "false_success", "unverified", "failed"]
VERDICTS: tuple[Verdict, ...] = ("verified", "false_success", "unverified", "failed")
# Does a flow in its browser; the folder is where it may keep a trace.
Performer = Callable[[env.BrowserEnvironment, Flow, Path | None], Run]


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What is kept of every result: whose it is, and what it depends on."""

    name: str
    seconds: float
    key: str = ""


@dataclass(frozen=True, kw_only=True)
class FlowResult(Kept):
    """One flow: what the agent claims, what the oracle says, and why.

    `right` is the oracle's answer, whatever the agent claims; `wrong` the first check that failed,
    or what broke on the way to it. `broken` says what is the matter with the flow itself, if it
    could not be understood or its oracle not be evaluated: then no claim is called false.
    """

    verdict: Verdict
    right: bool
    wrong: str
    message: str
    steps: int
    broken: str = ""


@dataclass(frozen=True, kw_only=True)
class ScriptResult(Kept):
    """Whether the oracle's own script reaches a state that was not there before."""

    passed: bool
    message: str


R = TypeVar("R", bound=Kept)


def evaluate(
    flows: Sequence[Flow],
    perform: Performer,
    *,
    out: Path | None = None,
    label: str = "",
    design: str | None = None,
    flow_timeout: float = FLOW_SECONDS,
    on_done: Callable[[FlowResult], None] = lambda _: None,
) -> list[FlowResult]:
    """Do every flow in a browser of its own and judge it.

    Results are kept in `out`; those of an earlier call with the same flow, pages, `label` and
    `design` are taken from there. A flow whose browser is open for much longer than `flow_timeout`
    seconds loses it; it is for `perform` to end in time.
    """

    def one(flow: Flow, address: str, key: str) -> FlowResult:
        trace = out / "traces" / flow.slug if out else None
        browser = opened(flow, address, design, flow_timeout + GRACE)
        return _attempt(flow, browser, perform, trace=trace, key=key)

    def keys(flow: Flow) -> str:
        return key_of(flow, label, design)

    return each_flow(flows, one, keys, FlowResult, out and out / "flows.jsonl", on_done)


def check_scripts(
    flows: Sequence[Flow],
    *,
    out: Path | None = None,
    design: str | None = None,
    on_done: Callable[[ScriptResult], None] = lambda _: None,
) -> list[ScriptResult]:
    """Run the oracle's own script of every flow that has one; kept and resumed like `evaluate`."""

    def one(flow: Flow, address: str, key: str) -> ScriptResult:
        began = time.monotonic()
        message = _script_problem(flow, address, design)
        seconds = round(time.monotonic() - began, 3)
        return ScriptResult(
            name=flow.name, passed=not message, message=message, seconds=seconds, key=key
        )

    def keys(flow: Flow) -> str:
        return key_of(flow, design)

    scripted = [flow for flow in flows if flow.script or flow.broken]
    return each_flow(scripted, one, keys, ScriptResult, out and out / "scripts.jsonl", on_done)


def key_of(flow: Flow, *more: str | None) -> str:
    """What a kept result depends on: flow, pages, this version, and what else it was done with."""
    return " ".join([flow.digest(), __version__, *filter(None, more)])


def summarize(results: Sequence[FlowResult]) -> dict[str, int | float]:
    """How many flows there are of each verdict, and the time all took."""
    summary: dict[str, int | float] = {"n": len(results)}
    for name in VERDICTS:
        summary[name] = sum(result.verdict == name for result in results)
    summary["seconds"] = round(sum(result.seconds for result in results), 1)
    return summary


@contextmanager
def agent_performer(model: str, flow_timeout: float = FLOW_SECONDS) -> Iterator[Performer]:
    """An agent with the grammar planner and this grounder, which is loaded once for all flows.

    It is stopped after `flow_timeout` seconds.
    """
    from ..agent import Agent

    with grounding.load_grounder(model) as grounder:

        def perform(browser: env.BrowserEnvironment, flow: Flow, trace: Path | None) -> Run:
            agent = Agent(
                browser,
                grounder=grounder,
                params=flow.values,
                # Whoever wrote the flow wants what it says; between two candidates nobody chooses.
                approve=lambda request: request.kind != "ambiguous",
                trace=trace,
            )
            return run_within(agent, flow.instruction, flow_timeout)

        yield perform


@contextmanager
def opened(
    flow: Flow, address: str, design: str | None, limit: float = FLOW_SECONDS
) -> Iterator[env.BrowserEnvironment]:
    """The flow's browser, which is closed after `limit` seconds whatever it does."""
    with (
        tempfile.TemporaryDirectory() as downloads,
        open_flow(flow, address, Path(downloads), design) as browser,
        alarm(limit, browser.close),
    ):
        yield browser


def _attempt(
    flow: Flow,
    browser: AbstractContextManager[env.BrowserEnvironment],
    perform: Performer,
    *,
    trace: Path | None,
    key: str,
) -> FlowResult:
    began = time.monotonic()
    run, right, wrong, broken = Run(instruction=flow.instruction), False, "", flow.broken
    try:
        if not broken:
            with browser as screen:
                run = perform(screen, flow, trace)
                right, wrong = state_is_right(screen, flow, run.data)
    except OracleError as error:
        broken = str(error)
    except (FocusagentError, env.EnvError, grounding.errors.GroundingError) as error:
        wrong = str(error)
    except Exception as error:  # noqa: BLE001 - a crash in one flow must not lose the others
        wrong = f"{type(error).__name__}: {error}"
    return FlowResult(
        name=flow.name,
        verdict=verdict_of(run, right, judged=not broken),
        right=right,
        wrong=wrong or broken,
        message=run.summary(),
        steps=len(run.steps),
        seconds=round(time.monotonic() - began, 3),
        key=key,
        broken=broken,
    )


def verdict_of(run: Run, right: bool, *, judged: bool = True) -> Verdict:
    """What a run is worth: success counts as verified only if it is claimed and true.

    Without a judgement it is not proved, and no lie either.
    """
    if run.is_successful() and judged:
        return "verified" if right else "false_success"
    return "unverified" if run.is_successful() or run.status == "unverified" else "failed"


def _script_problem(flow: Flow, address: str, design: str | None) -> str:
    """What is wrong with a flow's script or its oracle; nothing if the text is empty."""
    if flow.broken:
        return flow.broken
    try:
        with opened(flow, address, design) as browser:
            if state_is_right(browser, flow, {})[0]:
                return "the oracle holds before anything was done"
            data = run_script(browser, flow.script or (), flow.values, flow.secrets)
            right, wrong = state_is_right(browser, flow, data)
    except (FocusagentError, env.EnvError) as error:
        return str(error)
    return "" if right else f"after the script this does not hold: {wrong}"


def each_flow(
    flows: Sequence[Flow],
    one: Callable[[Flow, str, str], R],
    key_of: Callable[[Flow], str],
    kind: type[R],
    kept: Path | None,
    on_done: Callable[[R], None],
) -> list[R]:
    """The result of every flow, from `kept` where it has one of the same key; new ones added."""
    known = {(result.name, result.key): result for result in _read(kept, kind)}
    results: list[R] = []
    if not flows:
        return results
    with serve(flows[0].folder) as address:
        for flow in flows:
            key = key_of(flow)
            result = known.get((flow.name, key))
            if result is None:
                result = one(flow, address, key)
                _append(kept, result)
            results.append(result)
            on_done(result)
    return results


def _read(path: Path | None, kind: type[R]) -> list[R]:
    if path is None or not path.is_file():
        return []
    results = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            results.append(kind(**json.loads(line)))
        except (ValueError, TypeError):
            continue  # a line that an interrupted run left unfinished
    return results


def _append(path: Path | None, result: Kept) -> None:
    if path is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(result), ensure_ascii=False) + "\n")
