"""What every environment does around an action: judge it, wait for the screen, write the record."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping
from typing import Any

from PIL import Image

from .actions import Action, Done, Navigate, NewTab, Type, Upload
from .policy import Decision, Policy
from .screen import changed_box, frame_hash
from .secrets import Secret, redact
from .types import Outcome, StepResult


class Gate:
    """Judges actions by the policy before they are dispatched; keeps every decision."""

    def __init__(self, policy: Policy, secrets: Mapping[str, Secret], start_url: str = "") -> None:
        self.decisions: list[Decision] = []
        self._policy, self._start_url = policy, start_url
        self._secrets = secrets
        self._passed = 0

    def restart(self) -> None:
        """Count actions from zero again."""
        self._passed = 0

    def refusal(self, action: Action) -> str | None:
        """Why the action may not go ahead; None when it may."""
        for decision in self._judgements(action):
            self.decisions.append(decision)
            if not decision.allowed:
                return f"{decision.subject}: {decision.rule}"
        self._passed += 1
        return None

    def _judgements(self, action: Action) -> list[Decision]:
        if isinstance(action, Done):
            return []
        kind, limit = action.kind, self._policy.max_actions
        found: list[Decision] = []
        if limit is not None:
            found.append(Decision(kind, self._passed < limit, f"max_actions is {limit}"))
        if isinstance(action, Type):
            found.extend(
                Decision(kind, False, f"the text holds the secret {name!r}: name it instead")
                for name, secret in self._secrets.items()
                if secret.reveal() in action.text
            )
        if isinstance(action, Navigate | NewTab) and action.url != "about:blank":
            found.append(self._policy.check_url(action.url, self._start_url))
        if isinstance(action, Upload):
            found.extend(self._policy.check_upload(path) for path in action.paths)
        if self._policy.dry_run:
            found.append(Decision(kind, False, "dry run: nothing is done"))
        return found


def settle(grab: Callable[[], Image.Image], pause: float, limit: float) -> tuple[bool, Image.Image]:
    """Wait until two frames `pause` seconds apart are equal, `limit` seconds at most."""
    deadline = time.monotonic() + limit
    time.sleep(pause)
    last = grab()
    while True:
        time.sleep(pause)
        frame = grab()
        if frame == last:
            return True, frame
        if time.monotonic() > deadline:
            return False, frame
        last = frame


def compared(before: Image.Image, after: Image.Image) -> dict[str, Any]:
    """The `StepResult` fields that two frames alone decide."""
    box = changed_box(before, after)
    return {
        "before": frame_hash(before),
        "after": frame_hash(after),
        "changed_box": box,
        "outcome": "changed" if box else "no change",
    }


def result(
    action: Action,
    started: float,
    secrets: Mapping[str, Secret],
    *,
    outcome: Outcome,
    error: str | None = None,
    **seen: Any,
) -> StepResult:
    """The record of a step that began at `started` (`time.perf_counter`), with no secret in it."""
    if isinstance(action, Type) and action.text:
        action = dataclasses.replace(action, text=redact(action.text, secrets))
    evidence: dict[str, Any] = {
        "dispatched": error is None,
        "settled": True,
        "before": "",
        "after": "",
        "changed_box": None,
    }
    return StepResult(
        action=action,
        outcome=outcome,
        seconds=time.perf_counter() - started,
        error=redact(error, secrets) if error else None,
        **(evidence | seen),
    )
