"""MiniWoB++ tasks as an environment: small pages with an instruction, a seed and a reward.

The pages come from the PyPI package `miniwob`, whose Python code is never imported. They are
opened over file:// in our browser and shown without the instruction, for it is the agent that is
told what to do, not the picture. Only the task area is shown, enlarged.
"""

from __future__ import annotations

import dataclasses
import difflib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from PIL import Image

from .actions import (
    Action,
    Drag,
    Navigate,
    Scroll,
    action_from_json,
    action_to_json,
    points_of,
)
from .browser import BrowserEnvironment
from .errors import ActionError, EnvError, SetupError
from .policy import Policy
from .screen import require_inside, to_input, to_screen
from .types import Environment, Observation, PixelBox, StepResult

ONECLICK = (
    "buy-ticket", "click-button", "click-color", "click-dialog", "click-dialog-2", "click-link",
    "click-shape", "click-tab", "click-tab-2-easy", "click-tab-2-hard", "click-tab-2-medium",
    "click-test", "click-test-2", "click-test-transfer", "click-widget", "count-shape",
    "count-sides", "email-inbox-delete", "email-inbox-important", "focus-text", "focus-text-2",
    "grid-coordinate", "identify-shape", "unicode-test",
)  # fmt: skip
"""The tasks that one click solves, for every seed or at least for many."""

AREA = (160, 210)  # CSS pixels of the task, at the page's top left corner
VIEWPORT = (332, 214)  # what others use too: pop-ups then open where they do elsewhere
EPISODE_SECONDS = 3600  # the pages' own 10 s would punish slow models; see `reward`

_HIDDEN = (
    "#query { visibility: hidden !important }"
    "#reward-display, #click-canvas, #sync-task-cover { display: none !important }"
)
START = f"""
async seed => {{
  const until = ready => new Promise((resolve, reject) => {{
    const end = Date.now() + 10000;
    const look = () => {{
      if (ready()) resolve();
      else if (Date.now() > end) reject(new Error('the task did not become ready'));
      else setTimeout(look, 10);
    }};
    look();
  }});
  await until(() => document.readyState === 'complete' && window.core?.cover_div);
  const style = document.createElement('style');
  style.textContent = '{_HIDDEN}';
  document.head.append(style);
  Math.seedrandom(seed);
  core.EPISODE_MAX_TIME = {EPISODE_SECONDS * 1000};
  core.startEpisodeReal();
  await until(() => WOB_TASK_READY);
  const told = core.getUtterance();
  return told.utterance === undefined ? {{utterance: told, fields: {{}}}} : told;
}}
"""
"""JavaScript that begins an episode on a freshly loaded page and returns what the agent is told."""


def tasks() -> list[str]:
    """The names of all tasks of the installed `miniwob` package."""
    return sorted(page.stem for page in _pages().glob("*.html"))


def task_url(task: str) -> str:
    """The file:// address of a task's page."""
    names = tasks()
    if task not in names:
        close = difflib.get_close_matches(task, names, n=1)
        hint = f" (did you mean {close[0]!r}?)" if close else ""
        raise EnvError(f"MiniWoB++ has no task {task!r}{hint}")
    return (_pages() / f"{task}.html").as_uri()


def _pages() -> Path:
    spec = find_spec("miniwob")
    folders = (spec and spec.submodule_search_locations) or []
    for folder in folders:
        pages = Path(folder) / "html" / "miniwob"
        if pages.is_dir():
            return pages
    raise SetupError("MiniWoB++ is not installed: run `pip install 'focusagent[miniwob]'`")


