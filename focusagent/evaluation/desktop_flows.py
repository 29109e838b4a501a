"""How many desktop flows an agent does: what it claims, against the programs' final state."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .._siblings import env, grounding
from ..errors import FocusagentError
from ..flows.desktop import DesktopFlow, Program, virtual_screen
from ..history import Run
from .flows import FlowResult, verdict_of
from .limits import FLOW_SECONDS, run_within

if TYPE_CHECKING:
    from grounding.types import Grounder  # noqa: TID251 - a type only


def evaluate_desktop(
    flows: Sequence[DesktopFlow],
    model: str,
    *,
    out: Path | None = None,
    flow_timeout: float = FLOW_SECONDS,
    on_done: Callable[[FlowResult], None] = lambda _: None,
) -> list[FlowResult]:
    """Do every flow in a program and on a virtual screen of its own, and judge it.

    The agent is stopped after `flow_timeout` seconds.
    """
    results = []
    with grounding.load_grounder(model) as grounder:
        for flow in flows:
            trace = out and out / flow.name
            with virtual_screen():  # a program that ends leaves the keyboard focus to nobody
                result = _attempt(flow, grounder, trace, flow_timeout)
            results.append(result)
            on_done(result)
    return results


def _attempt(
    flow: DesktopFlow, grounder: Grounder, trace: Path | None, flow_timeout: float
) -> FlowResult:
    from ..agent import Agent

    began = time.monotonic()
    run, wrong = Run(instruction=flow.instruction), ""
    secrets = {
        name: env.Secret(value, domains=[env.secrets.DESKTOP])
        for name, value in flow.secrets.items()
    }
    try:
        with Program(flow.program) as program, env.DesktopEnvironment(secrets=secrets) as desktop:
            agent = Agent(
                desktop,
                grounder=grounder,
                # Whoever wrote the flow wants what it says; between candidates nobody chooses.
                approve=lambda request: request.kind != "ambiguous",
                trace=trace,
            )
            run = run_within(agent, flow.instruction, flow_timeout)
            wrong = flow.wrong(program.state())
    except (FocusagentError, env.EnvError, grounding.errors.GroundingError) as error:
        wrong = str(error)
    except Exception as error:  # noqa: BLE001 - a crash in one flow must not lose the others
        wrong = f"{type(error).__name__}: {error}"
    return FlowResult(
        name=flow.name,
        verdict=verdict_of(run, not wrong),
        right=not wrong,
        wrong=wrong,
        message=run.summary(),
        steps=len(run.steps),
        seconds=round(time.monotonic() - began, 3),
    )
