"""What carries a step out: the screen as it is now, what was seen and done, and the clock."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from PIL import Image

from .._siblings import env
from ..history import Evidence, Media, Sight, Step, sight_of
from ..planner.intents import Intent, Outcome
from .approval import Approver, Audit
from .errors import DryRun, Ended, Failed
from .eyes import Eyes, Seen
from .memory import Memory
from .pixels import same

if TYPE_CHECKING:
    from grounding.types import Grounding  # noqa: TID251 - a type only

    from .locate import Spot

T = TypeVar("T")
PAUSE = 0.15  # seconds between looks while waiting for the screen to change


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How patient an agent is, in seconds and tries."""

    step_timeout: float = 10.0  # waits and checks without a time of their own
    patience: float = 2.5  # for the screen to show what an action did, or a target to appear
    tries: int = 3  # looks at a target that moves while it is aimed at
    margin: float = 0.03  # a candidate whose score is less by this share may be meant as well
    scrolls: int = 8  # screens to scroll in search of a target


@dataclass
class Draft:
    """A step while it happens."""

    before: env.Observation
    began: float = field(default_factory=time.perf_counter)
    at: float = field(default_factory=time.time)
    sights: list[Sight] = field(default_factory=list)
    screens: list[Image.Image] = field(default_factory=list)  # that each sight was on
    groundings: list[Grounding] = field(default_factory=list)
    results: list[env.StepResult] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


