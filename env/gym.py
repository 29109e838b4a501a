"""Any environment behind Gymnasium's interface: `gymnasium.make("focusagent/Browser-v0", url=...)`.

Importing this module registers that name; `gymnasium.make("env.gym:focusagent/Browser-v0", ...)`
does it by itself. Observations have the keys that BrowserGym uses, actions are our JSON.
"""

from __future__ import annotations

import inspect
import json
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from .actions import Action, Click, Done, Scroll, action_from_json, action_to_json, points_of
from .browser import BrowserEnvironment
from .errors import ActionError, SetupError
from .screen import require_inside
from .types import Environment, Observation, StepResult

try:
    import gymnasium
    from gymnasium import spaces
except ImportError as missing:
    raise SetupError("Gymnasium is not installed: run `pip install 'focusagent[gym]'`") from missing

ENV_ID = "focusagent/Browser-v0"

ActionLike: TypeAlias = Action | Mapping[str, Any] | str
Score: TypeAlias = Callable[[Any, Observation], tuple[float, bool]]
"""From the environment and what it shows now: the reward, and whether the task is over."""


class AnyText(spaces.Space[str]):
    """Every string."""

    def sample(self, mask: Any | None = None, probability: Any | None = None) -> str:
        """An empty string: no text is more typical of a page than another."""
        return ""

    def contains(self, x: Any) -> bool:
        """Whether it is a string."""
        return isinstance(x, str)


class ActionSpace(spaces.Space[Any]):
    """Our actions on a screen of this size, as objects, JSON objects or JSON text."""

    def __init__(self, width: int, height: int) -> None:
        super().__init__()
        self.size = (width, height)

    def parse(self, action: ActionLike) -> Action:
        """The action itself, or `ActionError`."""
        if isinstance(action, str):
            try:
                action = json.loads(action)
            except ValueError as error:
                raise ActionError(f"the action is not valid JSON: {error}") from error
        parsed = action if isinstance(action, Action) else action_from_json(action)
        for point in points_of(parsed):
            require_inside(point, self.size)
        return parsed

    def sample(self, mask: Any | None = None, probability: Any | None = None) -> str:
        """A click or a turn of the wheel somewhere, as JSON text."""
        x, y = (float(self.np_random.integers(side)) for side in self.size)
        action: Action = Click(x, y)
        if self.np_random.random() < 0.2:
            action = Scroll(x, y, dy=float(self.np_random.integers(-300, 301)))
        return json.dumps(action_to_json(action))

    def contains(self, x: Any) -> bool:
        """Whether it can be parsed."""
        try:
            self.parse(x)
        except ActionError:
            return False
        return True


class GymEnvironment(gymnasium.Env[dict[str, Any], Any]):
    """One of our environments as a Gymnasium one; closing it closes the inner one.

    A wrong action never raises: it comes back as `last_action_error`. `info` holds our own
    `observation` and `result`. Without `score` rewards are 0 and only `Done` ends an episode.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 1}

    def __init__(
        self,
        environment: Environment,
        *,
        goal: str = "",
        score: Score | None = None,
        render_mode: str | None = None,
    ) -> None:
        """Wrap `environment`; `goal` is shown to whoever acts, `score` judges each step."""
        self.environment = environment
        self.goal = goal
        self.render_mode = render_mode
        self._score = score
        self._takes_seed = "seed" in inspect.signature(environment.reset).parameters
        self._seen = environment.observe()
        self._started = time.monotonic()
        width, height = self._seen.image.size
        self._actions = ActionSpace(width, height)
        self.action_space = self._actions
        self.observation_space = spaces.Dict(
            {
                "goal": AnyText(),
                "screenshot": spaces.Box(0, 255, (height, width, 3), np.uint8),
                "url": AnyText(),
                "open_pages_urls": spaces.Sequence(AnyText()),
                "open_pages_titles": spaces.Sequence(AnyText()),
                "active_page_index": spaces.Box(0, 255, (1,), np.int64),
                "last_action_error": AnyText(),
                "elapsed_time": spaces.Box(0, 1e9, (1,), np.float64),
            }
        )

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return to the start; the seed also reaches environments that take one."""
        super().reset(seed=seed)
        inner: Any = self.environment
        self._seen = inner.reset(seed=seed) if self._takes_seed else inner.reset()
        self._started = time.monotonic()
        return self._observation(error="", elapsed=0.0), self._info(None)

    def step(self, action: ActionLike) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """Act, look and judge; time limits are `gymnasium.make(..., max_episode_steps=...)`."""
        result: StepResult | None = None
        finished = False
        try:
            parsed = self._actions.parse(action)
            result = self.environment.step(parsed)
            error = result.error or ""
            finished = isinstance(parsed, Done)
        except ActionError as problem:
            error = str(problem)
        self._seen = self.environment.observe()
        reward, over = self._score(self.environment, self._seen) if self._score else (0.0, False)
        seen = self._observation(error, time.monotonic() - self._started)
        return seen, float(reward), over or finished, False, self._info(result)

    def render(self) -> npt.NDArray[np.uint8] | None:
        """The last screenshot, in render mode `rgb_array`."""
        return self._pixels() if self.render_mode == "rgb_array" else None

    def close(self) -> None:
        """Close the inner environment; calling it twice is fine."""
        self.environment.close()

    def _observation(self, error: str, elapsed: float) -> dict[str, Any]:
        tabs = self._seen.tabs
        active = next((index for index, tab in enumerate(tabs) if tab.active), 0)
        return {
            "goal": self.goal,
            "screenshot": self._pixels(),
            "url": self._seen.url,
            "open_pages_urls": tuple(tab.url for tab in tabs),
            "open_pages_titles": tuple(tab.title for tab in tabs),
            "active_page_index": np.array([active], np.int64),
            "last_action_error": error,
            "elapsed_time": np.array([elapsed], np.float64),
        }

    def _info(self, result: StepResult | None) -> dict[str, Any]:
        return {"observation": self._seen, "result": result}

    def _pixels(self) -> npt.NDArray[np.uint8]:
        return np.array(self._seen.image.convert("RGB"), np.uint8)


def open_browser(
    url: str,
    *,
    goal: str = "",
    score: Score | None = None,
    render_mode: str | None = None,
    **options: Any,
) -> GymEnvironment:
    """What `gymnasium.make` calls; `options` are those of `BrowserEnvironment`."""
    browser = BrowserEnvironment(url, **options)
    try:
        return GymEnvironment(browser, goal=goal, score=score, render_mode=render_mode)
    except BaseException:
        browser.close()
        raise


if ENV_ID not in gymnasium.registry:
    gymnasium.register(ENV_ID, entry_point=f"{__name__}:open_browser", nondeterministic=True)
