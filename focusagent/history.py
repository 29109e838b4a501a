"""All that happened in a run: steps, what was seen, done and proved; exact JSON both ways.

Nothing here holds a picture: a `Trace` gets those beside each step and may keep them as files,
whose names the step then carries.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from ._siblings import env
from .errors import UserError
from .planner.intents import Intent, Outcome, intent_from_json, intent_to_json
from .sights import Evidence as Evidence
from .sights import Place as Place
from .sights import Sight as Sight
from .sights import as_tuple, sight_from_json
from .sights import sight_of as sight_of

if TYPE_CHECKING:
    from PIL import Image

    from ._siblings import grounding

Reason = Literal["done", "gave up", "out of budget", "refused", "stopped"]
Status = Literal["verified", "unverified", "failed"]
Value = str | list[list[str]]  # what was read: a text, or the rows of a table
FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class Step:
    """One intent carried out: where it was seen, each action with its result, and the evidence.

    `url`, `title` and `size` are those of the screen before; `before` and `after` name screenshots
    ("" where none is kept). `decisions` are the approvals asked for. `at` is the time it began.
    """

    number: int
    intent: Intent
    text: str
    outcome: Outcome
    sights: tuple[Sight, ...] = ()
    results: tuple[env.StepResult, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    decisions: tuple[env.Decision, ...] = ()
    url: str = ""
    title: str = ""
    size: tuple[int, int] = (0, 0)
    before: str = ""
    after: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)
    at: float = 0.0

    @property
    def status(self) -> Status:
        """Verified if all of its evidence proves it; a step that acted needs some."""
        if not self.outcome.ok or any(proof.ok is False for proof in self.evidence):
            return "failed"
        if any(proof.ok is None for proof in self.evidence):
            return "unverified"
        return "verified" if self.evidence or not self.results else "unverified"

    def summary(self) -> str:
        """One line for a person."""
        why = f": {self.outcome.reason}" if self.outcome.reason else ""
        return f"{self.number}. {self.text} - {self.status}{why}"

    def to_json(self) -> dict[str, Any]:
        """The step as plain JSON values."""
        return {
            "number": self.number,
            "intent": intent_to_json(self.intent),
            "text": self.text,
            "outcome": dataclasses.asdict(self.outcome),
            "sights": [dataclasses.asdict(sight) for sight in self.sights],
            "results": [result_to_json(result) for result in self.results],
            "evidence": [dataclasses.asdict(proof) for proof in self.evidence],
            "decisions": [dataclasses.asdict(decision) for decision in self.decisions],
            "url": self.url,
            "title": self.title,
            "size": list(self.size),
            "before": self.before,
            "after": self.after,
            "seconds": dict(self.seconds),
            "at": self.at,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Step:
        """The step that `to_json` wrote."""
        values = dict(data)
        values["intent"] = intent_from_json(values["intent"])
        values["outcome"] = Outcome(**values["outcome"])
        values["sights"] = tuple(sight_from_json(sight) for sight in values["sights"])
        values["results"] = tuple(result_from_json(result) for result in values["results"])
        values["evidence"] = tuple(Evidence(**each) for each in values["evidence"])
        values["decisions"] = tuple(env.Decision(**each) for each in values["decisions"])
        values["size"] = tuple(values["size"])
        return cls(**values)


@dataclass(frozen=True)
class Usage:
    """What a run cost: looks of the grounder, calls of a planner's model, tokens of both."""

    groundings: int = 0
    visual_tokens: int = 0
    visual_tokens_kept: int = 0
    planner_calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True, kw_only=True)
