"""`focusagent parse`: the controls of a screenshot, and the words on it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from PIL import Image, ImageDraw, ImageFont
from rich.console import Console

from ._siblings import grounding
from .cli_read import open_picture
from .errors import UserError

if TYPE_CHECKING:
    from grounding.types import Element  # noqa: TID251 - a type only

# One colour a role; all can be told from each other on white and on black.
COLOURS: dict[str, tuple[int, int, int]] = {
    "button": (220, 38, 38),
    "link": (37, 99, 235),
    "textbox": (22, 163, 74),
    "checkbox": (234, 88, 12),
    "radio": (192, 38, 211),
    "switch": (8, 145, 178),
    "slider": (13, 110, 90),
    "combobox": (101, 163, 13),
    "tab": (219, 39, 119),
    "menuitem": (161, 98, 7),
    "icon": (124, 58, 237),
    "image": (71, 85, 105),
    "text": (148, 163, 184),
}
_PAPER, _INK = (22, 24, 29), (245, 246, 248)


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(parse)


def parse(
    image: Annotated[Path, typer.Argument(help="A screenshot: PNG, JPEG, WebP ...")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
    overlay: Annotated[
        Path | None, typer.Option(help="Write the picture with the elements drawn on it.")
    ] = None,
) -> None:
    """List the controls of a screenshot and the words on it, offline, from pixels alone."""
    picture = open_picture(image)
    elements = grounding.parsing.parse(picture)
    if overlay is not None:
        try:
            draw(picture, elements).save(overlay)
        except (OSError, ValueError) as error:
            raise UserError(f"{overlay} cannot be written: {error}") from error
    if as_json:
        typer.echo(json.dumps(_as_json(picture, elements), ensure_ascii=False))
        return
    for element in elements:
        x1, y1, x2, y2 = element.box.to_pixels(picture.size)
        name = element.text or (f"({element.icon})" if element.icon else "")
        typer.echo(f"{element.role:<9} {x1:.0f},{y1:.0f},{x2:.0f},{y2:.0f}  {name}".rstrip())
    if not elements:
        Console(stderr=True).print("nothing found")


def _as_json(picture: Image.Image, elements: list[Element]) -> dict[str, Any]:
    return {
        "size": list(picture.size),
        "elements": [
            {
                "role": element.role,
                "text": element.text,
                "icon": element.icon,
                "box": [round(side, 1) for side in element.box.to_pixels(picture.size)],
                "confidence": element.confidence,
            }
            for element in elements
        ],
    }


def draw(picture: Image.Image, elements: list[Element]) -> Image.Image:
    """Return the picture with each element framed in its role's colour, and a legend below."""
    canvas = Image.fromarray(grounding.reader.reader.to_rgb(picture))
    unit = min(3.0, max(1.0, min(canvas.size) / 800))
    tint = Image.new("RGBA", canvas.size)
    pen = ImageDraw.Draw(tint)
    # Words first, so that controls lie over them.
    for element in sorted(elements, key=lambda e: e.role != "text"):
        box = [round(side) for side in element.box.to_pixels(canvas.size)]
        box[2], box[3] = max(box[0], box[2] - 1), max(box[1], box[3] - 1)
        colour = COLOURS[element.role]
        if element.role == "text":
            pen.rectangle(tuple(box), outline=(*colour, 150))
        else:
            pen.rounded_rectangle(
                tuple(box), 3 * unit, (*colour, 36), (*colour, 255), max(1, round(1.4 * unit))
            )
    canvas.paste(tint, (0, 0), tint)
    return _with_legend(canvas, elements, unit)


def _with_legend(canvas: Image.Image, elements: list[Element], unit: float) -> Image.Image:
    """Add a dark strip that names the colours and counts the elements."""
    counts = {role: sum(element.role == role for element in elements) for role in COLOURS}
    font = ImageFont.load_default(round(13 * unit))
    pad, line, swatch = round(10 * unit), round(22 * unit), round(11 * unit)
    spots, x, row = [], pad, 0
    for role, count in counts.items():
        if not count:
            continue
        label = f"{role} {count}"
        width = round(swatch + 6 * unit + font.getlength(label) + 16 * unit)
        if x > pad and x + width > canvas.width - pad:
            x, row = pad, row + 1
        spots.append((x, row, role, label))
        x += width
    if not spots:
        return canvas
    sheet = Image.new("RGB", (canvas.width, canvas.height + 2 * pad + (row + 1) * line), _PAPER)
    sheet.paste(canvas, (0, 0))
    pen = ImageDraw.Draw(sheet)
    for x, row, role, label in spots:
        y = canvas.height + pad + row * line + line // 2
        pen.rounded_rectangle(
            (x, y - swatch // 2, x + swatch, y - swatch // 2 + swatch), 2 * unit, COLOURS[role]
        )
        pen.text((x + swatch + 6 * unit, y), label, _INK, font, anchor="lm")
    return sheet
