"""`Agent`: what people import."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from .._siblings import env, grounding
from ..errors import UserError
from ..history import Reason, Run, Status, Step, Trace, Usage
from ..planner.briefing import Briefed, Briefing, Reading
from ..planner.chat import load_planner
from ..planner.conditions import Seen, Target
from ..planner.grammar_planner import GrammarPlanner
from ..planner.intents import Intent, Look, Outcome, Planner, targets_of
from ..planner.printing import intent_text
from ..planner.templates import resolve
from .approval import Approve, Approver, Audit
from .desk import Desk, Settings
from .errors import Ended, StepFailed
from .eyes import Eyes
from .instant import Instant, candidates
from .locate import Spot, glance
from .loop import first_look, judged, pursue
from .memory import Memory
from .recorder import Recorder
from .stepping import carry_out

if TYPE_CHECKING:
    from PIL import Image

    from grounding.types import Grounder  # noqa: TID251 - a type only

INSTANT = "instant actions"
# What ends an instant action from outside: the run, the screen, or the eyes.
_LOST = (Ended, env.EnvError, grounding.errors.GroundingError)


class Agent(Instant):
    """Carries out instructions on an environment by looking at it; see docs/agent.md.

    `planner=None` parses English, a text is a name for `load_planner`; `approve` is asked before
    anything that cannot be taken back; `trace` is a folder or a `Trace`. A run never raises for
    what happens on the screen: it ends with a reason. Instant actions raise `StepFailed`.
    """

    def __init__(  # noqa: PLR0913 - keyword-only options, each a thing users set on its own
        self,
        environment: env.Environment,
        *,
        grounder: Grounder | str = "default",
        planner: Planner | str | None = None,
        secrets: Mapping[str, env.Secret] | None = None,
        params: Mapping[str, str] | None = None,
        approve: Approve | None = None,
        trace: Trace | str | Path | None = None,
        max_steps: int = 100,
        step_timeout: float = 10.0,
        on_step: Callable[[Step], None] | None = None,
        settings: Settings | None = None,
        memory: Memory | None = None,
    ) -> None:
        if max_steps < 1:
            raise UserError(f"max_steps must be at least 1, not {max_steps}")
        self.env = environment
        self.params = {name: str(value) for name, value in (params or {}).items()}
        self._planner = load_planner(planner) if isinstance(planner, str) else planner
        self._max_steps, self._on_step = max_steps, on_step
        self._trace: Trace | None = _trace(trace)
        names = _hand_over(environment, secrets or {})
        if both := names & set(self.params):
            raise UserError(f"{min(both)!r} is both a secret and a parameter: rename one")
        self._clean: Callable[[str], str] = getattr(environment, "redact", str)
        self._audit = Audit(self._clean)
        self._desk = Desk(
            environment,
            Eyes(grounder),
            Approver(approve, environment.policy, self._audit),
            self._audit,
            settings or Settings(step_timeout=step_timeout),
        )
        self._desk.secrets = frozenset(names)
        self._desk.memory = memory
        self._live: Recorder | None = None  # of the instant actions since the last run
        self._lost: list[Step] = []  # those of them that ended before they could be remembered
        self._decided: env.Decision | None = None  # the last one that is in the audit already

    def run(self, instruction: str) -> Run:
        """Do what the instruction says; the run tells why it ended and what is proved."""
        self._desk.stopping.clear()
        return self._run(instruction)

    def _run(self, instruction: str) -> Run:
        self.finish()
        desk = self._desk
        recorder = self._start(instruction)
        reason: Reason = "stopped"
        message = "it was interrupted"
        planner = self._planner or GrammarPlanner(self.params, desk.secrets)
        briefed = planner if isinstance(planner, Briefed) else None
        try:
            if briefed is not None:
                briefed.begin(self._briefing(recorder))
            self._ready(recorder)
            reason, message = pursue(desk, planner, instruction, self._max_steps, self._remember)
        except Ended as end:
            reason, message = end.reason, str(end)
        except (env.EnvError, grounding.errors.GroundingError) as error:  # the screen was lost
            reason, message = "stopped", str(error)
        except UserError as error:  # the planner refuses the instruction
            reason, message = "gave up", str(error)
        finally:
            status = judged(recorder.run.steps, reason, claimed=briefed is not None)
            usage = Usage() if briefed is None else briefed.usage
            run = self._end(recorder, reason, status, message, usage)
        return run

    async def arun(self, instruction: str) -> Run:
        """`run`, for programs with an event loop; cancelling it ends the run at the next chance."""
        self._desk.stopping.clear()
        try:
            return await asyncio.to_thread(self._run, instruction)
        except asyncio.CancelledError:
            self.stop()
            raise

    def stop(self) -> None:
        """End the run at the next chance, from another thread or a callback."""
        self._desk.stopping.set()

    def finish(self) -> Run | None:
        """End the run that instant actions make up; None if there were none."""
        if self._live is None:
            return None
        recorder, self._live = self._live, None
        status = judged((*self._lost, *recorder.run.steps), "done", planned=False)
        return self._end(recorder, "done", status, "", Usage())

    def __enter__(self) -> Self:
        """Use as a context manager: leaving it ends the instant actions' run."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish."""
        self.finish()

    def do(self, intent: Intent, *selectors: str | None, spot: Spot | None = None) -> Step:
        """Carry out one intent now; `StepFailed` if it does not work.

        With a `spot` its target is not looked for, unless the pixels there are others now.
        """
        try:
            step = self._done(intent, selectors, spot)
        except _LOST as error:
            step = self._undone(intent, error)
            self._lost.append(step)
        finally:
            self._desk.given = None
        if not step.outcome.ok:  # raised out here, what it was raised from is not shown with it
            raise StepFailed(step)
        return step

    def spots(
        self, words: str | Target, verb: str, selector: str | None = None
    ) -> tuple[list[Spot], Image.Image]:
        """Where the words point, best first, and on which screen; nothing is done there."""
        target = words if isinstance(words, Target) else Target(words)
        try:
            self._instant()
            found = glance(self._desk, resolve(target, self._desk.values), verb, selector=selector)
            return [] if found is None else candidates(found), self._desk.screen.image
        except _LOST as error:
            step = self._undone(Look(Seen(target)), error)
        raise StepFailed(step)

    def ask(self, wanted: str) -> Any:
        """What the planner's vision-language model reads off the screen, as JSON values.

        It is what a model says, not evidence; a screen that is lost raises `EnvError`.
        """
        if not isinstance(self._planner, Reading):
            raise UserError(
                "extract without a vision-language model reads fields and tables: give their "
                "names, as in extract(['Total', 'Date']) or extract({'Total': 'number'})"
            )
        self._instant()
        return self._planner.extract(self._clean(wanted), self._desk.screen.image)

    def _done(self, intent: Intent, selectors: Sequence[str | None], spot: Spot | None) -> Step:
        desk, live = self._desk, self._instant()
        desk.said = intent_text(intent)
        if spot is not None:  # it is named by the words of the target as they will be looked for
            words = resolve(targets_of(intent)[0], desk.values).words
            desk.given = dataclasses.replace(spot, words=words)
        step, _ = carry_out(desk, len(live.run.steps) + 1, intent, selectors)
        step = live.add(step, desk.media())
        self._note_decisions()
        return step

    def _undone(self, intent: Intent, error: Exception) -> Step:
        """A step that ended before it could be remembered: why, without values of secrets."""
        number = len(self._live.run.steps) + 1 if self._live else 1
        outcome = Outcome(False, reason=self._clean(str(error)))
        text = self._clean(intent_text(intent))
        return Step(number=number, intent=intent, text=text, outcome=outcome)

    def _instant(self) -> Recorder:
        """Make ready for an instant action: a run to keep it in, a new step, a fresh look."""
        if self._live is None:
            self._desk.stopping.clear()
            self._live, self._lost = self._start(INSTANT), []
            self._ready(self._live)
        self._desk.look()
        self._desk.begin()
        return self._live

    def _briefing(self, recorder: Recorder) -> Briefing:
        """What a planner may know: the names of values, what was done, what can be read."""
        desk = self._desk
        return Briefing(
            params=tuple(self.params),
            secrets=tuple(desk.secrets),
            steps=lambda: recorder.run.steps,
            read=lambda: [
                (element.role, element.text or element.icon) for element in desk.seen.scene.elements
            ],
            clean=self._clean,
        )

    def _start(self, instruction: str) -> Recorder:
        desk = self._desk
        desk.values = dict(self.params)
        desk.said, desk.given = instruction, None
        recorder = Recorder(instruction, self._trace, self._clean, self._on_step)
        self._audit.open(recorder.run.folder)
        self._recorder = recorder
        return recorder

    def _ready(self, recorder: Recorder) -> None:
        """See that the run can be kept, and the screen that it starts from."""
        if recorder.broken is not None:
            raise Ended("stopped", recorder.broken)
        self._note_decisions()
        first_look(self._desk)

    def _remember(self, step: Step) -> None:
        self._note_decisions()
        self._recorder.add(step, self._desk.media())

    def _end(
        self, recorder: Recorder, reason: Reason, status: Status, message: str, usage: Usage
    ) -> Run:
        try:
            self._note_decisions()
        except Ended as end:
            if reason == "done":
                reason, status, message = end.reason, "failed", str(end)
        return recorder.end(reason, status, message, url=self._desk.url, usage=usage)

    def _note_decisions(self) -> None:
        """Bring what the environment's policy has decided since into the audit trail."""
        for decision in _since(getattr(self.env, "decisions", []), self._decided):
            self._audit.write(
                "policy", decision.subject, decision.allowed, decision.rule, decision.at
            )
            self._decided = decision


def _hand_over(environment: env.Environment, secrets: Mapping[str, env.Secret]) -> set[str]:
    """Give the secrets to the environment, which alone resolves them; the names it knows."""
    if secrets:
        add = getattr(environment, "add_secrets", None)
        if add is None:
            raise UserError("this environment takes no secrets: it cannot type or mask them")
        add(secrets)
    return set(getattr(environment, "secret_names", ()))


def _since(decisions: Sequence[env.Decision], last: env.Decision | None) -> Sequence[env.Decision]:
    """The decisions after that very one; all, if it has been forgotten since."""
    ends = (at + 1 for at in reversed(range(len(decisions))) if decisions[at] is last)
    return decisions[next(ends, 0) :]


def _trace(trace: Trace | str | Path | None) -> Trace | None:
    if isinstance(trace, str | Path):
        from ..trace import open_trace

        opened: Trace = open_trace(Path(trace))
        return opened
    return trace
