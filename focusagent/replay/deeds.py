"""What a person did on a page, as the steps of a flow."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image

from ..agent.eyes import Eyes
from ..agent.locate import PHRASES
from ..agent.pixels import grown
from ..planner import intents
from ..planner.intents import Intent, Target
from ..planner.printing import intent_text
from ..planner.templates import escape, quoted
from .album import REACTIONS, TYPED
from .from_run import RING, picture_of
from .lazy import LazyGrounder
from .pictures import Needle, Screen
from .recording import Look, RecordedStep, Recording

LARGE = (480, 160)  # pixels: of something larger, the place that was clicked is what counts
AROUND = 24  # half the side of that place
ROLES = {"a": "link", "select": "combobox", "textarea": "textbox", "input": "textbox"}
POINTED: dict[str, Callable[[Target], Intent]] = {
    "double_click": intents.DoubleClick,
    "right_click": intents.RightClick,
    "check": intents.Check,
    "uncheck": intents.Uncheck,
}


@dataclass
class Deed:
    """One message of a page, the tab it came from, and what was to be seen."""

    told: dict[str, Any]
    tab: int = 0
    screen: Image.Image | None = None
    untouched: Image.Image | None = None  # before the pointer came over it

    @property
    def kind(self) -> str:
        """What was done."""
        return str(self.told["kind"])

    def move(self, x: float, y: float) -> None:
        """Add the place of the frame that it was told from."""
        shift = (x, y, x, y)
        for one in (self.told, self.told.get("onto") or {}):
            for name in ("box", "point"):
                if name in one:
                    one[name] = [a + b for a, b in zip(one[name], shift, strict=False)]
        self.told["fields"] = [
            [a + b for a, b in zip(box, shift, strict=True)] for box in self.told["fields"]
        ]


class Variables:
    """The names for what was typed: values become params, secrets keep nothing but the name."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._known = dict(secrets)
        self.params: dict[str, str | None] = {}
        self.secrets: list[str] = []
        self._fields: dict[str, str] = {}  # password field -> its name

    def typed(self, deed: Deed) -> str:
        """The template for a text that was typed."""
        told = deed.told
        if told["secret"]:
            field = str(told["element"])
            if field not in self._fields:
                name = _name(told["name"] or "PASSWORD")
                self._fields[field] = name if name in self._known else self._new(name)
            return self._secret(self._fields[field])
        for name, value in self._known.items():
            if value and told["value"] == value:
                return self._secret(name)
        return f"{{{self.given(told['name'] or 'TEXT', told['value'])}}}"

    def given(self, label: str, value: str | None) -> str:
        """The name of a param with this value."""
        name = self._new(label)
        self.params[name] = value
        return name

    def _secret(self, name: str) -> str:
        if name not in self.secrets:
            self.secrets.append(name)
        return f"{{{name}}}"

    def _new(self, label: str) -> str:
        name = _name(label)
        taken = {*self.params, *self.secrets, *self._known}
        number = 2
        found = name
        while found in taken:
            found, number = f"{name}_{number}", number + 1
        return found


def _name(label: str) -> str:
    """A label as the name of a variable."""
    name = re.sub(r"\W+", "_", label.upper()).strip("_")[:24].strip("_") or "TEXT"
    return name if re.match(r"[A-Z_]", name) else f"N_{name}"


def recording_of(
    deeds: Sequence[Deed],
    *,
    name: str,
    start: str,
    window: tuple[int, int],
    secrets: Mapping[str, str],
) -> Recording:
    """The flow that these deeds make up."""
    kept, variables, eyes = _joined(deeds), Variables(secrets), Eyes(LazyGrounder("default"))
    steps: list[RecordedStep] = []
    tab, opened = 0, {0}
    values = [value for value in secrets.values() if value]
    values += [str(deed.told["value"]) for deed in kept if deed.kind == "type"]
    for number, deed in enumerate(kept):
        if deed.tab != tab and deed.tab in opened:  # a new one comes to the front by itself
            switch = intents.SwitchTab(place=deed.tab + 1)
            steps.append(RecordedStep(text=intent_text(switch), intent=switch))
        tab = deed.tab
        opened.add(tab)
        after = kept[number + 1] if number + 1 < len(kept) else None
        steps.append(_step(deed, after, variables, eyes, values))
    return Recording(
        name=name,
        instruction="\n".join(step.text for step in steps),
        start=start,
        window=window,
        plan="steps",
        params=variables.params,
        secrets=tuple(variables.secrets),
        steps=tuple(steps),
    )


