"""The loop: ask the planner, carry it out, remember, until there is a reason to end."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from functools import partial
from zlib import crc32

from .._siblings import env
from ..errors import FocusagentError
from ..history import Reason, Run, Status, Step, Trace, Usage
from ..planner.briefing import Briefed
from ..planner.intents import PROOFS, Finish, Intent, Outcome, Planner, intent_to_json
from .desk import Desk
from .errors import Ended
from .recorder import Recorder
from .stepping import carry_out

SAME = 3  # times the same thing may be done on the same screen without any effect
# Stages of a step that are not the agent's own: models and the environment.
WORKING = ("plan", "ground", "read", "observe", "act", "selector")
_LOOKING = ("look", "wait", "wait_for", "check_that", "read", "read_table", "scroll")


def pursue(
    desk: Desk,
    planner: Planner,
    task: str,
    max_steps: int,
    remember: Callable[[Step], None],
) -> tuple[Reason, str]:
    """Pursue a task until it ends; why it ended, and a sentence about that."""
    history: list[tuple[Intent, Outcome]] = []
    tried: Counter[str] = Counter()
    while True:
        if desk.stopping.is_set():
            return "stopped", "stop() was called"
        draft = desk.begin()
        with desk.timed("plan"):
            intent = _asked(desk, planner, partial(planner.next, task, history, desk.screen))
        if isinstance(intent, Finish):
            return intent.reason, intent.message
        if len(history) >= max_steps:
            return "out of budget", f"max_steps is {max_steps}"
        step, ended = carry_out(desk, len(history) + 1, intent)
        if not ended and step.results and intent.kind not in _LOOKING:
            key = json.dumps(intent_to_json(intent), sort_keys=True)
            here = f"{crc32(draft.before.image.tobytes())} {key}"
            idle = draft.before.image is desk.media().after
            tried[key] = tried[key] + 1 if idle else 0
            tried[here] += 1
            if tried[key] >= SAME or tried[here] > SAME:
                did = f"did nothing {SAME} times in a row" if idle else "led back here again"
                ended = Ended("gave up", f"{step.text} {did}: this goes round in circles")
        remember(step)
        if ended:
            return ended.reason, str(ended)
        history.append((intent, step.outcome))


def _asked(desk: Desk, planner: Planner, ask: Callable[[], Intent]) -> Intent:
    """The next intent; a planner that refuses, raises or answers anything else ends the run."""
    try:
        # Models take their time. Other planners may belong to the thread that made them.
        intent = _unless_stopped(desk, ask) if isinstance(planner, Briefed) else ask()
    except Ended:
        raise
    except FocusagentError as error:
        raise Ended("gave up", str(error)) from error
    except Exception as error:
        raise Ended("stopped", f"the planner raised {error!r}") from error
    if not isinstance(intent, Intent):
        raise Ended("stopped", f"the planner answered {intent!r}, which is no intent")
    return intent


def _unless_stopped(desk: Desk, ask: Callable[[], Intent]) -> Intent:
    """What a planner answers; `stop()` does not wait for it, its answer is thrown away."""
    answer: Future[Intent] = Future()

    def asking() -> None:
        try:
            answer.set_result(ask())
        except Exception as error:  # noqa: BLE001 - raised again where the answer is taken
            answer.set_exception(error)

    threading.Thread(target=asking, name="planner", daemon=True).start()
    while not wait([answer], timeout=0.05).done:
        if desk.stopping.is_set():
            raise Ended("stopped", "stop() was called")
    return answer.result()


def first_look(desk: Desk) -> None:
    """Look at the screen that the task starts from; one that cannot be seen ends the run."""
    try:
        desk.downloads = len(desk.look().downloads)
    except env.EnvError as error:
        raise Ended("stopped", str(error)) from error


def judged(
    steps: Sequence[Step], reason: Reason, *, claimed: bool = False, planned: bool = True
) -> Status:
    """Success is claimed only if it is done and every step that acted is proved.

    Where "done" is but a planner's claim, the last step must have shown something as well. Only a
    planner knows that what failed was made good.
    """
    if reason != "done":
        return "failed"
    if steps and not steps[-1].outcome.ok:
        return "failed"
    proved = all(step.status == "verified" for step in steps if step.outcome.ok or not planned)
    if claimed:
        proved = proved and bool(steps) and steps[-1].intent.kind in PROOFS
    return "verified" if steps and proved else "unverified"


def refused_run(
    instruction: str, trace: Trace | None, message: str, clean: Callable[[str], str]
) -> Run:
    """A run that ends before anything was opened, kept like any other."""
    recorder = Recorder(instruction, trace, clean, None)
    return recorder.end("gave up", "failed", message, url="", usage=Usage())
