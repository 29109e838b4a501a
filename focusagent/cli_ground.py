"""`focusagent ground`: where on a picture an instruction points."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ._siblings import grounding
from .cli_read import open_picture
from .errors import UserError

if TYPE_CHECKING:
    from grounding.types import Grounding  # noqa: TID251 - a type only


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(ground)


def ground(  # noqa: PLR0913 - each is an option of the command line
    image: Annotated[Path, typer.Argument(help="A screenshot: PNG, JPEG, WebP ...")],
    instruction: Annotated[str, typer.Argument(help="What to find: 'the Save button'.")],
    model: Annotated[
        str,
        typer.Option(
            help="default, a checkpoint's folder, a hub id, 'http://host/v1 MODEL', module:Class."
        ),
    ] = "default",
    keep: Annotated[
        str | None,
        typer.Option(help="Visual tokens to keep: a share (0.3), a number (400) or mass:0.9."),
    ] = None,
    compress: Annotated[
        str | None,
        typer.Option(help="What ranks the tokens: focus, uigraph or none; may name a budget."),
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:1 ...")] = "cpu",
    dtype: Annotated[str, typer.Option(help="float32, bfloat16, float16 or auto.")] = "float32",
    convention: Annotated[
        str | None,
        typer.Option(
            help="How a model that answers in text counts: unit, thousand, resized, pixels."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
    overlay: Annotated[
        Path | None, typer.Option(help="Write the picture with heat map, tokens and click.")
    ] = None,
) -> None:
    """Say where on a screenshot to click; exit 1 if the model says it is not there."""
    picture = open_picture(image)
    options: dict[str, Any] = {"device": device, "dtype": dtype, "convention": convention}
    with grounding.load_grounder(model, keep=keep, compress=compress, **options) as grounder:
        found = grounder.ground(picture, instruction)
    if overlay is not None:
        try:
            grounding.drawing.draw_grounding(picture, found).save(overlay)
        except (OSError, ValueError) as error:
            raise UserError(f"{overlay} cannot be written: {error}") from error
    if as_json:
        typer.echo(json.dumps(_as_json(found, picture.size), ensure_ascii=False))
    else:
        typer.echo(_as_text(found, picture.size))
    raise typer.Exit(0 if found.found else 1)


def _pixels(place: Any, size: tuple[int, int]) -> list[float] | None:
    return None if place is None else [round(side, 1) for side in place.to_pixels(size)]


def _as_json(found: Grounding, size: tuple[int, int]) -> dict[str, Any]:
    tokens = found.tokens
    return {
        "found": found.found,
        "point": _pixels(found.point, size),
        "box": _pixels(found.box, size),
        "confidence": round(found.confidence, 4),
        "alternatives": [
            {
                "point": _pixels(other.point, size),
                "box": _pixels(other.box, size),
                "score": round(other.score, 4),
            }
            for other in found.alternatives
        ],
        "tokens": tokens
        and {"before": tokens.before, "after": tokens.after, "markers": tokens.markers},
        "seconds": {name: round(spent, 4) for name, spent in found.seconds.items()},
    }


def _as_text(found: Grounding, size: tuple[int, int]) -> str:
    point = _pixels(found.point, size)
    if point is None:
        return f"nothing there (confidence {found.confidence:.2f})"
    text = f"{point[0]:g},{point[1]:g}  confidence {found.confidence:.2f}"
    if found.tokens is not None:
        text += f"  tokens {found.tokens.after} of {found.tokens.before}"
    return text
