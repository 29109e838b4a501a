"""The desktop as an environment: any program, seen as pixels, driven by mouse and keyboard."""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Iterator, Mapping
from typing import Any

from PIL import Image

from . import stepping
from .actions import Action, Done, Type, Wait, points_of
from .desktop_input import DesktopInput, Keyboard
from .desktop_masking import SecretPixels
from .desktop_screen import Frame, Region, grab, require_on_screen
from .desktop_setup import connection_lost, load_pyautogui, open_display, uses_x11
from .errors import ActionError, ClosedError, EnvError, SetupError
from .policy import Decision, Policy
from .screen import require_inside, stirred
from .secrets import DESKTOP, KeepsSecrets, Secret
from .types import Environment, Observation, StepResult

STOPPED = (
    "the pointer is in a corner of the screen, which stops everything (fail-safe): move it away, "
    "or open the environment with failsafe=False"
)


MANAGER_SECONDS = 10.0  # how long a window manager may be behind
DRAIN_PAUSE = 0.25  # between equal frames before keys of the layout change their meaning
SECRET_PAUSE = 0.3  # between equal frames after a secret: drawn late, it would escape its mask
SECRET_SECONDS = 2.0  # how long its first pixel may take
REACTION_SECONDS = 0.3  # the same for any other action: only then is it "no change"


