"""Where on a page secret values stand, so that they are painted over before a picture leaves.

The page's layout is read through the browser's protocol and searched here: no page script runs and
no value ever enters the page. Fields, text split over elements, shadow trees (closed ones too) and
frames are covered; pixels drawn by a canvas are not text and cannot be found this way.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageDraw

from .types import PixelBox

if TYPE_CHECKING:
    from playwright.async_api import CDPSession, Frame

MARGIN = 2  # glyphs overhang their boxes


def masked(image: Image.Image, boxes: Iterable[PixelBox]) -> Image.Image:
    """A copy of `image` with the boxes painted black."""
    copy = image.copy()
    draw = ImageDraw.Draw(copy)
    for x1, y1, x2, y2 in boxes:
        draw.rectangle((x1 - MARGIN, y1 - MARGIN, x2 + MARGIN, y2 + MARGIN), fill="black")
    return copy


def hull(boxes: Sequence[PixelBox]) -> list[PixelBox]:
    """One box around all of them."""
    if not boxes:
        return []
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return [(min(lefts), min(tops), max(rights), max(bottoms))]


async def boxes_on_page(
    session: CDPSession, frames: Sequence[Frame], values: Sequence[str]
) -> list[PixelBox]:
    """Boxes of everything that shows a value now: on the page and in frames of other processes."""
    from playwright.async_api import Error

    found = secret_boxes(await _snapshot(session), values)
    for frame in frames:
        if frame.parent_frame is None:
            continue
        try:
            inner = await frame.page.context.new_cdp_session(frame)
        except Error:  # the frame lives in the page's process: the page's snapshot holds it
            continue
        try:
            element = await frame.frame_element()
            box = await element.bounding_box()
            border = await element.evaluate("e => [e.clientLeft, e.clientTop]")
            boxes = secret_boxes(await _snapshot(inner), values)
        except Error:  # the frame went away, and with it what it showed
            continue
        left = int(box["x"] + border[0]) if box else 0
        top = int(box["y"] + border[1]) if box else 0
        found.extend((x1 + left, y1 + top, x2 + left, y2 + top) for x1, y1, x2, y2 in boxes)
        await inner.detach()
    return found


async def _snapshot(session: CDPSession) -> Mapping[str, Any]:
    options = {"computedStyles": [], "includeDOMRects": True}
    snapshot: Mapping[str, Any] = await session.send("DOMSnapshot.captureSnapshot", options)
    return snapshot


def secret_boxes(snapshot: Mapping[str, Any], values: Sequence[str]) -> list[PixelBox]:
    """Boxes, in CSS pixels of the viewport, of everything in a DOM snapshot that shows a value."""
    documents, strings = snapshot["documents"], snapshot["strings"]
    offsets = _document_offsets(documents)
    found: list[PixelBox] = []
    for document, offset in zip(documents, offsets, strict=True):
        for x, y, width, height in _boxes(document, strings, values):
            left, top = x + offset[0], y + offset[1]
            found.append((int(left), int(top), int(left + width) + 1, int(top + height) + 1))
    return found


def _document_offsets(documents: Sequence[Mapping[str, Any]]) -> list[tuple[float, float]]:
    """What to add to a document's coordinates to get those of the top viewport."""
    offsets = [(-d.get("scrollOffsetX", 0.0), -d.get("scrollOffsetY", 0.0)) for d in documents]
    for parent, document in enumerate(documents):  # a parent always precedes its frames
        children = document["nodes"].get("contentDocumentIndex", {"index": [], "value": []})
        layout = {node: i for i, node in enumerate(document["layout"]["nodeIndex"])}
        for node, child in zip(children["index"], children["value"], strict=True):
            if node in layout:
                x, y, *_ = document["layout"]["bounds"][layout[node]]
                offsets[child] = (
                    offsets[child][0] + offsets[parent][0] + x,
                    offsets[child][1] + offsets[parent][1] + y,
                )
    return offsets


def _boxes(
    document: Mapping[str, Any], strings: Sequence[str], values: Sequence[str]
) -> Iterator[Sequence[float]]:
    layout = document["layout"]
    fields = document["nodes"].get("inputValue", {"index": [], "value": []})
    areas = document["nodes"].get("textValue", {"index": [], "value": []})
    holding = {
        node
        for kind in (fields, areas)
        for node, text in zip(kind["index"], kind["value"], strict=True)
        if text >= 0 and any(value in strings[text] for value in values)  # -1: it is empty
    }
    for index, node in enumerate(layout["nodeIndex"]):
        if node in holding:
            yield layout["bounds"][index]
    yield from _text_boxes(document, strings, values)


def _text_boxes(
    document: Mapping[str, Any], strings: Sequence[str], values: Sequence[str]
) -> Iterator[Sequence[float]]:
    """Boxes of the lines of text in which a value stands, even across neighbouring elements."""
    layout, lines = document["layout"], document["textBoxes"]
    starts: list[int] = []  # where each text line begins in the page's text without white space
    pieces: list[str] = []
    length = 0
    for index, start, count in zip(
        lines["layoutIndex"], lines["start"], lines["length"], strict=True
    ):
        text = layout["text"][index]
        shown = _utf16_slice(strings[text] if text >= 0 else "", start, count)
        piece = "".join(shown.split())
        starts.append(length)
        pieces.append(piece)
        length += len(piece)
    page = "".join(pieces)
    for value in values:
        compact = "".join(value.split())
        at = page.find(compact) if compact else -1
        while at >= 0:
            first = bisect.bisect_right(starts, at) - 1
            last = bisect.bisect_left(starts, at + len(compact))
            yield from (lines["bounds"][i] for i in range(first, last))
            at = page.find(compact, at + 1)


def _utf16_slice(text: str, start: int, count: int) -> str:
    """The browser counts UTF-16 units."""
    units = text.encode("utf-16-le")
    return units[2 * start : 2 * (start + count)].decode("utf-16-le", errors="replace")
