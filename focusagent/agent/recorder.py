"""Keeps a run while it happens, and hands every step to the trace."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping

from ..history import Media, Reason, Run, Status, Step, Trace, Usage, Value
from ..planner import compare
from ..planner.intents import Read, ReadTable
from .desk import cleaned
from .errors import Ended

KEPT_STEPS = 50  # whose pictures stay in memory where there is no trace


class Recorder:
    """A run that grows; every string that goes into it is cleaned of secrets first."""

    def __init__(
        self,
        instruction: str,
        trace: Trace | None,
        clean: Callable[[str], str],
        on_step: Callable[[Step], None] | None,
    ) -> None:
        self._trace, self._clean, self._on_step = trace, clean, on_step
        self._began = time.perf_counter()
        self.run = Run(instruction=clean(instruction), at=time.time())
        self.broken: str | None = None  # why the trace can no longer be written
        if trace is not None:
            try:
                self.run = trace.on_start(self.run)
            except OSError as error:
                self.broken = f"the trace cannot be written: {error}"

    def add(self, step: Step, media: Media) -> Step:
        """Remember a step; a full disk or a callback that raises ends the run."""
        step = cleaned(step, self._clean)
        if self._trace is not None and self.broken is None:
            try:
                step = self._trace.on_step(step, media)
            except OSError as error:
                self.broken = f"the trace cannot be written: {error}"
        kept = (*self.run.kept, media)[-KEPT_STEPS:] if self._trace is None else ()
        data = {**self.run.data, **_data(step)}
        steps = (*self.run.steps, step)
        self.run = dataclasses.replace(self.run, steps=steps, data=data, kept=kept)
        if self.broken is not None:
            raise Ended("stopped", self.broken)
        if self._on_step is not None:
            try:
                self._on_step(step)
            except Exception as error:
                raise Ended("stopped", self._clean(f"on_step raised {error!r}")) from error
        return step

    def end(self, reason: Reason, status: Status, message: str, *, url: str, usage: Usage) -> Run:
        """The finished run; one whose trace could not be written is no success."""
        if self.broken is not None and reason == "done":
            reason, status, message = "stopped", "failed", self.broken
        steps = self.run.steps
        looks = [sight for step in steps for sight in step.sights if sight.by == "eyes"]
        tokens = [sight.tokens for sight in looks if sight.tokens]
        self.run = dataclasses.replace(
            self.run,
            reason=reason,
            status=status,
            message=self._clean(message),
            url=self._clean(url),
            seconds=round(time.perf_counter() - self._began, 6),
            usage=dataclasses.replace(
                usage,
                groundings=len(looks),
                visual_tokens=sum(before for before, _, _ in tokens),
                visual_tokens_kept=sum(after for _, after, _ in tokens),
            ),
        )
        if self._trace is not None:
            try:
                self._trace.on_end(self.run)
            except OSError as error:
                self.broken = f"the trace cannot be written: {error}"
                self.run = dataclasses.replace(
                    self.run, reason="stopped", status="failed", message=self.broken
                )
        return self.run


def _data(step: Step) -> Mapping[str, Value]:
    """What a step has read, by name."""
    intent, value = step.intent, step.outcome.value
    if not step.outcome.ok or value is None:
        return {}
    if isinstance(intent, Read):
        return {intent.name: value}
    if isinstance(intent, ReadTable) and intent.name:
        return {intent.name: compare.table_rows(value)}
    return {}
