"""The oracle's own way through a flow: typed steps that find their places in the DOM.

They act through the same environment, by the same pixels, as an agent would: a flow whose script
reaches the wanted state can be done by whoever sees well.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from .._siblings import env
from ..errors import FocusagentError, UserError

PATIENCE = 15.0  # seconds a place may take to appear and to hold still
# verb -> the key of its second value, and whether that is needed
VERBS: Mapping[str, tuple[str, bool] | None] = {
    "click": None, "double_click": None, "right_click": None, "hover": None, "press": None,
    "type": ("into", False), "select": ("in", True), "upload": ("at", True),
    "drag": ("to", True), "read": ("as", True), "scroll_to": None, "wait_for": None,
    "wait": None, "go_to": None, "switch_tab": None, "close_tab": None,
}  # fmt: skip

# Goes through `a >> b` into frames and shadow trees, to the element that shows: its box, and its
# centre (x, y) in the top window's pixels; `dx` and `dy` are where its frame begins.
REACH = """path => {
  let root = document, dx = 0, dy = 0, element = null;
  for (const part of path.split(' >> ')) {
    if (element?.shadowRoot) root = element.shadowRoot;
    else if (element?.contentDocument) {
      const frame = element.getBoundingClientRect();
      dx += frame.x + element.clientLeft; dy += frame.y + element.clientTop;
      root = element.contentDocument;
    } else if (element) root = element;
    const found = [...root.querySelectorAll(part)];
    element = found.find(one => one.getClientRects().length) || null;
    if (!element) return null;
  }
  const box = element.getBoundingClientRect();
  const x = dx + box.x + box.width / 2, y = dy + box.y + box.height / 2;
"""
# Answers the centre and what covers it, after scrolling there if need be.
_FIND = (
    REACH
    + """  if (x < 1 || y < 1 || x > innerWidth - 1 || y > innerHeight - 1) {
    element.scrollIntoView({block: 'center', inline: 'center', behavior: 'instant'});
    return {moved: true};
  }
  let hit = document.elementFromPoint(x, y), left = 0, top = 0;
  for (let inner = hit; inner; ) {
    hit = inner;
    if (hit.shadowRoot) inner = hit.shadowRoot.elementFromPoint(x - left, y - top);
    else if (hit.contentDocument) {
      const frame = hit.getBoundingClientRect();
      left += frame.x + hit.clientLeft; top += frame.y + hit.clientTop;
      inner = hit.contentDocument.elementFromPoint(x - left, y - top);
    } else break;
    if (inner === hit) break;
  }
  // A marker over a canvas takes no pointer itself: what lies under it does.
  let free = getComputedStyle(element).pointerEvents === 'none';
  for (let up = hit; up && !free; up = up.parentNode || up.host) free = up === element;
  const text = element.value ?? element.innerText ?? '';
  return {x, y, free, text: String(text).trim()};
}"""
)


class ScriptError(FocusagentError):
    """A step of an oracle's script could not be carried out."""


@dataclass(frozen=True)
class ScriptStep:
    """A verb with its value, and its second value if it takes one."""

    verb: str
    value: str
    other: str | None = None

    def __str__(self) -> str:
        """As it stands in the file."""
        second = VERBS[self.verb]
        return f"{self.verb}: {self.value}" + (
            f", {second[0]}: {self.other}" if second and self.other else ""
        )


Script = tuple[ScriptStep, ...]


def parse_script(entries: Any, where: str) -> Script:
    """The steps of a script as YAML gives them."""
    if not isinstance(entries, list):
        raise UserError(f"{where}: script must be a list of steps")
    return tuple(_step(entry, f"{where}: script step {n}") for n, entry in enumerate(entries, 1))