class Run:
    """A task from start to end: why it ended, whether that is proved, and every step.

    `verified` is claimed only if it is done and every step that acts has evidence. `data` holds
    what was read, by name. `folder` is where its trace lies; `kept` are the pictures of the last
    steps where there is none.
    """

    instruction: str
    steps: tuple[Step, ...] = ()
    reason: Reason = "stopped"
    status: Status = "failed"
    message: str = ""
    data: Mapping[str, Value] = field(default_factory=dict)
    usage: Usage = Usage()
    seconds: float = 0.0
    at: float = 0.0
    url: str = ""
    folder: str | None = None
    kept: tuple[Media, ...] = field(default=(), compare=False, repr=False)

    def is_done(self) -> bool:
        """Whether everything was done that was asked for."""
        return self.reason == "done"

    def is_successful(self) -> bool | None:
        """Whether it is done and proved; None if it is not done."""
        return self.status == "verified" if self.is_done() else None

    def errors(self) -> list[str]:
        """Why steps failed, and why the run ended if it was not done."""
        found = [step.outcome.reason for step in self.steps if not step.outcome.ok]
        if not self.is_done() and self.message and self.message not in found:
            found.append(self.message)
        return [text for text in found if text]

    def final_result(self) -> str | None:
        """What the planner said at the end, else what was read last."""
        if self.is_done() and self.message:
            return self.message
        for step in reversed(self.steps):
            if step.intent.kind in ("read", "read_table") and step.outcome.ok:
                return step.outcome.value
        return None

    def urls(self) -> list[str]:
        """The addresses it went through, in order, each change once."""
        found: list[str] = []
        for url in (*(step.url for step in self.steps), self.url):
            if url and (not found or found[-1] != url):
                found.append(url)
        return found

    def screenshots(self) -> list[str]:
        """The files of its screenshots, in order."""
        root = Path(self.folder or ".")
        names = [name for step in self.steps for name in (step.before, step.after) if name]
        return [str(root / name) for name in dict.fromkeys(names)]

    def action_names(self) -> list[str]:
        """The kinds of all actions that were dispatched to the screen, in order."""
        return [result.action.kind for step in self.steps for result in step.results]

    def number_of_steps(self) -> int:
        """How many steps it took."""
        return len(self.steps)

    def total_duration_seconds(self) -> float:
        """How long it took."""
        return self.seconds

    def summary(self) -> str:
        """One line for a person."""
        why = f": {self.message}" if self.message else ""
        return f"{self.status} ({self.reason}) after {len(self.steps)} steps{why}"

    def to_json(self) -> dict[str, Any]:
        """The run as plain JSON values."""
        return {
            "format": FORMAT,
            **self.head(),
            "steps": [step.to_json() for step in self.steps],
        }

    def head(self) -> dict[str, Any]:
        """Everything but the steps, as plain JSON values."""
        return {
            "instruction": self.instruction,
            "reason": self.reason,
            "status": self.status,
            "message": self.message,
            "data": dict(self.data),
            "usage": dataclasses.asdict(self.usage),
            "seconds": self.seconds,
            "at": self.at,
            "url": self.url,
            "folder": self.folder,
        }

    @classmethod
    def from_json(cls, data: Any) -> Run:
        """The run that `to_json` wrote."""
        if not isinstance(data, Mapping) or data.get("format") != FORMAT:
            raise UserError(f"this is no run of format {FORMAT}: give the JSON that a run saved")
        values = {name: value for name, value in data.items() if name != "format"}
        try:
            values["steps"] = tuple(Step.from_json(step) for step in values["steps"])
            values["usage"] = Usage(**values["usage"])
            return cls(**values)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UserError(f"this run is damaged: {error}") from error

    def save(self, path: str | Path) -> Path:
        """Write the run as one JSON file."""
        target = Path(path)
        text = json.dumps(self.to_json(), ensure_ascii=False, indent=1)
        target.write_text(text + "\n", encoding="utf-8")
        return target

    @classmethod
    def load(cls, path: str | Path) -> Run:
        """Read what `save` wrote."""
        try:
            data = json.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise UserError(f"the run {path} cannot be read: {error}") from error
        return cls.from_json(data)

    def report(self, path: str | Path) -> Path:
        """Write the run as one HTML file, with the pictures its trace kept."""
        from .trace import write_report

        written: Path = write_report(self, Path(path))
        return written


@dataclass(frozen=True)
class Media:
    """What a step saw: the screen before and after, the full groundings (heat, tokens).

    `screens` are the screens that its sights were on, in order.
    """

    before: Image.Image
    after: Image.Image
    groundings: tuple[grounding.Grounding, ...] = ()
    screens: tuple[Image.Image, ...] = ()


class Trace(Protocol):
    """Keeps a run while it happens; an `OSError` of its own (a full disk) ends the run."""

    def on_start(self, run: Run) -> Run:
        """A run begins, without steps; return it with the `folder` it is kept in."""

    def on_step(self, step: Step, media: Media) -> Step:
        """A step is over; return it with the names of the screenshots that were kept."""

    def on_end(self, run: Run) -> None:
        """The run is over."""


def result_to_json(result: env.StepResult) -> dict[str, Any]:
    """What an action did, as plain JSON values."""
    data: dict[str, Any] = {
        each.name: getattr(result, each.name) for each in dataclasses.fields(result)
    }
    data["action"] = env.action_to_json(result.action)
    data["changed_box"] = result.changed_box and list(result.changed_box)
    return data


def result_from_json(data: Mapping[str, Any]) -> env.StepResult:
    """The result that `result_to_json` wrote."""
    values = dict(data)
    values["action"] = env.action_from_json(values["action"])
    values["changed_box"] = as_tuple(values["changed_box"])
    return env.StepResult(**values)