def _joined(deeds: Sequence[Deed]) -> list[Deed]:
    """Letters become texts, two clicks and a double click become that."""
    kept: list[Deed] = []
    for deed in deeds:
        same = bool(kept) and kept[-1].told["element"] == deed.told["element"]
        if same and deed.kind == "type" and kept[-1].kind == "type":
            first = kept.pop()
            deed.screen, deed.untouched = first.screen, first.untouched
            deed.told["secret"] = deed.told["secret"] or first.told["secret"]
        if deed.kind == "double_click":
            for _ in range(2):
                if kept and kept[-1].kind == "click" and same:
                    kept.pop()
        kept.append(deed)
    return kept


def _step(
    deed: Deed, after: Deed | None, variables: Variables, eyes: Eyes, values: Sequence[str]
) -> RecordedStep:
    intent = _intent(deed, variables)
    looks = tuple(_looks(deed, intent, eyes, values))
    proof: tuple[str, ...] = ()
    if deed.kind == "type" and not deed.told["secret"]:
        proof = (TYPED[0],)
    elif deed.kind == "click" and after is not None and after.told["url"] != deed.told["url"]:
        proof = (REACTIONS[-1],)
    return RecordedStep(text=intent_text(intent), intent=intent, looks=looks, proof=proof)


def _intent(deed: Deed, variables: Variables) -> Intent:
    told, target = deed.told, _target(deed.told)
    if deed.kind == "type":
        return intents.Type(variables.typed(deed), target)
    if deed.kind == "press":
        return intents.Press(told["keys"])
    if deed.kind == "select":
        return intents.Select(escape(told["value"]), target)
    if deed.kind == "upload":
        paths = [variables.given(f"{name} file", None) for name in told["files"]]
        return intents.Upload(tuple(f"{{{path}}}" for path in paths), target)
    if deed.kind == "drag":
        return intents.Drag(target, _target(told["onto"]))
    if deed.kind == "click":
        return intents.Click(target, tuple(told["modifiers"]))
    return POINTED[deed.kind](target)


def _target(told: Mapping[str, Any]) -> Target:
    """The thing in words: its name, and its row where others have the same name."""
    name = escape(str(told["name"]))
    words = quoted(name) if name else f"the {_thing(str(told['tag']))}"
    if told["row"]:
        words += f" in the row of {quoted(escape(str(told['row'])))}"
    return Target(words, quoted=bool(name))


def _role(tag: str) -> str:
    return ROLES.get(tag, tag)


def _thing(tag: str) -> str:
    if tag in ("input", "textarea"):
        return "field"
    return {"img": "image", "svg": "icon", "a": "link", "canvas": "chart"}.get(tag, "icon")


def _looks(deed: Deed, intent: Intent, eyes: Eyes, values: Sequence[str]) -> Iterator[Look]:
    if deed.kind == "press" or deed.screen is None:
        return
    told = deed.told
    for verb, one in ((deed.kind, told), ("drop", told.get("onto"))):
        if one is not None:
            words = PHRASES[verb].format(_target(one).words)
            yield _look(deed, one, words, eyes, values)


def _look(
    deed: Deed, told: Mapping[str, Any], words: str, eyes: Eyes, values: Sequence[str]
) -> Look:
    assert deed.screen is not None
    width, height = deed.screen.size
    x1, y1, x2, y2 = (round(side) for side in told["box"])
    x, y = (round(side) for side in told.get("point") or ((x1 + x2) / 2, (y1 + y2) / 2))
    if not (x2 - x1 <= LARGE[0] and y2 - y1 <= LARGE[1]) or x2 <= x1 or y2 <= y1:
        x1, y1, x2, y2 = x - AROUND, y - AROUND, x + AROUND, y + AROUND
    box = max(x1, 0), max(y1, 0), min(x2, width), min(y2, height)
    holes = [grown(field, RING, deed.screen.size) for field in deed.told["fields"]]
    seen = eyes.see(deed.screen)
    made, fixed = picture_of(seen, box, words, values, holes)
    before = deed.untouched  # as it looks without the pointer, if nothing else was different
    if before is not None and Needle(made.image).glows_at(Screen(before), made.at, box):
        made, fixed = picture_of(eyes.see(before), box, words, values, holes)
    return Look(
        words=words,
        text=str(told["name"]),
        role="checkbox" if deed.kind in ("check", "uncheck") else _role(str(told["tag"])),
        point=(min(max(x, 0), width - 1), min(max(y, 0), height - 1)),
        box=box,
        at=made.at,
        fixed=fixed or not made.unique,
        scrolled=bool(told.get("scrolled")),
        selector=told.get("selector"),
        picture=made.image,
    )
