"""Banners, dialogs and popups: where they lie, what they are called, what answers them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .closer import read_closely
from .eyes import middle
from .pixels import EDGE, PixelBox, grown, holds, pixels_in
from .tables import alike

if TYPE_CHECKING:
    from PIL import Image

    from grounding.types import Element  # noqa: TID251 - a type only

    from .eyes import Seen

REPLIES = {
    "accept": ("Accept all", "Accept", "Allow all", "Allow", "I agree", "Agree", "Got it", "OK",
               "Yes", "Continue"),
    "decline": ("Reject all", "Reject", "Decline", "Deny", "No thanks", "Not now", "Refuse",
                "Only necessary", "Necessary only", "No", "Cancel"),
    "close": ("Close", "\u00d7", "\u2715", "Dismiss", "Got it", "OK", "No thanks", "Not now",
              "Skip", "Cancel"),
}  # fmt: skip
_KINDS = re.compile(r"\b(?:banner|pop-?up|dialog(?:ue)?|modal|overlay|consent|cookies)\b")
# What any dialog may be called, whatever it says.
_GENERIC = re.compile(
    r"\b(?:confirm(?:ation)?|message|prompt|warning|alert|question|window|box|notice)\b"
)
_PLACED = re.compile(r"\b(?:in|on|inside|within)\b")  # "the button in the dialog" is no dialog
_SMALL = {"a", "an", "the", "any", "some", "of", "for", "about", "with"}
# Buttons that forms have, too: they alone do not make a popup.
_COMMON = {"ok", "yes", "no", "cancel", "continue", "close", "skip"}
_TELLING = ("button", "link", "text", "icon")  # roles of what every dialog has
# What a cross is called, by people and by the recogniser of icons.
_CROSSES = {"close", "x", "times", "\u00d7", "\u2715"}
_CONSENT = re.compile(r"\b(?:cookies?|consent|privacy|tracking|gdpr)\b", re.IGNORECASE)
# What pages put before themselves without dimming the rest.
_UNASKED = re.compile(
    r"\b(?:newsletter|subscri\w+|sign up|notifications?|survey|discount|special offer|our app|"
    r"pop-?up|what's new)\b",
    re.IGNORECASE,
)
_ALIKE = 14  # a channel that differs less is the same ground
_DIM = 0.85  # of the light inside a dialog that the page around a dimming veil has at most
_WHOLE = 0.8  # of both sides of the screen: such a panel is the page itself
_BARS = 3  # rows or columns of another colour that end a panel
_CORNER = 0.02  # of the screen's sides: where it is dimmed if a dialog lies over it
_LOOKED = 16  # places near the middle of a dimmed screen that are looked at for a dialog
_AT_EDGE = 0.06  # of the screen's height that a banner may stand off its top or bottom


@dataclass(frozen=True)
class Overlay:
    """What lies over the page: its box in pixels, what it says, whether the page is dimmed."""

    box: PixelBox
    text: str
    dims: bool = True

    @property
    def consent(self) -> bool:
        """Whether it asks about cookies or the like."""
        return bool(_CONSENT.search(self.text))


def reply_buttons(seen: Seen, names: Sequence[str]) -> Iterator[Element]:
    """The buttons of these names that the screen shows, in the order of the names."""
    buttons = [each for each in seen.scene.elements if each.role in _TELLING]
    for name in names:
        for each in buttons:
            if says(seen, each, name):
                yield each


def says(seen: Seen, button: Element, name: str) -> bool:
    """Whether a button says the name; one that was read nearly so is looked at more closely."""
    text, name = button.text.strip().casefold(), name.casefold()
    if not text and button.icon:
        return name in _CROSSES and bool(_CROSSES & set(button.icon.casefold().split()))
    if text == name or not alike(text, name):
        return text == name
    box = grown(seen.pixels(button.box), -EDGE, seen.image.size)
    return read_closely(seen.image, box, (box[3] - box[1]) / 2).text.casefold() == name


def overlay_shown(seen: Seen, words: str) -> bool | None:
    """Whether a banner or popup of that kind is open; None if the words name no such thing."""
    head = _PLACED.split(words.casefold())[0]
    named = _KINDS.search(head)
    if not named and not _GENERIC.search(head):
        return None
    if any(_fits(each, words) for each in dialogs(seen)):
        return True
    if not named:  # a message may stand on the page itself
        return None
    names = [name for group in REPLIES.values() for name in group]
    if overlay_reply(seen, names, words) is not None:
        return True
    shown = next(reply_buttons(seen, telling(names)), None) is not None
    return shown and _is_about("\n".join(line for line, _ in seen.texts()), words)


def dialogs(seen: Seen) -> list[Overlay]:
    """The dialogs that lie over a dimmed page, whatever buttons they have."""
    veil = _veil(seen.image)
    if veil is None:
        return []
    centre = seen.image.width / 2, seen.image.height / 2
    boxes = [seen.pixels(each.box) for each in seen.scene.elements if each.role in _TELLING]
    boxes += [box for _, box in seen.texts()]
    boxes = [box for box in boxes if _lightest(seen.image, box) * _DIM >= veil]
    found: list[Overlay] = []
    for box in sorted(boxes, key=lambda each: math.dist(middle(each), centre))[:_LOOKED]:
        if any(holds(each.box, middle(box)) for each in found):
            continue
        if (overlay := overlay_at(seen, box)) is not None and overlay.dims:
            found.append(overlay)
    return found


def overlay_reply(seen: Seen, names: Sequence[str], words: str) -> Element | None:
    """The first of these buttons that lies in an overlay which is about what the words say."""
    for button in reply_buttons(seen, names):
        overlay = overlay_at(seen, seen.pixels(button.box))
        if overlay is not None and _fits(overlay, words):
            return button
    return None


def telling(names: Sequence[str]) -> list[str]:
    """Those of the names that ordinary forms do not have."""
    return [name for name in names if name.casefold() not in _COMMON]


def overlay_at(seen: Seen, box: PixelBox) -> Overlay | None:
    """The banner, dialog or popup that a control lies in; None if that is the page itself.

    The page around a dialog is dimmed; a banner lies at an edge and says what only banners say.
    """
    panel = _panel(seen.image, box)
    if panel is None:
        return None
    lines = [text for text, where in seen.texts() if holds(panel, middle(where))]
    overlay = Overlay(panel, "\n".join(lines), _dimmed(seen.image, panel))
    high, off = seen.image.height, _AT_EDGE * seen.image.height
    at_edge = panel[3] - panel[1] < high / 2 and (panel[1] <= off or panel[3] >= high - off)
    asks = overlay.consent or bool(_UNASKED.search(overlay.text))
    return overlay if (at_edge and asks) or overlay.dims else None


def _fits(overlay: Overlay, words: str) -> bool:
    """Whether an overlay may be called so; a dialog that dims the page is also a message."""
    return _is_about(overlay.text, _GENERIC.sub(" ", words.casefold()) if overlay.dims else words)


def _is_about(text: str, words: str) -> bool:
    """Whether a text says what the words for an overlay tell of it."""
    low = _KINDS.sub(" ", words.casefold())
    about = [word for word in re.findall(r"\w+", low) if word not in _SMALL]
    return all(re.search(rf"\b{re.escape(word.rstrip('s'))}", text.casefold()) for word in about)


def _panel(image: Image.Image, box: PixelBox) -> PixelBox | None:
    """The area of one ground around a control; None if that is most of the screen."""
    pixels = pixels_in(image, (0, 0, *image.size)).astype(np.int16)
    height, width = pixels.shape[:2]
    x1, y1, x2, y2 = (round(side) for side in grown(box, EDGE, image.size))
    x2, y2 = min(x2, width - 1), min(y2, height - 1)
    rows = [y1, y2]
    ground = np.median(pixels[rows, x1 : x2 + 1].reshape(-1, 3), axis=0)
    level = (np.abs(pixels[rows] - ground).max(axis=2) < _ALIKE).any(axis=0)
    left = x1 - _reach(level[:x1][::-1])
    right = x2 + _reach(level[x2 + 1 :])
    inside = np.abs(pixels[:, left : right + 1] - ground).max(axis=2) < _ALIKE
    lines = inside.mean(axis=1) > 0.2
    top = y1 - _reach(lines[:y1][::-1])
    bottom = y2 + _reach(lines[y2 + 1 :])
    if right - left > _WHOLE * width and bottom - top > _WHOLE * height:
        return None
    return left, top, right, bottom


def _reach(level: NDArray[np.bool_]) -> int:
    """How far a ground goes on, narrow bars of other colours not counted."""
    off = 0
    for number, same in enumerate(level.tolist()):
        off = 0 if same else off + 1
        if off >= _BARS:
            return number + 1 - off
    return len(level) - off


def _veil(image: Image.Image) -> float | None:
    """How light the corners of a screen are that are dimmed; None if fewer than two are."""
    light = np.asarray(image.convert("L"))
    high, wide = (max(round(_CORNER * side), 1) for side in light.shape)
    rows, columns = (slice(high), slice(-high, None)), (slice(wide), slice(-wide, None))
    corners = sorted(float(light[y, x].max()) for y in rows for x in columns)
    return corners[1] if corners[1] <= _DIM * np.percentile(light, 99.8) else None


def _lightest(image: Image.Image, box: PixelBox) -> float:
    """The light of the lightest pixel in a box."""
    return float(pixels_in(image, grown(box, EDGE, image.size)).mean(axis=2).max(initial=0))


def _dimmed(image: Image.Image, panel: PixelBox) -> bool:
    """Whether the screen is darker around a panel than the lightest that is in it."""
    light = np.asarray(image.convert("L"))
    x1, y1, x2, y2 = (round(side) for side in grown(panel, EDGE, image.size))
    outside = np.ones(light.shape, dtype=bool)
    outside[y1:y2, x1:x2] = False
    within = light[~outside]
    if not outside.any() or not within.size:
        return False
    around, most = np.percentile(light[outside], 99.8), np.percentile(within, 99.8)
    return bool(around <= _DIM * most)