class DesktopEnvironment(KeepsSecrets, Environment):
    """The screen of this machine, or a `region` of it: left, top, width, height.

    `settle` is the pause between the frames that must be equal and the longest wait, in seconds.
    """

    def __init__(
        self,
        *,
        region: Region | None = None,
        policy: Policy | None = None,
        secrets: Mapping[str, Secret] | None = None,
        failsafe: bool = True,
        pause: float = 0.0,
        settle: tuple[float, float] = (0.05, 2.0),
    ) -> None:
        self._region = region
        self._policy = policy or Policy()
        self._secrets = dict(secrets or {})
        self._settle = settle
        self._gate = stepping.Gate(self._policy, self._secrets)
        self._pixels = SecretPixels()
        self._last: StepResult | None = None
        self._observed: Image.Image | None = None
        self._closed = False
        self._leave = contextlib.ExitStack()
        self._display: Any = open_display() if uses_x11() else None
        try:
            if self._display is not None:
                self._leave.callback(self._display.close)
            self._gui = load_pyautogui()
            self._keyboard = self._open_keyboard()
            self._leave.callback(self._keyboard.restore)
            self._input = DesktopInput(
                self._gui, self._keyboard, self._display, failsafe=failsafe, pause=pause
            )
            self._look_first()
        except BaseException:
            self.close()
            raise

    @property
    def policy(self) -> Policy:
        """The policy it was opened with."""
        return self._policy

    @property
    def decisions(self) -> list[Decision]:
        """Every decision the policy has taken so far."""
        return list(self._gate.decisions)

    def reset(self) -> Observation:
        """Forget the last step and the actions counted; a desktop has no start to return to."""
        self._last = None
        self._gate.restart()
        return self.observe()

    def observe(self) -> Observation:
        """Look, once the screen holds still; typed secrets are painted over."""
        with self._alive():
            stepping.settle(self._image, *self._settle)
            frame = self._frame()
        self._observed = frame.image
        return Observation(
            image=self._pixels.masked(frame.image),
            viewport=(frame.image.width / frame.scale[0], frame.image.height / frame.scale[1]),
            scale=frame.scale,
            origin=frame.origin,
            last=self._last,
        )

    def step(self, action: Action) -> StepResult:
        """Act, wait until the screen holds still, and say what happened."""
        started = time.perf_counter()
        with self._alive():
            self._last = self._step(action, started)
        return self._last

    def close(self) -> None:
        """Give the keyboard layout back and leave the display; calling it twice is fine."""
        if self._closed:
            return
        self._closed = True
        try:
            self._leave.close()
        except Exception:
            if not self._gone():
                raise

    def _open_keyboard(self) -> Keyboard:
        if self._display is not None:
            from .x11_typing import X11Keyboard

            return X11Keyboard(self._display, self._drain)
        import pyperclip

        from .native_typing import NativeKeyboard

        return NativeKeyboard(self._gui, pyperclip, time.sleep)

    def _drain(self) -> None:
        """Wait until programs have read what was typed, as far as the screen tells."""
        pause, limit = self._settle
        self._keyboard.caught_up(MANAGER_SECONDS)
        stepping.settle(self._image, max(pause, DRAIN_PAUSE), limit)

    def _look_first(self) -> None:
        """Prove that the screen can be seen, and that the region is on it."""
        try:
            whole = self._whole()
        except EnvError as error:
            raise SetupError(f"no screenshot can be taken: {error}") from error
        if self._region is not None:
            require_on_screen(self._region, whole)

    @contextlib.contextmanager
    def _alive(self) -> Iterator[None]:
        """The whole display going away is the one thing that ends the environment."""
        if self._closed:
            raise ClosedError("this environment was closed: open a new one")
        try:
            yield
        except Exception as error:
            if self._gone():
                raise ClosedError("the X server is gone: open a new environment") from error
            raise

    def _gone(self) -> bool:
        return self._display is not None and connection_lost(self._display)

    def _whole(self) -> Frame:
        return grab(self._gui, self._display and self._display.get_display_name())

    def _frame(self) -> Frame:
        whole = self._whole()
        return whole.crop(self._region) if self._region else whole

    def _image(self) -> Image.Image:
        return self._frame().image

    def _step(self, action: Action, started: float) -> StepResult:
        record = functools.partial(stepping.result, action, started, self._secrets)
        if refusal := self._gate.refusal(action):
            return record(outcome="blocked", error=refusal)
        if isinstance(action, Done):
            return record(outcome="no change", dispatched=False)
        try:
            return self._act(action, record)
        except EnvError as error:
            if self._gone():
                raise
            return record(outcome="failed", error=str(error))

    def _act(self, action: Action, record: functools.partial[StepResult]) -> StepResult:
        whole = self._whole()
        frame = whole.crop(self._region) if self._region else whole
        for point in points_of(action):
            require_inside(point, frame.image.size)
        text = self._text(action)
        error: str | None = None
        sent = False
        try:
            if isinstance(action, Wait):
                time.sleep(action.seconds)
            else:
                with self._input.ready(whole.bounds):
                    sent = True
                    self._input.perform(action, text, frame, whole.bounds)
        except self._input.stop_error:
            error = STOPPED
        finally:
            settled, after = self._settle_after(action, frame.image)
        seen = stepping.compared(frame.image, after) | {"settled": settled}
        if self._observed is not None:
            seen["stirred"] = stirred(self._observed, frame.image, points_of(action))
        if error:
            seen |= {"outcome": "blocked", "dispatched": sent, "error": error}
        return record(**seen)

    def _settle_after(self, action: Action, before: Image.Image) -> tuple[bool, Image.Image]:
        """The screen at rest again, once it had the time to react: rest alone proves nothing."""
        pause, limit = self._settle
        caught_up = self._keyboard.caught_up(MANAGER_SECONDS)
        secret = isinstance(action, Type) and action.secret is not None
        deadline = time.monotonic() + (SECRET_SECONDS if secret else REACTION_SECONDS)
        while self._image() == before and time.monotonic() < deadline:
            time.sleep(pause)
        settled, after = stepping.settle(
            self._image, max(pause, SECRET_PAUSE) if secret else pause, limit
        )
        if secret:
            self._pixels.remember(before, after)
        return settled and caught_up, after

    def _text(self, action: Action) -> str:
        """What is to be typed, a secret's value included if it may be typed on a desktop."""
        if not isinstance(action, Type):
            return ""
        if action.secret is None:
            return action.text
        if action.secret not in self._secrets:
            known = ", ".join(sorted(self._secrets)) or "none"
            raise ActionError(f"there is no secret {action.secret!r}; known are: {known}")
        secret = self._secrets[action.secret]
        allowed = secret.allowed_on(DESKTOP)
        subject = f"secret {action.secret} on {DESKTOP}"
        self._gate.decisions.append(Decision(subject, allowed, "Secret.domains"))
        if not allowed:
            raise ActionError(
                f"the secret {action.secret!r} may not be typed on a desktop: "
                f'its domains do not name "{DESKTOP}"'
            )
        return secret.reveal()
