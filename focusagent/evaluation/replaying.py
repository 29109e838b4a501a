"""How many recorded flows replay without a model, and how many heal after a redesign.

A flow is recorded from an agent's run in which the oracle's script says where things are: what is
measured is the replay, not how well the recording run could see. A flow without a script is
recorded from the agent's own run.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._siblings import env, grounding
from ..agent import Agent, Request
from ..errors import FocusagentError
from ..flows import Flow, Script, state_is_right
from ..flows.script import REACH
from ..history import Run
from ..replay import healed, heals, load, proved, record, replay, save, save_steps
from .flows import Kept, each_flow, key_of, opened
from .limits import FLOW_SECONDS

# Which verb of a script a question to the grounder is about, by how the question begins.
ASKED = {
    "click into ": ("type",), "double-click ": ("double_click",), "right-click ": ("right_click",),
    "hover over ": ("hover",), "edit ": ("select",), "tick ": ("click",), "untick ": ("click",),
    "drag ": ("drag",), "find ": ("read", "drag"), "click ": ("click", "upload", "drag"),
}  # fmt: skip
# The box of `a >> b` if its middle is on the screen.
_WHERE = (
    REACH
    + """  if (x < 1 || y < 1 || x > innerWidth - 1 || y > innerHeight - 1) return null;
  return [dx + box.left, dy + box.top, dx + box.right, dy + box.bottom];
}"""
)


@dataclass(frozen=True, kw_only=True)
class ReplayResult(Kept):
    """One flow: was it recorded, replayed right without a model, and right after the redesign?

    `groundings` are those of the unchanged replay. `again` tells whether the healed flow replays
    on the redesign without a model.
    """

    recorded: bool
    replayed: bool
    groundings: int
    status: str
    healed: bool
    again: bool
    changed: int
    false_success: int
    message: str


class ScriptEyes:
    """Answers a grounder's questions from a flow's script: the next place of that verb."""

    def __init__(
        self, browser: env.BrowserEnvironment, script: Script, values: Mapping[str, str]
    ) -> None:
        self._browser, self._values = browser, values
        self._left = list(script)
        self._places: dict[str, str] = {}

    def ground(self, image: Any, instruction: str) -> grounding.Grounding:
        """Where the script's place is now."""
        place = self._places.get(instruction) or self._next(instruction)
        box = place and self._browser.evaluate(_WHERE, place)
        if not box:
            return grounding.Grounding(instruction, None, None, 0.0)
        self._places[instruction] = place or ""
        width, height = image.size
        x1, y1, x2, y2 = max(box[0], 0), max(box[1], 0), min(box[2], width), min(box[3], height)
        where = grounding.Box.from_pixels(x1, y1, x2, y2, image.size)
        return grounding.Grounding(instruction, where.center, where, 1.0)

    def _next(self, instruction: str) -> str | None:
        verbs = next((verbs for start, verbs in ASKED.items() if instruction.startswith(start)), ())
        known = set(self._places.values())
        for step in self._left:
            if step.verb not in verbs:
                continue
            dropped = step.verb == "drag" and instruction.startswith("find ")
            at_second = step.verb in ("type", "select", "upload") or dropped
            place = (step.other if at_second else step.value) or ""
            for name, value in self._values.items():
                place = place.replace(f"{{{name}}}", value)
            if place and place not in known:
                return place
        return None


def evaluate_replays(
    flows: Sequence[Flow],
    *,
    model: str = "default",
    design: str | None = None,
    out: Path | None = None,
    flow_timeout: float = FLOW_SECONDS,
    on_done: Callable[[ReplayResult], None] = lambda _: None,
) -> list[ReplayResult]:
    """Record every flow, replay it, and with a `design` heal it there; kept and resumed.

    Each of these ends after `flow_timeout` seconds.
    """

    def one(flow: Flow, address: str, key: str) -> ReplayResult:
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            root = out / "recordings" if out else Path(folder)
            file = root / f"{flow.slug}.yaml"
            found = _Attempt(flow, address, model, file, flow_timeout).all(design)
        return ReplayResult(
            name=flow.name, seconds=round(time.monotonic() - began, 3), key=key, **found
        )

    def keys(flow: Flow) -> str:
        return key_of(flow, model, design)

    return each_flow(flows, one, keys, ReplayResult, out and out / "replays.jsonl", on_done)


