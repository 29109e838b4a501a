"""Tells controls apart by the look of their frame and what stands in it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .beside import captioned
from .cards import is_head, is_section
from .content import Blot, blots, has_arrow, has_grip, is_field, is_paper, is_tinted
from .frames import LEAST_SHARE, Frame, distance
from .layout import Layout
from .marks import LEAST_MARK, MARKS, MOST_MARK, is_large_mark, mark_role
from .phrases import Phrase
from .sliders import find_sliders
from .switches import find_switches
from .tables import find_cells

# Shares of the font size.
_LEAST_BUTTON, _LEAST_BORDERED = 1.45, 1.25
_MOST_CONTROL = 4.6
_MOST_BUTTON_WIDTH = 34.0
# A date, or what a field for one asks for; the square beside it is a calendar.
_PART = r"(?:\d+|m+|d+|t+|j+|y+|a+)"
_DATE = re.compile(rf"{_PART}(?: ?[/.-] ?{_PART}){{2}}\W*", re.I)
_HINT = 0.7  # of the usual contrast
# What a hint begins with, where a field has the colour of its bar; more than one word.
_ASKS = re.compile(r"(?:search|find|filter|type|enter|ask|look up|jump to)\W*(?: \w|$)", re.I)
_PALE = 220  # of a list on dark ground
_FIELDS = ("textbox", "combobox")
# Longer text is a message, not what stands in a field.
_LONGEST_VALUE = 70


@dataclass(frozen=True, slots=True)
class Control:
    """A control in pixels (ends not included): role, text, how sure.

    ``frame`` numbers its frame, -1 for none; ``phrases`` are the words of a control without.
    """

    x1: float
    y1: float
    x2: float
    y2: float
    role: str
    text: str
    sure: float
    frame: int = -1
    phrases: tuple[Phrase, ...] = ()
    icon: str = ""


def find_controls(layout: Layout) -> list[Control]:
    """Return the controls that have a frame."""
    switches, spent = find_switches(layout)
    sliders, knobs = find_sliders(layout)
    spent = spent | knobs | find_cells(layout)
    found: dict[int, Control] = {}
    # From the smallest: what holds controls is their container.
    for number in reversed(range(len(layout.frames))):
        frame = layout.frames[number]
        if number in spent:
            continue
        control = _control(layout, number, frame, found)
        if control is not None:
            role, sure = control
            text = _text(layout.inside(number)) if role not in MARKS else ""
            dated = frame.border and _DATE.fullmatch(text) is not None
            role = "textbox" if dated else role
            parts = _parts(layout, number, found)
            takes = role == "button" or dated
            if not takes and any(found[part].role in MARKS for part in parts):
                continue  # an option in a panel of its own
            inner = [k for k in layout.kids.get(number, ()) if k in found and k not in parts]
            if role == "button" and any(found[k].role in _FIELDS for k in inner):
                continue  # a small dialog
            for part in parts if takes else ():
                del found[part]  # its icon
            found[number] = Control(
                frame.x1, frame.y1, frame.x2, frame.y2, role, text, sure, number
            )
    made = [Control(*box, "switch", "", sure) for box, sure in switches]
    made += [Control(*box, "slider", "", 0.8) for box in sliders]
    return made + [found[number] for number in sorted(found)]


def _parts(layout: Layout, number: int, found: dict[int, Control]) -> list[int]:
    """Return the controls in a frame that hold no words: they may be what it shows as its icon."""
    kids = [kid for kid in layout.kids.get(number, ()) if kid in found]
    small = 0.45 * layout.frames[number].width
    return [k for k in kids if not found[k].text and layout.frames[k].width <= small]


def _text(phrases: list[Phrase]) -> str:
    return " ".join(phrase.text for phrase in phrases if phrase.text)


def _control(
    layout: Layout, number: int, frame: Frame, found: dict[int, Control]
) -> tuple[str, float] | None:
    """Return role and sureness of a frame, None if it is no control."""
    height, width = layout.pixels.shape[:2]
    most = 0.99 if frame.border else 0.9
    large = frame.width > most * width or frame.height > 0.5 * height
    if large or frame.share < LEAST_SHARE:
        return None
    phrases = layout.inside(number)
    parts = _parts(layout, number, found)
    kids = [kid for kid in layout.kids.get(number, ()) if kid in found and kid not in parts]
    if phrases and not _is_sign(frame, phrases):
        return _with_text(layout, number, phrases, kids)
    return _without_text(layout, frame, [*kids, *parts])


def _is_sign(frame: Frame, phrases: list[Phrase]) -> bool:
    """Tell whether all that is read in a wide frame is a sign at its end: a calendar, an arrow."""
    alone = len(phrases) == 1 and len(phrases[0].text) == 1
    return alone and frame.width > 5 * frame.height and phrases[0].x > frame.x2 - 1.2 * frame.height


def _without_text(layout: Layout, frame: Frame, kids: list[int]) -> tuple[str, float] | None:
    size, ratio = layout.size, frame.width / frame.height
    if 0.8 <= ratio <= 1.25 and min(frame.width, frame.height) >= LEAST_MARK:
        side = max(frame.width, frame.height)
        if side <= MOST_MARK * layout.scale or is_large_mark(layout, frame):
            return mark_role(layout, frame)
        if side <= _MOST_CONTROL * size:
            return _tile(layout, frame)
    return None if kids and not _has_button(layout, frame, kids) else _empty(layout, frame)


def _has_button(layout: Layout, frame: Frame, kids: list[int]) -> bool:
    """Tell whether all that a low frame with a border holds is a button at its end: a calendar."""
    end = frame.x2 - layout.frames[kids[0]].x2
    return len(kids) == 1 and frame.border and end <= 0.3 * frame.height


def _empty(layout: Layout, frame: Frame) -> tuple[str, float] | None:
    """Tell what a frame is that holds neither words nor controls."""
    if not (frame.calm or frame.border):
        return None  # a part of a picture
    size, ratio = layout.size, frame.width / frame.height
    drawn = blots(layout.pixels, frame, 0.5 * size)
    low = frame.height <= 4 * size
    if low and frame.width >= 4 * size and drawn and has_arrow(layout.pixels, frame, size):
        return "combobox", 0.7
    if low and ratio >= 2 and frame.width >= 5 * size and frame.height >= 1.25 * size:
        if frame.border:
            return "textbox", 0.85
        if (
            frame.filled
            and (distance(frame.fill, frame.around) < 60 or is_paper(frame))
            and not drawn
        ):
            return "textbox", 0.5
    small = low and ratio >= 1.25 and frame.height >= 1.25 * size
    if frame.border and small and not drawn and captioned(layout, frame):
        return "textbox", 0.6
    if frame.border and frame.width >= 9 * size and frame.height <= 14 * size and not drawn:
        return "textbox", 0.5
    if frame.width >= 9 * size and frame.height <= 14 * size and layout.underscores(frame):
        return ("textbox", 0.5) if not drawn else None
    if low and ratio <= 4 and len(drawn) == 1 and _central(drawn[0], frame):
        return "button", 0.55
    return None


def _tile(layout: Layout, frame: Frame) -> tuple[str, float] | None:
    """Tell a button with an icon from a field for a single sign, as for codes sent by mail."""
    if blots(layout.pixels, frame, layout.size):
        return ("button", 0.6) if frame.calm or frame.border or frame.filled else None
    # The glow of the one that has the focus makes it a little larger.
    slack = max(2, frame.width // 8)
    alike = sum(
        other.border
        and abs(other.y1 - frame.y1) <= slack
        and abs(other.y2 - frame.y2) <= slack
        and abs(other.width - frame.width) <= slack
        for other in layout.frames
    )
    return ("textbox", 0.5) if frame.border and alike >= 3 else None


def _central(blot: Blot, frame: Frame) -> bool:
    off_x = abs((blot.x1 + blot.x2) - (frame.x1 + frame.x2)) / 2
    off_y = abs((blot.y1 + blot.y2) - (frame.y1 + frame.y2)) / 2
    return off_x <= 2 + 0.08 * frame.width and off_y <= 2 + 0.15 * frame.height


def _with_text(
    layout: Layout, number: int, phrases: list[Phrase], kids: list[int]
) -> tuple[str, float] | None:
    frame = layout.frames[number]
    size = max(phrase.size for phrase in phrases)
    rows = len({phrase.line for phrase in phrases if not phrase.separator})
    if not kids and _is_roomy(layout, frame, phrases):
        return "textbox", 0.6
    if not _holds_little(layout, frame, phrases, kids) or rows > 2:
        return None
    drawn = blots(layout.pixels, frame, 0.7 * size)
    if not drawn:
        return None
    left, right = drawn[0].x1 - frame.x1, frame.x2 - drawn[-1].x2
    gap = max((b.x1 - a.x2 for a, b in zip(drawn, drawn[1:], strict=False)), default=0)
    bold = distance(frame.fill, frame.around) >= 60 and frame.share < 0.9995
    wide = frame.width > _MOST_BUTTON_WIDTH * size * (2 if bold else 1)
    light = frame.border or is_field(frame) or distance(frame.fill, frame.around) < 60
    pale = light or min(frame.fill) >= _PALE
    if pale and not wide and rows == 1 and (role := _list_role(layout, frame, phrases)):
        return role, 0.8
    begins_left = rows == 1 and left <= 4 * size and frame.width >= 4 * size
    field = begins_left and light and _may_be_field(layout, number, phrases)
    if begins_left and frame.width >= 8 * size:
        known = _filled_in(layout, frame, phrases, field=field)
        if known:
            return known
    if not wide and gap <= 2.5 * size and _centred(left, right, size):
        return None if is_section(layout, number) and frame.width > 8 * size else ("button", 0.9)
    if field and right > left:
        return "textbox", 0.8 if frame.border else 0.45
    if not wide and begins_left and not is_head(layout, number):
        return "link", 0.6
    return None


def _list_role(layout: Layout, frame: Frame, phrases: list[Phrase]) -> str:
    """Return what a frame with an arrow at its end is: a list, or a field for numbers."""
    said = _text(phrases)  # a sign alone is an arrow itself
    if not (len(said) > 1 or said.isdecimal()) or not has_arrow(
        layout.pixels, frame, phrases[0].size
    ):
        return ""
    return "textbox" if said.isdecimal() else "combobox"


def _may_be_field(layout: Layout, number: int, phrases: list[Phrase]) -> bool:
    frame = layout.frames[number]
    looks = frame.border or is_field(frame)
    return looks and not is_section(layout, number) and len(_text(phrases)) <= _LONGEST_VALUE


def _filled_in(
    layout: Layout, frame: Frame, phrases: list[Phrase], *, field: bool
) -> tuple[str, float] | None:
    """Tell a wide frame with a value or a hint from a bar that opens something."""
    pale, size = _pale(layout, phrases), max(phrase.size for phrase in phrases)
    if field and is_tinted(frame) and not pale:
        return "button", 0.6
    if field and (pale or frame.width >= 15 * size):
        return "textbox", 0.8 if frame.border else 0.5
    asks = _ASKS.match(_text(phrases)) and not is_tinted(frame)
    return ("textbox", 0.6) if asks else None


def _is_roomy(layout: Layout, frame: Frame, phrases: list[Phrase]) -> bool:
    """Tell whether a frame is a field for many lines: it has a grip, or only a hint at its top."""
    hint, size = phrases[0], phrases[0].size
    roomy = frame.width >= 9 * size and _MOST_CONTROL * size < frame.height <= 20 * size
    if roomy and frame.border and has_grip(layout.pixels, frame):
        return True
    at_top = hint.x1 - frame.x1 <= 2 * size and hint.y2 - frame.y1 <= 2.5 * size
    return roomy and at_top and len(phrases) == 1 and hint.contrast < _HINT * layout.contrast


def _holds_little(layout: Layout, frame: Frame, phrases: list[Phrase], kids: list[int]) -> bool:
    """Tell whether a frame is one control: low, seen as a frame, with no link or control in it."""
    size = max(phrase.size for phrase in phrases)
    high = frame.height / size
    two = len({phrase.line for phrase in phrases if not phrase.separator}) == 2
    least = _LEAST_BORDERED if frame.border else _LEAST_BUTTON
    if not least <= high <= _MOST_CONTROL or not (frame.border or frame.filled):
        return False
    wide = frame.width > 12 * size
    if wide and (any(phrase.underlined for phrase in phrases) or (two and high > 4)):
        return False
    return not any(layout.frames[kid].height > 2 * size for kid in kids)


def _pale(layout: Layout, phrases: list[Phrase]) -> bool:
    """Tell whether words are written fainter than most: a field's hint."""
    return max(phrase.contrast for phrase in phrases) < 0.6 * layout.contrast


def _centred(left: float, right: float, size: float) -> bool:
    return abs(left - right) <= max(0.6 * size, 0.25 * min(left, right) + 0.3 * size)
