"""`focusagent read`: the text of a picture, or where a text stands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from PIL import Image, ImageDraw
from rich.console import Console

from ._siblings import grounding
from .errors import UserError

if TYPE_CHECKING:
    from grounding.reader.reader import Found, Line  # noqa: TID251 - a type only

# A match below this is a coincidence of a few letters.
LEAST_SCORE = 0.3


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(read)


def open_picture(path: Path) -> Image.Image:
    """Open a picture or say in one sentence why not."""
    try:
        with Image.open(path) as picture:
            picture.load()
    except FileNotFoundError as error:
        raise UserError(f"{path} does not exist") from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise UserError(f"{path} is no picture that can be read: {error}") from error
    return picture


def read(
    image: Annotated[Path, typer.Argument(help="A screenshot: PNG, JPEG, WebP ...")],
    find: Annotated[str | None, typer.Option(help="Say where this text stands.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
    overlay: Annotated[
        Path | None, typer.Option(help="Write the picture with boxes drawn on it.")
    ] = None,
) -> None:
    """Read the text of a screenshot, offline; exit 1 if a text asked for is not there."""
    picture = open_picture(image)
    screen = grounding.Reader.load().look(picture)
    found = None
    if find is not None:
        found = [place for place in screen.find(find) if place.score >= LEAST_SCORE]
    # Reading every line takes longer than finding one text.
    lines = screen.lines() if find is None or as_json or overlay is not None else []
    if overlay is not None:
        _draw(picture, lines, found, overlay)
    if as_json:
        typer.echo(json.dumps(_as_json(picture, lines, found), ensure_ascii=False))
    else:
        _print(picture, lines, found)
    raise typer.Exit(1 if found == [] else 0)


def _pixels(box: Any, picture: Image.Image) -> list[float]:
    return [round(side, 1) for side in box.to_pixels(picture.size)]


def _as_json(picture: Image.Image, lines: list[Line], found: list[Found] | None) -> dict[str, Any]:
    made: dict[str, Any] = {
        "size": list(picture.size),
        "lines": [
            {
                "text": line.text,
                "box": _pixels(line.box, picture),
                "confidence": line.confidence,
                "height": line.height,
                "unknown_script": line.unknown_script,
            }
            for line in lines
        ],
    }
    if found is not None:
        made["found"] = [
            {"text": place.text, "box": _pixels(place.box, picture), "score": place.score}
            for place in found
        ]
    return made


def _print(picture: Image.Image, lines: list[Line], found: list[Found] | None) -> None:
    if found is not None:
        for place in found:
            x1, y1, x2, y2 = _pixels(place.box, picture)
            typer.echo(f"{place.score:.2f}  {x1:.0f},{y1:.0f},{x2:.0f},{y2:.0f}  {place.text}")
        if not found:
            Console(stderr=True).print("not found")
        return
    for line in lines:
        if line.text:
            typer.echo(line.text)
    unknown = sum(line.unknown_script for line in lines)
    if unknown:
        Console(stderr=True).print(f"{unknown} lines are in a script the reader does not know")
    if not lines:
        Console(stderr=True).print("no text found")


def _draw(picture: Image.Image, lines: list[Line], found: list[Found] | None, path: Path) -> None:
    canvas = picture.convert("RGB")
    pen = ImageDraw.Draw(canvas)
    for line in lines:
        colour = (200, 120, 0) if line.unknown_script else (0, 120, 255)
        pen.rectangle(line.box.to_pixels(picture.size), outline=colour)
    for place in found or ():
        for part in place.parts:
            pen.rectangle(part.to_pixels(picture.size), outline=(230, 0, 0), width=2)
    try:
        canvas.save(path)
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be written: {error}") from error
