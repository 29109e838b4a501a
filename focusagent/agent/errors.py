"""How steps and runs end early."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import FocusagentError

if TYPE_CHECKING:
    from ..history import Reason, Step


class StepFailed(FocusagentError):
    """An instant action did not work; `step` holds what was seen and done."""

    def __init__(self, step: Step) -> None:
        self.step = step
        super().__init__(f"{step.text}: {step.outcome.reason or step.status}")


class Failed(FocusagentError):
    """This step cannot be carried out; the planner hears why and decides."""


class DryRun(FocusagentError):
    """The policy is a dry run: the action stands in the step and was not done."""


class Ended(FocusagentError):
    """The run ends here and now, whatever the planner wants."""

    def __init__(self, reason: Reason, message: str) -> None:
        self.reason: Reason = reason
        super().__init__(message)
