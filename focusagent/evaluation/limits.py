"""Time limits: one flow that hangs must not stop a suite."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..agent import Agent
    from ..history import Run

FLOW_SECONDS = 300.0
GRACE = 30.0  # seconds an agent that was stopped has to end its step and keep its trace


@contextmanager
def alarm(seconds: float, ring: Callable[[], None]) -> Iterator[threading.Event]:
    """Call `ring` from another thread if the `with` block takes longer; the event tells so."""
    rung = threading.Event()

    def late() -> None:
        rung.set()
        ring()

    timer = threading.Timer(seconds, late)
    timer.daemon = True
    timer.start()
    try:
        yield rung
    finally:
        timer.cancel()


def run_within(agent: Agent, instruction: str, seconds: float) -> Run:
    """What the agent did within so many seconds; then it is stopped."""
    with alarm(seconds, agent.stop) as late:
        run: Run = agent.run(instruction)
    if late.is_set() and not run.is_done():
        run = dataclasses.replace(run, message=f"it took longer than {seconds:g} s")
    return run