def summarize_replays(results: Sequence[ReplayResult]) -> dict[str, int | float]:
    """The counts that `eval flows --replay` prints."""
    return {
        "n": len(results),
        "recorded": sum(result.recorded for result in results),
        "replayed": sum(result.replayed for result in results),
        "groundings": sum(result.groundings for result in results),
        "verified": sum(result.status == "verified" for result in results),
        "healed": sum(result.healed for result in results),
        "again": sum(result.again for result in results),
        "false_success": sum(result.false_success for result in results),
        "seconds": round(sum(result.seconds for result in results), 1),
    }


@dataclass(frozen=True)
class _Attempt:
    """One flow, in up to four fresh browsers."""

    flow: Flow
    address: str
    model: str
    file: Path
    limit: float

    def all(self, design: str | None) -> dict[str, Any]:
        """Record, replay, replay on the redesign and heal, replay what was healed."""
        found: dict[str, Any] = {
            "recorded": False, "replayed": False, "groundings": 0, "status": "", "healed": False,
            "again": False, "changed": 0, "false_success": 0, "message": "",
        }  # fmt: skip
        if self.flow.broken:
            return found | {"message": self.flow.broken}
        try:
            run, right, wrong = self._in_browser(self._record, None)
            found["message"] = f"recording: {run.summary()} {wrong}".strip()
            if not (run.is_done() and right):
                return found
            save(record(run, name=self.flow.name, params=self.flow.values), self.file)
            found["recorded"] = True
            run, right, wrong = self._in_browser(self._replay, None)
            found["message"] = f"{run.summary()} {wrong}".strip()
            found["groundings"], found["status"] = run.usage.groundings, run.status
            found["replayed"] = right and run.is_done() and not run.usage.groundings
            found["false_success"] += bool(run.is_successful()) and not right
            if design is not None:
                self._redesigned(design, found)
        except (FocusagentError, env.EnvError, grounding.errors.GroundingError) as error:
            found["message"] = str(error)
        except Exception as error:  # noqa: BLE001 - a crash in one flow must not lose the others
            found["message"] = f"{type(error).__name__}: {error}"
        return found

    def _redesigned(self, design: str, found: dict[str, Any]) -> None:
        run, right, wrong = self._in_browser(self._replay, design)
        found["message"] += f" | {design}: {run.summary()} {wrong}".rstrip()
        found["healed"] = right and run.is_done()
        found["false_success"] += bool(run.is_successful()) and not right
        recording = load(self.file)
        changes = proved(run, heals(recording, run, [*self.flow.values.values()]))
        found["changed"] = len(changes)
        if not found["healed"]:
            return
        save_steps(healed(recording, changes), self.file, {each.place for each in changes})
        run, right, _ = self._in_browser(self._replay, design)
        found["again"] = right and run.is_done() and not run.usage.groundings

    def _in_browser(
        self, perform: Callable[[env.BrowserEnvironment], Run], design: str | None
    ) -> tuple[Run, bool, str]:
        with opened(self.flow, self.address, design, self.limit) as browser:
            run = perform(browser)
            return run, *state_is_right(browser, self.flow, run.data)

    def _record(self, browser: env.BrowserEnvironment) -> Run:
        flow, eyes = self.flow, self._eyes(browser)
        agent = Agent(browser, grounder=eyes, params=flow.values, approve=_allowed)
        return agent.run(flow.instruction)

    def _eyes(self, browser: env.BrowserEnvironment) -> Any:
        if self.flow.script is None:
            return self.model
        return ScriptEyes(browser, self.flow.script, self.flow.values)

    def _replay(self, browser: env.BrowserEnvironment) -> Run:
        return replay(browser, load(self.file), grounder=self.model, approve=_allowed)


def _allowed(request: Request) -> bool:
    """Whoever wrote the flow wants what it says; between two candidates nobody chooses."""
    return request.kind != "ambiguous"