class Desk:
    """The screen in front of the agent, its eyes, and what it may do; steps happen here."""

    def __init__(
        self,
        environment: env.Environment,
        eyes: Eyes,
        approver: Approver,
        audit: Audit,
        settings: Settings,
    ) -> None:
        self.env, self.eyes, self.settings = environment, eyes, settings
        self.approver, self.audit = approver, audit
        self.stopping = threading.Event()
        self.values: dict[str, str] = {}
        self.secrets: frozenset[str] = frozenset()
        self.said = ""  # the words of the person who wants it done
        self.downloads = 0  # that had arrived when the task began
        self.given: Spot | None = None  # found before: the target of these words is there
        self.memory: Memory | None = None  # of an earlier run
        self.pointed: Spot | None = None  # what was acted on last; the pointer is there
        self.away = False  # unless it was moved away since
        self.draft: Draft
        self._screen: env.Observation | None = None
        self._last = Image.new("RGB", (1, 1))

    @property
    def screen(self) -> env.Observation:
        """The screen as it was last looked at; after an action it is looked at anew."""
        return self._screen or self.look()

    @property
    def seen(self) -> Seen:
        """The reading of that screen."""
        return self.eyes.see(self.screen.image)

    def look(self) -> env.Observation:
        """Look at the screen again."""
        if self.stopping.is_set():
            raise Ended("stopped", "stop() was called")
        with self.timed("observe"):
            seen = self.env.observe()
        if same(seen.image, self._last):  # from here on, equal pictures are the same one
            seen = dataclasses.replace(seen, image=self._last)
        self._screen, self._last = seen, seen.image
        return seen

    def begin(self) -> Draft:
        """A new step; it starts from the screen as it is known."""
        before = self.screen
        self.draft = Draft(before)
        if self.memory is not None:
            self.memory.next_step()
        self.audit.taken = []
        return self.draft

    def finish(self, number: int, intent: Intent, text: str, outcome: Outcome) -> Step:
        """The step as it will be remembered."""
        draft, before = self.draft, self.draft.before
        if self._screen is None:
            with contextlib.suppress(env.EnvError, Ended):  # it is gone: the outcome says so
                self.look()
        if self.memory is not None and outcome.ok:
            draft.evidence.extend(self.memory.wanting(intent, draft.evidence))
        draft.seconds["read"], self.eyes.clock[0] = self.eyes.clock[0], 0.0
        draft.seconds["total"] = time.perf_counter() - draft.began
        return Step(
            number=number,
            intent=intent,
            text=text,
            outcome=outcome,
            sights=tuple(draft.sights),
            results=tuple(draft.results),
            evidence=tuple(draft.evidence),
            decisions=tuple(self.audit.taken),
            url=before.url,
            title=before.title,
            size=before.image.size,
            seconds={name: round(spent, 6) for name, spent in draft.seconds.items()},
            at=draft.at,
        )

    def media(self) -> Media:
        """The pictures of the step that is being finished."""
        after = self._screen or self.draft.before
        draft = self.draft
        return Media(draft.before.image, after.image, tuple(draft.groundings), tuple(draft.screens))

    @property
    def url(self) -> str:
        """The address as it was last seen; looks at nothing."""
        return self._screen.url if self._screen else ""

    def take_given(self, words: str) -> Spot | None:
        """What was found before for these very words; it is used once."""
        if self.given is None or self.given.words != words:
            return None
        given, self.given = self.given, None
        return given

    def saw(self, sight: Sight) -> None:
        """Keep a look at the present screen."""
        self.draft.sights.append(sight)
        self.draft.screens.append(self.screen.image)

    def recall(self, words: str, note: str = "") -> Grounding | None:
        """What is remembered about the words on the present screen; None if nothing is."""
        if self.memory is None:
            return None
        image = self.screen.image
        with self.timed("recall"):
            found = self.memory.recall(words, image)
        if found is not None:
            self.saw(dataclasses.replace(sight_of(found, note=note), by="recorded"))
        return found

    def ground(self, words: str, note: str = "", *, anew: bool = False) -> Grounding:
        """Where the words point on the present screen: remembered (not if `anew`), or grounded."""
        if not anew and (known := self.recall(words, note)) is not None:
            return known
        seen = self.seen
        with self.timed("ground"):
            found = seen.ground(words)
        self.draft.groundings.append(found)
        self.saw(sight_of(found, note=note))
        return found

    def act(self, action: env.Action) -> env.StepResult:
        """Do it; what the environment refuses or fails to do ends the step or the run."""
        if self.stopping.is_set():
            raise Ended("stopped", "stop() was called")
        with self.timed("act"):
            result = self.env.step(action)
        self.draft.results.append(result)
        error = result.error or "it did not say why"
        if result.outcome == "blocked":
            if self.env.policy.dry_run:
                raise DryRun(error)
            if "max_actions" in error:
                raise Ended("out of budget", error)
            raise Ended("stopped" if "fail-safe" in error else "refused", error)
        self._screen = None
        if result.outcome == "failed":
            raise Failed(error)
        return result

    def wait_until(self, holds: Callable[[], T], seconds: float) -> T:
        """Ask again whenever the screen has changed, until the answer is true or time is up."""
        deadline = time.monotonic() + seconds
        answer = holds()
        while not answer and time.monotonic() < deadline:
            before = self.screen
            if self.stopping.wait(PAUSE):
                raise Ended("stopped", "stop() was called")
            after = self.look()
            if differs(before, after):
                answer = holds()
        return answer

    def prove(self, what: str, ok: bool | None, detail: str = "") -> None:
        """Keep a piece of evidence."""
        self.draft.evidence.append(Evidence(what, ok, detail))

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Count the time of a block to a stage of the step."""
        started = time.perf_counter()
        try:
            yield
        finally:
            if draft := getattr(self, "draft", None):
                spent = draft.seconds.get(stage, 0.0) + time.perf_counter() - started
                draft.seconds[stage] = spent


def differs(one: env.Observation, two: env.Observation) -> bool:
    """Whether anything a condition could ask about is different."""
    if (one.url, one.title, one.tabs, one.downloads, one.dialogs) != (
        two.url, two.title, two.tabs, two.downloads, two.dialogs,
    ):  # fmt: skip
        return True
    return one.image is not two.image


def cleaned(value: T, clean: Callable[[str], str]) -> T:
    """A step or run with every string in it cleaned, whatever it stands in."""
    made: Any = value
    if isinstance(value, str):
        made = clean(value)
    elif isinstance(value, tuple | list):
        made = type(value)(cleaned(item, clean) for item in value)
    elif isinstance(value, Mapping):
        made = {name: cleaned(item, clean) for name, item in value.items()}
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}
        changed = {name: cleaned(item, clean) for name, item in fields.items()}
        if any(changed[name] is not fields[name] for name in fields):
            made = dataclasses.replace(value, **changed)
    result: T = made
    return result
