"""`focusagent plan`: what an instruction means, step by step, before anything is done."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer
from rich.console import Console

from .errors import UserError


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(plan)


def named_values(given: list[str], option: str) -> dict[str, str]:
    """`k=v` pairs as a mapping, or one sentence about the pair that is none."""
    values = {}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals or not name.isidentifier():
            raise UserError(f"{option} takes NAME=VALUE, not {pair!r}")
        values[name] = value
    return values


def plan(
    instruction: Annotated[str, typer.Argument(help="What to do, in English; - reads stdin.")],
    params: Annotated[
        list[str] | None, typer.Option("--params", help="A value for {NAME}: NAME=VALUE.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Show how an instruction is understood; exit 2 with the words that are not."""
    from .planner.grammar import parse
    from .planner.names import needs
    from .planner.program import program_to_json
    from .planner.templates import fill

    text = sys.stdin.read() if instruction == "-" else instruction
    program = fill(parse(text), named_values(params or [], "--params"))
    missing = list(needs(program))
    if as_json:
        made = {"program": program_to_json(program), "text": str(program), "needs": missing}
        typer.echo(json.dumps(made, ensure_ascii=False))
        return
    typer.echo(str(program))
    if missing:
        names = ", ".join(f"{{{name}}}" for name in missing)
        Console(stderr=True, highlight=False, markup=False).print(f"needs values for {names}")
