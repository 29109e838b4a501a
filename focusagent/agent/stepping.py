"""One intent, carried out: whatever goes wrong on the way becomes part of the step."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from .._siblings import env, grounding
from ..history import Step
from ..planner.errors import IntentError
from ..planner.intents import Check, Click, Intent, Outcome, SetValue, Type, Uncheck
from ..planner.printing import intent_text
from ..planner.templates import resolve
from . import acting, asking, forms, moving, unfolding
from .desk import Desk
from .errors import DryRun, Ended, Failed
from .several import named_apart

_DEEDS: dict[str, Callable[..., Outcome]] = {
    "click": unfolding.click, "double_click": acting.click, "right_click": acting.click,
    "hover": acting.hover, "press": acting.press, "upload": acting.upload,
    "type": forms.type_text, "select": forms.select, "set_value": forms.set_value,
    "check": forms.check, "uncheck": forms.check, "read": asking.read,
    "drag": acting.drag, "answer": acting.answer, "scroll": moving.scroll,
    "wait_for": asking.wait_for, "wait": moving.wait, "go_to": moving.go_to,
    "back": moving.history_step, "forward": moving.history_step, "reload": moving.history_step,
    "new_tab": moving.tabs, "switch_tab": moving.tabs, "close_tab": moving.tabs,
    "read_table": asking.read_table, "check_that": asking.check_that, "look": asking.look,
}  # fmt: skip


def carry_out(
    desk: Desk, number: int, intent: Intent, selectors: Sequence[str | None] = ()
) -> tuple[Step, Ended | None]:
    """Do what an intent says, in the step that `Desk.begin` began; and whether the run ends."""
    ended = None
    try:
        outcome = _do(desk, intent, selectors)
    except DryRun:
        desk.prove("it was done", None, "dry run: nothing was done")
        outcome = Outcome(True, reason="dry run: nothing was done")
    except Ended as end:
        ended, outcome = end, Outcome(False, reason=str(end))
    except env.ClosedError as error:
        ended = Ended("stopped", str(error))
        outcome = Outcome(False, reason=str(error))
    except (Failed, IntentError, env.EnvError, grounding.errors.GroundingError) as error:
        outcome = Outcome(False, reason=str(error))
        if desk.env.policy.dry_run:
            desk.prove("it was done", None, "dry run: the screen stays as it is")
            outcome = Outcome(True, reason=f"dry run: {error}")
    return desk.finish(number, intent, intent_text(intent), outcome), ended


def _do(desk: Desk, intent: Intent, selectors: Sequence[str | None]) -> Outcome:
    deed, filled = _DEEDS[intent.kind], _filled(desk, intent)
    if isinstance(filled, Check | Uncheck | Click) and desk.given is None and not any(selectors):
        *others, last = named_apart(desk, filled.target, filled.kind)
        for target in others:
            deed(desk, dataclasses.replace(filled, target=target))
        filled = dataclasses.replace(filled, target=last)
    return deed(desk, filled, *selectors)


def _filled(desk: Desk, intent: Intent) -> Intent:
    """The intent with every name replaced; the text to type is left, for it may be a secret."""
    if isinstance(intent, Type):
        return dataclasses.replace(
            resolve(dataclasses.replace(intent, text=""), desk.values), text=intent.text
        )
    if isinstance(intent, SetValue):
        return dataclasses.replace(
            resolve(dataclasses.replace(intent, value=""), desk.values), value=intent.value
        )
    filled: Intent = resolve(intent, desk.values)
    return filled
