"""Carrying a recorded flow out again: no model is asked where its pictures are on the screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from .._siblings import env
from ..agent import Agent
from ..agent.approval import Approve
from ..errors import UserError
from ..history import Run, Step, Trace
from ..planner.intents import Finish, History, Intent, Look
from .album import Album
from .lazy import LazyGrounder
from .recording import Recording

if TYPE_CHECKING:
    from grounding.types import Grounder  # noqa: TID251 - a type only


class StepsPlanner:
    """Gives the recorded steps one after the other; ends where one fails or answers otherwise."""

    def __init__(self, recording: Recording) -> None:
        self._steps = recording.steps

    def next(self, task: str, history: History, observation: env.Observation | None) -> Intent:
        """The step after those of the history."""
        if history:
            step, (intent, outcome) = self._steps[len(history) - 1], history[-1]
            if not outcome.ok:
                return Finish("gave up", outcome.reason or "a step did not work")
            if isinstance(intent, Look) and outcome.value != step.answer:
                return Finish("gave up", f"{step.text}: it was {step.answer} when it was recorded")
        if len(history) == len(self._steps):
            return Finish("done")
        return self._steps[len(history)].intent


def replay(  # noqa: PLR0913 - keyword-only options, each a thing users set on its own
    environment: env.Environment,
    recording: Recording,
    *,
    params: Mapping[str, str] | None = None,
    secrets: Mapping[str, env.Secret] | None = None,
    grounder: Grounder | str = "default",
    approve: Approve | None = None,
    trace: Trace | str | Path | None = None,
    step_timeout: float = 10.0,
    on_step: Callable[[Step], None] | None = None,
) -> Run:
    """Carry a flow out on a screen that shows its start; see `heals` for what has changed.

    `run.usage.groundings` is 0 as long as every picture was found. A step is verified only if what
    proved it when it was recorded proves it again.
    """
    values = values_of(recording, params or {})
    known = {*(secrets or {}), *getattr(environment, "secret_names", ())}
    if missing := [name for name in recording.secrets if name not in known]:
        raise UserError(f"this flow types the secret {missing[0]!r}: give it (--secret, secrets=)")
    agent = Agent(
        environment,
        grounder=LazyGrounder(grounder) if isinstance(grounder, str) else grounder,
        planner=StepsPlanner(recording) if recording.plan == "steps" else None,
        secrets=secrets,
        params=values,
        approve=approve,
        trace=trace,
        step_timeout=step_timeout,
        max_steps=max(100, 2 * len(recording.steps)),
        on_step=on_step,
        memory=Album(recording),
    )
    return agent.run(recording.instruction)


def values_of(recording: Recording, params: Mapping[str, str]) -> dict[str, str]:
    """The value of every param; `UserError` for one without, or one that the flow lacks."""
    if unknown := [name for name in params if name not in recording.params]:
        known = ", ".join(recording.params) or "none"
        raise UserError(f"this flow has no param {unknown[0]!r}; it has: {known}")
    values = {**recording.params, **{name: str(value) for name, value in params.items()}}
    for name, value in values.items():
        if value is None:
            raise UserError(f"the param {name!r} of this flow has no value: give it (--params)")
    return {name: value for name, value in values.items() if value is not None}