class MiniwobEnvironment(Environment):
    """One MiniWoB++ task in a browser; the screenshot is its task area, `enlarge` times as large.

    `utterance` is the instruction, `fields` its variable parts, `reward` what the page paid (from
    -1 to 1, the same however long it took), `done` whether the episode is over. `browser` is
    the environment it runs in: for fixtures and oracles.
    """

    def __init__(
        self,
        task: str,
        *,
        seed: int = 0,
        device_scale: float = 1.0,
        enlarge: int = 2,
        headless: bool = True,
    ) -> None:
        """Open a browser and begin the episode of this task and seed."""
        if enlarge < 1:
            raise EnvError(f"enlarge must be 1 or more, not {enlarge}")
        self.task = task
        self.seed = seed
        self._scale = (float(enlarge), float(enlarge))
        self._size = (AREA[0] * enlarge, AREA[1] * enlarge)
        self._last: StepResult | None = None
        self.browser = BrowserEnvironment(
            task_url(task),
            policy=Policy(schemes=("file",)),
            headless=headless,
            viewport=VIEWPORT,
            device_scale=device_scale,
        )
        self._begin()

    @property
    def policy(self) -> Policy:
        """The policy it was opened with: local files only."""
        return self.browser.policy

    @property
    def reward(self) -> float:
        """What the page paid so far, without its deduction for time."""
        return float(self.browser.evaluate("() => WOB_RAW_REWARD_GLOBAL"))

    @property
    def done(self) -> bool:
        """Whether the episode is over."""
        return bool(self.browser.evaluate("() => WOB_DONE_GLOBAL"))

    def reset(self, *, seed: int | None = None, task: str | None = None) -> Observation:
        """Load the page anew and begin; another seed or task replaces the present one."""
        self.task = self.task if task is None else task
        self.seed = self.seed if seed is None else seed
        opened = self.browser.step(Navigate(task_url(self.task)))
        if opened.error is not None:
            raise EnvError(f"the page of {self.task} did not open: {opened.error}")
        self._begin()
        return self.observe()

    def observe(self) -> Observation:
        """Look at the task area, without the instruction."""
        seen = self.browser.observe()
        image = seen.image.crop((0, 0, *AREA)).resize(self._size, Image.Resampling.LANCZOS)
        return dataclasses.replace(
            seen,
            image=image,
            viewport=(float(AREA[0]), float(AREA[1])),
            scale=self._scale,
            last=self._last,
        )

    def step(self, action: Action) -> StepResult:
        """Act on the task; points are pixels of the enlarged picture."""
        try:
            inner = self._on_page(action)
        except ActionError as error:
            self._last = StepResult(
                action=action,
                outcome="failed",
                dispatched=False,
                settled=True,
                before="",
                after="",
                changed_box=None,
                seconds=0.0,
                error=str(error),
            )
            return self._last
        result = self.browser.step(inner)
        box = result.changed_box and self._on_picture(result.changed_box)
        self._last = dataclasses.replace(result, action=action, changed_box=box)
        return self._last

    def close(self) -> None:
        """Close the browser."""
        self.browser.close()

    def _begin(self) -> None:
        told: dict[str, Any] = self.browser.evaluate(START, self.seed)
        self.utterance: str = told["utterance"]
        self.fields: dict[str, Any] = dict(told["fields"])
        self._last = None

    def _on_page(self, action: Action) -> Action:
        """The same action in CSS pixels of the page."""
        points = points_of(action)
        for point in points:
            require_inside(point, self._size)
        if not points:
            return action
        pixels = [to_input(point, self._scale, (0.0, 0.0)) for point in points]
        changes = dict(zip(("x", "y"), pixels[0], strict=True))
        if isinstance(action, Drag):
            changes |= dict(zip(("to_x", "to_y"), pixels[1], strict=True))
        if isinstance(action, Scroll):
            wheel = to_input((action.dx, action.dy), self._scale, (0.0, 0.0))
            changes |= dict(zip(("dx", "dy"), wheel, strict=True))
        return action_from_json(action_to_json(action) | changes)

    def _on_picture(self, box: PixelBox) -> PixelBox | None:
        """What lies inside the task area of a box on the page, in pixels of the picture."""
        left, top, right, bottom = box[0], box[1], min(box[2], AREA[0]), min(box[3], AREA[1])
        if left >= right or top >= bottom:
            return None
        x1, y1 = to_screen((left, top), self._scale, (0.0, 0.0))
        x2, y2 = to_screen((right, bottom), self._scale, (0.0, 0.0))
        return round(x1), round(y1), round(x2), round(y2)
