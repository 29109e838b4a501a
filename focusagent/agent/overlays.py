"""Banners, dialogs and popups: what they are called, and the buttons that answer them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .closer import read_closely
from .pixels import EDGE, grown
from .tables import alike

if TYPE_CHECKING:
    from grounding.types import Element  # noqa: TID251

    from .eyes import Seen

REPLIES = {
    "accept": ("Accept all", "Accept", "Allow all", "Allow", "I agree", "Agree", "Got it", "OK",
               "Yes", "Continue"),
    "decline": ("Reject all", "Reject", "Decline", "Deny", "No thanks", "Not now", "Refuse",
                "Only necessary", "Necessary only", "No", "Cancel"),
    "close": ("Close", "\u00d7", "\u2715", "Dismiss", "Got it", "OK", "No thanks", "Not now",
              "Skip", "Cancel"),
}  # fmt: skip
_KINDS = re.compile(r"\b(?:banner|pop-?up|dialog(?:ue)?|modal|overlay|consent)\b")
_SMALL = {"a", "an", "the", "any", "some", "of", "for", "about", "with"}
# Buttons that forms have, too: they alone do not make a popup.
_COMMON = {"ok", "yes", "no", "cancel", "continue", "close", "skip"}


def reply_button(seen: Seen, names: Sequence[str]) -> Element | None:
    """The first of these buttons that the screen shows."""
    buttons = [
        each for each in seen.scene.elements if each.role in ("button", "link", "text", "icon")
    ]
    for name in names:
        for each in buttons:
            if _says(seen, each, name):
                return each
    return None


def _says(seen: Seen, button: Element, name: str) -> bool:
    """Whether a button says the name; one that was read nearly so is looked at more closely."""
    text, name = button.text.strip().casefold(), name.casefold()
    if text == name or not alike(text, name):
        return text == name
    box = grown(seen.pixels(button.box), -EDGE, seen.image.size)
    return read_closely(seen.image, box, (box[3] - box[1]) / 2).text.casefold() == name


def overlay_shown(seen: Seen, words: str) -> bool | None:
    """Whether a banner or popup of that kind is open; None if the words name no such thing."""
    low = words.casefold()
    if not _KINDS.search(low):
        return None
    names = [name for group in REPLIES.values() for name in group]
    about = [word for word in re.findall(r"\w+", _KINDS.sub(" ", low)) if word not in _SMALL]
    if not about:
        telling = [name for name in names if name.casefold() not in _COMMON]
        return reply_button(seen, telling) is not None
    text = " ".join(line for line, _ in seen.texts()).casefold()
    named = all(re.search(rf"\b{re.escape(word.rstrip('s'))}", text) for word in about)
    return named and reply_button(seen, names) is not None