def _step(entry: Any, where: str) -> ScriptStep:
    verbs = [key for key in entry if key in VERBS] if isinstance(entry, Mapping) else []
    if len(verbs) != 1:
        raise UserError(f"{where} must be a mapping with one of: {', '.join(VERBS)}")
    verb = verbs[0]
    second = VERBS[verb]
    known = {verb, *([second[0]] if second else [])}
    if unknown := [key for key in entry if key not in known]:
        raise UserError(f"{where} ({verb}) has the unknown key {unknown[0]!r}")
    if second and second[1] and second[0] not in entry:
        raise UserError(f"{where} ({verb}) needs the key {second[0]!r}")
    if verb in ("wait", "switch_tab") and not re.fullmatch(r"\d+(\.\d+)?", str(entry[verb])):
        raise UserError(f"{where}: {verb} takes a number, not {entry[verb]!r}")
    other = entry.get(second[0]) if second else None
    return ScriptStep(verb, str(entry[verb]), None if other is None else str(other))


def run_script(
    browser: env.BrowserEnvironment,
    script: Script,
    values: Mapping[str, str],
    secrets: Mapping[str, str],
) -> dict[str, str]:
    """Carry out a script and return what it read; `ScriptError` names the step that failed."""
    data: dict[str, str] = {}
    for number, step in enumerate(script, 1):
        try:
            _perform(browser, step, {**values, **data}, secrets, data)
        except (env.EnvError, ScriptError) as error:
            raise ScriptError(f"script step {number} ({step}): {error}") from error
    return data


def _perform(
    browser: env.BrowserEnvironment,
    step: ScriptStep,
    values: Mapping[str, str],
    secrets: Mapping[str, str],
    data: dict[str, str],
) -> None:
    value, other = _filled(step.value, values), _filled(step.other or "", values)
    place = other if step.verb in ("type", "select", "upload") else value
    if step.verb in ("wait_for", "scroll_to"):
        _find(browser, place)
    elif step.verb == "read":
        data[other] = str(_find(browser, place)["text"])
    elif step.verb == "drag":
        start = _point(browser, place)
        _act(browser, env.Drag(*start, *_point(browser, other)))
    elif step.verb == "type":
        if place:
            _act(browser, env.Click(*_point(browser, place)))
            _act(browser, env.Press("Control+A"))
        name = next((name for name in secrets if value == f"{{{name}}}"), None)
        _act(browser, env.Type(secret=name) if name else env.Type(value))
    elif step.verb == "go_to":
        _act(browser, env.Navigate(urljoin(browser.observe().url, value)))
    elif step.verb in _PLACELESS:
        _act(browser, _PLACELESS[step.verb](value))
    else:
        _act(browser, _AT_A_POINT[step.verb](*_point(browser, place), value))


_PLACELESS: Mapping[str, Callable[[str], env.Action]] = {
    "wait": lambda value: env.Wait(float(value)),
    "press": env.Press,
    "switch_tab": lambda value: env.SwitchTab(int(float(value))),
    "close_tab": lambda _: env.CloseTab(),
}
_AT_A_POINT: Mapping[str, Callable[[float, float, str], env.Action]] = {
    "click": lambda x, y, _: env.Click(x, y),
    "double_click": lambda x, y, _: env.Click(x, y, count=2),
    "right_click": lambda x, y, _: env.Click(x, y, button="right"),
    "hover": lambda x, y, _: env.Hover(x, y),
    "select": lambda x, y, value: env.Select(x, y, value),
    "upload": lambda x, y, value: env.Upload(x, y, (value,)),
}


def _act(browser: env.BrowserEnvironment, action: env.Action) -> None:
    result = browser.step(action)
    if result.error:
        raise ScriptError(result.error)


def _point(browser: env.BrowserEnvironment, place: str) -> tuple[float, float]:
    found = _find(browser, place)
    return found["x"], found["y"]


def _find(browser: env.BrowserEnvironment, place: str) -> dict[str, Any]:
    """Where `place` is once it holds still and nothing covers it."""
    deadline = time.monotonic() + PATIENCE
    last = None
    while time.monotonic() < deadline:
        try:
            found = browser.evaluate(_FIND, place)
        except env.ClosedError:
            raise
        except env.EnvError:  # another page is just taking this one's place
            found = None
        if found and found.get("free") and found == last:
            return dict(found)
        last = found
        time.sleep(0.05)
    raise ScriptError(f"{place} was {'covered or moving' if last else 'not there'} for too long")


def _filled(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda name: values.get(name[1], name[0]), text)
