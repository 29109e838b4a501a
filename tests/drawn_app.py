"""A small application that is only pixels, for agents: drawn with PIL, driven by actions.

It is a real `Environment`; its grounder knows where each control is by the words on it.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from PIL import Image, ImageDraw, ImageFont

import env
from env import stepping
from env.screen import changed_box, frame_hash
from env.secrets import KeepsSecrets
from env.types import Environment
from grounding import Box, Candidate, Grounding

SIZE = (480, 320)
_FONT = next(
    path
    for path in (
        Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"),
        Path(ImageFont.__file__).parent / "DejaVuSans.ttf",
        Path("DejaVuSans.ttf"),
    )
    if path.exists() or path.name == str(path)
)


def font(size: int = 15) -> Any:
    try:
        return ImageFont.truetype(str(_FONT), size)
    except OSError:
        return ImageFont.load_default(size)


@dataclasses.dataclass
class Control:
    """A button, field, box or plain text at a place; `on_click` is what a click does."""

    kind: str
    name: str
    x: int
    y: int
    on_click: Callable[[], None] | None = None
    value: str = ""
    on: bool = False
    width: int = 160
    secret: bool = False

    @property
    def box(self) -> tuple[int, int, int, int]:
        side = 18 if self.kind == "checkbox" else 30
        width = 18 if self.kind == "checkbox" else self.width
        return self.x, self.y, self.x + width, self.y + side


class DrawnApp(KeepsSecrets, Environment):
    """Controls on a page; `on_look` runs before each look and may move things."""

    def __init__(
        self,
        *controls: Control,
        policy: env.Policy | None = None,
        secrets: dict[str, env.Secret] | None = None,
        height: int = SIZE[1],
    ) -> None:
        self.controls = list(controls)
        self.messages: list[str] = []
        self.done: list[str] = []
        self.on_look: Callable[[], None] = lambda: None
        self.looks = 0
        self._policy = policy or env.Policy()
        self._secrets = dict(secrets or {})
        self._gate = stepping.Gate(self._policy, self._secrets)
        self._focus: Control | None = None
        self._all = False
        self._offset = 0
        self._height = height
        self.url = "http://app.test/"

    @property
    def policy(self) -> env.Policy:
        return self._policy

    @property
    def decisions(self) -> list[env.Decision]:
        return list(self._gate.decisions)

    def named(self, name: str) -> Control:
        return next(each for each in self.controls if each.name == name)

    def reset(self) -> env.Observation:
        return self.observe()

    def observe(self) -> env.Observation:
        self.looks += 1
        self.on_look()
        return env.Observation(
            image=self.draw(masked=True), viewport=SIZE, scale=(1.0, 1.0), url=self.url, title="App"
        )

    def step(self, action: env.Action) -> env.StepResult:
        before = self.draw()
        if refusal := self._gate.refusal(action):
            return self._result(action, before, "blocked", refusal)
        try:
            self._do(action)
        except env.ActionError as error:
            return self._result(action, before, "failed", str(error))
        after = self.draw()
        return self._result(
            action, before, "changed" if changed_box(before, after) else "no change"
        )

    def close(self) -> None:
        return None

    def _result(
        self, action: env.Action, before: Image.Image, outcome: Any, error: str | None = None
    ) -> env.StepResult:
        after = self.draw()
        return env.StepResult(
            action=action,
            outcome=outcome,
            dispatched=error is None,
            settled=True,
            before=frame_hash(before),
            after=frame_hash(after),
            changed_box=changed_box(before, after),
            seconds=0.0,
            error=error,
        )

    def _do(self, action: env.Action) -> None:
        match action:
            case env.Click(x, y):
                self._click(x, y + self._offset)
            case env.Press(keys) if keys.endswith("+A"):
                self._all = True
            case env.Press("Delete"):
                self._type("")
            case env.Press("Enter"):
                self.done.append("Enter")
            case env.Type(text, secret):
                value = self._secrets[secret].reveal() if secret else text
                self._type(value, secret=secret is not None)
            case env.Scroll(dy=dy):
                most = max(0, self._height - SIZE[1])
                self._offset = int(min(max(0, self._offset + dy), most))
            case env.Navigate(url):
                raise env.ActionError(f"{url} cannot be reached")
            case _:
                pass

    def _click(self, x: float, y: float) -> None:
        self._focus = None
        for control in reversed(self.controls):
            x1, y1, x2, y2 = control.box
            if x1 <= x < x2 and y1 <= y < y2:
                self.done.append(control.name)
                if control.kind == "textbox":
                    self._focus = control
                if control.kind == "checkbox":
                    control.on = not control.on
                if control.on_click:
                    control.on_click()
                return

    def _type(self, text: str, *, secret: bool = False) -> None:
        if self._focus is not None:
            self._focus.value = text if self._all else self._focus.value + text
            self._focus.secret = secret
        self._all = False

    def draw(self, *, masked: bool = False) -> Image.Image:
        image = Image.new("RGB", SIZE, "white")
        pen = ImageDraw.Draw(image)
        for control in self.controls:
            self._draw_control(pen, control, masked)
        for number, text in enumerate(self.messages):
            pen.text((260, 240 + 24 * number), text, fill="black", font=font())
        return image

    def _draw_control(self, pen: Any, control: Control, masked: bool) -> None:
        x1, y1, x2, y2 = control.box
        y1, y2 = y1 - self._offset, y2 - self._offset
        middle = (y1 + y2) / 2
        if control.kind == "button":
            pen.rounded_rectangle((x1, y1, x2, y2), 5, fill="#1c6dd0")
            pen.text(((x1 + x2) / 2, middle), control.name, "white", font(), anchor="mm")
        elif control.kind == "checkbox":
            pen.rectangle((x1, y1, x2, y2), outline="#556", fill="white", width=2)
            if control.on:
                pen.line((x1 + 4, middle, x1 + 8, y2 - 5, x2 - 4, y1 + 4), fill="#123", width=3)
            pen.text((x2 + 8, middle), control.name, "black", font(), anchor="lm")
        elif control.kind == "textbox":
            pen.text((x1, y1 - 10), control.name, "black", font(), anchor="lm")
            pen.rectangle((x1, y1, x2, y2), outline="#889", fill="white")
            pen.text((x1 + 8, middle), control.value, "black", font(), anchor="lm")
            if masked and control.secret:
                pen.rectangle((x1 + 4, y1 + 4, x2 - 4, y2 - 4), fill="black")
        else:
            pen.text((x1, middle), control.name, "black", font(), anchor="lm")


def _names(control: Control) -> tuple[str, ...]:
    """What a control is called: all of it, or what stands before a colon."""
    name = control.name.casefold()
    return name, name.partition(":")[0]


class Knowing:
    """A grounder that knows the controls of an app by the names in the words."""

    def __init__(self, app: DrawnApp) -> None:
        self.app = app
        self.asked: list[str] = []

    def ground(self, image: Image.Image, instruction: str) -> Grounding:
        self.asked.append(instruction)
        words = instruction.casefold()
        found = [
            each
            for each in self.app.controls
            if any(re.search(rf"\b{re.escape(name)}\b", words) for name in _names(each))
            and 0 <= each.box[1] - self.app._offset < SIZE[1] - 30
        ]
        if not found:
            return Grounding(instruction, None, None, 0.9)
        places = [self._place(each) for each in found]
        best, *others = places
        return Grounding(instruction, best.point, best.box, best.score, tuple(others))

    def _place(self, control: Control) -> Candidate:
        x1, y1, x2, y2 = control.box
        box = Box.from_pixels(x1, y1 - self.app._offset, x2, y2 - self.app._offset, SIZE)
        return Candidate(box.center, box, 0.9)

    def ground_many(self, items: Sequence[tuple[Image.Image, str]]) -> list[Grounding]:
        return [self.ground(*item) for item in items]

    def close(self) -> None:
        return None

    def __enter__(self) -> Knowing:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None
